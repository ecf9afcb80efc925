/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters over HTTP: numbers of which each is handed out once (D15).  Every member reads, the
 * leader hands out.
 */
#pragma once

#include "daemon/api_request.h"

void api_counters_list(const struct api_request *req, struct api_reply *reply);
void api_counters_get(const struct api_request *req, struct api_reply *reply);
void api_counters_post(const struct api_request *req, struct api_reply *reply);
void api_counters_put(const struct api_request *req, struct api_reply *reply);
void api_counters_delete(const struct api_request *req, struct api_reply *reply);
