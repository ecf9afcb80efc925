/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of the register, the one znode that says who leads and how far the log is committed
 * (PROTOCOL section 5), and what each step of a term does to them (A5, A3b, A11).  Pure: no clock,
 * no I/O; allocates.  (`register` is a keyword of C, hence register_node.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/epoch.h"
#include "base/log_position.h"
#include "base/usec.h"
#include "election/cause.h"
#include "election/latch_name.h"

struct json_t;

enum {
	REGISTER_MAX_SIZE = 8192,
	REGISTER_MAX_HANDOVERS = 8,
	CLUSTER_ID_LEN = 32,
	MEMBER_NAME_MAX = 63,
	LEADER_ID_LEN = 36,
};

struct register_handover {
	int64_t at_ms; /* wall clock */
	enum cause cause;
};

struct register_node {
	char cluster_id[CLUSTER_ID_LEN + 1]; /* hex */
	struct epoch epoch;
	struct {
		char member[MEMBER_NAME_MAX + 1];
		struct latch_name latch; /* none: no owner */
		usec_t session;          /* T of its session */
	} owner;
	struct log_position log;
	struct log_snapshot snapshot, previous;
	struct latch_name designated; /* none: anyone */
	enum cause released;          /* CAUSE_NONE: not released */
	unsigned n_handovers;         /* oldest first */
	struct register_handover handovers[REGISTER_MAX_HANDOVERS];
	struct json_t *extra; /* unknown fields, kept on rewrite; owned; may be NULL */
};

struct register_error {
	char text[200]; /* what is wrong, for people */
};

/* A register never written by anybody (A11): epoch 0, no owner, released "new".  Needs no _done. */
void register_init_new(struct register_node *r, const char *cluster_id);
void register_done(struct register_node *r);
/* `ret` need not be initialised.  0 or -ENOMEM. */
int register_copy(const struct register_node *r, struct register_node *ret);

/*
 * Strict: every field of version 1 must be there, well-formed and in range.  0; -EBADMSG damaged;
 * -EPROTONOSUPPORT a higher version; -ENOMEM.  On failure *ret is untouched and *reterr (may be
 * NULL) says what is wrong.
 */
int register_decode(const void *data, size_t size, struct register_node *ret,
                    struct register_error *reterr);

/* One line of JSON, malloc'ed, without a final newline; *ret_size = strlen.  -EMSGSIZE above
 * REGISTER_MAX_SIZE (C3). */
int register_encode(const struct register_node *r, char **ret, size_t *ret_size);

/* ---- what changes it; all in place, on a copy of what was read */

struct register_claim {
	const char *member;
	struct latch_name latch;
	usec_t session; /* T */
	/* How the last term ended when the register does not say it (`released` unset):
	 * PREDECESSOR_GONE, LATCH_REMOVED, RESTART_IN_PLACE ..; CAUSE_NONE: as released says. */
	enum cause cause;
	int64_t at_ms; /* wall clock */
};

/* A5: epoch + 1, new owner, designated and released cleared, the end of the last term added to
 * handovers if it was unplanned; log and snapshot carried over unchanged. */
void register_claim(struct register_node *r, const struct register_claim *claim);

/* The commit point: how far the log is committed. */
void register_move(struct register_node *r, const struct log_position *log);

/* B3: what the log said up to there need no longer be read; the one before is kept as well. */
void register_name_snapshot(struct register_node *r, const struct log_snapshot *snapshot);

/* A3b; `designated` may be none. */
void register_release(struct register_node *r, enum cause cause,
                      const struct latch_name *designated);

/* A2: the same term = same epoch and same latch. */
bool register_is_term(const struct register_node *r, struct epoch epoch,
                      const struct latch_name *latch);

/* C2, C6: unplanned hand-overs since the wall clock time `since_ms`. */
unsigned register_recent_handovers(const struct register_node *r, int64_t since_ms);

/* Flink's leader session id of an epoch: UUID of the first 8 bytes of SHA-256(the cluster id's 16
 * bytes) and the epoch, big-endian.  False when the cluster id is not 32 hex digits. */
bool register_leader_id(const char *cluster_id, struct epoch epoch, char ret[LEADER_ID_LEN + 1]);
