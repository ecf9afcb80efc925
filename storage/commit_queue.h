/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which pointer changes share a commit, and when and how each is answered (PROTOCOL B1, B2,
 * B4, B9, D7, D15).  A commit is a record in the own segment, then a register write that names its
 * end; acknowledged after both.
 *
 * Pure: no I/O, no clock, no logging.  Owner: the elector's loop; one thread.  The map is borrowed
 * and changed only when a commit is certain (B9).
 *
 * The caller takes actions with commit_queue_next() until it returns false, carries each out in
 * that order, and answers those that ask for something with their ticket, exactly once, never from
 * within. Answers with an old ticket (of a term that was aborted) are ignored, so late ones do no
 * harm.
 *
 * Snapshots are begun beside that, after commits, and named by the next register write: one that a
 * commit makes, or else one of its own.  So there is still one such write at a time (B2).
 *
 *   OFF -> OPENING -> READY -> APPENDING -> MOVING -> (READY)
 *             ^                    |          | unknown, bad version
 *             |  dead segment      |          v
 *             +--------------------+       READING -> MOVING | READY | CATCHING_UP -> OPENING | OFF
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/epoch.h"
#include "base/log_position.h"
#include "storage/pointer_map.h"

enum {
	COMMIT_MAX_WAITING = 4096, /* then `busy` */
	COMMIT_MAX_CHANGES = 512,  /* in one record */
	COMMIT_LATCH_NAME_MAX = 64,
	COMMIT_SEGMENT_MAX = 64 * 1024 * 1024 /* then the next segment */
};

/* Codes of DESIGN section 8. */
enum commit_result {
	COMMIT_DONE,             /* 200: durable and fenced */
	COMMIT_PENDING,          /* from submit only: a REPLY will come */
	COMMIT_BAD_REQUEST,      /* key */
	COMMIT_NOT_FOUND,        /* delete of an absent key */
	COMMIT_CONDITION_FAILED, /* .revision: the current one, 0 = absent */
	COMMIT_NOT_LEADER,
	COMMIT_DAMAGED, /* create of a key whose value is lost: cannot be compared (D15) */
	COMMIT_FENCED,  /* another epoch; certainly not done */
	COMMIT_TOO_LARGE,
	COMMIT_BUSY,
	COMMIT_INTERNAL,       /* no memory; certainly not done */
	COMMIT_ABORTED,        /* leader changed; will never be visible */
	COMMIT_STORAGE_FAILED, /* will never be visible */
	COMMIT_STORAGE_FULL,   /* will never be visible */
	COMMIT_OUTCOME_UNKNOWN,
	COMMIT_N_RESULTS_
};

/* The stable code, "ok" for DONE. */
const char *commit_result_code(enum commit_result result);

enum commit_op { COMMIT_PUT, COMMIT_DELETE };

enum commit_condition {
	COMMIT_ALWAYS,
	COMMIT_IF_ABSENT,   /* If-None-Match: * */
	COMMIT_IF_REVISION, /* If-Match: "<revision>" */
};

struct commit_request {
	enum commit_op op;
	const char *key; /* terminated; copied, as is the value */
	const void *value;
	size_t value_size;
	enum commit_condition condition;
	uint64_t if_revision;
	struct epoch fence; /* Jmha-Epoch; 0 = none */
	bool own;           /* of jmha itself: reserved keys are allowed */
	void *cookie;       /* handed back by REPLY */
};

enum commit_action_type {
	COMMIT_NEW_SEGMENT,   /* -> commit_queue_opened() */
	COMMIT_APPEND,        /* append and fdatasync -> commit_queue_appended() */
	COMMIT_MOVE_REGISTER, /* multi[check(own latch), set(register.log)] -> commit_queue_moved()
	                       */
	COMMIT_READ_REGISTER, /* sync, read -> commit_queue_read(); the caller repeats it by itself
	                         until it has an answer or aborts the term */
	COMMIT_CATCH_UP, /* follow the log to .position, into the map -> commit_queue_caught_up() */
	COMMIT_SNAPSHOT, /* freeze the map as it is now, write that -> commit_queue_snapshotted();
	                    may take long, other actions go on */
	COMMIT_CLEAN,    /* B3: delete what lies before .snapshot, the previous one; no answer */
	COMMIT_REPLY,    /* no answer */
	COMMIT_SETTLED,  /* D7: nothing pending any more; no answer */
	COMMIT_TERM_LOST, /* another owner, or the latch is gone: step down; no answer */
};

struct commit_action {
	enum commit_action_type type;
	uint64_t ticket;
	struct epoch epoch; /* NEW_SEGMENT, SNAPSHOT, CLEAN */
	uint64_t segment;   /* NEW_SEGMENT: the first number to try (B8: EEXIST = the next) */
	struct log_position position; /* NEW_SEGMENT: for its header; MOVE_REGISTER, CATCH_UP: to */
	int32_t version;              /* MOVE_REGISTER: expected */
	struct log_snapshot snapshot; /* MOVE_REGISTER: what it is to name; CLEAN */
	uint64_t discard;     /* SNAPSHOT: the own one up to this sequence has failed; 0 = none */
	const uint8_t *bytes; /* APPEND; valid until the next call of any function here */
	size_t size;
	/* REPLY */
	void *cookie;
	enum commit_result result;
	uint64_t revision;             /* DONE, CONDITION_FAILED, NOT_FOUND (0) */
	const struct pointer *removed; /* DONE of a delete: what was there; valid as bytes are */
};

