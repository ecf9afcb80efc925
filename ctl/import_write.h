/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of an import: pointers, counters, the note that it is done, and the order to recover.
 * Every write carries the epoch and creates only, so that a repetition does no harm and a leader
 * that changes meanwhile ends it.
 */
#pragma once

#include <stdint.h>

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/import_plan.h"
#include "ctl/options.h"

/* The epoch of the member that was asked; EXIT_NO_LEADER when it does not lead, after it has said
 * who does. */
enum exit_code import_find_epoch(struct client *c, const struct options *o, uint64_t *ret);

/* What is new in the plan; says what it did. */
enum exit_code import_write(struct client *c, const struct options *o,
                            const struct import_plan *plan, uint64_t epoch);
