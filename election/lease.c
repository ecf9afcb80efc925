/* SPDX-License-Identifier: Apache-2.0 */
#include "election/lease.h"

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"

static usec_t at_least(usec_t a, usec_t b)
{
	return a > b ? a : b;
}

usec_t lease_heartbeat_period(const struct lease_params *p)
{
	return p->tick / 2;
}

usec_t lease_jitter(const struct lease_params *p)
{
	return at_least(200 * USEC_PER_MSEC, p->tick / 4);
}

usec_t lease_answer_timeout(const struct lease_params *p)
{
	return at_least(300 * USEC_PER_MSEC, p->session / 10);
}

/* T(1 - 0.001) - M - D_stop with M = max(k + J, span): how long after the sending of a heartbeat
 * the leader may act, when the last touch that was relayed for certain was sent `span` before it.
 */
static usec_t length_with_span(const struct lease_params *p, usec_t span)
{
	usec_t margin = at_least(p->tick + lease_jitter(p), span);

	return usec_sub(p->session - p->session / 1000, usec_add(margin, p->stop));
}

/* Deadlines are full milliseconds, as in the page: nobody leads for a moment longer here than
 * there. */
static usec_t deadline_after(usec_t sent, usec_t length)
{
	usec_t deadline = sent + length;

	return deadline - deadline % USEC_PER_MSEC;
}

usec_t lease_length(const struct lease_params *p)
{
	return length_with_span(p, 0);
}

/* Of the first heartbeat of a chain (A1). */
static usec_t tentative_length(const struct lease_params *p)
{
	return length_with_span(p, p->tick + lease_heartbeat_period(p) + lease_jitter(p));
}

/* A touch is relayed by then, with the server's next ping: k/2 apart, and J late at most. */
static usec_t relayed_after(const struct lease_params *p)
{
	return p->tick / 2 + lease_jitter(p);
}

usec_t lease_tolerance(const struct lease_params *p)
{
	return usec_sub(lease_length(p),
	                lease_heartbeat_period(p) + lease_answer_timeout(p) + p->revoke);
}

bool lease_has_room(const struct lease_params *p)
{
	usec_t h = lease_heartbeat_period(p);

	/* A chain becomes valid by a heartbeat sent k after the first answer, when the first touch
	 * is relayed, and at the latest h later: it has to be answered before the tentative
	 * deadline (A1). */
	return lease_tolerance(p) >= h &&
	       tentative_length(p) >=
	               at_least(p->tick, relayed_after(p)) + h + lease_answer_timeout(p);
}

bool lease_outlasts_leader_change(const struct lease_params *p, unsigned sync_limit)
{
	return lease_length(p) + p->stop > sync_limit * p->tick + 3 * USEC_PER_SEC / 2;
}

void lease_init(struct lease *l, const struct lease_params *params)
{
	*l = (struct lease){ .params = *params };
}

void lease_break(struct lease *l)
{
	*l = (struct lease){ .params = l->params, .negotiated = l->negotiated };
}

void lease_disconnected(struct lease *l)
{
	if (l->chain == LEASE_TENTATIVE)
		lease_break(l);
}

void lease_resume(struct lease *l, usec_t deadline)
{
	lease_break(l);
	l->negotiated = true;
	l->chain = LEASE_VALID;
	l->deadline = deadline;
}

void lease_connected(struct lease *l, usec_t session, usec_t connect_sent)
{
	usec_t lowered;

	/* What a server has not relayed may be lost with it, or with our connection to it. */
	memset(l->touch, 0, sizeof(l->touch));
	l->relayed = connect_sent;
	/* A touch with the smaller T may still be on its way, and moves the session's end back; and
	 * a new ZooKeeper leader gives the session the T that it was made with. */
	if (l->negotiated && session >= l->params.session)
		return;
	l->negotiated = true;
	l->params.session = session;
	if (l->chain == LEASE_NONE)
		return;
	/* Every touch from now on counts with the smaller T, this connect's first (A7). */
	lowered = deadline_after(connect_sent, lease_length(&l->params));
	if (lowered < l->deadline)
		l->deadline = lowered;
}

/* One heartbeat more was answered.  The server has served it after it was sent: what was answered
 * long enough before that has been relayed. */
static void note_touch(struct lease *l, usec_t sent, usec_t now)
{
	const size_t n = N_ELEMENTS(l->touch);
	struct lease_touch *t = l->touch;
	size_t i = 0;

	while (t[0].sent > 0 && usec_add(t[0].answered, relayed_after(&l->params)) < sent) {
		l->relayed = at_least(l->relayed, t[0].sent);
		memmove(t, t + 1, (n - 1) * sizeof(*t));
		t[n - 1].sent = 0;
	}
	while (i < n && t[i].sent > 0)
		i++;
	if (i < n)
		t[i] = (struct lease_touch){ .sent = sent, .answered = now };
}

static void begin(struct lease *l, usec_t sent, usec_t now)
{
	usec_t deadline = deadline_after(sent, tentative_length(&l->params));

	lease_break(l);
	/* Answered when its own deadline is over: not even a beginning. */
	if (now >= deadline)
		return;
	l->chain = LEASE_TENTATIVE;
	l->deadline = deadline;
	l->first_answered = now;
	note_touch(l, sent, now);
}

/* Until when a heartbeat that was sent then lets the leader act. */
static usec_t deadline_of(const struct lease *l, usec_t sent)
{
	if (l->relayed == 0)
		return 0; /* nothing is known to be relayed yet */
	return deadline_after(sent, length_with_span(&l->params, usec_sub(sent, l->relayed)));
}

bool lease_answered(struct lease *l, usec_t sent, usec_t now)
{
	usec_t deadline;

	assert(sent <= now);
	if (l->chain == LEASE_NONE || now >= l->deadline) {
		begin(l, sent, now);
		return false;
	}

	note_touch(l, sent, now);
	deadline = deadline_of(l, sent);
	if (l->chain == LEASE_TENTATIVE) {
		/* The expirer may have held our bucket at the first answer; a touch sent at least
		 * k later, answered in time, cannot be in the same walk (LX-chain1..3). */
		if (sent < l->first_answered + l->params.tick || now >= deadline)
			return false;
		l->chain = LEASE_VALID;
		l->deadline = deadline;
		return true;
	}
	l->deadline = at_least(l->deadline, deadline);
	return true;
}

bool lease_valid(const struct lease *l, usec_t now)
{
	return l->chain == LEASE_VALID && now < l->deadline;
}
