/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people see of the daemon's JSON: tables and sentences.  Pure but for the FILE; the same JSON
 * gives the same text.  What comes from elsewhere is printed without control characters.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* GET /v1/status */
void view_status(FILE *f, const json_t *status);

/* GET /v1/cluster */
void view_cluster(FILE *f, const json_t *cluster);

/* GET /v1/history */
void view_history(FILE *f, const json_t *history);

/* GET /v1/pointers */
void view_pointers(FILE *f, const json_t *list);

/* One line of GET /v1/events; a heartbeat prints nothing. */
void view_event(FILE *f, const json_t *event);

/* What a finished switchover or step-down says. */
void view_operator(FILE *f, const json_t *result);

/* "5.1 s", "12.3 ms", "3 min"; "" when negative. */
void view_format_ms(double ms, char *ret, size_t size);
