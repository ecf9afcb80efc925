/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector's access to shared storage: nothing here blocks.  Operations run in order on a thread
 * of their own, each with a deadline; the answers come back through store_dispatch().  Snapshots,
 * cleaning, looks and signs have a second thread, beside the first: they take seconds or can wait,
 * and no commit waits for them.
 *
 * Owner: the elector's loop; all functions on its thread only.  Knows nothing of leadership: that
 * only a leader appends, and only after its claim, is the caller's business.
 *
 * B4: an operation that misses its deadline is answered (state storage-failed, error -ETIMEDOUT)
 * and its thread abandoned, with the buffers and descriptors it holds, until it returns; a new
 * thread takes over.  What it still does can only touch a dead segment, or a snapshot that nobody
 * will name.  With STORE_MAX_STUCK threads abandoned, operations fail at once until one returns; of
 * snapshots and cleaning one is enough for that, so no two threads ever write the same one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/epoch.h"
#include "base/log_position.h"
#include "base/usec.h"
#include "storage/follower.h"
#include "storage/pointer_map.h"
#include "storage/record.h"
#include "storage/sign_file.h"
#include "storage/store_state.h"

enum { STORE_MAX_STUCK = 4, STORE_MAX_SIGNS = 64, STORE_MEMBER_SIZE = 64 };

struct store_config {
	const char *path;    /* must exist; never made */
	const char *cluster; /* <path>/<cluster> is made by store_init() alone */
	const char *member;
	usec_t io_usec; /* deadline of one operation; of FOLLOW, SNAPSHOT, CLEAN, LOOK, SIGNS:
	                   without progress */
};

struct store_file {
	enum record_file_kind kind;
	uint64_t epoch, number;
};

enum store_op {
	STORE_CHECK,
	STORE_INIT,
	STORE_LIST,
	STORE_FOLLOW,
	STORE_OPEN_SEGMENT,
	STORE_APPEND,
	STORE_PROBE,
	STORE_QUARANTINE,
	STORE_SNAPSHOT,
	STORE_CLEAN,
	STORE_LOOK,
	STORE_SIGNS,
	STORE_N_OPS_
};

struct store_sign {
	char member[STORE_MEMBER_SIZE];
	char sign[SIGN_FILE_HEX + 1]; /* "": none that is one */
};

/* Valid during the callback only. */
struct store_result {
	enum store_op op;
	enum store_state state;     /* OK, or why the store cannot be used */
	int error;                  /* 0 or a negative errno, for the log */
	char text[STORE_TEXT_SIZE]; /* what happened, to which file, what to do; "" when OK */
	/* CHECK, INIT (state OK): CLUSTER may be absent; after INIT only when has_files */
	bool has_cluster_id;
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	bool has_files; /* log/ or snapshot/ hold something (A11) */
	/* LIST */
	uint64_t highest_epoch;  /* of any file in log/; 0 = none */
	uint64_t newest_segment; /* of that epoch */
	uint64_t committed_seen; /* A11: what the newest file names as committed; 0 = none */
	/* OPEN_SEGMENT */
	struct log_position position; /* end of its header */
	/* FOLLOW; .delta is already merged and NULL */
	const struct follower_result *follow;
	/* SNAPSHOT */
	struct log_snapshot snapshot;
	/* CLEAN; some may be, also when it failed */
	unsigned n_deleted;
	/* SIGNS (state OK): of whom it was asked for, in that order */
	const struct store_sign *sign;
	unsigned n_signs;
};

typedef void (*store_done_t)(const struct store_result *result, void *userdata);

struct store;

/* Before any other use of libcrypto: a thread that is left behind goes on while its process exits,
 * and must not find that cleaned up beneath it. */
void store_keep_at_exit(void);

/* Starts the thread, touches no file.  -ENOMEM, -EAGAIN, -EMFILE.. from eventfd and thread. */
int store_new(const struct store_config *config, struct store **ret);
/* Nothing is called back any more.  A stuck thread is left to itself; with what it still holds of a
 * map, which therefore has to be freed before. */
void store_free(struct store *s);
void store_freep(struct store **s);

int store_fd(const struct store *s);               /* readable: call store_dispatch() */
usec_t store_next_deadline(const struct store *s); /* CLOCK_BOOTTIME, or USEC_INFINITY */

