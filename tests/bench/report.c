/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/bench/members.h"

static struct row *add(struct report *r, const char *what, const char *unit)
{
	struct row *row = &r->row[r->n];

	if (r->n == sizeof(r->row) / sizeof(r->row[0]))
		bench_die("the table is full");
	r->n++;
	(void)snprintf(row->what, sizeof(row->what), "%s", what);
	row->unit = unit;
	return row;
}

static void judge(struct row *row, bool met)
{
	(void)snprintf(row->verdict, sizeof(row->verdict), "%s", met ? "met" : "missed");
}

struct row *report_spread(struct report *r, const char *what, const char *unit, struct samples *s,
                          double floor)
{
	struct row *row = add(r, what, unit);

	row->runs = s->n;
	row->p50 = samples_percentile(s, 50);
	row->p99 = samples_percentile(s, 99);
	row->min = samples_min(s);
	row->max = samples_max(s);
	if (floor > 0) {
		(void)snprintf(row->target, sizeof(row->target), ">= %g", floor);
		judge(row, row->p50 >= floor);
	}
	return row;
}

struct row *report_samples(struct report *r, const char *what, struct samples *s, double p50_limit,
                           double p99_limit)
{
	struct row *row = report_spread(r, what, "ms", s, 0);

	if (p50_limit > 0 && p99_limit > 0)
		(void)snprintf(row->target, sizeof(row->target), "p50 <= %g, p99 <= %g", p50_limit,
		               p99_limit);
	else if (p50_limit > 0)
		(void)snprintf(row->target, sizeof(row->target), "p50 <= %g", p50_limit);
	if (p50_limit > 0)
		judge(row, row->p50 <= p50_limit && (p99_limit <= 0 || row->p99 <= p99_limit));
	return row;
}

struct row *report_figure(struct report *r, const char *what, const char *unit, double value,
                          double limit, bool floor)
{
	struct row *row = add(r, what, unit);

	row->p50 = value;
	if (limit > 0) {
		(void)snprintf(row->target, sizeof(row->target), "%s %g",
		               floor ? ">=" : "<=", limit);
		judge(row, floor ? value >= limit : value <= limit);
	}
	return row;
}

void row_ratio(struct row *row, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(row->ratio, sizeof(row->ratio), format, args);
	va_end(args);
}

void report_point(struct report *r, const char *measure, const char *store, double x,
                  struct samples *s)
{
	if (!r->points)
		return;
	if (fprintf(r->points, "%s\t%s\t%.0f\t%zu\t%.4g\t%.4g\t%.4g\t%.4g\n", measure, store, x,
	            s->n, samples_percentile(s, 50), samples_percentile(s, 99), samples_min(s),
	            samples_max(s)) < 0 ||
	    fflush(r->points) != 0)
		bench_die("the points of the curves cannot be written");
}

void report_print(const struct report *r)
{
	printf("%-52s %6s %9s %9s %9s %9s %-4s %-22s %-6s %s\n", "", "runs", "p50", "p99", "min",
	       "max", "unit", "target", "", "ratio");
	for (size_t i = 0; i < r->n; i++) {
		const struct row *w = &r->row[i];

		printf("%-52s ", w->what);
		if (w->runs > 0)
			printf("%6zu %9.2f %9.2f %9.2f %9.2f", w->runs, w->p50, w->p99, w->min,
			       w->max);
		else
			printf("%6s %9.2f %9s %9s %9s", "", w->p50, "", "", "");
		printf(" %-4s %-22s %-6s %s\n", w->unit, w->target, w->verdict, w->ratio);
	}
}
