/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What jmhad-faults does at the points of base/fault_point.h.
 *
 * JMHA_FAULT_POINT names a file, which is looked at again at each point: "NAME PASS ACTION".  When
 *the point NAME is passed for the PASSth time from then on, the file is removed, a line "NAME
 *ACTION PID" is added to a file of the same name with ".fired" behind it, and the action follows:
 *
 *	kill    SIGKILL to this process
 *	stop    SIGSTOP; it goes on where it was when somebody continues it
 *	note    nothing: it was there
 *
 * The points of a reply lie where its bytes go out, which is in libmicrohttpd: what that calls is
 * found here.
 */
#include "base/fault_point.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { REPLY_MAX = 4096 };

static const char *const names[] = {
#define FAULT_POINT_NAME(name, how, text) #name,
	FAULT_POINTS(FAULT_POINT_NAME)
#undef FAULT_POINT_NAME
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the store's threads come here, too */

static bool write_line(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return done;
}

/* One pass less; true: this was the last. */
static bool count_down(const char *path, enum fault_point point, char ret_action[16])
{
	char text[128] = "", name[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned passes = 0;

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	(void)close(fd);
	if (sscanf(text, "%63s %u %15s", name, &passes, ret_action) != 3 ||
	    strcmp(name, names[point]) != 0)
		return false;
	if (passes <= 1)
		return true;
	(void)snprintf(text, sizeof(text), "%s %u %s\n", name, passes - 1, ret_action);
	(void)write_line(path, O_TRUNC, text);
	return false;
}

/* Is it due?  Then it is told, and cannot be due again. */
static bool due(enum fault_point point, char ret_action[16])
{
	const char *path = getenv("JMHA_FAULT_POINT");
	char fired[PATH_MAX], text[128];
	int saved = errno;
	bool is_due;

	(void)pthread_mutex_lock(&lock);
	is_due = path && count_down(path, point, ret_action);
	if (is_due) {
		(void)unlink(path);
		(void)snprintf(fired, sizeof(fired), "%s.fired", path);
		(void)snprintf(text, sizeof(text), "%s %s %d\n", names[point], ret_action,
		               (int)getpid());
		if (!write_line(fired, O_APPEND, text))
			abort();
	}
	(void)pthread_mutex_unlock(&lock);
	errno = saved;
	return is_due;
}

/* raise(): the thread that calls it goes no further, whichever else still does for a moment. */
static void act(const char *action)
{
	int saved = errno;

	if (strcmp(action, "kill") == 0)
		(void)raise(SIGKILL);
	else if (strcmp(action, "stop") == 0)
		(void)raise(SIGSTOP);
	errno = saved;
}

void fault_point(enum fault_point point)
{
	char action[16];

	if (due(point, action))
		act(action);
}

void fault_point_torn(enum fault_point point, int fd, const void *bytes, size_t size,
                      uint64_t offset)
{
	char action[16];

	if (!due(point, action))
		return;
	if (pwrite(fd, bytes, size / 2, (off_t)offset) != (ssize_t)(size / 2))
		abort();
	act(action);
}

/* ---- replies */

/* The answer to a change that was made; lists and the like have more than that. */
static bool is_reply(const char *text)
{
	return strncmp(text, "HTTP/1.1 200", 12) == 0 && strstr(text, "\"revision\":") &&
	       !strstr(text, "\"pointers\":");
}

static void before_reply(int fd, const char *text)
{
	char action[16];

	if (!is_reply(text) || !due(FAULT_reply_torn, action))
		return;
	(void)!syscall(SYS_sendto, fd, text, strlen(text) / 2, MSG_NOSIGNAL, NULL, 0);
	act(action);
}

static void after_reply(const char *text)
{
	if (is_reply(text))
		fault_point(FAULT_reply_sent);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	char text[REPLY_MAX];
	ssize_t r;

	(void)snprintf(text, sizeof(text), "%.*s", size < REPLY_MAX ? (int)size : 0,
	               (const char *)bytes);
	before_reply(fd, text);
	r = syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
	after_reply(text);
	return r;
}

ssize_t sendmsg(int fd, const struct msghdr *header, int flags)
{
	char text[REPLY_MAX] = "";
	size_t at = 0;
	ssize_t r;

	for (size_t i = 0; i < (size_t)header->msg_iovlen; i++) {
		const struct iovec *v = &header->msg_iov[i];

		if (v->iov_len >= sizeof(text) - at)
			break;
		memcpy(text + at, v->iov_base, v->iov_len);
		at += v->iov_len;
		text[at] = '\0';
	}
	before_reply(fd, text);
	r = syscall(SYS_sendmsg, fd, header, flags);
	after_reply(text);
	return r;
}
