/* SPDX-License-Identifier: Apache-2.0 */
#include "election/server_conf.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/text.h"

enum { ANSWER_MAX = 8192, HOST_MAX = 64 };

struct server_conf {
	int fd;
	bool asked;
	size_t size;
	char text[ANSWER_MAX + 1];
};

/* The number behind `name=` at the beginning of a line; 0 when there is none. */
static uint64_t value_of(const char *text, const char *name)
{
	size_t length = strlen(name);
	uint64_t value;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		size_t n;

		line += *line == '\n';
		if (strncmp(line, name, length) != 0 || line[length] != '=')
			continue;
		n = strspn(line + length + 1, "0123456789");
		return parse_uint64_n(line + length + 1, n, 0, UINT64_MAX, &value) < 0 ? 0 : value;
	}
	return 0;
}

void server_conf_parse(const char *text, struct server_conf_answer *ret)
{
	uint64_t tick_ms = value_of(text, "tickTime"), limit = value_of(text, "syncLimit");

	*ret = (struct server_conf_answer){ .known = tick_ms >= 1 && tick_ms <= 3600000 };
	if (!ret->known)
		return;
	ret->tick = usec_from_ms(tick_ms);
	ret->sync_limit = limit <= UINT16_MAX ? (unsigned)limit : 0;
}

static int open_socket(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		                        .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int fd, r;

	if (getaddrinfo(host, port, &hints, &found) != 0) /* numeric: asks nobody */
		return -EINVAL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0 && errno != EINPROGRESS) {
		r = -errno;
		(void)close(fd);
		fd = r;
	} else if (fd < 0) {
		fd = -errno;
	}
	freeaddrinfo(found);
	return fd;
}

int server_conf_start(const char *address, struct server_conf **ret)
{
	const char *colon = strrchr(address, ':');
	size_t length = colon ? (size_t)(colon - address) : 0;
	char host[HOST_MAX];
	struct server_conf *c;
	int fd;

	if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
		address++;
		length -= 2;
	}
	if (!colon || length == 0 ||
	    text_format(host, sizeof(host), "%.*s", (int)length, address) < 0)
		return -EINVAL;
	fd = open_socket(host, colon + 1);
	if (fd < 0)
		return fd;
	c = calloc(1, sizeof(*c));
	if (!c) {
		(void)close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	*ret = c;
	return 0;
}

void server_conf_free(struct server_conf *c)
{
	if (!c)
		return;
	(void)close(c->fd);
	free(c);
}

int server_conf_fd(const struct server_conf *c)
{
	return c->fd;
}

short server_conf_events(const struct server_conf *c)
{
	return c->asked ? POLLIN : POLLOUT;
}

int server_conf_dispatch(struct server_conf *c, struct server_conf_answer *ret)
{
	ssize_t n;

	if (!c->asked) {
		n = send(c->fd, "conf", 4, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n != 4)
			goto finished;
		c->asked = true;
		return 0;
	}
	while (c->size < ANSWER_MAX) {
		n = recv(c->fd, c->text + c->size, ANSWER_MAX - c->size, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			break; /* the server closes behind its answer */
		c->size += (size_t)n;
	}
finished:
	c->text[c->size] = '\0';
	server_conf_parse(c->text, ret);
	return 1;
}
