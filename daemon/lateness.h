/* SPDX-License-Identifier: Apache-2.0 */
/* How late something regular was: counted by bounds, as Prometheus wants a histogram. */
#pragma once

#include <stdint.h>

#include "base/usec.h"

enum { LATENESS_N_BOUNDS = 18 };

static const unsigned lateness_bound_ms[LATENESS_N_BOUNDS] = { 1,   2,   3,   5,   7,   10,
	                                                       15,  20,  30,  50,  75,  100,
	                                                       125, 150, 200, 250, 500, 1000 };

struct lateness {
	uint64_t n;
	usec_t sum;
	uint64_t within[LATENESS_N_BOUNDS]; /* at most so late; each counts those before, too */
};

static inline void lateness_add(struct lateness *l, usec_t late)
{
	l->n++;
	l->sum += late;
	for (unsigned i = 0; i < LATENESS_N_BOUNDS; i++)
		l->within[i] += late <= usec_from_ms(lateness_bound_ms[i]);
}
