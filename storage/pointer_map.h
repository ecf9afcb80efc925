/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key -> value, as the log says up to one committed position.  Sorted by key, one allocation for
 * each pointer.
 *
 * Pure: no I/O, no clock, no logging.  Owner: whoever made it; one thread.  The elector's map is
 * touched by its loop alone: the storage thread fills a map of its own, a *delta*, which the loop
 * merges (pointer_map_merge).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_position.h"
#include "storage/record.h"

struct pointer {
	uint64_t revision; /* sequence of the record that last changed it */
	uint32_t value_size;
	uint8_t key_size;
	bool damaged; /* key known, value lost: answered with an error, never with an older value */
	bool deleted; /* in a delta only */
	bool shared;  /* private: a frozen map holds it, too */
	char key[];   /* terminated; the value follows */
};

/* Any bytes, value_size of them. */
const uint8_t *pointer_value(const struct pointer *p);

/* [A-Za-z0-9._/-]{1,255}: what clients may name. */
bool pointer_key_valid(const char *key, size_t size);

/* Begins with ~: our own; clients cannot write it, lists leave it out. */
bool pointer_key_reserved(const char *key);

/* NULL when there is no memory.  value may be NULL when value_size is 0. */
struct pointer *pointer_new(const char *key, size_t key_size, const void *value, size_t value_size);
void pointer_free(struct pointer *p);
void pointer_freep(struct pointer **p);

struct pointer_map;

struct pointer_map *pointer_map_new(void);
void pointer_map_free(struct pointer_map *map);
void pointer_map_freep(struct pointer_map **map);

/* What the map holds: everything up to here.  All zeros: nothing. */
const struct log_position *pointer_map_position(const struct pointer_map *map);
void pointer_map_set_position(struct pointer_map *map, const struct log_position *position);

/* Valid until the map changes; NULL: no such key.  Reserved keys are found too. */
const struct pointer *pointer_map_get(const struct pointer_map *map, const char *key);

/* Clients' keys that begin with prefix, in byte order; stops when on_pointer returns non-zero and
 * returns that.  A prefix that begins with ~ lists reserved keys. */
int pointer_map_list(const struct pointer_map *map, const char *prefix,
                     int (*on_pointer)(const struct pointer *p, void *userdata), void *userdata);
/* .. and come after that key, which need not be there any more; "" = all. */
int pointer_map_list_after(const struct pointer_map *map, const char *prefix, const char *after,
                           int (*on_pointer)(const struct pointer *p, void *userdata),
                           void *userdata);

size_t pointer_map_count(const struct pointer_map *map);         /* without reserved keys */
size_t pointer_map_count_damaged(const struct pointer_map *map); /* of all keys */
size_t pointer_map_bytes(const struct pointer_map *map);         /* keys and values, of all keys */

/* What a snapshot of it takes, in bytes; roughly, for the padding. */
size_t pointer_map_snapshot_size(const struct pointer_map *map);

/* Room for n more keys, so that that many puts cannot fail.  -ENOMEM. */
int pointer_map_reserve(struct pointer_map *map, size_t n);

/* Takes p in place of what has its key; the caller has reserved room. */
void pointer_map_put_adopt(struct pointer_map *map, struct pointer *p);

/* Removes and hands over what was there; NULL: nothing. */
struct pointer *pointer_map_take(struct pointer_map *map, const char *key);

/* One decoded change of the record `sequence`.  delta: deletions are remembered, for a merge.
 * -ENOMEM leaves the map as it was. */
int pointer_map_apply(struct pointer_map *map, const struct record_change *change,
                      uint64_t sequence, bool delta);

/*
 * Moves all of delta into map, with its position.  Cannot fail half way: -ENOMEM leaves both as
 * they were.  on_change (may be NULL) is told each key: p->deleted, p->damaged, or its new value.
 */
int pointer_map_merge(struct pointer_map *map, struct pointer_map *delta,
                      void (*on_change)(const struct pointer *p, void *userdata), void *userdata);

/*
 * Whole is all there is, and what map holds gives way to it.  Cannot fail half way, either.
 * on_change is told what differs: new or changed keys, and those that are no longer there, as of
 * the new position.
 */
int pointer_map_replace(struct pointer_map *map, struct pointer_map *whole,
                        void (*on_change)(const struct pointer *p, void *userdata), void *userdata);

/* Forgets everything, the position too. */
void pointer_map_clear(struct pointer_map *map);

/*
 * What the map held at one position, for another thread to read beside the map's changes (B9: a map
 * holds what is committed and nothing else).  Reserved and damaged keys are in it.
 */
struct frozen_map {
	struct log_position position;
	size_t n;
	const struct pointer **entry; /* in byte order of the keys */
	/* private to the map's thread */
	struct pointer_map *map; /* NULL: gone, or cleared */
	struct pointer **kept;   /* no longer the map's: freed with this */
	size_t n_kept;
};

/*
 * Costs a copy of the references and nothing for each pointer.  What the map replaces or removes
 * from now on is kept until that is freed.  NULL: no memory, or the map is frozen already.
 */
struct frozen_map *pointer_map_freeze(struct pointer_map *map);

/* On the map's thread; on any other when the map was freed before. */
void frozen_map_free(struct frozen_map *frozen);
