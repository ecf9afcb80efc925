/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of an elector whose commits are decided here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/elector_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static struct elector *e;
static struct {
	struct commit_request request;
	char key[300], value[32];
	backend_pointer_done done;
	void *cookie;
} asked[8];
static unsigned n_asked, n_answered;
static bool at_once;
static char said[400];

bool elector_status_store_read(const struct elector *elector)
{
	(void)elector;
	return true;
}

static void answer(unsigned i, enum api_error error)
{
	const struct pointer_result result = { .error = error, .epoch = { 7 } };

	asked[i].done(asked[i].cookie, &result);
}

/* As the queue would, when nothing else has come in between. */
static void commit(unsigned i)
{
	static uint64_t sequence = 100;
	const struct commit_request *r = &asked[i].request;
	const struct record_change change = {
		.op = r->op == COMMIT_PUT ? RECORD_PUT : RECORD_DELETE,
		.key = asked[i].key,
		.key_size = (uint8_t)strlen(asked[i].key),
		.value = (const uint8_t *)asked[i].value,
		.value_size = (uint32_t)r->value_size,
	};
	const struct pointer *now = pointer_map_get(e->map, asked[i].key);
	bool met = r->condition == COMMIT_ALWAYS || (r->condition == COMMIT_IF_ABSENT && !now) ||
	           (r->condition == COMMIT_IF_REVISION && now && now->revision == r->if_revision);

	assert_true(r->own);
	if (met)
		assert_int_equal(pointer_map_apply(e->map, &change, ++sequence, false), 0);
	answer(i, !met                                    ? API_CONDITION_FAILED
	          : r->op == COMMIT_DELETE && now == NULL ? API_NOT_FOUND
	                                                  : API_OK);
}

void elector_status_submit(struct elector *elector, const struct commit_request *request,
                           backend_pointer_done done, void *cookie)
{
	unsigned i = n_asked++;

	assert_ptr_equal(elector, e);
	assert_true(i < N_ELEMENTS(asked));
	asked[i].request = *request;
	asked[i].done = done;
	asked[i].cookie = cookie;
	(void)snprintf(asked[i].key, sizeof(asked[i].key), "%s", request->key);
	(void)snprintf(asked[i].value, sizeof(asked[i].value), "%.*s", (int)request->value_size,
	               (const char *)request->value);
	if (at_once)
		commit(i);
}

static void on_done(void *cookie, const struct change_result *result)
{
	size_t n = strlen(said);

	n_answered++;
	(void)snprintf(said + n, sizeof(said) - n, "%s=%lld/%s;", (const char *)cookie,
	               result->has_value ? (long long)result->value : -1,
	               api_error_code(result->error));
}

static int setup(void **state)
{
	(void)state;
	e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->map = pointer_map_new();
	elector_counters_init(e);
	n_asked = n_answered = 0;
	at_once = false;
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	elector_counters_done(e);
	pointer_map_free(e->map);
	free(e);
	return 0;
}

static void submit(enum counter_op op, const char *key, int64_t value, const char *cookie)
{
	union {
		const char *in;
		void *out;
	} u = { .in = cookie };

	elector_counters_submit(e, (struct epoch){ 7 }, op, key, value, on_done, u.out);
}

static int64_t next(const char *key)
{
	struct counter_view view;

	assert_int_equal(elector_counters_get(e, key, &view), API_OK);
	return view.damaged ? -1 : view.next;
}

static void put_record(const char *key, const char *value)
{
	const struct record_change change = { .op = RECORD_PUT,
		                              .key = key,
		                              .key_size = (uint8_t)strlen(key),
		                              .value = (const uint8_t *)value,
		                              .value_size = (uint32_t)strlen(value) };

	assert_int_equal(pointer_map_apply(e->map, &change, 50, false), 0);
}

