/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/queue_bench.h"

/* DESIGN 6, B9: acknowledged = durable and fenced; the map changes then, not before. */
static void acknowledges_only_after_the_register_moved(void **state)
{
	(void)state;
	assert_int_equal(put("a", "1", "A"), COMMIT_PENDING);
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	assert_string_equal(value("a"), "(none)");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(value("a"), "1");
	assert_string_equal(look(), "A=ok/1 ");
	assert_true(pointer_map_position(bench.map)->sequence == 1);
	assert_int_equal(commit_queue_version(bench.q), 6);
	assert_true(commit_queue_idle(bench.q));
}

/* B2 */
static void unknown_outcome_is_read_before_anything_else_is_written(void **state)
{
	struct log_position before, target;

	(void)state;
	before = *commit_queue_committed(bench.q);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	target = bench.asked.position;
	moved(COMMIT_UNKNOWN, 0);
	(void)put("b", "1", "B");
	assert_string_equal(look(), "read ");
	assert_string_equal(look(), "");
	/* the same expected version: the identical write again */
	found(7, "n-own", 5, &before);
	assert_string_equal(look(), "move:1/1@5 ");
	assert_memory_equal(&bench.asked.position, &target, sizeof(target));
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	/* A2: own mark */
	found(7, "n-own", 6, &target);
	assert_string_equal(look(), "append:2(1) A=ok/1 ");
	assert_string_equal(value("a"), "1");
	assert_int_equal(commit_queue_version(bench.q), 6);
}

/* The late write of the elector before us, in the same epoch and of the same latch. */
static struct log_position late_write(void)
{
	return (struct log_position){ 7, 9, 500, 1, "other" };
}

/* B1: BADVERSION with own epoch and latch. */
static void late_write_of_the_predecessor_leads_to_a_new_segment(void **state)
{
	struct log_position late = late_write();
	struct record_change c = { .op = RECORD_PUT, .key = "late", .key_size = 4 };

	(void)state;
	(void)create("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	assert_string_equal(look(), "read ");
	found(7, "n-own", 6, &late);
	/* never "move again": what is committed is read first, then a header that names it */
	assert_string_equal(look(), "catch-up:9/1 ");
	assert_false(commit_queue_segment_open(bench.q));
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORED);
	assert_string_equal(look(), "open:10 after 9/1 ");
	opened();
	assert_string_equal(look(), "append:2(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:10/2@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "A=ok/2 ");
}

/* B1: the same after an unknown outcome. */
static void position_of_another_segment_is_no_own_mark(void **state)
{
	struct log_position late = late_write();

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(7, "n-own", 6, &late);
	assert_string_equal(look(), "catch-up:9/1 ");
	assert_string_equal(value("a"), "(none)");
}

/* B1 and D15: what the predecessor committed late may be the very request that is asked again. */
static void request_is_decided_anew_after_catching_up(void **state)
{
	struct log_position late = late_write();
	struct record_change c = { .op = RECORD_PUT,
		                   .key = "a",
		                   .key_size = 1,
		                   .value = (const uint8_t *)"1",
		                   .value_size = 1 };

	(void)state;
	(void)create("a", "1", "A");
	(void)create("b", "1", "B");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(7, "n-own", 6, &late);
	(void)look();
	assert_int_equal(pointer_map_apply(bench.map, &c, 1, false), 0);
	commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORED);
	(void)look();
	opened();
	assert_string_equal(look(), "append:2(1) A=ok/1 ");
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/2 ");
}

static void log_that_cannot_be_caught_up_with_ends_the_term(void **state)
{
	struct log_position late = late_write();

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(7, "n-own", 6, &late);
	(void)look();
	commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORE_FAILED);
	assert_string_equal(look(), "A=aborted/0 lost ");
}

/* B2 */
static void another_owner_makes_an_unknown_outcome_unknown_for_good(void **state)
{
	struct log_position other = { 8, 1, 128, 0, "" };

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	(void)put("b", "1", "B");
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(8, "n-other", 6, &other);
	assert_string_equal(look(), "A=outcome-unknown/0 B=aborted/0 lost ");
	assert_string_equal(value("a"), "(none)");
	assert_int_equal(put("c", "1", "C"), COMMIT_NOT_LEADER);
}

/* A2: the latch is part of the mark. */
static void same_epoch_of_another_latch_is_another_owner(void **state)
{
	struct log_position target;

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	target = bench.asked.position;
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(7, "n-later", 6, &target);
	assert_string_equal(look(), "A=outcome-unknown/0 lost ");
}

/* B2: certain, because each write checks the latch and this was the first try. */
static void latch_gone_at_the_first_try_aborts(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_LATCH_GONE, 0);
	assert_string_equal(look(), "A=aborted/0 lost ");
}

