/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/verbs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/scripted_server.h"

/* What one run said and returned. */
static char out[8192], err[8192];
static const char *input; /* standard input; NULL = none */
static bool disk_full;    /* of standard output */

static void slurp(FILE *f, char *ret, size_t size)
{
	rewind(f);
	ret[fread(ret, 1, size - 1, f)] = '\0';
	(void)fclose(f);
}

/* In a process of its own, as the verbs write to stdout and stderr. */
static int run(const char *socket, const char *line)
{
	FILE *o = tmpfile(), *e = tmpfile(), *i = tmpfile();
	int status;
	pid_t pid;

	assert_true(o && e && i);
	(void)fputs(input ? input : "", i);
	rewind(i);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char copy[256], *words[32] = { NULL }, *rest = copy;
		struct options opts;
		int n = 0;

		(void)dup2(fileno(i), STDIN_FILENO);
		(void)dup2(disk_full ? open("/dev/full", O_WRONLY | O_CLOEXEC) : fileno(o),
		           STDOUT_FILENO);
		(void)dup2(fileno(e), STDERR_FILENO);
		(void)snprintf(copy, sizeof(copy), "jmhactl %s", line);
		while (n < 31 && (words[n] = strsep(&rest, " ")) != NULL)
			n++;
		if (options_parse(n, words, &opts, stderr) < 0)
			_exit(EXIT_USAGE);
		status = (int)verbs_run(&opts, socket);
		(void)fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	slurp(o, out, sizeof(out));
	slurp(e, err, sizeof(err));
	(void)fclose(i);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define PLAY(s, ...)                                          \
	static const char *const script_[] = { __VA_ARGS__ }; \
	scripted_server_start(s, script_, N_ELEMENTS(script_))

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

#define CLUSTER                                                                                \
	"{\"version\":1,\"cluster\":\"orders\",\"epoch\":7,\"leader\":{\"member\":\"jm-a\","   \
	"\"epoch\":7},\"members\":[{\"member\":\"jm-a\",\"role\":\"contender\",\"state\":"     \
	"\"leader\",\"eligible\":true,\"reasons\":[],\"jmha\":\"0.1.0\",\"self\":true},"       \
	"{\"member\":\"jm-b\",\"role\":\"contender\",\"state\":\"standby\",\"eligible\":true," \
	"\"reasons\":[]}],\"age_ms\":3}\n"
#define DONE                                                                                 \
	"{\"version\":1,\"id\":\"q-0000000001\",\"result\":\"done\",\"leader\":\"jm-b\","    \
	"\"epoch\":8,\"from\":\"jm-a\",\"stop_ms\":8.0,\"release_ms\":1.5,\"grant_ms\":2.5," \
	"\"total_ms\":12.0}\n"

static void json_is_the_daemons_own(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER), HTTP("200 OK", "{\"x\":  1}"),
	     HTTP("503 Service Unavailable", "{\"error\":\"not-ready\",\"message\":\"m\"}\n"));
	assert_int_equal(run(s.socket, "list --json"), EXIT_DONE);
	assert_string_equal(out, CLUSTER);
	assert_int_equal(run(s.socket, "status --json"), EXIT_DONE);
	assert_string_equal(out, "{\"x\":  1}\n");
	assert_int_equal(run(s.socket, "history --json"), EXIT_FAILED);
	assert_string_equal(out, "{\"error\":\"not-ready\",\"message\":\"m\"}\n");
	assert_string_equal(err, "jmhactl: m (not-ready)\n");
}

static void leader_prints_a_name_or_exits_with_six(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"leader\":{\"member\":\"jm-a\",\"epoch\":7}}"),
	     HTTP("200 OK", "{\"leader\":null}"));
	assert_int_equal(run(s.socket, "leader"), EXIT_DONE);
	assert_string_equal(out, "jm-a\n");
	assert_int_equal(run(s.socket, "leader"), EXIT_NO_LEADER);
	assert_string_equal(out, "");
}

