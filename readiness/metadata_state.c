/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/metadata_state.h"

#include <stdbool.h>

/* Messages name the part in which something is wrong: after that it stays. */
static void begin_part(struct metadata_reader *r, enum metadata_part part)
{
	if (r->in.result == 0)
		r->part = part;
}

static int64_t add(struct metadata_reader *r, int64_t a, int64_t b)
{
	if (a <= INT64_MAX - b)
		return a + b;
	input_fail(&r->in, r->in.at, "sizes of state add up to more than 64 bits");
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

static struct range take_range(struct metadata_reader *r)
{
	size_t at = r->in.at;
	int32_t first = input_take_int(&r->in, "first key group");
	int32_t n = input_take_int(&r->in, "number of key groups");

	if (r->in.result == 0 && (first < 0 || n < 0 || first > INT32_MAX - n))
		input_fail(&r->in, at, "%d key groups from %d on are no range", n, first);
	return (struct range){ first, n };
}

/* With a place in the stream for each. */
static struct range take_range_with_offsets(struct metadata_reader *r)
{
	struct range range = take_range(r);

	(void)input_take_bytes(&r->in, 8 * (uint64_t)range.n, "places of key groups");
	return range;
}

static void enter(struct metadata_reader *r)
{
	if (++r->depth > METADATA_DEPTH_MAX)
		input_fail(&r->in, r->in.at, "state within state, more than %d times",
		           METADATA_DEPTH_MAX);
}

static int64_t tell_stream(struct metadata_reader *r, const struct metadata_stream *stream)
{
	if (r->in.result == 0 && r->visitor->on_stream)
		input_stop(&r->in, r->visitor->on_stream(r->userdata, stream));
	return stream->size;
}

/* Returns its bytes of state. */
static int64_t read_stream(struct metadata_reader *r)
{
	size_t at = r->in.at;
	struct metadata_stream s = { .location = METADATA_INLINE };
	uint8_t type = input_take_byte(&r->in, "type of a stream");
	int64_t size;

	if (r->in.result != 0)
		return 0;
	switch (type) {
	case STREAM_NONE:
		return 0;
	case STREAM_MERGED_EMPTY:
		return 0;
	case STREAM_INLINE:
		s.name = input_take_text(&r->in, "name of inlined state");
		s.size = input_take_count(&r->in, 1, "inlined bytes");
		(void)input_take_bytes(&r->in, (uint64_t)s.size, "inlined state");
		return tell_stream(r, &s);
	case STREAM_FILE:
		s.location = METADATA_ABSOLUTE;
		s.size = input_take_size(&r->in, "size of a file");
		s.name = input_take_text(&r->in, "URI of a file");
		return tell_stream(r, &s);
	case STREAM_RELATIVE:
		s.location = METADATA_RELATIVE;
		s.name = input_take_text(&r->in, "path of a file");
		s.size = input_take_size(&r->in, "size of a file");
		return tell_stream(r, &s);
	case STREAM_KEY_GROUPS:
		(void)take_range_with_offsets(r);
		enter(r);
		size = read_stream(r);
		r->depth--;
		return size;
	case STREAM_MERGED:
		s.location = METADATA_MERGED;
		s.from = input_take_size(&r->in, "place within a shared file");
		s.size = input_take_size(&r->in, "size within a shared file");
		(void)input_take_int(&r->in, "scope of a shared file");
		s.name = input_take_text(&r->in, "path of a shared file");
		(void)input_take_text(&r->in, "name of a piece of a shared file");
		return tell_stream(r, &s);
	default:
		input_fail(&r->in, at, "type %u is none of a stream", type);
		return 0;
	}
}

/* RocksDB's files: where each is, and its name there. */
static int64_t read_stream_map(struct metadata_reader *r, const char *what)
{
	int32_t n = input_take_count(&r->in, 3, what);
	int64_t size = 0;

	for (int32_t i = 0; i < n && r->in.result == 0; i++) {
		(void)input_take_text(&r->in, "name of a file");
		size = add(r, size, read_stream(r));
	}
	return size;
}

/* ---- handles */

static void tell_handle(struct metadata_reader *r, int type, struct range range, int64_t size)
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

	if (r->in.result == 0 && r->visitor->on_handle)
		input_stop(&r->in, r->visitor->on_handle(r->userdata, &h));
}

