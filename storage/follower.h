/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the log from a known position forward to a committed one, along the chain of headers
 * (PROTOCOL section 5 "The map is read back", A11, B5, B6, C5).  Reports what it found; judges
 * neither leadership nor eligibility.
 *
 * Where the reader's position does not lead there, or lies in files that are gone (C5), it begins
 * with the register's snapshot; when that cannot be had whole, with the one before it, or else with
 * the beginning of the log.  The digest at the end tells that each way led to the same (B7).
 * What cannot be had whole at all is read with its damage named (B6).
 *
 * Storage thread only; blocks, and waits up to retry_usec for files that are not there yet.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_position.h"
#include "base/usec.h"
#include "storage/pointer_map.h"
#include "storage/report.h"

struct follower_request {
	const char *path; /* of the cluster's directory; opened anew for each read */
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct log_position from; /* what the reader's map holds; all zeros = nothing */
	struct log_position to;   /* the register's */
	struct log_snapshot snapshot, previous; /* the register's; epoch 0: none */
	usec_t retry_usec;                      /* for absent or short files (C5) */
	atomic_uint *progress;                  /* raised with each block read; may be NULL */
};

struct follower_result {
	struct report report;
	bool whole;                /* delta is the whole map, ... */
	bool restarted;            /* ... and that of the reader was of no use */
	struct pointer_map *delta; /* NULL unless OK; its position is `to` */
	uint64_t records, bytes;   /* of the log that were applied, behind the snapshot if any */
	char passed_over[STORE_TEXT_SIZE]; /* why not the register's snapshot, though OK; "" */
	bool passed_damaged;               /* .. its bytes are wrong (B5) */
	/*
	 * A11: the highest sequence that a valid record past `to` names as committed; 0 = none.  It
	 * proves a rolled back register only if a register read (after sync) *after* this reading
	 * is still below it: a leader may have committed in between.
	 */
	uint64_t committed_seen;
};

/* Fills ret always; follower_result_done() frees what it holds. */
void follower_read(const struct follower_request *request, struct follower_result *ret);
void follower_result_done(struct follower_result *result);
