/* SPDX-License-Identifier: Apache-2.0 */
/* What real Flinks answered, and what none would. */
#include "readiness/job_rest.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/job_bench.h"

static struct {
	struct job job;
	char error[JOB_REST_ERROR_SIZE];
} b;

static int teardown(void **state)
{
	(void)state;
	job_done(&b.job);
	return 0;
}

/* Two lines of Flink: each test looks at both. */
static const char *const lines[] = { "1.20.5", "2.2.1" };

static void load(const char *line, const char *name)
{
	static int (*const read[])(const char *, size_t, struct job *,
	                           char *) = { job_rest_read, job_rest_read_checkpoints,
		                               job_rest_read_config };
	static const char *const what[] = { "", "-checkpoints", "-checkpoints-config" };

	job_done(&b.job);
	for (size_t i = 0; i < N_ELEMENTS(read); i++) {
		CLEANUP(freep) char *json = NULL;
		char path[256];
		size_t size;

		(void)snprintf(path, sizeof(path), "flink-rest/%s/%s%s.json", line, name, what[i]);
		json = bench_read(path, &size);
		if (read[i](json, size, &b.job, b.error) != 0)
			fail_msg("%s: %s", path, b.error);
	}
}

static void a_job_that_is_set_up_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		const struct job *j = &b.job;

		load(lines[i], "right");
		assert_string_equal(j->name, "orders");
		assert_string_equal(j->state, "RUNNING");
		assert_int_equal(j->max_parallelism, 120);
		assert_false(j->all_known);
		assert_false(j->restored);
		assert_int_equal(j->n_vertices, 2);
		assert_string_equal(j->vertices[1].name, "counter -> sink: Writer");
		assert_int_equal(j->vertices[1].parallelism, 2);
		assert_int_equal(j->vertices[1].max_parallelism, 120);
		assert_int_equal(j->vertices[1].max, RESTORE_MAX_SET);
		assert_true(j->vertices[0].is_source);
		assert_false(j->vertices[1].is_source);
		assert_int_equal(j->n_operators, 2);
		assert_memory_equal(j->operators[1].id, "\x0d\xa0\x8f\x51\xea\xa8", 6);
		assert_int_equal(j->operators[1].vertex, 1);
		assert_int_equal(j->operators[1].has_uid, JOB_NOT_KNOWN);
		assert_int_equal(j->checkpointing.enabled, JOB_YES);
		assert_int_equal(j->checkpointing.interval_ms, 500);
		assert_int_equal(j->checkpointing.timeout_ms, 600000);
		assert_int_equal(j->checkpointing.retained, JOB_YES);
		assert_int_equal(j->checkpointing.backend, JOB_ROCKSDB);
		assert_int_equal(j->checkpointing.storage, JOB_IN_FILES);
		assert_int_equal(j->checkpointing.unaligned, JOB_NO);
		assert_int_equal(j->checkpointing.changelog, JOB_NO);
		assert_string_equal(j->checkpointing.dir, "file:/mnt/ha/flink/checkpoints");
		assert_true(j->taken.known);
		assert_true(j->taken.completed > 0);
		assert_true(j->taken.id > 0 && j->taken.size > 0);
		assert_non_null(strstr(j->taken.path, "/chk-"));
	}
}

static void a_job_that_is_set_up_badly(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		load(lines[i], "bad");
		assert_int_equal(b.job.max_parallelism, -1);
		assert_int_equal(b.job.vertices[1].max, RESTORE_MAX_BY_DEFAULT);
		assert_int_equal(b.job.checkpointing.backend, JOB_HASHMAP);
		assert_int_equal(b.job.checkpointing.storage, JOB_IN_JOBMANAGER);
		assert_int_equal(b.job.checkpointing.retained, JOB_NO);
	}
}

static void one_without_checkpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		load(lines[i], "none");
		assert_int_equal(b.job.checkpointing.enabled, JOB_NO);
		assert_int_equal(b.job.checkpointing.interval_ms, 0);
		assert_int_equal(b.job.taken.completed, 0);
		assert_null(b.job.taken.path);
		assert_null(b.job.checkpointing.dir);
	}
}

static void the_list_of_jobs(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		CLEANUP(freep) char *json = NULL;
		CLEANUP(job_list_done) struct job_list l = { 0 };
		char path[256];
		size_t size;

		(void)snprintf(path, sizeof(path), "flink-rest/%s/overview.json", lines[i]);
		json = bench_read(path, &size);
		assert_int_equal(job_rest_read_list(json, size, &l, b.error), 0);
		assert_int_equal(l.n, 3);
		assert_string_equal(l.item[0].state, "RUNNING");
	}
}

/* ---- */

#define ID     "\"jid\":\"00000000000000000000000000000001\""
#define VERTEX "\"id\":\"00000000000000000000000000000002\""

static int parse(const char *json)
{
	job_done(&b.job);
	return job_rest_read(json, strlen(json), &b.job, b.error);
}

