/* SPDX-License-Identifier: Apache-2.0 */
/* What people see of a checkpoint or savepoint: tables of its JSON (ctl/savepoint_json.h).  Pure
 * but for the FILE, as ctl/views.h. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* "Checkpoint 7 (format 4, 12.3 KiB): /path/_metadata", without a newline. */
void savepoint_view_title(FILE *f, const json_t *savepoint);

/* With "operators" and "files". */
void savepoint_view_show(FILE *f, const json_t *savepoint);
