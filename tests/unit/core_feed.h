/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds a core and tells its commands as text.  Times are milliseconds; T 10 s, k 2 s: h 1000,
 * lease 6990 (test_lease.c).
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "election/core_trace.h"

#define MS(n)    ((usec_t)(n)*1000)
#define OWN      "n-aaaaaaaaaaaaaaaa-0000000007"
#define OWN2     "n-aaaaaaaaaaaaaaaa-0000000009"
#define OTHER    "n-bbbbbbbbbbbbbbbb-0000000003"
#define LATCH(s) ((struct latch_name){ s })

/* EV(TICK, 5), EV(JOINED, 5, .result = CORE_OK) */
#define EV(name, ms, ...) \
	((struct core_event){ .type = CORE_EV_##name, .now = MS(ms), __VA_ARGS__ })
#define BEAT(ms, r, at) EV(HEARTBEAT, ms, .heartbeat = { .result = (r), .sent = MS(at) })
#define SEEN(ms, v)     EV(OBSERVED, ms, .observed = { .result = CORE_OK, .view = (v) })
#define CONNECTED(ms)   EV(CONNECTED, ms, .connected = { .sent = MS(ms) - 500, .session = MS(10000) })
#define CLAIMED(ms, r) \
	EV(CLAIMED, ms, .claimed = { .result = (r), .sent = MS(ms) - 1000, .version = 6 })
#define EXITED(ms, e) EV(EXITED, ms, .exited = { .epoch = { e } })

struct member {
	struct core core;
	struct core_out out;
	char text[600];
};

static inline const char *feed(struct member *m, struct core_event ev)
{
	core_step(&m->core, &ev, &m->out);
	return core_trace(&m->out, m->text, sizeof(m->text));
}

#define expect(m, ev, text) assert_string_equal(feed(m, ev), text)

static inline const struct core_command *sent(const struct member *m, enum core_command_type type)
{
	for (unsigned i = 0; i < m->out.n; i++)
		if (m->out.cmd[i].type == type)
			return &m->out.cmd[i];
	fail_msg("%s was not sent", core_command_name(type));
	return &m->out.cmd[0]; /* not reached */
}

/* A new cluster; our latch is the lowest. */
static inline struct core_view fresh(void)
{
	return (struct core_view){ .has_register = true,
		                   .version = 5,
		                   .released = true,
		                   .released_as = CAUSE_NEW,
		                   .own = LATCH(OWN) };
}

/* Epoch 1 is another member's, whose latch has gone without a release. */
static inline struct core_view owner_gone(void)
{
	struct core_view v = fresh();

	v.released = false;
	v.epoch.v = 1;
	v.owner = LATCH(OTHER);
	v.owner_session = MS(10000);
	v.owner_member = true;
	return v;
}

static inline struct core_view own_term(uint64_t epoch)
{
	struct core_view v = fresh();

	v.version = 6;
	v.released = false;
	v.epoch.v = epoch;
	v.owner = LATCH(OWN);
	v.owner_session = MS(10000);
	v.owner_alive = v.owner_member = true;
	return v;
}

static inline struct core_config config(void)
{
	return (struct core_config){
		.lease = { .session = MS(10000), .tick = MS(2000), .stop = MS(500) },
		.takeover = MS(30000),
	};
}

static inline void init(struct member *m, const struct core_config *c)
{
	core_init(&m->core, c, 0, &m->out);
	(void)core_trace(&m->out, m->text, sizeof(m->text));
}

/* Joined, with a latch, looked once: the first answer came at 5. */
static inline void queue_up(struct member *m, struct core_view v)
{
	struct core_config c = config();
	struct core_view empty = v;

	empty.own = LATCH("");
	empty.rank = -1;
	init(m, &c);
	assert_string_equal(m->text, "connect-new");
	expect(m, CONNECTED(1), "join");
	expect(m, EV(JOINED, 2, .result = CORE_OK), "observe publish");
	expect(m, SEEN(3, empty), "enter");
	expect(m, EV(ENTERED, 4, .entered = { CORE_OK, LATCH(OWN) }), "observe+log heartbeat");
	expect(m, BEAT(5, CORE_OK, 4), "");
	expect(m, SEEN(6, v), "");
}

/* The chain of queue_up() becomes valid at 3005. */
static inline const char *valid_chain(struct member *m)
{
	expect(m, EV(TICK, 1004), "heartbeat");
	expect(m, BEAT(1005, CORE_OK, 1004), "");
	expect(m, EV(TICK, 2004), "heartbeat");
	expect(m, BEAT(2005, CORE_OK, 2004), "");
	expect(m, EV(TICK, 3004), "heartbeat");
	return feed(m, BEAT(3005, CORE_OK, 3004));
}

static inline void claiming(struct member *m)
{
	queue_up(m, fresh());
	assert_string_equal(valid_chain(m), "claim:1=new");
}

/* Granted at 3007 under epoch 1, until 9995; a look at 3008. */
static inline void leader(struct member *m)
{
	claiming(m);
	expect(m, CLAIMED(3006, CORE_OK), "load:1");
	expect(m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
	expect(m, EV(CHANGED, 3007), "observe");
	expect(m, SEEN(3008, own_term(1)), "");
	assert_int_equal(core_state(&m->core, MS(3008)), CORE_STATE_LEADER);
}
