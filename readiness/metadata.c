/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/metadata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "readiness/metadata_state.h"

enum { FILE_MAGIC = 0x4960672d, OLDEST = 2, NEWEST = 7 };
#define MASTER_MAGIC 0xc96b1696u
#define JAVA_STREAM  0xaced0005u

/* ---- where something is wrong */

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

static void say_where(const struct metadata_reader *r)
{
	struct input_error *e = r->in.error;
	size_t n = strlen(e->text);

	if (r->subtask < 0)
		(void)snprintf(e->text + n, sizeof(e->text) - n, " (operator %d, %s)",
		               r->operator_at, part_text(r->part));
	else
		(void)snprintf(e->text + n, sizeof(e->text) - n, " (operator %d, subtask %d, %s)",
		               r->operator_at, r->subtask, part_text(r->part));
}

/* ---- operators */

static void read_subtask(struct metadata_reader *r, const struct metadata_operator *op)
{
	size_t at = r->in.at;
	int32_t i = input_take_int(&r->in, "number of a subtask");
	bool finished = r->version >= METADATA_WITH_COORDINATORS && i < 0;

	if (r->in.result != 0)
		return;
	if (finished)
		i = -(i + 1);
	if (i < 0 || i >= op->parallelism) {
		input_fail(&r->in, at, "subtask %d of an operator with parallelism %d", i,
		           op->parallelism);
		return;
	}
	r->subtask = i;
	if (r->visitor->on_subtask)
		input_stop(&r->in, r->visitor->on_subtask(r->userdata, i, finished));
	if (finished)
		return;
	if (r->version < METADATA_WITH_COORDINATORS)
		(void)input_take_bytes(&r->in, 12, "unused bytes of a subtask");
	metadata_read_operator_state(r, METADATA_OPERATOR_MANAGED);
	metadata_read_operator_state(r, METADATA_OPERATOR_RAW);
	metadata_read_keyed_state(r, METADATA_KEYED_MANAGED);
	metadata_read_keyed_state(r, METADATA_KEYED_RAW);
	if (r->version >= METADATA_WITH_COORDINATORS) {
		metadata_read_channels(r, METADATA_INPUT_CHANNEL);
		metadata_read_channels(r, METADATA_OUTPUT_CHANNEL);
	}
	if (r->version >= METADATA_WITH_REFERENCES &&
	    input_take_byte(&r->in, "whether another checkpoint is meant") == 1)
		(void)input_take_long(&r->in, "number of another checkpoint");
}

static void read_operator_head(struct metadata_reader *r, struct metadata_operator *ret)
{
	const uint8_t *id;
	size_t at;

	if (r->version >= METADATA_WITH_NAMES) {
		ret->name = input_take_text(&r->in, "name of an operator");
		ret->uid = input_take_text(&r->in, "uid of an operator");
	}
	id = input_take_bytes(&r->in, METADATA_ID_SIZE, "ID of an operator");
	if (id)
		memcpy(ret->id, id, METADATA_ID_SIZE);
	at = r->in.at;
	ret->parallelism = input_take_int(&r->in, "parallelism");
	ret->max_parallelism = input_take_int(&r->in, "maximum parallelism");
	if (r->in.result == 0 && (ret->parallelism < 0 || ret->parallelism > ret->max_parallelism))
		input_fail(&r->in, at, "parallelism %d with a maximum of %d", ret->parallelism,
		           ret->max_parallelism);
}

/* The coordinator's state stands before the number of subtasks: both are looked at before the
 * operator is told, so that what follows belongs to it. */
static void read_operator(struct metadata_reader *r)
{
	struct metadata_operator op = { .name = { "", 0 }, .uid = { "", 0 } };
	const struct metadata_visitor *visitor = r->visitor, silent = { 0 };
	size_t at, behind;

	r->part = METADATA_COORDINATOR;
	r->subtask = -1;
	read_operator_head(r, &op);
	at = r->in.at;
	r->visitor = &silent;
	if (r->version < METADATA_WITH_COORDINATORS)
		(void)input_take_int(&r->in, "unused bytes of an operator");
	else
		metadata_read_coordinator(r);
	behind = r->in.at;
	op.n_subtasks = input_take_int(&r->in, "number of subtasks");
	op.finished = r->version >= METADATA_WITH_COORDINATORS && op.n_subtasks < 0;
	if (op.finished)
		op.n_subtasks = 0;
	else if (op.n_subtasks < 0 || (uint64_t)op.n_subtasks * 4 > r->in.size - r->in.at)
		input_fail(&r->in, behind,
		           "%d subtasks do not fit into the %zu bytes that are left", op.n_subtasks,
		           r->in.size - r->in.at);
	r->visitor = visitor;
	if (r->in.result == 0 && visitor->on_operator)
		input_stop(&r->in, visitor->on_operator(r->userdata, &op));
	behind = r->in.at;
	if (r->version >= METADATA_WITH_COORDINATORS) {
		r->in.at = at;
		metadata_read_coordinator(r);
	}
	r->in.at = behind;
	for (int32_t i = 0; i < op.n_subtasks && r->in.result == 0; i++)
		read_subtask(r, &op);
}

/* ---- the file */

