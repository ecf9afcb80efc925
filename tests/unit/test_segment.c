/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/storage_files.h"

static const struct log_position nothing;
static struct files f;

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_teardown(&f);
	return 0;
}

static void names_are_padded_and_read_back(void **state)
{
	char name[SEGMENT_NAME_SIZE];
	uint64_t epoch = 0, segment = 0;

	(void)state;
	segment_name(7, 12, name);
	assert_string_equal(name, "00000000000000000007-00000000000000000012.log");
	assert_int_equal(segment_name_parse(name, &epoch, &segment), 0);
	assert_true(epoch == 7 && segment == 12);
	segment_name(UINT64_MAX, UINT64_MAX, name);
	assert_int_equal(segment_name_parse(name, &epoch, &segment), 0);
	assert_true(epoch == UINT64_MAX);
	assert_int_equal(segment_name_parse("7-12.log", &epoch, &segment), -EINVAL);
	name[3] = 'x';
	assert_int_equal(segment_name_parse(name, &epoch, &segment), -EINVAL);
	assert_int_equal(segment_name_parse("00000000000000000007-00000000000000000012.tmp", &epoch,
	                                    &segment),
	                 -EINVAL);
}

/* B7: the header is the first "record" of the digest. */
static void header_is_written_and_counted(void **state)
{
	struct log_position before = { 6, 2, 4096, 41, "the digest before" };
	uint8_t digest[LOG_DIGEST_SIZE];
	struct record_file_header h;
	char path[160];
	uint8_t *bytes;
	size_t size;

	(void)state;
	files_begin(&f, 7, 1, &before);
	assert_true(f.at.epoch == 7 && f.at.segment == 1 && f.at.offset == 128);
	assert_true(f.at.sequence == 41);
	files_name(&f, 7, 1, path);
	bytes = files_read(path, &size);
	assert_int_equal(size, RECORD_FILE_HEADER_SIZE);
	assert_int_equal(record_file_header_decode(bytes, size, f.id, &h), RECORD_OK);
	assert_memory_equal(&h.before, &before, sizeof(before));
	memcpy(digest, before.digest, sizeof(digest));
	assert_int_equal(record_digest(digest, bytes, size), 0);
	assert_memory_equal(digest, f.at.digest, sizeof(digest));
	free(bytes);
}

/* B8 */
static void number_that_exists_is_never_used(void **state)
{
	struct record_file_header h = { .epoch = 7, .number = 1 };
	struct segment *s = NULL;
	struct log_position at;
	char path[160];
	uint8_t *bytes;
	size_t size;

	(void)state;
	files_name(&f, 7, 1, path);
	files_write(path, "another's", 9);
	files_name(&f, 7, 2, path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(segment_create(f.log_fd, &h, &s, &at), 0);
	assert_true(at.segment == 3);
	segment_close(s);
	files_name(&f, 7, 1, path);
	bytes = files_read(path, &size);
	assert_int_equal(size, 9);
	free(bytes);
	files_name(&f, 7, 3, path); /* and its header says so */
	bytes = files_read(path, &size);
	assert_int_equal(record_file_header_decode(bytes, size, NULL, &h), RECORD_OK);
	assert_true(h.number == 3);
	free(bytes);
}

static void appends_follow_each_other(void **state)
{
	char path[160];
	uint8_t *bytes;
	size_t size;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	assert_int_equal(segment_append(f.segment, "one", 3), 0);
	assert_int_equal(segment_append(f.segment, "second", 6), 0);
	files_name(&f, 1, 1, path);
	bytes = files_read(path, &size);
	assert_int_equal(size, 128 + 9);
	assert_memory_equal(bytes + 128, "onesecond", 9);
	free(bytes);
}

/* B4: a file that failed once is never written again. */
static void failed_append_kills_the_segment(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	assert_true(fd >= 0);
	assert_int_equal(segment_write_all(fd, "x", 1, 0), -ENOSPC);
	(void)close(fd);
	/* the segment's own descriptor is the only one on this file: find it and break it */
	for (int i = 3; i < 64; i++) {
		char link[64], target[160] = "";

		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", i);
		if (readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, "00001.log")) {
			int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

			fd = dup(i);
			assert_int_equal(dup2(full, i), i);
			assert_int_equal(segment_append(f.segment, "x", 1), -ENOSPC);
			assert_int_equal(dup2(fd, i), i); /* works again, but: */
			assert_int_equal(segment_append(f.segment, "x", 1), -ENOSPC);
			(void)close(fd);
			(void)close(full);
			return;
		}
	}
	fail_msg("the segment has no descriptor");
}

