/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of the lease (PROTOCOL A1, A7, D9; DESIGN section 5) and the chain of heartbeats
 * that keeps it.  Pure.  All times are microseconds of CLOCK_BOOTTIME, handed in.
 *
 * Sources of the terms: ExpiryQueue.roundToNextInterval (sessions end in buckets of k, never before
 * T), LearnerHandler PING (touches reach the ZooKeeper leader every k/2).
 */
#pragma once

#include <stdbool.h>

#include "base/usec.h"

struct lease_params {
	usec_t session; /* T: the smallest that was negotiated in the session */
	usec_t tick;    /* k: the ensemble's tickTime, as configured */
	usec_t stop;    /* D_stop: time until SIGKILL has reached the whole JobManager */
	usec_t revoke;  /* hot mode: asked to revoke so long before the deadline; 0 in cold mode */
};

usec_t lease_heartbeat_period(const struct lease_params *p); /* h = k/2 */
usec_t lease_jitter(const struct lease_params *p);           /* J = max(200 ms, k/4) */
usec_t lease_answer_timeout(const struct lease_params *p);   /* A = max(300 ms, T/10) */

/* T(1 - 0.001) - M - D_stop with M = k + J: heartbeats in time; 0 when there is no room. */
usec_t lease_length(const struct lease_params *p);

/* lease - h - A - revoke: a ZooKeeper outage shorter than this changes nothing; 0 = no room. */
usec_t lease_tolerance(const struct lease_params *p);

/* D9: tolerance >= h; and a chain can become valid at all (A1). */
bool lease_has_room(const struct lease_params *p);

/* T - M > syncLimit k + 1.5 s: a change of ZooKeeper's leader does not end the lease. */
bool lease_outlasts_leader_change(const struct lease_params *p, unsigned sync_limit);

/* A chain of answered heartbeats (A1). */
struct lease {
	struct lease_params params;
	bool negotiated; /* params.session is of a handshake, else of the configuration */
	enum lease_chain { LEASE_NONE, LEASE_TENTATIVE, LEASE_VALID } chain;
	usec_t deadline;       /* of the tentative or valid chain; 0 = none */
	usec_t first_answered; /* tentative: when the first ZOK came */
	/* When the last touch was sent that has reached ZooKeeper's leader for certain, and what
	 * was answered after it and may still be lost with its server, oldest first; 0 = none.  Two
	 * are enough with heartbeats in time, more for slow answers; what does not fit is not
	 * counted. */
	usec_t relayed;
	struct lease_touch {
		usec_t sent, answered;
	} touch[4];
};

/* For a new session. */
void lease_init(struct lease *l, const struct lease_params *params);

/* Forget the chain: new latch, broken chain. */
void lease_break(struct lease *l);

/* The connection was lost: ends a tentative chain, leaves a valid one as it is. */
void lease_disconnected(struct lease *l);

/* A resumed elector goes on with the page's deadline, and with the T of the session file. */
void lease_resume(struct lease *l, usec_t deadline);

/* After a handshake that negotiated `session`: its touch has reached ZooKeeper's leader.  A smaller
 * T lowers the deadline; a larger one never counts in the same session (A7). */
void lease_connected(struct lease *l, usec_t session, usec_t connect_sent);

/* A heartbeat sent at `sent` was answered ZOK at `now`.  Returns true when the chain is valid and
 * its deadline may have moved; false when it is not (first answer, or answered too late: then the
 * chain starts anew with this answer). A deadline never moves back. */
bool lease_answered(struct lease *l, usec_t sent, usec_t now);

/* Valid, and `now` lies before the deadline. */
bool lease_valid(const struct lease *l, usec_t now);
