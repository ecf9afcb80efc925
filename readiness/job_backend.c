/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3: the state backend suits the state, and checkpoints are kept where all see them. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "readiness/job_checks_private.h"

#define SHARE_DIR \
	"put execution.checkpointing.dir on storage that all JobManagers and TaskManagers share"
#define WHY_HASHMAP                                                                              \
	"hashmap keeps it as objects in the heap, which take several times the bytes they have " \
	"in "                                                                                    \
	"a checkpoint: long garbage collections, then OutOfMemoryError"
#define LEAVE_HASHMAP \
	"take rocksdb (state.backend.type): stop with a canonical savepoint and start from it"

static const struct finding_kind off = {
	FINDING_ERROR, FINDING_BACKEND, "checkpoints-off",
	"after any failure the job begins anew, without its state: high availability keeps none",
	"set execution.checkpointing.interval, or env.enableCheckpointing()"
};
static const struct finding_kind in_jobmanager = {
	FINDING_ERROR, FINDING_BACKEND, "checkpoint-storage-jobmanager",
	"state lies in the JobManager's heap: it dies with it, and 5 MiB for a task are the most",
	"set execution.checkpointing.dir to a directory that all hosts share, and leave "
	"execution.checkpointing.storage out"
};
static const struct finding_kind local = {
	FINDING_ERROR, FINDING_BACKEND, "checkpoint-dir-local",
	"another host does not see it: after a failover there the job cannot be restored", SHARE_DIR
};
static const struct finding_kind local_alone = {
	FINDING_WARNING, FINDING_BACKEND, "checkpoint-dir-local",
	"state is lost with this host, and a member on another one could not restore the job",
	SHARE_DIR
};
static const struct finding_kind not_retained = {
	FINDING_WARNING, FINDING_BACKEND, "checkpoints-not-retained",
	"whoever cancels the job deletes its last checkpoint, too: there is no way back",
	"set execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION"
};
static const struct finding_kind hashmap_large = { FINDING_WARNING, FINDING_BACKEND,
	                                           "backend-hashmap-large", WHY_HASHMAP,
	                                           LEAVE_HASHMAP };
static const struct finding_kind hashmap_too_large = { FINDING_ERROR, FINDING_BACKEND,
	                                               "backend-hashmap-large", WHY_HASHMAP,
	                                               LEAVE_HASHMAP };
static const struct finding_kind full = {
	FINDING_ADVICE, FINDING_BACKEND, "incremental-off",
	"each checkpoint writes all of the state, not just what has changed",
	"set execution.checkpointing.incremental: true"
};
static const struct finding_kind none_yet = {
	FINDING_ADVICE, FINDING_BACKEND, "no-checkpoint",
	"what only a checkpoint shows could not be looked at: state, uids, sizes",
	"look again when one has completed"
};
static const struct finding_kind all_fail = {
	FINDING_WARNING, FINDING_BACKEND, "no-checkpoint",
	"without one the job begins anew after a failover",
	"the JobManager's log and GET /jobs/<id>/checkpoints say why they fail"
};
static const struct finding_kind not_seen = {
	FINDING_ADVICE, FINDING_BACKEND, "checkpoint-not-seen",
	"what only its _metadata tells was not looked at: sizes of state, and most of the uids",
	"run it on a host that has the directory mounted, as a user who may read it"
};
static const struct finding_kind fine = { FINDING_FINE, FINDING_BACKEND, "backend-fine", NULL,
	                                  NULL };

/* ---- where checkpoints go */

static void check_storage(const struct job_view *view, const char *object, struct findings *f)
{
	const struct job_checkpointing *c = &view->job->checkpointing;

	if (c->storage == JOB_IN_JOBMANAGER) {
		findings_add(f, &in_jobmanager, object, "checkpoint storage is the JobManager");
		return;
	}
	if (view->dir == JOB_DIR_LOCAL && c->dir && view->n_hosts > 1)
		findings_add(f, &local, object,
		             "%s lies on a file system of this host (%s), and members run on %zu "
		             "hosts",
		             c->dir, view->dir_type ? view->dir_type : "local", view->n_hosts);
	else if (view->dir == JOB_DIR_LOCAL && c->dir)
		findings_add(f, &local_alone, object, "%s lies on a file system of this host (%s)",
		             c->dir, view->dir_type ? view->dir_type : "local");
}

