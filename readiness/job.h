/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Flink job as far as somebody told it: the REST API of a running one (readiness/job_rest), or
 * the library when one is submitted.  Each field can be "not known", and then no check speaks of
 * it.
 *
 * Pure, allocates.  All texts are the job's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "readiness/restore.h"

enum { JOB_ID_SIZE = METADATA_ID_SIZE };

enum job_truth { JOB_NOT_KNOWN, JOB_NO, JOB_YES };

struct job_vertex { /* a chain of operators */
	uint8_t id[JOB_ID_SIZE];
	char *name;
	int32_t parallelism;
	int32_t max_parallelism; /* 0: not known */
	enum restore_max max;
	bool is_source; /* nothing comes before it */
};

enum { JOB_NO_VERTEX = -1 };

struct job_operator {
	uint8_t id[JOB_ID_SIZE];
	char *name, *uid; /* NULL: not known */
	enum job_truth has_uid;
	int32_t vertex; /* index, or JOB_NO_VERTEX */
};

enum job_backend { JOB_BACKEND_NOT_KNOWN, JOB_HASHMAP, JOB_ROCKSDB, JOB_FORST, JOB_OTHER_BACKEND };
enum job_storage { JOB_STORAGE_NOT_KNOWN, JOB_IN_JOBMANAGER, JOB_IN_FILES, JOB_OTHER_STORAGE };

struct job_checkpointing {
	enum job_truth enabled;
	int64_t interval_ms, timeout_ms; /* 0: not known */
	enum job_truth retained;         /* when the job is cancelled */
	enum job_backend backend;
	enum job_storage storage;
	enum job_truth incremental, changelog, unaligned;
	char *dir; /* URI; NULL: not known */
};

struct job_checkpoints { /* that were taken */
	bool known;
	int64_t completed, failed;
	char *path; /* URI of the latest complete one; NULL: none, or it has no address */
	int64_t id, size;
	bool is_savepoint;
};

struct job_old_operator {
	uint8_t id[JOB_ID_SIZE];
	int32_t parallelism, max_parallelism;
	bool has_state;
};

struct job_restore { /* what the job is to go on from; path NULL: from nothing */
	char *path;
	bool allow_left;
	struct job_old_operator *operators;
	size_t n_operators;
};

struct job {
	uint8_t id[JOB_ID_SIZE];
	char *name, *state;
	int32_t max_parallelism; /* of the whole job: -1 nobody has set it, 0 not known */
	bool restored;           /* its state is from an earlier life */
	struct job_vertex *vertices;
	size_t n_vertices;
	struct job_operator *operators;
	size_t n_operators;
	bool all_known; /* the operators are all there are; else the heads of chains */
	struct job_checkpointing checkpointing;
	struct job_checkpoints taken;
	struct job_restore restore;
};

void job_done(struct job *j);

/* Of Flink's names: "hashmap", "HashMapStateBackend", "EmbeddedRocksDBStateBackend". */
enum job_backend job_backend_parse(const char *name);
enum job_storage job_storage_parse(const char *name);
const char *job_backend_text(enum job_backend backend);

/* By what its vertices show, where nobody has said it.  A number that is Flink's default may have
 * been set all the same; then it does not matter. */
enum restore_max job_guess_max(const struct job *j, const struct job_vertex *v);

/* NULL: it is the first operator of no chain. */
const struct job_vertex *job_find_vertex(const struct job *j, const uint8_t id[JOB_ID_SIZE]);