static void read_master_state(struct metadata_reader *r)
{
	size_t at = r->in.at, end;
	int32_t n;

	if (input_take_number(&r->in, 4, "mark of a master state") != MASTER_MAGIC)
		input_fail(&r->in, at, "no mark of a master state");
	n = input_take_count(&r->in, 1, "bytes of a master state");
	end = r->in.at + (size_t)n;
	(void)input_take_int(&r->in, "version of a master state");
	(void)input_take_text(&r->in, "name of a master state");
	(void)input_take_bytes(&r->in,
	                       (uint64_t)input_take_count(&r->in, 1, "bytes of a master state"),
	                       "a master state");
	if (r->in.result == 0 && r->in.at != end)
		input_fail(&r->in, at, "master state is not of the size that it says");
}

static bool holds(const uint8_t *b, size_t size, const char *text)
{
	return memmem(b, size, text, strlen(text)) != NULL;
}

/* Java's serialization of CheckpointProperties; the names of its classes and constants tell. */
static enum metadata_purpose read_purpose(struct metadata_reader *r)
{
	const uint8_t *b = r->in.bytes + r->in.at;
	size_t size = r->in.size - r->in.at;

	if (input_take_number(&r->in, 4, "properties of the checkpoint") != JAVA_STREAM)
		input_fail(&r->in, r->in.at - 4, "no properties of the checkpoint");
	if (r->in.result != 0)
		return METADATA_UNKNOWN;
	if (holds(b, size, "SavepointType"))
		return holds(b, size, "CANONICAL") ? METADATA_CANONICAL
		       : holds(b, size, "NATIVE")  ? METADATA_NATIVE
		                                   : METADATA_SAVEPOINT;
	return holds(b, size, "CheckpointType") ? METADATA_CHECKPOINT : METADATA_UNKNOWN;
}

static void read_head(struct metadata_reader *r, struct metadata_file *ret)
{
	if (input_take_number(&r->in, 4, "mark of a checkpoint") != FILE_MAGIC)
		input_fail(&r->in, 0,
		           "no checkpoint or savepoint: its first four bytes are not 49 60 67 2d");
	ret->version = input_take_int(&r->in, "version");
	if (r->in.result == 0 && (ret->version < OLDEST || ret->version > NEWEST))
		input_fail(&r->in, 4, "version %d of the format is not known, only %d to %d are",
		           ret->version, OLDEST, NEWEST);
	r->version = ret->version;
	ret->checkpoint_id = input_take_size(&r->in, "number of the checkpoint");
	ret->n_master_states = input_take_count(&r->in, 18, "master states");
	for (int32_t i = 0; i < ret->n_master_states && r->in.result == 0; i++)
		read_master_state(r);
	ret->n_operators = input_take_count(&r->in, 28, "operators");
}

int metadata_read(const void *bytes, size_t size, const struct metadata_visitor *visitor,
                  void *userdata, struct metadata_file *ret, struct input_error *reterr)
{
	struct metadata_reader r = {
		.in = { .bytes = bytes, .size = size, .error = reterr },
		.visitor = visitor,
		.userdata = userdata,
		.operator_at = -1,
		.subtask = -1,
	};
	struct metadata_file file = { .purpose = METADATA_UNKNOWN };

	*reterr = (struct input_error){ .offset = 0 };
	read_head(&r, &file);
	for (int32_t i = 0; i < file.n_operators && r.in.result == 0; i++) {
		r.operator_at = i;
		read_operator(&r);
	}
	if (r.in.result == -EBADMSG && r.operator_at >= 0)
		say_where(&r);
	if (r.version >= METADATA_WITH_PROPERTIES)
		file.purpose = read_purpose(&r);
	if (r.in.result == 0)
		*ret = file;
	return r.in.result;
}

/* ---- words */

const char *metadata_type_code(int type)
{
	switch (type) {
	case METADATA_KEY_GROUPS:
	case METADATA_KEY_GROUPS_V2:
		return "key-groups";
	case METADATA_SAVEPOINT_KEY_GROUPS:
		return "savepoint-key-groups";
	case METADATA_INCREMENTAL:
	case METADATA_INCREMENTAL_V2:
		return "incremental";
	case METADATA_CHANGELOG:
	case METADATA_CHANGELOG_V2:
		return "changelog";
	case METADATA_CHANGELOG_BYTES:
		return "changelog-bytes";
	case METADATA_CHANGELOG_FILES:
	case METADATA_CHANGELOG_FILES_V2:
		return "changelog-files";
	case METADATA_PARTITIONABLE:
		return "operator";
	case METADATA_FILE_MERGING_OPERATOR:
		return "operator-merged";
	default:
		return "other"; /* of channels and coordinators */
	}
}

const char *metadata_part_code(enum metadata_part part)
{
	static const char *const codes[] = { "coordinator",    "operator",  "operator_raw",
		                             "keyed",          "keyed_raw", "input_channels",
		                             "output_channels" };

	return codes[part];
}

const char *metadata_location_code(enum metadata_location location)
{
	static const char *const codes[] = { "inline", "absolute", "relative", "merged" };

	return codes[location];
}

const char *metadata_purpose_code(enum metadata_purpose purpose)
{
	static const char *const codes[] = { NULL, "checkpoint", "savepoint-canonical",
		                             "savepoint-native", "savepoint" };

	return codes[purpose];
}