static void check_taken(const struct job_view *view, const char *object, struct findings *f)
{
	const struct job_checkpoints *t = &view->job->taken;

	if (t->known && t->completed == 0 && !view->job->restored)
		findings_add(f, t->failed > 0 ? &all_fail : &none_yet, object,
		             "none has completed yet, %" PRId64 " failed", t->failed);
	else if (!view->latest && view->unseen)
		findings_add(f, &not_seen, object, "%s", view->unseen);
}

/* ---- what is in them */

static void check_hashmap(const struct job_view *view, const struct savepoint_operator *op,
                          struct findings *f)
{
	int64_t limit = view->hashmap_limit > 0 ? view->hashmap_limit : JOB_HASHMAP_LIMIT;
	bool too_large = op->largest / JOB_HASHMAP_ERROR_TIMES >= limit;
	char object[JOB_OBJECT_SIZE], name[JOB_NAME_SIZE];
	char bytes[TEXT_BYTES_SIZE], most[TEXT_BYTES_SIZE];

	if (op->largest < limit)
		return;
	job_operator_name(view, op, name);
	job_write_object(view->job, name, object);
	text_bytes((uint64_t)op->largest, bytes);
	text_bytes((uint64_t)limit, most);
	findings_add(f, too_large ? &hashmap_too_large : &hashmap_large, object,
	             "%s of keyed state in subtask %d (limit: %s), with the backend hashmap", bytes,
	             op->largest_subtask, most);
}

static void check_state(const struct job_view *view, const char *object, struct findings *f)
{
	enum job_backend backend = view->job->checkpointing.backend;
	const struct savepoint *s = view->latest;
	char bytes[TEXT_BYTES_SIZE];

	if (!s)
		return;
	for (size_t i = 0; backend == JOB_HASHMAP && i < s->n_operators; i++)
		check_hashmap(view, &s->operators[i], f);
	if (backend == JOB_ROCKSDB && s->backend == SAVEPOINT_UNDECIDED && !s->changelog &&
	    s->size >= JOB_INCREMENTAL_LIMIT) {
		text_bytes((uint64_t)s->size, bytes);
		findings_add(f, &full, object,
		             "RocksDB without incremental checkpoints, %s of state", bytes);
	}
}

static void tell_fine(const struct job_view *view, const char *object, struct findings *f)
{
	const struct job_checkpointing *c = &view->job->checkpointing;
	const struct savepoint *s = view->latest;
	char bytes[TEXT_BYTES_SIZE] = "";

	if (s)
		text_bytes((uint64_t)s->size, bytes);
	findings_add(f, &fine, object, "%s%s%s%s, a checkpoint each %" PRId64 " ms%s%s",
	             job_backend_text(c->backend), s ? " with " : "", bytes, s ? " of state" : "",
	             c->interval_ms, c->dir ? " in " : "", c->dir ? c->dir : "");
}

void job_check_backend(const struct job_view *view, struct findings *f)
{
	const struct job_checkpointing *c = &view->job->checkpointing;
	char object[JOB_OBJECT_SIZE];
	size_t before = f->n;

	job_write_object(view->job, NULL, object);
	if (c->enabled == JOB_NO) {
		findings_add(f, &off, object, "no checkpoint is ever taken");
		return;
	}
	check_storage(view, object, f);
	if (c->retained == JOB_NO)
		findings_add(f, &not_retained, object, "checkpoints are deleted with the job");
	check_taken(view, object, f);
	check_state(view, object, f);
	if (f->n == before)
		tell_fine(view, object, f);
}
