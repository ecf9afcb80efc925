/* SPDX-License-Identifier: Apache-2.0 */
/* What is due now, phase by phase. */
#include "election/core_private.h"

#include <assert.h>

static bool eligible(const struct core *c)
{
	return core_reasons(c) == 0;
}

static void look(struct core *c, struct core_out *out)
{
	bool list;

	if (!c->connected || under_way(c, CORE_CMD_OBSERVE) || !retry_due(c))
		return;
	if (c->seen && c->now < c->observe_at)
		return;
	if (c->phase == CORE_RELEASING && c->owns)
		return; /* what is to be released is known */
	/* A11: a takeover decides by what the log showed *before* the register was read; these
	 * three claim by the look that they asked for. */
	list = c->phase == CORE_QUEUED || c->phase == CORE_CLAIMING || c->phase == CORE_RESTARTING;
	if (list)
		c->listing_since = c->now;
	core_ask(c, out, CORE_CMD_OBSERVE)->list_log = list;
}

static void beat(struct core *c, struct core_out *out)
{
	if (!c->connected || !latch_name_set(&c->latch) || under_way(c, CORE_CMD_HEARTBEAT))
		return;
	if (c->phase == CORE_RELEASING)
		return; /* A3: a latch that is being given up is not renewed */
	if (acting(c) && !c->owns)
		return;   /* nothing is renewed, or made, before latch and register were verified */
	if (!c->member) { /* A4: the member node vanished, make it again first */
		if (!under_way(c, CORE_CMD_REJOIN) && retry_due(c))
			core_ask(c, out, CORE_CMD_REJOIN)->latch = c->latch;
		return;
	}
	if (c->now < c->heartbeat_at)
		return;
	c->heartbeat_latch = c->latch;
	c->heartbeat_at = c->now + lease_heartbeat_period(&c->lease.params);
	core_ask(c, out, CORE_CMD_HEARTBEAT)->latch = c->latch;
}

/* An orderly stop: nothing new is begun. */
static bool leaving(struct core *c, struct core_out *out)
{
	if (c->shutdown && core_hot_gone(c, out)) {
		core_become(c, CORE_EXITED);
		core_emit(out, CORE_CMD_EXIT);
	}
	return c->shutdown;
}

static void drive_idle(struct core *c, struct core_out *out)
{
	if (leaving(c, out) || !c->connected)
		return;
	if (!c->member) {
		if (!under_way(c, CORE_CMD_JOIN) && retry_due(c))
			core_ask(c, out, CORE_CMD_JOIN);
		return;
	}
	if (c->stopped_owed.v != 0) {
		if (!under_way(c, CORE_CMD_REPORT_STOPPED) && retry_due(c))
			core_ask(c, out, CORE_CMD_REPORT_STOPPED)->epoch = c->stopped_owed;
		return;
	}
	/* A2: no new latch while anything of the last one is unresolved. */
	if (c->seen && eligible(c) && !c->config.observer && !c->jobmanager && retry_due(c) &&
	    !(c->outstanding & (bit(CORE_CMD_CLAIM) | bit(CORE_CMD_RELEASE) | bit(CORE_CMD_SETTLE) |
	                        bit(CORE_CMD_LOAD)))) {
		core_become(c, CORE_ENTERING);
		core_ask(c, out, CORE_CMD_ENTER);
	}
}

static void drive_queued(struct core *c, struct core_out *out)
{
	if (c->shutdown || !eligible(c)) {
		/* Without a connection nothing can be given up, and the chain ends by itself. */
		if (c->connected || c->shutdown)
			core_give_up(c, c->shutdown ? CAUSE_SHUTDOWN : CAUSE_NOT_ELIGIBLE);
		return;
	}
	core_consider_claim(c, out);
}

/* The register is ours: read the log, then page, then grant - in this order (A6). */
static void drive_loading(struct core *c, struct core_out *out)
{
	struct core_command *cmd;

	if (c->shutdown) {
		core_give_up(c, CAUSE_SHUTDOWN);
		return;
	}
	if (c->config.hot && !c->waiting) { /* died, or hangs, while we claimed */
		core_take_over_failed(c, CAUSE_NOT_ELIGIBLE);
		return;
	}
	if (!c->loaded) {
		if (!under_way(c, CORE_CMD_LOAD))
			core_load(c, out);
		return;
	}
	if (c->heartbeat_after != 0 || !lease_valid(&c->lease, c->now))
		return;
	cmd = core_emit(out, CORE_CMD_ARM);
	cmd->epoch = c->epoch;
	cmd->deadline = c->lease.deadline;
	c->armed = true;
	core_emit(out, CORE_CMD_GRANT)->epoch = c->epoch;
	c->jobmanager = true;
	c->killed = false;
	c->granted = c->now;
	core_hot_granted(c);
	core_become(c, CORE_LEADING);
	c->cause = c->predecessor;
}

