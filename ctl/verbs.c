/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/verbs.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/explain.h"
#include "ctl/field.h"
#include "ctl/operate.h"
#include "ctl/pointers.h"
#include "ctl/readiness.h"
#include "ctl/store_export.h"
#include "ctl/store_import.h"
#include "ctl/store_load.h"
#include "ctl/table.h"
#include "ctl/views.h"

usec_t verbs_timeout(const struct options *o, unsigned seconds)
{
	return o->timeout ? o->timeout : seconds * USEC_PER_SEC;
}

static void pause_for(usec_t usec)
{
	const struct timespec ts = {
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC * NSEC_PER_USEC),
	};

	(void)nanosleep(&ts, NULL);
}

/* ---- which daemon */

static void globfreep(glob_t *g)
{
	globfree(g);
}

static enum exit_code only_socket(const char *directory, char **ret, FILE *err)
{
	CLEANUP(globfreep) glob_t found = { 0 };
	CLEANUP(freep) char *pattern = NULL;

	if (asprintf(&pattern, "%s/*/api.sock", directory) < 0) {
		pattern = NULL;
		return EXIT_FAILED;
	}
	(void)glob(pattern, 0, NULL, &found);
	if (found.gl_pathc == 0) {
		(void)fprintf(err,
		              "jmhactl: no daemon runs here: there is no %s\n"
		              "Start one (systemctl start jmhad@NAME), or name its socket by "
		              "--socket PATH\n",
		              pattern);
		return EXIT_UNREACHABLE;
	}
	if (found.gl_pathc > 1) {
		(void)fprintf(err, "jmhactl: several clusters run here, choose one by -c NAME:");
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)fprintf(err, " %.*s",
			              (int)(strlen(found.gl_pathv[i]) - strlen(directory) -
			                    strlen("//api.sock")),
			              found.gl_pathv[i] + strlen(directory) + 1);
		(void)fputc('\n', err);
		return EXIT_USAGE;
	}
	*ret = strdup(found.gl_pathv[0]);
	return *ret ? EXIT_DONE : EXIT_FAILED;
}

enum exit_code verbs_find_socket(const struct options *o, const char *directory, char **ret,
                                 FILE *err)
{
	const char *env = getenv("JMHA_SOCKET");
	int n = 0;

	if (o->socket)
		*ret = strdup(o->socket);
	else if (o->cluster)
		n = asprintf(ret, "%s/%s/api.sock", directory, o->cluster);
	else if (env && *env)
		*ret = strdup(env);
	else
		return only_socket(directory, ret, err);
	return n < 0 || !*ret ? EXIT_FAILED : EXIT_DONE;
}

/* ---- what went wrong */

enum exit_code verbs_say_unreachable(const struct client *c, int r, bool write)
{
	enum exit_code code = exit_code_of_errno(r, write);

	if (code == EXIT_UNKNOWN)
		(void)fprintf(stderr,
		              "jmhactl: no whole answer from %s: %s\n"
		              "It may or may not have been done: look with `jmhactl list`, or ask "
		              "again\n",
		              client_socket(c), strerror(-r));
	else if (r == -ETIMEDOUT)
		(void)fprintf(stderr,
		              "jmhactl: no answer from %s in time; the daemon may be busy or just "
		              "restarting\n"
		              "Ask again, or see: journalctl -u 'jmhad@*'\n",
		              client_socket(c));
	else if (r == -EACCES || r == -EPERM)
		(void)fprintf(stderr, "jmhactl: you may not open %s: %s\n", client_socket(c),
		              strerror(-r));
	else
		(void)fprintf(stderr,
		              "jmhactl: cannot reach the daemon at %s: %s\n"
		              "Is it running? Try: systemctl status 'jmhad@*'; another cluster: -c "
		              "NAME\n",
		              client_socket(c), strerror(-r));
	return code;
}

enum exit_code verbs_say_error(const struct client_reply *reply)
{
	json_auto_t *o = json_loadb(reply->body, reply->size, 0, NULL);
	const char *code = field_text(o, "error"), *message = field_text(o, "message");
	CLEANUP(freep) char *text = NULL;

	if (*message && asprintf(&text, "%s (%s)", message, code) < 0)
		text = NULL;
	if (!text && asprintf(&text, "the daemon answered with HTTP status %u", reply->http) < 0)
		text = NULL;
	(void)fputs("jmhactl: ", stderr);
	table_print_text(stderr, text ? text : code);
	(void)fputc('\n', stderr);
	return exit_code_of_reply(reply->http, code);
}

/* ---- asking */

