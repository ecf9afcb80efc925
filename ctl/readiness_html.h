/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `jmhactl readiness` found, as one page: no script, nothing that is loaded, light and dark.
 * For each job a picture of its key groups, at the present parallelism and at twice that, and one
 * of the state of its operators.
 *
 * Pure but for the FILE.  Whatever comes from elsewhere is escaped.
 */
#pragma once

#include <stdio.h>

#include "ctl/readiness_gather.h"

/* `when`: to be shown as the time of the report. */
void readiness_html(FILE *f, const struct readiness *r, enum finding_severity fail_on,
                    const char *when);
