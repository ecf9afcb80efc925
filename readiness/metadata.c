/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	FILE_MAGIC = 0x4960672d,
	OLDEST = 2,
	NEWEST = 7,
	WITH_COORDINATORS = 3, /* and channels, and what is finished */
	WITH_PROPERTIES = 4,
	WITH_NAMES = 5,
	WITH_CHANNEL_TYPES = 6,
	WITH_REFERENCES = 7,
	JAVA_STREAM = 0xaced0005
};
#define MASTER_MAGIC 0xc96b1696u

struct reader {
	const uint8_t *bytes;
	size_t size, at;
	int32_t version;
	const struct metadata_visitor *visitor;
	void *userdata;
	struct metadata_error *error;
	int result; /* 0: all is well so far; then nothing more is read */
	/* where we are, for messages */
	int32_t operator_at, subtask;
	enum metadata_part part;
	unsigned depth;
};

/* ---- what is wrong */

static const char *part_text(enum metadata_part part)
{
	switch (part) {
	case METADATA_COORDINATOR:
		return "state of its coordinator";
	case METADATA_OPERATOR_MANAGED:
		return "operator state";
	case METADATA_OPERATOR_RAW:
		return "raw operator state";
	case METADATA_KEYED_MANAGED:
		return "keyed state";
	case METADATA_KEYED_RAW:
		return "raw keyed state";
	case METADATA_INPUT_CHANNEL:
		return "input channels";
	case METADATA_OUTPUT_CHANNEL:
		return "output channels";
	case METADATA_N_PARTS_:
		break;
	}
	return "head";
}

__attribute__((format(printf, 3, 4))) static void fail(struct reader *r, size_t at,
                                                       const char *format, ...)
{
	struct metadata_error *e = r->error;
	va_list ap;
	int n;

	if (r->result != 0)
		return;
	r->result = -EBADMSG;
	e->offset = at;
	va_start(ap, format);
	n = vsnprintf(e->text, sizeof(e->text), format, ap);
	va_end(ap);
	if (r->operator_at < 0 || n < 0 || (size_t)n >= sizeof(e->text))
		return;
	if (r->subtask < 0)
		(void)snprintf(e->text + n, sizeof(e->text) - (size_t)n, " (operator %d, %s)",
		               r->operator_at, part_text(r->part));
	else
		(void)snprintf(e->text + n, sizeof(e->text) - (size_t)n,
		               " (operator %d, subtask %d, %s)", r->operator_at, r->subtask,
		               part_text(r->part));
}

static void told(struct reader *r, int result)
{
	if (result < 0 && r->result == 0)
		r->result = result;
}

/* ---- bytes; all zeros after a failure */

static const uint8_t *take(struct reader *r, uint64_t n, const char *what)
{
	const uint8_t *b = r->bytes + r->at;

	if (r->result != 0)
		return NULL;
	if (n > r->size - r->at) {
		fail(r, r->at, "the file ends within %s: %" PRIu64 " bytes expected, %zu are left",
		     what, n, r->size - r->at);
		return NULL;
	}
	r->at += (size_t)n;
	return b;
}

static uint64_t take_number(struct reader *r, size_t n, const char *what)
{
	const uint8_t *b = take(r, n, what);
	uint64_t v = 0;

	for (size_t i = 0; b && i < n; i++)
		v = v << 8 | b[i];
	return v;
}

static uint8_t take_byte(struct reader *r, const char *what)
{
	return (uint8_t)take_number(r, 1, what);
}

static int32_t take_int(struct reader *r, const char *what)
{
	return (int32_t)(uint32_t)take_number(r, 4, what);
}

static int64_t take_long(struct reader *r, const char *what)
{
	return (int64_t)take_number(r, 8, what);
}

/* A number of things of which each takes `each` bytes at least: more than the file can hold is
 * found here and not when it ends. */
