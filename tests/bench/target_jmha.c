/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers of jmha: PUT to the leader's socket, each writer with a connection that is kept open. */
#include "tests/bench/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/http.h"
#include "tests/bench/members.h"

enum { ANSWER_SIZE = 2048, PATIENCE_MS = 10000 };

struct connection {
	int fd;
	size_t size;
	char answer[ANSWER_SIZE];
};

struct target {
	struct load *load;
	int epoll;
	unsigned n;
	struct connection connection[LOAD_WRITERS_MAX];
};

static void *jmha_open(const void *where, unsigned writers, struct load *load)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		bench_die("out of memory");
	t->load = load;
	t->n = writers;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < writers; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		int fd = http_connect(where);

		t->connection[i].fd = fd;
		if (fd < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
			bench_die("%s cannot be reached", (const char *)where);
	}
	return t;
}

static void jmha_put(void *self, unsigned writer, const char *key, const char *value)
{
	struct target *t = self;
	char path[80];
	int r;

	(void)snprintf(path, sizeof(path), "/v1/pointers/%s", key);
	t->connection[writer].size = 0;
	r = http_send(t->connection[writer].fd, value ? "PUT" : "DELETE", path, value,
	              value ? LOAD_VALUE : 0);
	if (r < 0)
		bench_die("cannot send: %s", strerror(-r));
}

static void on_answer(struct target *t, unsigned writer)
{
	struct connection *c = &t->connection[writer];
	ssize_t n = recv(c->fd, c->answer + c->size, sizeof(c->answer) - c->size, 0);
	int status = 0;

	if (n <= 0)
		bench_die("a connection was closed: %s", n < 0 ? strerror(errno) : "by the member");
	c->size += (size_t)n;
	if (http_answer_size(c->answer, c->size, &status) == 0)
		return;
	if (status != 200)
		bench_die("a put was answered with %.*s", (int)c->size, c->answer);
	load_answered(t->load, writer);
}

static void jmha_turn(void *self)
{
	struct target *t = self;
	struct epoll_event ready[LOAD_WRITERS_MAX];
	int n = epoll_wait(t->epoll, ready, LOAD_WRITERS_MAX, PATIENCE_MS);

	if (n == 0)
		bench_die("no put was answered by jmha for %d s", PATIENCE_MS / 1000);
	for (int i = 0; i < n; i++)
		on_answer(t, ready[i].data.u32);
}

static void jmha_close(void *self)
{
	struct target *t = self;

	for (unsigned i = 0; i < t->n; i++)
		(void)close(t->connection[i].fd);
	(void)close(t->epoll);
	free(t);
}

const struct load_target load_jmha = { "jmha", jmha_open, jmha_put, jmha_turn, jmha_close };