static void leader_says_when_it_is_old_news(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"state\":\"disconnected\",\"leader\":"
	                        "{\"member\":\"jm-a\",\"age_ms\":12500}}"));
	assert_int_equal(run(s.socket, "leader"), EXIT_DONE);
	assert_string_equal(out, "jm-a\n");
	contains(err, "as seen 12.5 s ago; this member has no ZooKeeper connection");
}

static void leader_waits_until_there_is_one(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"leader\":null}"), NULL,
	     HTTP("200 OK", "{\"state\":\"disconnected\",\"leader\":{\"member\":\"jm-a\"}}"),
	     HTTP("200 OK", "{\"leader\":{\"member\":\"jm-b\"}}"),
	     HTTP("200 OK", "{\"leader\":{\"member\":\"jm-b\"}}"));
	assert_int_equal(run(s.socket, "leader --wait"), EXIT_DONE);
	assert_string_equal(out, "jm-b\n");
	assert_string_equal(err, "");
}

static void an_unreachable_daemon_is_named_with_what_to_try(void **state)
{
	(void)state;
	assert_int_equal(run("/nowhere/api.sock", "list"), EXIT_UNREACHABLE);
	contains(err, "/nowhere/api.sock: No such file");
	contains(err, "Try: systemctl status");
	assert_int_equal(run("/nowhere/api.sock", "switchover --yes"), EXIT_UNREACHABLE);
	assert_int_equal(run("/nowhere/api.sock", "pointers put k"), EXIT_UNREACHABLE);
	assert_int_equal(run("/nowhere/api.sock", "version"), EXIT_DONE);
	assert_string_equal(out, "jmhactl " PACKAGE_VERSION "\n");
}

static void version_tells_the_daemons_too(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER));
	assert_int_equal(run(s.socket, "version"), EXIT_DONE);
	assert_string_equal(out, "jmhactl " PACKAGE_VERSION
	                         "\njmhad 0.1.0, member jm-a of cluster orders\n");
}

static void readiness_needs_a_rest_api(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"version\":1,\"epoch\":0,\"components\":{}}"),
	     HTTP("200 OK", "{\"components\":{\"rest_server\":\"http://127.0.0.1:1\"}}"),
	     HTTP("200 OK", "{\"components\":{\"rest_server\":\"ftp://127.0.0.1\"}}"));
	/* The daemon's own JSON is none of ours. */
	assert_int_equal(run(s.socket, "readiness --json --no-cluster"), EXIT_NO_LEADER);
	assert_string_equal(out, "");
	contains(err, "no JobManager has published its REST address");
	assert_int_equal(run(s.socket, "readiness --no-cluster"), EXIT_UNREACHABLE);
	contains(err, "no answer from http://127.0.0.1:1: ");
	assert_int_equal(run(s.socket, "readiness --no-cluster"), EXIT_USAGE);
	contains(err, "this is no URL of a REST API");
}

static void explain_asks_for_status_and_cluster(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s,
	     HTTP("200 OK", "{\"cluster\":\"orders\",\"member\":\"jm-b\",\"state\":\"standby\","
	                    "\"eligible\":true,\"leader\":{\"member\":\"jm-a\",\"epoch\":7}}"),
	     HTTP("200 OK", CLUSTER));
	assert_int_equal(run(s.socket, "explain"), EXIT_DONE);
	contains(out, "jm-a leads with epoch 7.");
	scripted_server_finish(&s);
	assert_non_null(strstr(s.asked[0], "GET /v1/status "));
	assert_non_null(strstr(s.asked[1], "GET /v1/cluster "));
}

/* ---- switchover */

static void switchover_orders_and_tells_the_times(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER), HTTP("200 OK", DONE));
	assert_int_equal(run(s.socket, "switchover jm-b --yes --force --why load --timeout 10"),
	                 EXIT_DONE);
	assert_string_equal(out,
	                    "Done: jm-b leads with epoch 8, after jm-a, in 12.0 ms (stop 8.0 ms, "
	                    "release 1.5 ms, grant 2.5 ms)\n");
	assert_string_equal(err, "");
	scripted_server_finish(&s);
	contains(s.asked[1], "POST /v1/switchover?wait_ms=");
	contains(s.asked[1], "\"to\":\"jm-b\"");
	contains(s.asked[1], "\"force\":true");
	contains(s.asked[1], "\"why\":\"load\"");
}

