/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides about the endpoints (B10, C3): which znodes are read and when again, what is served, and
 * while this member leads, which changes share a write and how each is answered.
 *
 * Pure: no clock, no I/O; allocates.  Owner: the elector's loop.  Like the commit queue: the caller
 * takes actions with endpoint_book_next() until it returns false, carries each out and answers the
 * asking ones later, exactly once, never from within.
 *
 * Reading: every member, all the time; a node that this one made is read, too, for the sake of the
 * watch.  The epoch served never goes back; a shard counts only with the epoch of `endpoints`.
 *
 * Writing: a change is the whole node anew, with the version that was read, so that a late write of
 * an elector before us, or of ours, can only fail.  One write of a node is under way at a time, all
 * changes that wait for it share the next one.  After an unknown outcome the node is read and
 * written again until the term ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/epoch.h"
#include "election/endpoint_map.h"

enum { ENDPOINT_MAX_WAITING = 4096, ENDPOINT_MAX_READS = 8 };

enum endpoint_result {
	ENDPOINT_WRITTEN,         /* in ZooKeeper, under the fence */
	ENDPOINT_PENDING,         /* from submit only: a REPLY will come */
	ENDPOINT_FENCED,          /* another epoch, or the term is over: certainly not done */
	ENDPOINT_TOO_LARGE,       /* the node with it: .size */
	ENDPOINT_BUSY,            /* too many wait */
	ENDPOINT_REFUSED,         /* by ZooKeeper: certainly not done */
	ENDPOINT_NO_MEMORY,       /* certainly not done */
	ENDPOINT_OUTCOME_UNKNOWN, /* the term ended before it was known */
};

enum endpoint_action_type {
	ENDPOINT_READ,  /* .node, with a watch -> endpoint_book_read() */
	ENDPOINT_LIST,  /* the children of `endpoints`, with a watch -> endpoint_book_listed() */
	ENDPOINT_WRITE, /* multi[check(own latch), set or create(.node)] -> endpoint_book_wrote() */
	ENDPOINT_REPLY, /* .cookie, .result, .size; no answer */
	ENDPOINT_STATE, /* all that is served has changed: another epoch; no answer */
	ENDPOINT_CHANGES, /* .changes; removed ones have the address ""; no answer */
};

struct endpoint_action {
	enum endpoint_action_type type;
	unsigned node;
	const char *text; /* WRITE; valid until endpoint_book_wrote() */
	int32_t version;  /* WRITE: expected; -1: create it */
	void *cookie;
	enum endpoint_result result;
	size_t size;
	const struct endpoint_map *changes; /* valid until the next call of any function here */
};

enum endpoint_outcome {
	ENDPOINT_OUT_DONE,
	ENDPOINT_OUT_ABSENT,     /* read: there is no such node */
	ENDPOINT_OUT_STALE,      /* write: another version, there already, or not there */
	ENDPOINT_OUT_LATCH_GONE, /* write: the term is over */
	ENDPOINT_OUT_REFUSED,    /* certainly not done */
	ENDPOINT_OUT_UNKNOWN,    /* also: could not be sent */
};

struct endpoint_book;

struct endpoint_book *endpoint_book_new(void);
void endpoint_book_free(struct endpoint_book *b); /* who waits is not answered: end first */

/* ---- the connection */

/* There is one, and a sync was answered on it: all is read anew. */
void endpoint_book_connected(struct endpoint_book *b);
/* It is gone; what was under way has been answered UNKNOWN. */
void endpoint_book_disconnected(struct endpoint_book *b);
/* A watch has fired, or it is time to look whether one was lost. */
void endpoint_book_changed(struct endpoint_book *b, unsigned node);
void endpoint_book_children_changed(struct endpoint_book *b);
void endpoint_book_all_changed(struct endpoint_book *b);

/* `bad`: the text could not be read; it counts as empty, and keeps what is served. */
void endpoint_book_read(struct endpoint_book *b, unsigned node, enum endpoint_outcome outcome,
                        const void *data, size_t size, int32_t version, bool *ret_bad);
void endpoint_book_listed(struct endpoint_book *b, enum endpoint_outcome outcome,
                          const char *const *children, size_t n);
void endpoint_book_wrote(struct endpoint_book *b, unsigned node, enum endpoint_outcome outcome,
                         int32_t version);

/* ---- the term of this member */

/* Claimed or resumed.  Ends the one before. */
void endpoint_book_begin(struct endpoint_book *b, struct epoch epoch, const char *leader_id);
void endpoint_book_end(struct endpoint_book *b);                /* harmless when there is none */
struct epoch endpoint_book_term(const struct endpoint_book *b); /* 0: none */

/* address NULL: remove.  Component and address are valid ones.  Anything but PENDING is the answer,
 * and no REPLY follows. */
enum endpoint_result endpoint_book_submit(struct endpoint_book *b, struct epoch epoch,
                                          const char *component, const char *address, void *cookie);

bool endpoint_book_next(struct endpoint_book *b, struct endpoint_action *ret);

/* ---- what is served */

struct epoch endpoint_book_epoch(const struct endpoint_book *b);    /* 0: nobody led yet */
const char *endpoint_book_leader_id(const struct endpoint_book *b); /* "" with epoch 0 */
/* In the order of the nodes; the number of them. */
size_t endpoint_book_list(const struct endpoint_book *b,
                          void (*each)(void *cookie, const struct endpoint *endpoint),
                          void *cookie); /* each may be NULL */
/* All was read since the connection came. */
bool endpoint_book_current(const struct endpoint_book *b);
