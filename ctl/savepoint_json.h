/* SPDX-License-Identifier: Apache-2.0 */
/* What a checkpoint or savepoint holds, as JSON: sizes in bytes, null where the file does not tell.
 */
#pragma once

#include <jansson.h>

#include "ctl/savepoint_input.h"
#include "ctl/savepoint_names.h"

/* {"path", "file_bytes", "version", "checkpoint_id", "kind", "master_states", "state_bytes",
 * "inline_bytes", "backend", "backend_text", "changelog"}: all but its operators and files.  NULL:
 * not enough memory. */
json_t *savepoint_json_head(const struct savepoint_input *in);

/* An array: names (savepoint_names_json), parallelism, finished subtasks, state by part and by
 * type of handle, backend. */
json_t *savepoint_json_operators(const struct savepoint_input *in,
                                 const struct savepoint_names *names);
