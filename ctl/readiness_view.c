/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_view.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/findings_view.h"
#include "ctl/table.h"
#include "ctl/wrap.h"
#include "readiness/key_group.h"

static const enum finding_step steps[] = { FINDING_PARALLELISM, FINDING_UID, FINDING_BACKEND,
	                                   FINDING_AVAILABILITY };

enum { INDENT = 10 }; /* "  warning " */

/* ---- for people */

static void print_line(FILE *f, const char *label, const char *text, size_t width)
{
	(void)fprintf(f, "%*s%s", INDENT, "", label);
	wrap_print(f, text, INDENT + strlen(label), INDENT, width);
}

static bool told_before(const struct findings *findings, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (findings->item[k].severity == findings->item[i].severity &&
		    strcmp(findings->item[k].code, findings->item[i].code) == 0)
			return true;
	return false;
}

/* Why it matters and what to do, once for each kind. */
static void print_finding(FILE *f, const struct findings *findings, size_t i, size_t width)
{
	const struct finding *it = &findings->item[i];

	(void)fprintf(f, "  %-*s", INDENT - 2, finding_severity_code(it->severity));
	(void)fprintf(f, "%s: ", it->code);
	wrap_print(f, it->object, INDENT + strlen(it->code) + 2, INDENT, width);
	print_line(f, "", it->seen, width);
	if (told_before(findings, i))
		return;
	if (it->why)
		print_line(f, "Why: ", it->why, width);
	if (it->advice)
		print_line(f, "What to do: ", it->advice, width);
}

static size_t count(const struct findings *findings, enum finding_step step)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++)
		n += findings->item[i].step == step;
	return n;
}

static void print_step(FILE *f, const struct readiness *r, enum finding_step step, size_t width)
{
	const struct findings *all = &r->findings;

	(void)fprintf(f, "Step %d, %s: %s\n", (int)step, finding_step_text(step),
	              count(all, step) > 0 ? finding_severity_code(findings_worst(all, step))
	                                   : "not looked at");
	for (unsigned s = FINDING_N_SEVERITIES_; s-- > 0;)
		for (size_t i = 0; i < all->n; i++)
			if (all->item[i].step == step && all->item[i].severity == s)
				print_finding(f, all, i, width);
}

static bool is_ready(const struct readiness *r, enum finding_severity fail_on)
{
	return findings_view_exit(&r->findings, fail_on) == EXIT_DONE;
}

void readiness_verdict(FILE *f, const struct readiness *r, enum finding_severity fail_on)
{
	(void)fprintf(f, "%s: ", is_ready(r, fail_on) ? "Ready" : "Not ready");
	findings_view_sum(f, &r->findings);
	(void)fputs(r->n_jobs == 0 ? "; no job runs\n" : "\n", f);
}

void readiness_view(FILE *f, const struct readiness *r, enum finding_severity fail_on, size_t width)
{
	for (size_t i = 0; i < N_ELEMENTS(steps); i++)
		print_step(f, r, steps[i], width);
	readiness_verdict(f, r, fail_on);
}

/* ---- for programs */

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *spread_json(int32_t max, int32_t parallelism)
{
	struct key_group_spread s;

	if (parallelism < 1 || parallelism > max)
		return json_null();
	s = key_group_spread(max, parallelism);
	return json_pack("{s:i, s:i, s:i, s:f}", "parallelism", (int)parallelism, "fewest",
	                 (int)s.fewest, "most", (int)s.most, "excess", s.excess);
}

static json_t *vertex_json(const struct job_view *view, const struct job_vertex *v)
{
	static const char *const set[] = { "not-known", "set", "default" };
	static const char *const keyed[] = { "not-known", "no", "yes" };
	char hex[2 * JOB_ID_SIZE + 1];

	text_hex(v->id, JOB_ID_SIZE, hex);
	return json_pack("{s:s, s:o, s:i, s:i, s:s, s:s, s:[o, o]}", "id", hex, "name",
	                 text_or_null(v->name), "parallelism", (int)v->parallelism,
	                 "max_parallelism", (int)v->max_parallelism, "max_is", set[v->max], "keyed",
	                 keyed[job_vertex_is_keyed(view, v)], "key_groups",
	                 spread_json(v->max_parallelism, v->parallelism),
	                 spread_json(v->max_parallelism, 2 * v->parallelism));
}

static json_t *operator_json(const struct job_view *view, const struct savepoint_operator *op)
{
	char hex[2 * JOB_ID_SIZE + 1], name[JOB_NAME_SIZE];

	text_hex(op->id, JOB_ID_SIZE, hex);
	job_operator_name(view, op, name);
	return json_pack("{s:s, s:s, s:b, s:I, s:I}", "id", hex, "name", name, "has_state",
	                 op->has_state, "bytes", (json_int_t)savepoint_operator_size(op),
	                 "largest_keyed", (json_int_t)op->largest);
}

/* Takes `item`; false: not enough memory. */
static bool append(json_t *array, json_t *item)
{
	return json_array_append_new(array, item) == 0;
}

static json_t *job_json(const struct readiness_job *j)
{
	const struct savepoint *s = j->view.latest;
	json_t *vertices = json_array(), *operators = s ? json_array() : json_null();
	char hex[2 * JOB_ID_SIZE + 1];
	bool ok = true;

	text_hex(j->job.id, JOB_ID_SIZE, hex);
	for (size_t i = 0; i < j->job.n_vertices; i++)
		ok &= append(vertices, vertex_json(&j->view, &j->job.vertices[i]));
	for (size_t i = 0; s && i < s->n_operators; i++)
		ok &= append(operators, operator_json(&j->view, &s->operators[i]));
	if (!ok) {
		json_decref(vertices);
		json_decref(operators);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "id", hex, "name",
	                 text_or_null(j->job.name), "state", text_or_null(j->job.state), "latest",
	                 text_or_null(j->job.taken.path), "vertices", vertices, "operators",
	                 operators);
}

static json_t *steps_json(const struct findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < N_ELEMENTS(steps); i++) {
		enum finding_severity worst = findings_worst(findings, steps[i]);
		json_t *o = json_pack("{s:i, s:s, s:b, s:s}", "step", (int)steps[i], "name",
		                      finding_step_text(steps[i]), "looked_at",
		                      count(findings, steps[i]) > 0, "worst",
		                      finding_severity_code(worst));

		if (append(array, o))
			continue;
		json_decref(array);
		return NULL;
	}
	return array;
}

json_t *readiness_json(const struct readiness *r, enum finding_severity fail_on)
{
	json_t *jobs = json_array(), *o;
	bool ok = jobs;

	for (size_t i = 0; ok && i < r->n_jobs; i++)
		ok = append(jobs, job_json(&r->jobs[i]));
	if (!ok) {
		json_decref(jobs);
		return NULL;
	}
	o = json_pack("{s:i, s:b, s:s, s:s, s:o, s:o, s:o, s:o}", "version", 1, "ready",
	              is_ready(r, fail_on), "fail_on", finding_severity_code(fail_on), "worst",
	              finding_severity_code(findings_worst(&r->findings, 0)), "rest",
	              text_or_null(r->url), "steps", steps_json(&r->findings), "findings",
	              findings_view_json(&r->findings), "jobs", jobs);
	return o;
}