/* Answers of storage and register. */
enum commit_storage {
	COMMIT_STORED,
	COMMIT_STORE_FAILED,
	COMMIT_STORE_FULL,
	COMMIT_STORE_NOT_IN_PLACE, /* of an append: somebody has touched the file, and what was
	                              committed in it may be gone, too: it fails, and a snapshot
	                              of all that is committed is wanted */
};
enum commit_moved { COMMIT_MOVED, COMMIT_BAD_VERSION, COMMIT_LATCH_GONE, COMMIT_UNKNOWN };

/* The register as read after a sync. */
struct commit_register {
	struct epoch epoch;
	const char *latch; /* owner's; "" = none */
	int32_t version;
	struct log_position position;
	struct log_snapshot snapshot, previous; /* epoch 0: none */
};

struct commit_queue;

/* The map must outlive the queue. */
struct commit_queue *commit_queue_new(struct pointer_map *map);
void commit_queue_free(struct commit_queue *q); /* pending requests are not answered: abort first */
void commit_queue_freep(struct commit_queue **q);

/* So many bytes of the log were read into the map while the queue was off; whole: all that lies
 * behind the register's snapshot. */
void commit_queue_followed(struct commit_queue *q, const struct log_snapshot *snapshot,
                           uint64_t bytes, bool whole);

/* For all terms: a log of so many bytes is worth a snapshot (else SNAPSHOT_MIN_LOG); 0: any is. */
void commit_queue_set_min_log(struct commit_queue *q, uint64_t size);

/*
 * A term begins: claimed (or resumed), and the map is at mark->position.  Emits NEW_SEGMENT at once
 * (A11, B1).  The queue must be off.  -ENAMETOOLONG: the latch.
 */
int commit_queue_begin(struct commit_queue *q, const struct commit_register *mark);

/* PENDING: a REPLY follows; anything else is the answer, and no REPLY follows. */
enum commit_result commit_queue_submit(struct commit_queue *q,
                                       const struct commit_request *request);

bool commit_queue_next(struct commit_queue *q, struct commit_action *ret);

/* at: the end of the new file's header: its number, offset 128, digest with the header in it.
 * NULL unless STORED.  A failed opening is tried again with the next commit, or by _reopen(). */
void commit_queue_opened(struct commit_queue *q, uint64_t ticket, enum commit_storage answer,
                         const struct log_position *at);
void commit_queue_appended(struct commit_queue *q, uint64_t ticket, enum commit_storage answer);
void commit_queue_moved(struct commit_queue *q, uint64_t ticket, enum commit_moved answer,
                        int32_t new_version);
void commit_queue_read(struct commit_queue *q, uint64_t ticket,
                       const struct commit_register *found);
void commit_queue_caught_up(struct commit_queue *q, uint64_t ticket, enum commit_storage answer);
/* What was frozen, durable and read back (B3); NULL: it failed. */
void commit_queue_snapshotted(struct commit_queue *q, uint64_t ticket,
                              const struct log_snapshot *snapshot);

/* B5: in this term, a snapshot at once, however short the log is: what is served has damage that it
 * will list.  Wanted until the register names it or it has failed; or until a first commit, where
 * the register names one of the same change already. */
void commit_queue_want_snapshot(struct commit_queue *q);
bool commit_queue_wants_snapshot(const struct commit_queue *q);

/* Until let go of, what waits is not begun, so that more may come and share its commit; a record
 * full of changes is begun all the same.  For all terms. */
void commit_queue_hold(struct commit_queue *q, bool hold);
size_t commit_queue_holds(const struct commit_queue *q); /* how many wait for nothing else */

/* Try again to open a segment; nothing when one is open or the queue is busy. */
void commit_queue_reopen(struct commit_queue *q);

/* D7: refuse what is new, `aborted` for what has not begun, resolve the rest, then SETTLED. */
void commit_queue_settle(struct commit_queue *q);

/* The term is over: everything pending is answered (`aborted` only where it is true, else
 * `outcome-unknown`), the queue is off.  Harmless when it is off. */
void commit_queue_abort(struct commit_queue *q);

bool commit_queue_active(const struct commit_queue *q); /* begun, not settled or aborted */
/* The map is changed by its commits alone: also while a last one is settled. */
bool commit_queue_owns_map(const struct commit_queue *q);
bool commit_queue_segment_open(const struct commit_queue *q); /* A11: may be granted */
bool commit_queue_idle(const struct commit_queue *q);         /* no request waits or is pending */
/* Of the term; as last known. */
int32_t commit_queue_version(const struct commit_queue *q);
const struct log_position *commit_queue_committed(const struct commit_queue *q);
