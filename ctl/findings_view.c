/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/findings_view.h"

#include <string.h>

#include "base/cleanup.h"
#include "ctl/table.h"

enum { MOST_SHOWN = 100 }; /* of one severity */

static size_t count(const struct findings *findings, enum finding_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++)
		n += findings->item[i].severity == severity;
	return n;
}

/* "2 errors"; they are no sentence of their own. */
static void print_count(FILE *f, size_t n, enum finding_severity severity)
{
	static const char *const one[] = { "check is fine", "piece of advice", "warning", "error" };
	static const char *const many[] = { "checks are fine", "pieces of advice", "warnings",
		                            "errors" };

	(void)fprintf(f, "%zu %s", n, n == 1 ? one[severity] : many[severity]);
}

/* Is it the first of its kind? */
static bool is_first(const struct findings *findings, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (findings->item[k].severity == findings->item[i].severity &&
		    strcmp(findings->item[k].code, findings->item[i].code) == 0)
			return false;
	return true;
}

/* Why and what to do, each kind once. */
static void print_notes(FILE *f, const struct findings *findings, enum finding_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n && n < MOST_SHOWN; i++) {
		const struct finding *finding = &findings->item[i];

		if (finding->severity != severity)
			continue;
		n++;
		if ((!finding->why && !finding->advice) || !is_first(findings, i))
			continue;
		(void)fprintf(f, "  %s: %s\n", finding->code, finding->why ? finding->why : "");
		if (finding->advice)
			(void)fprintf(f, "    What to do: %s\n", finding->advice);
	}
}

static void print_severity(FILE *f, const struct findings *findings, enum finding_severity severity)
{
	static const char *const headings[] = { "Finding", "Where", "What was seen" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	size_t n = 0;

	for (size_t i = 0; t && i < findings->n; i++) {
		const struct finding *finding = &findings->item[i];
		const char *const cells[] = { finding->code, finding->object, finding->seen };

		if (finding->severity == severity && n++ < MOST_SHOWN)
			(void)table_add(t, cells);
	}
	if (n == 0)
		return;
	print_count(f, n, severity);
	(void)fputs(":\n", f);
	table_print(t, f);
	if (n > MOST_SHOWN)
		(void)fprintf(f, "and %zu more: --json shows all\n", n - MOST_SHOWN);
	print_notes(f, findings, severity);
}

void findings_view_tables(FILE *f, const struct findings *findings, enum finding_severity least)
{
	for (unsigned s = FINDING_N_SEVERITIES_; s-- > (unsigned)least;)
		print_severity(f, findings, (enum finding_severity)s);
}

void findings_view_sum(FILE *f, const struct findings *findings)
{
	bool some = false;

	for (unsigned s = FINDING_N_SEVERITIES_; s-- > FINDING_ADVICE;) {
		size_t n = count(findings, (enum finding_severity)s);

		if (n == 0)
			continue;
		if (some)
			(void)fputs(", ", f);
		print_count(f, n, (enum finding_severity)s);
		some = true;
	}
	if (!some)
		(void)fputs("nothing found", f);
}

json_t *findings_view_json(const struct findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < findings->n; i++) {
		const struct finding *finding = &findings->item[i];
		json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s?, s:s?}", "severity",
		                      finding_severity_code(finding->severity), "step",
		                      (int)finding->step, "code", finding->code, "object",
		                      finding->object, "seen", finding->seen, "why", finding->why,
		                      "advice", finding->advice);

		if (json_array_append_new(array, o) == 0)
			continue;
		json_decref(array);
		return NULL;
	}
	return array;
}

enum exit_code findings_view_exit(const struct findings *findings, enum finding_severity fail_on)
{
	enum finding_severity least = fail_on == FINDING_FINE ? FINDING_ADVICE : fail_on;

	return findings_worst(findings, 0) >= least ? EXIT_FAILED : EXIT_DONE;
}
