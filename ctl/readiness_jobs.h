/* SPDX-License-Identifier: Apache-2.0 */
/* Which of Flink's jobs somebody means.  Pure. */
#pragma once

#include "ctl/exit_code.h"
#include "readiness/job_rest.h"

enum { READINESS_JOBS_ERROR_SIZE = 400 };

/*
 * name: an ID, a name, or the beginning of either that only one has; of several jobs with it those
 * that run come first.  NULL: every job that runs.
 *
 * Moves those that are meant to the front and says in *ret_n how many there are; EXIT_FAILED: there
 * is none of that name, EXIT_USAGE: several, and reterr says which.
 */
enum exit_code readiness_jobs_choose(struct job_list *l, const char *name, size_t *ret_n,
                                     char reterr[READINESS_JOBS_ERROR_SIZE]);
