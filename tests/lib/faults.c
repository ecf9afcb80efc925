/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library that tests preload into a program, to make it see what no test can do to the machine:
 *
 *	a disk whose fsync takes long     for ZooKeeper's servers
 *	a wall clock that steps           for jmhad
 *
 * JMHA_TEST_FAULTS names a file with two numbers, which is looked at again at each call: the
 * milliseconds that an fsync takes longer, and the seconds to add to the wall clock.  No file, or a
 * name that is not set: nothing is changed.  BOOTTIME and MONOTONIC are left alone, as a step of
 *the wall clock leaves them alone.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void faults(long *ret_sync_ms, long *ret_wall_s)
{
	const char *path = getenv("JMHA_TEST_FAULTS");
	char text[64] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	*ret_sync_ms = *ret_wall_s = 0;
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0)
		(void)sscanf(text, "%ld %ld", ret_sync_ms, ret_wall_s);
	(void)close(fd);
}

static void stall(void)
{
	long ms, s;
	struct timespec pause;

	faults(&ms, &s);
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
	long ms, s;
	int r;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(clock, ret);
	if (r == 0 && clock == CLOCK_REALTIME) {
		faults(&ms, &s);
		ret->tv_sec += s;
	}
	return r;
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
