/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promise 4, by force: each byte of each file of a store is flipped, each file is cut short at each
 * length and zeroed from each byte on, one after the other.  What is read is the truth, or it says
 * that it is not.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "storage/inspect.h"
#include "storage/snapshot.h"
#include "tests/unit/storage_files.h"

static const struct log_position nothing;
static const struct log_snapshot none;
static struct files f;
static struct log_snapshot previous, newest;

enum { N_KEYS = 5, MAX_WAS = 3 };

/* What is true, and what once was: with a header lost, that may show (B6). */
static const struct {
	const char *key, *now, *was[MAX_WAS];
} truth[N_KEYS] = {
	{ "a", "2", { "1", "(none)" } }, { "b", "(none)", { "1" } },
	{ "c", "(none)", { "1" } },      { "jobs/d", "value of d", { "(none)" } },
	{ "e", "5", { "(none)" } },
};

static void cluster_name(char ret[160])
{
	(void)snprintf(ret, 160, "%s/CLUSTER", f.cluster);
}

/* Two epochs, three segments, deletions, and a snapshot in the midst of two of them. */
static int setup(void **state)
{
	char path[160], text[128], id[2 * RECORD_CLUSTER_ID_SIZE + 1];

	(void)state;
	files_setup(&f);
	cluster_name(path);
	text_hex(f.id, RECORD_CLUSTER_ID_SIZE, id);
	(void)snprintf(text, sizeof(text), "{\"version\": 1, \"cluster_id\": \"%s\"}\n", id);
	files_write(path, text, strlen(text));
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_put(&f, "b", "1");
	previous = files_snapshot_here(&f, 1);
	files_put(&f, "c", "1");
	files_begin(&f, 1, 2, &f.at);
	files_put(&f, "e", "5");
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "a", "2");
	files_append(&f, "b", NULL, 0);
	newest = files_snapshot_here(&f, 2);
	files_put(&f, "jobs/d", "value of d");
	files_append(&f, "c", NULL, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_teardown(&f);
	return 0;
}

/* ---- what is done to a file */

enum harm { FLIP_A_BIT, FLIP_ALL, CUT_SHORT, ZERO_TAIL, N_HARMS };

static void overwrite(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), (ssize_t)size);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	(void)close(fd);
}

/* false: it is as it was. */
static bool do_harm(const char *path, const uint8_t *bytes, size_t size, enum harm harm, size_t at)
{
	uint8_t *b = malloc(size);
	bool differs;

	assert_non_null(b);
	memcpy(b, bytes, size);
	if (harm == FLIP_A_BIT)
		b[at] ^= (uint8_t)(1U << at % 8);
	else if (harm == FLIP_ALL)
		b[at] ^= 0xff;
	else if (harm == ZERO_TAIL)
		memset(b + at, 0, size - at);
	differs = harm == CUT_SHORT || memcmp(b, bytes, size) != 0;
	overwrite(path, b, harm == CUT_SHORT ? at : size);
	free(b);
	return differs;
}

static void to_each_byte(const char *path, void (*look)(enum harm harm, size_t at))
{
	size_t size;
	uint8_t *bytes = files_read(path, &size);

	for (size_t at = 0; at < size; at++)
		for (unsigned harm = 0; harm < N_HARMS; harm++)
			if (do_harm(path, bytes, size, harm, at))
				look(harm, at);
	overwrite(path, bytes, size);
	free(bytes);
}

/* ---- what is read then */

static void cold_start(bool with_snapshots, struct follower_result *ret)
{
	struct follower_request request = { .path = f.cluster,
		                            .to = f.at,
		                            .snapshot = with_snapshots ? newest : none,
		                            .previous = with_snapshots ? previous : none,
		                            .retry_usec = 0 };

	memcpy(request.cluster_id, f.id, sizeof(request.cluster_id));
	follower_read(&request, ret);
}

static bool header_lost(const struct report *report)
{
	for (size_t i = 0; i < report->n_damage; i++)
		if (report->damage[i].key == NULL && report->damage[i].records > 0)
			return true;
	return false;
}

static bool listed(const struct report *report, const char *key)
{
	for (size_t i = 0; i < report->n_damage; i++)
		if (report->damage[i].key != NULL && strcmp(report->damage[i].key, key) == 0)
			return true;
	return false;
}

static bool once_was(size_t i, const char *value)
{
	for (size_t n = 0; n < MAX_WAS; n++)
		if (truth[i].was[n] != NULL && strcmp(truth[i].was[n], value) == 0)
			return true;
	return false;
}

static const char *value_of(const struct follower_result *r, const char *key)
{
	const char *value = files_value(r->delta, key);

	return strcmp(value, "(deleted)") == 0 ? "(none)" : value;
}

static void assert_true_or_named(const struct follower_result *r, enum harm harm, size_t at)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const char *value = value_of(r, truth[i].key);

		if (strcmp(value, truth[i].now) == 0 ||
		    (strcmp(value, "(damaged)") == 0 && listed(&r->report, truth[i].key)) ||
		    (header_lost(&r->report) && once_was(i, value)))
			continue;
		fail_msg("harm %d at byte %zu: %s is %s, and nothing says so", (int)harm, at,
		         truth[i].key, value);
	}
}

static void assert_whole(const struct follower_result *r, enum harm harm, size_t at)
{
	if (r->report.state != STORE_OK || r->report.n_damage > 0)
		fail_msg("harm %d at byte %zu: %s", (int)harm, at, r->report.text);
	assert_true_or_named(r, harm, at);
}

/* ---- files of which there is another copy */

