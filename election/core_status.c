/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked of the core between two steps. */
#include "election/core_private.h"

#include <assert.h>

reasons_t core_reasons(const struct core *c)
{
	return c->reasons | c->own_reasons;
}

bool core_started(const struct core *c)
{
	return c->ever_seen;
}

const char *core_state_name(enum core_state state)
{
	static const char *const names[CORE_N_STATES_] = {
		[CORE_STATE_STARTING] = "starting",         [CORE_STATE_STANDBY] = "standby",
		[CORE_STATE_CLAIMING] = "claiming",         [CORE_STATE_LEADER] = "leader",
		[CORE_STATE_STOPPING] = "stopping",         [CORE_STATE_OBSERVER] = "observer",
		[CORE_STATE_DISCONNECTED] = "disconnected",
	};

	assert((unsigned)state < CORE_N_STATES_);
	return names[state];
}

static bool cut_off(const struct core *c, usec_t now)
{
	return !c->connected &&
	       now >= c->disconnected_since + lease_answer_timeout(&c->lease.params);
}

static enum core_state at_rest(const struct core *c, usec_t now)
{
	if (!c->ever_seen)
		return CORE_STATE_STARTING;
	if (cut_off(c, now))
		return CORE_STATE_DISCONNECTED;
	return c->config.observer ? CORE_STATE_OBSERVER : CORE_STATE_STANDBY;
}

enum core_state core_state(const struct core *c, usec_t now)
{
	switch (c->phase) {
	case CORE_LEADING:
	case CORE_RESUMING:
		/* P5: nobody is told "leader" at or past the deadline. */
		return now < c->lease.deadline ? CORE_STATE_LEADER : CORE_STATE_STOPPING;
	case CORE_REVOKING:
		return CORE_STATE_STOPPING;
	case CORE_SETTLING:
	case CORE_RELEASING:
		if (c->epoch.v != 0 && !cut_off(c, now))
			return CORE_STATE_STOPPING;
		return at_rest(c, now);
	case CORE_CLAIMING:
	case CORE_LOADING:
		return cut_off(c, now) ? CORE_STATE_DISCONNECTED : CORE_STATE_CLAIMING;
	case CORE_EXITED:
		return CORE_STATE_STOPPING;
	case CORE_DETACHED:
	case CORE_ENDING:
	case CORE_JOINING:
	case CORE_IDLE:
	case CORE_ENTERING:
	case CORE_QUEUED:
	case CORE_RESTARTING:
	case CORE_N_PHASES_:
		break;
	}
	return at_rest(c, now);
}

usec_t core_lease_left(const struct core *c, usec_t now)
{
	if (core_state(c, now) != CORE_STATE_LEADER)
		return 0;
	return usec_sub(c->lease.deadline, now);
}

/* What is overdue waits for an answer: look again soon, never spin. */
static void sooner(const struct core *c, usec_t *next, usec_t at)
{
	if (at <= c->now)
		at = c->now + 100 * USEC_PER_MSEC;
	if (at < *next)
		*next = at;
}

usec_t core_next_tick(const struct core *c)
{
	usec_t next = USEC_INFINITY;

	if (c->armed && !c->killed)
		sooner(c, &next, c->lease.deadline);
	if (c->armed && leading(c))
		sooner(c, &next, core_revoke_at(c));
	sooner(c, &next, core_hot_next(c));
	sooner(c, &next, core_leave_at(c));
	if (c->retry_at > c->now)
		sooner(c, &next, c->retry_at);
	if (c->pause_until > c->now)
		sooner(c, &next, c->pause_until);
	if (c->takeover_since != 0)
		sooner(c, &next, c->takeover_since + c->config.takeover);
	if (c->phase == CORE_RESTARTING && c->restart_at > c->now) /* then a process is awaited */
		sooner(c, &next, c->restart_at);
	if (c->phase == CORE_QUEUED && c->now < c->gone_since + c->view.owner_session &&
	    latch_name_equal(&c->gone, &c->view.owner))
		sooner(c, &next, c->gone_since + c->view.owner_session); /* A4 */
	if (c->phase == CORE_QUEUED && core_holds_back(c))
		sooner(c, &next, c->hold_until); /* A5 */
	if (c->connected) {
		if (latch_name_set(&c->latch) && c->phase != CORE_RELEASING &&
		    (c->owns || !acting(c))) /* as beat() */
			sooner(c, &next, c->heartbeat_at);
		if (c->seen)
			sooner(c, &next, c->observe_at);
	}
	return next;
}
