/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a member tells about itself and its cluster: status, cluster, history, and the yes-or-no
 * answers for load balancers.  Formatted from a fresh question to the backend each time (P5).
 */
#pragma once

#include "daemon/api_request.h"

void api_status_get(const struct api_request *req, struct api_reply *reply);
void api_status_cluster(const struct api_request *req, struct api_reply *reply);
void api_status_history(const struct api_request *req, struct api_reply *reply);
void api_status_leader(const struct api_request *req, struct api_reply *reply);
void api_status_standby(const struct api_request *req, struct api_reply *reply);
void api_status_health(const struct api_request *req, struct api_reply *reply);

/* The object of GET /v1/status; NULL = out of memory. */
json_t *api_status_json(const struct backend *backend);
