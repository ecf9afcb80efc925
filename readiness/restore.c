/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "readiness/utf8.h"

enum { OBJECT_SIZE = 256 };

struct check {
	const struct savepoint *from;
	const struct restore_job *job;
	const struct restore_operator **by_id; /* those of the job, sorted */
	restore_name_t *name;
	void *userdata;
	struct findings *f;
};

/* ---- names */

static void write_object(char ret[OBJECT_SIZE], const char *name,
                         const uint8_t id[METADATA_ID_SIZE])
{
	char hex[2 * METADATA_ID_SIZE + 1];

	text_hex(id, METADATA_ID_SIZE, hex);
	if (*name)
		(void)snprintf(ret, OBJECT_SIZE, "operator %.150s (%s)", name, hex);
	else
		(void)snprintf(ret, OBJECT_SIZE, "operator %s", hex);
	text_one_line(ret);
}

static void name_old(const struct check *c, const struct savepoint_operator *op,
                     char ret[OBJECT_SIZE])
{
	const char *name = c->name ? c->name(c->userdata, op) : NULL;
	bool exact;
	char *own;

	if (name) {
		write_object(ret, name, op->id);
		return;
	}
	own = utf8_of_java(op->uid.size > 0 ? op->uid : op->name, &exact);
	write_object(ret, own ? own : "", op->id); /* without memory: its ID alone */
	free(own);
}

static void name_new(const struct restore_operator *op, char ret[OBJECT_SIZE])
{
	write_object(ret, op->name ? op->name : "", op->id);
}

/* ---- one operator that both have */

static const struct finding_kind max_differs = {
	FINDING_ERROR, FINDING_PARALLELISM, "max-parallelism-differs",
	"keys lie in as many groups as the maximum parallelism says; with another number none is "
	"found",
	"set the maximum parallelism of the state, or start without it"
};
static const struct finding_kind max_may_differ = {
	FINDING_WARNING, FINDING_PARALLELISM, "max-parallelism-may-differ",
	"Flink refuses this where the job sets the number, and takes the one of the state where it "
	"does "
	"not",
	"set the maximum parallelism of the state in the job"
};
static const struct finding_kind max_replaced = {
	FINDING_ADVICE, FINDING_PARALLELISM, "max-parallelism-replaced",
	"nobody has set one for the job, so Flink goes on with that of the state",
	"set it in the job, so that it says what is true"
};
static const struct finding_kind above_max = {
	FINDING_ERROR, FINDING_PARALLELISM, "parallelism-above-max",
	"no subtask may be without a key group", "run it with no more than the maximum of the state"
};
static const struct finding_kind at_max = {
	FINDING_WARNING, FINDING_PARALLELISM, "cannot-scale",
	"the maximum parallelism is fixed with the first state",
	"to grow further the state has to be written anew, by the State Processor API"
};

static void check_max(const struct check *c, const struct savepoint_operator *old,
                      const struct restore_operator *op, const char *object)
{
	const struct finding_kind *kind = &max_may_differ;

	if (op->max_parallelism == 0 || op->max_parallelism == old->max_parallelism)
		return;
	if (op->max == RESTORE_MAX_SET)
		kind = &max_differs;
	else if (op->max == RESTORE_MAX_BY_DEFAULT)
		kind = &max_replaced;
	findings_add(c->f, kind, object, "maximum parallelism %d in the state, %d in the job",
	             old->max_parallelism, op->max_parallelism);
}

static void check_parallelism(const struct check *c, const struct savepoint_operator *old,
                              const struct restore_operator *op, const char *object)
{
	if (op->parallelism > old->max_parallelism)
		findings_add(c->f, &above_max, object,
		             "parallelism %d with a maximum of %d in the state", op->parallelism,
		             old->max_parallelism);
	else if (op->parallelism > old->max_parallelism / 2 &&
	         old->size[METADATA_KEYED_MANAGED] > 0)
		findings_add(c->f, &at_max, object,
		             "parallelism %d of at most %d: it cannot be doubled", op->parallelism,
		             old->max_parallelism);
}

/* ---- operators that one of them lacks */

static const struct finding_kind left_behind = {
	FINDING_ERROR, FINDING_UID, "state-left-behind",
	"Flink does not start the job: state would be lost",
	"give the operator the uid that it had; or --allowNonRestoredState, if the state may go"
};
static const struct finding_kind dropped = {
	FINDING_WARNING, FINDING_UID, "state-dropped",
	"non-restored state is allowed, so Flink starts without it and says nothing",
	"make sure that it is no operator whose uid has changed"
};
static const struct finding_kind starts_empty = {
	FINDING_WARNING, FINDING_UID, "starts-empty",
	"Flink finds no state for its ID and starts it with none",
	"fine for a new operator; else give it the uid that it had"
};
static const struct finding_kind not_in_sight = {
	FINDING_ADVICE, FINDING_UID, "not-in-sight",
	"of a running job only the first operator of each chain has its ID shown", NULL
};

static int compare_ids(const void *a, const void *b)
{
	const struct restore_operator *const *x = a, *const *y = b;

	return memcmp((*x)->id, (*y)->id, METADATA_ID_SIZE);
}

