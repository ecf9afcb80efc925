/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_pointers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api.h"
#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;
static struct api_reply reply;

static const struct pointer_view three[] = {
	{ "jobs/a", "alpha", 5, 11, false },
	{ "jobs/b", NULL, 0, 12, true },
	{ "other", "\x00\xff", 2, 13, false },
};

static int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	fake.pointers = three;
	fake.n_pointers = 3;
	fake.at_once = true;
	fake.result = (struct pointer_result){ .revision = 100, .epoch = { 7 } };
	memset(&reply, 0, sizeof(reply));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (reply.pending)
		api_pending_client_done(reply.pending);
	reply.pending = NULL;
	api_reply_done(&reply);
	assert_true(LIST_EMPTY(&context.pending));
	return 0;
}

static struct api_request request(const char *method, const char *key)
{
	struct api_request req = fake_request(&context, method, "/v1/pointers/");

	req.tail = key;
	return req;
}

/* Submits and returns the reply, which is there at once. */
static const struct api_reply *write_now(const struct api_request *req)
{
	if (strcmp(req->method, "PUT") == 0)
		api_pointers_put(req, &reply);
	else
		api_pointers_delete(req, &reply);
	if (!reply.pending)
		return &reply;
	assert_true(reply.pending->answered);
	return &reply.pending->reply;
}

static void expect_error(const struct api_reply *r, unsigned http, const char *code)
{
	json_t *o;

	assert_int_equal(r->http, http);
	assert_string_equal(fake_error(r, &o), code);
	json_decref(o);
}

static void a_value_is_served_as_it_was_sent(void **state)
{
	struct api_request req = request("GET", "other");

	(void)state;
	api_pointers_get(&req, &reply);
	assert_int_equal(reply.http, 200);
	assert_int_equal(reply.size, 2);
	assert_memory_equal(reply.body, "\x00\xff", 2);
	assert_int_equal(reply.revision, 13);
	assert_true(reply.has_sequence);
	assert_int_equal(reply.sequence, 99);
}

static void an_absent_pointer_is_404_and_says_as_of_when(void **state)
{
	struct api_request req = request("GET", "jobs/none");

	(void)state;
	api_pointers_get(&req, &reply);
	expect_error(&reply, 404, "not-found");
	assert_true(reply.has_sequence);
}

static void a_damaged_pointer_is_named_not_served(void **state)
{
	struct api_request req = request("GET", "jobs/b");

	(void)state;
	api_pointers_get(&req, &reply);
	expect_error(&reply, 410, "damaged");
	assert_non_null(strstr(reply.body, "jobs/b"));
}

static void a_store_not_read_yet_is_not_ready(void **state)
{
	struct api_request req = request("GET", "jobs/a");

	(void)state;
	fake.read_error = API_NOT_READY;
	api_pointers_get(&req, &reply);
	expect_error(&reply, 503, "not-ready");
	api_reply_done(&reply);
	api_pointers_list(&req, &reply);
	expect_error(&reply, 503, "not-ready");
}

static void the_list_has_values_in_base64_and_names_the_damaged(void **state)
{
	struct api_request req = request("GET", "");

	(void)state;
	api_pointers_list(&req, &reply);
	assert_string_equal(reply.body,
	                    "{\"version\":1,\"sequence\":99,\"pointers\":["
	                    "{\"key\":\"jobs/a\",\"revision\":11,\"value\":\"YWxwaGE=\"},"
	                    "{\"key\":\"jobs/b\",\"revision\":12,\"value\":null,\"damaged\":true},"
	                    "{\"key\":\"other\",\"revision\":13,\"value\":\"AP8=\"}]}\n");
	assert_int_equal(reply.sequence, 99);
}

static void the_list_is_cut_down_to_a_prefix(void **state)
{
	struct api_request req = request("GET", "");

	(void)state;
	req.prefix = "oth";
	api_pointers_list(&req, &reply);
	assert_null(strstr(reply.body, "jobs/"));
	assert_non_null(strstr(reply.body, "other"));
	api_reply_done(&reply);
	req.prefix = "\"";
	api_pointers_list(&req, &reply);
	expect_error(&reply, 400, "bad-request");
}

/* So many of the longest values, each with a key of its own. */
static void many_long_ones(unsigned n)
{
	static char value[API_MAX_VALUE], key[600][12];
	static struct pointer_view many[600];

	assert_true(n <= 600);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(key[i], sizeof(key[i]), "k%03u", i);
		many[i] = (struct pointer_view){ key[i], value, sizeof(value), i + 1, false };
	}
	fake.pointers = many;
	fake.n_pointers = n;
}

/* The loop does nothing else while it makes one: its elector would be killed for that. */
static void a_list_that_takes_too_long_is_refused(void **state)
{
	struct api_request req = request("GET", "");

	(void)state;
	many_long_ones(600);
	api_pointers_list(&req, &reply);
	expect_error(&reply, 413, "too-large");
	assert_non_null(strstr(reply.body, "after="));
}

