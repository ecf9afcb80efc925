/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends the term of a dead elector from another session, with proof (PROTOCOL A3b): list after sync,
 * one multi, again on BADVERSION and without the member node on ZNONODE.  Where only the nonce is
 * known all latches with it are deleted, then the old session is re-attached, closed, and the list
 * read again.
 *
 * The caller has proven the JobManager dead before (A12), and no page is armed for it (A3).
 * Threads: the session's.  The one thing that is not over after a lost connection: the caller
 * starts it again on the next CONNECTED, it is made to be repeated.
 */
#pragma once

#include "election/cause.h"
#include "election/latch_name.h"
#include "election/session.h"

struct handover_config {
	struct nonce nonce;          /* of the old session */
	struct latch_name latch;     /* none: unknown, only the nonce counts */
	struct session_identity old; /* the old session; secret */
	usec_t old_timeout;          /* its T (A7) */
	const char *member;          /* whose member node goes with it */
	enum cause cause;            /* written as `released` */
	/* Only used where the latch is unknown: the second connection. */
	const char *const *servers;
	const char *auth;
	usec_t answer_timeout;
};

struct handover;

/*
 * `error`: 0 = proven: no latch of the old session is left (or there never was one).  Negative: not
 * proven; `message` says why, for people; -ENOTCONN: the connection was lost, start again.
 */
typedef void (*handover_done_t)(void *userdata, int error, const char *message);

/* Starts on a connected session.  Everything is copied.  On failure `done` is never called. */
int handover_start(struct session *s, const struct handover_config *config, handover_done_t done,
                   void *userdata, struct handover **ret);

/* `done` is not called any more.  Free before the session is closed or from within `done`. */
void handover_free(struct handover *h);
void handover_freep(struct handover **h);

/* The second connection, where there is one: poll these too.  As in session.h; fd -1 = none. */
struct session *handover_second(struct handover *h);