static void what_is_absent_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(parse("{" ID ",\"vertices\":[{" VERTEX "}],\"new\":[{}]}"), 0);
	assert_null(b.job.name);
	assert_int_equal(b.job.max_parallelism, 0);
	assert_int_equal(b.job.vertices[0].parallelism, 0);
	assert_int_equal(b.job.vertices[0].max, RESTORE_MAX_NOT_KNOWN);
	assert_int_equal(b.job.checkpointing.enabled, JOB_NOT_KNOWN);
	assert_false(b.job.taken.known);
	/* The adaptive scheduler's, before there are slots. */
	assert_int_equal(parse("{" ID ",\"vertices\":[{" VERTEX ",\"parallelism\":-1}]}"), 0);
	assert_int_equal(b.job.vertices[0].parallelism, 0);
}

static void a_maximum_that_no_default_makes_was_set_or_restored(void **state)
{
	static const char job[] = "{" ID ",\"maxParallelism\":-1,\"vertices\":[{" VERTEX
	                          ",\"parallelism\":100,\"maxParallelism\":128}]}";
	static const char restored[] = "{\"counts\":{},\"latest\":{\"restored\":{\"id\":7}}}";

	(void)state;
	assert_int_equal(parse(job), 0);
	assert_int_equal(b.job.vertices[0].max, RESTORE_MAX_SET);
	assert_int_equal(job_rest_read_checkpoints(restored, strlen(restored), &b.job, b.error), 0);
	assert_int_equal(b.job.vertices[0].max, RESTORE_MAX_NOT_KNOWN);
}

static void a_checkpoint_without_an_address_has_none(void **state)
{
	static const char json[] =
	        "{\"counts\":{\"completed\":1},\"latest\":{\"completed\":{\"id\":7,"
	        "\"external_path\":\"<checkpoint-not-externally-addressable>\"}}}";
	static const char odd[] = "{\"counts\":{\"completed\":1},\"latest\":{\"completed\":{"
	                          "\"external_path\":\"s3://bucket/mine\"}}}";

	(void)state;
	assert_int_equal(parse("{" ID ",\"vertices\":[{" VERTEX "}]}"), 0);
	assert_int_equal(job_rest_read_checkpoints(json, strlen(json), &b.job, b.error), 0);
	assert_int_equal(b.job.taken.id, 7);
	assert_null(b.job.taken.path);
	assert_int_equal(job_rest_read_checkpoints(odd, strlen(odd), &b.job, b.error), 0);
	assert_string_equal(b.job.taken.path, "s3://bucket/mine");
	assert_null(b.job.checkpointing.dir);
}

static void hostile_input_is_one_error(void **state)
{
	static const struct {
		const char *json, *says;
	} bad[] = {
		{ "", "no JSON" },
		{ "[]", "no object" },
		{ "{}", "\"jid\"" },
		{ "{\"jid\":7}", "\"jid\"" },
		{ "{\"jid\":\"\\u001b[1m\"}", "no ID of 32 hex digits: ?[1m" },
		{ "{" ID "}", "no \"vertices\"" },
		{ "{" ID ",\"vertices\":{}}", "no \"vertices\"" },
		{ "{" ID ",\"vertices\":[7]}", "\"id\"" },
		{ "{" ID ",\"vertices\":[{" VERTEX ",\"parallelism\":1000000}]}", "32768" },
		{ "{" ID ",\"vertices\":[{" VERTEX ",\"parallelism\":9,\"maxParallelism\":8}]}",
		  "parallelism 9 and a maximum of 8" },
		{ "{" ID ",\"name\":\"\\u0000\"}", "no JSON" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		assert_int_equal(parse(bad[i].json), -EBADMSG);
		if (!strstr(b.error, bad[i].says))
			fail_msg("%s: %s", bad[i].json, b.error);
		assert_null(strchr(b.error, '\033'));
	}
	assert_int_equal(job_rest_read_checkpoints("{}", 2, &b.job, b.error), -EBADMSG);
	assert_int_equal(job_rest_read_config("{}", 2, &b.job, b.error), -EBADMSG);
}

static void an_error_of_flink_is_no_job(void **state)
{
	size_t size;
	CLEANUP(freep) char *json = bench_read("flink-rest/1.20.5/no-job.json", &size);

	(void)state;
	job_done(&b.job);
	assert_int_equal(job_rest_read(json, size, &b.job, b.error), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_job_that_is_set_up_well, teardown),
		cmocka_unit_test_teardown(a_job_that_is_set_up_badly, teardown),
		cmocka_unit_test_teardown(one_without_checkpoints, teardown),
		cmocka_unit_test(the_list_of_jobs),
		cmocka_unit_test_teardown(what_is_absent_is_not_known, teardown),
		cmocka_unit_test_teardown(a_maximum_that_no_default_makes_was_set_or_restored,
		                          teardown),
		cmocka_unit_test_teardown(a_checkpoint_without_an_address_has_none, teardown),
		cmocka_unit_test_teardown(hostile_input_is_one_error, teardown),
		cmocka_unit_test_teardown(an_error_of_flink_is_no_job, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
