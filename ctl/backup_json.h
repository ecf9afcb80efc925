/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon lists, put into a backup: of its store, or of what is compared with one.  Pure, but
 * for allocations. */
#pragma once

#include <jansson.h>

#include "repair/backup.h"

/* What GET /v1/pointers answered; also sets the sequence.  0, -ENOMEM, or -EINVAL for what is no
 * such answer. */
int backup_json_take_pointers(struct backup *b, const json_t *list);

/* What GET /v1/counters answered; one whose value is lost is left out. */
int backup_json_take_counters(struct backup *b, const json_t *list);
