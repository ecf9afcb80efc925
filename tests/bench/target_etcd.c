/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key of etcd per pointer: puts to the server that leads, so that none is passed on, each writer
 * with a connection that is kept open.
 */
#include "tests/bench/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/grpc.h"
#include "tests/bench/members.h"

enum { PATIENCE_MS = 10000 };

struct target {
	struct load *load;
	int epoll;
	unsigned n;
	struct grpc connection[LOAD_WRITERS_MAX];
};

static void *etcd_open(const void *where, unsigned writers, struct load *load)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		bench_die("out of memory");
	t->load = load;
	t->n = writers;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < writers; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		int r = grpc_connect(&t->connection[i], where);

		if (r < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->connection[i].fd, &ev) < 0)
			bench_die("etcd at %s cannot be reached: %s", (const char *)where,
			          strerror(r < 0 ? -r : errno));
	}
	return t;
}

static void etcd_put(void *self, unsigned writer, const char *key, const char *value)
{
	struct target *t = self;
	int r = grpc_put(&t->connection[writer], key, value, LOAD_VALUE);

	if (r < 0)
		bench_die("cannot send to etcd: %s", strerror(-r));
}

static void etcd_turn(void *self)
{
	struct target *t = self;
	struct epoll_event ready[LOAD_WRITERS_MAX];
	int n = epoll_wait(t->epoll, ready, LOAD_WRITERS_MAX, PATIENCE_MS);

	if (n == 0)
		bench_die("no put was answered by etcd for %d s", PATIENCE_MS / 1000);
	for (int i = 0; i < n; i++) {
		unsigned writer = ready[i].data.u32;
		int r = grpc_receive(&t->connection[writer]);

		if (r < 0)
			bench_die("etcd refused a put, see its logs: %s", strerror(-r));
		if (r > 0)
			load_answered(t->load, writer);
	}
}

static void etcd_close(void *self)
{
	struct target *t = self;

	for (unsigned i = 0; i < t->n; i++)
		(void)close(t->connection[i].fd);
	(void)close(t->epoll);
	free(t);
}

const struct load_target load_etcd = { "etcd", etcd_open, etcd_put, etcd_turn, etcd_close };