static int32_t take_count(struct reader *r, size_t each, const char *what)
{
	size_t at = r->at;
	int32_t n = take_int(r, what);

	if (r->result != 0)
		return 0;
	if (n < 0)
		fail(r, at, "number of %s is negative: %d", what, n);
	else if ((uint64_t)n * each > r->size - r->at)
		fail(r, at, "%d %s do not fit into the %zu bytes that are left", n, what,
		     r->size - r->at);
	return r->result == 0 ? n : 0;
}

static int64_t take_size(struct reader *r, const char *what)
{
	size_t at = r->at;
	int64_t n = take_long(r, what);

	if (n >= 0)
		return n;
	fail(r, at, "%s is negative: %" PRId64, what, n);
	return 0;
}

/* Java's DataInput#readUTF; like it accepts NUL and lone surrogates. */
static bool is_utf(const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t n = b[i] < 0x80             ? 1
		           : (b[i] & 0xe0) == 0xc0 ? 2
		           : (b[i] & 0xf0) == 0xe0 ? 3
		                                   : 0;

		if (n == 0 || n > size - i)
			return false;
		for (size_t k = 1; k < n; k++)
			if ((b[i + k] & 0xc0) != 0x80)
				return false;
		i += n;
	}
	return true;
}

static struct metadata_text take_text(struct reader *r, const char *what)
{
	size_t at = r->at;
	size_t n = (size_t)take_number(r, 2, what);
	const uint8_t *b = take(r, n, what);

	if (!b)
		return (struct metadata_text){ "", 0 };
	if (!is_utf(b, n))
		fail(r, at, "%s is no text", what);
	return (struct metadata_text){ (const char *)b, n };
}

static int64_t add(struct reader *r, int64_t a, int64_t b)
{
	if (a <= INT64_MAX - b)
		return a + b;
	fail(r, r->at, "sizes of state add up to more than 64 bits");
	return 0;
}

/* ---- streams: bytes of state, here or in a file */

enum {
	STREAM_NONE = 0,
	STREAM_INLINE = 1,
	STREAM_FILE = 2,
	STREAM_KEY_GROUPS = 3,
	STREAM_RELATIVE = 6,
	STREAM_MERGED = 15,
	STREAM_MERGED_EMPTY = 16
};

struct range {
	int32_t first, n;
};

static struct range take_range(struct reader *r)
{
	size_t at = r->at;
	int32_t first = take_int(r, "first key group");
	int32_t n = take_int(r, "number of key groups");

	if (r->result == 0 && (first < 0 || n < 0 || first > INT32_MAX - n))
		fail(r, at, "%d key groups from %d on are no range", n, first);
	return (struct range){ first, n };
}

/* With a place in the stream for each. */
static struct range take_range_with_offsets(struct reader *r)
{
	struct range range = take_range(r);

	(void)take(r, 8 * (uint64_t)range.n, "places of key groups");
	return range;
}

static void enter(struct reader *r)
{
	if (++r->depth > METADATA_DEPTH_MAX)
		fail(r, r->at, "state within state, more than %d times", METADATA_DEPTH_MAX);
}

static int64_t tell_stream(struct reader *r, const struct metadata_stream *stream)
{
	if (r->result == 0 && r->visitor->on_stream)
		told(r, r->visitor->on_stream(r->userdata, stream));
	return stream->size;
}

/* Returns its bytes of state. */
static int64_t read_stream(struct reader *r)
{
	size_t at = r->at;
	struct metadata_stream s = { .location = METADATA_INLINE };
	uint8_t type = take_byte(r, "type of a stream");
	int64_t size;

	if (r->result != 0)
		return 0;
	switch (type) {
	case STREAM_NONE:
		return 0;
	case STREAM_MERGED_EMPTY:
		return 0;
	case STREAM_INLINE:
		s.name = take_text(r, "name of inlined state");
		s.size = take_count(r, 1, "inlined bytes");
		(void)take(r, (uint64_t)s.size, "inlined state");
		return tell_stream(r, &s);
	case STREAM_FILE:
		s.location = METADATA_ABSOLUTE;
		s.size = take_size(r, "size of a file");
		s.name = take_text(r, "URI of a file");
		return tell_stream(r, &s);
	case STREAM_RELATIVE:
		s.location = METADATA_RELATIVE;
		s.name = take_text(r, "path of a file");
		s.size = take_size(r, "size of a file");
		return tell_stream(r, &s);
	case STREAM_KEY_GROUPS:
		(void)take_range_with_offsets(r);
		enter(r);
		size = read_stream(r);
		r->depth--;
		return size;
	case STREAM_MERGED:
		s.location = METADATA_MERGED;
		s.from = take_size(r, "place within a shared file");
		s.size = take_size(r, "size within a shared file");
		(void)take_int(r, "scope of a shared file");
		s.name = take_text(r, "path of a shared file");
		(void)take_text(r, "name of a piece of a shared file");
		return tell_stream(r, &s);
	default:
		fail(r, at, "type %u is none of a stream", type);
		return 0;
	}
}

