/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cluster that is measured: its members' processes, sockets and state.  The configurations are
 * there already (tests/bench/run makes them); bench starts the guards, so that it can wait for
 * their ends.  Whatever cannot go on ends the program with a message.  Threads: none.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MEMBERS_MAX = 5 };

struct member {
	const char *name;
	char dir[256], config[300], socket[300], log[300];
	pid_t guard; /* 0 = not running */
};

struct cluster {
	const char *dir, *jmhad;
	const char *ensemble; /* tests/lib/zk-ensemble; NULL = not given */
	int fifo;             /* where each JobManager says that it began */
	char line[256];
	size_t line_size;
	struct member member[MEMBERS_MAX];
	unsigned n;
};

/* A JobManager began. */
struct started {
	uint64_t epoch;
	double at; /* ms of bench_now() */
	char member[64];
};

__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *format, ...);

/* CLOCK_MONOTONIC in ms. */
double bench_now(void);
void bench_sleep(double ms);

void cluster_open(struct cluster *c, const char *dir, const char *jmhad, char **names, unsigned n);
void cluster_start(struct cluster *c);
void cluster_stop(struct cluster *c);

/* Waits until one member leads and every other may take over at once: eligible, with a latch, and
 * its lease chain valid (PROTOCOL A1).  Returns the leader; sets its epoch. */
struct member *cluster_settle(struct cluster *c, uint64_t *ret_epoch);

/* The next JobManager that begins with an epoch above this one. */
void cluster_await_start(struct cluster *c, uint64_t above, struct started *ret);
/* True when one begins within so many ms. */
bool cluster_starts_within(struct cluster *c, double ms, struct started *ret);

struct member *cluster_member(struct cluster *c, const char *name);

void member_start(struct member *m, const struct cluster *c);
void member_stop(struct member *m); /* orderly */
void member_kill(struct member *m); /* SIGKILL of the guard alone, and reap it */
pid_t member_elector(const struct member *m);
pid_t member_jobmanager(const struct member *m); /* 0 = none */

/* Runs `jmhad --release`; returns how long it took, in ms. */
double member_release(const struct member *m, const struct cluster *c);

/* /v1/status, or NULL while nobody answers. */
json_t *member_status(const struct member *m);

/* How many it has read so far; 0 while nobody answers. */
double member_pointers(const struct member *m);