static int64_t read_keyed(struct metadata_reader *r);

static int64_t read_incremental(struct metadata_reader *r, bool v2, struct range *ret)
{
	int64_t size;

	(void)input_take_long(&r->in, "number of a checkpoint");
	(void)input_take_text(&r->in, "identity of a state backend");
	*ret = take_range(r);
	if (v2)
		(void)input_take_long(&r->in, "size that is new in this checkpoint");
	size = read_stream(r);
	size = add(r, size, read_stream_map(r, "shared files"));
	size = add(r, size, read_stream_map(r, "private files"));
	if (v2)
		(void)input_take_text(&r->in, "name of a handle");
	return size;
}

static int64_t read_keyed_list(struct metadata_reader *r, const char *what)
{
	int32_t n = input_take_count(&r->in, 1, what);
	int64_t size = 0;

	for (int32_t i = 0; i < n && r->in.result == 0; i++)
		size = add(r, size, read_keyed(r));
	return size;
}

static int64_t read_changelog(struct metadata_reader *r, bool v2, struct range *ret)
{
	int64_t size;

	*ret = take_range(r);
	(void)input_take_long(&r->in, "size that is new in this checkpoint");
	size = read_keyed_list(r, "materialized states");
	size = add(r, size, read_keyed_list(r, "changes"));
	(void)input_take_long(&r->in, "number of a materialization");
	if (v2)
		(void)input_take_long(&r->in, "number of a checkpoint");
	(void)input_take_text(&r->in, "name of a handle");
	return size;
}

static int64_t read_changelog_bytes(struct metadata_reader *r, struct range *ret)
{
	struct metadata_stream s = { .location = METADATA_INLINE };
	int64_t size = 0;
	int32_t n;

	*ret = take_range(r);
	(void)input_take_long(&r->in, "first change");
	(void)input_take_long(&r->in, "end of the changes");
	n = input_take_count(&r->in, 8, "changes");
	for (int32_t i = 0; i < n && r->in.result == 0; i++) {
		(void)input_take_int(&r->in, "key group of a change");
		s.size = input_take_count(&r->in, 1, "bytes of a change");
		(void)input_take_bytes(&r->in, (uint64_t)s.size, "a change");
		size = add(r, size, tell_stream(r, &s));
	}
	(void)input_take_text(&r->in, "name of a handle");
	return size;
}

static int64_t read_changelog_files(struct metadata_reader *r, bool v2, struct range *ret)
{
	int64_t size;
	int32_t n;

	*ret = take_range(r);
	n = input_take_count(&r->in, 9, "files of changes");
	for (int32_t i = 0; i < n && r->in.result == 0; i++) {
		(void)input_take_long(&r->in, "place of changes");
		(void)read_stream(r); /* a file may hold those of others, too */
	}
	size = input_take_size(&r->in, "size of changes");
	(void)input_take_long(&r->in, "size that is new in this checkpoint");
	(void)input_take_text(&r->in, "name of a handle");
	if (v2)
		(void)input_take_text(&r->in, "name of a storage");
	return size;
}

static int64_t read_keyed_of(struct metadata_reader *r, int type, struct range *ret)
{
	int64_t size;

	switch (type) {
	case METADATA_KEY_GROUPS:
	case METADATA_SAVEPOINT_KEY_GROUPS:
	case METADATA_KEY_GROUPS_V2:
		*ret = take_range_with_offsets(r);
		size = read_stream(r);
		if (type == METADATA_KEY_GROUPS_V2)
			(void)input_take_text(&r->in, "name of a handle");
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
		input_fail(&r->in, r->in.at - 1, "type %d is none of keyed state", type);
		return 0;
	}
}

static int64_t read_keyed(struct metadata_reader *r)
{
	struct range range = { 0, 0 };
	int type = input_take_byte(&r->in, "type of keyed state");
	int64_t size;

	if (type == 0 || r->in.result != 0)
		return 0;
	enter(r);
	size = read_keyed_of(r, type, &range);
	r->depth--;
	tell_handle(r, type, range, size);
	return size;
}

