/* SPDX-License-Identifier: Apache-2.0 */
/* What people see of a store: tables and sentences of the JSON of repair/store_json.h.  Pure but
 * for the FILE, as ctl/views.h. */
#pragma once

#include <jansson.h>
#include <stdio.h>

void store_view_show(FILE *f, const json_t *store);
void store_view_verify(FILE *f, const json_t *store);

/* What recover found, and what it would write. */
void store_view_plan(FILE *f, const json_t *store, const json_t *plan);

/* "12.3 KiB" */
void store_view_bytes(long long bytes, char *ret, size_t size);
/* "2026-11-27 13:51:36Z"; "" for 0. */
void store_view_time(long long ms, char ret[32]);
