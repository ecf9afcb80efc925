/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests share a record, and what their conditions see (B9, D15). */
#include "tests/unit/queue_bench.h"

/* B2: one register write outstanding; the next batch gathers behind it. */
static void requests_that_wait_share_one_record(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	assert_string_equal(look(), "append:1(1) ");
	(void)put("b", "1", "B");
	(void)put("c", "1", "C");
	(void)del("a", "D");
	assert_string_equal(look(), "");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	assert_string_equal(look(), "");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "append:2(3) A=ok/1 ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/2@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/2 C=ok/2 D=ok/2 ");
	assert_string_equal(value("a"), "(none)");
}

static void a_delete_hands_over_what_was_there(void **state)
{
	struct commit_action a;

	(void)state;
	(void)put("a", "old", "A");
	commit();
	(void)look();
	(void)del("a", "D");
	commit();
	assert_true(commit_queue_next(bench.q, &a));
	assert_int_equal(a.type, COMMIT_REPLY);
	assert_non_null(a.removed);
	assert_memory_equal(pointer_value(a.removed), "old", 3);
	assert_true(a.removed->revision == 1);
}

/* B9 */
static void conditions_see_earlier_requests_of_the_batch(void **state)
{
	(void)state;
	(void)create("a", "1", "A");
	(void)create("a", "2", "B");
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=ok/1 B=condition-failed/1 ");
}

/* B9: "and fails with them" */
static void conditions_fail_with_what_they_depend_on(void **state)
{
	(void)state;
	(void)create("a", "1", "A");
	(void)create("a", "2", "B");
	(void)create("a", "1", "C");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=storage-failed/0 B=storage-failed/0 C=storage-failed/0 ");
}

/* Else If-Match could not tell two values of one revision apart. */
static void a_key_changes_once_in_a_record(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)put("a", "2", "B");
	(void)put("b", "1", "C");
	commit();
	assert_string_equal(look(), "append:2(2) A=ok/1 ");
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/2 C=ok/2 ");
	assert_string_equal(value("a"), "2");
}

static void compare_and_set_needs_the_current_revision(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	commit();
	(void)look();
	(void)put_if("a", "2", 9, "B");
	(void)put_if("absent", "2", 1, "C");
	(void)del("absent", "D");
	assert_string_equal(look(), "B=condition-failed/1 C=condition-failed/0 D=not-found/0 ");
	(void)put_if("a", "2", 1, "E");
	commit();
	assert_string_equal(look(), "E=ok/2 ");
	(void)submit(&(struct commit_request){ .op = COMMIT_DELETE,
	                                       .key = "a",
	                                       .condition = COMMIT_IF_REVISION,
	                                       .if_revision = 1 },
	             "F");
	assert_string_equal(look(), "F=condition-failed/2 ");
}

/* D15 */
static void same_change_again_is_a_success_with_its_revision(void **state)
{
	(void)state;
	(void)create("a", "1", "A");
	commit();
	(void)look();
	(void)create("a", "1", "B");
	(void)put_if("a", "1", 99, "C");
	assert_string_equal(look(), "B=ok/1 C=ok/1 ");
	(void)put("a", "1", "D"); /* without a condition it is written, hence fenced */
	assert_string_equal(look(), "append:2(1) ");
}

static void create_of_a_damaged_key_says_so(void **state)
{
	struct record_change c = { .op = RECORD_LOST, .key = "a", .key_size = 1 };

	(void)state;
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	(void)create("a", "1", "A");
	assert_string_equal(look(), "A=damaged/1 ");
	(void)put("a", "1", "B");
	commit();
	assert_string_equal(look(), "B=ok/1 ");
}

static void large_values_are_spread_over_records(void **state)
{
	static char big[RECORD_VALUE_MAX];
	char key[32];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		(void)submit(&(struct commit_request){ .key = key,
		                                       .value = big,
		                                       .value_size = sizeof(big) },
		             "x");
	}
	assert_string_equal(look(), "append:1(15) ");
	assert_true(bench.asked.size <= RECORD_MAX);
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	assert_memory_equal(look(), "append:2(5) ", 12);
}

static void an_absent_key_has_no_revision_to_match(void **state)
{
	(void)state;
	assert_int_equal(put_if("a", "1", 0, "A"), COMMIT_PENDING);
	assert_string_equal(look(), "A=condition-failed/0 ");
}

/* Two keys of one checksum are two keys. */
#define COLLIDES_A "jobs/lr1frwqzql"
#define COLLIDES_B "jobs/91fh6650q0"
static void keys_are_not_taken_for_each_other(void **state)
{
	(void)state;
	(void)create(COLLIDES_A, "1", "A");
	(void)create(COLLIDES_B, "2", "B");
	assert_string_equal(look(), "append:1(2) ");
}

/* What is damaged may be replaced by who names its revision. */
static void a_damaged_value_is_replaced_where_its_revision_is_named(void **state)
{
	struct record_change c = {
		.op = RECORD_PUT, .key = "a", .key_size = 1, .value_size = 1, .damaged = true
	};

	(void)state;
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	(void)put_if("a", "2", 1, "A");
	assert_string_equal(look(), "append:1(1) ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(requests_that_wait_share_one_record),
		T(a_delete_hands_over_what_was_there),
		T(conditions_see_earlier_requests_of_the_batch),
		T(conditions_fail_with_what_they_depend_on),
		T(a_key_changes_once_in_a_record),
		T(compare_and_set_needs_the_current_revision),
		T(same_change_again_is_a_success_with_its_revision),
		T(create_of_a_damaged_key_says_so),
		T(an_absent_key_has_no_revision_to_match),
		T(keys_are_not_taken_for_each_other),
		T(a_damaged_value_is_replaced_where_its_revision_is_named),
		T(large_values_are_spread_over_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
