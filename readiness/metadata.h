/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `_metadata` file of a checkpoint or savepoint, versions 2 to 7, read front to back (Flink's
 * Checkpoints#loadCheckpointMetadata and MetadataV2V3SerializerBase to MetadataV7Serializer).
 *
 * What it holds is told to a visitor; nothing is kept and nothing allocated, so memory does not
 * grow with the file.  The file is not trusted: each length is compared with what is left of it,
 * nesting is bounded, and what is wrong is named with its place.  No stricter than Flink: bytes
 * behind the end of versions 2 and 3 are ignored, an unknown backend is not looked at.
 *
 * Pure: no I/O, no clock, no logging.  Texts point into the caller's bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "readiness/input.h"

enum { METADATA_ID_SIZE = 16, METADATA_DEPTH_MAX = 16 };

/* What the file says of itself behind the operators (version 4 and later). */
enum metadata_purpose {
	METADATA_UNKNOWN, /* versions 2 and 3 do not say */
	METADATA_CHECKPOINT,
	METADATA_CANONICAL, /* savepoint that any backend can read */
	METADATA_NATIVE,    /* savepoint of one backend */
	METADATA_SAVEPOINT, /* of before there were two */
};

struct metadata_file {
	int32_t version;
	int64_t checkpoint_id;
	int32_t n_master_states, n_operators;
	enum metadata_purpose purpose;
};

struct metadata_operator {
	uint8_t id[METADATA_ID_SIZE];
	struct input_text name, uid; /* version 5 and later; empty: not set */
	int32_t parallelism, max_parallelism;
	int32_t n_subtasks; /* described; others have no state */
	bool finished;      /* all of it: nothing follows */
};

/* Of which part of an operator something is the state. */
enum metadata_part {
	METADATA_COORDINATOR,
	METADATA_OPERATOR_MANAGED,
	METADATA_OPERATOR_RAW,
	METADATA_KEYED_MANAGED,
	METADATA_KEYED_RAW,
	METADATA_INPUT_CHANNEL,
	METADATA_OUTPUT_CHANNEL,
	METADATA_N_PARTS_
};

/* Type bytes of handles, as in the file. */
enum metadata_type {
	METADATA_KEY_GROUPS = 3,
	METADATA_PARTITIONABLE = 4,
	METADATA_INCREMENTAL = 5,
	METADATA_SAVEPOINT_KEY_GROUPS = 7,
	METADATA_CHANGELOG = 8,
	METADATA_CHANGELOG_BYTES = 9,
	METADATA_CHANGELOG_FILES = 10,
	METADATA_INCREMENTAL_V2 = 11,
	METADATA_KEY_GROUPS_V2 = 12,
	METADATA_CHANGELOG_FILES_V2 = 13,
	METADATA_CHANGELOG_V2 = 14,
	METADATA_FILE_MERGING_OPERATOR = 17,
	METADATA_TYPE_END
};

/* Where bytes are. */
enum metadata_location {
	METADATA_INLINE,   /* in the file itself; name says nothing */
	METADATA_ABSOLUTE, /* name = URI */
	METADATA_RELATIVE, /* name = path below the directory of the file */
	METADATA_MERGED,   /* a piece of the file `name`, which other states share */
};

struct metadata_stream {
	enum metadata_location location;
	struct input_text name;
	int64_t size; /* bytes of this state */
	int64_t from; /* MERGED: where they begin */
};

struct metadata_handle {
	enum metadata_part part;
	int32_t subtask; /* -1: of the coordinator */
	unsigned depth;  /* 0; a part of a changelog's handle: 1 and more */
	int type;        /* enum metadata_type; 0: channels and coordinators have none */
	int32_t first_key_group, n_key_groups; /* keyed state; else 0, 0 */
	int64_t size;                          /* bytes of state, its parts included */
};

enum metadata_mode { METADATA_SPLIT, METADATA_UNION, METADATA_BROADCAST };

struct metadata_state { /* a named one of operator state */
	struct input_text name;
	enum metadata_mode mode;
	int32_t n_partitions;
};

/* Each may be NULL.  A negative result ends the reading and is its result. */
struct metadata_visitor {
	int (*on_operator)(void *userdata, const struct metadata_operator *op);
	int (*on_subtask)(void *userdata, int32_t subtask, bool finished);
	int (*on_state)(void *userdata, const struct metadata_state *state);
	int (*on_stream)(void *userdata, const struct metadata_stream *stream);
	int (*on_handle)(void *userdata, const struct metadata_handle *handle); /* after these */
};

/* A word for scripts, the same for all versions of a type: "incremental". */
const char *metadata_type_code(int type);
const char *metadata_part_code(enum metadata_part part);
const char *metadata_location_code(enum metadata_location location);
/* "checkpoint", "savepoint-canonical"; NULL: UNKNOWN. */
const char *metadata_purpose_code(enum metadata_purpose purpose);

/* 0; -EBADMSG: reterr says what is wrong, and in which operator; else what the visitor returned. */
int metadata_read(const void *bytes, size_t size, const struct metadata_visitor *visitor,
                  void *userdata, struct metadata_file *ret, struct input_error *reterr);
