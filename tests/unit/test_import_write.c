/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/import_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/scripted_server.h"

#define JOB_A "00000000000000000000000000000a0a"
#define JOB_B "00000000000000000000000000000b0b"

static char target[] = "file:/ha/x";
static struct flink_file checkpoint = { .name = "0000000000000000009", .target = target };
static struct flink_job flink_jobs[] = {
	{ .id = JOB_A,
	  .plan = { .target = target, .bytes = 7 },
	  .checkpoints = &checkpoint,
	  .n_checkpoints = 1,
	  .next_checkpoint = 11 },
	{ .id = JOB_B, .plan = { .target = target, .bytes = 8 } },
};
static const struct flink_tree tree = { .jobs = flink_jobs, .n_jobs = 2 };
static const struct options opts = { .verb = VERB_STORE_IMPORT, .from = "zk1:2181" };

static char out[4096], err[4096];

static void slurp(FILE *f, char *ret, size_t size)
{
	rewind(f);
	ret[fread(ret, 1, size - 1, f)] = '\0';
	(void)fclose(f);
}

/* In a process of its own, as it writes to stdout and stderr.  `checkpoints`: the index of those in
 * the store. */
static int run(const char *socket, const char *checkpoints, uint64_t *ret_epoch)
{
	FILE *o = tmpfile(), *e = tmpfile();
	int status, pipes[2];
	uint64_t epoch = 0;
	pid_t pid;

	assert_true(o && e && pipe(pipes) == 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		json_t *none = json_object(), *list = json_loads(checkpoints, 0, NULL);
		struct import_plan *plan = NULL;
		struct client *c = NULL;

		(void)dup2(fileno(o), STDOUT_FILENO);
		(void)dup2(fileno(e), STDERR_FILENO);
		if (client_open(socket, &c) < 0 ||
		    import_plan_make(&tree, "/flink/default", none, list, none, &plan) < 0)
			_exit(99);
		if (ret_epoch) {
			status = (int)import_find_epoch(c, &opts, &epoch);
			(void)!write(pipes[1], &epoch, sizeof(epoch));
		} else {
			status = (int)import_write(c, &opts, plan, 7);
		}
		(void)fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (ret_epoch)
		assert_int_equal(read(pipes[0], ret_epoch, sizeof(*ret_epoch)), sizeof(*ret_epoch));
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	slurp(o, out, sizeof(out));
	slurp(e, err, sizeof(err));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define PLAY(s, ...)                                          \
	static const char *const script_[] = { __VA_ARGS__ }; \
	scripted_server_start(s, script_, N_ELEMENTS(script_))
#define OK        HTTP("200 OK", "{\"version\":1,\"revision\":7,\"epoch\":7}")
#define COUNTER   HTTP("200 OK", "{\"version\":1,\"value\":1}")
#define NOT_FOUND HTTP("404 Not Found", "{\"error\":\"not-found\",\"message\":\"m\"}")

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static void lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" contains \"%s\"", text, part);
}

static void the_job_is_written_last_and_recovered_afterwards(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, OK, COUNTER, OK, OK, OK, OK, OK, OK);
	assert_int_equal(run(s.socket, "{}", NULL), EXIT_DONE);
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 8);
	contains(s.asked[0], "PUT /v1/pointers/checkpoints/" JOB_A "/0000000000000000009 ");
	contains(s.asked[0], "If-None-Match: *\r\n");
	contains(s.asked[0], "Jmha-Epoch: 7\r\n");
	contains(s.asked[0], "{\"target\":\"file:/ha/x\",\"bytes\":0}");
	contains(s.asked[1], "GET /v1/counters/" JOB_A " ");
	contains(s.asked[2], "PUT /v1/counters/" JOB_A " ");
	contains(s.asked[2], "Jmha-Epoch: 7\r\n");
	contains(s.asked[2], "{\"value\":11}");
	contains(s.asked[3], "PUT /v1/pointers/jobs/" JOB_A " ");
	contains(s.asked[3], "If-None-Match: *\r\n");
	/* B never had a checkpoint, so it has no counter. */
	contains(s.asked[4], "PUT /v1/pointers/jobs/" JOB_B " ");
	contains(s.asked[5], "PUT /v1/pointers/imported/flink/default ");
	contains(s.asked[5], "\"imported_from\":\"zk1:2181\"");
	lacks(s.asked[5], "If-None-Match");
	contains(s.asked[6], "POST /v1/jobs/" JOB_A "/recover ");
	contains(s.asked[7], "POST /v1/jobs/" JOB_B "/recover ");
	contains(out, "Imported 2 jobs, 3 pointers\n");
	contains(out, "told to recover 2 of them");
	lacks(out, "step-down");
	assert_string_equal(err, "");
}

