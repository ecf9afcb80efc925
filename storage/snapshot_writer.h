/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what a frozen map holds as a snapshot (storage/snapshot.h; PROTOCOL B3, B8, B9).
 *
 * Storage threads only; blocks.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "storage/pointer_map.h"
#include "storage/record.h"
#include "storage/report.h"

struct snapshot_request {
	const char *path; /* of the cluster's directory */
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	const char *member;
	uint64_t epoch;      /* the writer's */
	uint64_t created_ms; /* wall clock */
	uint64_t discard; /* an own one of this epoch up to that sequence, which failed; 0: none */
	const struct frozen_map *frozen; /* what to write, and its position */
	atomic_uint *progress;           /* raised with each block; may be NULL */
};

/*
 * Writes it under a temporary name (epoch, sequence, member, pid), makes it durable, gives it its
 * name, makes that durable, and reads all of it back past the cache.  OK in the report: all of this
 * has been done, and the register may name it.  Else no register ever may, and what is left of the
 * file is deleted by the next one (`discard`), or with what is as old (B3): not here, as a writer
 * that was late may have given it that name, or be about to.  A file that has the name already is
 * never replaced: it is what is read back.  Where there is no room for it and a commit none is
 * begun.
 */
void snapshot_write(const struct snapshot_request *request, struct report *report);