static void latch_gone_after_an_unknown_try_stays_unknown(void **state)
{
	struct log_position before;

	(void)state;
	before = *commit_queue_committed(bench.q);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	found(7, "n-own", 5, &before);
	(void)look();
	moved(COMMIT_LATCH_GONE, 0);
	assert_string_equal(look(), "A=outcome-unknown/0 lost ");
}

/* B4 and B2: dead segment; "failed" is said only when a later register write has succeeded. */
static void failed_append_is_answered_after_a_register_write(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FULL);
	(void)put("b", "1", "B");
	assert_string_equal(look(), "move:0/0@5 "); /* the committed end, as it was */
	assert_false(commit_queue_segment_open(bench.q));
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "open:2 after 0/0 A=storage-full/0 ");
	opened();
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/1@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "B=ok/1 ");
	assert_string_equal(value("a"), "(none)");
}

/* B2: the same, when that register write has an unknown outcome itself. */
static void failed_append_waits_for_certainty(void **state)
{
	struct log_position before;

	(void)state;
	before = *commit_queue_committed(bench.q);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	found(7, "n-own", 6, &before);
	assert_string_equal(look(), "A=storage-failed/0 ");
}

/* B2: before the append it is certain. */
static void segment_that_cannot_be_opened_fails_what_waits(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	(void)look();
	(void)put("b", "1", "B");
	assert_string_equal(look(), "open:2 after 0/0 ");
	commit_queue_opened(bench.q, bench.asked.ticket, COMMIT_STORE_FULL, NULL);
	assert_string_equal(look(), "B=storage-full/0 ");
	assert_true(commit_queue_active(bench.q));
	commit_queue_reopen(bench.q);
	assert_string_equal(look(), "open:3 after 0/0 ");
	opened();
	assert_true(commit_queue_segment_open(bench.q));
	commit_queue_reopen(bench.q);
	assert_string_equal(look(), "");
}

/* D7 */
static void settling_refuses_new_and_resolves_what_is_pending(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	(void)put("b", "1", "B");
	commit_queue_settle(bench.q);
	assert_int_equal(put("c", "1", "C"), COMMIT_NOT_LEADER);
	assert_string_equal(look(), "B=aborted/0 ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=ok/1 settled ");
	assert_string_equal(look(), "");
	assert_int_equal(commit_queue_version(bench.q), 6);
}

static void settling_without_anything_pending_is_done_at_once(void **state)
{
	(void)state;
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "settled ");
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "settled ");
}

static void settling_ends_when_the_term_is_lost(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	commit_queue_settle(bench.q);
	commit_queue_abort(bench.q);
	assert_string_equal(look(), "A=outcome-unknown/0 settled ");
}

/* B2: what was never appended is certain, the rest is not. */
static void abort_tells_certain_from_unknown(void **state)
{
	uint64_t old;

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	(void)put("b", "1", "B");
	old = bench.asked.ticket;
	commit_queue_abort(bench.q);
	assert_string_equal(look(), "A=outcome-unknown/0 B=aborted/0 ");
	/* a late answer does no harm, not in the next term either */
	commit_queue_appended(bench.q, old, COMMIT_STORED);
	assert_string_equal(look(), "");
	begin();
	commit_queue_appended(bench.q, old, COMMIT_STORED);
	assert_string_equal(look(), "open:1 after 0/0 ");
	opened();
	(void)put("c", "1", "C");
	assert_string_equal(look(), "append:1(1) ");
	commit_queue_appended(bench.q, old, COMMIT_STORED);
	assert_string_equal(look(), "");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
}

static void abort_before_the_append_is_certain(void **state)
{
	(void)state;
	commit_queue_abort(bench.q);
	begin();
	(void)look();
	(void)put("a", "1", "A");
	commit_queue_abort(bench.q);
	assert_string_equal(look(), "A=aborted/0 ");
}

/* B1: resumed in the same epoch. */
static void resumed_term_opens_the_next_segment(void **state)
{
	struct commit_register mark = {
		.epoch = { 7 }, .latch = "n-own", .version = 5, .position = { 7, 3, 4096, 40, "" }
	};

	(void)state;
	commit_queue_abort(bench.q);
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	assert_string_equal(look(), "open:4 after 3/40 ");
	commit_queue_abort(bench.q);
	mark.epoch.v = 8;
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	assert_string_equal(look(), "open:1 after 3/40 ");
}

