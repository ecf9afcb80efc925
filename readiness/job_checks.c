/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/job_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "readiness/job_checks_private.h"
#include "readiness/utf8.h"

/* ---- names */

void job_write_object(const struct job *j, const char *part, char ret[JOB_OBJECT_SIZE])
{
	char hex[2 * JOB_ID_SIZE + 1];
	const char *name = j->name;

	text_hex(j->id, JOB_ID_SIZE, hex);
	if (!name || *name == '\0')
		name = hex;
	(void)snprintf(ret, JOB_OBJECT_SIZE, "job %.*s%s%.*s", JOB_NAME_SIZE - 1, name,
	               part ? ", " : "", JOB_NAME_SIZE - 1, part ? part : "");
	text_one_line(ret);
}

static const struct job_operator *find_operator(const struct job *j, const uint8_t id[JOB_ID_SIZE])
{
	for (size_t i = 0; i < j->n_operators; i++)
		if (memcmp(j->operators[i].id, id, JOB_ID_SIZE) == 0)
			return &j->operators[i];
	return NULL;
}

void job_operator_name(const struct job_view *view, const struct savepoint_operator *op,
                       char ret[JOB_NAME_SIZE])
{
	const struct uid_name *listed = view->uids ? uid_names_find(view->uids, op->id) : NULL;
	const struct job_operator *known = find_operator(view->job, op->id);
	CLEANUP(freep) char *own = NULL;
	char hex[2 * JOB_ID_SIZE + 1];
	bool exact;

	text_hex(op->id, JOB_ID_SIZE, hex);
	own = utf8_of_java(op->uid.size > 0 ? op->uid : op->name, &exact);
	if (listed)
		(void)snprintf(ret, JOB_NAME_SIZE, "operator %.120s",
		               listed->name ? listed->name : listed->uid);
	else if (own && *own)
		(void)snprintf(ret, JOB_NAME_SIZE, "operator %.120s", own);
	else if (known && known->name) /* that of its chain: names of the others stand behind it */
		(void)snprintf(ret, JOB_NAME_SIZE, "first operator of %.120s", known->name);
	else
		(void)snprintf(ret, JOB_NAME_SIZE, "operator %s", hex);
	text_one_line(ret);
	utf8_clean(ret); /* it may have been cut within a character */
}

/* ---- from what it goes on */

static void add_restored(const struct job_view *view, const struct job_vertex *v,
                         const struct savepoint_operator *op, struct restore_operator *to)
{
	const struct savepoint_operator *seen = op;
	const struct job *j = view->job;

	if (v && view->latest)
		seen = savepoint_find(view->latest, v->id);
	*to = (struct restore_operator){
		.name = v ? v->name : NULL,
		.parallelism = v ? v->parallelism : op->parallelism,
		.max_parallelism = v ? v->max_parallelism : op->max_parallelism,
		.max = v                        ? v->max
		       : j->max_parallelism > 0 ? RESTORE_MAX_SET
		                                : RESTORE_MAX_NOT_KNOWN,
		.stateless = seen && !seen->has_state,
	};
	memcpy(to->id, v ? v->id : op->id, JOB_ID_SIZE);
}

void job_check_restore(const struct job_view *view, const struct savepoint *from,
                       struct findings *f)
{
	const struct job *j = view->job;
	const struct savepoint *latest = view->latest;
	size_t most = j->n_vertices + j->n_operators + (latest ? latest->n_operators : 0), n = 0;
	CLEANUP(freep) struct restore_operator *ops = calloc(most + 1, sizeof(*ops));
	struct restore_job now = {
		.operators = ops,
		.all_known = latest || j->all_known,
		.allow_left = j->restore.allow_left,
	};

	if (!ops) {
		f->failed = true;
		return;
	}
	for (size_t i = 0; i < j->n_vertices; i++)
		add_restored(view, &j->vertices[i], NULL, &ops[n++]);
	for (size_t i = 0; i < j->n_operators; i++) {
		const struct job_operator *op = &j->operators[i];

		if (job_find_vertex(j, op->id))
			continue;
		if (op->vertex != JOB_NO_VERTEX)
			add_restored(view, &j->vertices[op->vertex], NULL, &ops[n]);
		memcpy(ops[n].id, op->id, JOB_ID_SIZE);
		ops[n++].name = op->name;
	}
	for (size_t i = 0; latest && i < latest->n_operators; i++)
		if (!find_operator(j, latest->operators[i].id) &&
		    !job_find_vertex(j, latest->operators[i].id))
			add_restored(view, NULL, &latest->operators[i], &ops[n++]);
	now.n_operators = n;
	if (j->checkpointing.backend == JOB_HASHMAP)
		now.backend = RESTORE_BACKEND_HASHMAP;
	else if (j->checkpointing.backend == JOB_ROCKSDB || j->checkpointing.backend == JOB_FORST)
		now.backend = RESTORE_BACKEND_ROCKSDB;
	restore_check(from, &now, NULL, NULL, f);
}

/* What the library read of the state, in the form that a file has. */
static void check_own_restore(const struct job_view *view, struct findings *f)
{
	const struct job_restore *r = &view->job->restore;
	CLEANUP(freep) struct savepoint_operator *ops = calloc(r->n_operators + 1, sizeof(*ops));
	const struct savepoint from = { .operators = ops, .n_operators = r->n_operators };

	if (!ops) {
		f->failed = true;
		return;
	}
	for (size_t i = 0; i < r->n_operators; i++) {
		const struct job_old_operator *old = &r->operators[i];
		const struct job_vertex *v = job_find_vertex(view->job, old->id);

		ops[i].parallelism = old->parallelism;
		ops[i].max_parallelism = old->max_parallelism;
		ops[i].has_state = old->has_state;
		if (v && v->name)
			ops[i].name = (struct input_text){ v->name, strlen(v->name) };
		memcpy(ops[i].id, old->id, JOB_ID_SIZE);
	}
	job_check_restore(view, &from, f);
}

void job_check(const struct job_view *view, struct findings *f)
{
	job_check_parallelism(view, f);
	job_check_uids(view, f);
	job_check_backend(view, f);
	if (view->job->restore.path && view->job->restore.n_operators > 0)
		check_own_restore(view, f);
}
