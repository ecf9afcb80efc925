/* SPDX-License-Identifier: Apache-2.0 */
/* Where the log ends when no register says it (storage/inspect_end.c; D11). */
#include <unistd.h>

#include "tests/unit/inspect_bench.h"

static void the_log_ends_with_the_last_record_of_the_last_file(void **state)
{
	struct log_position committed;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	committed = f.at;
	files_begin(&f, 2, 1, &committed);
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/a", "3");
	inspect();
	assert_true(end.found && log_position_same(&end.at, &f.at));
	assert_string_equal(value("jobs/a"), "3");
	assert_string_equal(value("jobs/b"), "2");
	assert_int_equal(end.known_committed, 2); /* the last record says so of the one before */
	assert_int_equal(seen.highest_epoch, 2);
	assert_int_equal(seen.n_files, 2);
	assert_int_equal(state_of(0), INSPECTED_OK);
	assert_int_equal(seen.file[1].scan.first, 2);
	assert_int_equal(seen.file[1].scan.last, 3);
	assert_false(end.passed_over);
}

static void a_pointer_that_was_deleted_is_not_there(void **state)
{
	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	files_put(&f, "jobs/b", "2");
	files_append(&f, "jobs/a", NULL, 0);
	inspect();
	assert_string_equal(value("jobs/a"), "(none)");
	assert_int_equal(pointer_map_count(end.read.delta), 1);
	assert_true(log_position_same(pointer_map_position(end.read.delta), &f.at));
}

static void a_later_epoch_ends_what_was_not_committed_before_it(void **state)
{
	struct log_position committed;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	committed = f.at;
	files_put(&f, "jobs/a", "never committed");
	files_begin(&f, 2, 1, &committed);
	inspect();
	assert_true(log_position_same(&end.at, &f.at));
	assert_string_equal(value("jobs/a"), "1");
}

/* B1: a dead elector's late write may have committed it. */
static void an_empty_segment_of_the_same_epoch_hides_nothing(void **state)
{
	struct log_position committed, whole;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	committed = f.at;
	files_put(&f, "jobs/a", "2");
	whole = f.at;
	files_begin(&f, 1, 2, &committed);
	inspect();
	assert_true(log_position_same(&end.at, &whole));
	assert_string_equal(value("jobs/a"), "2");
	assert_int_equal(end.known_committed, 1);
}

/* .. but one that was used has settled it. */
static void a_used_segment_of_the_same_epoch_ends_the_one_before(void **state)
{
	struct log_position committed;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	committed = f.at;
	files_put(&f, "jobs/a", "dropped");
	files_put(&f, "jobs/a", "dropped, too");
	files_begin(&f, 1, 2, &committed);
	files_put(&f, "jobs/b", "2");
	inspect();
	assert_true(log_position_same(&end.at, &f.at));
	assert_string_equal(value("jobs/a"), "1");
}

static void a_store_without_log_ends_where_it_begins(void **state)
{
	(void)state;
	inspect();
	assert_true(end.found);
	assert_true(log_position_same(&end.at, &nothing));
	assert_int_equal(seen.highest_epoch, 0);
	assert_int_equal(seen.report.state, STORE_OK);
}

static void an_unfinished_append_ends_the_log(void **state)
{
	struct log_position whole;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	whole = f.at;
	files_put(&f, "jobs/b", "2");
	{
		char path[160];

		files_name(&f, 1, 1, path);
		assert_int_equal(truncate(path, (off_t)(f.at.offset - 8)), 0);
	}
	inspect();
	assert_true(log_position_same(&end.at, &whole));
	assert_int_equal(state_of(0), INSPECTED_TORN);
	assert_string_equal(value("jobs/b"), "(none)");
	assert_false(end.passed_over);
	assert_true(end.known_committed <= end.at.sequence);
}

static void damage_in_the_last_record_ends_the_log(void **state)
{
	struct log_position whole;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	whole = f.at;
	files_put(&f, "jobs/b", "2");
	flip(1, 1, whole.offset + 20);
	inspect();
	assert_true(log_position_same(&end.at, &whole));
	assert_int_equal(state_of(0), INSPECTED_TORN);
}

static void a_last_file_that_was_never_used_is_no_loss(void **state)
{
	struct log_position whole;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	whole = f.at;
	files_name(&f, 2, 1, path);
	files_write(path, "", 0);
	inspect();
	assert_int_equal(state_of(1), INSPECTED_UNUSED);
	assert_true(log_position_same(&end.at, &whole));
	assert_false(end.passed_over);
	assert_int_equal(seen.highest_epoch, 2); /* yet that epoch may have been granted */
}

static void a_last_file_without_its_header_is_a_loss_and_known(void **state)
{
	struct log_position whole;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	whole = f.at;
	files_begin(&f, 2, 1, &whole);
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3");
	flip(2, 1, 70);
	inspect();
	assert_int_equal(state_of(1), INSPECTED_DAMAGED);
	assert_true(log_position_same(&end.at, &whole));
	assert_true(end.passed_over);
	assert_int_equal(end.known_committed, 2); /* the third record says so */
	assert_non_null(strstr(end.passed_over_why, "00000002-"));
	assert_int_equal(seen.highest_epoch, 2);
}

