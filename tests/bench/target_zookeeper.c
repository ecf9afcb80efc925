/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A znode per pointer, through the same servers as jmha's register.  All writers share one session,
 * as all jobs of a JobManager share Flink's one Curator client: their changes follow each other on
 * one connection without waiting.  A change is one set of a node that is there, the cheapest that
 * Flink does; a checkpoint takes two multis there (node and lock; and the oldest one's removal).
 */
#include "tests/bench/load.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/members.h"
#include "tests/bench/zk.h"

#define ROOT        "/bench-pointers"
#define PATIENCE_MS 10e3

struct target;
struct writer {
	struct target *target;
	unsigned number;
};

struct target {
	struct load *load;
	zhandle_t *zh;
	double answered; /* when the last answer came */
	struct writer writer[LOAD_WRITERS_MAX];
};

static void node_of(const char *key, char *ret, size_t size)
{
	(void)snprintf(ret, size, ROOT "/%s", key + sizeof("jobs/") - 1);
}

static void path_of(unsigned i, char *ret, size_t size)
{
	char key[LOAD_KEY_SIZE];

	load_key(i - 1, key);
	if (i == 0)
		(void)snprintf(ret, size, ROOT);
	else
		node_of(key, ret, size);
}

static void *zookeeper_open(const void *where, unsigned writers, struct load *load)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		bench_die("out of memory");
	t->load = load;
	t->zh = zk_open(where);
	for (unsigned i = 0; i < writers; i++)
		t->writer[i] = (struct writer){ t, i };
	zk_make(t->zh, 1 + LOAD_KEYS, path_of, LOAD_VALUE);
	t->answered = bench_now();
	return t;
}

static void on_set(int rc, const struct Stat *stat, const void *data)
{
	struct writer *w = (struct writer *)(uintptr_t)data;

	(void)stat;
	if (rc != ZOK)
		bench_die("ZooKeeper refuses a write: %s", zerror(rc));
	w->target->answered = bench_now();
	load_answered(w->target->load, w->number);
}

static void zookeeper_put(void *self, unsigned writer, const char *key, const char *value)
{
	struct target *t = self;
	char path[128];
	int rc;

	node_of(key, path, sizeof(path));
	rc = zoo_aset(t->zh, path, value, LOAD_VALUE, -1, on_set, &t->writer[writer]);
	if (rc != ZOK)
		bench_die("ZooKeeper refuses a write: %s", zerror(rc));
}

static void zookeeper_turn(void *self)
{
	struct target *t = self;

	zk_turn(t->zh);
	if (bench_now() - t->answered > PATIENCE_MS)
		bench_die("no write was answered by ZooKeeper for 10 s");
}

static void zookeeper_end(void *self)
{
	struct target *t = self;

	(void)zookeeper_close(t->zh);
	free(t);
}

const struct load_target load_zookeeper = { "znode per pointer", zookeeper_open, zookeeper_put,
	                                    zookeeper_turn, zookeeper_end };
