/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/operate.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/views.h"

enum { WAIT_SECONDS = 60, LONGEST_WAIT_MS = 30000, POLL_MS = 200 };

static usec_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

enum exit_code operate_ask(const struct options *o, const char *what, const char *which)
{
	char answer[16];

	if (o->yes)
		return EXIT_DONE;
	if (!isatty(STDIN_FILENO)) {
		(void)fprintf(stderr,
		              "jmhactl: there is no terminal to ask on; give --yes to do it "
		              "without a question\n");
		return EXIT_USAGE;
	}
	(void)fputs(what, stderr);
	(void)fputc(' ', stderr);
	table_print_text(stderr, which);
	(void)fputs("? [y/N] ", stderr);
	if (fgets(answer, sizeof(answer), stdin) &&
	    (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
	     strcmp(answer, "Y\n") == 0))
		return EXIT_DONE;
	(void)fprintf(stderr, "Nothing was done.\n");
	return EXIT_FAILED;
}

/* ---- before */

static const json_t *find_member(const json_t *cluster, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(field(cluster, "members"), i, m)
	{
		if (strcmp(field_text(m, "member"), name) == 0)
			return m;
	}
	return NULL;
}

/* EXIT_DONE and *ret_go = false: it is so already. */
static enum exit_code look_first(const struct options *o, const json_t *cluster, bool *ret_go)
{
	const char *leader = field_text(field(cluster, "leader"), "member");
	const char *to = o->n_args > 0 ? o->args[0] : NULL;
	char question[192];

	*ret_go = false;
	if (!o->json && !o->yes)
		view_cluster(stderr, cluster);
	if (!*leader) {
		(void)fprintf(stderr, "jmhactl: there is no leader that could hand over; see "
		                      "`jmhactl explain`\n");
		return EXIT_NO_LEADER;
	}
	if (to && strcmp(to, leader) == 0) {
		if (!o->json)
			(void)printf("%s leads already, with epoch %lld\n", to,
			             field_int(cluster, "epoch"));
		return EXIT_DONE;
	}
	if (to && !find_member(cluster, to)) {
		(void)fprintf(stderr,
		              "jmhactl: cluster %s has no member %s now; see `jmhactl list`\n",
		              field_text(cluster, "cluster"), to);
		return EXIT_FAILED;
	}
	*ret_go = true;
	(void)snprintf(question, sizeof(question), "from %s to %s", leader,
	               to ? to : "any eligible member");
	return operate_ask(o, o->verb == VERB_STEP_DOWN ? "Step down" : "Switch over", question);
}

/* ---- the order */

static const char *user_name(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = sudo && *sudo ? NULL : getpwuid(getuid());

	return sudo && *sudo ? sudo : pw ? pw->pw_name : "unknown";
}

static char *make_body(const struct options *o)
{
	json_auto_t *body = json_object();

	if (o->n_args > 0)
		(void)json_object_set_new(body, "to", json_string(o->args[0]));
	if (o->force)
		(void)json_object_set_new(body, "force", json_true());
	if (o->why)
		(void)json_object_set_new(body, "why", json_string(o->why));
	(void)json_object_set_new(body, "by", json_string(user_name()));
	return json_dumps(body, JSON_COMPACT);
}

static int order(struct client *c, const struct options *o, usec_t deadline,
                 struct client_reply *ret)
{
	CLEANUP(freep) char *body = make_body(o);
	char path[64];
	usec_t wait = usec_sub(deadline, now());

	if (!body)
		return -ENOMEM;
	if (wait > usec_from_ms(LONGEST_WAIT_MS))
		wait = usec_from_ms(LONGEST_WAIT_MS);
	(void)snprintf(path, sizeof(path), "/v1/%s?wait_ms=%" PRIu64,
	               o->verb == VERB_STEP_DOWN ? "step-down" : "switchover", usec_to_ms(wait));
	const struct client_request req = {
		.method = "POST",
		.path = path,
		.body = body,
		.size = strlen(body),
		.timeout = wait + 5 * USEC_PER_SEC, /* the daemon answers by itself before that */
	};
	return client_call(c, &req, ret);
}

