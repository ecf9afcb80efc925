/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the znodes of a Flink cluster that used Flink's own ZooKeeper HA into one plain struct:
 *
 *	<path>/leader/latch/<one of each JobManager>          ephemeral
 *	<path>/leader/<component>/connection_info             ephemeral, of a leader
 *	<path>/jobgraphs/<job>                                Flink 1.20: pointer to a job
 *	<path>/execution-plans/<job>                          Flink 2.x: the same
 *	<path>/jobs/<job>/checkpoints/<19 digits>             pointer to a checkpoint
 *	<path>/jobs/<job>/checkpoint_id_counter
 *
 * A pointer's node has a child `locks`, whose children are the locks of living JobManagers and gone
 * when these are.  Flink deletes `locks` first, then the file, then the node: a pointer without it
 *is one that Flink had decided to delete, and its file may be gone.
 *
 * A job is taken whole or not at all: without its newest checkpoint it would silently start from an
 * older state, or an empty one.
 *
 * Pure but for what the reader does.  Owner: the caller.  Threads: none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "migrate/flink_pointer.h"

struct znode {
	char *data; /* NUL behind it; NULL when the node holds none */
	size_t size;
};
void znode_done(struct znode *z);

/* Names, in their order; the array ends with NULL. */
struct names {
	char **name;
	size_t n;
};
void names_done(struct names *names);
int names_add(struct names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Paths are absolute.  0, -ENOENT when there is no such node, or another negative errno, which ends
 * everything. */
struct znode_reader {
	int (*get)(void *userdata, const char *path, struct znode *ret);
	int (*children)(void *userdata, const char *path, struct names *ret);
	void *userdata;
};

struct flink_file {
	char name[FLINK_CHECKPOINT_LENGTH + 1]; /* of a checkpoint; "" for the job itself */
	char *target;
	uint64_t bytes;
};

struct flink_job {
	char id[FLINK_JOB_ID_LENGTH + 1];
	struct flink_file plan;
	struct flink_file *checkpoints; /* the oldest first */
	size_t n_checkpoints;
	uint64_t next_checkpoint; /* 0 = there was none yet */
};

struct flink_tree {
	struct flink_job *jobs; /* in the order of their ids */
	size_t n_jobs;
	struct names broken;  /* one message each; what they belong to is not in `jobs` */
	struct names skipped; /* left out as Flink meant it, or unknown: one message each */
};

/* Somebody of that cluster lives: *ret = one line that says who, NULL when nobody does. */
int flink_tree_find_alive(const struct znode_reader *reader, const char *path, char **ret);

/* 0, -ENOENT when there are no jobs of a Flink cluster below `path`, or what the reader said. */
int flink_tree_read(const struct znode_reader *reader, const char *path, struct flink_tree **ret);
struct flink_tree *flink_tree_free(struct flink_tree *tree); /* takes NULL; returns NULL */

static inline void flink_tree_freep(struct flink_tree **tree)
{
	*tree = flink_tree_free(*tree);
}
