/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint or savepoint as its `_metadata` file tells it: operators, how much state each has
 * and of which kind, and the files that it needs.
 *
 * Pure, allocates.  Texts point into the bytes of the file, which have to stay.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "readiness/metadata.h"

/* Which state backend wrote keyed state; the file names none, the type of its handles tells some
 * (Flink reads a checkpoint with the backend that wrote it, and only a canonical savepoint with any
 * other). */
enum savepoint_backend {
	SAVEPOINT_STATELESS, /* no keyed state */
	SAVEPOINT_ANY,       /* canonical: each backend reads it */
	SAVEPOINT_ROCKSDB,   /* incremental: RocksDB, or ForSt */
	SAVEPOINT_UNDECIDED, /* hashmap, or RocksDB without incremental checkpoints */
	SAVEPOINT_CHANGELOG, /* changes alone, nothing materialized yet: hashmap or RocksDB */
	SAVEPOINT_MIXED,     /* not all the same: no Flink writes this */
	SAVEPOINT_N_BACKENDS_
};

struct savepoint_operator {
	uint8_t id[METADATA_ID_SIZE];
	struct input_text name, uid; /* empty: the file has none */
	int32_t parallelism, max_parallelism;
	int32_t n_subtasks; /* described; others have no state */
	int32_t n_finished; /* subtasks; all of them when `finished` */
	bool finished;
	bool has_state; /* what Flink refuses to leave behind (not the size) */
	bool changelog;
	int64_t size[METADATA_N_PARTS_];       /* bytes */
	uint32_t n_handles[METADATA_TYPE_END]; /* by their type, parts of changelogs included */
	enum savepoint_backend backend;
	/* Keyed state of the subtask that has the most. */
	int64_t largest;
	int32_t largest_subtask, n_keyed; /* subtasks with keyed state */
};

struct savepoint_file {
	enum metadata_location location; /* never INLINE */
	struct input_text name;
	int64_t size;      /* of the file; MERGED: at least so many bytes */
	uint64_t n_states; /* that lie in it */
};

struct savepoint {
	struct metadata_file head;
	struct savepoint_operator *operators; /* as in the file */
	size_t n_operators;
	struct savepoint_file *files; /* each once, by location and name */
	size_t n_files;
	int64_t size, inlined; /* bytes of all state, and of those within the file itself */
	enum savepoint_backend backend;
	bool changelog;
	/* private */
	size_t room_operators, room_files;
	const struct savepoint_operator **by_id; /* NULL: was made by hand */
};

/* 0, -ENOMEM, or -EBADMSG with reterr.  ret is to be done in any case. */
int savepoint_read(const void *bytes, size_t size, struct savepoint *ret,
                   struct input_error *reterr);
void savepoint_done(struct savepoint *s);

/* A word for scripts, and one for people. */
const char *savepoint_backend_code(enum savepoint_backend backend);
const char *savepoint_backend_text(enum savepoint_backend backend);

int64_t savepoint_operator_size(const struct savepoint_operator *op);

/* NULL: there is none; the first, should two have the same. */
const struct savepoint_operator *savepoint_find(const struct savepoint *s,
                                                const uint8_t id[METADATA_ID_SIZE]);
