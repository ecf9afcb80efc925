/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/pointer_map.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A sorted array of entries: lists by prefix need no sorting, and it costs 8 bytes for each. */
struct pointer_map {
	struct log_position position;
	struct pointer **entry;
	size_t n, room;
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
	for (size_t i = 0; i < map->n; i++)
		pointer_free(leave(map, map->entry[i]));
	if (map->frozen)
		map->frozen->map = NULL; /* what comes now is none of its business */
	free(map->entry);
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

/* The first entry whose key is not below `key`. */
static size_t lower_bound(const struct pointer_map *map, const char *key)
{
	size_t lo = 0, hi = map->n;

	/* Keys often come in order (a log written by one client, a delta): look at the end first.
	 */
	if (hi > 0 && strcmp(map->entry[hi - 1]->key, key) < 0)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(map->entry[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_at(const struct pointer_map *map, size_t i, const char *key)
{
	return i < map->n && strcmp(map->entry[i]->key, key) == 0;
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
	size_t i = lower_bound(map, key);

	return is_at(map, i, key) ? map->entry[i] : NULL;
}

int pointer_map_list(const struct pointer_map *map, const char *prefix,
                     int (*on_pointer)(const struct pointer *p, void *userdata), void *userdata)
{
	size_t size = strlen(prefix);
	int r;

	for (size_t i = lower_bound(map, prefix); i < map->n; i++) {
		const struct pointer *p = map->entry[i];

		if (strncmp(p->key, prefix, size) != 0)
			break;
		if (pointer_key_reserved(p->key) && !pointer_key_reserved(prefix))
			continue;
		r = on_pointer(p, userdata);
		if (r != 0)
			return r;
	}
	return 0;
}

size_t pointer_map_count(const struct pointer_map *map)
{
	return map->n - map->reserved;
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

	return RECORD_FILE_HEADER_SIZE + RECORD_TRAILER_SIZE + map->n * OF_EACH + map->bytes;
}

int pointer_map_reserve(struct pointer_map *map, size_t n)
{
	struct pointer **entry;
	size_t room;

	if (map->room - map->n >= n)
		return 0;
	room = map->n + n;
	if (room < map->room + map->room / 2)
		room = map->room + map->room / 2;
	if (room < 16)
		room = 16;
	entry = reallocarray(map->entry, room, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	map->entry = entry;
	map->room = room;
	return 0;
}

void pointer_map_put_adopt(struct pointer_map *map, struct pointer *p)
{
	size_t i = lower_bound(map, p->key);

	count_in(map, p);
	if (is_at(map, i, p->key)) {
		count_out(map, map->entry[i]);
		pointer_free(leave(map, map->entry[i]));
		map->entry[i] = p;
		return;
	}
	assert(map->n < map->room);
	memmove(map->entry + i + 1, map->entry + i, (map->n - i) * sizeof(struct pointer *));
	map->entry[i] = p;
	map->n++;
}

struct pointer *pointer_map_take(struct pointer_map *map, const char *key)
{
	size_t i = lower_bound(map, key);
	struct pointer *p;

	if (!is_at(map, i, key))
		return NULL;
	p = map->entry[i];
	count_out(map, p);
	map->n--;
	memmove(map->entry + i, map->entry + i + 1, (map->n - i) * sizeof(struct pointer *));
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
	int r;

	r = pointer_map_reserve(map, delta->n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < delta->n; i++) {
		struct pointer *p = delta->entry[i];

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
	delta->n = 0; /* all are moved or freed */
	pointer_map_clear(delta);
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
	size_t i = 0, k = 0;

	while (i < map->n || k < whole->n) {
		const struct pointer *was = i < map->n ? map->entry[i] : NULL;
		const struct pointer *is = k < whole->n ? whole->entry[k] : NULL;
		int order = !was ? 1 : !is ? -1 : strcmp(was->key, is->key);

		i += order <= 0;
		k += order >= 0;
		if (order < 0) {
			gone->key_size = was->key_size;
			memcpy(gone->key, was->key, (size_t)was->key_size + 1);
			on_change(gone, userdata);
		} else if (order > 0 ? !is->deleted : !same_pointer(was, is)) {
			on_change(is, userdata);
		}
	}
}

int pointer_map_replace(struct pointer_map *map, struct pointer_map *whole,
                        void (*on_change)(const struct pointer *p, void *userdata), void *userdata)
{
	struct pointer **entry = malloc((whole->n + 1) * sizeof(*entry));
	struct pointer *gone = malloc(sizeof(*gone) + RECORD_KEY_MAX + 1);

	if (!entry || !gone) {
		free(entry);
		free(gone);
		return -ENOMEM;
	}
	*gone = (struct pointer){ .revision = whole->position.sequence, .deleted = true };
	if (on_change)
		tell_differences(map, whole, gone, on_change, userdata);
	free(gone);
	pointer_map_clear(map);
	map->entry = entry;
	map->room = whole->n + 1;
	map->position = whole->position;
	for (size_t i = 0; i < whole->n; i++) {
		struct pointer *p = whole->entry[i];

		if (p->deleted) {
			pointer_free(p);
			continue;
		}
		count_in(map, p);
		map->entry[map->n++] = p;
	}
	whole->n = 0; /* all are moved or freed */
	pointer_map_clear(whole);
	return 0;
}

struct frozen_map *pointer_map_freeze(struct pointer_map *map)
{
	struct frozen_map *frozen;

	if (map->frozen)
		return NULL;
	/* Of what is for the kept ones only as much is touched as there will be. */
	frozen = malloc(sizeof(*frozen) + 2 * map->n * sizeof(struct pointer *));
	if (!frozen)
		return NULL;
	*frozen = (struct frozen_map){ .position = map->position, .n = map->n, .map = map };
	frozen->entry = (const struct pointer **)(frozen + 1);
	frozen->kept = (struct pointer **)(frozen + 1) + map->n;
	if (map->n > 0)
		memcpy(frozen->entry, map->entry, map->n * sizeof(struct pointer *));
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
