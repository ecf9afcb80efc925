/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: every operator with state has a uid. */
#include <string.h>

#include "base/text.h"
#include "readiness/auto_id.h"
#include "readiness/job_checks_private.h"

/* Of `_metadata`: Flink 2.0. */
enum { VERSION_WITH_UIDS = 5 };

#define WHY_UID                                                                                  \
	"Flink makes up its ID from its place in the job: after the next change of the job the " \
	"state "                                                                                 \
	"is not found, and is lost or keeps the job from starting"
#define GIVE_UID                                                                                \
	"give it one with .uid(\"...\"), and for state that has to stay setUidHash() with its " \
	"present ID"

static const struct finding_kind missing = { FINDING_ERROR, FINDING_UID, "uid-missing", WHY_UID,
	                                     GIVE_UID };
static const struct finding_kind may_matter = {
	FINDING_WARNING, FINDING_UID, "uid-missing", WHY_UID,
	"give it one with .uid(\"...\"); it does not matter only for what will never have state"
};
static const struct finding_kind not_known = {
	FINDING_ADVICE, FINDING_UID, "uid-not-known",
	"Flink's REST API tells no uids, and checkpoints do from Flink 2.0 on",
	"give the uids of the job, one a line, by --uids FILE"
};
static const struct finding_kind not_listed = {
	FINDING_ERROR, FINDING_UID, "uid-missing",
	"it has no uid, or one that was left out of the list", GIVE_UID
};
static const struct finding_kind fine = { FINDING_FINE, FINDING_UID, "uid-fine", NULL, NULL };

static bool is_listed(const struct job_view *view, const uint8_t id[JOB_ID_SIZE])
{
	return view->uids && uid_names_find(view->uids, id);
}

static const struct job_operator *told(const struct job *j, const uint8_t id[JOB_ID_SIZE])
{
	for (size_t i = 0; i < j->n_operators; i++)
		if (memcmp(j->operators[i].id, id, JOB_ID_SIZE) == 0 &&
		    j->operators[i].has_uid != JOB_NOT_KNOWN)
			return &j->operators[i];
	return NULL;
}

/* Before Flink 2.0 the file has no uids, but what Flink made up can be recognised. */
static void look_at_ids(const struct job_view *view, struct auto_id ids[AUTO_ID_MOST])
{
	const struct savepoint *s = view->latest;
	size_t n = s->n_operators < AUTO_ID_MOST ? s->n_operators : AUTO_ID_MOST;

	for (size_t i = 0; i < n; i++) {
		const struct job_vertex *v = job_find_vertex(view->job, s->operators[i].id);
		const struct job_operator *known = told(view->job, s->operators[i].id);

		ids[i] = (struct auto_id){
			.settled = (v && v->is_source) || is_listed(view, s->operators[i].id) ||
			           (known && known->has_uid == JOB_YES),
		};
		memcpy(ids[i].id, s->operators[i].id, UID_HASH_SIZE);
	}
	auto_id_find(ids, n);
}

static enum job_truth has_uid(const struct job_view *view, size_t i, const struct auto_id *ids)
{
	const struct savepoint_operator *op = &view->latest->operators[i];
	const struct job_operator *known = told(view->job, op->id);

	if (known)
		return known->has_uid;
	if (view->latest->head.version >= VERSION_WITH_UIDS)
		return op->uid.size > 0 ? JOB_YES : JOB_NO;
	if (is_listed(view, op->id))
		return JOB_YES;
	return i < AUTO_ID_MOST && ids[i].made ? JOB_NO : JOB_NOT_KNOWN;
}

/* ---- what the latest checkpoint shows */

struct count {
	size_t with, unknown;
};

static void check_seen(const struct job_view *view, size_t i, const struct auto_id *ids,
                       struct count *n, struct findings *f)
{
	const struct savepoint_operator *op = &view->latest->operators[i];
	char object[JOB_OBJECT_SIZE], name[JOB_NAME_SIZE], bytes[TEXT_BYTES_SIZE];

	if (!op->has_state)
		return;
	job_operator_name(view, op, name);
	job_write_object(view->job, name, object);
	text_bytes((uint64_t)savepoint_operator_size(op), bytes);
	switch (has_uid(view, i, ids)) {
	case JOB_YES:
		n->with++;
		break;
	case JOB_NO:
		findings_add(f, &missing, object, "no uid, and %s of state", bytes);
		break;
	case JOB_NOT_KNOWN:
		if (view->uids)
			findings_add(f, &not_listed, object,
			             "none of the %zu uids given makes its ID; %s of state",
			             view->uids->n, bytes);
		else
			n->unknown++;
		break;
	}
}

/* ---- what the job says alone: an operator without any state stands in no checkpoint of it */

static void check_told(const struct job_view *view, const struct job_operator *op, struct count *n,
                       struct findings *f)
{
	char object[JOB_OBJECT_SIZE];

	if (view->latest)
		return;
	if (op->has_uid == JOB_YES || is_listed(view, op->id)) {
		n->with++;
	} else if (op->has_uid == JOB_NO) {
		job_write_object(view->job, op->name, object);
		findings_add(f, &may_matter, object, "no uid; whether it has state is not known");
	} else {
		n->unknown++;
	}
}

void job_check_uids(const struct job_view *view, struct findings *f)
{
	const struct job *j = view->job;
	char object[JOB_OBJECT_SIZE];
	struct auto_id ids[AUTO_ID_MOST];
	struct count n = { 0 };
	size_t before = f->n;

	if (view->latest)
		look_at_ids(view, ids);
	for (size_t i = 0; view->latest && i < view->latest->n_operators; i++)
		check_seen(view, i, ids, &n, f);
	for (size_t i = 0; i < j->n_operators; i++)
		check_told(view, &j->operators[i], &n, f);
	job_write_object(j, NULL, object);
	if (n.unknown > 0)
		findings_add(f, &not_known, object, "of %zu operators%s it is not known", n.unknown,
		             view->latest ? " with state" : "");
	else if (f->n == before && n.with > 0)
		findings_add(f, &fine, object, "%zu operators%s, each has a uid", n.with,
		             view->latest ? " with state" : "");
	else if (f->n == before)
		findings_add(f, &fine, object, "no operator has state");
}
