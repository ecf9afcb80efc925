/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the commit queue: one whose actions are read as text, and answered by hand. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/commit_queue.h"

struct bench {
	struct pointer_map *map;
	struct commit_queue *q;
	struct commit_action asked;         /* the last one that wants an answer */
	size_t changes;                     /* of the last APPEND */
	struct commit_action snapshot;      /* the last one */
	struct log_snapshot named, earlier; /* what found() finds */
	char text[65536];
};

static struct bench bench;

/* What happened since the last look: "open:1 append move:1/1/216@5 reply:a=ok/1 ". */
static const char *look(void)
{
	struct commit_action a;
	struct record r;
	size_t n = 0;

	bench.text[0] = '\0';
	while (commit_queue_next(bench.q, &a)) {
		char *at = bench.text + n;
		size_t left = sizeof(bench.text) - n;
		int w = 0;

		switch (a.type) {
		case COMMIT_NEW_SEGMENT:
			w = snprintf(at, left, "open:%d after %d/%d ", (int)a.segment,
			             (int)a.position.segment, (int)a.position.sequence);
			break;
		case COMMIT_APPEND:
			assert_int_equal(record_decode(a.bytes, a.size, &r), RECORD_OK);
			assert_int_equal(r.size, a.size);
			bench.changes = r.n_changes;
			w = snprintf(at, left, "append:%d(%d) ", (int)r.sequence, (int)r.n_changes);
			break;
		case COMMIT_MOVE_REGISTER:
			w = snprintf(at, left, "move:%d/%d@%d ", (int)a.position.segment,
			             (int)a.position.sequence, a.version);
			if (a.snapshot.epoch != 0)
				w += snprintf(at + w - 1, left - (size_t)w, "+%d ",
				              (int)a.snapshot.at.sequence) -
				     1;
			break;
		case COMMIT_READ_REGISTER:
			w = snprintf(at, left, "read ");
			break;
		case COMMIT_CATCH_UP:
			w = snprintf(at, left, "catch-up:%d/%d ", (int)a.position.segment,
			             (int)a.position.sequence);
			break;
		case COMMIT_REPLY:
			w = snprintf(at, left, "%s=%s/%d ", (const char *)a.cookie,
			             commit_result_code(a.result), (int)a.revision);
			break;
		case COMMIT_SNAPSHOT:
			w = snprintf(at, left, "snapshot:%d/%d ", (int)a.position.segment,
			             (int)a.position.sequence);
			bench.snapshot = a;
			a.ticket = 0; /* it goes on beside the others */
			break;
		case COMMIT_CLEAN:
			w = snprintf(at, left, "clean:%d ", (int)a.snapshot.at.sequence);
			break;
		case COMMIT_SETTLED:
			w = snprintf(at, left, "settled ");
			break;
		case COMMIT_TERM_LOST:
			w = snprintf(at, left, "lost ");
			break;
		}
		if (a.ticket != 0)
			bench.asked = a;
		assert_true(w > 0 && (size_t)w < left);
		n += (size_t)w;
	}
	return bench.text;
}

static inline void opened(void)
{
	struct log_position at = bench.asked.position;

	at.epoch = bench.asked.epoch.v;
	at.segment = bench.asked.segment;
	at.offset = RECORD_FILE_HEADER_SIZE;
	at.digest[0]++;
	commit_queue_opened(bench.q, bench.asked.ticket, COMMIT_STORED, &at);
}

static inline void appended(enum commit_storage answer)
{
	commit_queue_appended(bench.q, bench.asked.ticket, answer);
}

static inline void moved(enum commit_moved answer, int32_t version)
{
	commit_queue_moved(bench.q, bench.asked.ticket, answer, version);
}

static inline void found(uint64_t epoch, const char *latch, int32_t version,
                         const struct log_position *position)
{
	struct commit_register r = {
		.epoch = { epoch },
		.latch = latch,
		.version = version,
		.position = *position,
		.snapshot = bench.named,
		.previous = bench.earlier,
	};

	commit_queue_read(bench.q, bench.asked.ticket, &r);
}

static inline enum commit_result submit(const struct commit_request *request, const char *name)
{
	struct commit_request r = *request;

	r.cookie = (void *)(uintptr_t)name;
	return commit_queue_submit(bench.q, &r);
}

static inline enum commit_result put(const char *key, const char *value, const char *name)
{
	return submit(
	        &(struct commit_request){ .key = key, .value = value, .value_size = strlen(value) },
	        name);
}

static inline enum commit_result create(const char *key, const char *value, const char *name)
{
	return submit(&(struct commit_request){ .key = key,
	                                        .value = value,
	                                        .value_size = strlen(value),
	                                        .condition = COMMIT_IF_ABSENT },
	              name);
}

static inline enum commit_result put_if(const char *key, const char *value, uint64_t revision,
                                        const char *name)
{
	return submit(&(struct commit_request){ .key = key,
	                                        .value = value,
	                                        .value_size = strlen(value),
	                                        .condition = COMMIT_IF_REVISION,
	                                        .if_revision = revision },
	              name);
}

static inline enum commit_result del(const char *key, const char *name)
{
	return submit(&(struct commit_request){ .op = COMMIT_DELETE, .key = key }, name);
}

static const char *value(const char *key)
{
	static char text[64];
	const struct pointer *p = pointer_map_get(bench.map, key);

	if (!p)
		return "(none)";
	(void)snprintf(text, sizeof(text), "%.*s", (int)p->value_size,
	               (const char *)pointer_value(p));
	return text;
}

/* Epoch 7, latch "n-own", register version 5, nothing committed yet. */
static inline void begin(void)
{
	struct commit_register mark = { .epoch = { 7 }, .latch = "n-own", .version = 5 };

	assert_int_equal(commit_queue_begin(bench.q, &mark), 0);
}

/* The whole way of one commit. */
static inline void commit(void)
{
	(void)look();
	appended(COMMIT_STORED);
	(void)look();
	moved(COMMIT_MOVED, commit_queue_version(bench.q) + 1);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&bench, 0, sizeof(bench));
	bench.map = pointer_map_new();
	bench.q = commit_queue_new(bench.map);
	assert_non_null(bench.q);
	begin();
	assert_string_equal(look(), "open:1 after 0/0 ");
	opened();
	assert_string_equal(look(), "");
	assert_true(commit_queue_segment_open(bench.q));
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	commit_queue_free(bench.q);
	pointer_map_free(bench.map);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
