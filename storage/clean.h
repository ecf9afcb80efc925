/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletes what nobody can need any more (PROTOCOL B3): files of epochs up to the own one that lie
 * wholly before the *previous* snapshot, never those that are only not referenced.
 *
 * What lies there stays useless for ever, as the register's snapshots only move forward: this does
 * no harm however late it comes, and whoever leads by then.  That the register names both snapshots
 * for certain, and that a leader asks, is the caller's business.
 *
 * The proof before the act: the previous snapshot is read first, and has to be there, of this
 * cluster, and whole.  Else two generations are not there, and what lies before it may be all that
 * makes good the next damage; it goes when there are.
 *
 * Storage threads only; blocks.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/log_position.h"
#include "storage/record.h"
#include "storage/report.h"

struct clean_request {
	const char *path; /* of the cluster's directory */
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	uint64_t epoch; /* the own one */
	struct log_snapshot previous;
	atomic_uint *progress; /* raised with each file; may be NULL */
};

/* Goes on after a file that could not be deleted; the report tells of the first one. */
void clean_store(const struct clean_request *request, struct report *report, unsigned *ret_deleted);
