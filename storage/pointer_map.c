/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/pointer_map.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "storage/pointer_chunks.h"

struct pointer_map {
	struct log_position position;
	struct pointer_chunks chunks;
	size_t reserved, damaged, bytes;
	struct frozen_map *frozen; /* NULL: none, or one of before it was cleared */
};

const uint8_t *pointer_value(const struct pointer *p)
{
	return (const uint8_t *)p->key + p->key_size + 1;
}

bool pointer_key_valid(const char *key, size_t size)
{
	if (size == 0 || size > RECORD_KEY_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = key[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '_' || c == '/' || c == '-'))
			return false;
	}
	return true;
}

bool pointer_key_reserved(const char *key)
{
	return key[0] == '~';
}

struct pointer *pointer_new(const char *key, size_t key_size, const void *value, size_t value_size)
{
	struct pointer *p;

	assert(key_size > 0 && key_size <= RECORD_KEY_MAX && value_size <= RECORD_VALUE_MAX);
	p = malloc(sizeof(*p) + key_size + 1 + value_size);
	if (!p)
		return NULL;
	*p = (struct pointer){ .key_size = (uint8_t)key_size, .value_size = (uint32_t)value_size };
	memcpy(p->key, key, key_size);
	p->key[key_size] = '\0';
	if (value_size > 0)
		memcpy(p->key + key_size + 1, value, value_size);
	return p;
}

/* Of two owners, map (or who took it from there) and frozen map, the second one frees it. */
void pointer_free(struct pointer *p)
{
	if (p && p->shared)
		p->shared = false;
	else
		free(p);
}

void pointer_freep(struct pointer **p)
{
	pointer_free(*p);
}

struct pointer_map *pointer_map_new(void)
{
	return calloc(1, sizeof(struct pointer_map));
}

/*
 * Called for whatever leaves the map, which then is pointer_free()d once, here or by who took it.
 * What has come since the freezing has a higher revision than all that was frozen.
 */
static struct pointer *leave(const struct pointer_map *map, struct pointer *p)
{
	struct frozen_map *frozen = map->frozen;

	if (frozen && p->revision <= frozen->position.sequence) {
		assert(frozen->n_kept < frozen->n && !p->shared);
		p->shared = true;
		frozen->kept[frozen->n_kept++] = p;
	}
	return p;
}

void pointer_map_clear(struct pointer_map *map)
{
	struct pointer_place at = { 0, 0 };
	struct pointer *p;

	while ((p = pointer_chunks_step(&map->chunks, &at)))
		pointer_free(leave(map, p));
	if (map->frozen)
		map->frozen->map = NULL; /* what comes now is none of its business */
	pointer_chunks_free(&map->chunks);
	*map = (struct pointer_map){ 0 };
}

void pointer_map_free(struct pointer_map *map)
{
	if (!map)
		return;
	pointer_map_clear(map);
	free(map);
}

void pointer_map_freep(struct pointer_map **map)
{
	pointer_map_free(*map);
}

const struct log_position *pointer_map_position(const struct pointer_map *map)
{
	return &map->position;
}

void pointer_map_set_position(struct pointer_map *map, const struct log_position *position)
{
	map->position = *position;
}

static void count_in(struct pointer_map *map, const struct pointer *p)
{
	map->reserved += pointer_key_reserved(p->key);
	map->damaged += p->damaged;
	map->bytes += (size_t)p->key_size + p->value_size;
}

static void count_out(struct pointer_map *map, const struct pointer *p)
{
	map->reserved -= pointer_key_reserved(p->key);
	map->damaged -= p->damaged;
	map->bytes -= (size_t)p->key_size + p->value_size;
}

const struct pointer *pointer_map_get(const struct pointer_map *map, const char *key)
{
	struct pointer **entry =
	        pointer_chunks_at(&map->chunks, pointer_chunks_find(&map->chunks, key), key);

	return entry ? *entry : NULL;
}

