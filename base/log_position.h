/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the pointer log is committed: the place of the end, and what identifies the whole
 * history up to it (PROTOCOL B7).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { LOG_DIGEST_SIZE = 32 };

struct log_position {
	uint64_t epoch, segment; /* the file; 0, 0 = nothing was ever written */
	uint64_t offset;         /* bytes, behind the last committed record */
	uint64_t sequence;       /* of the last committed record; 0 = none */
	uint8_t digest[LOG_DIGEST_SIZE];
};

/* A snapshot as register, file name and header name it: what the log says up to `at`. */
struct log_snapshot {
	uint64_t epoch; /* of who wrote it; 0 = there is none */
	struct log_position at;
};

static inline bool log_position_same(const struct log_position *a, const struct log_position *b)
{
	return a->epoch == b->epoch && a->segment == b->segment && a->offset == b->offset &&
	       a->sequence == b->sequence && memcmp(a->digest, b->digest, LOG_DIGEST_SIZE) == 0;
}

static inline bool log_snapshot_same(const struct log_snapshot *a, const struct log_snapshot *b)
{
	return a->epoch == b->epoch && (a->epoch == 0 || log_position_same(&a->at, &b->at));
}
