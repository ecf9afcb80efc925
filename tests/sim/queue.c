/* SPDX-License-Identifier: Apache-2.0 */
/* Time, chance and what happens next. */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { PLACES = MAX_EVENTS };

static bool earlier(const struct due *a, const struct due *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void at(struct world *w, usec_t when, struct world_event ev)
{
	struct world_queue *q = &w->queue;
	unsigned i = q->n++, place = q->n_free > 0 ? q->free[--q->n_free] : q->most++;
	struct due due = { when > w->now ? when : w->now, q->order++ * PLACES + place };

	assert(place < PLACES);
	q->event[place] = ev;
	for (; i > 0 && earlier(&due, &q->when[(i - 1) / 2]); i = (i - 1) / 2)
		q->when[i] = q->when[(i - 1) / 2];
	q->when[i] = due;
}

usec_t queue_next(const struct world *w)
{
	return w->queue.n > 0 ? w->queue.when[0].at : USEC_INFINITY;
}

bool queue_pop(struct world *w, struct world_event *ret)
{
	struct world_queue *q = &w->queue;
	unsigned i = 0, child, place;
	struct due last;

	if (q->n == 0)
		return false;
	place = q->when[0].order % PLACES;
	*ret = q->event[place];
	q->free[q->n_free++] = (uint16_t)place;
	last = q->when[--q->n];
	for (; (child = 2 * i + 1) < q->n; i = child) {
		child += child + 1 < q->n && earlier(&q->when[child + 1], &q->when[child]);
		if (!earlier(&q->when[child], &last))
			break;
		q->when[i] = q->when[child];
	}
	q->when[i] = last;
	return true;
}

/* The first moment at which the member's clock shows `local` or more. */
usec_t true_time(const struct world *w, int member, usec_t local)
{
	const struct host *h = &w->host[member];
	int64_t t = ((int64_t)local - h->offset);

	if (local == USEC_INFINITY)
		return USEC_INFINITY;
	t = t - t * h->ppm / 1000000 - 2;
	if (t < 0)
		t = 0;
	while (local_time(w, member, (usec_t)t) < local)
		t++;
	return (usec_t)t;
}

void note(struct world *w, int who, const char *format, ...)
{
	va_list args;

	if (!w->verbose)
		return;
	printf("%9.3f ", (double)w->now / 1000);
	if (who >= 0)
		printf("%c ", who < N_MEMBERS ? 'a' + who : 'A' + who - N_MEMBERS);
	else
		printf("- ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}
