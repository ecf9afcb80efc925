/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared storage of a simulated cluster, and each elector's way to it.  The code of storage/ is
 * the real one: commit queue, map, records, segments, snapshots, follower, cleaning, operations.
 * Played are the file system below it (files.c, in place of libc's calls), the thread that waits
 * for it (storage_thread.c, in place of storage/store_thread.c), the elector's loop around it
 * (committer.c), and clients (clients.c) that remember what they were told (ledger.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "election/core.h"
#include "storage/commit_queue.h"
#include "storage/segment.h"
#include "storage/store.h"

struct world;
struct request;

enum {
	SIM_HOSTS = 3,
	FILE_NAME_MAX = 96,
	MAX_FILES = 512,
	MAX_LATE = 64,
	MAX_PUTS = 34,
	N_KEYS = 4,
	MAX_HARM = 4 /* times that a file's bytes were changed */
};

/* ---- files.c ---- */

struct sim_file {
	char name[FILE_NAME_MAX]; /* "": deleted; who has it open still reads it */
	char last_name[FILE_NAME_MAX];
	uint8_t *bytes;
	size_t size, room;
	size_t durable; /* of it; the rest is lost with its writer's host */
	int writer;
	/* what the cache of a host still shows: no such name, or an earlier size */
	usec_t hidden_until[SIM_HOSTS], short_until[SIM_HOSTS];
	size_t short_size[SIM_HOSTS];
	/* where its bytes are not what was written */
	unsigned n_harm;
	struct {
		size_t from, to;
	} harm[MAX_HARM];
};

/* The calls of libc that follow are of this host; returns how long they slept. */
void files_enter(struct world *w, int host, bool torn);
usec_t files_leave(void);
void files_host_lost(struct world *w, int host);
void files_free(void);
bool files_durable(const char *name); /* there, and all of it */
/* Something that was asked for since files_enter() failed, or was not shown as it is. */
bool files_troubled(void);

/* Some durable bytes of a file become others.  false: there are none. */
bool files_harm(struct world *w);
/* Whether the file of that name has such bytes; whether a text names one that has. */
bool files_harmed(const char *name);
bool files_text_names_harmed(const char *text);
bool files_text_names_harmed_sum(const char *text); /* .. in a snapshot's sum */
/* All that a reading needs that begins with that snapshot, or (epoch 0) at the beginning of the
 * log, or at a position of it, is there as it was written. */
bool files_whole_from(const struct log_snapshot *base);
bool files_log_whole_from(const struct log_position *at);

/* ---- damage.c ---- */

/* What a member's reading of the store said: the truth, or which file is damaged. */
void damage_look(struct world *w, int member, const struct store_result *result);
void damage_followed(struct world *w, int member, const struct follower_result *follow);
/* Whether the loss of that change was said by whoever made what the member holds. */
bool damage_excuses(const struct world *w, int member, uint64_t sequence);
/* All members that can be reached refuse what is damaged and cannot be had from elsewhere. */
bool damage_refused_by_all(const struct world *w);
bool damage_refuses(const struct world *w, int member);

/* ---- storage_thread.c ---- */

/* Left to a thread that hangs: lands later, whoever leads by then (B4). */
struct late_job {
	struct store_job *job;
	struct segment *segment;
	int host;
};

void storage_asks(int member); /* of the next store_new() */
void storage_begin(struct world *w);
void storage_end(void);
void storage_host_lost(struct world *w, int host);
void storage_run(struct world *w, int member, uint32_t serial);
void storage_done(struct world *w, int member, uint32_t serial);
void storage_late(struct world *w, int member, uint32_t serial);
void storage_lands(struct world *w, unsigned late);

/* ---- committer.c ---- */

struct committer {
	struct store *store; /* NULL: no elector */
	struct commit_queue *commits;
	struct pointer_map *map;
	/* the register as last seen */
	bool has_register;
	int32_t version;
	struct log_position log;
	struct log_snapshot snapshot, previous, followed, followed_previous;
	struct log_position followed_from;
	bool following, probing, loading, load_followed, load_opened, pumping;
	bool troubled;      /* what was read last was not shown as it is */
	bool names_damage;  /* a state that is not OK is that of a damaged file, which it says */
	uint64_t damage_at; /* B6: as the elector has it; 0: none */
	uint64_t excused;   /* changes that may be lost to its map: bit n, sequence n */
	struct epoch load_epoch;
	struct epoch opened_epoch; /* of the last segment that was opened */
	uint64_t load_ticket;
	struct latch_name latch; /* of the term */
	bool read_wanted, reading;
	uint64_t read_ticket;
	enum store_state state, written;
};

void committer_begin(struct world *w, int member);
void committer_end(struct world *w, int member);
void committer_load(struct world *w, int member, struct epoch epoch);
void committer_settle(struct world *w, int member);
void committer_saw(struct world *w, int member, const struct request *r);
void committer_answer(struct world *w, int member, const struct request *r);
void committer_pump(struct world *w, int member);
/* Of the register's log, and of a storage that failed. */
void committer_look_again(struct world *w, int member);
reasons_t committer_reasons(const struct committer *c);
bool committer_loaded(const struct committer *c, struct epoch epoch);

/* ---- clients.c ---- */

void clients_ask(struct world *w, int member, uint32_t incarnation);

/* ---- ledger.c ---- */

enum put_outcome { PUT_OPEN, PUT_DONE, PUT_NEVER, PUT_UNKNOWN };

struct put {
	unsigned key;
	bool delete;
	enum put_outcome outcome;
	uint64_t revision; /* 0: not known */
};

struct ledger {
	unsigned n;
	struct put put[MAX_PUTS];
	uint64_t done[N_KEYS];    /* the highest acknowledged revision of a key */
	uint64_t acknowledged;    /* .. and of all */
	struct log_position last; /* .. which names this */
	bool after_faults;        /* something was acknowledged since */
	usec_t next_at;           /* .. until that: the next change */
	uint64_t committed;       /* by the register */
	unsigned n_done, n_unknown, n_never, n_snapshots, n_deleted;
	int looking;      /* whose map is being checked */
	uint64_t excused; /* .. that whoever reads the register's snapshot may miss */
	unsigned n_harms, n_lost;
};

/* -1: enough for this run. */
int ledger_new(struct world *w, bool delete, struct commit_request *ret);
void ledger_answer(struct world *w, int id, enum commit_result result, uint64_t revision);
void ledger_committed(struct world *w, const struct log_position *at);
void ledger_snapshot(struct world *w, const struct log_snapshot *named,
                     const struct log_snapshot *before);
void ledger_deleted(struct world *w, int member, const char *name);
void ledger_check_pointer(struct world *w, int member, const struct pointer *p);
void ledger_check_map(struct world *w, int member, const struct pointer_map *map);
