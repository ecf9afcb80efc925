/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library that tests preload into a program, to make it see what no test can do to the machine:
 *
 *	a disk whose fsync takes long     for ZooKeeper's servers
 *	a wall clock that steps           for jmhad
 *	a death at a certain message      for jmhad
 *
 * JMHA_TEST_FAULTS names a file with three numbers, which is looked at again at each call: the
 * milliseconds that an fsync takes longer, the seconds to add to the wall clock, and the type of a
 * message between guard and elector (0 = none) whose sender dies before sending it, once: the file
 * goes first.  No file, or a name that is not set: nothing is changed.  BOOTTIME and MONOTONIC are
 * left alone, as a step of the wall clock leaves them alone.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "daemon/guard_link.h"

static struct faults {
	long sync_ms, wall_s;
	unsigned message;
} faults(void)
{
	struct faults ret = { 0 };
	const char *path = getenv("JMHA_TEST_FAULTS");
	char text[64] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return ret;
	if (read(fd, text, sizeof(text) - 1) > 0)
		(void)sscanf(text, "%ld %ld %u", &ret.sync_ms, &ret.wall_s, &ret.message);
	(void)close(fd);
	return ret;
}

static void stall(void)
{
	long ms = faults().sync_ms;
	struct timespec pause;

	pause = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	if (ms > 0)
		(void)nanosleep(&pause, NULL);
}

int fdatasync(int fd)
{
	stall();
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	stall();
	return (int)syscall(SYS_fsync, fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static int (*real)(clockid_t, struct timespec *);
	int r;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(clock, ret);
	if (r == 0 && clock == CLOCK_REALTIME)
		ret->tv_sec += faults().wall_s;
	return r;
}

ssize_t sendmsg(int fd, const struct msghdr *header, int flags)
{
	const struct guard_message *m = header->msg_iov[0].iov_base;

	if (header->msg_iovlen == 1 && header->msg_iov[0].iov_len == sizeof(*m) &&
	    m->version == GUARD_LINK_VERSION && m->type == faults().message) {
		(void)unlink(getenv("JMHA_TEST_FAULTS"));
		(void)kill(getpid(), SIGKILL);
	}
	return syscall(SYS_sendmsg, fd, header, flags);
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	*ret = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (ret)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}
