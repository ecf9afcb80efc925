/* SPDX-License-Identifier: Apache-2.0 */
#include "election/ensemble.h"

#include <stdbool.h>
#include <string.h>

static const usec_t pause_first = 50 * USEC_PER_MSEC;
static const usec_t pause_longest = USEC_PER_SEC;

void ensemble_init(struct ensemble *e, uint32_t seed)
{
	memset(e, 0, sizeof(*e));
	e->seed = seed;
}

static bool listed(const struct ensemble *e, const struct ensemble_address *a)
{
	for (unsigned i = 0; i < e->n; i++)
		if (strcmp(e->address[i].s, a->s) == 0)
			return true;
	return false;
}

void ensemble_set(struct ensemble *e, const struct ensemble_address *address, unsigned n)
{
	struct ensemble_address last = e->last;
	unsigned turn = n > 0 ? e->seed % n : 0;

	e->n = 0;
	for (unsigned i = 0; i < n && e->n < ENSEMBLE_MAX; i++) {
		const struct ensemble_address *a = &address[(turn + i) % n];

		if (!listed(e, a))
			e->address[e->n++] = *a;
	}
	/* Go on behind the one tried last, so that new lists do not favour their first server. */
	e->next = 0;
	for (unsigned i = 0; i < e->n; i++)
		if (strcmp(e->address[i].s, last.s) == 0)
			e->next = (i + 1) % e->n;
}

const struct ensemble_address *ensemble_next(struct ensemble *e)
{
	if (e->n == 0)
		return NULL;
	e->last = e->address[e->next];
	e->next = (e->next + 1) % e->n;
	return &e->last;
}

usec_t ensemble_failed(struct ensemble *e)
{
	unsigned rounds;
	usec_t pause = pause_first;

	if (e->failed < UINT32_MAX)
		e->failed++;
	if (e->n == 0)
		return pause_longest;
	if (e->failed % e->n != 0)
		return 0; /* others of this round are still to be tried */
	rounds = e->failed / e->n;
	for (unsigned i = 1; i < rounds && pause < pause_longest; i++)
		pause *= 2;
	return pause < pause_longest ? pause : pause_longest;
}

void ensemble_succeeded(struct ensemble *e)
{
	e->failed = 0;
}
