/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/import_plan.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "ctl/target_file.h"

#define JOB_A "00000000000000000000000000000a0a"
#define JOB_B "00000000000000000000000000000b0b"

static char plan_target[] = "file:/ha/plan", nine[] = "file:/ha/9", ten[] = "file:/ha/10";
static struct flink_file checkpoints[] = {
	{ .name = "0000000000000000009", .target = nine, .bytes = 90 },
	{ .name = "0000000000000000010", .target = ten, .bytes = 100 },
};
static struct flink_job flink_jobs[] = {
	{ .id = JOB_A,
	  .plan = { .target = plan_target, .bytes = 7 },
	  .checkpoints = checkpoints,
	  .n_checkpoints = 2,
	  .next_checkpoint = 11 },
	{ .id = JOB_B, .plan = { .target = plan_target, .bytes = 8 } },
};
static const struct flink_tree tree = { .jobs = flink_jobs, .n_jobs = 2 };
static struct import_plan *plan;

static int clear(void **state)
{
	(void)state;
	plan = import_plan_free(plan);
	return 0;
}

/* What the daemon lists: "key=base64"; "key=" is a damaged one. */
static json_t *part_of(char *pair)
{
	json_t *pointers = json_array();
	char *value = strchr(pair, '=');

	if (value) {
		*value++ = '\0';
		(void)json_array_append_new(
		        pointers,
		        *value ? json_pack("{s:s,s:s}", "key", pair, "value", value)
		               : json_pack("{s:s,s:n,s:b}", "key", pair, "value", "damaged", 1));
	}
	return json_pack("{s:i,s:o}", "version", 1, "pointers", pointers);
}

/* "key=base64 key=base64", each in a part of the list of its own. */
static json_t *index_of(const char *pairs)
{
	json_t *index = json_object();
	char copy[1024], *rest = copy, *pair;

	(void)snprintf(copy, sizeof(copy), "%s", pairs);
	while ((pair = strsep(&rest, " ")) != NULL) {
		json_auto_t *part = part_of(pair);

		assert_int_equal(import_plan_index(index, part), 0);
	}
	return index;
}

static void make(const char *path, const char *jobs, const char *points, const char *marks)
{
	json_auto_t *j = index_of(jobs), *c = index_of(points), *m = index_of(marks);

	plan = import_plan_free(plan);
	assert_int_equal(import_plan_make(&tree, path, j, c, m, &plan), 0);
}

static void a_job_comes_after_its_checkpoints(void **state)
{
	const struct import_job *a;

	(void)state;
	make("/flink/default", "", "", "");
	assert_int_equal(plan->n_jobs, 2);
	assert_int_equal(plan->n_new, 4);
	assert_int_equal(plan->n_same + plan->n_other, 0);
	a = &plan->jobs[0];
	assert_int_equal(a->n_items, 3);
	assert_string_equal(a->items[0].key, "checkpoints/" JOB_A "/0000000000000000009");
	assert_string_equal(a->items[0].value, "{\"target\":\"file:/ha/9\",\"bytes\":90}");
	assert_string_equal(a->items[1].key, "checkpoints/" JOB_A "/0000000000000000010");
	assert_string_equal(a->items[2].key, "jobs/" JOB_A);
	assert_string_equal(a->items[2].value, "{\"target\":\"file:/ha/plan\",\"bytes\":7}");
	assert_string_equal(plan->jobs[1].items[0].key, "jobs/" JOB_B);
	assert_false(plan->marked);
	assert_string_equal(plan->marker, "imported/flink/default");
}

/* As an import that was broken off leaves it. */
static void what_stands_there_is_not_written_again(void **state)
{
	(void)state;
	make("/flink/default", "",
	     "checkpoints/" JOB_A
	     "/0000000000000000009=eyJ0YXJnZXQiOiJmaWxlOi9oYS85IiwiYnl0ZXMiOjkwfQ==",
	     "");
	assert_int_equal(plan->n_new, 3);
	assert_int_equal(plan->n_same, 1);
	assert_int_equal(plan->n_other, 0);
	assert_int_equal(plan->jobs[0].items[0].state, IMPORT_SAME);
	assert_int_equal(plan->jobs[0].items[1].state, IMPORT_NEW);
}

