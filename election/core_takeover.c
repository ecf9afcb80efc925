/* SPDX-License-Identifier: Apache-2.0 */
/* Who may claim and when, and what a claim without an answer came to. */
#include "election/core_private.h"

#include <assert.h>

usec_t core_owner_acts_until(const struct core *c)
{
	const struct core_view *v = &c->view;

	if (v->released || !latch_name_set(&v->owner) || latch_name_equal(&v->owner, &c->latch))
		return 0;
	if (v->owner_alive)
		return USEC_INFINITY;
	if (!v->owner_member || v->owner_stopped.v >= v->epoch.v)
		return 0;
	/* It did not say `stopped`: its T, on our own clock, since we saw its latch gone. */
	return latch_name_equal(&c->gone, &v->owner) ? c->gone_since + v->owner_session
	                                             : USEC_INFINITY;
}

/* How the term ended that our claim follows. */
static enum cause term_ended_by(const struct core *c)
{
	if (c->view.released)
		return c->view.released_as;
	if (latch_name_equal(&c->view.owner, &c->latch))
		return CAUSE_RESTART_IN_PLACE;
	return CAUSE_PREDECESSOR_GONE;
}

/* Another latch is designated, and has had no time yet. */
bool core_holds_back(const struct core *c)
{
	const struct core_view *v = &c->view;

	return latch_name_set(&v->designated) && v->designated_alive &&
	       !latch_name_equal(&v->designated, &c->latch) && c->now < c->hold_until;
}

/* A5: whose turn it is.  The owner's, which claims again (A10) and need not be the lowest; that of
 * the designated one; else the lowest's. */
bool core_my_turn(const struct core *c)
{
	const struct core_view *v = &c->view;

	if (v->rank < 0)
		return false;
	if (!v->released && latch_name_equal(&v->owner, &c->latch))
		return true;
	if (latch_name_equal(&v->designated, &c->latch))
		return true;
	return v->rank == 0 && !core_holds_back(c);
}

/* A5: T is more than one needs that can claim, and it is counted once for each version of the
 * register. */
void core_note_designated(struct core *c)
{
	const struct core_view *v = &c->view;

	if (!v->designated_alive || c->hold_version == v->version)
		return;
	c->hold_version = v->version;
	c->hold_until = c->now + c->lease.params.session;
}

void core_note_owner_gone(struct core *c)
{
	const struct core_view *v = &c->view;

	if (v->owner_alive || latch_name_equal(&c->gone, &v->owner))
		return;
	c->gone = v->owner;
	c->gone_since = c->now;
}

/* Whose turn it is, with a valid chain: claim, unless a rule says wait. */
void core_consider_claim(struct core *c, struct core_out *out)
{
	const struct core_view *v = &c->view;
	struct core_command *cmd;

	if (!c->seen)
		return;
	if (!core_my_turn(c) || !v->has_register || v->rolled_back ||
	    c->now < core_owner_acts_until(c)) {
		c->takeover_since = c->changed = 0;
		return;
	}
	if (c->takeover_since == 0) {
		c->takeover_since = c->now;
		c->detected = c->changed != 0 ? c->changed : c->now;
	}
	if (!lease_valid(&c->lease, c->now))
		return;

	core_become(c, CORE_CLAIMING);
	cmd = core_ask(c, out, CORE_CMD_CLAIM);
	c->epoch = cmd->epoch = epoch_next(v->epoch);
	c->claim_version = cmd->version = v->version;
	c->claim_sent = c->now;
	c->owns = false;
	cmd->latch = c->latch;
	cmd->cause = c->predecessor = term_ended_by(c);
}

/* A claim without an answer, looked up after a sync (A2, D17). */
void core_resolve_claim(struct core *c, struct core_out *out)
{
	struct core_command *cmd;

	if (own_mark(c)) {
		c->owns = true;
		c->claimed = c->now;
		c->heartbeat_after = c->view.asked; /* D12: not a heartbeat, being read */
		c->heartbeat_at = c->now;
		core_become(c, CORE_LOADING);
	} else if (c->view.has_register && c->view.version == c->claim_version &&
	           lease_valid(&c->lease, c->now)) {
		cmd = core_ask(c, out, CORE_CMD_CLAIM);
		cmd->epoch = c->epoch;
		cmd->version = c->claim_version;
		cmd->latch = c->latch;
		cmd->cause = c->predecessor;
	} else {
		core_forget_term(c);
		core_become(c, CORE_QUEUED);
	}
}

void core_take_over_failed(struct core *c, enum cause cause)
{
	core_pause_after_failure(c);
	core_give_up(c, cause);
}
