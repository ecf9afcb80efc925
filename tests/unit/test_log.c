/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: one line each, and nobody waits for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"

static int saved_stderr = -1;

/* Puts `fd` in place of stderr, and closes it. */
static void redirect(int fd)
{
	if (saved_stderr < 0)
		saved_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

static void restore(void)
{
	assert_true(dup2(saved_stderr, STDERR_FILENO) == STDERR_FILENO);
}

static void read_some(int fd, char *ret, size_t size)
{
	ssize_t n = read(fd, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
}

static void a_message_is_one_readable_line(void **state)
{
	char line[4096];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	redirect(fds[1]);
	log_setup("guard", LOG_LEVEL_INFO);
	log_notice("election", "state=%s\nepoch=%d", "leader", 7);
	log_debug("election", "not said");
	restore();
	read_some(fds[0], line, sizeof(line));
	assert_non_null(strstr(line, "Z notice guard: election: state=leader epoch=7\n"));
	assert_null(strstr(line, "not said"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	close(fds[0]);
}

static void errors_are_named_and_handed_back_negative(void **state)
{
	char line[4096];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	redirect(fds[1]);
	assert_int_equal(log_error_errno(-ENOENT, "guard", "Failed: %m"), -ENOENT);
	assert_int_equal(log_error_errno(ENOENT, "guard", "Failed: %m"), -ENOENT);
	restore();
	read_some(fds[0], line, sizeof(line));
	assert_non_null(strstr(line, "error guard: Failed: No such file or directory\n"));
	close(fds[0]);
}

static void the_journal_gets_the_priority(void **state)
{
	char line[4096], stream[64];
	struct stat st;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fstat(fds[1], &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	               (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	redirect(fds[1]);
	log_setup("guard", LOG_LEVEL_INFO);
	log_warning("jobmanager", "careful");
	restore();
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	log_setup("guard", LOG_LEVEL_INFO);
	read_some(fds[0], line, sizeof(line));
	assert_string_equal(line, "<4>guard: jobmanager: careful\n");
	close(fds[0]);
}

/* Writes until nothing fits any more; a log that waits would hang here. */
static void fill_and_recover(int reader)
{
	unsigned long before = log_lost();
	static char text[1 << 20];
	ssize_t n;

	for (int i = 0; i < 100000 && log_lost() == before; i++)
		log_info("guard", "%0500d", i);
	assert_true(log_lost() > before);
	assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	while (read(reader, text, sizeof(text)) > 0)
		;
	log_info("guard", "going on");
	n = read(reader, text, sizeof(text) - 1);
	assert_true(n > 0);
	n += read(reader, text + n, 1) > 0;
	text[n] = '\0';
	assert_non_null(strstr(text, "lines lost here"));
}

static void a_full_pipe_is_not_waited_for(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	redirect(fds[1]);
	fill_and_recover(fds[0]);
	restore();
	close(fds[0]);
}

static void a_journal_that_does_not_read_is_not_waited_for(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	redirect(fds[1]);
	fill_and_recover(fds[0]);
	restore();
	close(fds[0]);
}

static void a_long_message_is_cut_and_still_one_line(void **state)
{
	static char text[8192], line[16384];
	int fds[2];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(pipe(fds), 0);
	redirect(fds[1]);
	log_info("guard", "%s", text);
	restore();
	read_some(fds[0], line, sizeof(line));
	assert_true(strlen(line) > 1000 && strlen(line) < 4096);
	assert_int_equal(line[strlen(line) - 1], '\n');
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_readable_line),
		cmocka_unit_test(errors_are_named_and_handed_back_negative),
		cmocka_unit_test(the_journal_gets_the_priority),
		cmocka_unit_test(a_full_pipe_is_not_waited_for),
		cmocka_unit_test(a_journal_that_does_not_read_is_not_waited_for),
		cmocka_unit_test(a_long_message_is_cut_and_still_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
