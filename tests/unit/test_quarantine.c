/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/storage_files.h"

#define NAME "00000000000000000001-00000000000000000001.log"

static struct files f;
static int cluster_fd;

static int setup(void **state)
{
	static uint8_t big[200000];
	char path[160];

	(void)state;
	files_setup(&f);
	memset(big, 7, sizeof(big));
	files_name(&f, 1, 1, path);
	files_write(path, big, sizeof(big));
	cluster_fd = open(f.cluster, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cluster_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(cluster_fd);
	files_teardown(&f);
	return 0;
}

/* B3 */
static void keeps_a_copy_and_the_reason_and_moves_nothing(void **state)
{
	char path[256];
	uint8_t *bytes;
	size_t size;

	(void)state;
	assert_int_equal(quarantine_copy(cluster_fd, "log", NAME, "value of jobs/a"), 0);
	(void)snprintf(path, sizeof(path), "%s/quarantine/" NAME, f.cluster);
	bytes = files_read(path, &size);
	assert_int_equal(size, 200000);
	assert_int_equal(bytes[199999], 7);
	free(bytes);
	(void)snprintf(path, sizeof(path), "%s/quarantine/" NAME ".reason", f.cluster);
	bytes = files_read(path, &size);
	assert_int_equal(size, 15);
	assert_memory_equal(bytes, "value of jobs/a", 15);
	free(bytes);
	files_name(&f, 1, 1, path);
	assert_int_equal(access(path, F_OK), 0);
}

/* Of a file that somebody made huge, what can be ours: a copy of the rest fills the storage. */
static void keeps_no_more_of_a_log_than_can_be_ours(void **state)
{
	struct stat st;
	char path[256];

	(void)state;
	files_name(&f, 1, 1, path);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	(void)alarm(60);
	assert_int_equal(quarantine_copy(cluster_fd, "log", NAME, "huge"), 0);
	(void)alarm(0);
	(void)snprintf(path, sizeof(path), "%s/quarantine/" NAME, f.cluster);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, SEGMENT_FILE_MAX);
}

static void keeps_the_first_copy(void **state)
{
	char path[256];
	uint8_t *bytes;
	size_t size;

	(void)state;
	assert_int_equal(quarantine_copy(cluster_fd, "log", NAME, "first"), 0);
	files_name(&f, 1, 1, path);
	files_write(path, "x", 1);
	assert_int_equal(quarantine_copy(cluster_fd, "log", NAME, "second"), 0);
	(void)snprintf(path, sizeof(path), "%s/quarantine/" NAME, f.cluster);
	bytes = files_read(path, &size);
	assert_int_equal(size, 200000);
	free(bytes);
}

static void absent_file_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(quarantine_copy(cluster_fd, "log", "no-such.log", "x"), -ENOENT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keeps_a_copy_and_the_reason_and_moves_nothing),
		T(keeps_no_more_of_a_log_than_can_be_ours),
		T(keeps_the_first_copy),
		T(absent_file_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
