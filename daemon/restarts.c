/* SPDX-License-Identifier: Apache-2.0 */
/* C2's pauses over a window of 10 minutes.  Pure. */
#include "daemon/restarts.h"

#include <stdbool.h>
#include <string.h>

static const usec_t window = 600 * USEC_PER_SEC;
static const usec_t longest = 60 * USEC_PER_SEC;

static bool within(usec_t at, usec_t now)
{
	return usec_sub(now, at) < window;
}

usec_t restarts_add(struct restarts *r, usec_t now)
{
	unsigned old = 0;
	usec_t pause;

	while (old < r->n && (!within(r->at[old], now) || r->n - old == RESTARTS_MAX))
		old++;
	memmove(r->at, r->at + old, (r->n - old) * sizeof(r->at[0]));
	r->n -= old;
	r->at[r->n++] = now;

	if (r->n == 1)
		return 0;
	pause = USEC_PER_SEC;
	for (unsigned i = 2; i < r->n && pause < longest; i++)
		pause *= 2;
	return pause < longest ? pause : longest;
}

unsigned restarts_count(const struct restarts *r, usec_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n; i++)
		n += within(r->at[i], now);
	return n;
}
