/* SPDX-License-Identifier: Apache-2.0 */
/* jmhactl readiness: which job is meant, its latest checkpoint, and what is shown. */
#include "ctl/readiness_view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "ctl/readiness_html.h"
#include "ctl/readiness_jobs.h"
#include "ctl/readiness_latest.h"
#include "ctl/wrap.h"
#include "tests/unit/job_bench.h"

/* ---- which job */

static struct job_entry entries[4];
static char names[4][16] = { "orders", "orders-old", "payments", "orders" };
static char running[] = "RUNNING", canceled[] = "CANCELED";

static const char *choose(const char *name, enum exit_code expected)
{
	static char found[64];
	char error[READINESS_JOBS_ERROR_SIZE];
	struct job_list l = { entries, 4 };
	size_t n;

	for (size_t i = 0; i < 4; i++)
		entries[i] = (struct job_entry){ { (uint8_t)(0xa0 + i) },
			                         names[i],
			                         i == 3 ? canceled : running };
	assert_int_equal(readiness_jobs_choose(&l, name, &n, error), expected);
	if (expected != EXIT_DONE)
		return "";
	found[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(found);

		(void)snprintf(found + len, sizeof(found) - len, "%s%x", i ? " " : "",
		               (unsigned)l.item[i].id[0]);
	}
	return found;
}

static void a_job_by_id_by_name_or_by_how_it_begins(void **state)
{
	(void)state;
	assert_string_equal(choose(NULL, EXIT_DONE), "a0 a1 a2");
	assert_string_equal(choose("orders", EXIT_DONE), "a0"); /* whole, and it runs */
	assert_string_equal(choose("orders-", EXIT_DONE), "a1");
	assert_string_equal(choose("p", EXIT_DONE), "a2");
	assert_string_equal(choose("a3", EXIT_DONE), "a3"); /* although it has ended */
	assert_string_equal(choose("a3000000000000000000000000000000", EXIT_DONE), "a3");
	assert_string_equal(choose("ord", EXIT_USAGE), "");
	assert_string_equal(choose("nothing", EXIT_FAILED), "");
}

/* ---- the latest checkpoint */

static char dir[] = "/tmp/jmha-latest.XXXXXX";

static void put(unsigned n, bool whole)
{
	char path[128];
	size_t size;
	CLEANUP(freep)
	char *bytes = bench_read("flink-metadata/counter-1.20.5-rocksdb-checkpoint", &size);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/chk-%u", dir, n);
	assert_int_equal(mkdir(path, 0700), 0);
	if (!whole)
		return;
	(void)snprintf(path, sizeof(path), "%s/chk-%u/_metadata", dir, n);
	f = fopen(path, "wbe");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static int take_away(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static int latest(unsigned n, const char *expected)
{
	CLEANUP(savepoint_input_done) struct savepoint_input in = { 0 };
	char where[128], error[WHOLE_FILE_ERROR_SIZE];
	int r;

	(void)snprintf(where, sizeof(where), "file:%s/chk-%u", dir, n);
	r = readiness_latest_open(where, &in, error);
	if (r < 0)
		return r;
	assert_string_equal(in.path + strlen(dir), expected);
	assert_int_equal(in.savepoint.n_operators, 3);
	return 0;
}

static void a_newer_one_takes_the_place_of_one_that_is_gone(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(latest(7, ""), -ENOENT);
	put(9, true);
	assert_int_equal(latest(7, "/chk-9/_metadata"), 0);
	put(10, false); /* not complete */
	assert_int_equal(latest(7, "/chk-9/_metadata"), 0);
	put(8, true);
	assert_int_equal(latest(8, "/chk-8/_metadata"), 0);
	put(12, false);
	assert_int_equal(latest(7, ""), -ENOENT);
}

/* ---- what is shown */

static struct readiness r;

static void find_some(void)
{
	static const struct finding_kind bad = { FINDING_ERROR, FINDING_UID, "uid-missing",
		                                 "Flink makes up its ID from its place in the job",
		                                 "give it one" };
	static const struct finding_kind fine = { FINDING_FINE, FINDING_PARALLELISM,
		                                  "max-parallelism-fine", NULL, NULL };

	findings_add(&r.findings, &fine, "job orders", "maximum parallelism 120");
	findings_add(&r.findings, &bad, "job orders, operator \033[1m", "no uid, and %s of state",
	             "4.0 GiB");
	findings_add(&r.findings, &bad, "job orders, operator b", "no uid, and 1 bytes of state");
}

static int forget(void **state)
{
	(void)state;
	findings_done(&r.findings);
	return 0;
}

static void findings_stand_by_their_steps(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	find_some();
	readiness_view(f, &r, FINDING_ERROR, 50);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "Step 1, maximum parallelism: fine\n"
	                          "  fine    max-parallelism-fine: job orders\n"
	                          "          maximum parallelism 120\n"
	                          "Step 2, operator uids: error\n"
	                          "  error   uid-missing: job orders, operator ?[1m\n"
	                          "          no uid, and 4.0 GiB of state\n"
	                          "          Why: Flink makes up its ID from its\n"
	                          "          place in the job\n"
	                          "          What to do: give it one\n"
	                          "  error   uid-missing: job orders, operator b\n"
	                          "          no uid, and 1 bytes of state\n"
	                          "Step 3, state backend and checkpoints: not looked at\n"
	                          "Step 4, high availability: not looked at\n"
	                          "Not ready: 2 errors; no job runs\n");
	free(text);
}

static void json_for_programs(void **state)
{
	json_auto_t *json = NULL;

	(void)state;
	find_some();
	json = readiness_json(&r, FINDING_ERROR);
	assert_non_null(json);
	assert_true(json_is_false(json_object_get(json, "ready")));
	assert_string_equal(json_string_value(json_object_get(json, "worst")), "error");
	assert_int_equal(json_array_size(json_object_get(json, "steps")), 4);
	assert_int_equal(json_array_size(json_object_get(json, "findings")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "jobs")), 0);
}

