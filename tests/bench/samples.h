/* SPDX-License-Identifier: Apache-2.0 */
/* Measured values, and what they say: smallest, median, 99th percentile, largest.  Threads: none.
 */
#pragma once

#include <stddef.h>

struct samples {
	double *value;
	size_t n, capacity;
};

/* Adds one; ends the program when there is no memory. */
void samples_add(struct samples *s, double value);
void samples_done(struct samples *s);

/* The value that p of 100 do not exceed (nearest rank); 0 when there are none.  Sorts. */
double samples_percentile(struct samples *s, double p);
double samples_min(struct samples *s);
double samples_max(struct samples *s);
