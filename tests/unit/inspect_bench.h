/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of what is seen of a store from outside: one in memory, and a look at it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "storage/inspect.h"
#include "tests/unit/storage_files.h"

static struct files f;
static struct inspection seen;
static struct inspected_end end;
static const struct log_position nothing;

static void write_cluster(void)
{
	char path[160], text[128], id[2 * RECORD_CLUSTER_ID_SIZE + 1];

	text_hex(f.id, RECORD_CLUSTER_ID_SIZE, id);
	(void)snprintf(path, sizeof(path), "%s/CLUSTER", f.cluster);
	(void)snprintf(text, sizeof(text), "{\"version\": 1, \"cluster_id\": \"%s\"}\n", id);
	files_write(path, text, strlen(text));
}

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	write_cluster();
	seen = (struct inspection){ .n_files = 0 };
	end = (struct inspected_end){ .found = false };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	inspected_end_done(&end);
	inspection_done(&seen);
	files_teardown(&f);
	return 0;
}

static void inspect(void)
{
	const struct inspect_request request = { .path = f.cluster };

	assert_int_equal(inspect_store(&request, &seen), 0);
	assert_int_equal(inspect_find_end(&request, &seen, &end), 0);
}

static inline const char *value(const char *key)
{
	assert_true(end.found);
	return files_value(end.read.delta, key);
}

static inline enum inspected_state state_of(size_t i)
{
	assert_true(i < seen.n_files);
	return seen.file[i].state;
}

/* Where the next record of f will begin. */
static inline uint64_t here(void)
{
	return f.at.offset;
}

static inline void flip(uint64_t epoch, uint64_t segment, uint64_t at)
{
	char path[160];

	files_name(&f, epoch, segment, path);
	files_flip(path, at, 3);
}
