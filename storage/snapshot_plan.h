/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the next snapshot is due, which one waits for the register to name it, and what may go since
 * (PROTOCOL B2, B3, B9; DESIGN 6).  A part of the commit queue, of one term.
 *
 *   nothing -> being written -> waiting -> named, with the next register write -> nothing
 *
 * Pure: no I/O, no clock, no logging.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/log_position.h"

enum { SNAPSHOT_MIN_LOG = 16 * 1024 * 1024 }; /* below it none is worth its trouble */

struct snapshot_plan {
	struct log_snapshot named, previous; /* the register's, as last known */
	struct log_snapshot waiting;         /* written and read back; epoch 0 = none */
	uint64_t min_log;
	uint64_t log;        /* bytes of the log behind `named` */
	uint64_t log_behind; /* .. of which this much did not go into the one under way: */
	bool wanted;         /* however short the log is */
	bool writing;
	uint64_t ticket;   /* of what is being written */
	uint64_t sequence; /* .. and up to where it goes */
	uint64_t failed; /* the last one that failed went up to here, and its file may be there; 0 =
	                    none */
	uint64_t try_at; /* after a failure: not before the log is as long as this */
	bool clean_due;
};

/*
 * While others lead: so many bytes of the log were read, `whole`: all that lies behind what the
 * register names.  That is how long the log is when a term begins: roughly, which is enough.
 */
void snapshot_plan_followed(struct snapshot_plan *plan, const struct log_snapshot *named,
                            uint64_t bytes, bool whole);

/* A term begins; what the register names. */
void snapshot_plan_begin(struct snapshot_plan *plan, const struct log_snapshot *named,
                         const struct log_snapshot *previous);

/* So much is about to be appended, whatever comes of it. */
void snapshot_plan_grows(struct snapshot_plan *plan, uint64_t size);

/* One of all up to `sequence` is due: the log is longer than max(min_log, 2 x what a snapshot would
 * take now), or min_log is 0, or one is wanted; and none is under way. */
bool snapshot_plan_due(const struct snapshot_plan *plan, uint64_t sequence, uint64_t live);

/* B5: one is wanted, can be made, and is not named yet. */
bool snapshot_plan_wants(const struct snapshot_plan *plan, uint64_t sequence);

/*
 * It is begun, of what is committed now, up to `sequence`.  Returns the ticket for its answer.
 * *ret_discard: an earlier one of this term that failed, by its sequence, which no register names
 * or ever will; 0 = none.
 */
uint64_t snapshot_plan_write(struct snapshot_plan *plan, uint64_t sequence, uint64_t *ret_discard);

/* NULL: it failed, and is tried again when the log has grown by half the smallest one; is no longer
 * wanted sooner. */
void snapshot_plan_written(struct snapshot_plan *plan, uint64_t ticket,
                           const struct log_snapshot *snapshot);

/* One is there that the register does not name yet. */
bool snapshot_plan_waits(const struct snapshot_plan *plan);

/* What the next register write has to name: what waits, else what is named already. */
const struct log_snapshot *snapshot_plan_target(const struct snapshot_plan *plan);

/* The register names that for certain (B3: ZOK, or own mark). */
void snapshot_plan_named(struct snapshot_plan *plan, const struct log_snapshot *target);

/* The register was found to name these: the predecessor's late write (B1). */
void snapshot_plan_found(struct snapshot_plan *plan, const struct log_snapshot *named,
                         const struct log_snapshot *previous);

/* The term is over: nothing is under way, late answers are none. */
void snapshot_plan_end(struct snapshot_plan *plan);
