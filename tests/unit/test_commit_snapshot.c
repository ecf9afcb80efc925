/* SPDX-License-Identifier: Apache-2.0 */
/* When the commit queue begins a snapshot, and when the register names it (B2, B3, B9). */
#include "tests/unit/queue_bench.h"

static const struct log_snapshot first = { 7, { 7, 1, 300, 1, "" } };

static void snapshotted(bool well)
{
	const struct log_snapshot s = { 7, bench.snapshot.position };

	commit_queue_snapshotted(bench.q, bench.snapshot.ticket, well ? &s : NULL);
}

/* A commit of a value that is long enough to be worth a snapshot, up to its answer. */
static void commit_much(void)
{
	static char text[4000];

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(put("much", text, "M"), COMMIT_PENDING);
	commit();
}

/* The first one behind a snapshot. */
static void opens_a_segment(void)
{
	assert_non_null(strstr(look(), "open:"));
	opened();
}

static void begin_with_snapshots(void)
{
	commit_queue_set_min_log(bench.q, 3000);
	commit_much();
	(void)look();
	commit_much();
	(void)look();
	commit_much(); /* more than twice of what is live */
}

/* DESIGN 6, B9: of what is committed, when the log is long; not before a commit. */
static void a_snapshot_is_begun_after_a_commit(void **state)
{
	(void)state;
	commit_queue_set_min_log(bench.q, 3000);
	commit_much();
	assert_string_equal(look(), "M=ok/1 "); /* longer, but not twice of the live */
	commit_much();
	assert_string_equal(look(), "M=ok/2 ");
	commit_much();
	assert_string_equal(look(), "snapshot:1/3 M=ok/3 ");
	assert_memory_equal(&bench.snapshot.position, pointer_map_position(bench.map),
	                    sizeof(bench.snapshot.position));
	assert_int_equal(bench.snapshot.epoch.v, 7);
	/* B3: what it holds ends with a file */
	(void)put("a", "1", "A");
	assert_string_equal(look(), "open:2 after 1/3 ");
	opened();
	commit();
	commit_much();
	assert_string_equal(look(), "M=ok/5 "); /* one at a time */
}

/* B5: before the grant, of what was served with damage. */
static void a_wanted_snapshot_is_made_and_named_at_once(void **state)
{
	struct commit_register mark = { .epoch = { 8 }, .latch = "n-own", .version = 6 };

	(void)state;
	(void)put("a", "1", "A");
	commit();
	(void)look();
	commit_queue_abort(bench.q);
	mark.position = *pointer_map_position(bench.map);
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	commit_queue_want_snapshot(bench.q);
	assert_string_equal(look(), "open:1 after 1/1 ");
	opened();
	assert_string_equal(look(), "snapshot:1/1 ");
	assert_true(commit_queue_wants_snapshot(bench.q));
	snapshotted(true);
	assert_string_equal(look(), "move:1/1@6+1 ");
	assert_true(commit_queue_wants_snapshot(bench.q));
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "");
	assert_false(commit_queue_wants_snapshot(bench.q));
}

/* What was committed in the file that somebody has touched may be gone; the map has it all. */
static void an_append_to_a_file_that_is_not_in_place_wants_one(void **state)
{
	(void)state;
	(void)put("a", "1", "A");
	commit();
	(void)look();
	(void)put("b", "1", "B");
	(void)look();
	appended(COMMIT_STORE_NOT_IN_PLACE);
	assert_true(commit_queue_wants_snapshot(bench.q));
	assert_string_equal(look(), "move:1/1@6 ");
	moved(COMMIT_MOVED, 7);
	assert_string_equal(look(), "snapshot:1/1 B=storage-failed/0 ");
	snapshotted(true);
	assert_string_equal(look(), "move:1/1@7+1 ");
	moved(COMMIT_MOVED, 8);
	assert_false(commit_queue_wants_snapshot(bench.q));
}

/* B2: it takes the next register write, which would be made anyway. */
static void a_commit_names_the_snapshot_that_waits(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	(void)put("a", "1", "A");
	opens_a_segment();
	assert_string_equal(look(), "append:4(1) ");
	snapshotted(true);
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/4@8+3 ");
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), "A=ok/4 ");
	assert_string_equal(value("a"), "1");
}

static void without_a_commit_it_is_named_alone(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	assert_string_equal(look(), "move:1/3@8+3 ");
	(void)put("a", "1", "A"); /* B2: waits for that */
	assert_string_equal(look(), "");
	moved(COMMIT_MOVED, 9);
	opens_a_segment();
	assert_string_equal(look(), "append:4(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/4@9+3 ");
	moved(COMMIT_MOVED, 10);
	assert_string_equal(look(), "A=ok/4 ");
}

