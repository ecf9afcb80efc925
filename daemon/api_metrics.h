/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: the numbers of status and the counters, in Prometheus' text format.
 */
#pragma once

#include "daemon/api_request.h"

void api_metrics_get(const struct api_request *req, struct api_reply *reply);