/* ---- the page */

static char *page(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	readiness_html(f, &r, FINDING_ERROR, "2026-11-27 20:00 UTC");
	assert_int_equal(fclose(f), 0);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("not in the page: %s", part);
}

static size_t times(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

static void a_page_with_pictures(void **state)
{
	static char name[] = "<script>\"'&", vertex[] = "count </h3><script>", run[] = "RUNNING";
	struct job_vertex vertices[] = {
		{ .name = vertex, .parallelism = 3, .max_parallelism = 8 },
		{ .name = vertex, .parallelism = 300, .max_parallelism = 512 }
	};
	struct savepoint_operator ops[] = { { .uid = { "a<b", 3 }, .size = { 1024 } },
		                            { .uid = { "big", 3 }, .size = { 1 << 20 } } };
	struct savepoint latest = { .head.version = 6, .operators = ops, .n_operators = 2 };
	struct readiness_job job = {
		.job = { .name = name, .state = run, .vertices = vertices, .n_vertices = 2 }
	};
	char *text;

	(void)state;
	ops[0].size[METADATA_KEYED_MANAGED] = 1;
	memset(vertices[0].id, 1, JOB_ID_SIZE);
	memset(vertices[1].id, 2, JOB_ID_SIZE);
	job.view = (struct job_view){ .job = &job.job, .latest = &latest };
	r.jobs = &job;
	r.n_jobs = 1;
	find_some();
	text = page();
	r.jobs = NULL;
	r.n_jobs = 0;
	has(text, "<h2>Job &lt;script&gt;&quot;&#39;&amp;</h2>");
	has(text, "<h3>Key groups of count &lt;/h3&gt;&lt;script&gt;</h3>");
	assert_null(strstr(text, "<script"));
	has(text, "job orders, operator ?[1m");
	has(text, "<b class=\"word\">error</b> <code>uid-missing</code>");
	/* 3 + 6 subtasks one by one, and 300 as two blocks. */
	assert_int_equal(times(text, "<title>subtask "), 9);
	has(text, "<title>subtask 2: 2 key groups</title>");
	has(text, "212 have the most, 1.17 of an even share (dashed). Subtasks are sorted.");
	has(text, "At a parallelism of 600: not possible, the maximum is 512.");
	has(text, "operator a&lt;b</text>");
	assert_true(strstr(text, "operator big</text>") < strstr(text, "operator a&lt;"));
	has(text, "1.0 MiB</text>");
	assert_int_equal(times(text, "<figure>"), times(text, "</figure>"));
	assert_int_equal(times(text, "<svg"), times(text, "</svg>"));
	assert_int_equal(times(text, "<div"), times(text, "</div>"));
	assert_null(strstr(text, "http")); /* nothing is loaded */
	free(text);
}

static void words_are_wrapped(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	wrap_print(f, "one two  three \303\244\303\244\303\244\303\244 a-very-long-word x", 2, 2,
	           9);
	wrap_print(f, "", 2, 2, 9);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "one two\n  three\n  \303\244\303\244\303\244\303\244\n"
	                          "  a-very-long-word\n  x\n\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_by_id_by_name_or_by_how_it_begins),
		cmocka_unit_test_teardown(a_newer_one_takes_the_place_of_one_that_is_gone,
		                          take_away),
		cmocka_unit_test_teardown(findings_stand_by_their_steps, forget),
		cmocka_unit_test_teardown(json_for_programs, forget),
		cmocka_unit_test_teardown(a_page_with_pictures, forget),
		cmocka_unit_test(words_are_wrapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