/* What became of `path` is told, with the file, and is final for it. */
static void assert_noticed(const char *what)
{
	char text[400] = "";

	assert_int_equal(segment_append(f.segment, "three", 5), 0);
	assert_int_equal(segment_check(f.segment, f.cluster, text, sizeof(text)), -ESTALE);
	if (!strstr(text, what) || !strstr(text, "/log/00000000000000000001-") ||
	    !strstr(text, "jmhactl store verify"))
		fail_msg("%s", text);
	assert_int_equal(segment_append(f.segment, "x", 1), -ESTALE);
}

static void file_that_is_not_in_place_any_more_is_dead(void **state)
{
	char path[160], away[200], text[400] = "";

	(void)state;
	files_name(&f, 1, 1, path);
	(void)snprintf(away, sizeof(away), "%s.bak", path);
	for (unsigned i = 0; i < 6; i++) {
		int fd;

		files_begin(&f, 1, 1, &nothing);
		assert_int_equal(segment_append(f.segment, "one", 3), 0);
		assert_int_equal(segment_check(f.segment, f.cluster, text, sizeof(text)), 0);
		assert_string_equal(text, "");
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		if (i == 0) {
			assert_int_equal(unlink(path), 0);
			assert_noticed("was deleted");
		} else if (i == 1) { /* another inode, the own one has a name still */
			assert_int_equal(rename(path, away), 0);
			files_write(path, "one", 3);
			assert_noticed("was replaced");
		} else if (i == 2) {
			assert_int_equal(rename(path, away), 0);
			assert_noticed("moved away");
		} else if (i == 3) { /* as an editor saves */
			files_write(away, "one", 3);
			assert_int_equal(rename(away, path), 0);
			assert_noticed("was deleted"); /* the own one has no name left */
		} else if (i == 4) {
			assert_int_equal(write(fd, "and what is not ours", 20), 20);
			assert_noticed("by another process");
		} else {
			assert_int_equal(unlink(path), 0);
			assert_int_equal(symlink("/dev/null", path), 0);
			assert_noticed("was deleted");
		}
		(void)close(fd);
		(void)unlink(path);
		(void)unlink(away);
	}
}

/* Before an append, which fills the gap with zeros, and after one. */
static void file_that_is_cut_short_is_dead(void **state)
{
	char path[160], text[400] = "";

	(void)state;
	files_name(&f, 1, 1, path);
	files_begin(&f, 1, 1, &nothing);
	assert_int_equal(segment_append(f.segment, "one", 3), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(segment_check(f.segment, f.cluster, text, sizeof(text)), -ESTALE);
	assert_non_null(strstr(text, "was cut short"));
	assert_int_equal(segment_append(f.segment, "x", 1), -ESTALE);
	(void)unlink(path);
	files_begin(&f, 1, 1, &nothing);
	assert_int_equal(segment_append(f.segment, "one", 3), 0);
	assert_int_equal(truncate(path, 129), 0);
	assert_noticed("was cut short");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(names_are_padded_and_read_back),   T(header_is_written_and_counted),
		T(number_that_exists_is_never_used), T(appends_follow_each_other),
		T(failed_append_kills_the_segment),  T(file_that_is_not_in_place_any_more_is_dead),
		T(file_that_is_cut_short_is_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
