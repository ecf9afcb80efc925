/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parked jobs over HTTP: those that the JobManager left out, why and since when, and the operator's
 * word to try one again.
 */
#pragma once

#include "daemon/api_request.h"

void api_jobs_parked(const struct api_request *req, struct api_reply *reply);
void api_jobs_park(const struct api_request *req, struct api_reply *reply);
void api_jobs_unpark(const struct api_request *req, struct api_reply *reply);
void api_jobs_recover(const struct api_request *req, struct api_reply *reply);

/* {"jobid", "why", "since"}; NULL = out of memory. */
json_t *api_jobs_json(const struct parked_job *job);
