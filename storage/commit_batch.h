/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes that share a record: which of the requests that wait go together (B9, D15), their
 * bytes, and what they are once that record is committed.  Pure; for storage/commit_queue.c alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "storage/commit_request.h"
#include "storage/pointer_map.h"
#include "storage/record.h"

enum { COMMIT_BATCH_MARKS = 4096 }; /* eight for each change */

struct commit_batch {
	struct request_list requests;
	struct record_change change[COMMIT_MAX_CHANGES]; /* points into the requests */
	size_t n_changes, change_bytes;
	uint64_t marked[COMMIT_BATCH_MARKS / 64]; /* a bit by the hash of each change's key */
	uint8_t *bytes;                           /* the record; NULL: not encoded */
	size_t size;
};

void commit_batch_init(struct commit_batch *b);
void commit_batch_free(struct commit_batch *b); /* what it holds; the requests too */

/* Takes from `waiting` what may share the record with this sequence.  What it would not change is
 * `done`, unless it depends on a change of the batch. */
void commit_batch_gather(struct commit_batch *b, struct request_list *waiting,
                         struct request_list *done, const struct pointer_map *map,
                         uint64_t sequence);

/* The bytes, and room in the map: after the register has moved nothing may fail.  -ENOMEM */
int commit_batch_encode(struct commit_batch *b, struct pointer_map *map, uint64_t sequence,
                        uint64_t committed);

/* It is committed: its changes go into the map, its requests to `done`. */
void commit_batch_apply(struct commit_batch *b, struct pointer_map *map, uint64_t sequence,
                        struct request_list *done);

/* For the next one; its requests have gone elsewhere. */
void commit_batch_clear(struct commit_batch *b);
