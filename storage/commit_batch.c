/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit_batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void commit_batch_init(struct commit_batch *b)
{
	*b = (struct commit_batch){ .n_changes = 0 };
	request_list_init(&b->requests);
}

void commit_batch_free(struct commit_batch *b)
{
	request_list_free(&b->requests);
	free(b->bytes);
}

/* ---- which requests */

static void mark(struct commit_batch *b, const struct request *r)
{
	b->marked[r->hash % COMMIT_BATCH_MARKS / 64] |= (uint64_t)1 << r->hash % 64;
}

static bool is_marked(const struct commit_batch *b, const struct request *r)
{
	return b->marked[r->hash % COMMIT_BATCH_MARKS / 64] >> r->hash % 64 & 1;
}

/* The pending change of the same key in this batch; there is never a second one. */
static const struct request *find_pending(const struct commit_batch *b, const struct request *r)
{
	if (!is_marked(b, r))
		return NULL;
	for (const struct request *p = b->requests.head; p; p = p->next)
		if (p->change && p->hash == r->hash &&
		    strcmp(p->pointer->key, r->pointer->key) == 0)
			return p;
	return NULL;
}

static bool same_value(const struct pointer *a, const struct pointer *b)
{
	return a->value_size == b->value_size &&
	       memcmp(pointer_value(a), pointer_value(b), a->value_size) == 0;
}

/* PENDING: it is a change.  now: NULL = absent. */
static enum commit_result evaluate(const struct request *r, const struct pointer *now,
                                   uint64_t revision)
{
	bool met = r->condition == COMMIT_ALWAYS || (r->condition == COMMIT_IF_ABSENT && !now) ||
	           (r->condition == COMMIT_IF_REVISION && now && revision == r->if_revision);

	if (r->op == COMMIT_DELETE && !now)
		return COMMIT_NOT_FOUND;
	/* D15: asked again after an acknowledgement that was lost.  Without a condition it is
	 * written: an answer from memory alone would not be fenced. */
	if (r->op == COMMIT_PUT && now && r->condition != COMMIT_ALWAYS) {
		if (now->damaged && !met)
			return COMMIT_DAMAGED;
		if (!now->damaged && same_value(now, r->pointer))
			return COMMIT_DONE;
	}
	return met ? COMMIT_PENDING : COMMIT_CONDITION_FAILED;
}

static bool batch_has_room(const struct commit_batch *b, const struct request *r)
{
	/* What padding may add is set aside. */
	size_t room = RECORD_MAX - RECORD_HEADER_MIN - 16 - b->change_bytes;

	return b->n_changes < COMMIT_MAX_CHANGES &&
	       (size_t)RECORD_CHANGE_FIXED + r->pointer->key_size + r->pointer->value_size <= room;
}

static void add_change(struct commit_batch *b, struct request *r)
{
	const struct pointer *p = r->pointer;

	mark(b, r);
	b->change[b->n_changes++] = (struct record_change){
		.op = r->op == COMMIT_PUT ? RECORD_PUT : RECORD_DELETE,
		.key = p->key,
		.key_size = p->key_size,
		.value = pointer_value(p),
		.value_size = p->value_size,
	};
	b->change_bytes += (size_t)RECORD_CHANGE_FIXED + p->key_size + p->value_size;
}

/*
 * B9: conditions see the committed map and the earlier requests of the batch.  A key changes once
 * in a record: two values of one revision could not be told apart by If-Match, so the second waits.
 */
void commit_batch_gather(struct commit_batch *b, struct request_list *waiting,
                         struct request_list *done, const struct pointer_map *map,
                         uint64_t sequence)
{
	struct request *r;

	while ((r = waiting->head)) {
		const struct request *pending = find_pending(b, r);
		const struct pointer *now;
		uint64_t revision = 0;

		if (pending) {
			now = pending->op == COMMIT_PUT ? pending->pointer : NULL;
			revision = now ? sequence : 0;
		} else {
			now = pointer_map_get(map, r->pointer->key);
			revision = now ? now->revision : 0;
		}
		r->result = evaluate(r, now, revision);
		r->revision = revision;
		r->change = r->result == COMMIT_PENDING;
		if (r->change && (pending || !batch_has_room(b, r)))
			break;
		(void)request_list_pop(waiting);
		if (r->change)
			add_change(b, r);
		request_list_push(r->change || pending ? &b->requests : done, r);
	}
}

/* ---- the record */

int commit_batch_encode(struct commit_batch *b, struct pointer_map *map, uint64_t sequence,
                        uint64_t committed)
{
	b->size = record_size(b->change, b->n_changes);
	assert(b->size > 0);
	b->bytes = malloc(b->size);
	if (!b->bytes || pointer_map_reserve(map, b->n_changes) < 0)
		return -ENOMEM;
	record_encode(sequence, committed, b->change, b->n_changes, b->bytes);
	return 0;
}

static void apply(struct request *r, struct pointer_map *map, uint64_t sequence)
{
	r->result = COMMIT_DONE;
	r->revision = sequence;
	if (r->op == COMMIT_DELETE) {
		r->removed = pointer_map_take(map, r->pointer->key);
		return;
	}
	r->pointer->revision = sequence;
	pointer_map_put_adopt(map, r->pointer);
	r->pointer = NULL;
}

void commit_batch_apply(struct commit_batch *b, struct pointer_map *map, uint64_t sequence,
                        struct request_list *done)
{
	struct request *r;

	while ((r = request_list_pop(&b->requests))) {
		if (r->change)
			apply(r, map, sequence);
		request_list_push(done, r);
	}
}

void commit_batch_clear(struct commit_batch *b)
{
	assert(b->requests.n == 0);
	free(b->bytes);
	b->bytes = NULL;
	b->size = 0;
	b->n_changes = 0;
	b->change_bytes = 0;
	memset(b->marked, 0, sizeof(b->marked));
}
