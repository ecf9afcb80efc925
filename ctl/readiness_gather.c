/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_gather.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/field.h"
#include "ctl/readiness_jobs.h"
#include "ctl/readiness_latest.h"
#include "ctl/say.h"
#include "ctl/state_file.h"
#include "ctl/verbs.h"
#include "readiness/cluster_rest.h"
#include "readiness/flink_rest.h"
#include "readiness/job_rest.h"

static enum exit_code no_memory(void)
{
	say_line("not enough memory");
	return EXIT_FAILED;
}

void readiness_done(struct readiness *r)
{
	for (size_t i = 0; i < r->n_jobs; i++) {
		savepoint_input_done(&r->jobs[i].latest);
		job_done(&r->jobs[i].job);
	}
	free(r->jobs);
	free(r->url);
	cluster_facts_done(&r->cluster);
	savepoint_names_done(&r->uids);
	savepoint_input_done(&r->savepoint);
	findings_done(&r->findings);
	*r = (struct readiness){ .url = NULL };
}

/* ---- the daemon */

/* Never printed as it is: --json is for what we make of all. */
static enum exit_code ask_daemon(struct client *c, const struct options *o, const char *path,
                                 json_t **ret)
{
	struct options quiet = *o;

	quiet.json = false;
	return verbs_get(c, &quiet, path, ret);
}

static enum exit_code find_url(struct client *c, const struct options *o, struct readiness *r)
{
	json_auto_t *endpoints = NULL;
	enum exit_code code = EXIT_DONE;
	const char *url = o->rest;

	if (!url) {
		code = ask_daemon(c, o, "/v1/endpoints", &endpoints);
		if (code != EXIT_DONE)
			return code;
		url = field_text(field(endpoints, "components"), "rest_server");
	}
	if (*url == '\0') {
		say_line("no JobManager has published its REST address: see `jmhactl explain`, or "
		         "name it by --rest URL");
		return EXIT_NO_LEADER;
	}
	r->url = strdup(url);
	return r->url ? EXIT_DONE : no_memory();
}

static enum exit_code look_at_cluster(struct client *c, const struct options *o,
                                      struct readiness *r)
{
	static const struct {
		const char *path;
		int (*read)(const json_t *, struct cluster_facts *);
	} calls[] = {
		{ "/v1/status", cluster_rest_status },
		{ "/v1/cluster", cluster_rest_members },
		{ "/v1/history", cluster_rest_history },
	};

	for (size_t i = 0; i < N_ELEMENTS(calls); i++) {
		json_auto_t *json = NULL;
		enum exit_code code = ask_daemon(c, o, calls[i].path, &json);

		if (code != EXIT_DONE)
			return code;
		if (calls[i].read(json, &r->cluster) < 0)
			return no_memory();
	}
	r->cluster_known = true;
	return EXIT_DONE;
}

/* ---- Flink */

typedef int read_t(const char *json, size_t size, struct job *j, char reterr[JOB_REST_ERROR_SIZE]);

static enum exit_code say_rest(int r, const char *error)
{
	say_line("%s", error);
	if (r == -EAGAIN)
		return EXIT_NO_LEADER;
	return r == -EHOSTUNREACH ? EXIT_UNREACHABLE : EXIT_FAILED;
}

