/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/savepoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the pieces, as they are read */

static int room_for_one(void **array, size_t n, size_t *room, size_t each)
{
	size_t wanted = *room ? *room * 2 : 16;
	void *more;

	if (n < *room)
		return 0;
	more = reallocarray(*array, wanted, each);
	if (!more)
		return -ENOMEM;
	*array = more;
	*room = wanted;
	return 0;
}

static int on_operator(void *userdata, const struct metadata_operator *op)
{
	struct savepoint *s = userdata;
	void *array = s->operators;
	int r = room_for_one(&array, s->n_operators, &s->room_operators, sizeof(*s->operators));

	s->operators = array;
	if (r < 0)
		return r;
	s->operators[s->n_operators] = (struct savepoint_operator){
		.name = op->name,
		.uid = op->uid,
		.parallelism = op->parallelism,
		.max_parallelism = op->max_parallelism,
		.n_subtasks = op->n_subtasks,
		.finished = op->finished,
		.n_finished = op->finished ? op->parallelism : 0,
	};
	memcpy(s->operators[s->n_operators++].id, op->id, METADATA_ID_SIZE);
	return 0;
}

static int on_subtask(void *userdata, int32_t subtask, bool finished)
{
	struct savepoint *s = userdata;

	(void)subtask;
	s->operators[s->n_operators - 1].n_finished += finished;
	return 0;
}

static int on_stream(void *userdata, const struct metadata_stream *stream)
{
	struct savepoint *s = userdata;
	void *array = s->files;
	int r;

	if (stream->location == METADATA_INLINE) {
		s->inlined += stream->size;
		return 0;
	}
	r = room_for_one(&array, s->n_files, &s->room_files, sizeof(*s->files));
	s->files = array;
	if (r < 0)
		return r;
	s->files[s->n_files++] = (struct savepoint_file){
		.location = stream->location,
		.name = stream->name,
		.size = stream->location == METADATA_MERGED &&
		                        stream->from <= INT64_MAX - stream->size
		                ? stream->from + stream->size
		                : stream->size,
		.n_states = 1,
	};
	return 0;
}

static enum savepoint_backend both(enum savepoint_backend a, enum savepoint_backend b)
{
	if (a == SAVEPOINT_STATELESS || a == b)
		return b;
	if (b == SAVEPOINT_STATELESS || b == SAVEPOINT_CHANGELOG)
		return a;
	return a == SAVEPOINT_CHANGELOG ? b : SAVEPOINT_MIXED;
}

static enum savepoint_backend backend_of(int type)
{
	switch (type) {
	case METADATA_INCREMENTAL:
	case METADATA_INCREMENTAL_V2:
		return SAVEPOINT_ROCKSDB;
	case METADATA_KEY_GROUPS:
	case METADATA_KEY_GROUPS_V2:
		return SAVEPOINT_UNDECIDED;
	case METADATA_SAVEPOINT_KEY_GROUPS:
		return SAVEPOINT_ANY;
	default:
		return SAVEPOINT_STATELESS; /* of a changelog: its parts tell */
	}
}

static void add_keyed(struct savepoint_operator *op, const struct metadata_handle *h)
{
	op->n_keyed++;
	if (h->size > op->largest) {
		op->largest = h->size;
		op->largest_subtask = h->subtask;
	}
}

static int on_handle(void *userdata, const struct metadata_handle *h)
{
	struct savepoint *s = userdata;
	struct savepoint_operator *op = &s->operators[s->n_operators - 1];

	op->n_handles[h->type]++;
	if (h->part == METADATA_KEYED_MANAGED) {
		op->backend = both(op->backend, backend_of(h->type));
		op->changelog |= h->type == METADATA_CHANGELOG || h->type == METADATA_CHANGELOG_V2;
	}
	if (h->depth > 0)
		return 0;
	if (h->part == METADATA_KEYED_MANAGED)
		add_keyed(op, h);
	op->has_state = true;
	if (h->size > INT64_MAX - s->size)
		return -EOVERFLOW;
	op->size[h->part] += h->size;
	s->size += h->size;
	return 0;
}

/* ---- the whole */

static int compare_text(const struct input_text *a, const struct input_text *b)
{
	size_t n = a->size < b->size ? a->size : b->size;
	int r = memcmp(a->bytes, b->bytes, n);

	return r != 0 ? r : (a->size > b->size) - (a->size < b->size);
}

