/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_peer.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void root_and_the_own_user_may_write(void **state)
{
	const struct api_admins admins = { .own = 990 };

	(void)state;
	assert_true(api_peer_is_admin(&(struct api_peer){ .uid = 0, .gid = 0 }, NULL, 0, &admins));
	assert_true(
	        api_peer_is_admin(&(struct api_peer){ .uid = 990, .gid = 100 }, NULL, 0, &admins));
	assert_false(
	        api_peer_is_admin(&(struct api_peer){ .uid = 991, .gid = 100 }, NULL, 0, &admins));
}

static void the_group_counts_as_primary_and_as_supplementary_one(void **state)
{
	const struct api_admins admins = { .own = 990, .has_group = true, .group = 55 };
	const gid_t groups[] = { 10, 55 };

	(void)state;
	assert_true(
	        api_peer_is_admin(&(struct api_peer){ .uid = 991, .gid = 55 }, NULL, 0, &admins));
	assert_true(api_peer_is_admin(&(struct api_peer){ .uid = 991, .gid = 100 }, groups, 2,
	                              &admins));
	assert_false(api_peer_is_admin(&(struct api_peer){ .uid = 991, .gid = 100 }, groups, 1,
	                               &admins));
}

/* gid 0 is a number like any other: without a configured group it opens nothing. */
static void no_group_is_not_group_zero(void **state)
{
	const struct api_admins admins = { .own = 990 };
	const gid_t groups[] = { 0 };

	(void)state;
	assert_false(
	        api_peer_is_admin(&(struct api_peer){ .uid = 991, .gid = 0 }, groups, 1, &admins));
}

static void a_missing_group_is_an_error(void **state)
{
	struct api_admins admins = { .own = 77 };

	(void)state;
	assert_int_equal(api_admins_load("no-such-group-here", &admins), -ENOENT);
	assert_int_equal(admins.own, 77);
	assert_int_equal(api_admins_load("", &admins), 0);
	assert_false(admins.has_group);
	assert_int_equal(admins.own, geteuid());
}

static void the_kernel_names_the_peer(void **state)
{
	struct api_peer peer;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(api_peer_get(fd[0], &peer), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	close(fd[0]);
	close(fd[1]);
}

static void tcp_has_no_peer(void **state)
{
	struct api_peer peer;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_true(api_peer_get(fd, &peer) < 0);
	close(fd);
}

/* The child connects as uid 65534 with group 4711 among its supplementary ones. */
static int connect_as_other(void)
{
	const gid_t groups[] = { 4710, 4711, 4712 };
	int fd[2];

	if (setgroups(3, groups) < 0 || setgid(65534) < 0 || setuid(65534) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
		return 1;
	{
		const struct api_admins yes = { .own = 990, .has_group = true, .group = 4711 };
		const struct api_admins no = { .own = 990, .has_group = true, .group = 4713 };
		struct api_peer peer;

		if (api_peer_get(fd[0], &peer) < 0 || peer.uid != 65534)
			return 2;
		if (!api_peer_may_write(fd[0], &peer, &yes))
			return 3;
		if (api_peer_may_write(fd[0], &peer, &no))
			return 4;
	}
	return 0;
}

static void supplementary_groups_are_read_from_the_kernel(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(connect_as_other());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_the_own_user_may_write),
		cmocka_unit_test(the_group_counts_as_primary_and_as_supplementary_one),
		cmocka_unit_test(no_group_is_not_group_zero),
		cmocka_unit_test(a_missing_group_is_an_error),
		cmocka_unit_test(the_kernel_names_the_peer),
		cmocka_unit_test(tcp_has_no_peer),
		cmocka_unit_test(supplementary_groups_are_read_from_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
