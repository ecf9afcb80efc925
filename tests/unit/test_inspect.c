/* SPDX-License-Identifier: Apache-2.0 */
/* What each file of a store is, and what is wrong with it (storage/inspect.c). */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/inspect_bench.h"

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

static void a_directory_that_is_not_there_is_said_to_be_missing(void **state)
{
	const struct inspect_request request = { .path = "/nonexistent/orders" };

	(void)state;
	assert_int_equal(inspect_store(&request, &seen), 0);
	assert_int_equal(seen.report.state, STORE_MISSING);
	assert_non_null(strstr(seen.report.text, "/nonexistent/orders"));
}

/* ---- what is wrong */

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
		TEST(a_writer_is_noticed),
		TEST(a_file_that_goes_is_noticed),
		TEST(a_directory_that_is_not_there_is_said_to_be_missing),
		TEST(damage_before_a_committed_record_is_read_over),
		TEST(damage_at_the_end_of_an_earlier_file_is_no_torn_append),
		TEST(damage_before_the_end_of_an_earlier_file_is_found),
		TEST(a_file_shorter_than_the_next_one_names_is_damaged),
		TEST(a_damaged_value_is_named),
		TEST(strangers_are_told_apart),
		TEST(a_pipe_among_the_files_does_not_hold_anybody_up),
		TEST(what_is_cleaned_away_meanwhile_is_left_out),
		TEST(a_wrong_CLUSTER_is_said),
		TEST(progress_reaches_all_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
