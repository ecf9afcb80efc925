/* SPDX-License-Identifier: Apache-2.0 */
/* The table that is printed at the end.  Threads: none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tests/bench/samples.h"

struct row {
	char what[56];
	size_t runs;
	const char *unit;
	double p50, p99, min, max; /* only p50 when it is a single figure */
	char target[64], verdict[8], ratio[160];
};

struct report {
	struct row row[160];
	size_t n;
	FILE *points; /* NULL: no curves are wanted */
};

/* A row of these; the verdict by the limits, 0 = no such limit. */
struct row *report_samples(struct report *r, const char *what, struct samples *s, double p50_limit,
                           double p99_limit);
/* The same of figures in another unit, of which the median has to be at least floor. */
struct row *report_spread(struct report *r, const char *what, const char *unit, struct samples *s,
                          double floor);
/* A row of one figure; "at most" limit, or "at least" when it is a floor; 0 = none. */
struct row *report_figure(struct report *r, const char *what, const char *unit, double value,
                          double limit, bool floor);

__attribute__((format(printf, 2, 3))) void row_ratio(struct row *row, const char *format, ...);

/* One point of a curve (tests/bench/curves draws them): of this store, measured in that way, at x.
 * A line of tab-separated fields: measure, store, x, runs, p50, p99, min, max. */
void report_point(struct report *r, const char *measure, const char *store, double x,
                  struct samples *s);

void report_print(const struct report *r);
