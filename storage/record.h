/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a log file: its header, its records and the digest over them (PROTOCOL section 5,
 * "Store.", and B6, B7).  Decides what is valid and, where something is not, names what is damaged.
 *
 * Pure: no I/O, no clock, no logging.  Decoded records and changes point into the caller's bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_position.h"

enum {
	RECORD_FILE_HEADER_SIZE = 128,
	RECORD_HEADER_MIN = 40,   /* of a record without changes */
	RECORD_CHANGE_FIXED = 12, /* of a change, before its key */
	RECORD_MAX = 1024 * 1024, /* bytes of a whole record */
	RECORD_KEY_MAX = 255,
	RECORD_VALUE_MAX = 64 * 1024,
	RECORD_CLUSTER_ID_SIZE = 16,
	RECORD_SUM_SIZE = 32,
	RECORD_TRAILER_SIZE = 4 + 4 + 8 + RECORD_SUM_SIZE /* of a snapshot */
};

enum record_error {
	RECORD_OK,
	RECORD_TRUNCATED,      /* the bytes end before it does */
	RECORD_FOREIGN,        /* magic of something else */
	RECORD_VERSION,        /* magic of a later version of ours */
	RECORD_HEADER_DAMAGED, /* checksum of the header, or sizes that contradict it */
	RECORD_OTHER_CLUSTER,  /* header valid, but of another cluster */
	RECORD_N_ERRORS_
};

/* In words, for messages. */
const char *record_error_text(enum record_error error);

enum record_file_kind { RECORD_FILE_LOG, RECORD_FILE_SNAPSHOT };

struct record_file_header {
	enum record_file_kind kind;
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	uint64_t epoch;
	uint64_t number;            /* segment; of a snapshot its sequence */
	uint64_t created_ms;        /* wall clock, for people */
	struct log_position before; /* committed end when a log file was begun; end of a snapshot */
};

void record_file_header_encode(const struct record_file_header *header,
                               uint8_t ret_bytes[RECORD_FILE_HEADER_SIZE]);

/* ret is written on RECORD_OK and RECORD_OTHER_CLUSTER.  cluster_id NULL: any. */
enum record_error record_file_header_decode(const uint8_t *bytes, size_t size,
                                            const uint8_t *cluster_id,
                                            struct record_file_header *ret);

enum record_op { RECORD_PUT = 1, RECORD_DELETE = 2, RECORD_LOST = 3 };

struct record_change {
	enum record_op op;
	uint16_t key_size;
	uint32_t value_size; /* 0 unless PUT */
	const char *key;     /* not terminated */
	const uint8_t *value;
	bool damaged; /* decoding only: the value fails its checksum (B6) */
};

struct record {
	size_t size; /* from magic to last padding */
	uint64_t sequence;
	uint64_t committed; /* sequence known as committed when this was appended (A11) */
	uint32_t n_changes;
	/* private */
	const uint8_t *bytes;
	uint32_t header_size, values_size;
};

/* Bytes that encoding will take; 0 if a limit of section 5 is broken (key, value, RECORD_MAX). */
size_t record_size(const struct record_change *changes, size_t n_changes);

/* Writes record_size() bytes.  The caller has checked that they fit. */
void record_encode(uint64_t sequence, uint64_t committed, const struct record_change *changes,
                   size_t n_changes, uint8_t *ret_bytes);

/* Checks header and sizes; values are checked by record_next().  Bytes may go on after it. */
enum record_error record_decode(const uint8_t *bytes, size_t size, struct record *ret);

/* The padding behind the values, which no checksum covers, is not zero: damaged, no key lost. */
bool record_padding_damaged(const struct record *record);

struct record_cursor {
	const struct record *record;
	uint32_t index;
	size_t key_at, value_at;
};

/* Starts with cursor = { .record = r }; false after the last change. */
bool record_next(struct record_cursor *cursor, struct record_change *ret);

/*
 * B6: the next valid header in bytes[from..size) with after < sequence <= last, and the whole
 * record there.  Records begin at multiples of 8 of the file; bytes[0] must be at one.  Returns its
 * place, or `size` when there is none.
 */
size_t record_resync(const uint8_t *bytes, size_t from, size_t size, uint64_t after, uint64_t last);

/*
 * What ends a snapshot: the number of its records, and the sum of all bytes before the sum, these
 * included.  The first RECORD_TRAILER_SIZE - RECORD_SUM_SIZE bytes, then the sum.
 */
void record_trailer_encode(uint64_t n_records,
                           uint8_t ret_bytes[RECORD_TRAILER_SIZE - RECORD_SUM_SIZE]);
/* False: the bytes are none.  Whether the sum is right is the caller's to see. */
bool record_trailer_decode(const uint8_t bytes[RECORD_TRAILER_SIZE - RECORD_SUM_SIZE],
                           uint64_t *ret_n_records);

/* SHA-256 over bytes that come piece by piece; after a failure (no memory) all say -ENOMEM. */
struct record_sum {
	void *context; /* private */
};
int record_sum_begin(struct record_sum *sum);
int record_sum_add(struct record_sum *sum, const void *bytes, size_t size);
int record_sum_end(struct record_sum *sum, uint8_t ret[RECORD_SUM_SIZE]);
void record_sum_done(struct record_sum *sum); /* frees; harmless twice */

/* B7: d' = SHA-256(d || bytes).  -ENOMEM is the only error. */
int record_digest(uint8_t digest[LOG_DIGEST_SIZE], const void *bytes, size_t size);