static void switchover_asks_for_the_result_until_it_is_there(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	/* In between the elector is replaced: a connection that breaks is no answer. */
	PLAY(&s, HTTP("200 OK", CLUSTER), HTTP("202 Accepted", "{\"id\":\"q-0000000001\"}"),
	     HTTP("202 Accepted", "{\"id\":\"q-0000000001\"}"), NULL, HTTP("200 OK", DONE));
	assert_int_equal(run(s.socket, "switchover --yes --json"), EXIT_DONE);
	assert_string_equal(out, DONE);
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 5);
	contains(s.asked[4], "GET /v1/requests/q-0000000001 ");
	assert_null(strstr(s.asked[1], "\"to\""));
}

static void switchover_refuses_without_a_terminal_or_yes(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER), HTTP("200 OK", CLUSTER));
	input = "y\n";
	assert_int_equal(run(s.socket, "switchover jm-b"), EXIT_USAGE);
	contains(err, "| jm-b ");
	contains(err, "give --yes");
	assert_int_equal(run(s.socket, "step-down"), EXIT_USAGE);
	input = NULL;
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 2);
}

static void switchover_to_the_leader_is_done_already(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER), HTTP("200 OK", CLUSTER),
	     HTTP("200 OK", "{\"leader\":null}"));
	assert_int_equal(run(s.socket, "switchover jm-a --yes"), EXIT_DONE);
	assert_string_equal(out, "jm-a leads already, with epoch 7\n");
	assert_int_equal(run(s.socket, "switchover jm-x --yes"), EXIT_FAILED);
	contains(err, "has no member jm-x");
	assert_int_equal(run(s.socket, "switchover --yes"), EXIT_NO_LEADER);
}

static void a_refused_switchover_says_why(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER),
	     HTTP("409 Conflict", "{\"error\":\"not-eligible\",\"message\":\"jm-b is paused\"}"));
	assert_int_equal(run(s.socket, "switchover jm-b --yes"), EXIT_UNSAFE);
	assert_string_equal(err, "jmhactl: jm-b is paused (not-eligible)\n");
}

static void a_switchover_without_an_answer_is_unknown(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", CLUSTER), NULL, HTTP("200 OK", CLUSTER));
	assert_int_equal(run(s.socket, "switchover jm-b --yes"), EXIT_UNKNOWN);
	contains(err, "it may still happen, or not");
	contains(err, "leader jm-a");
}

/* ---- pointers */

static void recover_tells_the_leader_and_says_what_to_look_at(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"version\":1,\"epoch\":7}"),
	     HTTP("409 Conflict", "{\"error\":\"not-leader\",\"message\":\"m\"}"), NULL);
	assert_int_equal(run(s.socket, "recover 0a000000000000000000000000000001"), EXIT_DONE);
	contains(out, "0a000000000000000000000000000001 is still parked");
	assert_int_equal(run(s.socket, "recover 0a000000000000000000000000000001"), EXIT_NO_LEADER);
	assert_int_equal(run(s.socket, "recover 0a000000000000000000000000000001"), EXIT_UNKNOWN);
	assert_int_equal(run(s.socket, "recover ../0a"), EXIT_USAGE);
	assert_int_equal(run(s.socket, "recover"), EXIT_USAGE);
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 3);
	contains(s.asked[0], "POST /v1/jobs/0a000000000000000000000000000001/recover ");
}

static void a_value_comes_out_as_it_is(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "no newline"),
	     HTTP("404 Not Found", "{\"error\":\"not-found\",\"message\":\"none\"}"));
	assert_int_equal(run(s.socket, "pointers get jobs/a"), EXIT_DONE);
	assert_string_equal(out, "no newline");
	assert_int_equal(run(s.socket, "pointers get jobs/b"), EXIT_FAILED);
	assert_string_equal(out, "");
	scripted_server_finish(&s);
	contains(s.asked[0], "GET /v1/pointers/jobs/a ");
}

