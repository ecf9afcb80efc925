/* SPDX-License-Identifier: Apache-2.0 */
/* What `jmhactl readiness` shows, for people and for programs.  Pure but for the FILE. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/readiness_gather.h"

/* Findings by their steps, and a verdict; lines of at most `width` columns. */
void readiness_view(FILE *f, const struct readiness *r, enum finding_severity fail_on,
                    size_t width);

/* {"version":1,"ready":bool,"fail_on":..,"worst":..,"rest":..,"steps":[..],"findings":[..],
 *  "jobs":[..]}; NULL: not enough memory. */
json_t *readiness_json(const struct readiness *r, enum finding_severity fail_on);

/* "Ready: nothing found.", "Not ready: 2 errors, 1 warning." */
void readiness_verdict(FILE *f, const struct readiness *r, enum finding_severity fail_on);
