/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a member owns on ZooKeeper: its member node, its latch, its heartbeat (PROTOCOL A1-A5).
 * Translates only; when to do what is the core's.  All requests follow the rules of session.h: 0 =
 * `done` comes exactly once, negative = certainly not sent and `done` never comes.
 *
 * Threads: the session's.
 */
#pragma once

#include "election/latch_name.h"
#include "election/session.h"
#include "election/znode_json.h"

/*
 * Makes the parents (root, cluster, latch/, members/, requests/ and the node endpoints), then
 * members/<name>.  Results: DONE (version is that of the node; also when it was there and is this
 * session's own: then its content is set); NOT_DONE -EEXIST: another session holds the name (D3);
 * others as they come.
 */
int latch_join(struct session *s, const struct member_node *member, zk_done_t done, void *userdata);

/* A4: the member node vanished while the latch is there: multi[check(latch), create(member)].
 * failed_op 0: latch gone; 1 with -EEXIST: it is there after all. */
int latch_rejoin(struct session *s, const struct latch_name *latch,
                 const struct member_node *member, zk_done_t done, void *userdata);

/* Writes the member node; `version` is that of the own last write (0 after a create).
 * -ESTALE or -ENOENT: it is not the node we wrote. */
int latch_set_member(struct session *s, const struct member_node *member, int32_t version,
                     zk_done_t done, void *userdata);

/* Makes a latch; its name is result->name (latch_name_parse).  UNKNOWN: look with latch_find(). */
int latch_enter(struct session *s, const struct nonce *nonce, const struct latch_node *content,
                zk_done_t done, void *userdata);

enum { LATCH_FOUND_MAX = 16 };

struct latch_found {
	unsigned n; /* all with the nonce and owned by this session, lowest first */
	struct latch_name latch[LATCH_FOUND_MAX];
};

/* After a sync: our own latches, by nonce and ephemeralOwner (CURATOR-696).  `found` is NULL unless
 * result->outcome is ZK_DONE. */
int latch_find(struct session *s, const struct nonce *nonce,
               void (*done)(void *userdata, const struct zk_result *result,
                            const struct latch_found *found),
               void *userdata);

/* NOT_DONE -ENOENT: it was gone already. */
int latch_delete(struct session *s, const struct latch_name *latch, zk_done_t done, void *userdata);

/* A1: multi[check(latch), check(members/<member>)].  failed_op 0: LATCH_GONE, 1: MEMBER_GONE (both
 * with NOT_DONE -ENOENT). */
int latch_heartbeat(struct session *s, const struct latch_name *latch, const char *member,
                    zk_done_t done, void *userdata);
