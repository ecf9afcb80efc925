/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators ask for: switchover and step-down, handed to the backend, which carries them to
 * the leader (PROTOCOL D6).  Answered with the result, or after a while with 202 and an id.
 */
#pragma once

#include "daemon/api_request.h"

void api_operator_switchover(const struct api_request *req, struct api_reply *reply);
void api_operator_step_down(const struct api_request *req, struct api_reply *reply);
void api_operator_request(const struct api_request *req, struct api_reply *reply);
