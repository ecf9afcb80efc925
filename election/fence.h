/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every write of a leader: multi[check(own latch), ...], so that nothing of a deposed leader can be
 * applied (DESIGN section 5), and the operator requests (D6).  Requests follow session.h.
 *
 * In every result with NOT_DONE: failed_op FENCE_OP_LATCH means that the latch is gone; the
 * register's op: -ESTALE it moved on (D17), -ENOENT it is missing (A11).  After UNKNOWN nothing
 * else may be written before a read after sync has settled it (A2, B2); that is the caller's.
 *
 * Threads: the session's.
 */
#pragma once

#include "election/endpoint_map.h"
#include "election/latch_name.h"
#include "election/register.h"
#include "election/session.h"
#include "election/znode_json.h"

enum { FENCE_OP_LATCH = 0, FENCE_OP_REGISTER = 1 };

/* A5: multi[check(latch), set(register, version), set(endpoints: new epoch, empty)].  `claimed` is
 * the register after register_claim().  result->version: the register's new version. */
int fence_claim(struct session *s, const struct register_node *claimed, int32_t version,
                zk_done_t done, void *userdata);

/* multi[check(latch), set(register, version)].  result->version: the new version. */
int fence_set_register(struct session *s, const struct latch_name *latch,
                       const struct register_node *r, int32_t version, zk_done_t done,
                       void *userdata);

/* multi[check(latch), set(node, version)], or create with version -1; `node` is one of
 * endpoint_map.h.  The node's op: -ESTALE, -EEXIST, -ENOENT: read it again.  result->version. */
int fence_write_endpoints(struct session *s, const struct latch_name *latch, unsigned node,
                          const char *text, int32_t version, zk_done_t done, void *userdata);

/*
 * A3b: multi[check(latch), set(register, version), delete(latch), delete(member node)].  `released`
 * NULL: without the set; `member` NULL: the member goes on.  The member node's op is the last one:
 * result->failed_op == FENCE_OP_* or that of fence_release_member_op().
 */
int fence_release(struct session *s, const struct latch_name *latch,
                  const struct register_node *released, int32_t version, const char *member,
                  zk_done_t done, void *userdata);
int fence_release_member_op(bool with_register);

/* A11: create the first register; NOT_DONE -EEXIST: read the other's. */
int fence_create_register(struct session *s, const struct register_node *r, zk_done_t done,
                          void *userdata);

/* ---- requests/ (D6); `name` is "q-NNNNNNNNNN" */

/* Ephemeral sequential; result->name.  `latch`: the leader's own, for one that it takes at once:
 * multi[check(latch), create]; NULL: by any member. */
int fence_request_create(struct session *s, const struct latch_name *latch,
                         const struct request_node *request, zk_done_t done, void *userdata);
/* result->children: names, in no order; `watch` fires once on a change, may be NULL. */
int fence_request_list(struct session *s, zk_watch_t watch, void *watch_data, zk_done_t done,
                       void *userdata);
/* result->data (znode_json_decode_request), czxid, mzxid, version. */
int fence_request_get(struct session *s, const char *name, zk_watch_t watch, void *watch_data,
                      zk_done_t done, void *userdata);
/* multi[check(own latch), set(request, version)]: taken, or the result; op 1 is the request. */
int fence_request_set(struct session *s, const struct latch_name *latch, const char *name,
                      const struct request_node *request, int32_t version, zk_done_t done,
                      void *userdata);
int fence_request_delete(struct session *s, const char *name, zk_done_t done, void *userdata);

/* The maintenance node, by any member; `version` -1: create it. */
int fence_set_maintenance(struct session *s, const struct maintenance_node *m, int32_t version,
                          zk_done_t done, void *userdata);
