/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "storage/snapshot_writer.h"
#include "tests/unit/storage_files.h"

static struct files f;
static struct pointer_map *map;
static char spoil[160]; /* a file that is changed at the next fsync; "" = none */

int __wrap_fsync(int fd);
int __real_fsync(int fd);

int __wrap_fsync(int fd)
{
	if (spoil[0]) {
		files_flip(spoil, RECORD_FILE_HEADER_SIZE + 16, 0);
		spoil[0] = '\0';
	}
	return __real_fsync(fd);
}

static uint64_t free_space; /* 0: what there is */

int __wrap_fstatvfs(int fd, struct statvfs *st);
int __real_fstatvfs(int fd, struct statvfs *st);

int __wrap_fstatvfs(int fd, struct statvfs *st)
{
	int r = __real_fstatvfs(fd, st);

	if (r == 0 && free_space != 0) {
		st->f_frsize = 512;
		st->f_bavail = free_space / 512;
	}
	return r;
}

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	map = pointer_map_new();
	assert_non_null(map);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pointer_map_free(map);
	files_teardown(&f);
	return 0;
}

static void put_bytes(const char *key, const void *value, size_t size, enum record_op op)
{
	struct log_position at = *pointer_map_position(map);
	const struct record_change c = { .op = op,
		                         .key = key,
		                         .key_size = (uint16_t)strlen(key),
		                         .value = value,
		                         .value_size = (uint32_t)size };

	at.epoch = 3;
	at.segment = 2;
	at.offset += 1000;
	at.sequence++;
	at.digest[0]++;
	assert_int_equal(pointer_map_apply(map, &c, at.sequence, false), 0);
	pointer_map_set_position(map, &at);
}

static void put(const char *key, const char *value)
{
	put_bytes(key, value, strlen(value), RECORD_PUT);
}

static void three_keys(void)
{
	put("jobs/a", "value of a");
	put("jobs/b", "value of b");
	put("jobs/c", "of c");
	put("jobs/a", "new value");
}

/* The caller frees *ret with report_clear() and the map. */
static struct pointer_map *read_back(const struct log_snapshot *snapshot, struct report *ret)
{
	struct reading in = { .path = f.cluster, .dir = "snapshot", .report = ret };
	struct pointer_map *m = pointer_map_new();
	int r;

	*ret = (struct report){ .state = STORE_OK };
	assert_int_equal(reading_init(&in), 0);
	r = snapshot_read(&in, f.id, snapshot, 0, m);
	reading_done(&in);
	assert_int_equal(r, ret->state == STORE_OK ? 0 : -EBADMSG);
	return m;
}

static int same(const struct pointer *p, void *userdata)
{
	const struct pointer *q = pointer_map_get(userdata, p->key);

	return q && q->revision == p->revision && q->damaged == p->damaged && !q->deleted &&
	                       q->value_size == p->value_size &&
	                       memcmp(pointer_value(p), pointer_value(q), p->value_size) == 0
	               ? 0
	               : 1;
}

static void assert_same(struct pointer_map *a, struct pointer_map *b)
{
	assert_memory_equal(pointer_map_position(a), pointer_map_position(b),
	                    sizeof(struct log_position));
	assert_int_equal(pointer_map_count(a), pointer_map_count(b));
	assert_int_equal(pointer_map_bytes(a), pointer_map_bytes(b));
	assert_int_equal(pointer_map_count_damaged(a), pointer_map_count_damaged(b));
	assert_int_equal(pointer_map_list(a, "", same, b), 0);
	assert_int_equal(pointer_map_list(a, "~", same, b), 0);
}

static void expect_read(const struct log_snapshot *snapshot)
{
	CLEANUP(pointer_map_freep) struct pointer_map *m = NULL;
	struct report report;

	m = read_back(snapshot, &report);
	if (report.state != STORE_OK)
		fail_msg("%s", report.text);
	assert_int_equal(report.n_damage, 0);
	assert_same(map, m);
}

