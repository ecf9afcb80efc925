/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backup compared with what a daemon says stands in its store: what has to be written.  Decides
 * only; store_load carries it out.  Pure, but for allocations.
 *
 * Owner: the caller.  Borrows the backup.  Threads: none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "repair/backup.h"

enum load_state {
	LOAD_NEW,   /* not there; a counter: lower, or not there */
	LOAD_SAME,  /* there, byte for byte; a counter: as high, or higher */
	LOAD_OTHER, /* there, with another value */
	LOAD_LOST,  /* there, but its value was lost */
	LOAD_N_STATES_
};

struct load_item {
	const struct pointer *pointer; /* of the backup */
	bool counter;
	enum load_state state;
	uint64_t revision; /* OTHER: of what is there */
};

struct load_plan {
	struct load_item *item; /* counters, then pointers by key; not those that are damaged */
	size_t n_items;
	size_t n[LOAD_N_STATES_];
	size_t n_more; /* pointers of the store that are not in the backup */
};

/* there: what the daemon says that it has.  0 or -ENOMEM. */
int load_plan_make(const struct backup *backup, const struct backup *there, struct load_plan *ret);
void load_plan_done(struct load_plan *plan);
