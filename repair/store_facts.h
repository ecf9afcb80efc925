/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is known of a store from outside: its files, what ZooKeeper says of the cluster, and
 * what can be read as far as the register says and as far as the files go.  In this order (PROTOCOL
 * A11): the files are listed before the register is read, so one that knows more than the register
 * proves that it was set back.
 *
 * Owner: the caller.  Threads: the caller's; blocks.
 */
#pragma once

#include <stdbool.h>

#include "repair/cluster_look.h"
#include "storage/inspect.h"

struct store_facts {
	struct inspection files;
	int64_t at_ms; /* wall clock */
	bool looked;   /* ZooKeeper was asked, and answered: */
	struct cluster_look look;
	bool has_read;               /* there is a register of this cluster: */
	struct follower_result read; /* what can be read up to its end */
	/* What a register that was read after that says is committed; 0: there was no need to look.
	 * A leader may have committed meanwhile what `read` has seen. */
	uint64_t committed_later;
	uint64_t epoch_here; /* the newest one that this host's member knows; 0: none, or not asked
	                      */
	bool has_end;        /* was looked for: always when there is nothing else */
	struct inspected_end end;
};

/* z NULL: the files alone.  0; -ENOMEM, or an errno of zk_calls.h; ret is to be done always. */
int store_facts_gather(const struct inspect_request *request, struct zk_calls *z, bool want_end,
                       struct store_facts *ret);
void store_facts_done(struct store_facts *facts);

/* There is a register, its cluster id is that of CLUSTER, and all of it could be read. */
bool store_facts_readable(const struct store_facts *facts);

/* A11: the store knows of a later epoch or commit than the register. */
bool store_facts_rolled_back(const struct store_facts *facts);

/* Where the log ends, and the pointers there: as the register says, or where that is of no use or
 * set back, by the files.  NULL: nothing can be read. */
const struct pointer_map *store_facts_pointers(const struct store_facts *facts,
                                               const struct log_position **ret_at);
/* .. and they are the caller's. */
struct pointer_map *store_facts_take_pointers(struct store_facts *facts,
                                              const struct log_position **ret_at);
