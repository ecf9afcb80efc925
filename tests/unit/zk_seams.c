/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/zk_seams.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct zk_seams zk_seams;

/* The function that ours stands in front of. */
static void behind(const char *name, void *ret_function, size_t size)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(ret_function, &symbol, size);
}

void zk_seams_reset(void)
{
	memset(&zk_seams, 0, sizeof(zk_seams));
	zk_seams.sends_left = -1;
}

void zk_seams_freeze(void)
{
	struct timespec ts;

	(void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &ts);
	zk_seams.frozen_at = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* One clock for both: the adapter asks for BOOTTIME, the library for MONOTONIC_RAW. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int64_t ns = zk_seams.frozen_at;

	if (ns == 0) {
		if (syscall(SYS_clock_gettime, clock, ret) != 0)
			return -1;
		ns = (int64_t)ret->tv_sec * 1000000000 + ret->tv_nsec;
	}
	ns += zk_seams.skew * 1000;
	ret->tv_sec = (time_t)(ns / 1000000000);
	ret->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	zk_seams.connects++;
	if (zk_seams.connect_error != 0) {
		errno = zk_seams.connect_error;
		return -1;
	}
	return (int)syscall(SYS_connect, fd, address, size);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	if (zk_seams.sends_left == 0) {
		errno = EPIPE;
		return -1;
	}
	if (zk_seams.sends_left > 0)
		zk_seams.sends_left--;
	return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

/* One that would wait ends at once instead: nobody is there to answer in this thread. */
ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_DONTWAIT) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0) {
		zk_seams.received_waiting++;
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int (*next)(struct pollfd *, nfds_t, int);

	zk_seams.waits += timeout != 0;
	behind("poll", &next, sizeof(next));
	return next(fds, n, timeout);
}

static bool is_name(const char *node)
{
	struct in6_addr any;

	return inet_pton(AF_INET, node, &any) != 1 && inet_pton(AF_INET6, node, &any) != 1;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	const struct timespec a_while = { .tv_nsec = 1000000 };
	bool name = is_name(node);

	if (gettid() == getpid()) {
		zk_seams.lookups++;
		zk_seams.names += name;
	} else if (name) {
		atomic_store(&zk_seams.looked_up_elsewhere, true);
	}
	while (name && atomic_load(&zk_seams.name_service_hangs))
		(void)nanosleep(&a_while, NULL);
	behind("getaddrinfo", &next, sizeof(next));
	return next(node, service, hints, ret);
}

char *getlogin(void)
{
	zk_seams.identities++;
	return NULL;
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **ret)
{
	(void)uid;
	(void)entry;
	(void)buffer;
	(void)size;
	zk_seams.identities++;
	*ret = NULL;
	return 0;
}
