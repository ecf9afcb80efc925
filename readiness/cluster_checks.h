/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a cluster of jmha ready for production?  The fourth of the four steps, over plain facts
 * (readiness/cluster_rest makes them of what a daemon says).  A check says nothing about what is
 * not known.
 *
 * Pure, allocates by findings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "readiness/findings.h"

/* Thresholds, for docs/readiness.md and the tests. */
enum {
	CLUSTER_SESSION_LEAST_MS = 4000,   /* shorter: a pause of the machine ends a session */
	CLUSTER_TOLERANCE_LEAST_MS = 1000, /* shorter: an election of ZooKeeper's ends a lease */
	CLUSTER_SERVERS_LEAST = 3,
};

struct cluster_fact_member {
	char *name, *host;
	bool contender; /* no observer */
	bool eligible;  /* may take over, or leads */
	bool sees_known;
	char **sees; /* members whose sign it has read in the storage */
	size_t n_sees;
};

enum { CLUSTER_NOT_KNOWN = -1 };

struct cluster_facts { /* see cluster_facts_none */
	char *name;
	struct cluster_fact_member *members;
	size_t n_members;
	bool members_known;
	int64_t servers; /* of ZooKeeper, by the configuration */
	int64_t session_ms, tick_ms, length_ms, tolerance_ms; /* of the lease */
	int64_t n_terms;
	char *last_leader, *last_start, *last_cause; /* of the last hand-over from one to
	                                                 another; NULL: there is none */
	int64_t last_ms; /* detect, fence and recover; CLUSTER_NOT_KNOWN */
};

extern const struct cluster_facts cluster_facts_none;

void cluster_facts_done(struct cluster_facts *c);

/* Hosts that its contenders run on; 0: not known. */
size_t cluster_hosts(const struct cluster_facts *c);

void cluster_check(const struct cluster_facts *c, struct findings *f);
