/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) without its wait: one datagram, MSG_DONTWAIT.
 */
#include "daemon/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static usec_t parse_usec(const char *text)
{
	unsigned long long v;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	return errno != 0 || *end != '\0' ? 0 : v;
}

/* WATCHDOG_USEC is meant for the process named by WATCHDOG_PID, or for anyone. */
static usec_t watchdog_usec(void)
{
	const char *pid = getenv("WATCHDOG_PID");

	if (pid && parse_usec(pid) != (usec_t)getpid())
		return 0;
	return parse_usec(getenv("WATCHDOG_USEC"));
}

static int set_address(struct notify *n, const char *path)
{
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || path[1] == '\0')
		return -EINVAL;
	if (len >= sizeof(n->address.sun_path))
		return -ENAMETOOLONG;
	n->address.sun_family = AF_UNIX;
	memcpy(n->address.sun_path, path, len + 1);
	n->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (path[0] == '@')
		n->address.sun_path[0] = '\0'; /* abstract: the length ends it */
	else
		n->address_len++;
	return 0;
}

int notify_open(struct notify *ret)
{
	struct notify n = { .fd = -1 };
	const char *path = getenv("NOTIFY_SOCKET");
	int r = 0;

	if (path) {
		n.watchdog = watchdog_usec();
		r = set_address(&n, path);
		if (r == 0) {
			n.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
			r = n.fd < 0 ? -errno : 0;
		}
	}
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	if (r == 0)
		*ret = n;
	return r;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		(void)close(n->fd);
	n->fd = -1;
}

int notify_send(const struct notify *n, const char *state)
{
	union { /* sendto() wants the general address */
		const struct sockaddr_un *un;
		const struct sockaddr *any;
	} to = { .un = &n->address };

	if (n->fd < 0)
		return 0;
	if (sendto(n->fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL, to.any,
	           n->address_len) < 0)
		return -errno;
	return 0;
}