int pointer_map_list_after(const struct pointer_map *map, const char *prefix, const char *after,
                           int (*on_pointer)(const struct pointer *p, void *userdata),
                           void *userdata)
{
	bool from_after = strcmp(after, prefix) > 0;
	struct pointer_place at = pointer_chunks_find(&map->chunks, from_after ? after : prefix);
	size_t size = strlen(prefix);
	const struct pointer *p;
	int r;

	while ((p = pointer_chunks_step(&map->chunks, &at)) && strncmp(p->key, prefix, size) == 0) {
		if (pointer_key_reserved(p->key) && !pointer_key_reserved(prefix))
			continue;
		if (strcmp(p->key, after) == 0)
			continue;
		r = on_pointer(p, userdata);
		if (r != 0)
			return r;
	}
	return 0;
}

int pointer_map_list(const struct pointer_map *map, const char *prefix,
                     int (*on_pointer)(const struct pointer *p, void *userdata), void *userdata)
{
	return pointer_map_list_after(map, prefix, "", on_pointer, userdata);
}

size_t pointer_map_count(const struct pointer_map *map)
{
	return map->chunks.n - map->reserved;
}

size_t pointer_map_count_damaged(const struct pointer_map *map)
{
	return map->damaged;
}

size_t pointer_map_bytes(const struct pointer_map *map)
{
	return map->bytes;
}

size_t pointer_map_snapshot_size(const struct pointer_map *map)
{
	enum { OF_EACH = RECORD_HEADER_MIN + RECORD_CHANGE_FIXED + 8 };

	return RECORD_FILE_HEADER_SIZE + RECORD_TRAILER_SIZE + map->chunks.n * OF_EACH + map->bytes;
}

int pointer_map_reserve(struct pointer_map *map, size_t n)
{
	return pointer_chunks_reserve(&map->chunks, n);
}

void pointer_map_put_adopt(struct pointer_map *map, struct pointer *p)
{
	struct pointer_place at = pointer_chunks_find(&map->chunks, p->key);
	struct pointer **entry = pointer_chunks_at(&map->chunks, at, p->key);

	count_in(map, p);
	if (!entry) {
		pointer_chunks_insert(&map->chunks, at, p);
		return;
	}
	count_out(map, *entry);
	pointer_free(leave(map, *entry));
	*entry = p;
}

struct pointer *pointer_map_take(struct pointer_map *map, const char *key)
{
	struct pointer_place at = pointer_chunks_find(&map->chunks, key);
	struct pointer **entry = pointer_chunks_at(&map->chunks, at, key), *p;

	if (!entry)
		return NULL;
	p = *entry;
	count_out(map, p);
	pointer_chunks_erase(&map->chunks, at);
	return leave(map, p);
}

int pointer_map_apply(struct pointer_map *map, const struct record_change *change,
                      uint64_t sequence, bool delta)
{
	bool damaged = change->op == RECORD_LOST || (change->op == RECORD_PUT && change->damaged);
	struct pointer *p;
	int r;

	/* What is damaged keeps its key and loses its value; never the older one (B6). */
	p = pointer_new(change->key, change->key_size, change->value,
	                damaged || change->op != RECORD_PUT ? 0 : change->value_size);
	if (!p)
		return -ENOMEM;
	p->revision = sequence;
	p->damaged = damaged;
	p->deleted = change->op == RECORD_DELETE;
	if (p->deleted && !delta) {
		pointer_free(pointer_map_take(map, p->key));
		pointer_free(p);
		return 0;
	}
	r = pointer_map_reserve(map, 1);
	if (r < 0) {
		pointer_free(p);
		return r;
	}
	pointer_map_put_adopt(map, p);
	return 0;
}

