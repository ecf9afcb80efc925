/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured, each with rows of its own in the report. */
#pragma once

#include "tests/bench/members.h"
#include "tests/bench/report.h"

/* failover.c: deaths and switchovers, `runs` times each. */
void measure_jobmanager_kill(struct cluster *c, struct report *r, unsigned runs);
void measure_switchover(struct cluster *c, struct report *r, unsigned runs);
void measure_elector_kill(struct cluster *c, struct report *r, unsigned runs);
void measure_release(struct cluster *c, struct report *r, unsigned runs);

/* The arithmetic of the lease, as the leader's status gives it; ms. */
struct times {
	double session_ms, tick_ms, lease_ms, tolerance_ms;
};

/* outage.c */
void measure_host_lost(struct cluster *c, struct report *r, const struct times *t, unsigned runs);
void measure_zookeeper_leader(struct cluster *c, struct report *r, const struct times *t,
                              unsigned runs);
void measure_start_together(struct cluster *c, struct report *r, unsigned runs);

/* jitter.c: so many seconds for each kind of load. */
void measure_jitter(struct cluster *c, struct report *r, const struct times *t, double seconds);

/* What jmha is compared with, and how often. */
struct rivals {
	const char *dir, *servers; /* of ZooKeeper */
	const char *etcd;          /* tests/bench/etcd; NULL: without */
	unsigned rounds;
	double seconds; /* for each store and number of writers */
};

/* commits.c */
void measure_commits(struct cluster *c, struct report *r, const struct rivals *o);

/* pointers.c: takeovers with ever more of them, up to so many. */
void measure_pointers(struct cluster *c, struct report *r, const char *servers, unsigned most,
                      unsigned runs);

/* cost.c: what it costs to run. */
void measure_memory(struct cluster *c, struct report *r);
void measure_memory_alone(struct cluster *c, struct report *r); /* ends the other members */
void measure_idle(struct cluster *c, struct report *r, double seconds);

/* baseline.c: what disk and ZooKeeper take for one write. */
double measure_disk(const char *dir, struct report *r);          /* p50, ms */
double measure_zookeeper(const char *servers, struct report *r); /* p50, ms */
