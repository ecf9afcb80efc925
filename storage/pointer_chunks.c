/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/pointer_chunks.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "storage/pointer_map.h"

enum { CHUNK_SIZE = 128, CHUNK_SPARSE = CHUNK_SIZE / 2 };

/* Never empty.  Two neighbours together have more than CHUNK_SPARSE entries, which bounds what is
 * left of many that were erased. */
struct pointer_chunk {
	size_t n;
	struct pointer_chunk *next; /* of the spare ones */
	struct pointer *entry[CHUNK_SIZE];
};

void pointer_chunks_free(struct pointer_chunks *c)
{
	for (size_t i = 0; i < c->n_chunks; i++)
		free(c->chunk[i]);
	pointer_chunks_trim(c);
	free(c->chunk);
	*c = (struct pointer_chunks){ 0 };
}

/* ---- places */

/* The first entry whose key is not below `key`. */
static size_t search(const struct pointer_chunk *chunk, const char *key)
{
	size_t lo = 0, hi = chunk->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(chunk->entry[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* In the last chunk that begins with key or below it; else in the first. */
struct pointer_place pointer_chunks_find(const struct pointer_chunks *c, const char *key)
{
	size_t lo = 0, hi = c->n_chunks;
	const struct pointer_chunk *last;

	if (hi == 0)
		return (struct pointer_place){ 0, 0 };
	/* Keys often come in order (a snapshot, a log written by one client): look at the end
	 * first. */
	last = c->chunk[hi - 1];
	if (strcmp(last->entry[last->n - 1]->key, key) < 0)
		return (struct pointer_place){ hi - 1, last->n };
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(c->chunk[mid]->entry[0]->key, key) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return (struct pointer_place){ lo, search(c->chunk[lo], key) };
}

struct pointer **pointer_chunks_at(const struct pointer_chunks *c, struct pointer_place at,
                                   const char *key)
{
	struct pointer_chunk *chunk = at.chunk < c->n_chunks ? c->chunk[at.chunk] : NULL;

	if (!chunk || at.entry == chunk->n || strcmp(chunk->entry[at.entry]->key, key) != 0)
		return NULL;
	return &chunk->entry[at.entry];
}

struct pointer *pointer_chunks_step(const struct pointer_chunks *c, struct pointer_place *at)
{
	if (at->chunk < c->n_chunks && at->entry == c->chunk[at->chunk]->n)
		*at = (struct pointer_place){ at->chunk + 1, 0 };
	return at->chunk < c->n_chunks ? c->chunk[at->chunk]->entry[at->entry++] : NULL;
}

/* ---- insertion */

static bool keep_spare(struct pointer_chunks *c, size_t n)
{
	while (c->n_spare < n) {
		struct pointer_chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk)
			return false;
		chunk->next = c->spare; /* the rest is not touched before it is needed */
		c->spare = chunk;
		c->n_spare++;
	}
	return true;
}

void pointer_chunks_trim(struct pointer_chunks *c)
{
	struct pointer_chunk *chunk;

	while ((chunk = c->spare)) {
		c->spare = chunk->next;
		free(chunk);
	}
	c->n_spare = 0;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

int pointer_chunks_reserve(struct pointer_chunks *c, size_t n)
{
	/* Each insertion splits one chunk at most.  A chunk that is full now may be split by the
	 * first one, the last chunk twice; any other has to be filled before. */
	size_t splits = at_most(n, c->n_chunks + 2 + n / (CHUNK_SPARSE / 2));
	size_t room = c->n_chunks + splits;
	struct pointer_chunk **chunk;

	if (room > c->room) {
		if (room < c->room + c->room / 2)
			room = c->room + c->room / 2;
		chunk = reallocarray(c->chunk, room, sizeof(struct pointer_chunk *));
		if (!chunk)
			return -ENOMEM;
		c->chunk = chunk;
		c->room = room;
	}
	return keep_spare(c, splits) ? 0 : -ENOMEM;
}

/* A spare one, empty, at this index. */
static struct pointer_chunk *add_chunk(struct pointer_chunks *c, size_t i)
{
	struct pointer_chunk *chunk = c->spare;

	assert(chunk && c->n_chunks < c->room); /* reserved */
	c->spare = chunk->next;
	c->n_spare--;
	memmove(c->chunk + i + 1, c->chunk + i, (c->n_chunks - i) * sizeof(struct pointer_chunk *));
	c->chunk[i] = chunk;
	c->n_chunks++;
	chunk->n = 0;
	return chunk;
}

static void move_entries(struct pointer_chunk *from, size_t first, struct pointer_chunk *to)
{
	size_t n = from->n - first;

	memcpy(to->entry + to->n, from->entry + first, n * sizeof(struct pointer *));
	to->n += n;
	from->n = first;
}

/* The upper half of a full chunk goes into a new one; nothing does when the new entry is behind all
 * others, so that what comes in order fills each chunk. */
static struct pointer_place split(struct pointer_chunks *c, struct pointer_place at)
{
	struct pointer_chunk *chunk = c->chunk[at.chunk];
	bool last = at.entry == chunk->n && at.chunk + 1 == c->n_chunks;
	size_t keep = last ? CHUNK_SIZE : CHUNK_SIZE - CHUNK_SPARSE;

	move_entries(chunk, keep, add_chunk(c, at.chunk + 1));
	if (at.entry < keep || (at.entry == keep && !last))
		return at;
	return (struct pointer_place){ at.chunk + 1, at.entry - keep };
}

void pointer_chunks_insert(struct pointer_chunks *c, struct pointer_place at, struct pointer *p)
{
	struct pointer_chunk *chunk;

	if (c->n_chunks == 0)
		(void)add_chunk(c, 0);
	else if (c->chunk[at.chunk]->n == CHUNK_SIZE)
		at = split(c, at);
	chunk = c->chunk[at.chunk];
	memmove(chunk->entry + at.entry + 1, chunk->entry + at.entry,
	        (chunk->n - at.entry) * sizeof(struct pointer *));
	chunk->entry[at.entry] = p;
	chunk->n++;
	c->n++;
}

/* ---- the way back */

static void remove_chunk(struct pointer_chunks *c, size_t i)
{
	free(c->chunk[i]);
	c->n_chunks--;
	memmove(c->chunk + i, c->chunk + i + 1, (c->n_chunks - i) * sizeof(struct pointer_chunk *));
}

/* Takes the chunk behind the one at i into it, if both are sparse. */
static void join(struct pointer_chunks *c, size_t i)
{
	if (i + 1 >= c->n_chunks || c->chunk[i]->n + c->chunk[i + 1]->n > CHUNK_SPARSE)
		return;
	move_entries(c->chunk[i + 1], 0, c->chunk[i]);
	remove_chunk(c, i + 1);
}

void pointer_chunks_erase(struct pointer_chunks *c, struct pointer_place at)
{
	struct pointer_chunk *chunk = c->chunk[at.chunk];

	c->n--;
	chunk->n--;
	memmove(chunk->entry + at.entry, chunk->entry + at.entry + 1,
	        (chunk->n - at.entry) * sizeof(struct pointer *));
	if (chunk->n == 0)
		remove_chunk(c, at.chunk);
	else
		join(c, at.chunk);
	if (at.chunk > 0)
		join(c, at.chunk - 1);
}

void pointer_chunks_filter(struct pointer_chunks *c,
                           bool (*stays)(struct pointer *p, void *userdata), void *userdata)
{
	size_t n_chunks = c->n_chunks;

	c->n = c->n_chunks = 0;
	for (size_t i = 0; i < n_chunks; i++) {
		struct pointer_chunk *chunk = c->chunk[i];
		size_t n = 0;

		for (size_t k = 0; k < chunk->n; k++)
			if (stays(chunk->entry[k], userdata))
				chunk->entry[n++] = chunk->entry[k];
		chunk->n = n;
		c->n += n;
		c->chunk[c->n_chunks++] = chunk;
		if (n == 0)
			remove_chunk(c, c->n_chunks - 1);
		else if (c->n_chunks > 1)
			join(c, c->n_chunks - 2);
	}
	pointer_chunks_trim(c);
}

void pointer_chunks_copy(const struct pointer_chunks *c, const struct pointer **ret)
{
	for (size_t i = 0; i < c->n_chunks; ret += c->chunk[i++]->n)
		memcpy(ret, c->chunk[i]->entry, c->chunk[i]->n * sizeof(struct pointer *));
}
