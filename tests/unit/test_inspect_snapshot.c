/* SPDX-License-Identifier: Apache-2.0 */
/* What is left in snapshots when the log is gone (storage/inspect_snapshot.c). */
#include <unistd.h>

#include "tests/unit/inspect_bench.h"

static struct pointer_map *map;

static int done(void **state)
{
	pointer_map_free(map);
	map = NULL;
	return teardown(state);
}

static void damage(const struct log_snapshot *s)
{
	char path[160];

	files_snapshot_name(&f, s, path);
	files_flip(path, 200, 3);
}

/* Sequence 1 and 3 of epoch 1; the log is gone. */
static void two_snapshots(struct log_snapshot ret[2])
{
	char path[160];

	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	ret[0] = files_snapshot_here(&f, 1);
	files_put(&f, "jobs/b", "2");
	files_append(&f, "jobs/a", NULL, 0);
	ret[1] = files_snapshot_here(&f, 1);
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
}

static uint64_t newest(uint64_t sequence)
{
	const struct inspected_file *file = inspection_snapshot(&seen, sequence);

	return file ? file->number : 0;
}

static void read_it(uint64_t sequence)
{
	const struct inspect_request request = { .path = f.cluster };
	struct report report = { .state = STORE_OK };

	assert_int_equal(inspect_read_snapshot(&request, inspection_snapshot(&seen, sequence),
	                                       &report, &map),
	                 0);
	report_clear(&report);
}

static void the_newest_is_read_without_a_log(void **state)
{
	struct log_snapshot s[2];

	(void)state;
	two_snapshots(s);
	inspect();
	assert_false(end.found);
	assert_int_equal(newest(0), 3);
	read_it(0);
	assert_string_equal(files_value(map, "jobs/a"), "(none)");
	assert_string_equal(files_value(map, "jobs/b"), "2");
	assert_true(log_position_same(pointer_map_position(map), &s[1].at));
}

static void one_of_before_is_read_by_its_sequence(void **state)
{
	struct log_snapshot s[2];

	(void)state;
	two_snapshots(s);
	inspect();
	assert_int_equal(newest(2), 0);
	assert_int_equal(newest(1), 1);
	read_it(1);
	assert_string_equal(files_value(map, "jobs/a"), "1");
	assert_string_equal(files_value(map, "jobs/b"), "(none)");
}

static void a_damaged_one_gives_way_to_the_one_before(void **state)
{
	struct log_snapshot s[2];

	(void)state;
	two_snapshots(s);
	damage(&s[1]);
	inspect();
	assert_int_equal(newest(0), 1);
	assert_int_equal(newest(3), 0);
}

static void where_none_is_whole_there_is_none(void **state)
{
	struct log_snapshot s[2];

	(void)state;
	two_snapshots(s);
	damage(&s[0]);
	damage(&s[1]);
	inspect();
	assert_int_equal(newest(0), 0);
}

/* Where a loss was accepted, what came before has the higher sequences. */
static void a_later_epochs_is_newer_whatever_its_sequence(void **state)
{
	struct log_position accepted;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "jobs/a", "1");
	accepted = f.at;
	files_put(&f, "jobs/b", "2");
	files_put(&f, "jobs/c", "3");
	(void)files_snapshot_here(&f, 1);
	files_begin(&f, 4, 1, &accepted);
	files_put(&f, "jobs/d", "4");
	(void)files_snapshot_here(&f, 4);
	inspect();
	assert_int_equal(newest(0), 2);
}

/* It was whole when it was looked at. */
static void damage_that_comes_in_between_is_no_answer(void **state)
{
	const struct inspect_request request = { .path = f.cluster };
	struct report report = { .state = STORE_OK };
	struct log_snapshot s[2];

	(void)state;
	two_snapshots(s);
	inspect();
	damage(&s[1]);
	assert_true(inspect_read_snapshot(&request, inspection_snapshot(&seen, 0), &report, &map) <
	            0);
	assert_null(map);
	report_clear(&report);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, done)
	const struct CMUnitTest tests[] = {
		TEST(the_newest_is_read_without_a_log),
		TEST(one_of_before_is_read_by_its_sequence),
		TEST(a_damaged_one_gives_way_to_the_one_before),
		TEST(where_none_is_whole_there_is_none),
		TEST(a_later_epochs_is_newer_whatever_its_sequence),
		TEST(damage_that_comes_in_between_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
