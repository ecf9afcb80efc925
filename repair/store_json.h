/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a store as JSON: what `jmhactl store show`, `verify` and `recover` print by
 * --json, and make their tables of.
 *
 * Every function returns a new reference, NULL when memory ran out.
 */
#pragma once

#include <jansson.h>

#include "repair/recover_plan.h"
#include "repair/store_facts.h"

/*
 * {"version": 1, "cluster", "path", "cluster_id" or null, "register": null or its contents with
 * "readable" and "rolled_back", "members": [{"member", "host", "eligible"}], "files": [{"kind",
 * "name", "state", "text", "bytes", "epoch", "number", "created_ms", "records", "first", "last"}],
 * "bytes", "highest_epoch", "position": null or {...}, "pointers", "own_keys", "damaged_keys",
 * "behind": changes past it}
 */
json_t *store_json_show(const struct store_facts *facts, const char *cluster, const char *path);

/*
 * [{"severity": "error" or "note", "object", "offset", "sequence", "key", "records", "text"}]: all
 * that is wrong with the store, or worth to know, but for what its pointers point to.
 */
json_t *store_json_findings(const struct store_facts *facts);

/* {"verdict", "why", "todo", "doubt", "epoch", "position", "snapshot", "missing": {..}, "unsure":
 * {..}} */
json_t *store_json_plan(const struct recover_plan *plan);

/* Adds a finding; false when memory ran out. */
bool store_json_add(json_t *findings, const char *severity, const char *object, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
