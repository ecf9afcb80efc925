/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/inspect.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/unit/storage_files.h"

static struct files f;
static struct inspection seen;
static struct inspected_end end;
static const struct log_position nothing;

static void write_cluster(void)
{
	char path[160], text[128], id[2 * RECORD_CLUSTER_ID_SIZE + 1];

	text_hex(f.id, RECORD_CLUSTER_ID_SIZE, id);
	(void)snprintf(path, sizeof(path), "%s/CLUSTER", f.cluster);
	(void)snprintf(text, sizeof(text), "{\"version\": 1, \"cluster_id\": \"%s\"}\n", id);
	files_write(path, text, strlen(text));
}

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	write_cluster();
	seen = (struct inspection){ .n_files = 0 };
	end = (struct inspected_end){ .found = false };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	inspected_end_done(&end);
	inspection_done(&seen);
	files_teardown(&f);
	return 0;
}

static void inspect(void)
{
	const struct inspect_request request = { .path = f.cluster };

	assert_int_equal(inspect_store(&request, &seen), 0);
	assert_int_equal(inspect_find_end(&request, &seen, &end), 0);
}

static const char *value(const char *key)
{
	assert_true(end.found);
	return files_value(end.read.delta, key);
}

static enum inspected_state state_of(size_t i)
{
	assert_true(i < seen.n_files);
	return seen.file[i].state;
}

/* Where the next record of f will begin. */
static uint64_t here(void)
{
	return f.at.offset;
}

static void flip(uint64_t epoch, uint64_t segment, uint64_t at)
{
	char path[160];

	files_name(&f, epoch, segment, path);
	files_flip(path, at, 3);
}

/* ---- the end */

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

static void a_writer_is_noticed(void **state)
{
	const struct inspect_request request = { .path = f.cluster };

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	inspect();
	assert_int_equal(inspect_changed(&request, &seen), 0);
	files_put(&f, "jobs/a", "2");
	assert_int_equal(inspect_changed(&request, &seen), 1);
	inspection_done(&seen);
	inspected_end_done(&end);
	inspect();
	assert_int_equal(inspect_changed(&request, &seen), 0);
	files_begin(&f, 2, 1, &f.at);
	assert_int_equal(inspect_changed(&request, &seen), 1);
}

