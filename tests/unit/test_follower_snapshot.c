/* SPDX-License-Identifier: Apache-2.0 */
/* Where a reading begins: the reader's position, a snapshot, the one before, the whole log. */
#include "storage/follower.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/snapshot.h"
#include "tests/unit/storage_files.h"

#define FOR_EVER (3600 * USEC_PER_SEC) /* whoever waits for a file that may be gone, hangs */

static const struct log_position nothing;
static struct files f;
static struct log_snapshot previous, newest;
static struct log_position at_previous, at_newest; /* as the register knew them */
static usec_t retry;

static unsigned stale; /* how many reads find their file deleted */

ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at);
ssize_t __real_pread(int fd, void *to, size_t size, off_t at);

ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at)
{
	if (stale == 0)
		return __real_pread(fd, to, size, at);
	stale--;
	errno = ESTALE;
	return -1;
}

static void follow(const struct log_position *from, struct follower_result *ret)
{
	struct follower_request request = { .path = f.cluster,
		                            .from = *from,
		                            .to = f.at,
		                            .snapshot = newest,
		                            .previous = previous,
		                            .retry_usec = retry };

	memcpy(request.cluster_id, f.id, sizeof(request.cluster_id));
	follower_read(&request, ret);
}

/* Two terms, a snapshot in the midst of a segment of each, and something behind the last. */
static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	retry = 1;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_put(&f, "b", "1");
	previous = files_snapshot_here(&f, 1);
	at_previous = f.at;
	files_put(&f, "c", "1");
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "a", "2");
	files_append(&f, "b", NULL, 0);
	newest = files_snapshot_here(&f, 2);
	at_newest = f.at;
	files_put(&f, "d", "4");
	files_append(&f, "c", NULL, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_teardown(&f);
	return 0;
}

static void remove_log(uint64_t epoch, uint64_t segment)
{
	char path[160];

	files_name(&f, epoch, segment, path);
	assert_int_equal(unlink(path), 0);
}

static void remove_snapshot(const struct log_snapshot *s)
{
	char path[160];

	files_snapshot_name(&f, s, path);
	assert_int_equal(unlink(path), 0);
}

/* The value of "a", the first key in the file. */
static void damage(const struct log_snapshot *s)
{
	char path[160];

	files_snapshot_name(&f, s, path);
	files_flip(path, RECORD_FILE_HEADER_SIZE + 56, 0); /* 40 + 12 + 1, padded */
}

/* All that is committed, and at its end. */
static void assert_all(const struct follower_result *r)
{
	if (r->report.state != STORE_OK)
		fail_msg("%s", r->report.text);
	assert_memory_equal(pointer_map_position(r->delta), &f.at, sizeof(f.at));
	assert_string_equal(files_value(r->delta, "a"), "2");
	assert_string_equal(files_value(r->delta, "d"), "4");
	assert_null(strchr("123", files_value(r->delta, "b")[0]));
	assert_null(strchr("123", files_value(r->delta, "c")[0]));
	assert_int_equal(r->report.n_damage, 0);
}

/* ---- */

static void cold_start_reads_snapshot_and_the_log_behind_it(void **state)
{
	struct follower_result r;

	(void)state;
	remove_log(1, 1);
	remove_snapshot(&previous);
	follow(&nothing, &r);
	assert_all(&r);
	assert_true(!r.restarted && r.records == 2);
	assert_true(r.bytes == f.at.offset - at_newest.offset);
	assert_string_equal(r.passed_over, "");
	follower_result_done(&r);
}

static void snapshot_may_be_all_there_is(void **state)
{
	struct follower_result r;

	(void)state;
	newest = files_snapshot_here(&f, 2);
	remove_log(1, 1);
	follow(&nothing, &r);
	assert_all(&r);
	assert_int_equal(r.records, 0);
	follower_result_done(&r);
	/* and that it begins behind an earlier file, which is gone */
	files_begin(&f, 3, 1, &f.at);
	files_put(&f, "d", "4");
	remove_log(2, 1);
	follow(&nothing, &r);
	assert_all(&r);
	assert_int_equal(r.records, 1);
	follower_result_done(&r);
}

/* C5: a file from before the register's snapshot is not waited for. */
static void follower_that_finds_its_log_gone_reloads(void **state)
{
	struct follower_result r;

	(void)state;
	retry = FOR_EVER;
	remove_log(1, 1);
	follow(&at_previous, &r);
	assert_all(&r);
	assert_true(r.restarted && r.records == 2);
	follower_result_done(&r);
}

