/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people see of the daemon's JSON: tables and sentences.  Pure but for the FILE; the same JSON
 * gives the same text.  What comes from elsewhere is printed without control characters.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/table.h"

/* GET /v1/status */
void view_status(FILE *f, const json_t *status);

/* GET /v1/cluster */
void view_cluster(FILE *f, const json_t *cluster);

/* GET /v1/history */
void view_history(FILE *f, const json_t *history);

/* GET /v1/pointers, which comes in parts: begin, add each, end.  Of a part the values are not kept.
 * The table is the caller's; NULL or -ENOMEM when memory ran out. */
struct table *view_pointers_begin(void);
int view_pointers_add(struct table *t, const json_t *part);
void view_pointers_end(FILE *f, const struct table *t, uint64_t sequence);

/* One line of GET /v1/events; a heartbeat prints nothing. */
void view_event(FILE *f, const json_t *event);

/* What a finished switchover or step-down says. */
void view_operator(FILE *f, const json_t *result);

/* "5.1 s", "12.3 ms", "3 min"; "" when negative. */
void view_format_ms(double ms, char *ret, size_t size);
