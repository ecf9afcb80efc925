/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What is on its way in one direction of a connection of tests/lib/tcp-link: bytes that may be late
 * or slow.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUEUE_CHUNK = 16384, QUEUE_MAX = 64 };

/* How a direction is disturbed; all 0 = not at all. */
struct way {
	bool cut, swallow;
	long delay_ms;
	long rate; /* bytes a second */
};

struct chunk;
struct queue {
	struct chunk *first, *last;
	unsigned n;
	int64_t last_due;
};

int64_t queue_now(void); /* ms */
void queue_add(struct queue *q, const struct way *w, const char *data, size_t size, int64_t now);
bool queue_has_room(const struct queue *q);
bool queue_is_empty(const struct queue *q);
/* Something may be sent; if not yet, *wake is moved to when. */
bool queue_is_due(const struct queue *q, int64_t now, int64_t *wake);
/* Sends what is due and fits; false = the connection is broken. */
bool queue_send(struct queue *q, int fd, int64_t now);
void queue_clear(struct queue *q);
