/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Flink's REST API (1.20 and 2.x) says of jobs, read into struct job.  Fields that are not
 * known are ignored, and those that are absent leave theirs "not known"; what contradicts its
 * meaning (an ID that is none, a parallelism of a million) is an error, told in one line.
 *
 * Pure, allocates.  On failure the job holds what was read before; job_done() it in any case.
 */
#pragma once

#include <stddef.h>

#include "readiness/job.h"

enum { JOB_REST_ERROR_SIZE = 240, JOB_REST_MOST_VERTICES = 10000, JOB_REST_MOST_JOBS = 100000 };

/* All: 0, -ENOMEM, or -EBADMSG with reterr. */

/* GET /jobs/<id>: *ret is begun. */
int job_rest_read(const char *json, size_t size, struct job *ret, char reterr[JOB_REST_ERROR_SIZE]);
/* GET /jobs/<id>/checkpoints */
int job_rest_read_checkpoints(const char *json, size_t size, struct job *j,
                              char reterr[JOB_REST_ERROR_SIZE]);
/* GET /jobs/<id>/checkpoints/config */
int job_rest_read_config(const char *json, size_t size, struct job *j,
                         char reterr[JOB_REST_ERROR_SIZE]);

struct job_entry {
	uint8_t id[JOB_ID_SIZE];
	char *name, *state;
};

struct job_list { /* all zeros: empty */
	struct job_entry *item;
	size_t n;
};

/* GET /jobs/overview */
int job_rest_read_list(const char *json, size_t size, struct job_list *ret,
                       char reterr[JOB_REST_ERROR_SIZE]);
void job_list_done(struct job_list *l);
