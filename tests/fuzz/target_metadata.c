/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint's _metadata (readiness/metadata.h, savepoint.h): whoever may write below the
 * checkpoint directory may write anything. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "readiness/savepoint.h"
#include "readiness/utf8.h"
#include "tests/fuzz/fuzz.h"

/* What is shown of it, and what JSON takes. */
static void check_utf8(struct input_text t)
{
	bool exact = false;
	char *text = utf8_of_java(t, &exact);
	size_t left;

	HOLDS(text != NULL);
	left = strlen(text);
	HOLDS(t.size == 0 || left > 0);
	for (size_t at = 0, n; left > 0; at += n, left -= n) {
		n = utf8_character(text + at, left);
		HOLDS(n > 0);
	}
	free(text);
}

static void check_text(const uint8_t *data, size_t size, const struct input_text *t)
{
	const uint8_t *at = (const uint8_t *)t->bytes;

	HOLDS(t->size == 0 || (at >= data && at + t->size <= data + size));
	check_utf8(*t);
}

static void check_operator(const uint8_t *data, size_t size, const struct savepoint_operator *op)
{
	check_text(data, size, &op->name);
	check_text(data, size, &op->uid);
	HOLDS(op->parallelism >= 0 && op->parallelism <= op->max_parallelism);
	HOLDS(op->backend < SAVEPOINT_N_BACKENDS_);
	for (unsigned i = 0; i < METADATA_N_PARTS_; i++)
		HOLDS(op->size[i] >= 0);
	HOLDS(op->has_state || savepoint_operator_size(op) == 0);
	HOLDS(op->largest <= op->size[METADATA_KEYED_MANAGED]);
	HOLDS(op->largest_subtask >= 0 &&
	      (op->n_keyed == 0 || op->largest_subtask < op->parallelism));
}

static void check(const uint8_t *data, size_t size, const struct savepoint *s)
{
	int64_t all = 0;

	HOLDS(s->n_operators == (size_t)s->head.n_operators);
	for (size_t i = 0; i < s->n_operators; i++) {
		const struct savepoint_operator *found = savepoint_find(s, s->operators[i].id);

		HOLDS(found && found <= &s->operators[i]);
		HOLDS(memcmp(found->id, s->operators[i].id, METADATA_ID_SIZE) == 0);
		check_operator(data, size, &s->operators[i]);
		all += savepoint_operator_size(&s->operators[i]);
	}
	HOLDS(all == s->size && s->inlined >= 0 && s->inlined <= (int64_t)size);
	for (size_t i = 0; i < s->n_files; i++) {
		check_text(data, size, &s->files[i].name);
		HOLDS(s->files[i].size >= 0 && s->files[i].n_states > 0);
		HOLDS(s->files[i].location != METADATA_INLINE);
	}
}

static void run(const uint8_t *data, size_t size)
{
	struct input_error e = { .text = "" };
	struct savepoint s;
	int r = savepoint_read(data, size, &s, &e);

	HOLDS(r == 0 || r == -EBADMSG);
	if (r == 0)
		check(data, size, &s);
	else
		HOLDS(e.text[0] != '\0' && strlen(e.text) < sizeof(e.text) && e.offset <= size);
	savepoint_done(&s);
}
FUZZ_TARGET(metadata, run)
