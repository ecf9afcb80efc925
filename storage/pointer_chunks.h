/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pointers in byte order of their keys: a sorted array of chunks, each a sorted array.  One more
 * moves a chunk's entries at most (and the array of chunks, a hundredth as long, each time that one
 * is split); all of them are walked and copied as fast as an array.  8 to 17 bytes for each, up to
 * 33 where most were erased.
 *
 * Pure.  Owner: a pointer map, whose pointers these are; nothing here frees one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct pointer;

struct pointer_chunks { /* all zeros: empty */
	size_t n;
	/* private */
	struct pointer_chunk **chunk;
	size_t n_chunks, room;
	struct pointer_chunk *spare; /* so that an insertion cannot fail */
	size_t n_spare;
};

/* Zeros: the first one.  Valid until something is inserted or erased. */
struct pointer_place {
	size_t chunk, entry; /* entry may be the chunk's size: behind its last one */
};

/* What holds the pointers; back to empty. */
void pointer_chunks_free(struct pointer_chunks *c);

/* Where key is, or is to be inserted. */
struct pointer_place pointer_chunks_find(const struct pointer_chunks *c, const char *key);

/* What find() found, to be read or replaced by another of this key; NULL: key is not there. */
struct pointer **pointer_chunks_at(const struct pointer_chunks *c, struct pointer_place at,
                                   const char *key);

/* The pointer there or the next one behind it, and moves on; NULL: that was the last. */
struct pointer *pointer_chunks_step(const struct pointer_chunks *c, struct pointer_place *at);

/* Room for n insertions, wherever they go; -ENOMEM. */
int pointer_chunks_reserve(struct pointer_chunks *c, size_t n);
void pointer_chunks_insert(struct pointer_chunks *c, struct pointer_place at, struct pointer *p);
/* Gives back what was reserved and not used. */
void pointer_chunks_trim(struct pointer_chunks *c);

void pointer_chunks_erase(struct pointer_chunks *c, struct pointer_place at);

/* Erases all that stays() denies, and trims. */
void pointer_chunks_filter(struct pointer_chunks *c,
                           bool (*stays)(struct pointer *p, void *userdata), void *userdata);

/* All n of them. */
void pointer_chunks_copy(const struct pointer_chunks *c, const struct pointer **ret);