static void a_long_list_comes_in_parts(void **state)
{
	struct api_request req = request("GET", "");
	char last[8] = "", first[32];
	unsigned n = 0, parts = 0;
	bool more = true;

	(void)state;
	many_long_ones(600);
	while (more) {
		json_auto_t *o = NULL;
		const json_t *list;

		req.after = last;
		api_pointers_list(&req, &reply);
		assert_int_equal(reply.http, 200);
		assert_true(reply.size < 5 << 20);
		o = json_loadb(reply.body, reply.size, 0, NULL);
		list = json_object_get(o, "pointers");
		(void)snprintf(first, sizeof(first), "k%03u", n);
		assert_string_equal(
		        json_string_value(json_object_get(json_array_get(list, 0), "key")), first);
		n += (unsigned)json_array_size(list);
		(void)snprintf(last, sizeof(last), "k%03u", n - 1);
		more = json_is_true(json_object_get(o, "more"));
		assert_true(more || json_is_false(json_object_get(o, "more")));
		parts++;
		api_reply_done(&reply);
	}
	assert_int_equal(n, 600);
	assert_true(parts > 8);
}

/* The pieces that are encoded one by one must join without padding in between. */
static void a_long_value_is_one_base64_text(void **state)
{
	static char value[API_MAX_VALUE];
	const struct pointer_view one = { "k", value, sizeof(value), 1, false };
	struct api_request req = request("GET", "");
	const char *text;

	(void)state;
	memset(value, 'x', sizeof(value));
	fake.pointers = &one;
	fake.n_pointers = 1;
	api_pointers_list(&req, &reply);
	text = strstr(reply.body, "\"value\":\"") + 9;
	assert_int_equal(strcspn(text, "\""), (sizeof(value) + 2) / 3 * 4);
	assert_int_equal(strcspn(text, "="), (sizeof(value) + 2) / 3 * 4 - 2);
}

static void a_put_answers_with_revision_and_epoch(void **state)
{
	struct api_request req = request("PUT", "jobs/c");
	const struct api_reply *r;

	(void)state;
	req.body = "value";
	req.size = 5;
	req.jmha_epoch = "7";
	r = write_now(&req);
	assert_int_equal(r->http, 200);
	assert_string_equal(r->body, "{\"version\":1,\"revision\":100,\"epoch\":7}\n");
	assert_int_equal(r->revision, 100);
	assert_string_equal(fake.key, "jobs/c");
	assert_int_equal(fake.change.size, 5);
	assert_memory_equal(fake.value, "value", 5);
	assert_int_equal(fake.change.epoch.v, 7);
	assert_false(fake.change.remove);
	assert_false(fake.change.if_absent);
	assert_false(fake.change.if_revision);
}

static void conditions_reach_the_backend(void **state)
{
	struct api_request req = request("PUT", "a");

	(void)state;
	req.if_none_match = "*";
	assert_int_equal(write_now(&req)->http, 200);
	assert_true(fake.change.if_absent);
	assert_int_equal(fake.change.epoch.v, 0);
	(void)teardown(NULL);
	req = request("DELETE", "a");
	req.if_match = "\"18446744073709551615\"";
	assert_int_equal(write_now(&req)->http, 200);
	assert_true(fake.change.remove);
	assert_true(fake.change.if_revision);
	assert_true(fake.change.revision == UINT64_MAX);
}

static void malformed_conditions_are_refused_unsent(void **state)
{
	static const char *const etags[] = { "7",      "\"7",    "\"\"",
		                             "\"-1\"", "\"7x\"", "W/\"7\"",
		                             "*",      "",       "\"18446744073709551616\"" };
	static const char *const epochs[] = { "0", "", "-1", "7x", "18446744073709551616", "7, 8" };
	struct api_request req;

	(void)state;
	for (unsigned i = 0; i < sizeof(etags) / sizeof(etags[0]); i++) {
		req = request("PUT", "a");
		req.if_match = etags[i];
		expect_error(write_now(&req), 400, "bad-request");
	}
	for (unsigned i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++) {
		req = request("DELETE", "a");
		req.jmha_epoch = epochs[i];
		expect_error(write_now(&req), 400, "bad-request");
	}
	req = request("PUT", "a");
	req.if_match = "\"1\"";
	req.if_none_match = "*";
	expect_error(write_now(&req), 400, "bad-request");
	req = request("PUT", "a");
	req.if_none_match = "\"1\"";
	expect_error(write_now(&req), 400, "bad-request");
	req = request("DELETE", "a");
	req.if_none_match = "*";
	expect_error(write_now(&req), 400, "bad-request");
	assert_int_equal(fake.n_submitted, 0);
}