/* Who deletes writes, too: or another directory is mounted now. */
static void a_file_that_goes_is_noticed(void **state)
{
	const struct inspect_request request = { .path = f.cluster };
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	files_begin(&f, 2, 1, &f.at);
	inspect();
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(inspect_changed(&request, &seen), 1);
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

static void a_directory_that_is_not_there_is_said_to_be_missing(void **state)
{
	const struct inspect_request request = { .path = "/nonexistent/orders" };

	(void)state;
	assert_int_equal(inspect_store(&request, &seen), 0);
	assert_int_equal(seen.report.state, STORE_MISSING);
	assert_non_null(strstr(seen.report.text, "/nonexistent/orders"));
}

/* ---- what is wrong */

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

static void damage_before_a_committed_record_is_read_over(void **state)
{
	uint64_t second, third;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	second = here();
	files_put(&f, "jobs/b", "2");
	third = here();
	files_put(&f, "jobs/c", "3");
	files_put(&f, "jobs/d", "4");
	flip(1, 1, second + 20);
	inspect();
	assert_int_equal(state_of(0), INSPECTED_DAMAGED);
	assert_int_equal(seen.report.n_damage, 1);
	assert_int_equal(seen.report.damage[0].offset, second);
	assert_int_equal(seen.report.damage[0].sequence, 2);
	assert_int_equal(seen.report.damage[0].records, 1);
	assert_int_equal(end.at.sequence, 4);
	assert_int_equal(end.at.offset, f.at.offset);
	assert_string_equal(value("jobs/d"), "4");
	assert_string_equal(value("jobs/b"), "(none)");
	assert_true(third > second);
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

/* What the next file names as its beginning was committed, whatever the file itself knows. */
static void damage_at_the_end_of_an_earlier_file_is_no_torn_append(void **state)
{
	struct log_position first, second;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	first = f.at;
	files_put(&f, "jobs/b", "2");
	second = f.at;
	files_begin(&f, 2, 1, &second);
	files_put(&f, "jobs/c", "3");
	flip(1, 1, first.offset + 20);
	inspect();
	assert_int_equal(state_of(0), INSPECTED_DAMAGED);
	assert_int_equal(seen.report.n_damage, 1);
	assert_int_equal(seen.report.damage[0].offset, first.offset);
	assert_int_equal(seen.report.damage[0].sequence, 2);
	assert_int_equal(seen.report.damage[0].records, 1);
	assert_int_equal(state_of(1), INSPECTED_OK);
	assert_true(log_position_same(&end.at, &f.at));
}

/* .. nor when a whole record of the same commit stands behind it. */
static void damage_before_the_end_of_an_earlier_file_is_found(void **state)
{
	struct log_position first;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	first = f.at;
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3"); /* knows that 1 was committed, perhaps 2 */
	files_begin(&f, 1, 2, &f.at);
	flip(1, 1, first.offset + 20);
	inspect();
	assert_int_equal(state_of(0), INSPECTED_DAMAGED);
	assert_int_equal(seen.report.n_damage, 1);
	assert_int_equal(seen.file[0].scan.last, 3);
	assert_int_equal(end.at.sequence, 3);
}

static void a_file_shorter_than_the_next_one_names_is_damaged(void **state)
{
	struct log_position first, second;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	first = f.at;
	files_put(&f, "jobs/b", "2");
	second = f.at;
	files_begin(&f, 2, 1, &second);
	files_name(&f, 1, 1, path);
	assert_int_equal(truncate(path, (off_t)first.offset), 0);
	inspect();
	assert_int_equal(state_of(0), INSPECTED_DAMAGED);
	assert_non_null(strstr(seen.file[0].text, "shorter"));
}

static void a_damaged_value_is_named(void **state)
{
	uint64_t second;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	second = here();
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3");
	flip(1, 1, second + 64); /* behind a header of 40 + 12 + 6 + padding */
	inspect();
	assert_int_equal(state_of(0), INSPECTED_DAMAGED);
	assert_string_equal(seen.report.damage[0].key, "jobs/b");
	assert_int_equal(seen.report.damage[0].offset, second);
	assert_string_equal(value("jobs/b"), "(damaged)");
	assert_string_equal(value("jobs/c"), "3");
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

static void strangers_are_told_apart(void **state)
{
	static const char text[] = "notes";
	struct log_position whole;
	char path[160], copy[160];
	uint8_t *bytes;
	size_t size;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	whole = f.at;
	files_name(&f, 1, 1, path);
	bytes = files_read(path, &size);
	files_name(&f, 1, 2, copy); /* a copy under another name */
	files_write(copy, bytes, size);
	free(bytes);
	(void)snprintf(copy, sizeof(copy), "%s/log/README", f.cluster);
	files_write(copy, text, sizeof(text));
	f.id[0] ^= 1; /* another cluster's, with a higher epoch */
	files_begin(&f, 9, 1, &nothing);
	files_put(&f, "jobs/x", "foreign");
	f.id[0] ^= 1;
	inspect();
	assert_int_equal(seen.n_files, 4);
	assert_int_equal(state_of(0), INSPECTED_OK);
	assert_int_equal(state_of(1), INSPECTED_MISNAMED);
	assert_int_equal(state_of(2), INSPECTED_FOREIGN);
	assert_int_equal(state_of(3), INSPECTED_FOREIGN);
	assert_true(log_position_same(&end.at, &whole));
	assert_int_equal(seen.highest_epoch, 9); /* as members see it, who go by names */
	assert_string_equal(value("jobs/x"), "(none)");
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

static void a_pipe_among_the_files_does_not_hold_anybody_up(void **state)
{
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	files_name(&f, 2, 1, path);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)alarm(20);
	inspect();
	(void)alarm(0);
	assert_int_equal(state_of(1), INSPECTED_FAILED);
	assert_true(end.passed_over);
}

/* A leader that runs cleans up while its files are read. */
static void unlink_the_first_of_epoch_two(void *userdata, uint64_t done, uint64_t all)
{
	char path[160];

	(void)userdata;
	(void)done;
	(void)all;
	files_name(&f, 2, 1, path);
	(void)unlink(path);
}

static void what_is_cleaned_away_meanwhile_is_left_out(void **state)
{
	const struct inspect_request request = { .path = f.cluster,
		                                 .on_progress = unlink_the_first_of_epoch_two };

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	files_begin(&f, 2, 1, &f.at);
	files_begin(&f, 3, 1, &f.at);
	assert_int_equal(inspect_store(&request, &seen), 0);
	assert_int_equal(seen.n_files, 2);
	assert_int_equal(seen.file[0].epoch, 1);
	assert_int_equal(seen.file[1].epoch, 3);
	assert_int_equal(state_of(0), INSPECTED_OK);
	assert_int_equal(state_of(1), INSPECTED_OK);
}

static void a_wrong_CLUSTER_is_said(void **state)
{
	char path[160];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/CLUSTER", f.cluster);
	files_write(path, "{}", 2);
	inspect();
	assert_int_equal(seen.cluster.state, STORE_FOREIGN);
	assert_int_equal(unlink(path), 0);
	inspection_done(&seen);
	inspected_end_done(&end);
	inspect();
	assert_int_equal(seen.cluster.state, STORE_OK);
	assert_false(seen.cluster.found);
}

/* ---- snapshots */

static struct log_snapshot snapshot_here(uint64_t epoch)
{
	struct follower_result r;
	struct log_snapshot s;

	files_follow(&f, NULL, &f.at, &r);
	assert_int_equal(r.report.state, STORE_OK);
	s = files_snapshot(&f, epoch, r.delta);
	follower_result_done(&r);
	return s;
}

static void a_snapshot_stands_for_the_log_before_it(void **state)
{
	struct log_position whole;
	struct log_snapshot s;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	s = snapshot_here(1);
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
	s = snapshot_here(1);
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
	(void)snapshot_here(1);
	files_name(&f, 1, 1, path);
	assert_int_equal(truncate(path, size), 0); /* an old copy of it */
	inspect();
	assert_true(end.found);
	assert_int_equal(end.at.sequence, 1);
	assert_int_equal(end.known_committed, 3);
	assert_int_equal(end.snapshot.epoch, 0);
}

/* ---- progress */

static uint64_t last_done, last_all;

static void on_progress(void *userdata, uint64_t done, uint64_t all)
{
	(void)userdata;
	assert_true(done >= last_done && done <= all);
	last_done = done;
	last_all = all;
}

static void progress_reaches_all_bytes(void **state)
{
	const struct inspect_request request = { .path = f.cluster, .on_progress = on_progress };

	(void)state;
	last_done = 0;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	files_begin(&f, 2, 1, &f.at);
	assert_int_equal(inspect_store(&request, &seen), 0);
	assert_true(last_all > 256);
	assert_int_equal(last_done, last_all);
	assert_int_equal(seen.bytes, last_all);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_log_ends_with_the_last_record_of_the_last_file),
		TEST(a_pointer_that_was_deleted_is_not_there),
		TEST(a_writer_is_noticed),
		TEST(a_file_that_goes_is_noticed),
		TEST(a_later_epoch_ends_what_was_not_committed_before_it),
		TEST(an_empty_segment_of_the_same_epoch_hides_nothing),
		TEST(a_used_segment_of_the_same_epoch_ends_the_one_before),
		TEST(a_store_without_log_ends_where_it_begins),
		TEST(a_directory_that_is_not_there_is_said_to_be_missing),
		TEST(an_unfinished_append_ends_the_log),
		TEST(damage_before_a_committed_record_is_read_over),
		TEST(damage_in_the_last_record_ends_the_log),
		TEST(damage_at_the_end_of_an_earlier_file_is_no_torn_append),
		TEST(damage_before_the_end_of_an_earlier_file_is_found),
		TEST(a_file_shorter_than_the_next_one_names_is_damaged),
		TEST(a_damaged_value_is_named),
		TEST(a_last_file_that_was_never_used_is_no_loss),
		TEST(a_last_file_without_its_header_is_a_loss_and_known),
		TEST(a_file_in_the_middle_without_its_header_leads_back_to_the_one_before),
		TEST(strangers_are_told_apart),
		TEST(files_of_another_cluster_alone_are_no_beginning),
		TEST(a_later_file_of_another_cluster_is_passed_over),
		TEST(a_pipe_among_the_files_does_not_hold_anybody_up),
		TEST(what_is_cleaned_away_meanwhile_is_left_out),
		TEST(a_wrong_CLUSTER_is_said),
		TEST(a_snapshot_stands_for_the_log_before_it),
		TEST(a_damaged_snapshot_is_not_named_when_there_is_another_way),
		TEST(a_snapshot_of_another_history_is_never_named),
		TEST(a_snapshot_that_is_newer_than_the_log_tells_what_is_missing),
		TEST(progress_reaches_all_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
