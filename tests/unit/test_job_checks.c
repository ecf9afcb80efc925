/* SPDX-License-Identifier: Apache-2.0 */
/* Every finding about a job, and a job that is right. */
#include "readiness/job_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "readiness/job_rest.h"
#include "readiness/uid_hash.h"
#include "tests/unit/job_bench.h"

#define GIB (INT64_C(1) << 30)

/* A source, a counter by key and a sink; all is well. */
static struct {
	struct job_vertex vertices[2];
	struct job_operator heads[2];
	struct savepoint_operator ops[3];
	struct savepoint latest;
	struct job job;
	struct job_view view;
	struct findings f;
	char name[8], head[8], counter[8], dir[32], path[32];
} b;

enum { SOURCE, COUNTER, SINK };

static struct input_text text(const char *t)
{
	return (struct input_text){ t, strlen(t) };
}

static void make_operator(size_t i, const char *uid, int32_t parallelism)
{
	struct savepoint_operator *op = &b.ops[i];

	*op = (struct savepoint_operator){ .uid = text(uid),
		                           .parallelism = parallelism,
		                           .max_parallelism = 120,
		                           .has_state = i != SINK };
	uid_hash(uid, strlen(uid), op->id);
}

static int setup(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	(void)snprintf(b.name, sizeof(b.name), "orders");
	(void)snprintf(b.head, sizeof(b.head), "source");
	(void)snprintf(b.counter, sizeof(b.counter), "counter");
	(void)snprintf(b.dir, sizeof(b.dir), "file:/mnt/checkpoints");
	(void)snprintf(b.path, sizeof(b.path), "file:/mnt/savepoint");
	make_operator(SOURCE, "numbers", 1);
	make_operator(COUNTER, "counter", 4);
	make_operator(SINK, "sink", 4);
	b.ops[COUNTER].size[METADATA_KEYED_MANAGED] = 4 * GIB;
	b.ops[COUNTER].largest = GIB;
	b.ops[COUNTER].largest_subtask = 2;
	b.latest = (struct savepoint){ .head.version = 6,
		                       .operators = b.ops,
		                       .n_operators = 3,
		                       .size = 4 * GIB,
		                       .backend = SAVEPOINT_ROCKSDB };
	for (size_t i = 0; i < 2; i++) {
		b.vertices[i] = (struct job_vertex){ .name = i == SOURCE ? b.head : b.counter,
			                             .parallelism = b.ops[i].parallelism,
			                             .max_parallelism = 120,
			                             .max = RESTORE_MAX_SET };
		memcpy(b.vertices[i].id, b.ops[i].id, JOB_ID_SIZE);
		b.heads[i] =
		        (struct job_operator){ .name = b.vertices[i].name, .vertex = (int32_t)i };
		memcpy(b.heads[i].id, b.ops[i].id, JOB_ID_SIZE);
	}
	b.job = (struct job){
		.name = b.name,
		.max_parallelism = 120,
		.vertices = b.vertices,
		.n_vertices = 2,
		.operators = b.heads,
		.n_operators = 2,
		.checkpointing = { .enabled = JOB_YES,
		                   .interval_ms = 60000,
		                   .retained = JOB_YES,
		                   .backend = JOB_ROCKSDB,
		                   .storage = JOB_IN_FILES,
		                   .dir = b.dir },
		.taken = { .known = true, .completed = 7 },
	};
	b.view = (struct job_view){
		.job = &b.job, .latest = &b.latest, .dir = JOB_DIR_SHARED, .n_hosts = 2
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	findings_done(&b.f);
	return 0;
}

static const char *look(void)
{
	findings_done(&b.f);
	job_check(&b.view, &b.f);
	assert_false(findings_failed(&b.f));
	return bench_codes(&b.f);
}

#define FINE_MAX " uid-fine= backend-fine="
#define FINE     "max-parallelism-fine="

/* As found by `look`: the n-th says this. */
static void says(size_t n, const char *object, const char *seen)
{
	assert_true(n < b.f.n);
	assert_string_equal(b.f.item[n].object, object);
	if (!strstr(b.f.item[n].seen, seen))
		fail_msg("\"%s\" is not in: %s", seen, b.f.item[n].seen);
}

static void a_right_job_is_clean(void **state)
{
	(void)state;
	assert_string_equal(look(), FINE FINE_MAX);
	assert_int_equal(findings_worst(&b.f, 0), FINDING_FINE);
	says(0, "job orders", "maximum parallelism 120, at most 4 used");
	says(1, "job orders", "2 operators with state, each has a uid");
	says(2, "job orders",
	     "RocksDB with 4.0 GiB of state, a checkpoint each 60000 ms in file:/mnt/checkpoints");
}

/* ---- step 1 */

static void a_maximum_that_nobody_chose(void **state)
{
	(void)state;
	b.job.max_parallelism = -1;
	for (size_t i = 0; i < 2; i++) {
		b.vertices[i].max = RESTORE_MAX_BY_DEFAULT;
		b.vertices[i].max_parallelism = 128;
	}
	b.vertices[COUNTER].parallelism = 64;
	assert_string_equal(look(), "max-parallelism-default" FINE_MAX);
	says(0, "job orders, counter", "Flink took 128 for a parallelism of 64, and the job");
	says(0, "job orders, counter", "a better one for a new job: 2048");
	b.vertices[COUNTER].parallelism = 4;
	assert_string_equal(look(), "max-parallelism-default" FINE_MAX);
	says(0, "job orders, counter", "it suits, if somebody sets it");
	/* The source has no keys, and nobody cares for its maximum. */
	b.vertices[COUNTER].max = RESTORE_MAX_SET;
	assert_string_equal(look(), FINE FINE_MAX);
}

static void a_parallelism_that_cannot_be_doubled(void **state)
{
	(void)state;
	b.vertices[COUNTER].parallelism = 60;
	assert_string_equal(look(), FINE FINE_MAX);
	b.vertices[COUNTER].parallelism = 120;
	assert_string_equal(look(), "parallelism-near-max" FINE_MAX);
	says(0, "job orders, counter", "parallelism 120 of at most 120: it cannot be doubled");
}

static void key_groups_that_do_not_spread(void **state)
{
	(void)state;
	b.vertices[COUNTER].max_parallelism = 128;
	b.vertices[COUNTER].parallelism = 43; /* 2 or 3, where 2.98 would be even */
	assert_string_equal(look(), FINE FINE_MAX);
	b.vertices[COUNTER].parallelism = 60; /* 2 or 3, 2.13 would be even */
	assert_string_equal(look(), "key-group-skew?" FINE_MAX);
	says(0, "job orders, counter",
	     "at parallelism 60: 2 to 3 key groups a subtask, 1.41 of an even share; at 120: 1 to "
	     "2 "
	     "key groups a subtask, 1.88 of an even share; a better maximum for a new job: 1920");
	b.vertices[COUNTER].parallelism = 100;
	assert_string_equal(look(), "parallelism-near-max key-group-skew" FINE_MAX);
	says(1, "job orders, counter", "at 200: not possible");
}

static void a_maximum_with_little_in_each_group(void **state)
{
	(void)state;
	b.vertices[COUNTER].max_parallelism = 32768;
	assert_string_equal(look(), FINE FINE_MAX);
	b.ops[COUNTER].size[METADATA_KEYED_MANAGED] = GIB;
	assert_string_equal(look(), "max-parallelism-large?" FINE_MAX);
	says(0, "job orders, counter", "with 32 KiB of state in each");
}

static void keys_within_a_chain_could_be_of_any_vertex(void **state)
{
	(void)state;
	b.ops[SINK].size[METADATA_KEYED_RAW] = 1;
	b.vertices[SOURCE].parallelism = 120;
	assert_string_equal(look(), "parallelism-near-max" FINE_MAX);
	b.ops[SINK].size[METADATA_KEYED_RAW] = 0;
	assert_string_equal(look(), FINE FINE_MAX);
}

/* ---- step 2 */

static void an_operator_without_a_uid(void **state)
{
	(void)state;
	b.ops[COUNTER].uid = text("");
	b.ops[SINK].uid = text(""); /* has no state */
	assert_string_equal(look(), FINE " uid-missing! backend-fine=");
	says(1, "job orders, first operator of counter", "no uid, and 4.0 GiB of state");
}

static void uids_that_an_old_file_does_not_tell(void **state)
{
	static const char both[] = "numbers\ncounter = Counter\n";
	CLEANUP(uid_names_done) struct uid_names uids = { 0 };
	struct uid_names_error error;

	(void)state;
	b.latest.head.version = 4;
	for (size_t i = 0; i < 3; i++)
		b.ops[i].uid = text("");
	assert_string_equal(look(), FINE " uid-not-known? backend-fine=");
	says(1, "job orders", "of 2 operators with state it is not known");
	assert_int_equal(uid_names_read(both, strlen(both), &uids, &error), 0);
	b.view.uids = &uids;
	assert_string_equal(look(), FINE FINE_MAX);
	uid_names_done(&uids);
	assert_int_equal(uid_names_read(both, strlen("numbers"), &uids, &error), 0);
	assert_string_equal(look(), FINE " uid-missing! backend-fine=");
	says(1, "job orders, first operator of counter", "none of the 1 uids given makes its ID");
}

static void an_id_that_flink_made_up_in_an_old_file(void **state)
{
	(void)state;
	b.latest.head.version = 4;
	for (size_t i = 0; i < 3; i++)
		b.ops[i].uid = text("");
	b.ops[COUNTER].has_state = false;
	memcpy(b.ops[SOURCE].id, "\xcb\xc3\x57\xcc\xb7\x63\xdf\x28\x52\xfe\xe8\xc4\xfc\x7d\x55\xf2",
	       JOB_ID_SIZE);
	assert_string_equal(look(), FINE " uid-missing! backend-fine=");
	says(1, "job orders, operator cbc357ccb763df2852fee8c4fc7d55f2", "no uid");
}

static void what_the_job_itself_says_of_uids(void **state)
{
	(void)state;
	b.view.latest = NULL;
	b.heads[SOURCE].has_uid = JOB_YES;
	b.heads[COUNTER].has_uid = JOB_YES;
	assert_string_equal(look(), FINE FINE_MAX);
	b.heads[COUNTER].has_uid = JOB_NO;
	assert_string_equal(look(), FINE " uid-missing backend-fine=");
	b.heads[COUNTER].has_uid = JOB_NOT_KNOWN;
	assert_string_equal(look(), FINE " uid-not-known? backend-fine=");
}

/* ---- step 3 */

static void large_state_in_the_heap(void **state)
{
	(void)state;
	b.job.checkpointing.backend = JOB_HASHMAP;
	b.latest.backend = SAVEPOINT_UNDECIDED;
	assert_string_equal(look(), FINE " uid-fine= backend-hashmap-large");
	says(2, "job orders, operator counter",
	     "1.0 GiB of keyed state in subtask 2 (limit: 1.0 GiB)");
	b.ops[COUNTER].largest--;
	assert_string_equal(look(), FINE FINE_MAX);
	b.ops[COUNTER].largest = 4 * GIB;
	assert_string_equal(look(), FINE " uid-fine= backend-hashmap-large!");
	b.ops[COUNTER].largest = 1000;
	b.view.hashmap_limit = 1000;
	assert_string_equal(look(), FINE " uid-fine= backend-hashmap-large");
}

static void no_checkpoints_at_all(void **state)
{
	(void)state;
	b.job.checkpointing.enabled = JOB_NO;
	b.view.latest = NULL;
	b.job.n_operators = 0;
	assert_string_equal(look(), FINE " uid-fine= checkpoints-off!");
}

static void checkpoints_in_the_wrong_place(void **state)
{
	(void)state;
	b.view.dir = JOB_DIR_LOCAL;
	b.view.dir_type = "ext4";
	assert_string_equal(look(), FINE " uid-fine= checkpoint-dir-local!");
	says(2, "job orders",
	     "file:/mnt/checkpoints lies on a file system of this host (ext4), and members run on "
	     "2 "
	     "hosts");
	b.view.n_hosts = 1;
	assert_string_equal(look(), FINE " uid-fine= checkpoint-dir-local");
	b.view.dir = JOB_DIR_NOT_KNOWN;
	assert_string_equal(look(), FINE FINE_MAX);
	b.job.checkpointing.storage = JOB_IN_JOBMANAGER;
	assert_string_equal(look(), FINE " uid-fine= checkpoint-storage-jobmanager!");
}

static void checkpoints_that_go_with_the_job(void **state)
{
	(void)state;
	b.job.checkpointing.retained = JOB_NO;
	assert_string_equal(look(), FINE " uid-fine= checkpoints-not-retained");
}

static void whole_checkpoints_of_large_state(void **state)
{
	(void)state;
	b.latest.backend = SAVEPOINT_UNDECIDED;
	assert_string_equal(look(), FINE " uid-fine= incremental-off?");
	b.latest.size = GIB - 1;
	assert_string_equal(look(), FINE FINE_MAX);
}

static void checkpoints_that_could_not_be_looked_at(void **state)
{
	(void)state;
	b.view.latest = NULL;
	b.view.unseen = "s3://bucket/chk-7: not a file of this host";
	b.job.n_operators = 0;
	assert_string_equal(look(), FINE " uid-fine= checkpoint-not-seen?");
	b.job.taken.completed = 0;
	assert_string_equal(look(), FINE " uid-fine= no-checkpoint?");
	b.job.taken.failed = 3;
	assert_string_equal(look(), FINE " uid-fine= no-checkpoint");
	b.job.restored = true; /* it has one, from before */
	assert_string_equal(look(), FINE " uid-fine= checkpoint-not-seen?");
}

/* ---- a restore */

static void another_maximum_than_the_state_has(void **state)
{
	struct job_old_operator old[] = {
		{ .parallelism = 4, .max_parallelism = 128, .has_state = true }
	};

	(void)state;
	memcpy(old[0].id, b.vertices[COUNTER].id, JOB_ID_SIZE);
	b.job.restore = (struct job_restore){ .path = b.path, .operators = old, .n_operators = 1 };
	assert_string_equal(look(), FINE FINE_MAX " max-parallelism-differs! starts-empty");
	says(3, "operator counter (0da08f51eaa85fc298e176a139b3649a)",
	     "maximum parallelism 128 in the state, 120 in the job");
	b.vertices[COUNTER].max = RESTORE_MAX_BY_DEFAULT;
	assert_non_null(strstr(look(), "max-parallelism-replaced?"));
	old[0].max_parallelism = 120;
	assert_null(strstr(look(), "max-parallelism-re"));
}

static void against_a_savepoint_of_its_own(void **state)
{
	struct savepoint from = b.latest;

	(void)state;
	job_check_restore(&b.view, &from, &b.f);
	assert_string_equal(bench_codes(&b.f), "");
	/* Of a job whose chains were not looked into, nothing is said of those within. */
	b.view.latest = NULL;
	b.ops[SINK].has_state = true;
	job_check_restore(&b.view, &from, &b.f);
	assert_string_equal(bench_codes(&b.f), "not-in-sight?");
}

/* ---- with what a real Flink says */

static void real_jobs_that_are_wrong(void **state)
{
	static const struct {
		const char *name, *codes;
	} jobs[] = {
		{ "right", FINE " uid-not-known? backend-fine=" },
		{ "bad", "max-parallelism-default uid-not-known? checkpoint-storage-jobmanager! "
		         "checkpoints-not-retained" },
		{ "none", "max-parallelism-default uid-not-known? checkpoints-off!" },
	};
	char error[JOB_REST_ERROR_SIZE], path[128];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(jobs); i++) {
		CLEANUP(job_done) struct job job;
		size_t size;

		(void)snprintf(path, sizeof(path), "flink-rest/2.2.1/%s.json", jobs[i].name);
		{
			CLEANUP(freep) char *json = bench_read(path, &size);

			assert_int_equal(job_rest_read(json, size, &job, error), 0);
		}
		(void)snprintf(path, sizeof(path), "flink-rest/2.2.1/%s-checkpoints-config.json",
		               jobs[i].name);
		{
			CLEANUP(freep) char *json = bench_read(path, &size);

			assert_int_equal(job_rest_read_config(json, size, &job, error), 0);
		}
		b.view = (struct job_view){ .job = &job };
		assert_string_equal(look(), jobs[i].codes);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_right_job_is_clean),
		TEST(a_maximum_that_nobody_chose),
		TEST(a_parallelism_that_cannot_be_doubled),
		TEST(key_groups_that_do_not_spread),
		TEST(a_maximum_with_little_in_each_group),
		TEST(keys_within_a_chain_could_be_of_any_vertex),
		TEST(an_operator_without_a_uid),
		TEST(uids_that_an_old_file_does_not_tell),
		TEST(an_id_that_flink_made_up_in_an_old_file),
		TEST(what_the_job_itself_says_of_uids),
		TEST(large_state_in_the_heap),
		TEST(no_checkpoints_at_all),
		TEST(checkpoints_in_the_wrong_place),
		TEST(checkpoints_that_go_with_the_job),
		TEST(whole_checkpoints_of_large_state),
		TEST(checkpoints_that_could_not_be_looked_at),
		TEST(another_maximum_than_the_state_has),
		TEST(against_a_savepoint_of_its_own),
		TEST(real_jobs_that_are_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