void verbs_print_body(const struct client_reply *reply)
{
	(void)fwrite(reply->body, 1, reply->size, stdout);
	if (reply->size > 0 && reply->body[reply->size - 1] != '\n')
		(void)fputc('\n', stdout);
}

static enum exit_code get(struct client *c, const struct options *o, const char *path,
                          bool print_good, json_t **ret)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	const struct client_request req = {
		.method = "GET",
		.path = path,
		.timeout = verbs_timeout(o, 10),
	};
	int r;

	*ret = NULL;
	r = client_call(c, &req, &reply);
	if (r < 0)
		return verbs_say_unreachable(c, r, false);
	if (o->json && (print_good || reply.http != 200))
		verbs_print_body(&reply);
	if (reply.http != 200)
		return verbs_say_error(&reply);
	*ret = json_loadb(reply.body, reply.size, 0, NULL);
	if (*ret)
		return EXIT_DONE;
	(void)fprintf(stderr, "jmhactl: the answer from %s is no JSON; is that jmhad's socket?\n",
	              client_socket(c));
	return EXIT_FAILED;
}

enum exit_code verbs_get(struct client *c, const struct options *o, const char *path, json_t **ret)
{
	return get(c, o, path, true, ret);
}

enum exit_code verbs_ask(struct client *c, const struct options *o, const char *path, json_t **ret)
{
	return get(c, o, path, false, ret);
}

enum exit_code verbs_show(struct client *c, const struct options *o, const char *path,
                          void (*view)(FILE *f, const json_t *json))
{
	json_auto_t *json = NULL;
	enum exit_code code = verbs_get(c, o, path, &json);

	if (code == EXIT_DONE && !o->json)
		view(stdout, json);
	return code;
}

static enum exit_code run_explain(struct client *c, const struct options *o)
{
	json_auto_t *status = NULL, *cluster = NULL;
	enum exit_code code = verbs_get(c, o, "/v1/status", &status);

	if (code == EXIT_DONE)
		code = verbs_get(c, o, "/v1/cluster", &cluster);
	if (status)
		explain(stdout, status, cluster);
	return code;
}

/* Without ZooKeeper a member goes on naming the leader that it saw last. */
static bool is_cut_off(const json_t *status)
{
	return strcmp(field_text(status, "state"), "disconnected") == 0;
}

static void say_how_old(const json_t *status)
{
	char age[32];

	view_format_ms(field_ms(field(status, "leader"), "age_ms"), age, sizeof(age));
	(void)fprintf(stderr,
	              "jmhactl: as seen %s ago; this member has no ZooKeeper connection now\n",
	              age);
}

static enum exit_code run_leader(struct client *c, const struct options *o)
{
	json_auto_t *status = NULL;
	enum exit_code code = verbs_get(c, o, "/v1/status", &status);
	const char *name = field_text(field(status, "leader"), "member");

	if (code != EXIT_DONE)
		return code;
	if (!*name) {
		(void)fprintf(stderr, "jmhactl: there is no leader; see `jmhactl explain`\n");
		return EXIT_NO_LEADER;
	}
	if (!o->json) {
		table_print_text(stdout, name);
		(void)fputc('\n', stdout);
	}
	if (is_cut_off(status))
		say_how_old(status);
	return EXIT_DONE;
}

/* True when the daemon answers and knows a leader; says nothing. */
static bool has_leader(struct client *c)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	json_auto_t *status = NULL;
	const struct client_request req = {
		.method = "GET",
		.path = "/v1/status",
		.timeout = 2 * USEC_PER_SEC,
	};

	if (client_call(c, &req, &reply) < 0)
		return false;
	status = json_loadb(reply.body, reply.size, 0, NULL);
	return json_is_object(field(status, "leader")) && !is_cut_off(status);
}

/* In the end run_leader() says what there is, or why there is nothing. */
static enum exit_code run_leader_wait(struct client *c, const struct options *o)
{
	const usec_t period = usec_from_ms(200);

	for (usec_t left = verbs_timeout(o, 60); left > period && !has_leader(c); left -= period)
		pause_for(period);
	return run_leader(c, o);
}

static bool on_event(void *userdata, char *line)
{
	const struct options *o = userdata;
	json_auto_t *event = NULL;

	if (o->json) {
		(void)puts(line);
	} else {
		event = json_loads(line, 0, NULL);
		if (event)
			view_event(stdout, event);
	}
	return fflush(stdout) == 0;
}

/* A stream that ends is asked for again: the elector was replaced, the socket is still the guard's.
 */
static enum exit_code run_events(struct client *c, const struct options *o)
{
	struct options copy = *o;
	bool was_there = false;