/* How many files snapshot/ holds. */
static unsigned n_files(void)
{
	char path[160];
	struct dirent *e;
	unsigned n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/snapshot", f.cluster);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	(void)closedir(dir);
	return n;
}

/* ---- names, bytes */

static void names_are_padded_and_read_back(void **state)
{
	char name[SNAPSHOT_NAME_SIZE];
	uint64_t epoch = 0, sequence = 0;

	(void)state;
	snapshot_name(7, 12, name);
	assert_string_equal(name, "00000000000000000007-00000000000000000012.snap");
	assert_int_equal(snapshot_name_parse(name, &epoch, &sequence), 0);
	assert_true(epoch == 7 && sequence == 12);
	assert_int_equal(snapshot_name_parse("7-12.snap", &epoch, &sequence), -EINVAL);
	assert_int_equal(snapshot_name_parse("00000000000000000007-00000000000000000012.snaq",
	                                     &epoch, &sequence),
	                 -EINVAL);
	name[30] = 'x';
	assert_int_equal(snapshot_name_parse(name, &epoch, &sequence), -EINVAL);
}

/* Section 5. */
static void bytes_are_those_of_the_protocol(void **state)
{
	CLEANUP(record_sum_done) struct record_sum sum = { 0 };
	uint8_t digest[RECORD_SUM_SIZE];
	struct log_snapshot s;
	struct record_file_header h;
	struct record record;
	uint64_t n = 0;
	char path[160];
	uint8_t *bytes;
	size_t size;

	(void)state;
	three_keys();
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	bytes = files_read(path, &size);
	assert_int_equal(record_file_header_decode(bytes, size, f.id, &h), RECORD_OK);
	assert_int_equal(h.kind, RECORD_FILE_SNAPSHOT);
	assert_true(h.epoch == 5 && h.number == 4);
	assert_memory_equal(&h.before, pointer_map_position(map), sizeof(h.before));
	/* "one record per key (sequence = the key's revision, committed = the snapshot's)" */
	assert_int_equal(record_decode(bytes + 128, size - 128, &record), RECORD_OK);
	assert_true(record.sequence == 4 && record.committed == 4 && record.n_changes == 1);
	assert_true(record_trailer_decode(bytes + size - RECORD_TRAILER_SIZE, &n));
	assert_true(n == 3);
	assert_int_equal(record_sum_begin(&sum), 0);
	assert_int_equal(record_sum_add(&sum, bytes, size - RECORD_SUM_SIZE), 0);
	assert_int_equal(record_sum_end(&sum, digest), 0);
	assert_memory_equal(digest, bytes + size - RECORD_SUM_SIZE, sizeof(digest));
	free(bytes);
}

/* ---- out and back */

static void all_pointers_go_out_and_back(void **state)
{
	static uint8_t large[RECORD_VALUE_MAX];
	struct log_snapshot s;

	(void)state;
	three_keys();
	memset(large, 0xa5, sizeof(large));
	put_bytes("large", large, sizeof(large), RECORD_PUT);
	put_bytes("empty", "", 0, RECORD_PUT);
	put_bytes("lost", NULL, 0, RECORD_LOST);
	put("~term/5", "own");
	s = files_snapshot(&f, 5, map);
	expect_read(&s);
	assert_int_equal(n_files(), 1);
}

static void nothing_goes_out_and_back(void **state)
{
	struct log_snapshot s;

	(void)state;
	put("a", "1");
	put_bytes("a", NULL, 0, RECORD_DELETE);
	s = files_snapshot(&f, 1, map);
	expect_read(&s);
}

/* More than a block, and more than a window. */
static void many_go_out_and_back(void **state)
{
	struct log_snapshot s;
	char key[32], value[300];
	struct stat st;
	char path[160];

	(void)state;
	memset(value, 'v', sizeof(value));
	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(key, sizeof(key), "jobs/%06u", i);
		put_bytes(key, value, i % sizeof(value), RECORD_PUT);
	}
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 4 * 1024 * 1024);
	expect_read(&s);
}

