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

/* The one that it names, real and whole. */
static void make_previous(const struct clean_request *r)
{
	static const struct record_change a = { .op = RECORD_PUT,
		                                .key = "a",
		                                .key_size = 1,
		                                .value = (const uint8_t *)"value",
		                                .value_size = 5 };
	struct pointer_map *map = pointer_map_new();

	assert_int_equal(pointer_map_apply(map, &a, 1, false), 0);
	pointer_map_set_position(map, &r->previous.at);
	(void)files_snapshot(&f, r->previous.epoch, map);
	pointer_map_free(map);
}

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	request.path = f.cluster;
	memcpy(request.cluster_id, f.id, sizeof(f.id));
	make_previous(&request);
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

/* How many files went. */
static unsigned clean(const struct clean_request *r)
{
	struct report report = { .state = STORE_OK };
	unsigned deleted;

	clean_store(r, &report, &deleted);
	if (report.state != STORE_OK)
		fail_msg("%s", report.text);
	return deleted;
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
	                              "log/5-1",        "log/6-1",        "snapshot/5-200",
	                              "snapshot/3-100", "snapshot/4-150", "snapshot/6-1" };

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
	assert_true(there(name_of("snapshot/4-100")));
}

/* B3 */
static void only_what_lies_before_the_previous_snapshot_goes(void **state)
{

	(void)state;
	make_all();
	assert_int_equal(clean(&request), sizeof(old) / sizeof(*old));
	for (unsigned i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (there(name_of(old[i])))
			fail_msg("%s is still there", old[i]);
	assert_needed();
	assert_int_equal(clean(&request), 0);
}

/* B3: one that was deposed knows of an earlier previous snapshot, and of fewer epochs. */
static void a_deposed_leader_deletes_nothing_that_is_needed(void **state)
{
	struct clean_request late = { .epoch = 2, .previous = { 1, { 2, 9, 500, 60, "" } } };

	(void)state;
	late.path = f.cluster;
	memcpy(late.cluster_id, f.id, sizeof(f.id));
	make_all();
	make_previous(&late);
	assert_int_equal(clean(&late), 3); /* 1-1, 1-70, 1-50: useless since */
	assert_true(there(name_of("log/2-9")));
	assert_true(there(name_of("snapshot/5-99"))); /* before 100, but not its own */
	assert_needed();
}

static void without_a_previous_snapshot_nothing_goes(void **state)
{
	struct clean_request none = { .path = f.cluster, .epoch = 5 };

	(void)state;
	make_all();
	assert_int_equal(clean(&none), 0);
}

static void what_writers_left_goes_with_its_time(void **state)
{
	static const char before[] =
	        "snapshot/00000000000000000004-00000000000000000099.jm-a.77.tmp";
	static const char behind[] =
	        "snapshot/00000000000000000004-00000000000000000100.jm-a.77.tmp";
	static const char other[] =
	        "snapshot/00000000000000000006-00000000000000000001.jm-b.77.tmp";

	(void)state;
	make(before);
	make(behind);
	make(other);
	assert_int_equal(clean(&request), 1);
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

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		make(names[i]);
	assert_int_equal(clean(&request), 0);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(there(names[i]));
}

/* A directory in the place of a file: told, and the rest goes. */
static void goes_on_after_a_failure(void **state)
{
	struct report report = { .state = STORE_OK };
	unsigned deleted;
	char path[256];

	(void)state;
	make_all();
	file_path(name_of("log/1-5"), path);
	assert_int_equal(mkdir(path, 0750), 0);
	clean_store(&request, &report, &deleted);
	assert_int_equal(report.state, STORE_FAILED);
	assert_int_equal(report.error, -EISDIR);
	assert_int_equal(deleted, sizeof(old) / sizeof(*old));
}

/* B3: what lies before the previous one may be all that is whole. */
static void assert_nothing_goes(const struct clean_request *r, enum store_state why)
{
	struct report report = { .state = STORE_OK };
	unsigned deleted;

	clean_store(r, &report, &deleted);
	assert_int_equal(report.state, why);
	assert_int_equal(deleted, 0);
	assert_true(there(name_of("log/1-1")) && there(name_of("snapshot/1-50")));
	report_clear(&report);
}

static void nothing_goes_before_a_snapshot_that_is_not_whole(void **state)
{
	struct clean_request other = request;
	char path[160];

	(void)state;
	make_all();
	other.path = "/nonexistent";
	assert_nothing_goes(&other, STORE_LOG_MISSING);
	other.path = f.cluster;
	other.cluster_id[0]++; /* mounted there since */
	assert_nothing_goes(&other, STORE_FOREIGN);
	other = request;
	other.previous.at.digest[0]++;
	assert_nothing_goes(&other, STORE_DIGEST_MISMATCH);
	files_snapshot_name(&f, &request.previous, path);
	files_flip(path, RECORD_FILE_HEADER_SIZE + 56, 0); /* a value */
	assert_nothing_goes(&request, STORE_FAILED);
	assert_int_equal(unlink(path), 0);
	assert_nothing_goes(&request, STORE_LOG_MISSING);
	make_previous(&request);
	assert_int_equal(clean(&request), sizeof(old) / sizeof(*old));
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
		T(nothing_goes_before_a_snapshot_that_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