int pointer_map_merge(struct pointer_map *map, struct pointer_map *delta,
                      void (*on_change)(const struct pointer *p, void *userdata), void *userdata)
{
	struct pointer_place at = { 0, 0 };
	struct pointer *p;
	int r;

	r = pointer_map_reserve(map, delta->chunks.n);
	if (r < 0)
		return r;
	while ((p = pointer_chunks_step(&delta->chunks, &at))) {
		if (on_change)
			on_change(p, userdata);
		if (!p->deleted) {
			pointer_map_put_adopt(map, p);
			continue;
		}
		pointer_free(pointer_map_take(map, p->key));
		pointer_free(p);
	}
	map->position = delta->position;
	pointer_chunks_trim(&map->chunks);
	pointer_chunks_free(&delta->chunks); /* all are moved or freed */
	*delta = (struct pointer_map){ 0 };
	return 0;
}

static bool same_pointer(const struct pointer *a, const struct pointer *b)
{
	return a->revision == b->revision && a->damaged == b->damaged && a->deleted == b->deleted &&
	       a->value_size == b->value_size &&
	       memcmp(pointer_value(a), pointer_value(b), a->value_size) == 0;
}

/* Both are in order.  gone: has room for any key. */
static void tell_differences(const struct pointer_map *map, const struct pointer_map *whole,
                             struct pointer *gone,
                             void (*on_change)(const struct pointer *p, void *userdata),
                             void *userdata)
{
	struct pointer_place was_at = { 0, 0 }, is_at = { 0, 0 };
	const struct pointer *was = pointer_chunks_step(&map->chunks, &was_at),
	                     *is = pointer_chunks_step(&whole->chunks, &is_at);

	while (was || is) {
		int order = !was ? 1 : !is ? -1 : strcmp(was->key, is->key);

		if (order < 0) {
			gone->key_size = was->key_size;
			memcpy(gone->key, was->key, (size_t)was->key_size + 1);
			on_change(gone, userdata);
		} else if (order > 0 ? !is->deleted : !same_pointer(was, is)) {
			on_change(is, userdata);
		}
		if (order <= 0)
			was = pointer_chunks_step(&map->chunks, &was_at);
		if (order >= 0)
			is = pointer_chunks_step(&whole->chunks, &is_at);
	}
}

/* What a delta remembers of deletions is of no use to a whole map. */
static bool stays(struct pointer *p, void *userdata)
{
	if (!p->deleted)
		return true;
	count_out(userdata, p);
	pointer_free(p);
	return false;
}

int pointer_map_replace(struct pointer_map *map, struct pointer_map *whole,
                        void (*on_change)(const struct pointer *p, void *userdata), void *userdata)
{
	struct pointer *gone = malloc(sizeof(*gone) + RECORD_KEY_MAX + 1);

	if (!gone)
		return -ENOMEM;
	*gone = (struct pointer){ .revision = whole->position.sequence, .deleted = true };
	if (on_change)
		tell_differences(map, whole, gone, on_change, userdata);
	free(gone);
	pointer_map_clear(map);
	pointer_chunks_filter(&whole->chunks, stays, whole);
	*map = *whole;
	*whole = (struct pointer_map){ 0 };
	return 0;
}

struct frozen_map *pointer_map_freeze(struct pointer_map *map)
{
	struct frozen_map *frozen;

	if (map->frozen)
		return NULL;
	/* Of what is for the kept ones only as much is touched as there will be. */
	frozen = malloc(sizeof(*frozen) + 2 * map->chunks.n * sizeof(struct pointer *));
	if (!frozen)
		return NULL;
	*frozen = (struct frozen_map){ .position = map->position, .n = map->chunks.n, .map = map };
	frozen->entry = (const struct pointer **)(frozen + 1);
	frozen->kept = (struct pointer **)(frozen + 1) + map->chunks.n;
	pointer_chunks_copy(&map->chunks, frozen->entry);
	map->frozen = frozen;
	return frozen;
}

void frozen_map_free(struct frozen_map *frozen)
{
	if (!frozen)
		return;
	if (frozen->map)
		frozen->map->frozen = NULL;
	for (size_t i = 0; i < frozen->n_kept; i++)
		pointer_free(frozen->kept[i]);
	free(frozen);
}