/* The same sequence again, by a resumed elector: as good as the first. */
static void written_again_it_is_the_same(void **state)
{
	struct log_snapshot s;

	(void)state;
	three_keys();
	(void)files_snapshot(&f, 5, map);
	s = files_snapshot(&f, 5, map);
	expect_read(&s);
	assert_int_equal(n_files(), 1);
}

/* ---- what is wrong with the bytes */

/* What is served is right or named as damaged; else something is reported, or all is refused. */
static void check_noticed(const struct log_snapshot *s, size_t at, unsigned bit)
{
	CLEANUP(pointer_map_freep) struct pointer_map *m = NULL;
	struct report report;

	m = read_back(s, &report);
	if (report.state == STORE_OK && report.n_damage == 0)
		fail_msg("bit %u of byte %zu: not noticed", bit, at);
	for (const char *k = "abc"; report.state == STORE_OK && *k; k++) {
		const char key[] = { 'j', 'o', 'b', 's', '/', *k, '\0' };
		const struct pointer *p = pointer_map_get(m, key);

		if (p && !p->damaged && same(p, map) != 0)
			fail_msg("bit %u of byte %zu: wrong value of %s", bit, at, key);
	}
	report_clear(&report);
}

static void every_flipped_bit_is_noticed(void **state)
{
	struct log_snapshot s;
	struct stat st;
	char path[160];

	(void)state;
	three_keys();
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	assert_int_equal(stat(path, &st), 0);
	for (size_t at = 0; at < (size_t)st.st_size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			files_flip(path, at, bit);
			check_noticed(&s, at, bit);
			files_flip(path, at, bit);
		}
	expect_read(&s);
}

static enum store_state state_of(const struct log_snapshot *s)
{
	struct report report;
	enum store_state state;

	pointer_map_free(read_back(s, &report));
	state = report.state;
	report_clear(&report);
	return state;
}

/* B5: short is never "damaged". */
static void cut_anywhere_it_is_missing(void **state)
{
	struct log_snapshot s;
	char path[160];
	uint8_t *bytes;
	size_t size;

	(void)state;
	three_keys();
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	bytes = files_read(path, &size);
	for (size_t cut = 0; cut < size; cut++) {
		CLEANUP(pointer_map_freep) struct pointer_map *m = NULL;
		struct report report;

		files_write(path, bytes, cut);
		m = read_back(&s, &report);
		if (report.state != STORE_LOG_MISSING || report.n_damage > 0)
			fail_msg("cut to %zu: %zu damaged, %s", cut, report.n_damage, report.text);
		report_clear(&report);
	}
	bytes[size] = 'x'; /* and one byte more than there was */
	files_write(path, bytes, size + 1);
	assert_int_equal(state_of(&s), STORE_LOG_MISSING);
	free(bytes);
}

/* B6: the key is known, its older value is never served. */
static void damaged_value_is_named_and_the_rest_read(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *m = NULL;
	struct log_snapshot s;
	struct report report;
	char path[160];

	(void)state;
	three_keys();
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	files_flip(path, 128 + 64, 0); /* 40 + 12 + 6, padded: the first byte of the first value */
	m = read_back(&s, &report);
	assert_int_equal(report.state, STORE_OK);
	assert_int_equal(report.n_damage, 1);
	assert_string_equal(report.damage[0].key, "jobs/a");
	assert_int_equal(report.damage[0].kind, RECORD_FILE_SNAPSHOT);
	assert_true(report.damage[0].epoch == 5 && report.damage[0].number == 4);
	assert_true(report.damage[0].offset == 128 && report.damage[0].sequence == 4);
	assert_string_equal(files_value(m, "jobs/a"), "(damaged)");
	assert_string_equal(files_value(m, "jobs/b"), "value of b");
	report_clear(&report);
}