static void keys_outside_the_alphabet_are_refused_unsent(void **state)
{
	static const char *const keys[] = { "",     "~term/7",  "a b", "a%00b",
		                            "a\"b", "\xc3\xa4", "a\nb" };
	char longest[API_MAX_KEY + 2];
	struct api_request req;

	(void)state;
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		req = request("PUT", keys[i]);
		expect_error(write_now(&req), 400, "bad-request");
		req = request("DELETE", keys[i]);
		expect_error(write_now(&req), 400, "bad-request");
		api_pointers_get(&req, &reply);
		expect_error(&reply, 400, "bad-request");
	}
	memset(longest, 'k', sizeof(longest));
	longest[API_MAX_KEY + 1] = '\0';
	req = request("PUT", longest);
	expect_error(write_now(&req), 400, "bad-request");
	assert_int_equal(fake.n_submitted, 0);
	longest[API_MAX_KEY] = '\0';
	assert_int_equal(write_now(&req)->http, 200);
}

static void a_value_over_the_limit_is_refused_unsent(void **state)
{
	static char value[API_MAX_VALUE + 1];
	struct api_request req = request("PUT", "a");

	(void)state;
	req.body = value;
	req.size = sizeof(value);
	expect_error(write_now(&req), 413, "too-large");
	assert_int_equal(fake.n_submitted, 0);
	req.size = API_MAX_VALUE;
	assert_int_equal(write_now(&req)->http, 200);
	(void)teardown(NULL);
	req.size = 0;
	req.body = NULL;
	assert_int_equal(write_now(&req)->http, 200);
}

static void a_delete_answers_with_what_it_removed(void **state)
{
	struct api_request req = request("DELETE", "jobs/a");
	const struct api_reply *r;

	(void)state;
	fake.result = (struct pointer_result){
		.revision = 11, .epoch = { 7 }, .value = "alpha", .size = 5
	};
	r = write_now(&req);
	assert_string_equal(r->body,
	                    "{\"version\":1,\"revision\":11,\"epoch\":7,\"value\":\"YWxwaGE=\"}\n");
	assert_int_equal(r->revision, 0); /* no ETag of what is gone */
}

static void refusals_say_what_a_client_needs_next(void **state)
{
	struct api_request req = request("PUT", "a");
	const struct api_reply *r;
	json_t *o;

	(void)state;
	fake.result = (struct pointer_result){ .error = API_NOT_LEADER, .leader = "jm-b" };
	r = write_now(&req);
	expect_error(r, 409, "not-leader");
	assert_non_null(strstr(r->body, "\"leader\":\"jm-b\""));
	(void)teardown(NULL);
	fake.result = (struct pointer_result){ .error = API_CONDITION_FAILED, .revision = 17 };
	r = write_now(&req);
	expect_error(r, 409, "condition-failed");
	o = fake_json(r);
	assert_int_equal(json_integer_value(json_object_get(o, "revision")), 17);
	json_decref(o);
	(void)teardown(NULL);
	fake.result = (struct pointer_result){ .error = API_FENCED, .message = "epoch is 9" };
	r = write_now(&req);
	expect_error(r, 412, "fenced");
	assert_non_null(strstr(r->body, "epoch is 9"));
}

static void an_answer_may_come_later(void **state)
{
	struct api_request req = request("PUT", "a");

	(void)state;
	fake.at_once = false;
	api_pointers_put(&req, &reply);
	assert_non_null(reply.pending);
	assert_false(reply.pending->answered);
	fake_complete(&fake, &fake.result);
	assert_true(reply.pending->answered);
	assert_int_equal(reply.pending->reply.http, 200);
}

static void an_answer_may_come_when_the_client_is_gone(void **state)
{
	struct api_request req = request("PUT", "a");

	(void)state;
	fake.at_once = false;
	api_pointers_put(&req, &reply);
	api_pending_client_done(reply.pending);
	reply.pending = NULL;
	assert_false(LIST_EMPTY(&context.pending)); /* the backend still holds it */
	fake_complete(&fake, &fake.result);
	assert_true(LIST_EMPTY(&context.pending));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_value_is_served_as_it_was_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(an_absent_pointer_is_404_and_says_as_of_when, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_damaged_pointer_is_named_not_served, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_store_not_read_yet_is_not_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(the_list_has_values_in_base64_and_names_the_damaged,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(the_list_is_cut_down_to_a_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_that_takes_too_long_is_refused, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_long_list_comes_in_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_value_is_one_base64_text, setup, teardown),
		cmocka_unit_test_setup_teardown(a_put_answers_with_revision_and_epoch, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(conditions_reach_the_backend, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_conditions_are_refused_unsent, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(keys_outside_the_alphabet_are_refused_unsent, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_value_over_the_limit_is_refused_unsent, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_delete_answers_with_what_it_removed, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(refusals_say_what_a_client_needs_next, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(an_answer_may_come_later, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_may_come_when_the_client_is_gone, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