static void what_is_wrong_is_refused_at_once(void **state)
{
	static char big[RECORD_VALUE_MAX + 1];
	struct commit_request r = { .key = "a", .value = big, .value_size = sizeof(big) };

	(void)state;
	assert_int_equal(submit(&r, "A"), COMMIT_TOO_LARGE);
	r.value_size--;
	r.fence.v = 6;
	assert_int_equal(submit(&r, "A"), COMMIT_FENCED);
	r.fence.v = 8;
	assert_int_equal(submit(&r, "A"), COMMIT_FENCED);
	r.fence.v = 7;
	assert_int_equal(submit(&r, "A"), COMMIT_PENDING);
	assert_int_equal(put("", "1", "B"), COMMIT_BAD_REQUEST);
	assert_int_equal(put("a b", "1", "B"), COMMIT_BAD_REQUEST);
	assert_int_equal(put("~term/7", "1", "B"), COMMIT_BAD_REQUEST);
	r = (struct commit_request){ .key = "~term/7", .own = true };
	assert_int_equal(submit(&r, "B"), COMMIT_PENDING);
}

static void too_many_that_wait_are_busy(void **state)
{
	char key[32];

	(void)state;
	(void)put("first", "1", "A");
	(void)look();
	for (unsigned i = 0; i < COMMIT_MAX_WAITING; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(put(key, "1", "x"), COMMIT_PENDING);
	}
	assert_int_equal(put("one-more", "1", "x"), COMMIT_BUSY);
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	(void)look();
	assert_int_equal(bench.changes, COMMIT_MAX_CHANGES);
	commit_queue_abort(bench.q);
	(void)look();
}

/* Section 5: a segment ends at 64 MiB. */
static void full_segment_gives_way_to_the_next(void **state)
{
	static char big[RECORD_VALUE_MAX];
	const struct log_position *at = commit_queue_committed(bench.q);
	unsigned n = 0;

	(void)state;
	commit_queue_set_min_log(bench.q, UINT64_MAX); /* a snapshot would end it, too */
	for (; n < 2000; n++) {
		(void)submit(&(struct commit_request){ .key = "k",
		                                       .value = big,
		                                       .value_size = sizeof(big) },
		             "x");
		if (strstr(look(), "open:2"))
			break;
		appended(COMMIT_STORED);
		(void)look();
		moved(COMMIT_MOVED, commit_queue_version(bench.q) + 1);
	}
	assert_true(n > 1000 && n < 1024);
	assert_true(at->segment == 1 && at->offset <= COMMIT_SEGMENT_MAX);
	assert_true(at->offset > COMMIT_SEGMENT_MAX - 2 * RECORD_VALUE_MAX);
	opened();
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 9);
	assert_true(at->segment == 2 && at->sequence == n + 1);
}

/* B1, D7: what the predecessor committed late came first, and nothing new is begun. */
static void settling_gives_up_what_the_predecessors_write_overtook(void **state)
{
	struct log_position late = late_write();

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	commit_queue_settle(bench.q);
	found(7, "n-own", 6, &late);
	assert_string_equal(look(), "A=aborted/0 settled ");
}

static void settling_before_the_segment_is_open_answers_what_waits(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	(void)look();
	(void)put("b", "1", "B");
	assert_non_null(strstr(look(), "open:"));
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "B=aborted/0 settled ");
}

static void a_term_after_a_settled_one_takes_requests_again(void **state)
{
	(void)state;
	commit_queue_settle(bench.q);
	(void)look();
	begin();
	(void)look();
	opened();
	assert_int_equal(put("a", "1", "A"), COMMIT_PENDING);
	assert_string_equal(look(), "append:1(1) ");
}

static void a_late_answer_to_a_read_is_none(void **state)
{
	struct log_position none = { 0 };
	struct commit_register other = {
		.epoch = { 8 }, .latch = "n-new", .version = 9, .position = none
	};

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	commit_queue_read(bench.q, bench.asked.ticket, &other);
	assert_string_equal(look(), "");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/1@5 ");
}

/* A10: claimed again, under the same latch. */
static void same_latch_of_another_epoch_is_another_owner(void **state)
{
	struct log_position none = { 0 };

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(8, "n-own", 6, &none);
	assert_string_equal(look(), "A=aborted/0 lost ");
}

/* Who waited, who was in the batch and who came meanwhile: each is decided once, in that order. */
static void nobody_is_forgotten_when_the_predecessors_write_came_first(void **state)
{
	struct log_position late = late_write();

	for (int waiting = 0; waiting < 2; waiting++) {
		(void)put("a", "1", "A");
		(void)look();
		appended(COMMIT_STORED);
		(void)look();
		if (waiting)
			(void)put("b", "1", "B");
		moved(COMMIT_BAD_VERSION, 0);
		(void)look();
		found(7, "n-own", commit_queue_version(bench.q) + 1, &late);
		(void)put("c", "1", "C");
		(void)look();
		commit_queue_caught_up(bench.q, bench.asked.ticket, COMMIT_STORED);
		(void)look();
		opened();
		assert_non_null(strstr(look(), waiting ? "(3)" : "(2)"));
		appended(COMMIT_STORED);
		(void)look();
		moved(COMMIT_MOVED, commit_queue_version(bench.q) + 1);
		assert_non_null(strstr(look(), "A=ok"));
		assert_non_null(strstr(bench.text, "C=ok"));
		late.segment += 10;
		late.sequence += 2;
	}
	(void)state;
}

