/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/output_file.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[32], path[64];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/jmha-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

/* How many names there are. */
static unsigned count(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	assert_int_equal(count(), 0);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static void content_is(const char *expected)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	(void)fclose(f);
	assert_string_equal(text, expected);
}

static int write_text(const char *text, bool replace)
{
	struct output_file o = { .path = path };
	int r = output_file_open(&o);

	assert_int_equal(r, 0);
	assert_true(fputs(text, o.f) >= 0);
	r = output_file_publish(&o, replace);
	output_file_done(&o);
	return r;
}

static void it_appears_whole_and_for_nobody_else(void **state)
{
	struct output_file o = { .path = path };
	struct stat st;

	(void)state;
	assert_int_equal(output_file_open(&o), 0);
	assert_int_equal(stat(path, &st), -1);
	assert_true(fputs("text", o.f) >= 0);
	assert_int_equal(output_file_publish(&o, false), 0);
	output_file_done(&o);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	content_is("text");
	assert_int_equal(count(), 1);
}

static void what_is_there_is_replaced_only_when_it_may(void **state)
{
	(void)state;
	assert_int_equal(write_text("one", false), 0);
	assert_int_equal(write_text("two", false), -EEXIST);
	content_is("one");
	assert_int_equal(write_text("two", true), 0);
	content_is("two");
	assert_int_equal(count(), 1);
}

static void a_symbolic_link_is_replaced_and_not_followed(void **state)
{
	char other[64];
	struct stat st;

	(void)state;
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(write_text("one", false), 0);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(write_text("two", false), -EEXIST);
	assert_int_equal(write_text("two", true), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	content_is("two");
	assert_int_equal(rename(other, path), 0);
	content_is("one");
}

static void one_that_is_given_up_leaves_nothing(void **state)
{
	struct output_file o = { .path = path };

	(void)state;
	assert_int_equal(output_file_open(&o), 0);
	output_file_done(&o);
	assert_int_equal(count(), 0);
}

static void where_none_can_be_made_it_says_so(void **state)
{
	struct output_file o = { .path = "/nonexistent/file" };

	(void)state;
	assert_int_equal(output_file_open(&o), -ENOENT);
	output_file_done(&o);
}

/* A child that writes, with this action for the signal, is sent it; returns its wait status. */
static int end_child(int number, void (*action)(int), bool published)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct output_file o = { .path = path };

		(void)signal(number, action);
		if (output_file_open(&o) < 0 || count() != 1 || fputs("text", o.f) < 0)
			_exit(11);
		if (published && output_file_publish(&o, false) < 0)
			_exit(12);
		(void)raise(number);
		output_file_done(&o);
		_exit(13);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_signal_takes_the_unfinished_file_away(void **state)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGXFSZ };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int status = end_child(numbers[i], SIG_DFL, false);

		assert_true(WIFSIGNALED(status)); /* as it would have died without us */
		assert_int_equal(WTERMSIG(status), numbers[i]);
		assert_int_equal(count(), 0);
	}
}

static void a_signal_after_that_leaves_the_file(void **state)
{
	(void)state;
	assert_true(WIFSIGNALED(end_child(SIGINT, SIG_DFL, true)));
	assert_int_equal(count(), 1);
	content_is("text");
}

static void a_signal_that_is_ignored_stays_so(void **state)
{
	int status;

	(void)state;
	status = end_child(SIGHUP, SIG_IGN, false);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 13);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(it_appears_whole_and_for_nobody_else),
		T(what_is_there_is_replaced_only_when_it_may),
		T(a_symbolic_link_is_replaced_and_not_followed),
		T(one_that_is_given_up_leaves_nothing),
		T(where_none_can_be_made_it_says_so),
		T(a_signal_takes_the_unfinished_file_away),
		T(a_signal_after_that_leaves_the_file),
		T(a_signal_that_is_ignored_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