static void other_values_and_damaged_ones_are_conflicts(void **state)
{
	(void)state;
	/* {"target":"file:/ha/9","bytes":91} */
	make("/flink/default", "jobs/" JOB_B "=",
	     "checkpoints/" JOB_A
	     "/0000000000000000009=eyJ0YXJnZXQiOiJmaWxlOi9oYS85IiwiYnl0ZXMiOjkxfQ==",
	     "");
	assert_int_equal(plan->n_other, 2);
	assert_int_equal(plan->jobs[0].items[0].state, IMPORT_OTHER);
	assert_int_equal(plan->jobs[1].items[0].state, IMPORT_OTHER);
}

static void a_job_that_has_run_here_is_a_conflict(void **state)
{
	(void)state;
	make("/flink/default", "",
	     "checkpoints/00000000000000000000000000000c0c/0000000000000000001=eA== "
	     "checkpoints/" JOB_A "/0000000000000000012=eA==",
	     "");
	assert_int_equal(plan->n_other, 1);
	assert_string_equal(plan->jobs[0].foreign, "checkpoints/" JOB_A "/0000000000000000012");
	assert_null(plan->jobs[1].foreign);
}

static void an_import_that_was_finished_is_known_by_its_mark(void **state)
{
	(void)state;
	make("/flink/default", "", "", "imported/flink/other=eA==");
	assert_false(plan->marked);
	make("/flink/default", "", "", "imported/flink/default=eA==");
	assert_true(plan->marked);
	make("/a b/c\303\244", "", "", "");
	assert_string_equal(plan->marker, "imported/a_b/c__");
}

/* ---- files */

static void files_are_compared_with_their_pointers(void **state)
{
	char dir[] = "/tmp/jmha-target-XXXXXX", path[64], uri[128];
	uint64_t size = 0;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a b", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	(void)fputs("12345", f);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(uri, sizeof(uri), "file:%s/a%%20b", dir);
	assert_int_equal(target_look(uri, 5, &size), TARGET_THERE);
	assert_int_equal(target_look(uri, 6, &size), TARGET_OTHER_SIZE);
	assert_int_equal(size, 5);
	(void)snprintf(uri, sizeof(uri), "file://%s/a%%20b", dir);
	assert_int_equal(target_look(uri, 5, &size), TARGET_THERE);
	(void)snprintf(uri, sizeof(uri), "file://localhost%s/a%%20b", dir);
	assert_int_equal(target_look(uri, 5, &size), TARGET_THERE);
	(void)snprintf(uri, sizeof(uri), "file:%s/none", dir);
	assert_int_equal(target_look(uri, 5, &size), TARGET_ABSENT);
	(void)snprintf(uri, sizeof(uri), "file:%s", dir);
	assert_int_equal(target_look(uri, 5, &size), TARGET_ABSENT);
	assert_int_equal(target_look("s3://bucket/a", 5, &size), TARGET_NOT_LOOKED_AT);
	assert_int_equal(target_look("file://host/a", 5, &size), TARGET_NOT_LOOKED_AT);
	assert_int_equal(target_look("file:", 5, &size), TARGET_NOT_LOOKED_AT);
	assert_int_equal(target_look("file:/a%2", 5, &size), TARGET_ABSENT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

#define T(f) cmocka_unit_test_teardown(f, clear)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(a_job_comes_after_its_checkpoints),
		T(what_stands_there_is_not_written_again),
		T(other_values_and_damaged_ones_are_conflicts),
		T(a_job_that_has_run_here_is_a_conflict),
		T(an_import_that_was_finished_is_known_by_its_mark),
		T(files_are_compared_with_their_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
