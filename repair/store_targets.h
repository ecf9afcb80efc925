/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pointers point to, where their value says it as the Java library writes it: a JSON object
 * with `target` (a URI) and `bytes`.  Looks at no file: that is the caller's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "storage/pointer_map.h"

struct store_target {
	const char *key, *uri;
	uint64_t bytes;
};

/* Calls on_target for each pointer with a target; returns how many there were. */
size_t store_targets_each(const struct pointer_map *map,
                          void (*on_target)(void *userdata, const struct store_target *target),
                          void *userdata);
