/* SPDX-License-Identifier: Apache-2.0 */
/* Time, chance and what happens next. */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* splitmix64 */
uint64_t chance(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t below(struct world *w, uint64_t n)
{
	return n == 0 ? 0 : chance(w) % n;
}

bool percent(struct world *w, unsigned p)
{
	return below(w, 100) < p;
}

usec_t between(struct world *w, usec_t a, usec_t b)
{
	return b <= a ? a : a + below(w, b - a + 1);
}

static bool earlier(const struct world_event *a, const struct world_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void at(struct world *w, usec_t when, struct world_event ev)
{
	struct world_queue *q = &w->queue;
	unsigned i = q->n++;

	assert(q->n <= MAX_EVENTS);
	ev.at = when > w->now ? when : w->now;
	ev.order = q->order++;
	while (i > 0 && earlier(&ev, &q->event[(i - 1) / 2])) {
		q->event[i] = q->event[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	q->event[i] = ev;
}

usec_t queue_next(const struct world *w)
{
	return w->queue.n > 0 ? w->queue.event[0].at : USEC_INFINITY;
}

bool queue_pop(struct world *w, struct world_event *ret)
{
	struct world_queue *q = &w->queue;
	struct world_event last;
	unsigned i = 0, child;

	if (q->n == 0)
		return false;
	*ret = q->event[0];
	last = q->event[--q->n];
	while ((child = 2 * i + 1) < q->n) {
		if (child + 1 < q->n && earlier(&q->event[child + 1], &q->event[child]))
			child++;
		if (!earlier(&q->event[child], &last))
			break;
		q->event[i] = q->event[child];
		i = child;
	}
	q->event[i] = last;
	return true;
}

usec_t local_time(const struct world *w, int member, usec_t now)
{
	const struct host *h = &w->host[member];

	return (usec_t)((int64_t)now + h->offset + (int64_t)now * h->ppm / 1000000);
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
