/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: the maximum parallelism, which is fixed with the first state. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "readiness/job_checks_private.h"
#include "readiness/key_group.h"

static const struct finding_kind by_default = {
	FINDING_WARNING, FINDING_PARALLELISM, "max-parallelism-default",
	"the first state fixes it for ever: the job can never run with a higher parallelism, and "
	"nobody has thought about the number",
	"set it before there is state to keep: env.setMaxParallelism() or "
	"pipeline.max-parallelism; "
	"afterwards the state has to be written anew, by the State Processor API"
};
static const struct finding_kind near_max = {
	FINDING_WARNING, FINDING_PARALLELISM, "parallelism-near-max",
	"more load cannot be met by twice the subtasks: no subtask may be without a key group",
	"plan to write the state anew with a higher maximum, while there is time"
};
#define WHY_SKEW                                                                                \
	"whole key groups are spread over subtasks: one with more of them has more to do, and " \
	"the "                                                                                  \
	"slowest one sets the pace of all"
#define AVOID_SKEW                                                                           \
	"choose a parallelism that divides the maximum; for a new job, a maximum that is a " \
	"multiple of the parallelism"
static const struct finding_kind skew = { FINDING_WARNING, FINDING_PARALLELISM, "key-group-skew",
	                                  WHY_SKEW, AVOID_SKEW };
static const struct finding_kind some_skew = { FINDING_ADVICE, FINDING_PARALLELISM,
	                                       "key-group-skew", WHY_SKEW, AVOID_SKEW };
static const struct finding_kind large = {
	FINDING_ADVICE, FINDING_PARALLELISM, "max-parallelism-large",
	"each key group costs at every checkpoint and in memory, and here there is little in it",
	"for a new job, take a maximum of some times the parallelism that it may ever need"
};
static const struct finding_kind fine = { FINDING_FINE, FINDING_PARALLELISM, "max-parallelism-fine",
	                                  NULL, NULL };

/* ---- which vertices matter */

static bool has_keyed(const struct savepoint_operator *op)
{
	return op->size[METADATA_KEYED_MANAGED] > 0 || op->size[METADATA_KEYED_RAW] > 0;
}

enum job_truth job_vertex_is_keyed(const struct job_view *view, const struct job_vertex *v)
{
	const struct savepoint *s = view->latest;
	const struct savepoint_operator *op = s ? savepoint_find(s, v->id) : NULL;

	if (!s)
		return v->is_source ? JOB_NO : JOB_NOT_KNOWN;
	if (op && has_keyed(op))
		return JOB_YES;
	/* Keyed state within a chain (reinterpretAsKeyedStream) could be of any vertex. */
	for (size_t i = 0; i < s->n_operators; i++)
		if (has_keyed(&s->operators[i]) && !job_find_vertex(view->job, s->operators[i].id))
			return JOB_NOT_KNOWN;
	return JOB_NO;
}

int32_t job_better_max(const struct job_vertex *v)
{
	int32_t most = v->parallelism > KEY_GROUP_MAX / 8 ? KEY_GROUP_MAX : 8 * v->parallelism;

	return key_group_advice(v->parallelism, most);
}

/* ---- the checks */

static void check_default(const struct job_view *view, struct findings *f)
{
	const struct job *j = view->job;
	const struct job_vertex *most = NULL;
	char object[JOB_OBJECT_SIZE], better[64] = "it suits, if somebody sets it";
	size_t n = 0;

	for (size_t i = 0; i < j->n_vertices; i++) {
		const struct job_vertex *v = &j->vertices[i];

		if (v->max != RESTORE_MAX_BY_DEFAULT || v->parallelism < 1 ||
		    job_vertex_is_keyed(view, v) == JOB_NO)
			continue;
		n++;
		if (!most || v->parallelism > most->parallelism)
			most = v;
	}
	if (!most)
		return;
	job_write_object(j, most->name, object);
	if (job_better_max(most) != most->max_parallelism)
		(void)text_format(better, sizeof(better), "a better one for a new job: %d",
		                  job_better_max(most));
	findings_add(f, &by_default, object,
	             "nobody has set it: Flink took %d for a parallelism of %d%s, and the job can "
	             "never pass it; %s",
	             most->max_parallelism, most->parallelism,
	             n > 1 ? ", and for others of the job" : "", better);
}

