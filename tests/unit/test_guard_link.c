/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between guard and elector: whole, in order, never waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/guard_link.h"

static void a_message_arrives_as_it_was_sent(void **state)
{
	struct guard_message m = { .type = GUARD_MESSAGE_START,
		                   .start = { .epoch = { 7 }, .leader_id = "some-leader" } };
	struct guard_message got;
	int ends[2], pidfd = -1;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), 0);
	assert_int_equal(guard_link_send(ends[0], &m, -1), 0);
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), 1);
	assert_int_equal(got.type, GUARD_MESSAGE_START);
	assert_int_equal(got.start.epoch.v, 7);
	assert_string_equal(got.start.leader_id, "some-leader");
	assert_int_equal(pidfd, -1);
	close(ends[0]);
	close(ends[1]);
}

static void a_descriptor_travels_with_its_message(void **state)
{
	struct guard_message m = { .type = GUARD_MESSAGE_STARTED }, got;
	int ends[2], pipe_fds[2], passed = -1;
	char c = 0;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(guard_link_send(ends[0], &m, pipe_fds[1]), 0);
	assert_int_equal(guard_link_receive(ends[1], &got, &passed), 1);
	assert_true(passed >= 0);
	assert_int_equal(fcntl(passed, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(passed, "x", 1), 1);
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	close(passed);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(ends[0]);
	close(ends[1]);
}

static void last_words_are_read_before_the_end(void **state)
{
	struct guard_message m = { .type = GUARD_MESSAGE_BYE }, got;
	int ends[2], pidfd;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	assert_int_equal(guard_link_send(ends[0], &m, -1), 0);
	close(ends[0]);
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), 1);
	assert_int_equal(got.type, GUARD_MESSAGE_BYE);
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), -EPIPE);
	assert_int_equal(guard_link_send(ends[1], &m, -1), -EPIPE);
	close(ends[1]);
}

static void a_peer_that_does_not_read_is_not_waited_for(void **state)
{
	struct guard_message m = { .type = GUARD_MESSAGE_RELOAD };
	int ends[2], r = 0;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = guard_link_send(ends[0], &m, -1);
	assert_int_equal(r, -EAGAIN);
	close(ends[0]);
	close(ends[1]);
}

static void what_is_no_message_is_refused(void **state)
{
	struct guard_message m = { .version = GUARD_LINK_VERSION + 1, .type = GUARD_MESSAGE_READY };
	struct guard_message got;
	int ends[2], pidfd;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	assert_int_equal(send(ends[0], "short", 5, 0), 5);
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), -EPROTO);
	assert_int_equal(send(ends[0], &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), -EPROTO);
	close(ends[0]);
	close(ends[1]);
}

static void two_descriptors_are_refused_and_none_is_left_open(void **state)
{
	struct guard_message m = { .version = GUARD_LINK_VERSION, .type = GUARD_MESSAGE_STARTED };
	struct guard_message got;
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr header;
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr header = { .msg_iov = &iov,
		                 .msg_iovlen = 1,
		                 .msg_control = &control,
		                 .msg_controllen = sizeof(control.bytes) };
	int ends[2], pipe_fds[2], pidfd = -1;
	char c;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	assert_int_equal(pipe(pipe_fds), 0);
	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(2 * sizeof(int)),
		                           .cmsg_level = SOL_SOCKET,
		                           .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), (int[]){ pipe_fds[1], pipe_fds[1] }, 2 * sizeof(int));
	assert_int_equal(sendmsg(ends[0], &header, 0), sizeof(m));
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), -EPROTO);
	assert_int_equal(pidfd, -1);
	close(pipe_fds[1]);
	assert_int_equal(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(pipe_fds[0], &c, 1), 0); /* nobody holds the other end */
	close(pipe_fds[0]);
	close(ends[0]);
	close(ends[1]);
}

static void texts_end_whatever_was_sent(void **state)
{
	struct guard_message m = { .type = GUARD_MESSAGE_STATUS }, got;
	int ends[2], pidfd;

	(void)state;
	assert_int_equal(guard_link_pair(ends), 0);
	memset(m.text, 'x', sizeof(m.text));
	assert_int_equal(guard_link_send(ends[0], &m, -1), 0);
	assert_int_equal(guard_link_receive(ends[1], &got, &pidfd), 1);
	assert_int_equal(strnlen(got.text, sizeof(got.text)), GUARD_LINK_STATUS_SIZE - 1);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_as_it_was_sent),
		cmocka_unit_test(a_descriptor_travels_with_its_message),
		cmocka_unit_test(last_words_are_read_before_the_end),
		cmocka_unit_test(a_peer_that_does_not_read_is_not_waited_for),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(two_descriptors_are_refused_and_none_is_left_open),
		cmocka_unit_test(texts_end_whatever_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