/* The end of the open segment is not that of what is committed. */
static void named_alone_it_leaves_a_new_segment_as_it_is(void **state)
{
	struct log_position end;

	(void)state;
	begin_with_snapshots();
	(void)look();
	(void)put("b", "1", "B");
	opens_a_segment();
	(void)look();
	appended(COMMIT_STORE_FAILED);
	(void)look();
	moved(COMMIT_MOVED, 9);
	(void)look();
	commit_queue_reopen(bench.q);
	assert_string_equal(look(), "open:3 after 1/3 ");
	opened();
	snapshotted(true);
	assert_string_equal(look(), "move:1/3@9+3 ");
	moved(COMMIT_MOVED, 10);
	(void)put("a", "1", "A");
	assert_string_equal(look(), "append:4(1) ");
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:3/4@10+3 ");
	end = bench.asked.position;
	assert_true(end.offset > RECORD_FILE_HEADER_SIZE && end.offset < 300);
}

/* B2: one that comes while a write is unsettled is not in the identical one that follows. */
static void an_unsettled_write_stays_as_it_was(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	(void)put("a", "1", "A");
	opens_a_segment();
	(void)look();
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:2/4@8 ");
	snapshotted(true);
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	found(7, "n-own", 8, pointer_map_position(bench.map));
	assert_string_equal(look(), "move:2/4@8 ");
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), "move:2/4@9+3 A=ok/4 ");
}

/* B2, B3: of a write that only names one, the position does not tell whether it was applied. */
static void own_mark_of_a_snapshot_is_the_snapshot(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	assert_string_equal(look(), "move:1/3@8+3 ");
	moved(COMMIT_UNKNOWN, 0);
	assert_string_equal(look(), "read ");
	/* the predecessor's came first: the same position, its own snapshot */
	bench.named = first;
	found(7, "n-own", 9, pointer_map_position(bench.map));
	assert_string_equal(look(), "move:1/3@9+3 ");
	moved(COMMIT_UNKNOWN, 0);
	(void)look();
	bench.earlier = first;
	bench.named = (struct log_snapshot){ 7, bench.snapshot.position };
	found(7, "n-own", 10, pointer_map_position(bench.map));
	assert_string_equal(look(), "clean:1 ");
	assert_int_equal(commit_queue_version(bench.q), 10);
}

/* B3: only after ZOK of the write that names the newer one, and before the previous one alone. */
static void the_second_snapshot_lets_what_lies_before_the_first_go(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	(void)look();
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), ""); /* there is no previous one */
	(void)put("a", "1", "A");
	opens_a_segment();
	commit();
	for (unsigned i = 0; i < 2; i++) {
		commit_much();
		assert_null(strstr(look(), "snapshot"));
	}
	commit_much();
	assert_string_equal(look(), "snapshot:2/7 M=ok/7 ");
	snapshotted(true);
	assert_string_equal(look(), "move:2/7@13+7 ");
	moved(COMMIT_MOVED, 14);
	assert_string_equal(look(), "clean:3 ");
	assert_int_equal(bench.snapshot.epoch.v, 7);
}

static void a_failed_snapshot_is_tried_again_later(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(false);
	assert_string_equal(look(), "");
	(void)put("a", "1", "A");
	opens_a_segment();
	commit();
	assert_string_equal(look(), "A=ok/4 ");
	commit_much();
	assert_string_equal(look(), "snapshot:2/5 M=ok/5 ");
	assert_int_equal(bench.snapshot.discard, 3); /* the failed one's file */
}

/* A late answer of an earlier term names nothing; what the register names is kept. */
static void a_snapshot_of_an_earlier_term_is_none(void **state)
{
	struct commit_register mark = {
		.epoch = { 8 }, .latch = "n-own", .version = 20, .snapshot = first
	};

	(void)state;
	begin_with_snapshots();
	(void)look();
	commit_queue_abort(bench.q);
	(void)look();
	mark.position = *pointer_map_position(bench.map);
	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
	(void)look();
	opened();
	snapshotted(true);
	(void)put("a", "1", "A");
	(void)look();
	appended(COMMIT_STORED);
	assert_string_equal(look(), "move:1/4@20+1 ");
}

/* D7: settled is settled, though a snapshot waits. */
static void settling_leaves_a_snapshot_unnamed(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	commit_queue_settle(bench.q);
	snapshotted(true);
	assert_string_equal(look(), "settled ");
}

static void settling_waits_for_a_snapshot_that_is_being_named(void **state)
{
	(void)state;
	begin_with_snapshots();
	(void)look();
	snapshotted(true);
	(void)look();
	commit_queue_settle(bench.q);
	assert_string_equal(look(), "");
	moved(COMMIT_MOVED, 9);
	assert_string_equal(look(), "settled ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_snapshot_is_begun_after_a_commit),
		T(a_wanted_snapshot_is_made_and_named_at_once),
		T(an_append_to_a_file_that_is_not_in_place_wants_one),
		T(a_commit_names_the_snapshot_that_waits),
		T(without_a_commit_it_is_named_alone),
		T(named_alone_it_leaves_a_new_segment_as_it_is),
		T(an_unsettled_write_stays_as_it_was),
		T(own_mark_of_a_snapshot_is_the_snapshot),
		T(the_second_snapshot_lets_what_lies_before_the_first_go),
		T(a_failed_snapshot_is_tried_again_later),
		T(a_snapshot_of_an_earlier_term_is_none),
		T(settling_leaves_a_snapshot_unnamed),
		T(settling_waits_for_a_snapshot_that_is_being_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
