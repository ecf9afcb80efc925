/* SPDX-License-Identifier: Apache-2.0 */
/* What files of real Flinks hold. */
#include "readiness/savepoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "readiness/uid_hash.h"

static struct {
	uint8_t bytes[65536];
	size_t size;
	struct savepoint s;
} bench;

static void load(const char *name)
{
	const char *top = getenv("top_srcdir");
	struct input_error e;
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/flink-metadata/%s", top ? top : ".",
	               name);
	f = fopen(path, "rb");
	assert_non_null(f);
	bench.size = fread(bench.bytes, 1, sizeof(bench.bytes), f);
	assert_true(feof(f));
	(void)fclose(f);
	savepoint_done(&bench.s);
	if (savepoint_read(bench.bytes, bench.size, &bench.s, &e) != 0)
		fail_msg("%s: %s", name, e.text);
}

static int teardown(void **state)
{
	(void)state;
	savepoint_done(&bench.s);
	return 0;
}

static const struct savepoint_operator *by_uid(const char *uid)
{
	uint8_t id[UID_HASH_SIZE];

	uid_hash(uid, strlen(uid), id);
	return savepoint_find(&bench.s, id);
}

/* Each written by a Flink with that backend. */
static void tells_the_backend_as_far_as_the_file_does(void **state)
{
	static const struct {
		const char *name;
		enum savepoint_backend backend;
	} known[] = {
		{ "counter-1.20.5-hashmap-checkpoint", SAVEPOINT_UNDECIDED },
		{ "counter-1.20.5-hashmap-savepoint-canonical", SAVEPOINT_ANY },
		{ "counter-1.20.5-rocksdb-checkpoint", SAVEPOINT_ROCKSDB },
		{ "counter-1.20.5-rocksdb-savepoint-canonical", SAVEPOINT_ANY },
		{ "counter-1.20.5-rocksdb-savepoint-native", SAVEPOINT_ROCKSDB },
		{ "counter-2.2.1-hashmap-savepoint-native", SAVEPOINT_UNDECIDED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		load(known[i].name);
		assert_int_equal(bench.s.backend, known[i].backend);
		assert_false(bench.s.changelog);
	}
}

/* It was written with hashmap; the changes alone do not tell. */
static void a_changelog_alone_does_not_tell_its_backend(void **state)
{
	size_t n = 0;

	(void)state;
	load("new-stateful-udf-migration-itcase-flink1.17-hashmap-checkpoint");
	assert_int_equal(bench.s.backend, SAVEPOINT_CHANGELOG);
	assert_true(bench.s.changelog);
	assert_string_equal(savepoint_backend_code(bench.s.backend), "changelog");
	assert_string_equal(savepoint_backend_text(bench.s.backend),
	                    "changelog: hashmap or RocksDB");
	for (size_t i = 0; i < bench.s.n_operators; i++) {
		const struct savepoint_operator *op = &bench.s.operators[i];

		n += op->n_handles[METADATA_CHANGELOG_V2];
		assert_int_equal(op->n_handles[METADATA_CHANGELOG_V2],
		                 op->n_handles[METADATA_CHANGELOG_BYTES]);
		assert_int_equal(op->backend,
		                 op->n_keyed > 0 ? SAVEPOINT_CHANGELOG : SAVEPOINT_STATELESS);
	}
	assert_int_equal(n, 12);
}

static void each_operator_is_found_by_its_id(void **state)
{
	struct savepoint by_hand;

	(void)state;
	load("new-stateful-udf-migration-itcase-flink1.17-rocksdb-checkpoint");
	by_hand = bench.s;
	by_hand.by_id = NULL;
	for (size_t i = 0; i < bench.s.n_operators; i++) {
		const struct savepoint_operator *op = &bench.s.operators[i];
		uint8_t id[METADATA_ID_SIZE];

		assert_ptr_equal(savepoint_find(&bench.s, op->id), op);
		assert_ptr_equal(savepoint_find(&by_hand, op->id), op);
		memcpy(id, op->id, sizeof(id));
		id[METADATA_ID_SIZE - 1] ^= 1;
		assert_null(savepoint_find(&bench.s, id));
	}
}

static void finds_operators_by_the_hash_of_their_uid(void **state)
{
	const struct savepoint_operator *op;

	(void)state;
	load("counter-1.20.5-rocksdb-checkpoint"); /* without uids in the file */
	assert_int_equal(bench.s.n_operators, 3);
	op = by_uid("counter");
	assert_non_null(op);
	assert_int_equal(op->uid.size, 0);
	assert_int_equal(op->max_parallelism, 128);
	assert_true(op->has_state);
	assert_true(op->size[METADATA_KEYED_MANAGED] > 0);
	assert_int_equal(op->n_keyed, 1);
	assert_int_equal(op->n_subtasks, 1);
	assert_int_equal(op->n_handles[METADATA_INCREMENTAL_V2], 1);
	assert_int_equal(op->largest, op->size[METADATA_KEYED_MANAGED]);
	assert_int_equal(by_uid("numbers")->size[METADATA_KEYED_MANAGED], 0);
	assert_non_null(by_uid("sink"));
	assert_null(by_uid("nobody"));
}

static void an_operator_without_state_may_be_left_behind(void **state)
{
	size_t stateless = 0;

	(void)state;
	load("new-stateful-broadcast-udf-migration-itcase-flink1.20-hashmap-savepoint");
	for (size_t i = 0; i < bench.s.n_operators; i++) {
		const struct savepoint_operator *op = &bench.s.operators[i];

		stateless += !op->has_state;
		assert_true(op->has_state || savepoint_operator_size(op) == 0);
	}
	assert_true(stateless > 0 && stateless < bench.s.n_operators);
}

static void each_file_is_named_once(void **state)
{
	uint64_t n_states = 0;

	(void)state;
	load("new-stateful-udf-migration-itcase-flink1.17-rocksdb-checkpoint");
	assert_int_equal(bench.s.n_files, 85);
	for (size_t i = 0; i < bench.s.n_files; i++) {
		const struct savepoint_file *f = &bench.s.files[i];

		assert_true(f->location != METADATA_INLINE);
		assert_true(f->n_states >= 1);
		for (size_t k = 0; k < i; k++)
			assert_false(f->name.size == bench.s.files[k].name.size &&
			             memcmp(f->name.bytes, bench.s.files[k].name.bytes,
			                    f->name.size) == 0);
		n_states += f->n_states;
	}
	assert_int_equal(n_states, 122); /* some share one */
}

static void a_wrong_file_leaves_nothing(void **state)
{
	struct input_error e;
	struct savepoint s;

	(void)state;
	load("counter-1.20.5-rocksdb-checkpoint");
	assert_int_equal(savepoint_read(bench.bytes, bench.size / 2, &s, &e), -EBADMSG);
	assert_true(e.text[0] != '\0');
	savepoint_done(&s);
	savepoint_done(&s);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(tells_the_backend_as_far_as_the_file_does),
		T(a_changelog_alone_does_not_tell_its_backend),
		T(each_operator_is_found_by_its_id),
		T(finds_operators_by_the_hash_of_their_uid),
		T(an_operator_without_state_may_be_left_behind),
		T(each_file_is_named_once),
		T(a_wrong_file_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