/* Asks for something of a job, and has it read. */
static enum exit_code ask(struct flink_rest *rest, const struct job_entry *e, const char *what,
                          read_t *read, struct job *j)
{
	char path[160], error[FLINK_REST_ERROR_SIZE], wrong[JOB_REST_ERROR_SIZE];
	char hex[2 * JOB_ID_SIZE + 1];
	CLEANUP(freep) char *json = NULL;
	size_t size;
	int r;

	text_hex(e->id, JOB_ID_SIZE, hex);
	(void)snprintf(path, sizeof(path), "/jobs/%s%s", hex, what);
	r = flink_rest_get(rest, path, &json, &size, error);
	if (r < 0)
		return say_rest(r, error);
	r = read(json, size, j, wrong);
	if (r == -ENOMEM)
		return no_memory();
	if (r < 0) {
		say_line("%s answered GET %s with what is not understood: %s", flink_rest_url(rest),
		         path, wrong);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static enum exit_code list_jobs(struct flink_rest *rest, const struct options *o,
                                struct job_list *ret, size_t *ret_n)
{
	char error[FLINK_REST_ERROR_SIZE], wrong[JOB_REST_ERROR_SIZE];
	char choice[READINESS_JOBS_ERROR_SIZE];
	CLEANUP(freep) char *json = NULL;
	enum exit_code code;
	size_t size;
	int r = flink_rest_get(rest, "/jobs/overview", &json, &size, error);

	if (r < 0)
		return say_rest(r, error);
	r = job_rest_read_list(json, size, ret, wrong);
	if (r == -ENOMEM)
		return no_memory();
	if (r < 0) {
		say_line("%s answered GET /jobs/overview with what is not understood: %s",
		         flink_rest_url(rest), wrong);
		return EXIT_FAILED;
	}
	code = readiness_jobs_choose(ret, o->n_args > 0 ? o->args[0] : NULL, ret_n, choice);
	if (code != EXIT_DONE)
		say_line("%s", choice);
	return code;
}

/* ---- a job's latest checkpoint */

static enum exit_code read_latest(struct flink_rest *rest, const struct job_entry *e,
                                  struct readiness_job *j)
{
	enum exit_code code = ask(rest, e, "/checkpoints", job_rest_read_checkpoints, &j->job);

	if (code != EXIT_DONE || !j->job.taken.path)
		return code;
	if (readiness_latest_open(j->job.taken.path, &j->latest, j->unseen) == 0)
		j->unseen[0] = '\0';
	else
		savepoint_input_done(&j->latest);
	return EXIT_DONE;
}

/* Only when it is there on this host its file system says something. */
static enum job_dir look_at_dir(struct readiness_job *j)
{
	const char *dir = j->job.checkpointing.dir, *path = dir ? state_file_local(dir) : NULL;
	CLEANUP(freep) char *real = path ? realpath(path, NULL) : NULL;

	if (!real)
		return JOB_DIR_NOT_KNOWN;
	switch (mount_kind(MOUNT_TABLE, real, j->dir_type)) {
	case MOUNT_LOCAL:
		return JOB_DIR_LOCAL;
	case MOUNT_SHARED:
		return JOB_DIR_SHARED;
	case MOUNT_NOT_KNOWN:
		break;
	}
	return JOB_DIR_NOT_KNOWN;
}

static enum exit_code look_at_job(struct flink_rest *rest, const struct options *o,
                                  const struct job_entry *e, struct readiness *r)
{
	struct readiness_job *j = &r->jobs[r->n_jobs++];
	enum exit_code code = ask(rest, e, "", job_rest_read, &j->job);

	if (code == EXIT_DONE)
		code = ask(rest, e, "/checkpoints/config", job_rest_read_config, &j->job);
	if (code == EXIT_DONE)
		code = read_latest(rest, e, j);
	if (code != EXIT_DONE)
		return code;
	j->view = (struct job_view){
		.job = &j->job,
		.latest = j->latest.path ? &j->latest.savepoint : NULL,
		.unseen = j->unseen[0] ? j->unseen : NULL,
		.uids = r->uids.path ? &r->uids.list : NULL,
		.dir = look_at_dir(j),
		.dir_type = j->dir_type,
		.n_hosts = cluster_hosts(&r->cluster),
		.hashmap_limit = (int64_t)o->hashmap_limit_mib << 20,
	};
	j->job.restore.allow_left = o->allow_left;
	job_check(&j->view, &r->findings);
	if (r->savepoint.path)
		job_check_restore(&j->view, &r->savepoint.savepoint, &r->findings);
	return EXIT_DONE;
}

static enum exit_code look_at_jobs(const struct options *o, struct readiness *r)
{
	CLEANUP(flink_rest_closep) struct flink_rest *rest = NULL;
	CLEANUP(job_list_done) struct job_list list = { .n = 0 };
	enum exit_code code;
	size_t n;
	int open = flink_rest_open(r->url, verbs_timeout(o, 10), &rest);

	if (open == -EINVAL) {
		say_line("this is no URL of a REST API, like http://hosta:8081: %s", r->url);
		return EXIT_USAGE;
	}
	if (open < 0)
		return no_memory();
	free(r->url);
	r->url = strdup(flink_rest_url(rest)); /* without a password, to be shown */
	code = r->url ? list_jobs(rest, o, &list, &n) : no_memory();
	if (code != EXIT_DONE)
		return code;
	r->jobs = calloc(n + 1, sizeof(*r->jobs));
	if (!r->jobs)
		return no_memory();
	for (size_t i = 0; code == EXIT_DONE && i < n; i++)
		code = look_at_job(rest, o, &list.item[i], r);
	return code;
}

enum exit_code readiness_gather(struct client *c, const struct options *o, struct readiness *r)
{
	enum exit_code code = savepoint_names_load(o->uids, &r->uids);

	r->cluster = cluster_facts_none;
	if (code == EXIT_DONE && o->savepoint)
		code = savepoint_input_take(o->savepoint, &r->savepoint);
	if (code == EXIT_DONE)
		code = find_url(c, o, r);
	if (code == EXIT_DONE && !o->no_cluster)
		code = look_at_cluster(c, o, r);
	if (code == EXIT_DONE)
		code = look_at_jobs(o, r);
	if (code != EXIT_DONE)
		return code;
	if (r->cluster_known)
		cluster_check(&r->cluster, &r->findings);
	return findings_failed(&r->findings) ? no_memory() : EXIT_DONE;
}
