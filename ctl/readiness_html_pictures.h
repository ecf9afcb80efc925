/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a report, as SVG within HTML.  Pure but for the FILE. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "readiness/job_checks.h"

/* How a vertex' key groups lie on its subtasks, now and at twice the parallelism.  false: nothing
 * is known. */
bool readiness_html_key_groups(FILE *f, const struct job_vertex *v);

/* Bars of the operators with most state; the job's latest checkpoint was looked at. */
void readiness_html_state(FILE *f, const struct job_view *view);