static void drive_leading(struct core *c, struct core_out *out)
{
	/* C2: a leader that is no longer eligible leads on unless another member can.  A disk that
	 * is full is full for all of them, whether they have tried yet or not. */
	reasons_t reasons = c->reasons & ~REASON_BIT(REASON_STORAGE_FULL);

	if (reasons != 0 && c->connected && c->seen && c->view.successors > 0 &&
	    c->now >= c->pause_until) {
		core_pause_after_failure(c);
		core_revoke(c, out, CAUSE_NOT_ELIGIBLE, false);
	} else if (!c->loaded && c->owns && c->connected && !under_way(c, CORE_CMD_LOAD) &&
	           retry_due(c)) {
		core_load(c, out);
	}
}

static void drive_releasing(struct core *c, struct core_out *out)
{
	struct core_command *cmd;

	/* With a claim unresolved or a write that came first, what is ours has to be read. */
	if (!c->connected || under_way(c, CORE_CMD_RELEASE) || under_way(c, CORE_CMD_CLAIM) ||
	    !retry_due(c) || (!c->seen && !c->owns))
		return;
	if (under_way(c, CORE_CMD_OBSERVE) && !c->seen)
		return;
	cmd = core_ask(c, out, CORE_CMD_RELEASE);
	cmd->latch = c->latch;
	cmd->cause = c->cause;
	cmd->designated = c->designate;
	cmd->with_register = c->owns || (c->view.has_register && !c->view.released &&
	                                 latch_name_equal(&c->view.owner, &c->latch));
	cmd->with_member = c->with_member && c->member;
}

static void drive_phase(struct core *c, struct core_out *out)
{
	switch (c->phase) {
	case CORE_DETACHED:
		if (!leaving(c, out) && !c->has_session && retry_due(c)) {
			c->has_session = true;
			lease_init(&c->lease, &c->config.lease);
			c->no_room_since = 0;
			core_emit(out, CORE_CMD_CONNECT_NEW);
		}
		break;
	case CORE_ENDING:
		if (!leaving(c, out) && c->connected && !under_way(c, CORE_CMD_END_OLD) &&
		    retry_due(c))
			core_ask(c, out, CORE_CMD_END_OLD);
		break;
	case CORE_JOINING:
		if (!leaving(c, out) && c->connected && !under_way(c, CORE_CMD_JOIN) &&
		    retry_due(c))
			core_ask(c, out, CORE_CMD_JOIN);
		break;
	case CORE_IDLE:
		drive_idle(c, out);
		break;
	case CORE_QUEUED:
		drive_queued(c, out);
		break;
	case CORE_LOADING:
		drive_loading(c, out);
		break;
	case CORE_LEADING:
		drive_leading(c, out);
		break;
	case CORE_SETTLING:
		if (!under_way(c, CORE_CMD_SETTLE))
			core_ask(c, out, CORE_CMD_SETTLE);
		break;
	case CORE_RESTARTING:
		if (c->shutdown || c->view.successors > 0) {
			c->pause_until = c->restart_at; /* C2: also where another tries first */
			core_give_up(c, c->shutdown ? CAUSE_SHUTDOWN : c->cause);
		} else if (c->seen && c->now >= c->restart_at && (!c->config.hot || c->waiting))
			core_become(c, CORE_QUEUED);
		break;
	case CORE_RELEASING:
		drive_releasing(c, out);
		break;
	case CORE_RESUMING:
	case CORE_ENTERING:
	case CORE_CLAIMING:
	case CORE_REVOKING:
	case CORE_EXITED:
	case CORE_N_PHASES_:
		break; /* an answer moves these */
	}
}

void core_drive(struct core *c, struct core_out *out)
{
	enum core_phase before;

	if (c->now >= c->pause_until)
		c->own_reasons &= ~REASON_BIT(REASON_PAUSE);
	else
		c->own_reasons |= REASON_BIT(REASON_PAUSE);

	core_hot_drive(c, out);

	if (core_leave_at(c) <= c->now) {
		if (!c->connected && latch_name_set(&c->latch))
			c->cause = CAUSE_SESSION_EXPIRED;
		core_leave_session(c);
	}

	/* C1: our turn, free to claim, and still nothing granted. */
	if (c->takeover_since != 0 && c->now >= c->takeover_since + c->config.takeover)
		core_take_over_failed(c, CAUSE_TAKEOVER_TIMEOUT);

	do {
		before = c->phase;
		drive_phase(c, out);
	} while (c->phase != before);

	if (c->phase == CORE_EXITED)
		return;
	if (c->phase != CORE_DETACHED && c->phase != CORE_ENDING && c->phase != CORE_JOINING) {
		look(c, out);
		beat(c, out);
	}
	if (c->connected && c->member && c->published != core_reasons(c) + 1) {
		c->published = core_reasons(c) + 1;
		core_emit(out, CORE_CMD_PUBLISH);
	}
}