/* "2 or 3 key groups a subtask (1.20 times an even share)" */
static void write_spread(const struct key_group_spread *s, char *ret, size_t size)
{
	if (s->fewest == s->most)
		(void)text_format(ret, size, "%d key groups for each subtask", s->most);
	else
		(void)text_format(ret, size, "%d to %d key groups a subtask, %.2f of an even share",
		                  s->fewest, s->most, s->excess);
}

static void check_skew(const struct job_vertex *v, const char *object, struct findings *f)
{
	struct key_group_spread now = key_group_spread(v->max_parallelism, v->parallelism), twice;
	bool can_double = 2 * v->parallelism <= v->max_parallelism;
	const struct finding_kind *kind = NULL;
	char a[96], b[96] = "not possible";

	write_spread(&now, a, sizeof(a));
	if (can_double) {
		twice = key_group_spread(v->max_parallelism, 2 * v->parallelism);
		write_spread(&twice, b, sizeof(b));
	}
	if (now.excess >= JOB_SKEW_WARNING)
		kind = &skew;
	else if (now.excess >= JOB_SKEW_ADVICE || (can_double && twice.excess >= JOB_SKEW_WARNING))
		kind = &some_skew;
	if (kind)
		findings_add(f, kind, object,
		             "maximum %d at parallelism %d: %s; at %d: %s; a better maximum for a "
		             "new job: %d",
		             v->max_parallelism, v->parallelism, a, 2 * v->parallelism, b,
		             job_better_max(v));
}

static void check_large(const struct job_view *view, const struct job_vertex *v, const char *object,
                        struct findings *f)
{
	const struct savepoint_operator *op =
	        view->latest ? savepoint_find(view->latest, v->id) : NULL;
	char each[TEXT_BYTES_SIZE];
	int64_t group;

	if (v->max_parallelism <= JOB_MAX_LARGE || !op)
		return;
	group = op->size[METADATA_KEYED_MANAGED] / v->max_parallelism;
	if (group >= JOB_GROUP_SMALL)
		return;
	text_bytes((uint64_t)group, each);
	findings_add(f, &large, object,
	             "%d key groups for a parallelism of %d, with %s of state in each",
	             v->max_parallelism, v->parallelism, each);
}

static void check_vertex(const struct job_view *view, const struct job_vertex *v,
                         struct findings *f)
{
	char object[JOB_OBJECT_SIZE];

	if (v->parallelism < 1 || v->max_parallelism < 1 || job_vertex_is_keyed(view, v) == JOB_NO)
		return;
	job_write_object(view->job, v->name, object);
	if (v->parallelism > v->max_parallelism / 2)
		findings_add(f, &near_max, object,
		             "parallelism %d of at most %d: it cannot be doubled", v->parallelism,
		             v->max_parallelism);
	check_skew(v, object, f);
	check_large(view, v, object, f);
}

/* The one with the highest parallelism speaks for all. */
static void tell_fine(const struct job *j, struct findings *f)
{
	const struct job_vertex *most = NULL;
	char object[JOB_OBJECT_SIZE];

	for (size_t i = 0; i < j->n_vertices; i++)
		if (j->vertices[i].max_parallelism > 0 &&
		    (!most || j->vertices[i].parallelism > most->parallelism))
			most = &j->vertices[i];
	job_write_object(j, NULL, object);
	if (most)
		findings_add(f, &fine, object, "maximum parallelism %d, at most %d used",
		             most->max_parallelism, most->parallelism);
	else
		findings_add(f, &fine, object, "maximum parallelism: nobody told it");
}

void job_check_parallelism(const struct job_view *view, struct findings *f)
{
	const struct job *j = view->job;
	size_t before = f->n;

	check_default(view, f);
	for (size_t i = 0; i < j->n_vertices; i++)
		check_vertex(view, &j->vertices[i], f);
	if (f->n == before)
		tell_fine(j, f);
}
