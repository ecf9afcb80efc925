/* SPDX-License-Identifier: Apache-2.0 */
#include "election/lease.h"

#include <assert.h>

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

/* T(1 - 0.001) - M - D_stop with M = k/2 + g + J: how long after the sending of a heartbeat the
 * leader may act, when the touch of that heartbeat was never relayed and the one `gap` before was.
 */
static usec_t length_with_gap(const struct lease_params *p, usec_t gap)
{
	usec_t g = at_least(lease_heartbeat_period(p), gap);
	usec_t margin = usec_add(usec_add(p->tick / 2, lease_jitter(p)), usec_add(g, p->stop));

	return usec_sub(p->session - p->session / 1000, margin);
}

usec_t lease_length(const struct lease_params *p)
{
	return length_with_gap(p, 0);
}

usec_t lease_tolerance(const struct lease_params *p)
{
	return usec_sub(lease_length(p),
	                lease_heartbeat_period(p) + lease_answer_timeout(p) + p->revoke);
}

bool lease_has_room(const struct lease_params *p)
{
	usec_t h = lease_heartbeat_period(p);

	/* A chain becomes valid by a heartbeat sent k after the first answer, at the latest h
	 * later: it has to be answered before the tentative deadline, which counts with k (A1). */
	return lease_tolerance(p) >= h &&
	       length_with_gap(p, p->tick) >= p->tick + h + lease_answer_timeout(p);
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
	struct lease_params params = l->params;

	lease_init(l, &params);
}

void lease_disconnected(struct lease *l)
{
	if (l->chain == LEASE_TENTATIVE)
		lease_break(l);
}

void lease_resume(struct lease *l, usec_t deadline, usec_t connect_sent)
{
	lease_break(l);
	l->chain = LEASE_VALID;
	l->deadline = deadline;
	l->previous_sent = connect_sent;
}

void lease_renegotiated(struct lease *l, usec_t session, usec_t connect_sent)
{
	bool smaller = session < l->params.session;

	l->params.session = session;
	if (!smaller || l->chain == LEASE_NONE)
		return;
	/* Every touch from now on counts with the smaller T, this connect's first (A7). */
	usec_t lowered = connect_sent + length_with_gap(&l->params, 0);
	if (lowered < l->deadline)
		l->deadline = lowered;
}

/* The gap that M counts with: since the answered heartbeat before; k for the first (A1). */
static usec_t gap_before(const struct lease *l, usec_t sent)
{
	return l->previous_sent == 0 ? l->params.tick : usec_sub(sent, l->previous_sent);
}

static void begin(struct lease *l, usec_t sent, usec_t now)
{
	lease_break(l);
	l->deadline = sent + length_with_gap(&l->params, gap_before(l, sent));
	l->previous_sent = sent;
	l->first_answered = now;
	/* Answered when its own deadline is over: not even a beginning. */
	if (now < l->deadline)
		l->chain = LEASE_TENTATIVE;
	else
		lease_break(l);
}

bool lease_answered(struct lease *l, usec_t sent, usec_t now)
{
	usec_t deadline;

	assert(sent <= now);
	if (l->chain == LEASE_NONE || now >= l->deadline) {
		begin(l, sent, now);
		return false;
	}

	deadline = sent + length_with_gap(&l->params, gap_before(l, sent));
	l->previous_sent = at_least(l->previous_sent, sent);
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