static int compare_files(const void *a, const void *b)
{
	const struct savepoint_file *x = a, *y = b;

	if (x->location != y->location)
		return x->location < y->location ? -1 : 1;
	return compare_text(&x->name, &y->name);
}

static void each_file_once(struct savepoint *s)
{
	size_t n = 0;

	if (s->n_files > 0)
		qsort(s->files, s->n_files, sizeof(*s->files), compare_files);
	for (size_t i = 0; i < s->n_files; i++) {
		struct savepoint_file *last = n > 0 ? &s->files[n - 1] : NULL;

		if (!last || compare_files(last, &s->files[i]) != 0) {
			s->files[n++] = s->files[i];
			continue;
		}
		last->n_states++;
		if (s->files[i].size > last->size)
			last->size = s->files[i].size;
	}
	s->n_files = n;
}

/* A changelog without a materialized part does not tell what it is the log of. */
static void add_up_backends(struct savepoint *s)
{
	for (size_t i = 0; i < s->n_operators; i++) {
		struct savepoint_operator *op = &s->operators[i];

		if (op->changelog && op->backend == SAVEPOINT_STATELESS)
			op->backend = SAVEPOINT_CHANGELOG;
		s->backend = both(s->backend, op->backend);
		s->changelog |= op->changelog;
	}
}

static int compare_ids(const void *a, const void *b)
{
	const struct savepoint_operator *const *x = a, *const *y = b;
	int r = memcmp((*x)->id, (*y)->id, METADATA_ID_SIZE);

	return r != 0 ? r : (*x > *y) - (*x < *y);
}

/* A file may have a million of them. */
static int sort_operators(struct savepoint *s)
{
	s->by_id = calloc(s->n_operators + 1, sizeof(const struct savepoint_operator *));
	if (!s->by_id)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_operators; i++)
		s->by_id[i] = &s->operators[i];
	if (s->n_operators > 0)
		qsort(s->by_id, s->n_operators, sizeof(const struct savepoint_operator *),
		      compare_ids);
	return 0;
}

int savepoint_read(const void *bytes, size_t size, struct savepoint *ret,
                   struct input_error *reterr)
{
	static const struct metadata_visitor visitor = {
		.on_operator = on_operator,
		.on_subtask = on_subtask,
		.on_stream = on_stream,
		.on_handle = on_handle,
	};
	int r;

	*ret = (struct savepoint){ .operators = NULL };
	r = metadata_read(bytes, size, &visitor, ret, &ret->head, reterr);
	if (r == -EOVERFLOW) {
		*reterr = (struct input_error){
			.text = "sizes of state add up to more than 64 bits"
		};
		r = -EBADMSG;
	}
	if (r < 0)
		return r;
	each_file_once(ret);
	add_up_backends(ret);
	return sort_operators(ret);
}

void savepoint_done(struct savepoint *s)
{
	free(s->operators);
	free(s->files);
	free(s->by_id);
	*s = (struct savepoint){ .operators = NULL };
}

const char *savepoint_backend_code(enum savepoint_backend backend)
{
	static const char *const codes[] = { "none",      "any",       "rocksdb",
		                             "undecided", "changelog", "mixed" };

	return codes[backend];
}

const char *savepoint_backend_text(enum savepoint_backend backend)
{
	static const char *const texts[] = { "no keyed state",
		                             "any (canonical)",
		                             "RocksDB or ForSt",
		                             "hashmap or full RocksDB",
		                             "changelog: hashmap or RocksDB",
		                             "mixed" };

	return texts[backend];
}

int64_t savepoint_operator_size(const struct savepoint_operator *op)
{
	int64_t size = 0; /* no overflow: that of the whole was checked */

	for (size_t i = 0; i < METADATA_N_PARTS_; i++)
		size += op->size[i];
	return size;
}

const struct savepoint_operator *savepoint_find(const struct savepoint *s,
                                                const uint8_t id[METADATA_ID_SIZE])
{
	size_t low = 0, high = s->n_operators;

	for (size_t i = 0; !s->by_id && i < s->n_operators; i++)
		if (memcmp(s->operators[i].id, id, METADATA_ID_SIZE) == 0)
			return &s->operators[i];
	while (s->by_id && low < high) { /* the first that is not below it */
		size_t middle = low + (high - low) / 2;

		if (memcmp(s->by_id[middle]->id, id, METADATA_ID_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!s->by_id || low == s->n_operators ||
	    memcmp(s->by_id[low]->id, id, METADATA_ID_SIZE) != 0)
		return NULL;
	return s->by_id[low];
}
