/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/snapshot_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct log_snapshot none;
static const struct log_snapshot first = { 3, { 3, 1, 1000, 100, "1" } };
static const struct log_snapshot second = { 3, { 3, 2, 1000, 200, "2" } };
static const struct log_snapshot third = { 4, { 4, 1, 1000, 300, "3" } };

static struct snapshot_plan begun(const struct log_snapshot *named,
                                  const struct log_snapshot *previous, uint64_t log)
{
	struct snapshot_plan plan = { .min_log = 1000 };

	snapshot_plan_followed(&plan, named, log, true);
	snapshot_plan_begin(&plan, named, previous);
	return plan;
}

/* DESIGN 6: more than max(16 MiB, 2 x live bytes). */
static void due_when_the_log_is_long_and_longer_than_twice_the_live(void **state)
{
	struct snapshot_plan plan = begun(&none, &none, 0);

	(void)state;
	assert_int_equal(SNAPSHOT_MIN_LOG, 16777216);
	snapshot_plan_grows(&plan, 1000);
	assert_false(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_grows(&plan, 2);
	assert_true(snapshot_plan_due(&plan, 1000, 0));
	assert_true(snapshot_plan_due(&plan, 1000, 500));
	assert_false(snapshot_plan_due(&plan, 1000, 501));
	assert_false(snapshot_plan_due(&plan, 1000, UINT64_MAX));
	plan = begun(&first, &none, 1002); /* what an earlier term has left counts */
	assert_true(snapshot_plan_due(&plan, 1000, 500));
}

/* What a standby has read, and what it has not: all before a snapshot of another leader. */
static void the_log_is_counted_while_others_lead(void **state)
{
	struct snapshot_plan plan = { .min_log = 1000 };

	(void)state;
	snapshot_plan_followed(&plan, &first, 700, true);
	snapshot_plan_followed(&plan, &first, 400, false);
	assert_true(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_followed(&plan, &second, 900, false);
	assert_false(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_begin(&plan, &second, &first);
	snapshot_plan_grows(&plan, 101);
	assert_true(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_begin(&plan, &third, &second);
	assert_false(snapshot_plan_due(&plan, 1000, 0));
}

static uint64_t discard;

static uint64_t write_one(struct snapshot_plan *plan, uint64_t sequence)
{
	return snapshot_plan_write(plan, sequence, &discard);
}

static void one_is_under_way_at_a_time(void **state)
{
	struct snapshot_plan plan = begun(&none, &none, 5000);
	uint64_t ticket;

	(void)state;
	ticket = write_one(&plan, 900);
	assert_false(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_grows(&plan, 1500); /* meanwhile */
	snapshot_plan_written(&plan, ticket, &first);
	assert_false(snapshot_plan_due(&plan, 1000, 0));
	assert_memory_equal(snapshot_plan_target(&plan), &first, sizeof(first));
	snapshot_plan_named(&plan, &first);
	assert_memory_equal(snapshot_plan_target(&plan), &first, sizeof(first));
	/* what came meanwhile is behind it */
	assert_true(snapshot_plan_due(&plan, 1000, 749));
	assert_false(snapshot_plan_due(&plan, 1000, 750));
}

/* B3: two generations are kept. */
static void cleaning_is_due_with_the_second_one(void **state)
{
	struct snapshot_plan plan = begun(&none, &none, 5000);

	(void)state;
	snapshot_plan_written(&plan, write_one(&plan, 900), &first);
	assert_false(plan.clean_due);
	snapshot_plan_named(&plan, snapshot_plan_target(&plan));
	assert_false(plan.clean_due);
	snapshot_plan_named(&plan, snapshot_plan_target(&plan)); /* with each commit */
	assert_true(plan.previous.epoch == 0);
	snapshot_plan_written(&plan, write_one(&plan, 900), &second);
	snapshot_plan_named(&plan, snapshot_plan_target(&plan));
	assert_true(plan.clean_due);
	assert_memory_equal(&plan.previous, &first, sizeof(first));
	assert_memory_equal(&plan.named, &second, sizeof(second));
}

static void a_failed_one_is_tried_again_by_and_by(void **state)
{
	struct snapshot_plan plan = begun(&first, &none, 5000);

	(void)state;
	snapshot_plan_written(&plan, write_one(&plan, 900), NULL);
	assert_memory_equal(snapshot_plan_target(&plan), &first, sizeof(first));
	assert_false(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_grows(&plan, 499);
	assert_false(snapshot_plan_due(&plan, 1000, 0));
	snapshot_plan_grows(&plan, 1);
	assert_true(snapshot_plan_due(&plan, 1000, 0));
}

/* B3: no register names it, and there is one more with each try. */
static void the_file_of_a_failed_one_goes_with_the_next(void **state)
{
	struct snapshot_plan plan = begun(&first, &none, 5000);

	(void)state;
	snapshot_plan_written(&plan, write_one(&plan, 150), NULL);
	assert_int_equal(discard, 0);
	snapshot_plan_written(&plan, write_one(&plan, 150),
	                      NULL); /* nothing has changed: the same name */
	assert_int_equal(discard, 0);
	snapshot_plan_written(&plan, write_one(&plan, 160), NULL);
	assert_int_equal(discard, 150);
	snapshot_plan_written(&plan, write_one(&plan, 200), &second);
	assert_int_equal(discard, 160);
	snapshot_plan_named(&plan, &second);
	(void)write_one(&plan, 300);
	assert_int_equal(discard, 0); /* never what was written well */
}

/* Another term's files have other names. */
static void a_failed_one_of_another_term_is_none(void **state)
{
	struct snapshot_plan plan = begun(&first, &none, 5000);

	(void)state;
	snapshot_plan_written(&plan, write_one(&plan, 150), NULL);
	snapshot_plan_end(&plan);
	snapshot_plan_begin(&plan, &first, &none);
	(void)write_one(&plan, 160);
	assert_int_equal(discard, 0);
}

/* B5 */
static void one_that_is_wanted_is_due_however_short_the_log_is(void **state)
{
	struct snapshot_plan plan = begun(&first, &none, 0);

	(void)state;
	plan.wanted = true;
	assert_false(snapshot_plan_due(&plan, 100, 0)); /* the register names that already */
	assert_false(snapshot_plan_wants(&plan, 100));
	assert_true(snapshot_plan_due(&plan, 101, UINT64_MAX));
	snapshot_plan_written(&plan, write_one(&plan, 900), &second);
	assert_true(snapshot_plan_wants(&plan, 200)); /* it is not named yet */
	snapshot_plan_named(&plan, &second);
	assert_false(snapshot_plan_wants(&plan, 201));
	plan.wanted = true;
	snapshot_plan_written(&plan, write_one(&plan, 900), NULL);
	assert_false(snapshot_plan_wants(&plan, 201));
	assert_false(snapshot_plan_due(&plan, 201, UINT64_MAX));
	plan.wanted = true; /* again: the log need not have grown since */
	assert_true(snapshot_plan_due(&plan, 201, UINT64_MAX));
}

static void late_answers_are_none(void **state)
{
	struct snapshot_plan plan = begun(&none, &none, 5000);
	uint64_t ticket = write_one(&plan, 900);

	(void)state;
	snapshot_plan_end(&plan);
	snapshot_plan_written(&plan, ticket, &first); /* of a term that is over */
	assert_true(snapshot_plan_target(&plan)->epoch == 0);
	snapshot_plan_begin(&plan, &none, &none);
	(void)write_one(&plan, 900);
	snapshot_plan_written(&plan, ticket, &first);
	assert_true(snapshot_plan_target(&plan)->epoch == 0);
}

/* B1: what the elector before us had named came late, and first. */
static void the_predecessors_snapshot_counts(void **state)
{
	struct snapshot_plan plan = begun(&first, &none, 5000);

	(void)state;
	snapshot_plan_written(&plan, write_one(&plan, 900), &third);
	snapshot_plan_found(&plan, &second, &first);
	assert_memory_equal(snapshot_plan_target(&plan), &third, sizeof(third));
	snapshot_plan_named(&plan, &third);
	assert_memory_equal(&plan.previous, &second, sizeof(second));
	plan = begun(&first, &none, 5000);
	snapshot_plan_written(&plan, write_one(&plan, 900), &second);
	snapshot_plan_found(&plan, &third, &first);
	assert_memory_equal(snapshot_plan_target(&plan), &third, sizeof(third));
	snapshot_plan_named(&plan, &third);
	assert_memory_equal(&plan.previous, &first, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(due_when_the_log_is_long_and_longer_than_twice_the_live),
		cmocka_unit_test(the_log_is_counted_while_others_lead),
		cmocka_unit_test(one_is_under_way_at_a_time),
		cmocka_unit_test(cleaning_is_due_with_the_second_one),
		cmocka_unit_test(a_failed_one_is_tried_again_by_and_by),
		cmocka_unit_test(the_file_of_a_failed_one_goes_with_the_next),
		cmocka_unit_test(a_failed_one_of_another_term_is_none),
		cmocka_unit_test(one_that_is_wanted_is_due_however_short_the_log_is),
		cmocka_unit_test(late_answers_are_none),
		cmocka_unit_test(the_predecessors_snapshot_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