static void conditions_of_a_write_become_headers(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"revision\":8,\"epoch\":3}"),
	     HTTP("200 OK", "{\"revision\":9,\"epoch\":3}"),
	     HTTP("200 OK", "{\"revision\":9,\"epoch\":3,\"value\":\"\"}"), NULL);
	input = "hello\n";
	assert_int_equal(run(s.socket, "pointers put jobs/a --create --epoch 3"), EXIT_DONE);
	assert_string_equal(out, "Wrote jobs/a, revision 8, epoch 3\n");
	assert_int_equal(run(s.socket, "pointers put jobs/a - --revision 8"), EXIT_DONE);
	assert_int_equal(run(s.socket, "pointers delete jobs/a --yes --revision 9"), EXIT_DONE);
	assert_string_equal(out, "Deleted jobs/a, revision 9, epoch 3\n");
	assert_int_equal(run(s.socket, "pointers put jobs/a"), EXIT_UNKNOWN);
	assert_int_equal(run(s.socket, "pointers put jobs/a /nowhere/file"), EXIT_FAILED);
	assert_int_equal(run(s.socket, "pointers delete jobs/a"), EXIT_USAGE);
	input = NULL;
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 4);
	contains(s.asked[0], "PUT /v1/pointers/jobs/a ");
	contains(s.asked[0], "\r\nIf-None-Match: *\r\n");
	contains(s.asked[0], "\r\nJmha-Epoch: 3\r\n");
	contains(s.asked[0], "\r\n\r\nhello\n");
	contains(s.asked[1], "\r\nIf-Match: \"8\"\r\n");
	assert_null(strstr(s.asked[1], "Jmha-Epoch"));
	contains(s.asked[2], "DELETE /v1/pointers/jobs/a ");
	contains(s.asked[2], "\r\nIf-Match: \"9\"\r\n");
}

static void the_list_passes_its_prefix_on(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"sequence\":1,\"pointers\":[],\"more\":false}"));
	assert_int_equal(run(s.socket, "pointers list a&b"), EXIT_DONE);
	contains(out, "0 pointers, sequence 1\n");
	scripted_server_finish(&s);
	contains(s.asked[0], "GET /v1/pointers?prefix=a%26b&after= ");
}

#define POINTER(key, revision)                                       \
	"{\"key\":\"" key "\",\"revision\":" #revision ",\"value\":" \
	"\"aGFsbG8=\"}"
#define PART(sequence, more, ...)                                                             \
	HTTP("200 OK", "{\"version\":1,\"sequence\":" #sequence ",\"pointers\":[" __VA_ARGS__ \
	               "],\"more\":" #more "}\n")
#define LOST "{\"key\":\"jobs/b\",\"revision\":8,\"value\":null,\"damaged\":true}"

static void a_list_in_parts_is_one_table(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, PART(7, true, POINTER("jobs/a", 3)), PART(7, true, LOST),
	     PART(9, false, POINTER("jobs/long", 123456789)));
	assert_int_equal(run(s.socket, "pointers list jobs/"), EXIT_DONE);
	assert_string_equal(out, "+-----------+-----------+---------+\n"
	                         "| Key       |  Revision |   Bytes |\n"
	                         "+-----------+-----------+---------+\n"
	                         "| jobs/a    |         3 |       5 |\n"
	                         "| jobs/b    |         8 | damaged |\n"
	                         "| jobs/long | 123456789 |       5 |\n"
	                         "+-----------+-----------+---------+\n"
	                         "3 pointers, sequence 7\n");
	contains(err, "the first pointers are as of sequence 7, the last ones as of 9");
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 3);
	contains(s.asked[0], "GET /v1/pointers?prefix=jobs/&after= ");
	contains(s.asked[1], "GET /v1/pointers?prefix=jobs/&after=jobs/a ");
	contains(s.asked[2], "GET /v1/pointers?prefix=jobs/&after=jobs/b ");
}

