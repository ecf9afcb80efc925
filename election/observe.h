/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads: one consistent look at the cluster, and the watches that say when to look again.  A look
 * is sync, register, latches, members, maintenance, in this order on one connection (A11: the
 * register is read before the latches).  Decides nothing.
 *
 * Watches: on the latch that ours waits for only, not on latch/ (no herd); on the own latch, the
 * register's data, members/ and each member's data, maintenance.  Asking again for the same node
 * adds no watch. They end with the connection: look again after each CONNECTED.
 *
 * Threads: the session's.
 */
#pragma once

#include "election/latch_name.h"
#include "election/register.h"
#include "election/session.h"
#include "election/znode_json.h"

enum { OBSERVE_MAX_LATCHES = 64, OBSERVE_MAX_MEMBERS = 64 };

struct observed_member {
	struct member_node node; /* .member is always set, the rest only when error is 0 */
	int error;               /* 0, -EBADMSG, -EPROTONOSUPPORT: could not be read */
	bool own;                /* its ephemeralOwner is our session */
	int32_t version;
};

struct observation {
	usec_t asked; /* when it was sent */

	int register_error;         /* 0; -ENOENT: none; -EBADMSG, -EPROTONOSUPPORT: see text */
	struct register_error text; /* why register_error is -EBADMSG or -EPROTONOSUPPORT */
	struct register_node reg;   /* when register_error is 0; borrowed */
	int32_t version;            /* of the register znode, whenever there is one */
	int64_t mzxid;

	unsigned n_latches;                           /* names of wrong form are left out */
	struct latch_name latch[OBSERVE_MAX_LATCHES]; /* lowest first */
	struct latch_name own; /* lowest with our nonce *and* of our session; none = not there */
	unsigned n_own;
	int rank; /* of `own`; -1 */

	unsigned n_members; /* of members/, in the order of their names */
	struct observed_member member[OBSERVE_MAX_MEMBERS];

	struct maintenance_node maintenance; /* until_ms 0 = none */
	int32_t maintenance_version;         /* -1: no node */
};

enum {
	OBSERVE_REGISTER = 1, /* the register's data */
	OBSERVE_LATCHES = 2,  /* predecessor or own latch gone */
	OBSERVE_MEMBERS = 4,  /* a member came, went or wrote */
	OBSERVE_MAINTENANCE = 8,
	OBSERVE_REQUESTS = 16, /* children of requests/; asked for by leaders */
	OBSERVE_ALL = 31,
};

struct observe;

/* on_changed: some of OBSERVE_* changed since the last call; called from session_dispatch(), once
 * for all that fired in one dispatch.  The session must outlive the observer. */
int observe_new(struct session *s, const struct nonce *nonce,
                void (*on_changed)(void *userdata, unsigned changed), void *userdata,
                struct observe **ret);
/* Looks under way are answered no more. */
void observe_free(struct observe *o);
void observe_freep(struct observe **o);

/* `view` is NULL unless result->outcome is ZK_DONE; it is the observer's and lives during the call.
 * -ERANGE: more latches or members than OBSERVE_MAX_*. */
typedef void (*observe_done_t)(void *userdata, const struct zk_result *result,
                               const struct observation *view);

/*
 * Look once.  `watches`: which of OBSERVE_* to be told of; a leader leaves OBSERVE_REGISTER out, it
 * is the one who writes it.  -EALREADY while a look is under way.
 */
int observe_look(struct observe *o, unsigned watches, observe_done_t done, void *userdata);

/* Only the register, without sync, with its watch: how a standby follows the commits.  Only
 * asked, register_error, text, reg, version and mzxid are set. */
int observe_register(struct observe *o, observe_done_t done, void *userdata);

/* The member of that name, or NULL. */
const struct observed_member *observation_member(const struct observation *view, const char *name);
/* The member whose nonce the latch carries, or NULL. */
const struct observed_member *observation_holder(const struct observation *view,
                                                 const struct latch_name *latch);
bool observation_has_latch(const struct observation *view, const struct latch_name *latch);