static void nothing_is_lost(enum harm harm, size_t at)
{
	struct follower_result r;

	cold_start(true, &r);
	assert_whole(&r, harm, at);
	follower_result_done(&r);
}

static void nothing_is_lost_and_it_is_said(enum harm harm, size_t at)
{
	struct follower_result r;

	cold_start(true, &r);
	assert_whole(&r, harm, at);
	if (r.passed_over[0] == '\0')
		fail_msg("harm %d at byte %zu: not noticed", (int)harm, at);
	follower_result_done(&r);
}

static void what_lies_behind_the_newest_snapshot_is_not_needed(void **state)
{
	char path[160];

	(void)state;
	files_name(&f, 1, 1, path);
	to_each_byte(path, nothing_is_lost);
	files_name(&f, 1, 2, path);
	to_each_byte(path, nothing_is_lost);
	files_snapshot_name(&f, &previous, path);
	to_each_byte(path, nothing_is_lost);
}

static void harm_to_the_newest_snapshot_is_noticed_and_loses_nothing(void **state)
{
	char path[160];

	(void)state;
	files_snapshot_name(&f, &newest, path);
	to_each_byte(path, nothing_is_lost_and_it_is_said);
}

/* ---- the only copy */

static size_t n_refused, n_named;

/* B5: a file that is short is never taken for one that is damaged. */
static void assert_noticed(const struct follower_result *r, enum harm harm, size_t at)
{
	if (harm == CUT_SHORT) {
		assert_int_equal(r->report.state, STORE_LOG_MISSING);
		n_refused++;
	} else if (r->report.state != STORE_OK) {
		n_refused++;
	} else {
		if (r->report.n_damage == 0)
			fail_msg("harm %d at byte %zu: not noticed", (int)harm, at);
		assert_true_or_named(r, harm, at);
		n_named++;
	}
}

static void is_noticed(enum harm harm, size_t at)
{
	struct follower_result r;

	cold_start(false, &r);
	assert_noticed(&r, harm, at);
	follower_result_done(&r);
}

static void harm_to_the_only_copy_is_noticed(void **state)
{
	char path[160];

	(void)state;
	n_refused = n_named = 0;
	for (unsigned i = 0; i < 3; i++) {
		files_name(&f, i < 2 ? 1 : 2, i == 1 ? 2 : 1, path);
		to_each_byte(path, is_noticed);
	}
	assert_true(n_refused > 0 && n_named > 0);
}

/* With snapshots: whatever the newest one has is there all the same, newer or not at all. */
static void is_noticed_or_passed(enum harm harm, size_t at)
{
	struct follower_result r;

	cold_start(true, &r);
	if (r.report.state == STORE_OK) {
		assert_true_or_named(&r, harm, at);
		n_named += r.report.n_damage > 0;
	}
	follower_result_done(&r);
}

static void harm_to_the_newest_log_is_never_served(void **state)
{
	char path[160];

	(void)state;
	files_name(&f, 2, 1, path);
	n_named = 0;
	to_each_byte(path, is_noticed_or_passed);
	assert_true(n_named > 0);
}

/* ---- `store verify`, which has no register */

static bool finds_something(const struct inspection *seen)
{
	for (size_t i = 0; i < seen->n_files; i++)
		if (seen->file[i].state != INSPECTED_OK)
			return true;
	return seen->report.n_damage > 0 || seen->report.state != STORE_OK;
}

/* Where the last file ends it cannot know, nor that a record before was all there is. */
static void is_found(enum harm harm, size_t at)
{
	const struct inspect_request request = { .path = f.cluster };
	struct inspection seen;

	if (harm == CUT_SHORT)
		return;
	assert_int_equal(inspect_store(&request, &seen), 0);
	if (!finds_something(&seen))
		fail_msg("harm %d at byte %zu: not found", (int)harm, at);
	inspection_done(&seen);
}

static void verify_finds_each_byte_that_is_wrong(void **state)
{
	char path[160];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		files_name(&f, i < 2 ? 1 : 2, i == 1 ? 2 : 1, path);
		to_each_byte(path, is_found);
	}
	files_snapshot_name(&f, &previous, path);
	to_each_byte(path, is_found);
	files_snapshot_name(&f, &newest, path);
	to_each_byte(path, is_found);
}

/* ---- CLUSTER: what is there is never taken for absent (A11: a new one would be made) */

static size_t n_same;

static void is_never_absent(enum harm harm, size_t at)
{
	struct inspection seen;
	const struct inspect_request request = { .path = f.cluster };

	assert_int_equal(inspect_store(&request, &seen), 0);
	if (seen.cluster.state == STORE_OK && !seen.cluster.found)
		fail_msg("harm %d at byte %zu: taken for absent", (int)harm, at);
	/* all else is another id, which is foreign, or blanks */
	n_same +=
	        seen.cluster.state == STORE_OK && memcmp(seen.cluster.id, f.id, sizeof(f.id)) == 0;
	inspection_done(&seen);
}

static void harm_to_the_cluster_file_never_makes_it_absent(void **state)
{
	char path[160];
	size_t size;

	(void)state;
	cluster_name(path);
	free(files_read(path, &size));
	n_same = 0;
	to_each_byte(path, is_never_absent);
	assert_true(n_same < N_HARMS * size / 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_lies_behind_the_newest_snapshot_is_not_needed),
		T(harm_to_the_newest_snapshot_is_noticed_and_loses_nothing),
		T(harm_to_the_only_copy_is_noticed),
		T(harm_to_the_newest_log_is_never_served),
		T(verify_finds_each_byte_that_is_wrong),
		T(harm_to_the_cluster_file_never_makes_it_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
