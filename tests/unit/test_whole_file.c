/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/whole_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A file with "12345", open. */
static char path[] = "/tmp/jmha-whole-file-XXXXXX", said[WHOLE_FILE_ERROR_SIZE];
static struct stat st;
static void *bytes;
static size_t size;
static int writer, fd;

static int setup(void **state)
{
	(void)state;
	memcpy(strrchr(path, '-'), "-XXXXXX", 8);
	writer = mkstemp(path);
	if (writer < 0 || write(writer, "12345", 5) != 5)
		return -1;
	fd = whole_file_open(path, &st);
	bytes = NULL;
	said[0] = '\0';
	return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	(void)close(writer);
	(void)close(fd);
	return unlink(path);
}

static int take(int64_t most)
{
	return whole_file_read(fd, &st, path, most, &bytes, &size, said);
}

static void gives_all_of_it(void **state)
{
	(void)state;
	assert_int_equal(take(5), 0);
	assert_int_equal(size, 5);
	assert_memory_equal(bytes, "12345", 5);
}

static void an_empty_one_is_one(void **state)
{
	(void)state;
	assert_int_equal(ftruncate(writer, 0), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(take(5), 0);
	assert_int_equal(size, 0);
	assert_non_null(bytes);
}

static void changed_meanwhile(void)
{
	assert_int_equal(take(100), -EBUSY);
	assert_null(bytes);
	assert_non_null(strstr(said, "changed while it was read, run it once more"));
	assert_non_null(strstr(said, path));
}

static void one_that_is_cut_short_meanwhile_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ftruncate(writer, 3), 0);
	changed_meanwhile();
}

static void one_that_grows_meanwhile_is_refused(void **state)
{
	(void)state;
	assert_int_equal(write(writer, "6", 1), 1);
	changed_meanwhile();
}

static void a_larger_one_is_not_read(void **state)
{
	(void)state;
	assert_int_equal(take(4), -EFBIG);
	assert_non_null(strstr(said, "has 5 bytes, and no more than 4 are read"));
	assert_null(bytes);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(gives_all_of_it),
		T(an_empty_one_is_one),
		T(one_that_is_cut_short_meanwhile_is_refused),
		T(one_that_grows_meanwhile_is_refused),
		T(a_larger_one_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
