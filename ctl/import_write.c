/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/import_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

struct writing {
	struct client *client;
	const struct options *o;
	char epoch[48]; /* the header */
};

enum exit_code import_find_epoch(struct client *c, const struct options *o, uint64_t *ret)
{
	const struct options quiet = { .verb = o->verb, .timeout = o->timeout };
	json_auto_t *status = NULL;
	enum exit_code code = verbs_get(c, &quiet, "/v1/status", &status);
	const char *leader = field_text(field(status, "leader"), "member");

	if (code != EXIT_DONE)
		return code;
	if (strcmp(field_text(status, "state"), "leader") == 0) {
		*ret = (uint64_t)field_int(status, "epoch");
		return EXIT_DONE;
	}
	(void)fputs("jmhactl: ", stderr);
	table_print_text(stderr, field_text(status, "member"));
	if (*leader) {
		(void)fputs(" does not lead: run this on the host of ", stderr);
		table_print_text(stderr, leader);
		(void)fputs(", which does; --dry-run works here\n", stderr);
	} else {
		(void)fputs(" does not lead, nobody does; see `jmhactl explain`\n", stderr);
	}
	return EXIT_NO_LEADER;
}

/* Says what went wrong, and that it may be done again. */
static enum exit_code give_up(const struct writing *w, const char *path, int r,
                              const struct client_reply *reply)
{
	enum exit_code code;

	(void)fprintf(stderr, "jmhactl: stopped at %s\n", path);
	code = r < 0 ? verbs_say_unreachable(w->client, r, true) : verbs_say_error(reply);
	(void)fprintf(stderr, "Do it again, on the leader's host: what is written stays, and is "
	                      "not written twice\n");
	return code;
}

static enum exit_code put(const struct writing *w, const char *path, const char *value,
                          const char *condition)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	const struct client_request req = {
		.method = "PUT",
		.path = path,
		.body = value,
		.size = strlen(value),
		.header = w->epoch,
		.header2 = condition,
		.timeout = verbs_timeout(w->o, 30),
	};
	int r = client_call(w->client, &req, &reply);

	return r < 0 || reply.http != 200 ? give_up(w, path, r, &reply) : EXIT_DONE;
}

/* A counter never goes back: numbers may be skipped, never repeated. */
static enum exit_code put_counter(const struct writing *w, const struct flink_job *job)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	char path[80], body[48];
	json_auto_t *counter = NULL;
	int r;

	if (job->next_checkpoint == 0)
		return EXIT_DONE;
	(void)snprintf(path, sizeof(path), "/v1/counters/%s", job->id);
	const struct client_request req = {
		.method = "GET",
		.path = path,
		.timeout = verbs_timeout(w->o, 30),
	};
	r = client_call(w->client, &req, &reply);
	if (r < 0 || (reply.http != 200 && reply.http != 404))
		return give_up(w, path, r, &reply);
	counter = reply.http == 200 ? json_loadb(reply.body, reply.size, 0, NULL) : NULL;
	if (field_int(counter, "value") >= (long long)job->next_checkpoint)
		return EXIT_DONE;
	(void)snprintf(body, sizeof(body), "{\"value\":%" PRIu64 "}", job->next_checkpoint);
	return put(w, path, body, NULL);
}

static enum exit_code write_job(const struct writing *w, const struct import_job *j, bool *ret_new)
{
	enum exit_code code = EXIT_DONE;

	*ret_new = false;
	for (size_t i = 0; i < j->n_items && code == EXIT_DONE; i++) {
		const struct import_item *item = &j->items[i];
		CLEANUP(freep) char *key = client_escape(item->key);
		char path[320];

		if (!key)
			return EXIT_FAILED;
		if (item->state != IMPORT_NEW)
			continue;
		/* The job itself comes last, and the counter before it. */
		if (i + 1 == j->n_items) {
			code = put_counter(w, j->job);
			*ret_new = true;
		}
		(void)snprintf(path, sizeof(path), "/v1/pointers/%s", key);
		if (code == EXIT_DONE)
			code = put(w, path, item->value, "If-None-Match: *");
	}
	return code;
}

/* So that the same tree is not imported again when its jobs have ended long since. */
static enum exit_code put_marker(const struct writing *w, const struct import_plan *plan)
{
	char path[320], at[32];
	time_t now = time(NULL);
	struct tm tm;
	CLEANUP(freep) char *value = NULL;
	json_auto_t *o = NULL;

	(void)gmtime_r(&now, &tm);
	(void)strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	o = json_pack("{s:s, s:s, s:I}", "imported_from", w->o->from, "at", at, "jobs",
	              (json_int_t)plan->n_jobs);
	value = o ? json_dumps(o, JSON_COMPACT) : NULL;
	(void)snprintf(path, sizeof(path), "/v1/pointers/%s", plan->marker);
	return value ? put(w, path, value, NULL) : EXIT_FAILED;
}

/* True when the leading JobManager was told. */
static bool recover(const struct writing *w, const struct flink_job *job)
{
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	char path[80];

	(void)snprintf(path, sizeof(path), "/v1/jobs/%s/recover", job->id);
	const struct client_request req = {
		.method = "POST",
		.path = path,
		.body = "",
		.timeout = verbs_timeout(w->o, 30),
	};
	return client_call(w->client, &req, &reply) == 0 && reply.http == 200;
}

enum exit_code import_write(struct client *c, const struct options *o,
                            const struct import_plan *plan, uint64_t epoch)
{
	struct writing w = { .client = c, .o = o };
	enum exit_code code = EXIT_DONE;
	size_t n_new = 0, n_told = 0;
	CLEANUP(freep) bool *is_new = calloc(plan->n_jobs + 1, sizeof(*is_new));

	if (!is_new)
		return EXIT_FAILED;
	(void)snprintf(w.epoch, sizeof(w.epoch), "Jmha-Epoch: %" PRIu64, epoch);
	for (size_t i = 0; i < plan->n_jobs && code == EXIT_DONE; i++)
		code = write_job(&w, &plan->jobs[i], &is_new[i]);
	if (code == EXIT_DONE)
		code = put_marker(&w, plan);
	if (code != EXIT_DONE)
		return code;
	for (size_t i = 0; i < plan->n_jobs; i++) {
		n_new += is_new[i];
		n_told += is_new[i] && recover(&w, plan->jobs[i].job);
	}
	(void)printf("Imported %zu jobs, %zu pointers\n", n_new, plan->n_new);
	if (n_told > 0)
		(void)printf("The leading JobManager was told to recover %zu of them\n", n_told);
	if (n_told < n_new)
		(void)printf("%zu jobs are recovered by the next leader: `jmhactl step-down`, or "
		             "one by one\nby `jmhactl recover JOBID` once a JobManager leads\n",
		             n_new - n_told);
	(void)printf("Flink must run with the same high-availability.storageDir and cluster-id as "
	             "before:\nthe jars of the jobs lie there\n");
	(void)printf("When all run: remove %s from Flink's ZooKeeper (zkCli.sh: deleteall), so "
	             "that\nnobody starts them a second time with the old configuration\n",
	             o->path ? o->path : "/flink/default");
	return EXIT_DONE;
}
