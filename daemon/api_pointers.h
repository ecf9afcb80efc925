/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pointers over HTTP: keys, values, conditions and the fence, checked and handed to the
 * backend.  Who may write, and when, was decided before (route table, backend).
 */
#pragma once

#include "daemon/api_request.h"

void api_pointers_get(const struct api_request *req, struct api_reply *reply);
void api_pointers_list(const struct api_request *req, struct api_reply *reply);
void api_pointers_put(const struct api_request *req, struct api_reply *reply);
void api_pointers_delete(const struct api_request *req, struct api_reply *reply);