/* B6 */
static void lost_headers_are_gaps_and_counted(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *m = NULL;
	struct log_snapshot s;
	struct report report;
	char path[160];

	(void)state;
	three_keys();
	put("jobs/d", "of d");
	put("jobs/e", "of e");
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	files_flip(path, 128 + 80 + 8, 5); /* b: its size, and so the way to c */
	files_flip(path, 128 + 160 + 8, 5);
	m = read_back(&s, &report);
	assert_int_equal(report.state, STORE_OK);
	assert_int_equal(report.n_damage, 1);
	assert_null(report.damage[0].key);
	assert_true(report.damage[0].records == 2 && report.damage[0].offset == 128 + 80);
	assert_string_equal(files_value(m, "jobs/a"), "new value");
	assert_string_equal(files_value(m, "jobs/b"), "(none)");
	assert_string_equal(files_value(m, "jobs/d"), "of d");
	report_clear(&report);
}

static void another_file_under_its_name_is_refused(void **state)
{
	struct log_snapshot s, other;
	char path[160];

	(void)state;
	three_keys();
	s = files_snapshot(&f, 5, map);
	files_snapshot_name(&f, &s, path);
	assert_int_equal(state_of(&s), STORE_OK);
	other = s;
	other.at.digest[0] ^= 1;
	assert_int_equal(state_of(&other), STORE_DIGEST_MISMATCH);
	other = s;
	other.at.offset++;
	assert_int_equal(state_of(&other), STORE_DIGEST_MISMATCH);
	f.id[0] ^= 1;
	assert_int_equal(state_of(&s), STORE_FOREIGN);
	f.id[0] ^= 1;
	files_flip(path, 7, 1); /* '1' -> '3' */
	assert_int_equal(state_of(&s), STORE_VERSION);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(state_of(&s), STORE_LOG_MISSING);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(state_of(&s), STORE_FAILED);
}

/* ---- what may go wrong while it is written */

static uint64_t discard;

static void try_write(struct report *report)
{
	struct frozen_map *frozen = pointer_map_freeze(map);
	struct snapshot_request request = { .path = f.cluster,
		                            .member = "jm-a",
		                            .epoch = 5,
		                            .discard = discard,
		                            .frozen = frozen };

	*report = (struct report){ .state = STORE_OK };
	memcpy(request.cluster_id, f.id, sizeof(request.cluster_id));
	snapshot_write(&request, report);
	frozen_map_free(frozen);
}

/* No room: nothing is left of it. */
static void what_cannot_be_written_whole_is_not_there(void **state)
{
	struct rlimit before, small;
	struct report report;

	(void)state;
	three_keys();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 200;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	try_write(&report);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(report.state, STORE_FAILED);
	assert_int_equal(report.error, -EFBIG);
	assert_non_null(strstr(report.text, f.cluster));
	assert_int_equal(n_files(), 0);
}

/* It would make commits fail before it failed itself. */
static void without_room_for_it_and_a_commit_none_is_begun(void **state)
{
	struct report report;

	(void)state;
	three_keys();
	free_space = RECORD_MAX;
	try_write(&report);
	assert_int_equal(report.state, STORE_FULL);
	assert_int_equal(report.error, -ENOSPC);
	assert_int_equal(n_files(), 0);
	free_space = RECORD_MAX + 1024;
	try_write(&report);
	assert_int_equal(report.state, STORE_OK);
	free_space = 0;
}

static void make(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/snapshot/%s", f.cluster, name);
	files_write(path, "x", 1);
}

/* Else one that dies each time fills the disk. */
static void what_dead_writers_left_goes_first(void **state)
{
	struct report report;

	(void)state;
	make("00000000000000000005-00000000000000000002.jm-a.77.tmp");
	make("00000000000000000004-00000000000000000900.jm-b.78.tmp");
	make("00000000000000000006-00000000000000000001.jm-c.79.tmp"); /* who has deposed us */
	make("00000000000000000004-00000000000000000001.snap");
	three_keys();
	try_write(&report);
	assert_int_equal(report.state, STORE_OK);
	assert_int_equal(n_files(), 3);
	try_write(&report); /* and its own */
	assert_int_equal(n_files(), 3);
}