	for (;;) {
		unsigned http = 0;
		int r = client_follow(c, "/v1/events", on_event, &copy, &http);

		if (ferror(stdout))
			return EXIT_FAILED;
		if (r < 0 && http != 0 && http != 200) {
			(void)fprintf(stderr, "jmhactl: the daemon answered with HTTP status %u\n",
			              http);
			return exit_code_of_reply(http, "");
		}
		if (r < 0 && !was_there)
			return verbs_say_unreachable(c, r, false);
		if (r == 0)
			(void)fprintf(stderr,
			              "jmhactl: the stream ended, asking for it again; some "
			              "events may be missing\n");
		was_there = true;
		pause_for(USEC_PER_SEC);
	}
}

/* ---- version */

static enum exit_code run_version(struct client *c, const struct options *o)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	const struct client_request req = {
		.method = "GET",
		.path = "/v1/cluster",
		.timeout = verbs_timeout(o, 2),
	};
	json_auto_t *cluster = NULL;
	const json_t *m;
	size_t i;

	(void)printf("jmhactl %s\n", PACKAGE_VERSION);
	if (!c || client_call(c, &req, &reply) < 0 || reply.http != 200)
		return EXIT_DONE;
	cluster = json_loadb(reply.body, reply.size, 0, NULL);
	json_array_foreach(field(cluster, "members"), i, m)
	{
		if (!field_true(m, "self"))
			continue;
		(void)fputs("jmhad ", stdout);
		table_print_text(stdout, field_text(m, "jmha"));
		(void)fputs(", member ", stdout);
		table_print_text(stdout, field_text(m, "member"));
		(void)fputs(" of cluster ", stdout);
		table_print_text(stdout, field_text(cluster, "cluster"));
		(void)fputc('\n', stdout);
	}
	return EXIT_DONE;
}

/* ---- dispatch */

static enum exit_code run_once(struct client *c, const struct options *o)
{
	switch (o->verb) {
	case VERB_STATUS:
		return verbs_show(c, o, "/v1/status", view_status);
	case VERB_LIST:
		return verbs_show(c, o, "/v1/cluster", view_cluster);
	case VERB_LEADER:
		return o->wait ? run_leader_wait(c, o) : run_leader(c, o);
	case VERB_HISTORY:
		return verbs_show(c, o, "/v1/history", view_history);
	case VERB_EVENTS:
		return run_events(c, o);
	case VERB_EXPLAIN:
		return run_explain(c, o);
	case VERB_SWITCHOVER:
	case VERB_STEP_DOWN:
		return operate_run(c, o);
	case VERB_RECOVER:
		return operate_recover(c, o);
	case VERB_POINTERS_LIST:
		return pointers_list(c, o);
	case VERB_POINTERS_GET:
		return pointers_get(c, o);
	case VERB_POINTERS_PUT:
		return pointers_put(c, o);
	case VERB_POINTERS_DELETE:
		return pointers_delete(c, o);
	case VERB_STORE_IMPORT:
		return o->from ? store_import_run(c, o) : store_load_run(c, o);
	case VERB_STORE_EXPORT:
		return store_export_run(c, o);
	case VERB_READINESS:
		return readiness_run(c, o);
	case VERB_VERSION:
		return run_version(c, o);
	case VERB_INIT: /* these ask no daemon */
	case VERB_STORE_SHOW:
	case VERB_STORE_VERIFY:
	case VERB_STORE_RECOVER:
	case VERB_SAVEPOINT_SHOW:
	case VERB_SAVEPOINT_COMPARE:
	case VERB_HELP:
		break;
	}
	return EXIT_USAGE;
}

static enum exit_code run_watched(struct client *c, const struct options *o)
{
	bool terminal = isatty(STDOUT_FILENO);

	for (;;) {
		if (terminal)
			(void)fputs("\033[H\033[J", stdout); /* home, erase what is below */
		(void)run_once(c, o);
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
		pause_for(USEC_PER_SEC);
	}
}

enum exit_code verbs_run(const struct options *o, const char *socket)
{
	CLEANUP(client_closep) struct client *c = NULL;
	int r;

	if (!socket && o->verb == VERB_VERSION)
		return run_version(NULL, o);
	r = client_open(socket, &c);
	if (r < 0) {
		(void)fprintf(stderr, "jmhactl: cannot use the socket %s: %s\n", socket,
		              strerror(-r));
		return r == -ENAMETOOLONG ? EXIT_USAGE : EXIT_FAILED;
	}
	return o->watch ? run_watched(c, o) : run_once(c, o);
}
