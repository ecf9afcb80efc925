/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the ZooKeeper adapter: clients that are driven together, and waiting by
 * condition.  A wait that takes longer than 15 s fails the test.
 */
#pragma once

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "election/session.h"

enum { MAX_CLIENTS = 8 };

/* One end of a session, as its owner sees it. */
struct client {
	struct session *s;
	struct session_event last; /* the last event; .server is not kept */
	char server[64];
	unsigned connected, disconnected, expired, auth_failed;
};

struct answer {
	bool came;
	struct zk_result r; /* borrowed pointers are cleared, see below */
	char name[128];
	char data[8192];
	unsigned n_children;
	char child[32][64];
};

extern struct client clients[MAX_CLIENTS];

static inline void on_event(void *userdata, const struct session_event *event)
{
	struct client *c = userdata;

	c->last = *event;
	(void)snprintf(c->server, sizeof(c->server), "%s", event->server);
	c->connected += event->type == SESSION_CONNECTED;
	c->disconnected += event->type == SESSION_DISCONNECTED;
	c->expired += event->type == SESSION_EXPIRED;
	c->auth_failed += event->type == SESSION_AUTH_FAILED;
}

static inline void on_answer(void *userdata, const struct zk_result *result)
{
	struct answer *a = userdata;

	assert_false(a->came); /* exactly once */
	a->came = true;
	a->r = *result;
	if (result->name != NULL)
		(void)snprintf(a->name, sizeof(a->name), "%s", result->name);
	if (result->data != NULL)
		(void)snprintf(a->data, sizeof(a->data), "%s", result->data);
	for (size_t i = 0; i < result->n_children && i < 32; i++)
		(void)snprintf(a->child[a->n_children++], 64, "%s", result->children[i]);
	a->r.name = a->r.data = NULL;
	a->r.children = NULL;
}

/* One turn of the loop for all clients; `extra` may be NULL. */
static inline void pump(struct session *extra)
{
	struct session *s[MAX_CLIENTS + 1];
	struct pollfd p[MAX_CLIENTS + 1];
	usec_t now = session_clock(), due = now + 20 * USEC_PER_MSEC;
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		if (clients[i].s != NULL)
			s[n++] = clients[i].s;
	if (extra != NULL)
		s[n++] = extra;
	for (unsigned i = 0; i < n; i++) {
		p[i] = (struct pollfd){ .fd = session_fd(s[i]), .events = session_events(s[i]) };
		if (session_timeout(s[i]) < due)
			due = session_timeout(s[i]);
	}
	(void)poll(p, n, due > now ? (int)((due - now + 999) / 1000) : 0);
	for (unsigned i = 0; i < n; i++)
		session_dispatch(s[i]);
}

#define WAIT_WITH(extra, condition)                                          \
	do {                                                                 \
		usec_t wait_end_ = session_clock() + 15 * USEC_PER_SEC;      \
		while (!(condition)) {                                       \
			if (session_clock() > wait_end_)                     \
				fail_msg("not within 15 s: %s", #condition); \
			pump(extra);                                         \
		}                                                            \
	} while (0)
#define WAIT(condition) WAIT_WITH(NULL, condition)
