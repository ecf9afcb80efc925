/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a temporary directory, for tests: written by the real segment and record code. */
#pragma once

#include "storage/follower.h"
#include "storage/segment.h"

struct files {
	char path[64];    /* temporary directory */
	char cluster[96]; /* <path>/c, with log/, snapshot/ and quarantine/ */
	int log_fd;
	uint8_t id[RECORD_CLUSTER_ID_SIZE];
	struct segment *segment; /* the last one begun */
	struct log_position at;  /* end of what was appended */
};

void files_setup(struct files *f);
void files_teardown(struct files *f);

/* Begins <epoch>-<segment>.log after `before`. */
void files_begin(struct files *f, uint64_t epoch, uint64_t segment,
                 const struct log_position *before);

/* One record with one change; value NULL: delete. */
void files_append(struct files *f, const char *key, const void *value, size_t size);
void files_put(struct files *f, const char *key, const char *value);

/* Reads from `from` (NULL: nothing) to `to`. */
void files_follow(const struct files *f, const struct log_position *from,
                  const struct log_position *to, struct follower_result *ret);

/* Writes what map holds as epoch's snapshot, whole and well. */
struct log_snapshot files_snapshot(const struct files *f, uint64_t epoch, struct pointer_map *map);
/* .. of all that the log has by now. */
struct log_snapshot files_snapshot_here(const struct files *f, uint64_t epoch);
void files_snapshot_name(const struct files *f, const struct log_snapshot *s, char ret_path[160]);

/* Text of a pointer's value, or "(none)", "(damaged)". */
const char *files_value(const struct pointer_map *map, const char *key);

/* Whole content of a file; the caller frees it. */
uint8_t *files_read(const char *path, size_t *ret_size);
void files_write(const char *path, const void *bytes, size_t size);
/* Of the log file. */
void files_name(const struct files *f, uint64_t epoch, uint64_t segment, char ret_path[160]);
void files_flip(const char *path, size_t at, unsigned bit);