/* B1, B8: an elector that was resumed has less of it, and its predecessor may still name it. */
static void one_that_is_there_is_not_replaced(void **state)
{
	CLEANUP(pointer_map_freep) struct pointer_map *whole = NULL;
	const struct record_change lost = { .op = RECORD_LOST, .key = "jobs/b", .key_size = 6 };
	struct report report;
	struct log_snapshot s;
	char path[160];

	(void)state;
	three_keys();
	s = files_snapshot(&f, 5, map);
	assert_int_equal(pointer_map_apply(map, &lost, 2, false), 0);
	try_write(&report);
	assert_int_equal(report.state, STORE_OK);
	whole = read_back(&s, &report);
	assert_string_equal(files_value(whole, "jobs/b"), "value of b");
	files_snapshot_name(&f, &s, path);
	files_flip(path, RECORD_FILE_HEADER_SIZE + 16, 0);
	try_write(&report);
	assert_int_equal(report.state, STORE_FAILED);
	report_clear(&report);
	assert_int_equal(n_files(), 1);
}

/* B3: it is read back, and what differs is told. */
static void what_is_not_read_back_well_is_no_snapshot(void **state)
{
	struct log_snapshot s = { .epoch = 5 };
	struct report report;

	(void)state;
	three_keys();
	s.at = *pointer_map_position(map);
	files_snapshot_name(&f, &s, spoil);
	try_write(&report);
	assert_string_equal(spoil, "");
	assert_int_equal(report.state, STORE_FAILED);
	assert_non_null(strstr(report.text, "not as it was written"));
	report_clear(&report);
}

/* Of the own epoch, and of that sequence alone. */
static void the_failed_one_before_it_goes(void **state)
{
	struct report report;
	struct log_snapshot s = { .epoch = 5 };
	char failed[160], path[160];

	(void)state;
	three_keys();
	s.at = *pointer_map_position(map);
	files_snapshot_name(&f, &s, path);
	s.at.sequence = 1;
	files_snapshot_name(&f, &s, failed);
	files_write(failed, "x", 1);
	s.epoch = 4;
	files_snapshot_name(&f, &s, path);
	files_write(path, "x", 1);
	discard = 1;
	try_write(&report);
	discard = 0;
	assert_int_equal(report.state, STORE_OK);
	assert_int_equal(access(failed, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(n_files(), 2);
}

static void without_its_directory_it_fails(void **state)
{
	struct report report;
	char path[160];

	(void)state;
	three_keys();
	(void)snprintf(path, sizeof(path), "%s/snapshot", f.cluster);
	assert_int_equal(rmdir(path), 0);
	try_write(&report);
	assert_int_equal(report.state, STORE_FAILED);
	assert_int_equal(report.error, -ENOENT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(names_are_padded_and_read_back),
		T(bytes_are_those_of_the_protocol),
		T(all_pointers_go_out_and_back),
		T(nothing_goes_out_and_back),
		T(many_go_out_and_back),
		T(written_again_it_is_the_same),
		T(every_flipped_bit_is_noticed),
		T(cut_anywhere_it_is_missing),
		T(damaged_value_is_named_and_the_rest_read),
		T(lost_headers_are_gaps_and_counted),
		T(another_file_under_its_name_is_refused),
		T(what_cannot_be_written_whole_is_not_there),
		T(without_room_for_it_and_a_commit_none_is_begun),
		T(what_dead_writers_left_goes_first),
		T(one_that_is_there_is_not_replaced),
		T(what_is_not_read_back_well_is_no_snapshot),
		T(the_failed_one_before_it_goes),
		T(without_its_directory_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