static void a_file_in_the_middle_without_its_header_leads_back_to_the_one_before(void **state)
{
	struct log_position a, b;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	a = f.at;
	files_begin(&f, 2, 1, &a);
	files_put(&f, "jobs/b", "2");
	b = f.at;
	files_begin(&f, 3, 1, &b);
	flip(2, 1, 70);
	inspect();
	assert_true(log_position_same(&end.at, &a));
	assert_true(end.passed_over);
	assert_int_equal(end.known_committed, 2);
}

/* A store is not empty because all that it holds is another cluster's: CLUSTER may be the stranger.
 */
static void files_of_another_cluster_alone_are_no_beginning(void **state)
{
	(void)state;
	files_begin(&f, 3, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	f.id[0] ^= 1;
	write_cluster();
	inspect();
	assert_int_equal(state_of(0), INSPECTED_FOREIGN);
	assert_false(end.found);
	assert_true(end.passed_over);
	assert_non_null(strstr(end.read.report.text, "another cluster"));
}

/* One of them behind ours: what it stands for, only the operator can tell. */
static void a_later_file_of_another_cluster_is_passed_over(void **state)
{
	struct log_position whole;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	whole = f.at;
	f.id[0] ^= 1;
	files_begin(&f, 2, 1, &whole);
	f.id[0] ^= 1;
	inspect();
	assert_true(end.found && log_position_same(&end.at, &whole));
	assert_true(end.passed_over);
}

/* ---- snapshots */

static void a_snapshot_stands_for_the_log_before_it(void **state)
{
	struct log_position whole;
	struct log_snapshot s;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	s = files_snapshot_here(&f, 1);
	whole = f.at;
	files_begin(&f, 2, 1, &whole);
	files_put(&f, "jobs/b", "2");
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
	inspect();
	assert_true(end.found && log_position_same(&end.at, &f.at));
	assert_true(log_snapshot_same(&end.snapshot, &s));
	assert_string_equal(value("jobs/a"), "1");
	assert_string_equal(value("jobs/b"), "2");
	assert_int_equal(state_of(1), INSPECTED_OK);
}

static void a_damaged_snapshot_is_not_named_when_there_is_another_way(void **state)
{
	struct log_snapshot s;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	s = files_snapshot_here(&f, 1);
	files_snapshot_name(&f, &s, path);
	files_flip(path, RECORD_FILE_HEADER_SIZE + 20, 0);
	files_put(&f, "jobs/b", "2");
	inspect();
	assert_int_equal(state_of(1), INSPECTED_DAMAGED);
	assert_int_equal(end.snapshot.epoch, 0);
	assert_string_equal(value("jobs/a"), "1");
	assert_int_equal(seen.report.n_damage, 1);
	assert_int_equal(seen.report.damage[0].kind, RECORD_FILE_SNAPSHOT);
}

/* Left by a history that was given up: whole, but none of this log. */
static void a_snapshot_of_another_history_is_never_named(void **state)
{
	struct pointer_map *map = pointer_map_new();
	struct log_position other;
	uint64_t first;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	first = here();
	files_put(&f, "jobs/a", "1");
	files_put(&f, "jobs/b", "2");
	other = f.at;
	other.digest[0] ^= 1;
	pointer_map_set_position(map, &other);
	(void)files_snapshot(&f, 1, map);
	pointer_map_free(map);
	files_put(&f, "jobs/c", "3");
	flip(1, 1, first + 64); /* nothing is whole */
	inspect();
	assert_int_equal(state_of(1), INSPECTED_OK);
	assert_string_equal(value("jobs/a"), "(damaged)");
	assert_string_equal(value("jobs/c"), "3");
	assert_int_equal(end.snapshot.epoch, 0);
}

static void a_snapshot_that_is_newer_than_the_log_tells_what_is_missing(void **state)
{
	char path[160];
	off_t size;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	size = (off_t)f.at.offset;
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3");
	(void)files_snapshot_here(&f, 1);
	files_name(&f, 1, 1, path);
	assert_int_equal(truncate(path, size), 0); /* an old copy of it */
	inspect();
	assert_true(end.found);
	assert_int_equal(end.at.sequence, 1);
	assert_int_equal(end.known_committed, 3);
	assert_int_equal(end.snapshot.epoch, 0);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_log_ends_with_the_last_record_of_the_last_file),
		TEST(a_pointer_that_was_deleted_is_not_there),
		TEST(a_later_epoch_ends_what_was_not_committed_before_it),
		TEST(an_empty_segment_of_the_same_epoch_hides_nothing),
		TEST(a_used_segment_of_the_same_epoch_ends_the_one_before),
		TEST(a_store_without_log_ends_where_it_begins),
		TEST(an_unfinished_append_ends_the_log),
		TEST(damage_in_the_last_record_ends_the_log),
		TEST(a_last_file_that_was_never_used_is_no_loss),
		TEST(a_last_file_without_its_header_is_a_loss_and_known),
		TEST(a_file_in_the_middle_without_its_header_leads_back_to_the_one_before),
		TEST(files_of_another_cluster_alone_are_no_beginning),
		TEST(a_later_file_of_another_cluster_is_passed_over),
		TEST(a_snapshot_stands_for_the_log_before_it),
		TEST(a_damaged_snapshot_is_not_named_when_there_is_another_way),
		TEST(a_snapshot_of_another_history_is_never_named),
		TEST(a_snapshot_that_is_newer_than_the_log_tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