/* The document is the daemon's own of a list that comes whole. */
static void a_list_in_parts_is_one_document(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, PART(7, true, POINTER("jobs/a", 3) "," LOST), PART(9, true, POINTER("k", 4)),
	     PART(9, false, ""), PART(9, false, ""));
	assert_int_equal(run(s.socket, "pointers list --json"), EXIT_DONE);
	assert_string_equal(out, "{\"version\":1,\"sequence\":7,\"pointers\":[" POINTER(
	                                 "jobs/a", 3) "," LOST "," POINTER("k", 4) "]}\n");
	contains(err, "changes were made meanwhile");
	assert_int_equal(run(s.socket, "pointers list --json"), EXIT_DONE);
	assert_string_equal(out, "{\"version\":1,\"sequence\":9,\"pointers\":[]}\n");
	assert_string_equal(err, "");
}

/* The member that is asked starts again between two parts; who leads does not matter. */
static void a_list_that_breaks_off_is_an_error(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, HTTP("503 Service Unavailable", "{\"error\":\"not-ready\",\"message\":\"m\"}\n"),
	     PART(7, true, POINTER("a", 3)),
	     HTTP("503 Service Unavailable", "{\"error\":\"not-ready\",\"message\":\"m\"}\n"),
	     PART(7, true, POINTER("a", 3)),
	     HTTP("503 Service Unavailable", "{\"error\":\"not-ready\",\"message\":\"m\"}\n"),
	     PART(7, true, POINTER("a", 3)), NULL);
	assert_int_equal(run(s.socket, "pointers list --json"), EXIT_FAILED);
	assert_string_equal(out, "{\"error\":\"not-ready\",\"message\":\"m\"}\n");
	assert_int_equal(run(s.socket, "pointers list --json"), EXIT_FAILED);
	assert_null(strstr(out, "]}")); /* nobody takes it for a whole one */
	assert_null(strstr(out, "not-ready"));
	assert_string_equal(err, "jmhactl: m (not-ready)\n");
	assert_int_equal(run(s.socket, "pointers list"), EXIT_FAILED);
	assert_string_equal(out, "");
	assert_int_equal(run(s.socket, "pointers list"), EXIT_UNREACHABLE);
	assert_string_equal(out, "");
}

static void a_list_of_others_is_an_error(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, PART(7, false, POINTER("zzz/foreign", 3)), PART(7, false, POINTER("jobs/a", 3)));
	assert_int_equal(run(s.socket, "pointers list jobs/"), EXIT_FAILED);
	assert_string_equal(out, "");
	contains(err, "not those asked for");
	assert_int_equal(run(s.socket, "pointers list jobs/"), EXIT_DONE);
}

/* An answer that would have it ask for ever, list a pointer twice, or miss the rest. */
static void a_list_that_does_not_go_on_is_an_error(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, PART(7, true, POINTER("a", 3)), PART(7, true, POINTER("a", 3)),
	     PART(7, true, POINTER("b", 3)), PART(7, false, POINTER("a", 3)),
	     PART(7, true, POINTER("a", 3)), PART(7, true, ""), PART(7, true, ""),
	     PART(7, false, POINTER("b", 3) "," POINTER("b", 4)), HTTP("200 OK", "{}"));
	for (int i = 0; i < 6; i++) {
		assert_int_equal(run(s.socket, "pointers list"), EXIT_FAILED);
		assert_string_equal(out, "");
		contains(err, i < 3 ? "goes wrong after \"" : "goes wrong after \"\"");
	}
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 9);
}

/* The other parts are not asked for. */
static void a_list_that_cannot_be_written_ends(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;

	(void)state;
	PLAY(&s, PART(7, true, POINTER("a", 3)));
	disk_full = true;
	assert_int_equal(run(s.socket, "pointers list --json"), EXIT_FAILED);
	disk_full = false;
	contains(err, "cannot be kept or written");
	scripted_server_finish(&s);
}

/* ---- which socket */

