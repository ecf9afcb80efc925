/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the store, as the storage thread runs them: blocking, with nothing but what the
 * job holds.  A job that misses its deadline is left to its thread, with all that it owns.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "storage/segment.h"
#include "storage/store.h"

/* Copies of struct store_config; never changed, so read by all threads. */
struct store_place {
	char *path;
	char *cluster_path; /* <path>/<cluster> */
	char *cluster, *member;
	usec_t io_usec;
};

struct store_job {
	/* the queue's (storage/store_thread.c) */
	struct store_job *next;
	usec_t started; /* CLOCK_BOOTTIME */
	unsigned progress_seen;
	atomic_uint progress;
	bool answered; /* late: comes back only to be freed where it was made */
	/* the caller's */
	store_done_t done;
	void *userdata;
	struct pointer_map *map; /* FOLLOW: touched by the loop alone */
	void (*on_change)(const struct pointer *p, void *userdata);
	/* in */
	const struct store_place *place;
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct log_position from, to;           /* FOLLOW; LOOK: to */
	struct log_snapshot snapshot, previous; /* FOLLOW; CLEAN: previous; LOOK: snapshot */
	bool anew;                              /* FOLLOW */
	struct store_segment segment; /* OPEN_SEGMENT; QUARANTINE: epoch and number; SNAPSHOT,
	                                 CLEAN: epoch */
	enum record_file_kind kind;   /* QUARANTINE */
	struct frozen_map *frozen;    /* SNAPSHOT; owned, the loop's to free */
	uint64_t discard;             /* SNAPSHOT */
	void *bytes; /* APPEND; QUARANTINE: the reason, as a string; SIGNS: struct store_sign[],
	                also out; owned */
	size_t size;
	char own_sign[SIGN_FILE_HEX + 1]; /* SIGNS */
	/* out */
	struct store_result result; /* .op is in */
	struct follower_result follow;
};

/* segment: the thread's own; nobody else knows it (B4). */
void store_ops_run(struct store_job *job, struct segment **segment);

/* Fills the result with a failure: what was tried, of which file. */
void store_ops_fail(struct store_job *job, int error, const char *what, const char *name);

void store_job_free(struct store_job *job);
