/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_json.h"

#include "ctl/field.h"
#include "ctl/json_out.h"

json_t *savepoint_json_head(const struct savepoint_input *in)
{
	const struct savepoint *s = &in->savepoint;

	return json_pack("{s:o, s:I, s:i, s:I, s:s?, s:i, s:I, s:I, s:s, s:s, s:b}", "path",
	                 json_out_text(in->path), "file_bytes", (json_int_t)in->size, "version",
	                 (int)s->head.version, "checkpoint_id", (json_int_t)s->head.checkpoint_id,
	                 "kind", metadata_purpose_code(s->head.purpose), "master_states",
	                 (int)s->head.n_master_states, "state_bytes", (json_int_t)s->size,
	                 "inline_bytes", (json_int_t)s->inlined, "backend",
	                 savepoint_backend_code(s->backend), "backend_text",
	                 savepoint_backend_text(s->backend), "changelog", (int)s->changelog);
}

static json_t *state_json(const struct savepoint_operator *op)
{
	json_t *o = json_object();

	for (unsigned i = 0; o && i < METADATA_N_PARTS_; i++)
		if (json_object_set_new(o, metadata_part_code((enum metadata_part)i),
		                        json_integer(op->size[i])) < 0) {
			json_decref(o);
			return NULL;
		}
	return o;
}

/* Two versions of a type have the same word. */
static json_t *handles_json(const struct savepoint_operator *op)
{
	json_t *o = json_object();

	for (int type = 0; o && type < METADATA_TYPE_END; type++) {
		const char *key = metadata_type_code(type);

		if (op->n_handles[type] == 0)
			continue;
		if (json_object_set_new(
		            o, key, json_integer(field_int(o, key) + op->n_handles[type])) < 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static json_t *operator_json(const struct savepoint_operator *op,
                             const struct savepoint_names *names)
{
	json_t *o = savepoint_names_json(names, op);
	json_t *more = json_pack(
	        "{s:i, s:i, s:i, s:b, s:i, s:b, s:I, s:o, s:o, s:i, s:I, s:s, s:s, s:b}",
	        "parallelism", (int)op->parallelism, "max_parallelism", (int)op->max_parallelism,
	        "subtasks", (int)op->n_subtasks, "finished", (int)op->finished, "finished_subtasks",
	        (int)op->n_finished, "has_state", (int)op->has_state, "state_bytes",
	        (json_int_t)savepoint_operator_size(op), "state", state_json(op), "handles",
	        handles_json(op), "keyed_subtasks", (int)op->n_keyed, "largest_keyed_bytes",
	        (json_int_t)op->largest, "backend", savepoint_backend_code(op->backend),
	        "backend_text", savepoint_backend_text(op->backend), "changelog",
	        (int)op->changelog);

	if (o && more && json_object_update(o, more) == 0) {
		json_decref(more);
		return o;
	}
	json_decref(o);
	json_decref(more);
	return NULL;
}

json_t *savepoint_json_operators(const struct savepoint_input *in,
                                 const struct savepoint_names *names)
{
	const struct savepoint *s = &in->savepoint;
	json_t *array = json_array();

	for (size_t i = 0; array && i < s->n_operators; i++) {
		if (json_array_append_new(array, operator_json(&s->operators[i], names)) == 0)
			continue;
		json_decref(array);
		return NULL;
	}
	return array;
}
