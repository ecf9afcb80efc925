/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/clean.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/snapshot.h"
#include "tests/unit/storage_files.h"

static struct files f;

/* Own epoch 5; the previous snapshot: up to record 100, in 3-2. */
static struct clean_request request = { .epoch = 5, .previous = { 4, { 3, 2, 5000, 100, "" } } };

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	request.path = f.cluster;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_teardown(&f);
	return 0;
}

static void file_path(const char *name, char ret[256])
{
	(void)snprintf(ret, 256, "%s/%s", f.cluster, name);
}

static void make(const char *name)
{
	char path[256];

	file_path(name, path);
	files_write(path, "x", 1);
}

static bool there(const char *name)
{
	char path[256];

	file_path(name, path);
	return access(path, F_OK) == 0;
}

/* "log/1-2" and "snapshot/1-2" are short for the padded names. */
static const char *name_of(const char *text)
{
	static char name[128];
	unsigned epoch = 0, number = 0;
	char padded[SNAPSHOT_NAME_SIZE];

	if (sscanf(text, "log/%u-%u", &epoch, &number) == 2) {
		segment_name(epoch, number, padded);
		(void)snprintf(name, sizeof(name), "log/%s", padded);
	} else if (sscanf(text, "snapshot/%u-%u", &epoch, &number) == 2) {
		snapshot_name(epoch, number, padded);
		(void)snprintf(name, sizeof(name), "snapshot/%s", padded);
	}
	return name;
}

static const char *const old[] = { "log/1-1", "log/1-70",      "log/2-9",
	                           "log/3-1", "snapshot/1-50", "snapshot/5-99" };

/* At or behind the previous snapshot, or of a later epoch. */
static const char *const needed[] = { "log/3-2",        "log/3-3",        "log/4-1",
	                              "log/5-1",        "log/6-1",        "snapshot/4-100",
	                              "snapshot/5-200", "snapshot/3-100", "snapshot/4-150",
	                              "snapshot/6-1" };

static void make_all(void)
{
	for (unsigned i = 0; i < sizeof(old) / sizeof(*old); i++)
		make(name_of(old[i]));
	for (unsigned i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		make(name_of(needed[i]));
}

static void assert_needed(void)
{
	for (unsigned i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!there(name_of(needed[i])))
			fail_msg("%s is gone", needed[i]);
}

/* B3 */
static void only_what_lies_before_the_previous_snapshot_goes(void **state)
{
	unsigned deleted;

	(void)state;
	make_all();
	assert_int_equal(clean_store(&request, &deleted), 0);
	assert_int_equal(deleted, sizeof(old) / sizeof(*old));
	for (unsigned i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (there(name_of(old[i])))
			fail_msg("%s is still there", old[i]);
	assert_needed();
	assert_int_equal(clean_store(&request, &deleted), 0);
	assert_int_equal(deleted, 0);
}

/* B3: one that was deposed knows of an earlier previous snapshot, and of fewer epochs. */
static void a_deposed_leader_deletes_nothing_that_is_needed(void **state)
{
	struct clean_request late = { .epoch = 2, .previous = { 1, { 2, 9, 500, 60, "" } } };
	unsigned deleted;

	(void)state;
	late.path = f.cluster;
	make_all();
	assert_int_equal(clean_store(&late, &deleted), 0);
	assert_int_equal(deleted, 3); /* 1-1, 1-70, 1-50: useless since */
	assert_true(there(name_of("log/2-9")));
	assert_true(there(name_of("snapshot/5-99"))); /* before 100, but not its own */
	assert_needed();
}

static void without_a_previous_snapshot_nothing_goes(void **state)
{
	struct clean_request none = { .path = f.cluster, .epoch = 5 };
	unsigned deleted;

	(void)state;
	make_all();
	assert_int_equal(clean_store(&none, &deleted), 0);
	assert_int_equal(deleted, 0);
}

static void what_writers_left_goes_with_its_time(void **state)
{
	static const char before[] =
	        "snapshot/00000000000000000004-00000000000000000099.jm-a.77.tmp";
	static const char behind[] =
	        "snapshot/00000000000000000004-00000000000000000100.jm-a.77.tmp";
	static const char other[] =
	        "snapshot/00000000000000000006-00000000000000000001.jm-b.77.tmp";
	unsigned deleted;

	(void)state;
	make(before);
	make(behind);
	make(other);
	assert_int_equal(clean_store(&request, &deleted), 0);
	assert_int_equal(deleted, 1);
	assert_false(there(before));
	assert_true(there(behind) && there(other));
}

static void other_names_are_left_alone(void **state)
{
	static const char *const names[] = { "log/1-1.log",
		                             "log/README",
		                             "snapshot/.tmp",
		                             "log/00000000000000000001-00000000000000000001.tmp",
		                             "snapshot/1-1.jm-a.1.tmp",
		                             "probe-jm-a",
		                             "CLUSTER" };
	unsigned deleted;

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		make(names[i]);
	assert_int_equal(clean_store(&request, &deleted), 0);
	assert_int_equal(deleted, 0);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(there(names[i]));
}

/* A directory in the place of a file: told, and the rest goes. */
static void goes_on_after_a_failure(void **state)
{
	unsigned deleted;
	char path[256];

	(void)state;
	make_all();
	file_path(name_of("log/1-5"), path);
	assert_int_equal(mkdir(path, 0750), 0);
	assert_int_equal(clean_store(&request, &deleted), -EISDIR);
	assert_int_equal(deleted, sizeof(old) / sizeof(*old));
	request.path = "/nonexistent";
	assert_int_equal(clean_store(&request, &deleted), -ENOENT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_what_lies_before_the_previous_snapshot_goes),
		T(a_deposed_leader_deletes_nothing_that_is_needed),
		T(without_a_previous_snapshot_nothing_goes),
		T(what_writers_left_goes_with_its_time),
		T(other_names_are_left_alone),
		T(goes_on_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
