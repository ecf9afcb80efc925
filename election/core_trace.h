/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as text, for tests, simulation and debug logs: "arm:7@1200 grant:7".  Names are those of
 * enum core_command_type in lower case; `:epoch`, `@deadline in ms`, `=cause` where they matter.
 * Pure.
 */
#pragma once

#include <stddef.h>

#include "election/core.h"

/* Writes at most `size` bytes with the final zero; returns buf.  Cut off when it does not fit. */
char *core_trace(const struct core_out *out, char *buf, size_t size);

const char *core_command_name(enum core_command_type type);
const char *core_event_name(enum core_event_type type);
const char *core_phase_name(enum core_phase phase);