static void two_at_once_get_different_numbers(void **state)
{
	(void)state;
	submit(COUNTER_NEXT, "a", 0, "one");
	submit(COUNTER_NEXT, "a", 0, "two");
	assert_int_equal(n_asked, 1); /* the second sees what the first has left */
	assert_string_equal(asked[0].key, "~counter/a");
	assert_string_equal(asked[0].value, "2");
	assert_int_equal(asked[0].request.condition, COMMIT_IF_ABSENT);
	assert_int_equal(asked[0].request.fence.v, 7);
	commit(0);
	assert_int_equal(n_asked, 2);
	assert_int_equal(asked[1].request.condition, COMMIT_IF_REVISION);
	commit(1);
	assert_string_equal(said, "one=1/ok;two=2/ok;");
	assert_int_equal(next("a"), 3);
}

static void other_counters_do_not_wait(void **state)
{
	(void)state;
	submit(COUNTER_NEXT, "a", 0, "one");
	submit(COUNTER_NEXT, "b", 0, "two");
	assert_int_equal(n_asked, 2);
	commit(1);
	commit(0);
	assert_string_equal(said, "two=1/ok;one=1/ok;");
}

/* What a dead elector of the same term had sent was committed first. */
static void a_number_that_was_taken_meanwhile_is_not_handed_out(void **state)
{
	(void)state;
	submit(COUNTER_NEXT, "a", 0, "one");
	put_record("~counter/a", "6");
	commit(0);
	assert_int_equal(n_answered, 0);
	assert_int_equal(n_asked, 2);
	assert_string_equal(asked[1].value, "7");
	commit(1);
	assert_string_equal(said, "one=6/ok;");
}

static void a_number_that_failed_is_nobodys(void **state)
{
	(void)state;
	submit(COUNTER_NEXT, "a", 0, "one");
	submit(COUNTER_NEXT, "a", 0, "two");
	answer(0, API_STORAGE_FAILED);
	commit(1);
	assert_string_equal(said, "one=1/storage-failed;two=1/ok;");
}

static void answers_that_come_at_once_are_fine_too(void **state)
{
	(void)state;
	at_once = true;
	submit(COUNTER_NEXT, "a", 0, "one");
	submit(COUNTER_SET, "a", 40, "two");
	submit(COUNTER_NEXT, "a", 0, "three");
	submit(COUNTER_DELETE, "a", 0, "four");
	submit(COUNTER_DELETE, "a", 0, "five");
	submit(COUNTER_NEXT, "a", 0, "six");
	assert_string_equal(said, "one=1/ok;two=40/ok;three=40/ok;four=-1/ok;five=-1/not-found;"
	                          "six=1/ok;");
	assert_int_equal(asked[1].request.condition, COMMIT_ALWAYS);
}

static void the_last_number_is_one_below_the_largest(void **state)
{
	(void)state;
	at_once = true;
	submit(COUNTER_SET, "a", INT64_MAX - 1, "one");
	submit(COUNTER_NEXT, "a", 0, "two");
	submit(COUNTER_NEXT, "a", 0, "three");
	assert_string_equal(said, "one=9223372036854775806/ok;two=9223372036854775806/ok;"
	                          "three=0/too-large;");
	assert_int_equal(n_asked, 2);
}

static void a_damaged_counter_hands_out_nothing_until_it_is_set(void **state)
{
	(void)state;
	put_record("~counter/a", "many");
	assert_int_equal(next("a"), -1);
	at_once = true;
	submit(COUNTER_NEXT, "a", 0, "one");
	submit(COUNTER_SET, "a", 9, "two");
	submit(COUNTER_NEXT, "a", 0, "three");
	assert_string_equal(said, "one=0/damaged;two=9/ok;three=9/ok;");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_at_once_get_different_numbers),
		T(other_counters_do_not_wait),
		T(a_number_that_was_taken_meanwhile_is_not_handed_out),
		T(a_number_that_failed_is_nobodys),
		T(answers_that_come_at_once_are_fine_too),
		T(the_last_number_is_one_below_the_largest),
		T(a_damaged_counter_hands_out_nothing_until_it_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
