/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletes what nobody can need any more (PROTOCOL B3): files of epochs up to the own one that lie
 * wholly before the *previous* snapshot, never those that are only not referenced.
 *
 * What lies there stays useless for ever, as the register's snapshots only move forward: this does
 * no harm however late it comes, and whoever leads by then.  That the register names both snapshots
 * for certain, and that a leader asks, is the caller's business.
 *
 * Storage threads only; blocks.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/log_position.h"

struct clean_request {
	const char *path; /* of the cluster's directory */
	uint64_t epoch;   /* the own one */
	struct log_snapshot previous;
	atomic_uint *progress; /* raised with each file; may be NULL */
};

/* Goes on after a failure; returns the first one, a negative errno. */
int clean_store(const struct clean_request *request, unsigned *ret_deleted);