/* Only the version moved (somebody was designated): nothing to catch up with. */
static void a_register_that_moved_elsewhere_needs_no_reading(void **state)
{
	struct log_position none = { 0 };

	(void)state;
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_BAD_VERSION, 0);
	(void)look();
	found(7, "n-own", 6, &none);
	assert_string_equal(look(), "open:2 after 0/0 ");
}

/* The second writer would wait for the first one's commit, else. */
static void what_is_held_is_begun_together(void **state)
{
	(void)state;
	commit_queue_hold(bench.q, true);
	assert_int_equal(commit_queue_holds(bench.q), 0); /* nothing is there */
	(void)put("a", "1", "A");
	assert_string_equal(look(), "");
	assert_int_equal(commit_queue_holds(bench.q), 1);
	(void)put("b", "1", "B");
	assert_string_equal(look(), "");
	commit_queue_hold(bench.q, false);
	assert_string_equal(look(), "append:1(2) ");
	commit_queue_hold(bench.q, true);
	(void)put("c", "1", "C");
	assert_int_equal(commit_queue_holds(bench.q), 0); /* it waits for the commit under way */
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=ok/1 B=ok/1 ");
	assert_int_equal(commit_queue_holds(bench.q), 1);
	commit_queue_settle(bench.q); /* what is held has not begun */
	assert_string_equal(look(), "C=aborted/0 settled ");
	assert_int_equal(commit_queue_holds(bench.q), 0);
}

/* Who follows the log meanwhile would put its change into the map a second time. */
static void a_commit_that_is_settled_has_the_map_to_itself(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	assert_string_equal(look(), "append:1(1) ");
	appended(COMMIT_STORED);
	(void)look();
	commit_queue_settle(bench.q);
	assert_false(commit_queue_active(bench.q));
	assert_true(commit_queue_owns_map(bench.q));
	moved(COMMIT_MOVED, 6);
	assert_string_equal(look(), "A=ok/1 settled ");
	assert_false(commit_queue_owns_map(bench.q));
}

static void a_full_record_is_not_held(void **state)
{
	char key[16];

	(void)state;
	commit_queue_hold(bench.q, true);
	for (int i = 0; i < COMMIT_MAX_CHANGES; i++) {
		assert_string_equal(look(), "");
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)put(key, "1", "K");
	}
	assert_int_equal(commit_queue_holds(bench.q), 0);
	assert_string_equal(look(), "append:1(512) ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_held_is_begun_together),
		T(a_commit_that_is_settled_has_the_map_to_itself),
		T(a_full_record_is_not_held),
		T(acknowledges_only_after_the_register_moved),
		T(unknown_outcome_is_read_before_anything_else_is_written),
		T(late_write_of_the_predecessor_leads_to_a_new_segment),
		T(position_of_another_segment_is_no_own_mark),
		T(request_is_decided_anew_after_catching_up),
		T(log_that_cannot_be_caught_up_with_ends_the_term),
		T(another_owner_makes_an_unknown_outcome_unknown_for_good),
		T(same_epoch_of_another_latch_is_another_owner),
		T(latch_gone_at_the_first_try_aborts),
		T(latch_gone_after_an_unknown_try_stays_unknown),
		T(failed_append_is_answered_after_a_register_write),
		T(failed_append_waits_for_certainty),
		T(segment_that_cannot_be_opened_fails_what_waits),
		T(settling_refuses_new_and_resolves_what_is_pending),
		T(settling_without_anything_pending_is_done_at_once),
		T(settling_ends_when_the_term_is_lost),
		T(settling_gives_up_what_the_predecessors_write_overtook),
		T(settling_before_the_segment_is_open_answers_what_waits),
		T(a_term_after_a_settled_one_takes_requests_again),
		T(a_late_answer_to_a_read_is_none),
		T(same_latch_of_another_epoch_is_another_owner),
		T(a_register_that_moved_elsewhere_needs_no_reading),
		T(nobody_is_forgotten_when_the_predecessors_write_came_first),
		T(abort_tells_certain_from_unknown),
		T(abort_before_the_append_is_certain),
		T(resumed_term_opens_the_next_segment),
		T(what_is_wrong_is_refused_at_once),
		T(too_many_that_wait_are_busy),
		T(full_segment_gives_way_to_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
