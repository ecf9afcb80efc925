/* SPDX-License-Identifier: Apache-2.0 */
/* What Flink would say to a job that is to go on from a savepoint. */
#include "readiness/restore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4 };

static struct {
	struct savepoint_operator op[MOST];
	struct savepoint from;
	struct restore_operator now[MOST];
	struct restore_job job;
	struct findings f;
} b;

/* With state, and in the job as it was. */
static void add(uint8_t id, int32_t parallelism, int32_t max)
{
	size_t n = b.from.n_operators++;

	b.op[n] = (struct savepoint_operator){
		.id = { id }, .parallelism = parallelism, .max_parallelism = max, .has_state = true
	};
	b.op[n].size[METADATA_KEYED_MANAGED] = 1000;
	b.now[b.job.n_operators++] = (struct restore_operator){
		.id = { id }, .name = "counter", .parallelism = parallelism, .max_parallelism = max
	};
}

static int setup(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	b.from.operators = b.op;
	b.job.operators = b.now;
	b.job.all_known = true;
	add(1, 4, 128);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	findings_done(&b.f);
	return 0;
}

/* All codes, with "!" for an error. */
static const char *look(void)
{
	static char text[512];

	findings_done(&b.f);
	restore_check(&b.from, &b.job, NULL, NULL, &b.f);
	assert_false(findings_failed(&b.f));
	text[0] = '\0';
	for (size_t i = 0; i < b.f.n; i++) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, "%s%s%s", i ? " " : "", b.f.item[i].code,
		               b.f.item[i].severity == FINDING_ERROR ? "!" : "");
	}
	return text;
}

static void the_same_job_goes_on(void **state)
{
	(void)state;
	assert_string_equal(look(), "");
	assert_int_equal(findings_worst(&b.f, 0), FINDING_FINE);
}

static void another_maximum_is_refused_only_where_it_was_set(void **state)
{
	(void)state;
	b.now[0].max_parallelism = 256;
	assert_string_equal(look(), "max-parallelism-may-differ");
	b.now[0].max = RESTORE_MAX_SET;
	assert_string_equal(look(), "max-parallelism-differs!");
	assert_string_equal(b.f.item[0].seen,
	                    "maximum parallelism 128 in the state, 256 in the job");
	assert_string_equal(b.f.item[0].object, "operator 01000000000000000000000000000000");
	b.now[0].max = RESTORE_MAX_BY_DEFAULT;
	assert_string_equal(look(), "max-parallelism-replaced");
	b.now[0].max_parallelism = 0; /* not known */
	assert_string_equal(look(), "");
}

static void no_more_subtasks_than_key_groups(void **state)
{
	(void)state;
	b.now[0].parallelism = 64;
	assert_string_equal(look(), "");
	b.now[0].parallelism = 65;
	assert_string_equal(look(), "cannot-scale");
	b.now[0].parallelism = 128;
	assert_string_equal(look(), "cannot-scale");
	b.now[0].parallelism = 129;
	assert_string_equal(look(), "parallelism-above-max!");
	b.op[0].max_parallelism = INT32_MAX; /* a file may say so */
	b.now[0].max_parallelism = 0;
	b.now[0].parallelism = INT32_MAX / 2 + 1;
	assert_string_equal(look(), "cannot-scale");
}

static void state_is_not_left_behind_unasked(void **state)
{
	(void)state;
	add(2, 1, 128);
	b.job.n_operators = 1;
	assert_string_equal(look(), "state-left-behind!");
	assert_string_equal(b.f.item[0].seen,
	                    "1000 bytes of state, and no such operator in the job");
	b.job.allow_left = true;
	assert_string_equal(look(), "state-dropped");
	b.job.all_known = false; /* of a running job the heads of chains alone are seen */
	assert_string_equal(look(), "not-in-sight");
	/* Operators without any have an entry, too. */
	b.job.all_known = true;
	b.op[1].has_state = false;
	assert_string_equal(look(), "");
}

