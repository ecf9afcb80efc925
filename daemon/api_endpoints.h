/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints over HTTP: publishing, reading, and the stream for those who follow.  Every answer
 * and line says its epoch and how fresh it is (B10).
 */
#pragma once

#include "daemon/api_request.h"

void api_endpoints_get(const struct api_request *req, struct api_reply *reply);
void api_endpoints_put(const struct api_request *req, struct api_reply *reply);
void api_endpoints_delete(const struct api_request *req, struct api_reply *reply);

/* The hub of those who follow; the context must outlive it. */
int api_endpoints_hub_new(struct api_context *api, struct api_hub **ret);

/* One line to all of them; n = 0: the whole state. */
void api_endpoints_publish(struct api_context *api, const struct endpoint_view *changes, size_t n);
void api_endpoints_heartbeat(struct api_context *api);