static void follower_that_finds_its_log_goes_on(void **state)
{
	struct follower_result r;

	(void)state;
	follow(&at_previous, &r); /* from before the newest one */
	assert_int_equal(r.report.state, STORE_OK);
	assert_true(!r.restarted && r.records == 5);
	follower_result_done(&r);
	remove_log(1, 1); /* and from behind it */
	follow(&at_newest, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_true(!r.restarted && r.records == 2);
	assert_string_equal(files_value(r.delta, "a"), "(none)");
	follower_result_done(&r);
}

/* B6: "the previous snapshot + log is tried before serving". */
static void damaged_snapshot_gives_way_to_the_one_before(void **state)
{
	struct follower_result r;
	char name[SNAPSHOT_NAME_SIZE];

	(void)state;
	damage(&newest);
	follow(&nothing, &r);
	assert_all(&r);
	assert_int_equal(r.records, 5);
	snapshot_name(newest.epoch, newest.at.sequence, name);
	assert_non_null(strstr(r.passed_over, name));
	assert_non_null(strstr(r.passed_over, "damaged"));
	assert_true(r.passed_damaged);
	follower_result_done(&r);
}

static void absent_snapshot_gives_way_to_the_one_before(void **state)
{
	struct follower_result r;

	(void)state;
	remove_snapshot(&newest);
	follow(&nothing, &r);
	assert_all(&r);
	assert_int_equal(r.records, 5);
	assert_non_null(strstr(r.passed_over, "absent"));
	assert_false(r.passed_damaged);
	follower_result_done(&r);
}

static void both_of_no_use_give_way_to_the_whole_log(void **state)
{
	struct follower_result r;

	(void)state;
	damage(&newest);
	remove_snapshot(&previous);
	follow(&at_previous, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_false(r.restarted); /* its own position comes first */
	follower_result_done(&r);
	follow(&nothing, &r);
	assert_all(&r);
	assert_int_equal(r.records, 7);
	assert_non_null(strstr(r.passed_over, "damaged"));
	assert_true(r.passed_damaged);
	follower_result_done(&r);
}

/* B6: what nothing else has is named, the rest served. */
static void damage_that_nothing_makes_good_is_named(void **state)
{
	struct follower_result r;

	(void)state;
	damage(&newest);
	damage(&previous);
	remove_log(1, 1);
	follow(&nothing, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(r.report.n_damage, 1);
	assert_string_equal(r.report.damage[0].key, "a");
	assert_true(r.report.damage[0].number == newest.at.sequence);
	assert_string_equal(files_value(r.delta, "a"), "(damaged)");
	assert_string_equal(files_value(r.delta, "d"), "4");
	assert_int_equal(r.records, 2);
	follower_result_done(&r);
}

/* B5: nothing to begin with: never served, never "damaged"; the newest one is what is missed. */
static void nothing_to_begin_with_is_missing(void **state)
{
	struct follower_result r;
	char path[160];

	(void)state;
	remove_snapshot(&newest);
	remove_snapshot(&previous);
	remove_log(1, 1);
	follow(&nothing, &r);
	assert_int_equal(r.report.state, STORE_LOG_MISSING);
	assert_int_equal(r.report.n_damage, 0);
	assert_null(r.delta);
	files_snapshot_name(&f, &newest, path);
	assert_non_null(strstr(r.report.text, path));
	follower_result_done(&r);
}

/* B5: what lies behind the snapshot has to be there. */
static void log_behind_the_snapshot_is_missed(void **state)
{
	struct log_position known = f.at;
	struct follower_result r;
	char path[160];

	(void)state;
	files_put(&f, "a", "3");
	files_name(&f, 2, 1, path);
	assert_int_equal(truncate(path, (off_t)at_newest.offset), 0);
	follow(&known, &r);
	assert_int_equal(r.report.state, STORE_LOG_MISSING);
	assert_non_null(strstr(r.report.text, path));
	follower_result_done(&r);
	follow(&nothing, &r);
	assert_int_equal(r.report.state, STORE_LOG_MISSING);
	assert_null(r.delta);
	follower_result_done(&r);
}

/* B7: a snapshot of a history that was given up. */
static void snapshot_that_the_log_does_not_go_on_from_is_refused(void **state)
{
	struct log_position fork = f.at;
	struct follower_result r;

	(void)state;
	files_put(&f, "dropped", "1");
	newest = files_snapshot_here(&f, 2);
	previous.epoch = 0;
	files_begin(&f, 3, 1, &fork);
	files_put(&f, "d", "4");
	follow(&nothing, &r); /* the whole log is there still */
	assert_all(&r);
	assert_string_equal(files_value(r.delta, "dropped"), "(none)");
	assert_int_equal(r.records, 8);
	follower_result_done(&r);
	remove_log(1, 1);
	follow(&nothing, &r);
	assert_int_equal(r.report.state, STORE_DIGEST_MISMATCH);
	assert_null(r.delta);
	follower_result_done(&r);
}

/* The first value of that text behind that key. */
static void damage_log(uint64_t epoch, uint64_t segment, const char *key, const char *value)
{
	char path[160];
	uint8_t *bytes, *at;
	size_t size;

	files_name(&f, epoch, segment, path);
	bytes = files_read(path, &size);
	at = memmem(bytes + RECORD_FILE_HEADER_SIZE, size - RECORD_FILE_HEADER_SIZE, key,
	            strlen(key));
	assert_non_null(at);
	at = memmem(at, size - (size_t)(at - bytes), value, strlen(value));
	assert_non_null(at);
	files_flip(path, (size_t)(at - bytes), 0);
	free(bytes);
}

/* B6: what lies before the register's snapshot, the snapshot has: whoever reads the log there, as
 * it was slow, must not lose it for ever. */
static void damage_before_the_snapshot_is_made_good_by_it(void **state)
{
	struct follower_result r;

	(void)state;
	damage_log(2, 1, "a", "2");
	follow(&at_previous, &r);
	assert_all(&r);
	assert_true(r.restarted);
	assert_string_equal(r.passed_over, "");
	follower_result_done(&r);
}

/* What leads from the reader's position to the snapshot is not all that can be had. */
static void log_before_the_snapshot_that_cannot_be_read_gives_way_to_it(void **state)
{
	struct follower_result r;
	char path[160];

	(void)state;
	files_name(&f, 2, 1, path);
	newest = files_snapshot_here(&f, 2);
	at_newest = f.at;
	files_begin(&f, 3, 1, &f.at);
	files_put(&f, "d", "4");
	files_flip(path, 40, 0); /* its header: what lies before it cannot be found */
	follow(&at_previous, &r);
	assert_all(&r);
	assert_true(r.restarted && r.records == 1);
	follower_result_done(&r);
}

/* Behind it, all read the same bytes: the reader's memory has the most. */
static void damage_behind_the_snapshot_restarts_nobody(void **state)
{
	struct log_position known = f.at;
	struct follower_result r;

	(void)state;
	files_put(&f, "e", "value");
	damage_log(2, 1, "e", "value");
	follow(&known, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(r.report.n_damage, 1);
	assert_false(r.restarted);
	follower_result_done(&r);
	follow(&at_previous, &r); /* from before it, too */
	assert_int_equal(r.report.n_damage, 1);
	assert_true(!r.restarted && r.records == 6);
	follower_result_done(&r);
}

/* B6: of two that are not whole, the one in which less is lost. */
static void the_least_damaged_is_served(void **state)
{
	struct follower_result r;

	(void)state;
	damage(&previous);
	damage_log(1, 1, "c", "1");
	damage_log(2, 1, "a", "2");
	damage(&newest);
	remove_snapshot(&previous);
	follow(&nothing, &r); /* newest: a; the whole log: a and c */
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(r.report.n_damage, 1);
	assert_int_equal(r.report.damage[0].kind, RECORD_FILE_SNAPSHOT);
	follower_result_done(&r);
	follow(&at_previous, &r); /* the log: both, too */
	assert_int_equal(r.report.n_damage, 1);
	assert_int_equal(r.report.damage[0].kind, RECORD_FILE_SNAPSHOT);
	follower_result_done(&r);
}

static void what_was_passed_over_is_named_beside_damage(void **state)
{
	struct follower_result r;

	(void)state;
	remove_snapshot(&newest);
	remove_snapshot(&previous);
	damage_log(1, 1, "c", "1");
	follow(&nothing, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(r.report.n_damage, 1);
	assert_non_null(strstr(r.passed_over, "snapshot"));
	follower_result_done(&r);
}

/* C5: a server that was started again, or a file that was moved by hand and back. */
static void file_that_is_there_again_is_read_on(void **state)
{
	struct follower_result r;

	(void)state;
	stale = 1;
	follow(&at_previous, &r);
	assert_all(&r);
	assert_false(r.restarted);
	follower_result_done(&r);
}

/* C5: over NFS a file that is being read may go, too. */
static void log_that_goes_while_it_is_read_gives_way(void **state)
{
	struct follower_result r;

	(void)state;
	stale = 2; /* retry allows for one */
	follow(&at_previous, &r);
	assert_all(&r);
	assert_true(r.restarted && r.records == 2);
	follower_result_done(&r);
	stale = 1000; /* a newer register is to be asked for, nothing is broken */
	follow(&nothing, &r);
	assert_int_equal(r.report.state, STORE_LOG_MISSING);
	follower_result_done(&r);
	stale = 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(cold_start_reads_snapshot_and_the_log_behind_it),
		T(snapshot_may_be_all_there_is),
		T(follower_that_finds_its_log_gone_reloads),
		T(follower_that_finds_its_log_goes_on),
		T(damaged_snapshot_gives_way_to_the_one_before),
		T(absent_snapshot_gives_way_to_the_one_before),
		T(both_of_no_use_give_way_to_the_whole_log),
		T(damage_that_nothing_makes_good_is_named),
		T(nothing_to_begin_with_is_missing),
		T(log_behind_the_snapshot_is_missed),
		T(snapshot_that_the_log_does_not_go_on_from_is_refused),
		T(damage_before_the_snapshot_is_made_good_by_it),
		T(log_before_the_snapshot_that_cannot_be_read_gives_way_to_it),
		T(damage_behind_the_snapshot_restarts_nobody),
		T(the_least_damaged_is_served),
		T(what_was_passed_over_is_named_beside_damage),
		T(file_that_is_there_again_is_read_on),
		T(log_that_goes_while_it_is_read_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
