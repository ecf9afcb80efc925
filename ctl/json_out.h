/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb found that asks no daemon: as JSON, or as people see it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

void json_out(bool as_json, const json_t *json, void (*view)(FILE *f, const json_t *json));

/* A path or another text of this host, which need not be UTF-8: what is not becomes "?".  null for
 * NULL; NULL: not enough memory. */
json_t *json_out_text(const char *text);
