/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_input.h"

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

/* A folder of its own for each test. */
static char dir[] = "/tmp/jmha-savepoint-input-XXXXXX", file[64], fixture[512];
static char said[WHOLE_FILE_ERROR_SIZE];
static struct savepoint_input in;

static int setup(void **state)
{
	const char *top = getenv("top_srcdir");

	(void)state;
	(void)snprintf(fixture, sizeof(fixture),
	               "%s/tests/data/flink-metadata/counter-2.2.1-hashmap-savepoint-canonical",
	               top ? top : ".");
	memcpy(strrchr(dir, '-'), "-XXXXXX", 8);
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(file, sizeof(file), "%s/_metadata", dir);
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	savepoint_input_done(&in);
	(void)rmdir(file);
	(void)unlink(file);
	return rmdir(dir);
}

static int look(const char *where)
{
	savepoint_input_done(&in);
	return savepoint_input_open(where, &in, said);
}

static void fails(const char *where, int r, const char *says)
{
	assert_int_equal(look(where), r);
	if (!strstr(said, says))
		fail_msg("\"%s\" does not say \"%s\"", said, says);
}

static void write_file(const void *bytes, size_t size)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void copy_fixture(void)
{
	assert_int_equal(look(fixture), 0);
	write_file(in.bytes, in.size);
}

static void takes_a_file_a_directory_and_flinks_name_of_them(void **state)
{
	char where[128];

	(void)state;
	copy_fixture();
	assert_int_equal(in.savepoint.n_operators, 3);
	assert_int_equal(look(file), 0);
	assert_string_equal(in.path, file);
	assert_string_equal(in.directory, dir);
	assert_int_equal(in.size, 2525);
	(void)snprintf(where, sizeof(where), "%s/", dir);
	assert_int_equal(look(where), 0);
	assert_string_equal(in.path, file);
	(void)snprintf(where, sizeof(where), "file:%s", dir);
	assert_int_equal(look(where), 0);
	assert_string_equal(in.path, file);
	assert_string_equal(in.directory, dir);
	(void)snprintf(where, sizeof(where), "file://%s", file);
	assert_int_equal(look(where), 0);
	assert_int_equal(in.savepoint.head.version, 6);
}

static void says_what_is_not_on_this_host(void **state)
{
	(void)state;
	fails("s3://bucket/chk-7", -EPROTONOSUPPORT,
	      "s3://bucket/chk-7 is not on this host (s3): copy its _metadata file here");
	fails("file://other/chk-7", -EPROTONOSUPPORT, "(file)");
	fails(file, -ENOENT, "cannot read");
	fails(dir, -ENOENT, "there is no _metadata file in");
}

static void a_damaged_file_is_told_by_its_byte(void **state)
{
	char where[600];

	(void)state;
	write_file("", 0);
	(void)snprintf(where, sizeof(where), "%s, byte 0: ", file);
	fails(dir, -EBADMSG, where);
	copy_fixture();
	assert_int_equal(truncate(file, 1000), 0);
	(void)snprintf(where, sizeof(where), "%s, byte ", file);
	fails(dir, -EBADMSG, where);
}

/* Would hang, or has no end. */
static void nothing_but_a_file_is_read(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(file, 0600), 0);
	fails(file, -EINVAL, "is no regular file");
	fails(dir, -EINVAL, "is no regular file");
	fails("/dev/zero", -EINVAL, "is no regular file");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	fails(dir, -EINVAL, "is no regular file");
}

static void a_huge_file_is_not_read(void **state)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SAVEPOINT_INPUT_MOST + 1), 0);
	assert_int_equal(close(fd), 0);
	fails(file, -EFBIG, "has 1073741825 bytes, and no more than 1073741824 are read");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(takes_a_file_a_directory_and_flinks_name_of_them),
		T(says_what_is_not_on_this_host),
		T(a_damaged_file_is_told_by_its_byte),
		T(nothing_but_a_file_is_read),
		T(a_huge_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
