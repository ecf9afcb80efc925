/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/state_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void names_are_taken_as_flink_writes_them(void **state)
{
	static const struct {
		const char *name, *path, *scheme;
	} known[] = {
		{ "file:/a/b", "/a/b", "file" },
		{ "file:///a/b", "/a/b", "file" },
		{ "file://localhost/a", "/a", "file" },
		{ "file:/a%20b c", "/a%20b c", "file" },
		{ "file://elsewhere/a", NULL, "file" },
		{ "file://", NULL, "file" },
		{ "s3://bucket/a", NULL, "s3" },
		{ "s3a:/a", NULL, "s3a" },
		{ "oss+x.1-2://a", NULL, "oss+x.1-2" },
		{ "/a/b", NULL, NULL },
		{ "a:b", NULL, NULL },
		{ "3a:/b", NULL, NULL },
		{ ":/b", NULL, NULL },
		{ "a/b:/c", NULL, NULL },
		{ "", NULL, NULL },
		{ "abcdefghijklmnopqrstuvwxyz:/", NULL, "abcdefghijklmnopqrstuvw" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char scheme[STATE_FILE_SCHEME_SIZE] = "";
		const char *path = state_file_local(known[i].name);

		assert_int_equal(state_file_scheme(known[i].name, scheme), !!known[i].scheme);
		assert_string_equal(scheme, known[i].scheme ? known[i].scheme : "");
		assert_int_equal(!!path, !!known[i].path);
		if (path)
			assert_string_equal(path, known[i].path);
	}
}

static void looks_whether_a_file_is_there_and_long_enough(void **state)
{
	char dir[] = "/tmp/jmha-state-file-XXXXXX", path[64], below[80];
	int64_t has = -1;
	int error = 0;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a", dir);
	(void)snprintf(below, sizeof(below), "%s/b", path);
	assert_int_equal(state_file_look(path, 0, &has, &error), STATE_FILE_MISSING);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("12345", f) >= 0 && fclose(f) == 0);
	assert_int_equal(state_file_look(path, 5, &has, &error), STATE_FILE_THERE);
	assert_int_equal(has, 5);
	assert_int_equal(state_file_look(path, 4, &has, &error), STATE_FILE_THERE);
	assert_int_equal(state_file_look(path, 6, &has, &error), STATE_FILE_SHORT);
	assert_int_equal(state_file_look(below, 1, &has, &error), STATE_FILE_MISSING);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(state_file_look(path, 0, &has, &error), STATE_FILE_MISSING);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(path, path), 0);
	assert_int_equal(state_file_look(path, 0, &has, &error), STATE_FILE_NOT_LOOKED_AT);
	assert_int_equal(error, ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(state_file_look(dir, 0, &has, &error), STATE_FILE_MISSING);
	assert_int_equal(rmdir(dir), 0);
	assert_string_equal(state_file_code(STATE_FILE_NOT_LOOKED_AT), "not-looked-at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_as_flink_writes_them),
		cmocka_unit_test(looks_whether_a_file_is_there_and_long_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
