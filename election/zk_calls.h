/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session for a program that has nothing else to do: each call waits for its answer, and connects
 * again within its time.  For jmhactl and the like; the daemon never waits (election/session.h).
 *
 * Owner: the caller.  Threads: one, the caller's; election/session may use one to look names up.
 */
#pragma once

#include "base/usec.h"
#include "election/session.h"

struct zk_calls;

struct zk_calls_config {
	const char *const *servers; /* "host:port", NULL-terminated */
	const char *base;           /* absolute, not "/" alone */
	const char *auth;           /* "user:password" or NULL */
	usec_t timeout;             /* of connecting, and of each answer */
	usec_t session;             /* T to be asked for; 0: 10 s */
};

/* Connected when it returns 0, and sees all that was written before through any server (sync).
 * -EINVAL: a server, the path or the credentials have no such form; -ETIMEDOUT: none of the servers
 * answered; -EKEYREJECTED: they refuse the credentials; -EOWNERDEAD: that is no ZooKeeper. */
int zk_calls_open(const struct zk_calls_config *config, struct zk_calls **ret);
struct zk_calls *zk_calls_close(struct zk_calls *z); /* takes NULL; returns NULL */

usec_t zk_calls_session(const struct zk_calls *z); /* T as negotiated */

static inline void zk_calls_closep(struct zk_calls **z)
{
	*z = zk_calls_close(*z);
}

/*
 * Reads: asked again when the connection is lost.  `done` gets what came, when it is good, and
 * nothing else; may be NULL.  0, or the errno of zk_error.h: -ENOENT, -EACCES; and as above.
 */
int zk_calls_sync(struct zk_calls *z);
int zk_calls_get(struct zk_calls *z, const char *path, zk_done_t done, void *userdata);
int zk_calls_list(struct zk_calls *z, const char *path, zk_done_t done, void *userdata);

/*
 * One write, sent once.  *ret_outcome tells what is known of it: ZK_NOT_DONE also when it could not
 * be sent.  The result is that of the ops: 0, -EEXIST, -ESTALE, ..
 */
int zk_calls_write(struct zk_calls *z, const struct zk_op *ops, unsigned n,
                   enum zk_outcome *ret_outcome);
