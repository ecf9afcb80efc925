/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the core share; nobody else includes it. */
#pragma once

#include "election/core.h"

enum {
	RETRY_USEC = 1000000, /* what failed is tried again after */
	/* Whoever has handed over stays out of the way of the one who claims: its looks and its new
	 * latch would be served before the other's claim. */
	LET_PASS_USEC = 50000,
};

/* ---- commands and their answers ---- */

struct core_command *core_emit(struct core_out *out, enum core_command_type type);

/* Emit a command that will be answered; must not be under way. */
struct core_command *core_ask(struct core *c, struct core_out *out, enum core_command_type type);

static inline uint32_t bit(enum core_command_type type)
{
	return (uint32_t)1 << type;
}

static inline bool under_way(const struct core *c, enum core_command_type type)
{
	return c->outstanding & bit(type);
}

static inline void answered(struct core *c, enum core_command_type type)
{
	c->outstanding &= ~bit(type);
}

void core_load(struct core *c, struct core_out *out);

static inline bool retry_due(const struct core *c)
{
	return c->now >= c->retry_at;
}

static inline void retry_later(struct core *c)
{
	c->retry_at = c->now + RETRY_USEC;
}

/* ---- phases (core.c) ---- */

void core_become(struct core *c, enum core_phase next);
void core_forget_term(struct core *c);
void core_drop_latch(struct core *c);
void core_disarm(struct core *c, struct core_out *out);
void core_pause_after_failure(struct core *c);
void core_leave_session(struct core *c);
void core_revoke(struct core *c, struct core_out *out, enum cause cause, bool kill);
void core_latch_gone(struct core *c, struct core_out *out);
void core_give_up(struct core *c, enum cause cause);

/* A JobManager may be acting under a page of ours. */
static inline bool acting(const struct core *c)
{
	return c->phase == CORE_LEADING || c->phase == CORE_RESUMING || c->phase == CORE_REVOKING;
}

/* .. and has not been asked to stop. */
static inline bool leading(const struct core *c)
{
	return c->phase == CORE_LEADING || c->phase == CORE_RESUMING;
}

/* Hot: when a leading JobManager is asked to revoke unless the lease is renewed; cold: never. */
static inline usec_t core_revoke_at(const struct core *c)
{
	return c->config.hot ? usec_sub(c->lease.deadline, c->lease.params.revoke) : USEC_INFINITY;
}

/* C7: when a session is left, so that it ends by itself: nothing was heard of it for T, no look was
 * answered for T, or what ends a term or gives a latch up was not done within T.  Each attempt to
 * come back touches the session: who is heard and hears nothing, or whose large requests are lost
 * and small ones are not, would keep it, and a latch that nobody may pass, for ever.
 *
 * A7: T grows in no session.  One without room for a lease is left, too, once nothing hangs on it:
 * another server may grant the next one more. */
static inline usec_t core_leave_at(const struct core *c)
{
	usec_t since = USEC_INFINITY;

	if (!c->has_session || acting(c) || c->phase == CORE_DETACHED || c->phase == CORE_ENDING ||
	    c->phase == CORE_EXITED)
		return USEC_INFINITY;
	if (!c->connected)
		since = c->disconnected_since;
	else if (!c->seen && c->listing_since == 0 && c->phase != CORE_JOINING)
		since = c->seen_at;
	if ((c->phase == CORE_SETTLING || c->phase == CORE_RELEASING) && c->leaving_since < since)
		since = c->leaving_since;
	if (c->phase == CORE_IDLE && c->no_room_since != 0 && !c->config.observer)
		return usec_add(c->no_room_since, c->config.lease.session);
	return usec_add(since, c->lease.params.session);
}

/* A2: the register as we sent it: same epoch, same latch. */
static inline bool own_mark(const struct core *c)
{
	const struct core_view *v = &c->view;

	return v->has_register && latch_name_equal(&v->owner, &c->latch) &&
	       epoch_equal(v->epoch, c->epoch) && !v->released;
}

/* ---- core_takeover.c ---- */

void core_note_owner_gone(struct core *c);
void core_note_designated(struct core *c);
bool core_holds_back(const struct core *c);
bool core_my_turn(const struct core *c);
/* A4: when the owner can no longer act: 0 = it cannot, USEC_INFINITY = its latch lives. */
usec_t core_owner_acts_until(const struct core *c);
void core_consider_claim(struct core *c, struct core_out *out);
void core_resolve_claim(struct core *c, struct core_out *out);
void core_take_over_failed(struct core *c, enum cause cause);

/* ---- core_hot.c ---- */

void core_hot_listened(struct core *c, usec_t now);
void core_hot_said(struct core *c, const struct core_event *ev, struct core_out *out);
void core_hot_granted(struct core *c);
void core_hot_exited(struct core *c, usec_t pause);
void core_hot_drive(struct core *c, struct core_out *out);
usec_t core_hot_next(const struct core *c);
bool core_hot_gone(struct core *c, struct core_out *out);
void core_unhealthy(struct core *c, struct core_out *out);

/* ---- core_events.c, core_drive.c ---- */

void core_stopped(struct core *c, struct core_out *out);

void core_on_event(struct core *c, const struct core_event *ev, struct core_out *out);
void core_drive(struct core *c, struct core_out *out);