static void a_new_operator_starts_empty(void **state)
{
	(void)state;
	b.now[b.job.n_operators++] = (struct restore_operator){ .id = { 9 }, .name = "new\nline" };
	assert_string_equal(look(), "starts-empty");
	assert_string_equal(b.f.item[0].object,
	                    "operator new?line (09000000000000000000000000000000)");
	b.now[1].stateless = true;
	assert_string_equal(look(), "");
}

static void only_a_canonical_savepoint_changes_the_backend(void **state)
{
	(void)state;
	b.from.backend = SAVEPOINT_ROCKSDB;
	b.job.backend = RESTORE_BACKEND_HASHMAP;
	assert_string_equal(look(), "backend-differs!");
	assert_string_equal(b.f.item[0].seen, "state of RocksDB or ForSt, and the job has hashmap");
	b.job.backend = RESTORE_BACKEND_ROCKSDB;
	assert_string_equal(look(), "");
	b.from.backend = SAVEPOINT_ANY;
	b.job.backend = RESTORE_BACKEND_HASHMAP;
	assert_string_equal(look(), "");
}

/* Two files tell less than a job's configuration does. */
static void where_a_file_does_not_tell_its_backend_it_may_differ(void **state)
{
	(void)state;
	b.from.backend = SAVEPOINT_ROCKSDB;
	b.job.backend = RESTORE_BACKEND_HASHMAP_OR_ROCKSDB;
	assert_string_equal(look(), "backend-may-differ");
	b.from.backend = SAVEPOINT_UNDECIDED;
	assert_string_equal(look(), "");
	b.job.backend = RESTORE_BACKEND_HASHMAP;
	assert_string_equal(look(), "");
	b.job.backend = RESTORE_BACKEND_ROCKSDB;
	assert_string_equal(look(), "backend-may-differ");
	assert_string_equal(b.f.item[0].seen,
	                    "state of hashmap or full RocksDB, and the job has RocksDB or ForSt");
	b.from.backend = SAVEPOINT_CHANGELOG;
	assert_string_equal(look(), "");

	assert_int_equal(restore_backend_of(&b.from), RESTORE_BACKEND_NOT_KNOWN);
	b.from.backend = SAVEPOINT_UNDECIDED;
	assert_int_equal(restore_backend_of(&b.from), RESTORE_BACKEND_HASHMAP_OR_ROCKSDB);
	b.from.backend = SAVEPOINT_ROCKSDB;
	assert_int_equal(restore_backend_of(&b.from), RESTORE_BACKEND_ROCKSDB);
	b.from.backend = SAVEPOINT_ANY;
	assert_int_equal(restore_backend_of(&b.from), RESTORE_BACKEND_NOT_KNOWN);
}

static void a_savepoint_names_its_operators_by_what_it_has(void **state)
{
	struct restore_operator *all = NULL;

	(void)state;
	b.op[0].uid = (struct input_text){ "counter-uid", 11 };
	assert_int_equal(restore_operators_of(&b.from, &all), 0);
	assert_int_equal(all[0].max_parallelism, 128);
	assert_int_equal(all[0].max, RESTORE_MAX_NOT_KNOWN);
	assert_false(all[0].stateless);
	all[0].max_parallelism = 200;
	b.job.operators = all;
	assert_string_equal(look(), "max-parallelism-may-differ");
	assert_string_equal(b.f.item[0].object,
	                    "operator counter-uid (01000000000000000000000000000000)");
	free(all);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_same_job_goes_on),
		T(another_maximum_is_refused_only_where_it_was_set),
		T(no_more_subtasks_than_key_groups),
		T(state_is_not_left_behind_unasked),
		T(a_new_operator_starts_empty),
		T(only_a_canonical_savepoint_changes_the_backend),
		T(where_a_file_does_not_tell_its_backend_it_may_differ),
		T(a_savepoint_names_its_operators_by_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
