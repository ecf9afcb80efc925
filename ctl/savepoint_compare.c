/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/savepoint_compare.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/findings_view.h"
#include "ctl/json_out.h"
#include "ctl/savepoint_json.h"
#include "ctl/savepoint_views.h"
#include "ctl/say.h"
#include "ctl/store_views.h"
#include "readiness/restore.h"
#include "readiness/utf8.h"

/* All that is compared, and what came of it. */
struct compare {
	struct savepoint_input old, now;
	struct savepoint_names names;
	struct restore_operator *operators; /* of `now` */
	char **texts;                       /* what each is called */
	struct findings findings;
	size_t n_both;
	int64_t left; /* bytes of state of operators that `now` does not have */
};

static void compare_done(struct compare *c)
{
	for (size_t i = 0; c->texts && i < c->now.savepoint.n_operators; i++)
		free(c->texts[i]);
	free(c->texts);
	free(c->operators);
	findings_done(&c->findings);
	savepoint_names_done(&c->names);
	savepoint_input_done(&c->old);
	savepoint_input_done(&c->now);
}

static enum exit_code no_memory(void)
{
	say_line("not enough memory");
	return EXIT_FAILED;
}

/* ---- the check */

/* What the new one calls its operators.  -1: not enough memory. */
static int name_operators(struct compare *c)
{
	const struct savepoint *s = &c->now.savepoint;

	c->texts = calloc(s->n_operators + 1, sizeof(*c->texts));
	for (size_t i = 0; c->texts && i < s->n_operators; i++) {
		const struct savepoint_operator *op = &s->operators[i];
		bool exact;

		c->operators[i].name = savepoint_names_of(&c->names, op);
		if (c->operators[i].name)
			continue;
		c->texts[i] = utf8_of_java(op->uid.size > 0 ? op->uid : op->name, &exact);
		if (!c->texts[i])
			return -1;
		c->operators[i].name = c->texts[i];
	}
	return c->texts ? 0 : -1;
}

static void count(struct compare *c)
{
	for (size_t i = 0; i < c->old.savepoint.n_operators; i++) {
		const struct savepoint_operator *op = &c->old.savepoint.operators[i];

		if (savepoint_find(&c->now.savepoint, op->id))
			c->n_both++;
		else
			c->left += savepoint_operator_size(op);
	}
}

/* -1: not enough memory. */
static int check(struct compare *c, bool allow_left)
{
	struct restore_job job = { .all_known = true, .allow_left = allow_left };

	if (restore_operators_of(&c->now.savepoint, &c->operators) < 0 || name_operators(c) < 0)
		return -1;
	job.operators = c->operators;
	job.n_operators = c->now.savepoint.n_operators;
	job.backend = restore_backend_of(&c->now.savepoint);
	restore_check(&c->old.savepoint, &job, savepoint_names_of, &c->names, &c->findings);
	count(c);
	return findings_failed(&c->findings) ? -1 : 0;
}

/* ---- what is shown */

/* Takes `warnings`. */
static json_t *make_json(const struct compare *c, bool allow_left, json_t *warnings)
{
	return json_pack("{s:o, s:o, s:{s:I, s:I, s:I}, s:I, s:b, s:o, s:s, s:o}", "old",
	                 savepoint_json_head(&c->old), "new", savepoint_json_head(&c->now),
	                 "operators", "old", (json_int_t)c->old.savepoint.n_operators, "new",
	                 (json_int_t)c->now.savepoint.n_operators, "both", (json_int_t)c->n_both,
	                 "left_bytes", (json_int_t)c->left, "allow_non_restored_state",
	                 (int)allow_left, "warnings", warnings, "worst",
	                 finding_severity_code(findings_worst(&c->findings, 0)), "findings",
	                 findings_view_json(&c->findings));
}

static void print(FILE *f, const json_t *json, const struct findings *findings)
{
	const json_t *n = field(json, "operators");
	char left[24];

	store_view_bytes(field_int(json, "left_bytes"), left, sizeof(left));
	(void)fputs("Old: ", f);
	savepoint_view_title(f, field(json, "old"));
	(void)fputs("\nNew: ", f);
	savepoint_view_title(f, field(json, "new"));
	(void)fprintf(f,
	              "\nOperators: %lld in the old one, %lld in the new one, %lld in both; state "
	              "that only the old one has: %s\n",
	              field_int(n, "old"), field_int(n, "new"), field_int(n, "both"), left);
	findings_view_tables(f, findings, FINDING_ADVICE);
	(void)fprintf(f, "A job with the operators of the new one would %sstart from the old one: ",
	              findings_worst(findings, 0) == FINDING_ERROR ? "not " : "");
	findings_view_sum(f, findings);
	(void)fputc('\n', f);
}

static enum exit_code show(const struct options *o, const struct compare *c)
{
	const struct savepoint *const both[] = { &c->old.savepoint, &c->now.savepoint };
	json_auto_t *json = make_json(c, o->allow_left, savepoint_names_warn(&c->names, both, 2));

	if (!json)
		return no_memory();
	if (o->json)
		json_out(true, json, NULL);
	else
		print(stdout, json, &c->findings);
	return findings_view_exit(&c->findings, o->fail_on);
}

enum exit_code savepoint_compare_run(const struct options *o)
{
	CLEANUP(compare_done) struct compare c = { .n_both = 0 };
	enum exit_code code = savepoint_input_take(o->args[0], &c.old);

	if (code == EXIT_DONE)
		code = savepoint_input_take(o->args[1], &c.now);
	if (code == EXIT_DONE)
		code = savepoint_names_load(o->uids, &c.names);
	if (code != EXIT_DONE)
		return code;
	return check(&c, o->allow_left) < 0 ? no_memory() : show(o, &c);
}