/* RocksDB's files: where each is, and its name there. */
static int64_t read_stream_map(struct reader *r, const char *what)
{
	int32_t n = take_count(r, 3, what);
	int64_t size = 0;

	for (int32_t i = 0; i < n && r->result == 0; i++) {
		(void)take_text(r, "name of a file");
		size = add(r, size, read_stream(r));
	}
	return size;
}

/* ---- handles */

static void tell_handle(struct reader *r, int type, struct range range, int64_t size)
{
	struct metadata_handle h = {
		.part = r->part,
		.subtask = r->subtask,
		.depth = r->depth,
		.type = type,
		.first_key_group = range.first,
		.n_key_groups = range.n,
		.size = size,
	};

	if (r->result == 0 && r->visitor->on_handle)
		told(r, r->visitor->on_handle(r->userdata, &h));
}

static int64_t read_keyed(struct reader *r);

static int64_t read_incremental(struct reader *r, bool v2, struct range *ret)
{
	int64_t size;

	(void)take_long(r, "number of a checkpoint");
	(void)take_text(r, "identity of a state backend");
	*ret = take_range(r);
	if (v2)
		(void)take_long(r, "size that is new in this checkpoint");
	size = read_stream(r);
	size = add(r, size, read_stream_map(r, "shared files"));
	size = add(r, size, read_stream_map(r, "private files"));
	if (v2)
		(void)take_text(r, "name of a handle");
	return size;
}

static int64_t read_keyed_list(struct reader *r, const char *what)
{
	int32_t n = take_count(r, 1, what);
	int64_t size = 0;

	for (int32_t i = 0; i < n && r->result == 0; i++)
		size = add(r, size, read_keyed(r));
	return size;
}

static int64_t read_changelog(struct reader *r, bool v2, struct range *ret)
{
	int64_t size;

	*ret = take_range(r);
	(void)take_long(r, "size that is new in this checkpoint");
	size = read_keyed_list(r, "materialized states");
	size = add(r, size, read_keyed_list(r, "changes"));
	(void)take_long(r, "number of a materialization");
	if (v2)
		(void)take_long(r, "number of a checkpoint");
	(void)take_text(r, "name of a handle");
	return size;
}

static int64_t read_changelog_bytes(struct reader *r, struct range *ret)
{
	struct metadata_stream s = { .location = METADATA_INLINE };
	int64_t size = 0;
	int32_t n;

	*ret = take_range(r);
	(void)take_long(r, "first change");
	(void)take_long(r, "end of the changes");
	n = take_count(r, 8, "changes");
	for (int32_t i = 0; i < n && r->result == 0; i++) {
		(void)take_int(r, "key group of a change");
		s.size = take_count(r, 1, "bytes of a change");
		(void)take(r, (uint64_t)s.size, "a change");
		size = add(r, size, tell_stream(r, &s));
	}
	(void)take_text(r, "name of a handle");
	return size;
}

static int64_t read_changelog_files(struct reader *r, bool v2, struct range *ret)
{
	int64_t size;
	int32_t n;

	*ret = take_range(r);
	n = take_count(r, 9, "files of changes");
	for (int32_t i = 0; i < n && r->result == 0; i++) {
		(void)take_long(r, "place of changes");
		(void)read_stream(r); /* a file may hold those of others, too */
	}
	size = take_size(r, "size of changes");
	(void)take_long(r, "size that is new in this checkpoint");
	(void)take_text(r, "name of a handle");
	if (v2)
		(void)take_text(r, "name of a storage");
	return size;
}