static void what_stands_there_and_a_counter_ahead_are_left_alone(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"version\":1,\"value\":12}"), OK, OK, OK, NOT_FOUND,
	     HTTP("409 Conflict", "{\"error\":\"not-leader\",\"message\":\"m\"}"));
	assert_int_equal(run(s.socket,
	                     "{\"checkpoints/" JOB_A "/0000000000000000009\":"
	                     "\"eyJ0YXJnZXQiOiJmaWxlOi9oYS94IiwiYnl0ZXMiOjB9\"}",
	                     NULL),
	                 EXIT_DONE);
	scripted_server_finish(&s);
	contains(s.asked[0], "GET /v1/counters/" JOB_A " ");
	contains(s.asked[1], "PUT /v1/pointers/jobs/" JOB_A " ");
	/* A daemon that cannot pass the order on is no failure. */
	contains(out, "2 jobs are recovered by the next leader: `jmhactl step-down`");
	lacks(out, "told to recover");
}

static void a_refused_write_ends_it_before_the_job_is_seen(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, OK, COUNTER,
	     HTTP("412 Precondition Failed", "{\"error\":\"fenced\",\"message\":\"old epoch\"}"));
	assert_int_equal(run(s.socket, "{}", NULL), EXIT_FAILED);
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 3);
	contains(err, "stopped at /v1/counters/" JOB_A);
	contains(err, "old epoch (fenced)");
	contains(err, "Do it again");
	assert_string_equal(out, "");
}

static void a_write_without_an_answer_has_an_unknown_outcome(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, OK, COUNTER, OK, NULL);
	assert_int_equal(run(s.socket, "{}", NULL), EXIT_UNKNOWN);
	contains(err, "stopped at /v1/pointers/jobs/" JOB_A);
	contains(err, "Do it again");
}

static void only_the_leader_is_asked_to_write(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;
	uint64_t epoch;

	(void)state;
	PLAY(&s,
	     HTTP("200 OK", "{\"member\":\"jm-a\",\"state\":\"leader\",\"epoch\":7,\"leader\":{"
	                    "\"member\":\"jm-a\",\"epoch\":7}}"),
	     HTTP("200 OK", "{\"member\":\"jm-b\",\"state\":\"standby\",\"epoch\":7,\"leader\":{"
	                    "\"member\":\"jm-a\",\"epoch\":7}}"),
	     HTTP("200 OK", "{\"member\":\"jm-b\",\"state\":\"standby\",\"leader\":null}"));
	assert_int_equal(run(s.socket, "{}", &epoch), EXIT_DONE);
	assert_int_equal(epoch, 7);
	assert_int_equal(run(s.socket, "{}", &epoch), EXIT_NO_LEADER);
	contains(err, "jm-b does not lead: run this on the host of jm-a");
	assert_int_equal(run(s.socket, "{}", &epoch), EXIT_NO_LEADER);
	contains(err, "nobody does");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_job_is_written_last_and_recovered_afterwards),
		cmocka_unit_test(what_stands_there_and_a_counter_ahead_are_left_alone),
		cmocka_unit_test(a_refused_write_ends_it_before_the_job_is_seen),
		cmocka_unit_test(a_write_without_an_answer_has_an_unknown_outcome),
		cmocka_unit_test(only_the_leader_is_asked_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