/* The order stands; ask for its result until there is one. */
static int wait_for_result(struct client *c, const char *id, usec_t deadline,
                           struct client_reply *ret)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	char path[128];
	int r;

	(void)snprintf(path, sizeof(path), "/v1/requests/%s", id);
	const struct client_request req = {
		.method = "GET",
		.path = path,
		.timeout = 5 * USEC_PER_SEC,
	};
	for (;;) {
		r = client_call(c, &req, ret);
		if (r == 0 && ret->http != 202)
			return 0;
		/* The elector may be replaced meanwhile: that is no answer yet. */
		client_reply_done(ret);
		if (now() >= deadline)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
}

/* ---- after */

/* What can be said when the result did not come. */
static enum exit_code say_unknown(struct client *c, const struct options *o)
{
	const struct options quiet = { .verb = o->verb };
	json_auto_t *cluster = NULL;

	(void)fprintf(stderr, "jmhactl: no result in time: it may still happen, or not\n");
	if (verbs_get(c, &quiet, "/v1/cluster", &cluster) == EXIT_DONE)
		view_cluster(stderr, cluster);
	return EXIT_UNKNOWN;
}

static enum exit_code say_result(const struct options *o, const struct client_reply *reply)
{
	json_auto_t *result = json_loadb(reply->body, reply->size, 0, NULL);

	if (o->json)
		(void)fwrite(reply->body, 1, reply->size, stdout);
	if (reply->http != 200)
		return verbs_say_error(reply);
	if (!o->json)
		view_operator(stdout, result);
	return EXIT_DONE;
}

static bool is_jobid(const char *text)
{
	return strspn(text, "0123456789abcdef") == 32 && text[32] == '\0';
}

enum exit_code operate_recover(struct client *c, const struct options *o)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	char path[80];
	int r;

	if (!is_jobid(o->args[0])) {
		(void)fprintf(stderr, "jmhactl: a job's id has 32 hex digits (0-9 a-f); see "
		                      "`jmhactl status`\n");
		return EXIT_USAGE;
	}
	(void)snprintf(path, sizeof(path), "/v1/jobs/%s/recover", o->args[0]);
	const struct client_request req = {
		.method = "POST",
		.path = path,
		.body = "",
		.timeout = verbs_timeout(o, 10),
	};
	r = client_call(c, &req, &reply);
	if (r < 0)
		return verbs_say_unreachable(c, r, true);
	if (o->json)
		verbs_print_body(&reply);
	if (reply.http != 200)
		return verbs_say_error(&reply);
	if (!o->json)
		(void)printf("The JobManager was told; see `jmhactl status` whether %s is still "
		             "parked\n",
		             o->args[0]);
	return EXIT_DONE;
}

enum exit_code operate_run(struct client *c, const struct options *o)
{
	usec_t deadline;
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	const struct options quiet = { .verb = o->verb };
	json_auto_t *cluster = NULL, *accepted = NULL;
	enum exit_code code;
	bool go;
	int r;

	code = verbs_get(c, &quiet, "/v1/cluster", &cluster);
	if (code == EXIT_DONE)
		code = look_first(o, cluster, &go);
	if (code != EXIT_DONE || !go)
		return code;
	deadline = now() + (o->timeout ? o->timeout : WAIT_SECONDS * USEC_PER_SEC);
	r = order(c, o, deadline, &reply);
	if (r == 0 && reply.http == 202) {
		accepted = json_loadb(reply.body, reply.size, 0, NULL);
		client_reply_done(&reply);
		r = wait_for_result(c, field_text(accepted, "id"), deadline, &reply);
	}
	if (r < 0 && !client_outcome_unknown(r))
		return verbs_say_unreachable(c, r, true);
	if (r < 0)
		return say_unknown(c, o);
	return say_result(o, &reply);
}