static int64_t read_keyed_of(struct reader *r, int type, struct range *ret)
{
	int64_t size;

	switch (type) {
	case METADATA_KEY_GROUPS:
	case METADATA_SAVEPOINT_KEY_GROUPS:
	case METADATA_KEY_GROUPS_V2:
		*ret = take_range_with_offsets(r);
		size = read_stream(r);
		if (type == METADATA_KEY_GROUPS_V2)
			(void)take_text(r, "name of a handle");
		return size;
	case METADATA_INCREMENTAL:
		return read_incremental(r, false, ret);
	case METADATA_INCREMENTAL_V2:
		return read_incremental(r, true, ret);
	case METADATA_CHANGELOG:
		return read_changelog(r, false, ret);
	case METADATA_CHANGELOG_V2:
		return read_changelog(r, true, ret);
	case METADATA_CHANGELOG_BYTES:
		return read_changelog_bytes(r, ret);
	case METADATA_CHANGELOG_FILES:
		return read_changelog_files(r, false, ret);
	case METADATA_CHANGELOG_FILES_V2:
		return read_changelog_files(r, true, ret);
	default:
		fail(r, r->at - 1, "type %d is none of keyed state", type);
		return 0;
	}
}

static int64_t read_keyed(struct reader *r)
{
	struct range range = { 0, 0 };
	int type = take_byte(r, "type of keyed state");
	int64_t size;

	if (type == 0 || r->result != 0)
		return 0;
	enter(r);
	size = read_keyed_of(r, type, &range);
	r->depth--;
	tell_handle(r, type, range, size);
	return size;
}

static void read_named_states(struct reader *r)
{
	int32_t n = take_count(r, 7, "states");

	for (int32_t i = 0; i < n && r->result == 0; i++) {
		struct metadata_state s = { .name = take_text(r, "name of a state") };
		uint8_t mode = take_byte(r, "mode of a state");

		if (mode > METADATA_BROADCAST)
			fail(r, r->at - 1, "%u is no mode of a state", mode);
		s.mode = mode;
		s.n_partitions = take_count(r, 8, "places of a state");
		(void)take(r, 8 * (uint64_t)s.n_partitions, "places of a state");
		if (r->result == 0 && r->visitor->on_state)
			told(r, r->visitor->on_state(r->userdata, &s));
	}
}

static void read_operator_state(struct reader *r, enum metadata_part part)
{
	uint8_t type;
	int64_t size;

	r->part = part;
	if (take_int(r, "whether there is state") == 0)
		return;
	type = take_byte(r, "type of operator state");
	if (type == 0 || r->result != 0)
		return;
	if (type != METADATA_PARTITIONABLE && type != METADATA_FILE_MERGING_OPERATOR) {
		fail(r, r->at - 1, "type %u is none of operator state", type);
		return;
	}
	read_named_states(r);
	if (type == METADATA_FILE_MERGING_OPERATOR) {
		(void)take_text(r, "directory of a task");
		(void)take_text(r, "shared directory");
		(void)take_byte(r, "whether state is empty");
	}
	size = read_stream(r);
	tell_handle(r, type, (struct range){ 0, 0 }, size);
}

/* ---- channels */

static void read_channel(struct reader *r)
{
	enum { MERGED_INPUT = 3, MERGED_OUTPUT = 4 };
	uint8_t type = 0;
	int64_t size;

	if (r->version >= WITH_CHANNEL_TYPES)
		type = take_byte(r, "type of a channel");
	if (type > MERGED_OUTPUT)
		fail(r, r->at - 1, "type %u is none of a channel", type);
	(void)take_int(r, "subtask of a channel");
	if (type >= MERGED_INPUT) {
		size = take_size(r, "size of a channel");
		(void)read_stream(r);
		(void)take(r, (uint64_t)take_count(r, 1, "places of a channel"),
		           "places of a channel");
	} else {
		(void)take_int(r, "gate of a channel");
		(void)take_int(r, "number of a channel");
		(void)take(r, 8 * (uint64_t)take_count(r, 8, "places of a channel"),
		           "places of a channel");
		size = take_size(r, "size of a channel");
		(void)read_stream(r); /* all channels of a subtask share one */
	}
	tell_handle(r, 0, (struct range){ 0, 0 }, size);
}

