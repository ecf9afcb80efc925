/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would a job start from a checkpoint or savepoint?  By the rules that Flink itself applies at a
 * restore (Checkpoints#loadAndValidateCheckpoint, SchedulerBase#computeVertexParallelismStore), no
 * stricter and no laxer: what it refuses is an error, what it does without a word a warning.
 *
 * Pure, allocates by findings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "readiness/findings.h"
#include "readiness/savepoint.h"

/* Whether somebody has set the maximum parallelism: only then Flink refuses another one. */
enum restore_max { RESTORE_MAX_NOT_KNOWN, RESTORE_MAX_SET, RESTORE_MAX_BY_DEFAULT };

/* Of the job. */
enum restore_backend {
	RESTORE_BACKEND_NOT_KNOWN,
	RESTORE_BACKEND_HASHMAP,
	RESTORE_BACKEND_ROCKSDB, /* or ForSt */
	RESTORE_BACKEND_HASHMAP_OR_ROCKSDB,
};

struct restore_operator {
	uint8_t id[METADATA_ID_SIZE];
	const char *name; /* for messages; NULL: by its ID */
	int32_t parallelism;
	int32_t max_parallelism; /* 0: not known */
	enum restore_max max;
	bool stateless; /* known to have no state: it cannot miss any */
};

struct restore_job {
	const struct restore_operator *operators;
	size_t n_operators;
	bool all_known;  /* the operators are all there are; else only heads of chains, say */
	bool allow_left; /* allowNonRestoredState */
	enum restore_backend backend;
};

/* Names of operators for messages: by the file, a name that somebody knows, or the ID. */
typedef const char *restore_name_t(void *userdata, const struct savepoint_operator *op);

/* Adds what there is to say; name may be NULL. */
void restore_check(const struct savepoint *from, const struct restore_job *job,
                   restore_name_t *name, void *userdata, struct findings *f);

/* A savepoint taken for a job: its operators, where nothing more is known.  -ENOMEM; free() it. */
int restore_operators_of(const struct savepoint *s, struct restore_operator **ret);
/* And with which backend it ran, as far as that tells. */
enum restore_backend restore_backend_of(const struct savepoint *s);
