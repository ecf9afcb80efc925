/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be written so that the jobs of a Flink cluster stand in the store, compared with what
 * stands there already.  Decides only; store_import carries it out.  Pure, but for allocations.
 *
 * Owner: the caller.  The plan borrows the tree.  Threads: none.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "migrate/flink_tree.h"

enum import_state {
	IMPORT_NEW,   /* to be written */
	IMPORT_SAME,  /* stands there, byte for byte */
	IMPORT_OTHER, /* something else stands there */
};

struct import_item {
	const struct flink_file *file;
	char *key;   /* "jobs/<job>", "checkpoints/<job>/<id>" */
	char *value; /* {"target":"file:/...","bytes":1234} */
	enum import_state state;
};

struct import_job {
	const struct flink_job *job;
	/* In the order of writing: the checkpoints, at last the job itself, so that a job that can
	 * be seen is whole whenever one stops in between. */
	struct import_item *items;
	size_t n_items;
	char *foreign; /* a checkpoint of this job in the store that Flink's ZooKeeper has not;
	                * NULL = none */
};

struct import_plan {
	struct import_job *jobs;
	size_t n_jobs;
	size_t n_new, n_same, n_other; /* items; a foreign checkpoint counts as n_other */
	char *marker;                  /* key of the note that an import was finished */
	bool marked;                   /* it stands in the store */
};

/* Adds what GET /v1/pointers answered, or a part of it, to an index, an object of key -> value in
 * base64, null for a damaged one.  0 or -ENOMEM. */
int import_plan_index(json_t *index, const json_t *list);

/* `jobs`, `checkpoints`, `marks`: indexes of all that stands in the store below "jobs/",
 * "checkpoints/" and "imported/".  0 or -ENOMEM. */
int import_plan_make(const struct flink_tree *tree, const char *path, const json_t *jobs,
                     json_t *checkpoints, const json_t *marks, struct import_plan **ret);
struct import_plan *import_plan_free(struct import_plan *plan); /* takes NULL; returns NULL */

static inline void import_plan_freep(struct import_plan **plan)
{
	*plan = import_plan_free(*plan);
}
