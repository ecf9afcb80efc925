/* SPDX-License-Identifier: Apache-2.0 */
/* One write of disk and ZooKeeper alone: nothing that waits for them can be faster. */
#include "tests/bench/measures.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

#include "base/cleanup.h"

enum { WRITES = 300 };

double measure_disk(const char *dir, struct report *r)
{
	CLEANUP(closep) int fd = -EBADF;
	struct samples s = { 0 };
	char path[300], bytes[LOAD_VALUE] = { 0 };
	double p50;

	(void)snprintf(path, sizeof(path), "%s/baseline", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		bench_die("%s: %s", path, strerror(errno));
	for (unsigned i = 0; i < WRITES; i++) {
		double since = bench_now();

		if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || fdatasync(fd) < 0)
			bench_die("%s: %s", path, strerror(errno));
		samples_add(&s, bench_now() - since);
	}
	(void)unlink(path);
	(void)report_samples(r, "baseline: append of 500 bytes and fdatasync", &s, 0, 0);
	p50 = samples_percentile(&s, 50);
	samples_done(&s);
	return p50;
}

struct answer {
	bool came;
	int rc;
};

static void on_set(int rc, const struct Stat *stat, const void *data)
{
	struct answer *a = (struct answer *)(uintptr_t)data;

	(void)stat;
	*a = (struct answer){ true, rc };
}

static void on_created(int rc, const char *name, const void *data)
{
	(void)name;
	on_set(rc, NULL, data);
}

static void turn(zhandle_t *zh)
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

static void wait_for(zhandle_t *zh, const struct answer *a)
{
	double until = bench_now() + 10e3;

	while (!a->came && bench_now() < until)
		turn(zh);
	if (!a->came || a->rc != ZOK)
		bench_die("ZooKeeper did not answer a write (%d)", a->rc);
}

double measure_zookeeper(const char *servers, struct report *r)
{
	static const char node[] = "/bench-baseline";
	char bytes[LOAD_VALUE] = { 0 };
	struct samples s = { 0 };
	struct answer a = { 0 };
	double p50, until = bench_now() + 10e3;
	zhandle_t *zh;

	zoo_set_debug_level((ZooLogLevel)0);
	zh = zookeeper_init(servers, NULL, 10000, NULL, NULL, 0);
	while (zh && zoo_state(zh) != ZOO_CONNECTED_STATE && bench_now() < until)
		turn(zh);
	if (!zh || zoo_acreate(zh, node, bytes, sizeof(bytes), &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL,
	                       on_created, &a) != ZOK)
		bench_die("ZooKeeper at %s cannot be reached", servers);
	wait_for(zh, &a);
	for (unsigned i = 0; i < WRITES; i++) {
		double since = bench_now();

		a.came = false;
		if (zoo_aset(zh, node, bytes, sizeof(bytes), -1, on_set, &a) != ZOK)
			bench_die("ZooKeeper refuses a write");
		wait_for(zh, &a);
		samples_add(&s, bench_now() - since);
	}
	(void)zookeeper_close(zh);
	(void)report_samples(r, "baseline: set of 500 bytes in ZooKeeper", &s, 0, 0);
	p50 = samples_percentile(&s, 50);
	samples_done(&s);
	return p50;
}
