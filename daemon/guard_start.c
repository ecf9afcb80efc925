/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's start, one step a function. */
#include "daemon/guard_start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/guard_link.h"
#include "daemon/log.h"
#include "daemon/process.h"

enum { BACKLOG = 128, PRIORITY = 10 };

int guard_try_lock(const char *runtime_dir, int *ret_fd)
{
	CLEANUP(closep) int fd = -1;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/lock", runtime_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int guard_take_lock(const char *runtime_dir, int *ret_fd)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int r;

	if (mkdir(runtime_dir, 0755) < 0 && errno != EEXIST)
		return log_error_errno(errno, "guard",
		                       "Cannot make runtime_dir %s: %m; make it, owned by the user "
		                       "of this daemon",
		                       runtime_dir);
	/* The elector of a guard that was just killed dies with it (PDEATHSIG), in a moment. */
	for (int i = 0; (r = guard_try_lock(runtime_dir, ret_fd)) == -EBUSY && i < 100; i++)
		(void)nanosleep(&pause, NULL);
	if (r == -EBUSY)
		log_error("guard", "%s/lock is held: another jmhad runs with this runtime_dir",
		          runtime_dir);
	else if (r < 0)
		(void)log_error_errno(r, "guard", "Cannot lock %s/lock: %m%s", runtime_dir,
		                      r == -EACCES ? "; a jmhad of another user ran here: as it, "
		                                     "or as root, remove what is in that directory"
		                                   : "");
	return r;
}

static bool set_oom_score(char *ret_before, size_t size)
{
	CLEANUP(closep) int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char before[16];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, before, sizeof(before) - 1);
	if (n <= 0 || (size_t)n >= size)
		return false;
	before[n] = '\0';
	before[strcspn(before, "\n")] = '\0';
	if (pwrite(fd, "-1000", 5, 0) < 0)
		return false;
	/* What is spared already was spared for us (OOMScoreAdjust= of the unit), not for the
	 * JobManager, whose memory is what runs out. */
	if (before[0] == '-')
		memcpy(before, "0", sizeof("0"));
	memcpy(ret_before, before, strlen(before) + 1);
	return true;
}

uint32_t guard_harden(char *ret_oom_score, size_t size)
{
	const struct sched_param param = { .sched_priority = PRIORITY };
	uint32_t lacks = 0;
	int r;

	ret_oom_score[0] = '\0';
	r = process_lock_memory();
	if (r < 0) {
		(void)log_warning_errno(r, "guard", "Cannot lock memory, going on: %m");
		lacks |= GUARD_LACKS_MLOCK;
	}
	/* The children get the ordinary policy back by themselves. */
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) < 0) {
		(void)log_warning_errno(errno, "guard",
		                        "Cannot have real-time scheduling, going on: %m");
		lacks |= GUARD_LACKS_REALTIME;
	}
	if (!set_oom_score(ret_oom_score, size)) {
		(void)log_warning_errno(errno, "guard", "Cannot set oom_score_adj, going on: %m");
		lacks |= GUARD_LACKS_OOM_SCORE;
	}
	return lacks;
}

int guard_listen_unix(const char *runtime_dir, int *ret_fd)
{
	union {
		struct sockaddr_un un;
		struct sockaddr any;
	} address = { .un = { .sun_family = AF_UNIX } };
	CLEANUP(closep) int fd = -1;
	char *path = address.un.sun_path;

	if (snprintf(path, sizeof(address.un.sun_path), "%s/api.sock", runtime_dir) >=
	    (int)sizeof(address.un.sun_path)) {
		log_error("guard",
		          "runtime_dir %s is too long for a socket: at most %zu characters",
		          runtime_dir, sizeof(address.un.sun_path) - sizeof("/api.sock"));
		return -ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return log_error_errno(errno, "guard", "Cannot make a socket: %m");
	/* We hold the lock: what is there belongs to nobody any more. */
	if ((unlink(path) < 0 && errno != ENOENT) ||
	    bind(fd, &address.any, sizeof(address.un)) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return log_error_errno(errno, "guard", "Cannot listen on %s: %m", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Splits "host:port" and "[host]:port". */
static int split(const char *address, char *host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t len;

	if (!colon || colon == address)
		return -EINVAL;
	len = (size_t)(colon - address);
	if (address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return -EINVAL;
	memcpy(host, address, len);
	host[len] = '\0';
	*ret_port = colon + 1;
	return 0;
}

static void freeaddrinfop(struct addrinfo **ai)
{
	if (*ai)
		freeaddrinfo(*ai);
}

int guard_listen_tcp(const char *address, int *ret_fd)
{
	/* Numeric only: resolving names would load half of libc's plug-ins into the guard. */
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		                        .ai_socktype = SOCK_STREAM };
	CLEANUP(freeaddrinfop) struct addrinfo *ai = NULL;
	CLEANUP(closep) int fd = -1;
	char host[64];
	const char *port;
	int on = 1;

	if (!address) {
		*ret_fd = -1;
		return 0;
	}
	if (split(address, host, sizeof(host), &port) < 0 ||
	    getaddrinfo(host, port, &hints, &ai) != 0) {
		log_error("guard",
		          "api.listen \"%s\" must be a numeric address and a port, such as "
		          "\"127.0.0.1:9180\"",
		          address);
		return -EINVAL;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return log_error_errno(errno, "guard", "Cannot listen on %s (api.listen): %m",
		                       address);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
