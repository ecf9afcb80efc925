/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct chunk {
	struct chunk *next;
	int64_t due;
	size_t size, sent;
	char data[];
};

int64_t queue_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void queue_add(struct queue *q, const struct way *w, const char *data, size_t size, int64_t now)
{
	struct chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		abort();
	*c = (struct chunk){ .size = size, .due = now + w->delay_ms };
	(void)memcpy(c->data, data, size);
	if (c->due < q->last_due)
		c->due = q->last_due; /* TCP does not overtake */
	if (w->rate > 0)
		c->due += (int64_t)size * 1000 / w->rate;
	q->last_due = c->due;
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	q->n++;
}

bool queue_has_room(const struct queue *q)
{
	return q->n < QUEUE_MAX;
}

bool queue_is_empty(const struct queue *q)
{
	return !q->first;
}

bool queue_is_due(const struct queue *q, int64_t now, int64_t *wake)
{
	if (!q->first)
		return false;
	if (q->first->due > now && q->first->due < *wake)
		*wake = q->first->due;
	return q->first->due <= now;
}

static void remove_first(struct queue *q)
{
	struct chunk *c = q->first;

	q->first = c->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	free(c);
}

bool queue_send(struct queue *q, int fd, int64_t now)
{
	while (q->first && q->first->due <= now) {
		struct chunk *c = q->first;
		ssize_t n =
		        send(fd, c->data + c->sent, c->size - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		if (c->sent == c->size)
			remove_first(q);
	}
	return true;
}

void queue_clear(struct queue *q)
{
	while (q->first)
		remove_first(q);
}