/* Calls back for what is done or has missed its deadline; now: CLOCK_BOOTTIME. */
void store_dispatch(struct store *s, usec_t now);

/*
 * Queue an operation; done is called from store_dispatch(), once, never from within these.
 * -ENOMEM: not queued, no callback.  Arguments are copied, except `map`.
 */

/* CLUSTER: there, which id; do log/ and snapshot/ hold files?  Makes nothing.  STORE_FAILED: path
 * or CLUSTER unreadable; STORE_FOREIGN: CLUSTER is not ours; STORE_VERSION. */
int store_check(struct store *s, store_done_t done, void *userdata);

/* A11, first pair: the directories, and CLUSTER with this id unless there is one (then that is
 * answered) or there are files: a new one beside an old log would make them foreign.  Harmless when
 * all is there. */
int store_init(struct store *s, const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE], store_done_t done,
               void *userdata);

int store_list(struct store *s, store_done_t done, void *userdata);

/*
 * Read the log up to `to` and merge it into map, before the callback, on the caller's thread.  The
 * map must not change its position until then (else: answered storage-failed, -ESTALE, map
 * untouched).  on_change as for pointer_map_merge(), or _replace() where the reading began anew;
 * may be NULL.
 */
struct store_follow {
	struct pointer_map *map;
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct log_position to;
	struct log_snapshot snapshot, previous; /* the register's; epoch 0: none */
	bool anew; /* as if the map were empty; what it holds gives way to what is read */
	void (*on_change)(const struct pointer *p, void *userdata);
};
int store_follow(struct store *s, const struct store_follow *follow, store_done_t done,
                 void *userdata);

/* Whether the log is still there, from the snapshot (epoch 0: from its beginning) to its committed
 * end: files, sizes, headers.  STORE_OK, or what is wrong with which file. */
struct store_look {
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct log_position to;
	struct log_snapshot snapshot;
};
int store_look(struct store *s, const struct store_look *look, store_done_t done, void *userdata);

/* The segment that later appends go to; the one before is closed. */
struct store_segment {
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct epoch epoch;
	uint64_t number;            /* the first to try (B8) */
	uint64_t created_ms;        /* wall clock */
	struct log_position before; /* the committed end, as of the register read (B1) */
};
int store_open_segment(struct store *s, const struct store_segment *segment, store_done_t done,
                       void *userdata);

/* -EBADF in the result: no open segment, or it is dead. */
int store_append(struct store *s, const void *bytes, size_t size, store_done_t done,
                 void *userdata);

/* C2: writes, syncs and removes probe-<member>. */
int store_probe(struct store *s, store_done_t done, void *userdata);

/* B3: leader only.  Copies that file to quarantine/; number: a segment's, or a snapshot's sequence.
 */
int store_quarantine(struct store *s, const struct store_file *file, const char *reason,
                     store_done_t done, void *userdata);

/* B9: what was frozen, durable and read back; result->snapshot is what the register may name (B3).
 * Takes `frozen` over, whatever comes, and frees it on the caller's thread before the callback. */
struct store_snapshot {
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct epoch epoch;
	uint64_t created_ms; /* wall clock */
	uint64_t discard; /* an own one of this epoch up to that sequence, which failed; 0: none */
	struct frozen_map *frozen;
};
int store_snapshot(struct store *s, const struct store_snapshot *snapshot, store_done_t done,
                   void *userdata);

/* B3: leader only, and only when the register names `previous` as that for certain.  Deletes what
 * lies wholly before it, of epochs up to the own one; nothing unless it is there and whole. */
struct store_clean {
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	struct epoch epoch;
	struct log_snapshot previous;
};
int store_clean(struct store *s, const struct store_clean *clean, store_done_t done,
                void *userdata);

/* Do all write into the same storage?  Writes the own sign, unless it is there, and reads those of
 * others; only in the directory of this cluster (else STORE_MISSING, STORE_FOREIGN ..).  Of one
 * that is not there, or is something else, nothing is told; no other file is opened. */
struct store_signs {
	uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE];
	const char *own;                 /* 32 hex digits; NULL: writes nothing */
	const struct store_sign *others; /* whom to look for; .sign is not used */
	unsigned n_others;               /* at most STORE_MAX_SIGNS */
};
int store_signs(struct store *s, const struct store_signs *signs, store_done_t done,
                void *userdata);
