/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a job ready for production?  The first three of the four steps: maximum parallelism, uids,
 * state backend and checkpoints.  A check says nothing about what is not known; what could not be
 * looked at is told.  For each step there is one finding at least.
 *
 * Pure, allocates by findings.
 */
#pragma once

#include "readiness/findings.h"
#include "readiness/job.h"
#include "readiness/uid_names.h"

/* Thresholds, for docs/readiness.md and the tests. */
#define JOB_SKEW_ADVICE  1.2 /* most loaded subtask / even share */
#define JOB_SKEW_WARNING 1.5
enum {
	JOB_MAX_LARGE = 4096,        /* maximum parallelism above which.. */
	JOB_GROUP_SMALL = 64 * 1024, /* ..a key group should have so many bytes */
	JOB_HASHMAP_ERROR_TIMES = 4,
};
#define JOB_HASHMAP_LIMIT     (INT64_C(1) << 30) /* of one subtask's keyed state */
#define JOB_INCREMENTAL_LIMIT (INT64_C(1) << 30) /* of all state */

enum job_dir { JOB_DIR_NOT_KNOWN, JOB_DIR_SHARED, JOB_DIR_LOCAL };

struct job_view { /* the job, and what else is known; all borrowed */
	const struct job *job;
	const struct savepoint *latest; /* its latest checkpoint; NULL: not looked at */
	const char *unseen;             /* why not; NULL: there is none to look at */
	const struct uid_names *uids;   /* that somebody says the job has; NULL: nobody does */
	enum job_dir dir;               /* where checkpoints are kept */
	const char *dir_type;           /* "ext4"; may be NULL */
	size_t n_hosts;                 /* of the cluster's members; 0: not known */
	int64_t hashmap_limit;          /* bytes; 0: JOB_HASHMAP_LIMIT */
};

void job_check(const struct job_view *view, struct findings *f);

/* Would it go on from `from`?  With the latest checkpoint all of its operators are known. */
void job_check_restore(const struct job_view *view, const struct savepoint *from,
                       struct findings *f);

/* Does it keep state by key?  The latest checkpoint knows. */
enum job_truth job_vertex_is_keyed(const struct job_view *view, const struct job_vertex *v);

/* A maximum parallelism that suits it better, also when it grows eightfold. */
int32_t job_better_max(const struct job_vertex *v);

enum { JOB_NAME_SIZE = 160 };

/* The job's name for one of its operators; cut, one line. */
void job_operator_name(const struct job_view *view, const struct savepoint_operator *op,
                       char ret[JOB_NAME_SIZE]);
