/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a checkpoint or savepoint needs beside its `_metadata`: are they there?  Looks at
 * this host alone; what lies elsewhere is counted by its scheme.
 */
#pragma once

#include <jansson.h>

#include "ctl/savepoint_input.h"

/*
 * {"needed": 85, "bytes": .., "there": .., "missing": .., "short": .., "elsewhere": {"s3": 80},
 *  "not_looked_at": .., "all": .., "list": [..]}
 *
 * not_looked_at: those of this host that could not be looked at.  list: all, or with `all` false
 * those that are missing, short or could not be looked at:
 *
 * {"name": as in the file, "location": "absolute", "relative" or "merged", "path": of this host or
 *  null, "state": "missing", "bytes": it needs, "has": or null, "states": that lie in it,
 *  "why": text or null}
 *
 * NULL: not enough memory.
 */
json_t *savepoint_files_json(const struct savepoint_input *in, bool all);

/* Whether each that is on this host is there, and long enough. */
bool savepoint_files_whole(const json_t *files);
