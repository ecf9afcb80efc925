/* SPDX-License-Identifier: Apache-2.0 */
/* For readiness/job_*.c alone: the steps, and what findings call a job and its parts. */
#pragma once

#include "readiness/job_checks.h"

enum { JOB_OBJECT_SIZE = 2 * JOB_NAME_SIZE + 16 };

/* "job orders", and with a part "job orders, counter -> sink". */
void job_write_object(const struct job *j, const char *part, char ret[JOB_OBJECT_SIZE]);

void job_check_parallelism(const struct job_view *view, struct findings *f);
void job_check_uids(const struct job_view *view, struct findings *f);
void job_check_backend(const struct job_view *view, struct findings *f);
