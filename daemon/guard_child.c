/* SPDX-License-Identifier: Apache-2.0 */
/* fork, descriptors at their numbers, exec. */
#include "daemon/guard_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/guard.h"
#include "daemon/guard_link.h"

enum { N_FDS = ELECTOR_FD_CONFIG - ELECTOR_FD_LINK + 1 };

/* fds[i] becomes ELECTOR_FD_LINK + i; -1 = closed.  All others are closed by exec. */
static int place_fds(int fds[N_FDS])
{
	for (int i = 0; i < N_FDS; i++) /* out of the way of each other's numbers */
		if (fds[i] >= 0) {
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, ELECTOR_FD_LINK + N_FDS);
			if (fds[i] < 0)
				return -errno;
		}
	for (int i = 0; i < N_FDS; i++) {
		if (fds[i] < 0)
			(void)close(ELECTOR_FD_LINK + i);
		else if (dup2(fds[i], ELECTOR_FD_LINK + i) < 0)
			return -errno;
	}
	return close_range(ELECTOR_FD_LINK + N_FDS, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

static int start(const char *program, char *const argv[], int fds[N_FDS], pid_t *ret_pid)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	pid_t guard = getpid(), pid;
	sigset_t none;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		*ret_pid = pid;
		return 0;
	}
	/* D2: set, then look whether it came too late. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != guard)
		_exit(EXIT_FAILURE);
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (place_fds(fds) == 0)
		(void)execv(program, argv);
	_exit(127);
}

/* execv() wants char *, and changes nothing. */
static char *unconst(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { .in = s };

	return u.out;
}

int guard_child_start_elector(const struct guard_options *options, const struct elector_fds *fds,
                              pid_t *ret_pid)
{
	char *argv[] = { unconst("jmhad"),
		         unconst("--elector"),
		         unconst("--config-kept"),
		         unconst("--config"),
		         unconst(options->config_path),
		         options->debug ? unconst("--debug") : NULL,
		         NULL };
	int numbers[N_FDS] = { fds->link,     fds->page,    fds->lock,
		               fds->api_unix, fds->api_tcp, options->config_fd };

	return start(options->program, argv, numbers, ret_pid);
}

int guard_child_start_release(const struct guard_options *options, int lock_fd, pid_t *ret_pid)
{
	char *argv[] = { unconst("jmhad"),
		         unconst("--release"),
		         unconst("--lock-inherited"),
		         unconst("--config-kept"),
		         unconst("--config"),
		         unconst(options->config_path),
		         options->debug ? unconst("--debug") : NULL,
		         NULL };
	int numbers[N_FDS] = { -1, -1, lock_fd, -1, -1, options->config_fd };

	return start(options->program, argv, numbers, ret_pid);
}
