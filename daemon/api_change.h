/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the changes that a JobManager makes have in common: endpoints, counters, parked jobs.  The
 * epoch is required (A10), the body is an object, the answer comes when the backend has it.
 */
#pragma once

#include "daemon/api_request.h"

/* The header Jmha-Epoch.  False: missing (428) or no number (400), and the reply says so. */
bool api_change_epoch(const struct api_request *req, struct epoch *ret, struct api_reply *reply);

/* The body as an object, to be released by the caller; fields that are not known are the caller's
 * to ignore.  NULL: it is none, and the reply says so. */
json_t *api_change_body(const struct api_request *req, struct api_reply *reply);

/* The cookie for a submit of the backend, with api_change_done() as its callback.  NULL: no memory,
 * and the reply says so. */
struct api_pending *api_change_begin(const struct api_request *req, struct api_reply *reply);
void api_change_done(void *cookie, const struct change_result *result);

/* 32 lower-case hex digits, else the reply says so. */
bool api_change_jobid(const char *jobid, struct api_reply *reply);
