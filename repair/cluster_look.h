/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ZooKeeper says of a cluster when somebody from outside asks: its register, who holds a
 * latch, who is there.  Decides nothing, writes nothing.
 *
 * Owner: the caller.  Threads: the caller's; blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "election/observe.h"
#include "election/register.h"
#include "election/zk_calls.h"
#include "election/znode_json.h"

struct looked_latch {
	char name[LATCH_NAME_LEN + 1];
	char member[MEMBER_NAME_MAX + 1]; /* "" = it does not say */
};

struct cluster_look {
	usec_t at;          /* when all was answered: CLOCK_BOOTTIME */
	int register_error; /* 0; -ENOENT: none; -EBADMSG, -EPROTONOSUPPORT: see register_text */
	struct register_error register_text;
	struct register_node reg; /* when register_error is 0 */
	int32_t version;          /* of the znode, when there is one */
	unsigned n_latches;
	struct looked_latch latch[OBSERVE_MAX_LATCHES];
	unsigned n_members; /* those that can be read */
	struct member_node member[OBSERVE_MAX_MEMBERS];
};

/* 0, or an errno of zk_calls.h.  A cluster of which there is nothing yet has neither register nor
 * members. */
int cluster_look(struct zk_calls *z, struct cluster_look *ret);
void cluster_look_done(struct cluster_look *look);

static inline bool cluster_look_has_register(const struct cluster_look *look)
{
	return look->register_error == 0;
}