static enum exit_code find(const struct options *o, const char *directory, char **ret)
{
	FILE *e = tmpfile();
	enum exit_code code = verbs_find_socket(o, directory, ret, e);

	slurp(e, err, sizeof(err));
	return code;
}

static void the_only_cluster_of_a_host_needs_no_name(void **state)
{
	char dir[] = "/tmp/jmha-run-XXXXXX", path[128];
	static const char *const clusters[] = { "orders", "billing" };
	struct options o = { 0 };
	CLEANUP(freep) char *none = NULL;
	CLEANUP(freep) char *one = NULL;
	CLEANUP(freep) char *named = NULL;
	CLEANUP(freep) char *given = NULL;
	CLEANUP(freep) char *from_env = NULL;

	(void)state;
	(void)unsetenv("JMHA_SOCKET");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(find(&o, dir, &none), EXIT_UNREACHABLE);
	contains(err, "no daemon runs here");
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, clusters[i]);
		assert_int_equal(mkdir(path, 0755), 0);
		(void)snprintf(path, sizeof(path), "%s/%s/api.sock", dir, clusters[i]);
		close(open(path, O_CREAT | O_CLOEXEC, 0600));
		if (i == 0)
			assert_int_equal(find(&o, dir, &one), EXIT_DONE);
	}
	(void)snprintf(path, sizeof(path), "%s/orders/api.sock", dir);
	assert_string_equal(one, path);
	assert_int_equal(find(&o, dir, &none), EXIT_USAGE);
	contains(err, "choose one by -c NAME: billing orders\n");
	(void)setenv("JMHA_SOCKET", "/from/env", 1);
	assert_int_equal(find(&o, dir, &from_env), EXIT_DONE);
	assert_string_equal(from_env, "/from/env");
	o.cluster = "orders";
	assert_int_equal(find(&o, dir, &named), EXIT_DONE);
	assert_string_equal(named, path);
	(void)unsetenv("JMHA_SOCKET");
	o = (struct options){ .socket = "/x" };
	assert_int_equal(find(&o, dir, &given), EXIT_DONE);
	assert_string_equal(given, "/x");
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/api.sock", dir, clusters[i]);
		(void)unlink(path);
		*strrchr(path, '/') = '\0';
		(void)rmdir(path);
	}
	(void)rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_the_daemons_own),
		cmocka_unit_test(leader_prints_a_name_or_exits_with_six),
		cmocka_unit_test(leader_says_when_it_is_old_news),
		cmocka_unit_test(leader_waits_until_there_is_one),
		cmocka_unit_test(an_unreachable_daemon_is_named_with_what_to_try),
		cmocka_unit_test(version_tells_the_daemons_too),
		cmocka_unit_test(readiness_needs_a_rest_api),
		cmocka_unit_test(explain_asks_for_status_and_cluster),
		cmocka_unit_test(switchover_orders_and_tells_the_times),
		cmocka_unit_test(switchover_asks_for_the_result_until_it_is_there),
		cmocka_unit_test(switchover_refuses_without_a_terminal_or_yes),
		cmocka_unit_test(switchover_to_the_leader_is_done_already),
		cmocka_unit_test(a_refused_switchover_says_why),
		cmocka_unit_test(a_switchover_without_an_answer_is_unknown),
		cmocka_unit_test(recover_tells_the_leader_and_says_what_to_look_at),
		cmocka_unit_test(a_value_comes_out_as_it_is),
		cmocka_unit_test(conditions_of_a_write_become_headers),
		cmocka_unit_test(the_list_passes_its_prefix_on),
		cmocka_unit_test(a_list_in_parts_is_one_table),
		cmocka_unit_test(a_list_in_parts_is_one_document),
		cmocka_unit_test(a_list_that_breaks_off_is_an_error),
		cmocka_unit_test(a_list_that_does_not_go_on_is_an_error),
		cmocka_unit_test(a_list_of_others_is_an_error),
		cmocka_unit_test(a_list_that_cannot_be_written_ends),
		cmocka_unit_test(the_only_cluster_of_a_host_needs_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
