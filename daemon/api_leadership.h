/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET and PUT /v1/leadership: the daemon's own hot JobManager hears what it is granted, as a stream
 * of JSON lines, and says each second what it does.  Nobody else may.
 *
 * One stream at a time: a newer one ends the older.  Closing it is no resignation.
 */
#pragma once

#include "daemon/api_request.h"

struct api_hub;

/* Of its stream; the elector publishes the heartbeats. */
int api_leadership_hub_new(struct api_hub **ret);

void api_leadership_get(const struct api_request *req, struct api_reply *reply);
void api_leadership_put(const struct api_request *req, struct api_reply *reply);

/* A line as the stream has it; jobid with RECOVER.  NULL = out of memory. */
json_t *api_leadership_line(enum leadership_line line, const struct leadership *l,
                            const char *jobid);
