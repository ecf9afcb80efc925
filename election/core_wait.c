/* SPDX-License-Identifier: Apache-2.0 */
#include "election/core_wait.h"

#include <assert.h>

#include "election/core_private.h"

/* Joined, without a latch. */
static enum core_wait before_a_latch(const struct core *c, usec_t *ret_until)
{
	if (c->config.observer)
		return CORE_WAIT_NOTHING;
	if (c->stopped_owed.v != 0)
		return CORE_WAIT_STOPPED;
	if (!c->seen)
		return CORE_WAIT_LOOK;
	if (core_reasons(c) == REASON_BIT(REASON_PAUSE)) {
		*ret_until = c->pause_until;
		return CORE_WAIT_PAUSE;
	}
	return core_reasons(c) != 0 ? CORE_WAIT_ELIGIBLE : CORE_WAIT_LATCH;
}

/* With a latch: in the order in which core_consider_claim() asks. */
static enum core_wait before_the_claim(const struct core *c, usec_t now, usec_t *ret_until)
{
	const struct core_view *v = &c->view;
	usec_t owner;

	if (!c->seen)
		return CORE_WAIT_LOOK;
	if (!core_my_turn(c)) {
		if (v->rank != 0)
			return CORE_WAIT_TURN;
		*ret_until = c->hold_until;
		return CORE_WAIT_DESIGNATED;
	}
	if (!v->has_register || v->rolled_back)
		return CORE_WAIT_REGISTER;
	owner = core_owner_acts_until(c);
	if (owner == USEC_INFINITY)
		return CORE_WAIT_OWNER;
	if (now < owner) {
		*ret_until = owner;
		return CORE_WAIT_OWNER_LEASE;
	}
	return CORE_WAIT_CHAIN;
}

static enum core_wait before_the_grant(const struct core *c)
{
	return c->loaded ? CORE_WAIT_HEARTBEAT : CORE_WAIT_LOG;
}

static enum core_wait on_the_way(const struct core *c, usec_t now, usec_t *ret_until)
{
	switch (c->phase) {
	case CORE_ENDING:
		return CORE_WAIT_OLD_SESSION;
	case CORE_JOINING:
		return CORE_WAIT_MEMBER_NODE;
	case CORE_IDLE:
		return c->member ? before_a_latch(c, ret_until) : CORE_WAIT_MEMBER_NODE;
	case CORE_ENTERING:
		return CORE_WAIT_LATCH;
	case CORE_QUEUED:
		return before_the_claim(c, now, ret_until);
	case CORE_CLAIMING:
		return CORE_WAIT_CLAIM;
	case CORE_LOADING:
		return before_the_grant(c);
	case CORE_RESUMING:
		return CORE_WAIT_VERIFY;
	case CORE_DETACHED:
	case CORE_LEADING:
	case CORE_REVOKING:
	case CORE_RESTARTING:
	case CORE_SETTLING:
	case CORE_RELEASING:
	case CORE_EXITED:
	case CORE_N_PHASES_:
		break;
	}
	return CORE_WAIT_CONNECTION;
}

enum core_wait core_wait(const struct core *c, usec_t now, usec_t *ret_until)
{
	*ret_until = USEC_INFINITY;
	switch (c->phase) {
	case CORE_LEADING:
	case CORE_EXITED:
		return CORE_WAIT_NOTHING;
	case CORE_REVOKING:
		*ret_until = c->armed ? c->lease.deadline : USEC_INFINITY;
		return CORE_WAIT_REVOKE;
	case CORE_RESTARTING:
		*ret_until = c->restart_at > now ? c->restart_at : USEC_INFINITY;
		return CORE_WAIT_RESTART;
	case CORE_SETTLING:
		return c->connected ? CORE_WAIT_SETTLE : CORE_WAIT_CONNECTION;
	case CORE_RELEASING:
		return c->connected ? CORE_WAIT_RELEASE : CORE_WAIT_CONNECTION;
	case CORE_DETACHED:
	case CORE_RESUMING:
	case CORE_ENDING:
	case CORE_JOINING:
	case CORE_IDLE:
	case CORE_ENTERING:
	case CORE_QUEUED:
	case CORE_CLAIMING:
	case CORE_LOADING:
	case CORE_N_PHASES_:
		break;
	}
	return c->connected ? on_the_way(c, now, ret_until) : CORE_WAIT_CONNECTION;
}

const char *core_wait_code(enum core_wait wait)
{
	static const char *const codes[CORE_N_WAITS_] = {
		[CORE_WAIT_NOTHING] = "nothing",
		[CORE_WAIT_CONNECTION] = "connection",
		[CORE_WAIT_OLD_SESSION] = "old-session",
		[CORE_WAIT_MEMBER_NODE] = "member-node",
		[CORE_WAIT_LOOK] = "look",
		[CORE_WAIT_PAUSE] = "pause",
		[CORE_WAIT_ELIGIBLE] = "eligible",
		[CORE_WAIT_STOPPED] = "stopped",
		[CORE_WAIT_LATCH] = "latch",
		[CORE_WAIT_TURN] = "turn",
		[CORE_WAIT_REGISTER] = "register",
		[CORE_WAIT_OWNER] = "owner",
		[CORE_WAIT_OWNER_LEASE] = "owner-lease",
		[CORE_WAIT_CHAIN] = "chain",
		[CORE_WAIT_DESIGNATED] = "designated",
		[CORE_WAIT_CLAIM] = "claim",
		[CORE_WAIT_LOG] = "log",
		[CORE_WAIT_HEARTBEAT] = "heartbeat",
		[CORE_WAIT_VERIFY] = "verify",
		[CORE_WAIT_RESTART] = "restart",
		[CORE_WAIT_REVOKE] = "revoke",
		[CORE_WAIT_SETTLE] = "settle",
		[CORE_WAIT_RELEASE] = "release",
	};

	assert((unsigned)wait < CORE_N_WAITS_);
	return codes[wait];
}
