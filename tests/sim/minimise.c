/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the plan of a failing run small: faults that are not needed go, then members become cold,
 * clocks alike, caches true.  Every change moves the dice of all that follows, so a few seeds are
 * tried for each.
 */
#include "tests/sim/world.h"

#include <string.h>

enum { TRIES = 60 };

/* Any violation will do: the smallest schedule is of use, whatever it breaks first. */
static bool fails(struct world *w, const struct world *plan, uint64_t *seed)
{
	for (uint64_t i = 0; i < TRIES; i++) {
		memcpy(w, plan, sizeof(*w));
		sim_run(w, *seed + i, false);
		if (w->failed) {
			*seed += i;
			return true;
		}
	}
	return false;
}

static void without_fault(struct world *plan, unsigned i)
{
	if (i + 1 < plan->n_faults && plan->fault[i + 1].follows)
		plan->fault[i + 1].follows = plan->fault[i].follows;
	for (; i + 1 < plan->n_faults; i++)
		plan->fault[i] = plan->fault[i + 1];
	plan->n_faults--;
}

/* false: no such step. */
static bool simpler(struct world *plan, unsigned step)
{
	if (step < plan->n_faults) {
		without_fault(plan, step);
		return true;
	}
	switch (step - plan->n_faults) {
	case 0:
		for (int m = 0; m < N_MEMBERS; m++)
			plan->host[m].hot = false;
		return true;
	case 1:
		for (int m = 0; m < N_MEMBERS; m++)
			plan->host[m].ppm = 0;
		return true;
	case 2:
		plan->stale = 0;
		plan->snapshots = 0;
		return true;
	case 3:
		plan->expirer_slow = 0;
		return true;
	case 4:
		plan->pace = 0;
		return true;
	default:
		return false;
	}
}

uint64_t minimise(struct world *w, const struct world *plan, uint64_t seed)
{
	static struct world best, next;
	unsigned step = 0;

	memcpy(&best, plan, sizeof(best));
	for (;;) {
		uint64_t tried = seed;

		memcpy(&next, &best, sizeof(next));
		if (!simpler(&next, step))
			break;
		if (memcmp(&next, &best, sizeof(next)) != 0 && fails(w, &next, &tried)) {
			memcpy(&best, &next, sizeof(best));
			seed = tried;
		} else {
			step++;
		}
	}
	memcpy(w, &best, sizeof(*w));
	return seed;
}