void metadata_read_keyed_state(struct metadata_reader *r, enum metadata_part part)
{
	begin_part(r, part);
	(void)read_keyed(r);
}

static void read_named_states(struct metadata_reader *r)
{
	int32_t n = input_take_count(&r->in, 7, "states");

	for (int32_t i = 0; i < n && r->in.result == 0; i++) {
		struct metadata_state s = { .name = input_take_text(&r->in, "name of a state") };
		uint8_t mode = input_take_byte(&r->in, "mode of a state");

		if (mode > METADATA_BROADCAST)
			input_fail(&r->in, r->in.at - 1, "%u is no mode of a state", mode);
		s.mode = mode;
		s.n_partitions = input_take_count(&r->in, 8, "places of a state");
		(void)input_take_bytes(&r->in, 8 * (uint64_t)s.n_partitions, "places of a state");
		if (r->in.result == 0 && r->visitor->on_state)
			input_stop(&r->in, r->visitor->on_state(r->userdata, &s));
	}
}

void metadata_read_operator_state(struct metadata_reader *r, enum metadata_part part)
{
	uint8_t type;
	int64_t size;

	begin_part(r, part);
	if (input_take_int(&r->in, "whether there is state") == 0)
		return;
	type = input_take_byte(&r->in, "type of operator state");
	if (type == 0 || r->in.result != 0)
		return;
	if (type != METADATA_PARTITIONABLE && type != METADATA_FILE_MERGING_OPERATOR) {
		input_fail(&r->in, r->in.at - 1, "type %u is none of operator state", type);
		return;
	}
	read_named_states(r);
	if (type == METADATA_FILE_MERGING_OPERATOR) {
		(void)input_take_text(&r->in, "directory of a task");
		(void)input_take_text(&r->in, "shared directory");
		(void)input_take_byte(&r->in, "whether state is empty");
	}
	size = read_stream(r);
	tell_handle(r, type, (struct range){ 0, 0 }, size);
}

/* ---- channels */

static void read_channel(struct metadata_reader *r)
{
	enum { MERGED_INPUT = 3, MERGED_OUTPUT = 4 };
	uint8_t type = 0;
	int64_t size;

	if (r->version >= METADATA_WITH_CHANNEL_TYPES)
		type = input_take_byte(&r->in, "type of a channel");
	if (type > MERGED_OUTPUT)
		input_fail(&r->in, r->in.at - 1, "type %u is none of a channel", type);
	(void)input_take_int(&r->in, "subtask of a channel");
	if (type >= MERGED_INPUT) {
		size = input_take_size(&r->in, "size of a channel");
		(void)read_stream(r);
		(void)input_take_bytes(&r->in,
		                       (uint64_t)input_take_count(&r->in, 1, "places of a channel"),
		                       "places of a channel");
	} else {
		(void)input_take_int(&r->in, "gate of a channel");
		(void)input_take_int(&r->in, "number of a channel");
		(void)input_take_bytes(
		        &r->in, 8 * (uint64_t)input_take_count(&r->in, 8, "places of a channel"),
		        "places of a channel");
		size = input_take_size(&r->in, "size of a channel");
		(void)read_stream(r); /* all channels of a subtask share one */
	}
	tell_handle(r, 0, (struct range){ 0, 0 }, size);
}

void metadata_read_channels(struct metadata_reader *r, enum metadata_part part)
{
	int32_t n;

	begin_part(r, part);
	n = input_take_count(&r->in, 17, "channels");
	for (int32_t i = 0; i < n && r->in.result == 0; i++)
		read_channel(r);
}

/* ---- the coordinator */

void metadata_read_coordinator(struct metadata_reader *r)
{
	bool has = r->in.at < r->in.size && r->in.bytes[r->in.at] != STREAM_NONE;
	int64_t size;

	begin_part(r, METADATA_COORDINATOR);
	size = read_stream(r);
	if (has)
		tell_handle(r, 0, (struct range){ 0, 0 }, size);
}