/* NULL: not enough memory. */
static const struct restore_operator **sort_new(const struct restore_job *job)
{
	const struct restore_operator **ret =
	        calloc(job->n_operators + 1, sizeof(const struct restore_operator *));

	for (size_t i = 0; ret && i < job->n_operators; i++)
		ret[i] = &job->operators[i];
	if (ret)
		qsort(ret, job->n_operators, sizeof(const struct restore_operator *), compare_ids);
	return ret;
}

static const struct restore_operator *find_new(const struct check *c,
                                               const uint8_t id[METADATA_ID_SIZE])
{
	struct restore_operator wanted = { .name = NULL };
	const struct restore_operator *key = &wanted, **found;

	memcpy(wanted.id, id, METADATA_ID_SIZE);
	found = bsearch(&key, c->by_id, c->job->n_operators, sizeof(key), compare_ids);
	return found ? *found : NULL;
}

static void check_left(const struct check *c, const struct savepoint_operator *old,
                       const char *object)
{
	const struct finding_kind *kind = c->job->allow_left ? &dropped : &left_behind;

	if (!old->has_state) /* it has an entry all the same */
		return;
	findings_add(c->f, c->job->all_known ? kind : &not_in_sight, object,
	             "%" PRId64 " bytes of state, and no such operator %s",
	             savepoint_operator_size(old),
	             c->job->all_known ? "in the job" : "among those that can be seen");
}

static void check_new(const struct check *c)
{
	char object[OBJECT_SIZE];

	for (size_t i = 0; i < c->job->n_operators; i++) {
		const struct restore_operator *op = &c->job->operators[i];

		if (op->stateless || savepoint_find(c->from, op->id))
			continue;
		name_new(op, object);
		findings_add(c->f, &starts_empty, object, "not in the state");
	}
}

/* ---- the backend */

static const struct finding_kind other_backend = {
	FINDING_ERROR, FINDING_BACKEND, "backend-differs",
	"Flink does not compare them; tasks fail when they read it",
	"go on with the backend that wrote it, or take a canonical savepoint with that first"
};
static const struct finding_kind perhaps_other_backend = {
	FINDING_WARNING, FINDING_BACKEND, "backend-may-differ",
	"Flink does not compare them; if they differ, tasks fail when they read it",
	"make sure that both have the same, or take a canonical savepoint with the old one first"
};

/* What wrote the state, and what the job has: NULL where there is nothing to say. */
static const struct finding_kind *compare_backends(enum savepoint_backend old,
                                                   enum restore_backend now)
{
	if (old == SAVEPOINT_ROCKSDB && now == RESTORE_BACKEND_HASHMAP)
		return &other_backend;
	if ((old == SAVEPOINT_ROCKSDB && now == RESTORE_BACKEND_HASHMAP_OR_ROCKSDB) ||
	    (old == SAVEPOINT_UNDECIDED && now == RESTORE_BACKEND_ROCKSDB))
		return &perhaps_other_backend;
	return NULL;
}

static void check_backend(const struct check *c)
{
	static const char *const texts[] = { "not known", "hashmap", "RocksDB or ForSt",
		                             "hashmap or full RocksDB" };
	const struct finding_kind *kind = compare_backends(c->from->backend, c->job->backend);

	if (kind)
		findings_add(c->f, kind, "state backend", "state of %s, and the job has %s",
		             savepoint_backend_text(c->from->backend), texts[c->job->backend]);
}

void restore_check(const struct savepoint *from, const struct restore_job *job,
                   restore_name_t *name, void *userdata, struct findings *f)
{
	const struct check c = { .from = from,
		                 .job = job,
		                 .by_id = sort_new(job),
		                 .name = name,
		                 .userdata = userdata,
		                 .f = f };
	char object[OBJECT_SIZE];

	if (!c.by_id) {
		findings_fail(f);
		return;
	}
	for (size_t i = 0; i < from->n_operators; i++) {
		const struct savepoint_operator *old = &from->operators[i];
		const struct restore_operator *op = find_new(&c, old->id);

		name_old(&c, old, object);
		if (!op) {
			check_left(&c, old, object);
			continue;
		}
		check_max(&c, old, op, object);
		check_parallelism(&c, old, op, object);
	}
	check_new(&c);
	check_backend(&c);
	free(c.by_id);
}

int restore_operators_of(const struct savepoint *s, struct restore_operator **ret)
{
	struct restore_operator *all = calloc(s->n_operators + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_operators; i++) {
		memcpy(all[i].id, s->operators[i].id, METADATA_ID_SIZE);
		all[i].parallelism = s->operators[i].parallelism;
		all[i].max_parallelism = s->operators[i].max_parallelism;
		all[i].stateless = !s->operators[i].has_state;
	}
	*ret = all;
	return 0;
}

enum restore_backend restore_backend_of(const struct savepoint *s)
{
	if (s->backend == SAVEPOINT_ROCKSDB)
		return RESTORE_BACKEND_ROCKSDB;
	return s->backend == SAVEPOINT_UNDECIDED ? RESTORE_BACKEND_HASHMAP_OR_ROCKSDB
	                                         : RESTORE_BACKEND_NOT_KNOWN;
}
