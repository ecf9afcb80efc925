/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/zk.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "tests/bench/members.h"

#define PATIENCE_MS 10e3

void zk_turn(zhandle_t *zh)
{
	struct timeval tv = { 0 };
	struct pollfd p = { .fd = -1 };
	int interest = 0, events;

	(void)zookeeper_interest(zh, &p.fd, &interest, &tv);
	p.events = (short)(((interest & ZOOKEEPER_READ) ? POLLIN : 0) |
	                   ((interest & ZOOKEEPER_WRITE) ? POLLOUT : 0));
	(void)poll(&p, 1, 100);
	events = ((p.revents & POLLIN) ? ZOOKEEPER_READ : 0) |
	         ((p.revents & POLLOUT) ? ZOOKEEPER_WRITE : 0);
	(void)zookeeper_process(zh, events);
}

void zk_until(zhandle_t *zh, const bool *done)
{
	double until = bench_now() + PATIENCE_MS;

	while (!*done && bench_now() < until)
		zk_turn(zh);
	if (!*done)
		bench_die("ZooKeeper did not answer for 10 s");
}

zhandle_t *zk_open(const char *servers)
{
	double until = bench_now() + PATIENCE_MS;
	zhandle_t *zh;

	zoo_set_debug_level((ZooLogLevel)0);
	zh = zookeeper_init(servers, NULL, 10000, NULL, NULL, 0);
	while (zh && zoo_state(zh) != ZOO_CONNECTED_STATE && bench_now() < until)
		zk_turn(zh);
	if (!zh || zoo_state(zh) != ZOO_CONNECTED_STATE)
		bench_die("ZooKeeper at %s cannot be reached", servers);
	return zh;
}

struct making {
	unsigned under_way;
	bool done;
};

static void on_made(int rc, const char *name, const void *data)
{
	struct making *m = (struct making *)(uintptr_t)data;

	(void)name;
	if (rc != ZOK && rc != ZNODEEXISTS)
		bench_die("ZooKeeper refuses to make a node: %s", zerror(rc));
	m->done = --m->under_way == 0;
}

void zk_make(zhandle_t *zh, unsigned n, void (*path_of)(unsigned i, char *ret, size_t size),
             size_t bytes)
{
	enum { AT_ONCE = 100 };
	CLEANUP(freep) char *value = calloc(1, bytes + 1);
	struct making m = { 0 };
	char path[128];

	for (unsigned i = 0; value && i < n;) {
		m.done = false;
		for (; i < n && m.under_way < AT_ONCE; i++) {
			path_of(i, path, sizeof(path));
			m.under_way++;
			if (zoo_acreate(zh, path, value, (int)bytes, &ZOO_OPEN_ACL_UNSAFE, 0,
			                on_made, &m) != ZOK)
				bench_die("ZooKeeper refuses to make %s", path);
		}
		zk_until(zh, &m.done);
	}
}

struct asked {
	bool done;
	int rc;
	struct zk_stat stat;
};

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
	struct asked *a = (struct asked *)(uintptr_t)data;

	*a = (struct asked){ .done = true, .rc = rc };
	if (rc == ZOK)
		a->stat = (struct zk_stat){ stat->version, stat->dataLength };
}

void zk_stat(zhandle_t *zh, const char *path, struct zk_stat *ret)
{
	struct asked a = { 0 };

	if (zoo_aexists(zh, path, 0, on_stat, &a) != ZOK)
		bench_die("ZooKeeper cannot be asked for %s", path);
	zk_until(zh, &a.done);
	if (a.rc != ZOK)
		bench_die("%s in ZooKeeper: %s", path, zerror(a.rc));
	*ret = a.stat;
}