static void read_channels(struct reader *r, enum metadata_part part)
{
	int32_t n;

	r->part = part;
	n = take_count(r, 17, "channels");
	for (int32_t i = 0; i < n && r->result == 0; i++)
		read_channel(r);
}

/* ---- operators */

static void read_subtask(struct reader *r, const struct metadata_operator *op)
{
	size_t at = r->at;
	int32_t i = take_int(r, "number of a subtask");
	bool finished = r->version >= WITH_COORDINATORS && i < 0;

	if (r->result != 0)
		return;
	if (finished)
		i = -(i + 1);
	if (i < 0 || i >= op->parallelism) {
		fail(r, at, "subtask %d of an operator with parallelism %d", i, op->parallelism);
		return;
	}
	r->subtask = i;
	if (r->visitor->on_subtask)
		told(r, r->visitor->on_subtask(r->userdata, i, finished));
	if (finished)
		return;
	if (r->version < WITH_COORDINATORS)
		(void)take(r, 12, "unused bytes of a subtask");
	read_operator_state(r, METADATA_OPERATOR_MANAGED);
	read_operator_state(r, METADATA_OPERATOR_RAW);
	r->part = METADATA_KEYED_MANAGED;
	(void)read_keyed(r);
	r->part = METADATA_KEYED_RAW;
	(void)read_keyed(r);
	if (r->version >= WITH_COORDINATORS) {
		read_channels(r, METADATA_INPUT_CHANNEL);
		read_channels(r, METADATA_OUTPUT_CHANNEL);
	}
	if (r->version >= WITH_REFERENCES &&
	    take_byte(r, "whether another checkpoint is meant") == 1)
		(void)take_long(r, "number of another checkpoint");
}

static void read_coordinator(struct reader *r)
{
	bool has = r->at < r->size && r->bytes[r->at] != STREAM_NONE;
	int64_t size = read_stream(r);

	if (has)
		tell_handle(r, 0, (struct range){ 0, 0 }, size);
}

static void read_operator_head(struct reader *r, struct metadata_operator *ret)
{
	const uint8_t *id;
	size_t at;

	if (r->version >= WITH_NAMES) {
		ret->name = take_text(r, "name of an operator");
		ret->uid = take_text(r, "uid of an operator");
	}
	id = take(r, METADATA_ID_SIZE, "ID of an operator");
	if (id)
		memcpy(ret->id, id, METADATA_ID_SIZE);
	at = r->at;
	ret->parallelism = take_int(r, "parallelism");
	ret->max_parallelism = take_int(r, "maximum parallelism");
	if (r->result == 0 && (ret->parallelism < 0 || ret->parallelism > ret->max_parallelism))
		fail(r, at, "parallelism %d with a maximum of %d", ret->parallelism,
		     ret->max_parallelism);
}

/* The coordinator's state stands before the number of subtasks: both are looked at before the
 * operator is told, so that what follows belongs to it. */
