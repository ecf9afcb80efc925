/* SPDX-License-Identifier: Apache-2.0 */
/* IDs that Flink made up: from real checkpoints of jobs without uids. */
#include "readiness/auto_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "readiness/savepoint.h"
#include "tests/unit/job_bench.h"

static struct {
	struct auto_id ids[AUTO_ID_MOST];
	size_t n;
} b;

static void set(const char *const *hex, size_t n)
{
	memset(&b, 0, sizeof(b));
	b.n = n;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(text_unhex(hex[i], b.ids[i].id, UID_HASH_SIZE), 0);
}

/* "+" for each that Flink made, "-" for the others. */
static const char *look(void)
{
	static char text[AUTO_ID_MOST + 1];

	auto_id_find(b.ids, b.n);
	for (size_t i = 0; i < b.n; i++)
		text[i] = b.ids[i].made ? '+' : '-';
	text[b.n] = '\0';
	return text;
}

static void load(const char *name)
{
	struct savepoint s;
	struct input_error e;
	size_t size;
	CLEANUP(freep) char *bytes = bench_read(name, &size);

	memset(&b, 0, sizeof(b));
	assert_int_equal(savepoint_read(bytes, size, &s, &e), 0);
	b.n = s.n_operators;
	for (size_t i = 0; i < b.n; i++)
		memcpy(b.ids[i].id, s.operators[i].id, UID_HASH_SIZE);
	savepoint_done(&s);
}

#define SOURCE  "cbc357ccb763df2852fee8c4fc7d55f2"
#define FILTER  "7df19f87deec5680128845fd9a6ca18d"
#define COUNTER "90bea66de1c231edf33913ecd54406c1"
#define SINK    "17fbfcaabad45985bbdf4da0490487e3"

/* Source with a filter chained to it, counter by key with its sink: Flink 1.20.5. */
static void each_operator_of_a_job_without_uids(void **state)
{
	static const char *const hex[] = { SINK, COUNTER, FILTER, SOURCE };

	(void)state;
	set(hex, N_ELEMENTS(hex));
	assert_string_equal(look(), "++++");
}

static void which_of_two_was_first_is_not_guessed(void **state)
{
	static const char *const hex[] = { SINK, COUNTER };

	(void)state;
	set(hex, N_ELEMENTS(hex));
	assert_string_equal(look(), "--");
	b.ids[1].settled = true; /* its uid is known, say */
	assert_string_equal(look(), "+-");
}

/* The ID of the numbered one behind `one` and `two`. */
static void make_joined(const char *bytes, size_t size, size_t one, size_t two, size_t to)
{
	uint8_t *id = b.ids[to].id;

	uid_hash(bytes, size, id);
	for (size_t i = 0; i < UID_HASH_SIZE; i++) {
		id[i] = (uint8_t)(id[i] * 37 ^ b.ids[one].id[i]);
		id[i] = (uint8_t)(id[i] * 37 ^ b.ids[two].id[i]);
	}
}

static void one_with_two_inputs(void **state)
{
	/* Flink's of the uids "uid" and "BrProcess1". */
	static const char *const hex[] = { "0e1febe90327d1cea326114660ec1de8",
		                           "12d7d939fd56473cac7cff0603179a41", SOURCE };

	(void)state;
	set(hex, N_ELEMENTS(hex));
	make_joined("\2\0\0\0\2\0\0\0", 8, 0, 1, 2);
	assert_string_equal(look(), "---");
	b.ids[0].settled = true;
	assert_string_equal(look(), "---");
	b.ids[1].settled = true;
	assert_string_equal(look(), "--+");
}

static void none_that_a_uid_made(void **state)
{
	(void)state;
	load("flink-metadata/counter-1.20.5-rocksdb-checkpoint");
	assert_string_equal(look(), "---");
	for (size_t i = 0; i < 2; i++)
		b.ids[i].settled = true;
	assert_string_equal(look(), "---");
}

static void very_many_take_no_time(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	b.n = AUTO_ID_MOST;
	for (size_t i = 0; i < b.n; i++) {
		uid_hash((const char *)&i, sizeof(i), b.ids[i].id);
		b.ids[i].id[0] ^= 1;
	}
	assert_null(strchr(look(), '+'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operator_of_a_job_without_uids),
		cmocka_unit_test(which_of_two_was_first_is_not_guessed),
		cmocka_unit_test(one_with_two_inputs),
		cmocka_unit_test(none_that_a_uid_made),
		cmocka_unit_test(very_many_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
