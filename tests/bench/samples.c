/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void samples_add(struct samples *s, double value)
{
	if (s->n == s->capacity) {
		s->capacity = s->capacity ? 2 * s->capacity : 256;
		s->value = reallocarray(s->value, s->capacity, sizeof(s->value[0]));
		if (!s->value) {
			perror("bench");
			exit(1);
		}
	}
	s->value[s->n++] = value;
}

void samples_done(struct samples *s)
{
	free(s->value);
	*s = (struct samples){ 0 };
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_percentile(struct samples *s, double p)
{
	size_t rank;

	if (s->n == 0)
		return 0;
	qsort(s->value, s->n, sizeof(s->value[0]), compare);
	rank = (size_t)ceil(p / 100 * (double)s->n);
	return s->value[rank > 0 ? rank - 1 : 0];
}

double samples_min(struct samples *s)
{
	return samples_percentile(s, 0);
}

double samples_max(struct samples *s)
{
	return samples_percentile(s, 100);
}
