/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of JSON objects, added one by one so that the compiler checks their types.  Each returns
 * false when there is no memory (or the object is NULL for that reason), so they chain by &&.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "daemon/backend.h"

/* Takes `value`. */
bool api_json_set(json_t *o, const char *key, json_t *value);

/* NULL becomes null; bytes that are no UTF-8 become '?'. */
bool api_json_text(json_t *o, const char *key, const char *text);
bool api_json_number(json_t *o, const char *key, uint64_t n);
bool api_json_bool(json_t *o, const char *key, bool value);

/* Whole milliseconds; USEC_INFINITY becomes null. */
bool api_json_ms(json_t *o, const char *key, usec_t duration);

/* Milliseconds with a fraction; USEC_INFINITY becomes null. */
bool api_json_fine_ms(json_t *o, const char *key, usec_t duration);

/* "2026-11-22T10:00:00.123Z"; USEC_INFINITY and 0 become null. */
bool api_json_time(json_t *o, const char *key, usec_t wall_clock);

bool api_json_reasons(json_t *o, const char *key, const struct reason_list *reasons);

/* {"member", "epoch"} with "age_ms" where it is somebody else, or null. */
bool api_json_leader(json_t *o, const char *key, const struct leader_view *leader);

/* Adds from, to, cause, epoch, at and the durations of a transition. */
bool api_json_transition(json_t *o, const struct transition *t);

/* Compact text and a line's end, malloc()ed; NULL = out of memory. */
char *api_json_line(const json_t *o, size_t *ret_size);
