/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers of pointers, each with one change under way: the same keys, values and way of counting
 * for every store.  A latency runs from handing the change over until its answer was read.
 * Threads: none.
 */
#pragma once

#include <stdbool.h>

#include "tests/bench/samples.h"

enum { LOAD_VALUE = 500, LOAD_WRITERS_MAX = 512, LOAD_KEYS = 1000, LOAD_KEY_SIZE = 48 };

struct load;

/* How one store is written to.  Whatever cannot go on ends the program with a message. */
struct load_target {
	const char *name; /* as tables and curves call the store */
	void *(*open)(const void *where, unsigned writers, struct load *load);
	/* The value has LOAD_VALUE bytes; NULL: the key is to be deleted (jmha alone).  The answer
	 * is load_answered(), from within turn(). */
	void (*put)(void *self, unsigned writer, const char *key, const char *value);
	void (*turn)(void *self); /* waits for some answers */
	void (*close)(void *self);
};

struct load_plan {
	const struct load_target *target;
	const void *where; /* for open() */
	unsigned writers;
	unsigned from, to;         /* keys, in turn */
	double seconds;            /* 0: each key once, however long that takes */
	bool remove;               /* not put, delete */
	struct samples *latencies; /* ms; may be NULL */
};

/* Returns how many puts were acknowledged; sets how many that were in a second. */
unsigned long load_run(const struct load_plan *plan, double *ret_rate);

void load_answered(struct load *load, unsigned writer);

/* "jobs/" and 32 hex digits.  Neighbouring numbers are far apart, as ids of jobs are. */
void load_key(unsigned number, char ret[LOAD_KEY_SIZE]);

/* target_*.c; `where` is the socket of the leader, the servers of ZooKeeper, HOST:PORT of etcd. */
extern const struct load_target load_jmha, load_zookeeper, load_etcd;

/* Puts these into jmha once, or deletes them; for how a cluster is set up. */
void load_fill(const char *leader_socket, unsigned from, unsigned to);
void load_empty(const char *leader_socket, unsigned from, unsigned to);
