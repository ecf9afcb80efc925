/* SPDX-License-Identifier: Apache-2.0 */
/* One write of disk and ZooKeeper alone: nothing that waits for them can be faster. */
#include "tests/bench/measures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/bench/load.h"
#include "tests/bench/zk.h"

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

static void path_of(unsigned i, char *ret, size_t size)
{
	(void)i;
	(void)snprintf(ret, size, "/bench-baseline");
}

double measure_zookeeper(const char *servers, struct report *r)
{
	char bytes[LOAD_VALUE] = { 0 };
	struct samples s = { 0 };
	struct answer a = { 0 };
	zhandle_t *zh = zk_open(servers);
	double p50;

	zk_make(zh, 1, path_of, sizeof(bytes));
	for (unsigned i = 0; i < WRITES; i++) {
		double since = bench_now();

		a.came = false;
		if (zoo_aset(zh, "/bench-baseline", bytes, sizeof(bytes), -1, on_set, &a) != ZOK)
			bench_die("ZooKeeper refuses a write");
		zk_until(zh, &a.came);
		if (a.rc != ZOK)
			bench_die("ZooKeeper refuses a write: %s", zerror(a.rc));
		samples_add(&s, bench_now() - since);
	}
	(void)zookeeper_close(zh);
	(void)report_samples(r, "baseline: set of 500 bytes in ZooKeeper", &s, 0, 0);
	p50 = samples_percentile(&s, 50);
	samples_done(&s);
	return p50;
}