static void read_operator(struct reader *r)
{
	struct metadata_operator op = { .name = { "", 0 }, .uid = { "", 0 } };
	const struct metadata_visitor *visitor = r->visitor, silent = { 0 };
	size_t at, behind;

	r->part = METADATA_COORDINATOR;
	r->subtask = -1;
	read_operator_head(r, &op);
	at = r->at;
	r->visitor = &silent;
	if (r->version < WITH_COORDINATORS)
		(void)take_int(r, "unused bytes of an operator");
	else
		(void)read_stream(r);
	behind = r->at;
	op.n_subtasks = take_int(r, "number of subtasks");
	op.finished = r->version >= WITH_COORDINATORS && op.n_subtasks < 0;
	if (op.finished)
		op.n_subtasks = 0;
	else if (op.n_subtasks < 0 || (uint64_t)op.n_subtasks * 4 > r->size - r->at)
		fail(r, behind, "%d subtasks do not fit into the %zu bytes that are left",
		     op.n_subtasks, r->size - r->at);
	r->visitor = visitor;
	if (r->result == 0 && visitor->on_operator)
		told(r, visitor->on_operator(r->userdata, &op));
	behind = r->at;
	if (r->version >= WITH_COORDINATORS) {
		r->at = at;
		read_coordinator(r);
	}
	r->at = behind;
	for (int32_t i = 0; i < op.n_subtasks && r->result == 0; i++)
		read_subtask(r, &op);
}

/* ---- the file */

static void read_master_state(struct reader *r)
{
	size_t at = r->at, end;
	int32_t n;

	if (take_number(r, 4, "mark of a master state") != MASTER_MAGIC)
		fail(r, at, "no mark of a master state");
	n = take_count(r, 1, "bytes of a master state");
	end = r->at + (size_t)n;
	(void)take_int(r, "version of a master state");
	(void)take_text(r, "name of a master state");
	(void)take(r, (uint64_t)take_count(r, 1, "bytes of a master state"), "a master state");
	if (r->result == 0 && r->at != end)
		fail(r, at, "master state is not of the size that it says");
}

static bool holds(const uint8_t *b, size_t size, const char *text)
{
	return memmem(b, size, text, strlen(text)) != NULL;
}

/* Java's serialization of CheckpointProperties; the names of its classes and constants tell. */
static enum metadata_purpose read_purpose(struct reader *r)
{
	const uint8_t *b = r->bytes + r->at;
	size_t size = r->size - r->at;

	if (take_number(r, 4, "properties of the checkpoint") != JAVA_STREAM)
		fail(r, r->at - 4, "no properties of the checkpoint");
	if (r->result != 0)
		return METADATA_UNKNOWN;
	if (holds(b, size, "SavepointType"))
		return holds(b, size, "CANONICAL") ? METADATA_CANONICAL
		       : holds(b, size, "NATIVE")  ? METADATA_NATIVE
		                                   : METADATA_SAVEPOINT;
	return holds(b, size, "CheckpointType") ? METADATA_CHECKPOINT : METADATA_UNKNOWN;
}

static void read_head(struct reader *r, struct metadata_file *ret)
{
	if (take_number(r, 4, "mark of a checkpoint") != FILE_MAGIC)
		fail(r, 0, "no checkpoint or savepoint: its first four bytes are not 49 60 67 2d");
	ret->version = take_int(r, "version");
	if (r->result == 0 && (ret->version < OLDEST || ret->version > NEWEST))
		fail(r, 4, "version %d of the format is not known, only %d to %d are", ret->version,
		     OLDEST, NEWEST);
	r->version = ret->version;
	ret->checkpoint_id = take_size(r, "number of the checkpoint");
	ret->n_master_states = take_count(r, 18, "master states");
	for (int32_t i = 0; i < ret->n_master_states && r->result == 0; i++)
		read_master_state(r);
	ret->n_operators = take_count(r, 28, "operators");
}

int metadata_read(const void *bytes, size_t size, const struct metadata_visitor *visitor,
                  void *userdata, struct metadata_file *ret, struct metadata_error *reterr)
{
	struct reader r = {
		.bytes = bytes,
		.size = size,
		.visitor = visitor,
		.userdata = userdata,
		.error = reterr,
		.operator_at = -1,
		.subtask = -1,
	};
	struct metadata_file file = { .purpose = METADATA_UNKNOWN };

	read_head(&r, &file);
	for (int32_t i = 0; i < file.n_operators && r.result == 0; i++) {
		r.operator_at = i;
		read_operator(&r);
	}
	r.operator_at = -1;
	if (r.version >= WITH_PROPERTIES)
		file.purpose = read_purpose(&r);
	if (r.result == 0)
		*ret = file;
	return r.result;
}
