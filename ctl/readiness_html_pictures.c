/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_html_pictures.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/readiness_html_text.h"
#include "readiness/key_group.h"

enum {
	WIDTH = 800,
	HEIGHT = 90,     /* of the highest bar */
	MOST_BARS = 200, /* more cannot be told from each other: two blocks then */
	MOST_OPERATORS = 20,
	ROW = 26, /* of an operator */
};

/* ---- key groups */

static void print_bar(FILE *f, double x, double width, int32_t groups,
                      const struct key_group_spread *s, const char *what)
{
	double height = (double)HEIGHT * groups / s->most;
	bool most = groups == s->most && s->most != s->fewest;

	(void)fprintf(f,
	              "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\">"
	              "<title>%s: %d key groups</title></rect>\n",
	              most ? "most" : "bar", x, HEIGHT - height, width, height, what, groups);
}

static void print_bars(FILE *f, int32_t max, int32_t parallelism, const struct key_group_spread *s)
{
	double each = (double)WIDTH / parallelism, gap = each > 4 ? 1 : 0;
	char what[64];

	if (parallelism > MOST_BARS) {
		(void)snprintf(what, sizeof(what), "%d subtasks, each", s->n_most);
		print_bar(f, 0, each * s->n_most, s->most, s, what);
		(void)snprintf(what, sizeof(what), "%d subtasks, each", parallelism - s->n_most);
		if (s->n_most < parallelism)
			print_bar(f, each * s->n_most, each * (parallelism - s->n_most), s->fewest,
			          s, what);
		return;
	}
	for (int32_t i = 0; i < parallelism; i++) {
		(void)snprintf(what, sizeof(what), "subtask %d", i);
		print_bar(f, each * i, each - gap, key_group_range(max, parallelism, i).n, s, what);
	}
}

static void print_spread(FILE *f, int32_t max, int32_t parallelism)
{
	struct key_group_spread s;
	double even;

	if (parallelism > max) {
		html_format(f,
		            "<p class=\"dim\">At a parallelism of %d: not possible, the maximum is "
		            "%d.</p>\n",
		            parallelism, max);
		return;
	}
	s = key_group_spread(max, parallelism);
	even = HEIGHT - HEIGHT / s.excess;
	(void)fprintf(f,
	              "<figure><svg viewBox=\"0 -2 %d %d\" role=\"img\" aria-label=\"Key groups of "
	              "each subtask\">\n",
	              WIDTH, HEIGHT + 4);
	print_bars(f, max, parallelism, &s);
	(void)fprintf(f,
	              "<line class=\"axis\" x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n"
	              "<line class=\"even\" x1=\"0\" y1=\"%.2f\" x2=\"%d\" y2=\"%.2f\"/></svg>\n",
	              HEIGHT, WIDTH, HEIGHT, even, WIDTH, even);
	if (s.fewest == s.most)
		(void)fprintf(f,
		              "<figcaption>Parallelism %d: %d key groups for each subtask, an even "
		              "spread.</figcaption></figure>\n",
		              parallelism, s.most);
	else
		(void)fprintf(f,
		              "<figcaption>Parallelism %d: %d to %d key groups a subtask; %d have "
		              "the most, %.2f of an even share (dashed).%s</figcaption></figure>\n",
		              parallelism, s.fewest, s.most, s.n_most, s.excess,
		              parallelism > MOST_BARS ? " Subtasks are sorted." : "");
}

bool readiness_html_key_groups(FILE *f, const struct job_vertex *v)
{
	if (v->parallelism < 1 || v->max_parallelism < 1)
		return false;
	html_format(f, "<h3>Key groups of %s</h3>\n<p class=\"dim\">Maximum parallelism %d%s</p>\n",
	            v->name ? v->name : "?", v->max_parallelism,
	            v->max == RESTORE_MAX_BY_DEFAULT ? ", set by nobody" : "");
	print_spread(f, v->max_parallelism, v->parallelism);
	print_spread(f, v->max_parallelism, 2 * v->parallelism);
	return true;
}

/* ---- state */

static int compare_sizes(const void *a, const void *b)
{
	const struct savepoint_operator *const *x = a, *const *y = b;
	int64_t m = savepoint_operator_size(*x), n = savepoint_operator_size(*y);

	return (m < n) - (m > n);
}

static void print_operator(FILE *f, const struct job_view *view,
                           const struct savepoint_operator *op, int64_t most, size_t row)
{
	int64_t size = savepoint_operator_size(op);
	char name[JOB_NAME_SIZE], bytes[TEXT_BYTES_SIZE];
	double width = most > 0 ? 320.0 * (double)size / (double)most : 0;
	size_t y = row * ROW;

	job_operator_name(view, op, name);
	text_bytes((uint64_t)size, bytes);
	(void)fprintf(f, "<text x=\"0\" y=\"%zu\">", y + 17);
	html_format(f, "%s</text>", name);
	(void)fprintf(f, "<rect class=\"bar\" x=\"390\" y=\"%zu\" width=\"%.2f\" height=\"%d\"/>",
	              y + 5, width < 1 && size > 0 ? 1 : width, ROW - 10);
	(void)fprintf(f, "<text x=\"%.2f\" y=\"%zu\">", 396 + width, y + 17);
	html_format(f, "%s</text>\n", bytes);
}

void readiness_html_state(FILE *f, const struct job_view *view)
{
	const struct savepoint *s = view->latest;
	const struct savepoint_operator **sorted = calloc(s->n_operators + 1, sizeof(*sorted));
	size_t shown = s->n_operators < MOST_OPERATORS ? s->n_operators : MOST_OPERATORS;
	char bytes[TEXT_BYTES_SIZE];

	text_bytes((uint64_t)s->size, bytes);
	html_format(f,
	            "<h3>State by operator</h3>\n<p class=\"dim\">%s in all, of the latest "
	            "checkpoint</p>\n",
	            bytes);
	if (!sorted)
		return; /* the findings tell the sizes that matter */
	for (size_t i = 0; i < s->n_operators; i++)
		sorted[i] = &s->operators[i];
	qsort(sorted, s->n_operators, sizeof(*sorted), compare_sizes);
	(void)fprintf(f,
	              "<figure><svg viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"State by "
	              "operator\">\n",
	              WIDTH, shown * ROW + 4);
	for (size_t i = 0; i < shown; i++)
		print_operator(f, view, sorted[i], savepoint_operator_size(sorted[0]), i);
	(void)fputs("</svg>\n", f);
	if (shown < s->n_operators)
		(void)fprintf(f, "<figcaption>And %zu more with less.</figcaption>\n",
		              s->n_operators - shown);
	(void)fputs("</figure>\n", f);
	free(sorted);
}
