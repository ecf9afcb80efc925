/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/class_archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-class-archive-XXXXXX";
static char found[PATH_MAX];

static int setup(void **state)
{
	(void)state;
	memcpy(strrchr(dir, '-'), "-XXXXXX", 7);
	found[0] = '\0';
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d = opendir(dir);

	(void)state;
	while (d && (entry = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
	(void)unsetenv("JDK_JAVA_OPTIONS");
	(void)unsetenv("JMHA_CLASS_ARCHIVE");
	return rmdir(dir);
}

static void make(const char *name, off_t size, time_t age)
{
	const struct timespec times[] = { { .tv_sec = 1000000 - age },
		                          { .tv_sec = 1000000 - age } };
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static int find(void)
{
	return class_archive_find(dir, "jm-a", found, sizeof(found));
}

static void expect_found(const char *name)
{
	assert_int_equal(find(), 1);
	assert_string_equal(strrchr(found, '/') + 1, name);
}

static void one_that_is_whole_is_found(void **state)
{
	(void)state;
	assert_int_equal(find(), 0);
	make("jmha-jm-a-0123456789abcdef-4096.jsa", 4096, 0);
	expect_found("jmha-jm-a-0123456789abcdef-4096.jsa");
}

/* A JVM does not survive it. */
static void one_that_was_shortened_is_not(void **state)
{
	(void)state;
	make("jmha-jm-a-0123456789abcdef-4096.jsa", 4095, 0);
	assert_int_equal(find(), 0);
	make("jmha-jm-a-0123456789abcdef-4094.jsa", 4095, 0);
	assert_int_equal(find(), 0);
}

static void others_are_not(void **state)
{
	static const char *const names[] = {
		"jmha-jm-b-0123456789abcdef-1.jsa",   "jmha-jm-a-b-0123456789abcdef-1.jsa",
		"jmha-jm-a-0123456789abcde-1.jsa",    "jmha-jm-a-0123456789abcdeff-1.jsa",
		"jmha-jm-a-0123456789abcdef-1.jsa.1", "jmha-jm-a-0123456789abcdef-1.tmp",
		"jmha-jm-a-0123456789ABCDEF-1.jsa",   "jm-a-0123456789abcdef-1.jsa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make(names[i], 1, 0);
	assert_int_equal(find(), 0);
	assert_int_equal(class_archive_drop(dir, "jm-a"), 0);
}

static void the_newest_is_taken(void **state)
{
	(void)state;
	make("jmha-jm-a-0000000000000001-1.jsa", 1, 60);
	make("jmha-jm-a-0000000000000002-1.jsa", 1, 10);
	make("jmha-jm-a-0000000000000003-1.jsa", 1, 30);
	expect_found("jmha-jm-a-0000000000000002-1.jsa");
}

static void all_of_a_member_are_dropped(void **state)
{
	(void)state;
	make("jmha-jm-a-0000000000000001-1.jsa", 1, 60);
	make("jmha-jm-a-0000000000000002-1.jsa", 9, 10);
	make("jmha-jm-b-0000000000000002-1.jsa", 1, 10);
	assert_int_equal(class_archive_drop(dir, "jm-a"), 2);
	assert_int_equal(find(), 0);
	assert_int_equal(class_archive_find(dir, "jm-b", found, sizeof(found)), 1);
}

static void without_one_the_jvm_is_told_to_prepare_for_it(void **state)
{
	(void)state;
	assert_int_equal(class_archive_set_environment(dir, "jm-a"), 0);
	assert_string_equal(getenv("JDK_JAVA_OPTIONS"),
	                    "-XX:+IgnoreUnrecognizedVMOptions -Xlog:cds=off "
	                    "-XX:+RecordDynamicDumpInfo");
	assert_string_equal(getenv("JMHA_CLASS_ARCHIVE"), dir);
}

static void with_one_the_jvm_uses_it_and_what_was_set_before_wins(void **state)
{
	char expected[PATH_MAX];

	(void)state;
	make("jmha-jm-a-0123456789abcdef-4096.jsa", 4096, 0);
	assert_int_equal(setenv("JDK_JAVA_OPTIONS", "-Xshare:off", 1), 0);
	assert_int_equal(class_archive_set_environment(dir, "jm-a"), 0);
	(void)snprintf(expected, sizeof(expected),
	               "-XX:+IgnoreUnrecognizedVMOptions -Xlog:cds=off -XX:+VerifySharedSpaces "
	               "-XX:SharedArchiveFile=%s/jmha-jm-a-0123456789abcdef-4096.jsa -Xshare:off",
	               dir);
	assert_string_equal(getenv("JDK_JAVA_OPTIONS"), expected);
}

static void a_missing_directory_sets_nothing(void **state)
{
	(void)state;
	assert_int_equal(class_archive_set_environment("/nonexistent/dir", "jm-a"), -ENOENT);
	assert_null(getenv("JDK_JAVA_OPTIONS"));
	assert_null(getenv("JMHA_CLASS_ARCHIVE"));
	assert_int_equal(class_archive_drop("/nonexistent/dir", "jm-a"), 0);
}

#define t(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(one_that_is_whole_is_found),
		t(one_that_was_shortened_is_not),
		t(others_are_not),
		t(the_newest_is_taken),
		t(all_of_a_member_are_dropped),
		t(without_one_the_jvm_is_told_to_prepare_for_it),
		t(with_one_the_jvm_uses_it_and_what_was_set_before_wins),
		t(a_missing_directory_sets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
