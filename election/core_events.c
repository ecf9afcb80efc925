/* SPDX-License-Identifier: Apache-2.0 */
/* What each event changes in what is known.  Only what cannot wait is ordered here. */
#include "election/core_private.h"

#include <assert.h>

enum { LOOK_AGAIN_USEC = 5000000 }; /* backstop for a lost watch */

static void on_connected(struct core *c, const struct core_event *ev, struct core_out *out)
{
	usec_t before = c->lease.deadline;

	if (!c->has_session)
		return; /* A3: a handle that we have left; only a different one may end it */
	c->connected = true;
	c->seen = false;
	c->retry_at = 0;
	c->heartbeat_at = c->now; /* P7: the one before may be lost; do not wait another h */
	c->own_reasons &= ~(REASON_BIT(REASON_ZOOKEEPER_DOWN) | REASON_BIT(REASON_ZOOKEEPER_AUTH) |
	                    REASON_BIT(REASON_LEASE_NO_ROOM));
	lease_connected(&c->lease, ev->connected.session, ev->connected.sent);
	if (!lease_has_room(&c->lease.params)) {
		c->own_reasons |= REASON_BIT(REASON_LEASE_NO_ROOM);
		if (c->no_room_since == 0)
			c->no_room_since = c->now;
	}

	if (c->phase == CORE_DETACHED)
		core_become(c, c->old_session ? CORE_ENDING : CORE_JOINING);
	if (c->armed && c->lease.deadline < before)
		core_emit(out, CORE_CMD_EXTEND)->deadline = c->lease.deadline; /* A7: earlier */
}

static void on_disconnected(struct core *c)
{
	if (c->connected)
		c->disconnected_since = c->now;
	c->connected = c->seen = false;
	c->own_reasons |= REASON_BIT(REASON_ZOOKEEPER_DOWN);
	lease_disconnected(&c->lease);
}

/* EXPIRED may be a lie (C7: any HTTP answer looks like it): the session is ended like one of a
 * crash, by another session that sees the latch gone. */
static void on_session_lost(struct core *c, const struct core_event *ev, struct core_out *out)
{
	on_disconnected(c);
	c->has_session = false;
	if (ev->type == CORE_EV_AUTH_FAILED)
		c->own_reasons |= REASON_BIT(REASON_ZOOKEEPER_AUTH);
	if (ev->type == CORE_EV_AUTH_FAILED || c->phase == CORE_DETACHED)
		retry_later(c); /* a session that ends before it began: not in a tight loop */
	if (acting(c)) {
		c->old_session = true;
		lease_break(&c->lease);
		core_revoke(c, out, CAUSE_SESSION_EXPIRED, true);
		return;
	}
	core_disarm(c, out);
	if (c->phase != CORE_EXITED && c->phase != CORE_DETACHED) {
		if (latch_name_set(&c->latch))
			c->cause = CAUSE_SESSION_EXPIRED;
		core_leave_session(c);
	}
	if (ev->type == CORE_EV_AUTH_FAILED)
		retry_later(c);
}

static void on_joined(struct core *c, const struct core_event *ev, struct core_out *out)
{
	answered(c, CORE_CMD_JOIN);
	answered(c, CORE_CMD_REJOIN);
	c->own_reasons &= ~REASON_BIT(REASON_NAME_TAKEN);
	switch (ev->result) {
	case CORE_OK:
		c->member = true;
		c->published = 0;
		if (c->phase == CORE_JOINING)
			core_become(c, CORE_IDLE);
		return;
	case CORE_LATCH_GONE:
		core_latch_gone(c, out);
		return;
	case CORE_NAME_TAKEN: /* D3: also our own of before a crash; it will go */
		c->own_reasons |= REASON_BIT(REASON_NAME_TAKEN);
		break;
	case CORE_UNKNOWN:
	case CORE_MEMBER_GONE:
	case CORE_BAD_VERSION:
	case CORE_NO_REGISTER:
	case CORE_FAILED:
	case CORE_N_RESULTS_:
		break;
	}
	retry_later(c);
}

/* A latch of ours was made, or found after an unknown outcome. */
static void adopt(struct core *c, const struct latch_name *latch)
{
	core_drop_latch(c);
	c->latch = *latch;
	c->heartbeat_at = c->now;
	c->seen = false;
	c->observe_again = under_way(c, CORE_CMD_OBSERVE); /* A11: it did not list the log */
	core_become(c, CORE_QUEUED);
}

static void on_entered(struct core *c, const struct core_event *ev)
{
	answered(c, CORE_CMD_ENTER);
	if (c->phase != CORE_ENTERING)
		return;
	switch (ev->entered.result) {
	case CORE_OK:
		adopt(c, &ev->entered.latch);
		return;
	case CORE_UNKNOWN: /* stays ENTERING: the next look finds it, or does not */
		core_drop_latch(c);
		c->seen = false;
		return;
	case CORE_LATCH_GONE:
	case CORE_MEMBER_GONE:
	case CORE_BAD_VERSION:
	case CORE_NO_REGISTER:
	case CORE_NAME_TAKEN:
	case CORE_FAILED:
	case CORE_N_RESULTS_:
		break;
	}
	retry_later(c);
	core_become(c, CORE_IDLE);
}

/* The lease moved: tell the page; a resumed elector now leads on. */
static void lease_extended(struct core *c, struct core_out *out)
{
	if (c->phase == CORE_RESUMING) {
		core_become(c, CORE_LEADING);
		c->cause = CAUSE_RESUMED;
		core_hot_granted(c); /* only now it is told, perhaps for the first time (D1) */
	}
	if (c->phase == CORE_LEADING)
		core_emit(out, CORE_CMD_EXTEND)->deadline = c->lease.deadline;
}

static void on_heartbeat(struct core *c, const struct core_event *ev, struct core_out *out)
{
	answered(c, CORE_CMD_HEARTBEAT);
	if (!latch_name_set(&c->latch) || !latch_name_equal(&c->latch, &c->heartbeat_latch))
		return; /* of a latch that is gone since */
	switch (ev->heartbeat.result) {
	case CORE_OK:
		if (ev->heartbeat.sent > c->heartbeat_after)
			c->heartbeat_after = 0;
		else
			c->heartbeat_at = c->now; /* A2: one from before the read */
		if (lease_answered(&c->lease, ev->heartbeat.sent, c->now))
			lease_extended(c, out);
		break;
	case CORE_LATCH_GONE:
		core_latch_gone(c, out);
		break;
	case CORE_MEMBER_GONE: /* A4: nothing is renewed until it is back */
		c->member = false;
		break;
	case CORE_UNKNOWN:
	case CORE_BAD_VERSION:
	case CORE_NO_REGISTER:
	case CORE_NAME_TAKEN:
	case CORE_FAILED:
	case CORE_N_RESULTS_:
		break; /* lead on until the deadline */
	}
}

/* Resumed: is the term of the page still the register's, under a latch that lives (B1, C4)? */
static void verify_resumed(struct core *c, struct core_out *out)
{
	if (own_mark(c) && c->view.rank >= 0 && latch_name_equal(&c->view.own, &c->latch)) {
		c->owns = c->member = true;
		c->heartbeat_at = c->now;
		core_load(c, out);
		return;
	}
	c->old_session = true;
	core_revoke(c, out, CAUSE_LATCH_REMOVED, true);
}

/* A create whose answer was lost may have left a second latch, or one that nobody wants (A2). */
static void delete_extra_latches(struct core *c, struct core_out *out)
{
	bool unwanted = c->phase == CORE_IDLE && latch_name_set(&c->view.own);

	if (unwanted || (c->view.own_extra && latch_name_set(&c->latch)))
		core_emit(out, CORE_CMD_DELETE_EXTRA)->latch = c->latch;
}

/* C7 counts what ZooKeeper does not answer, not what the store takes before it is asked. */
static void on_listed(struct core *c)
{
	if (c->listing_since == 0)
		return;
	c->seen_at += c->now - c->listing_since;
	if (c->seen_at > c->now)
		c->seen_at = c->now;
	c->listing_since = 0;
}

static void on_observed(struct core *c, const struct core_event *ev, struct core_out *out)
{
	answered(c, CORE_CMD_OBSERVE);
	on_listed(c);
	if (ev->observed.result == CORE_OK)
		c->seen_at = c->now;
	if (!c->connected || c->phase == CORE_DETACHED)
		return;
	if (ev->observed.result != CORE_OK) {
		retry_later(c);
		return;
	}
	c->view = ev->observed.view;
	c->seen = !c->observe_again;
	c->ever_seen = true;
	c->observe_again = false;
	c->observe_at = c->now + LOOK_AGAIN_USEC;
	core_note_owner_gone(c);
	core_note_designated(c);
	delete_extra_latches(c, out);

	switch (c->phase) {
	case CORE_RESUMING:
		if (!c->owns)
			verify_resumed(c, out);
		return;
	case CORE_ENTERING:
		if (under_way(c, CORE_CMD_ENTER))
			return;
		if (latch_name_set(&c->view.own))
			adopt(c, &c->view.own);
		else
			core_become(c, CORE_IDLE);
		return;
	case CORE_CLAIMING:
		if (c->view.rank < 0)
			core_latch_gone(c, out);
		else if (!under_way(c, CORE_CMD_CLAIM))
			core_resolve_claim(c, out);
		return;
	case CORE_LEADING:
		/* "Register moved on" means another epoch or latch, nothing else (B1).  A look that
		 * was under way when the claim was answered may show the register of before it. */
		if (c->view.rank < 0)
			core_latch_gone(c, out);
		else if (c->view.has_register && !own_mark(c) && c->view.asked < c->claimed)
			c->seen = false;
		else if (c->view.has_register && !own_mark(c))
			core_revoke(c, out, CAUSE_LATCH_REMOVED, true);
		return;
	case CORE_QUEUED:
	case CORE_LOADING:
	case CORE_RESTARTING:
		if (c->view.rank < 0 && c->seen) /* else the look may be older than the latch */
			core_latch_gone(c, out);
		return;
	case CORE_DETACHED:
	case CORE_ENDING:
	case CORE_JOINING:
	case CORE_IDLE:
	case CORE_REVOKING:
	case CORE_SETTLING:
	case CORE_RELEASING:
	case CORE_EXITED:
	case CORE_N_PHASES_:
		return;
	}
}

static void on_claimed(struct core *c, const struct core_event *ev, struct core_out *out)
{
	answered(c, CORE_CMD_CLAIM);
	if (c->phase == CORE_RELEASING) { /* given up meanwhile (C1): what is ours? */
		c->owns = ev->claimed.result == CORE_OK;
		c->seen = false;
	}
	if (c->phase != CORE_CLAIMING)
		return;
	switch (ev->claimed.result) {
	case CORE_OK:
		c->owns = true;
		c->claimed = c->now;
		lease_answered(&c->lease, ev->claimed.sent, c->now); /* D12 */
		core_become(c, CORE_LOADING);
		break;
	case CORE_LATCH_GONE:
		core_latch_gone(c, out);
		break;
	case CORE_UNKNOWN:
	case CORE_BAD_VERSION:   /* also our own of before, when it was sent twice (A2, D17) */
		c->seen = false; /* the next look resolves it */
		break;
	case CORE_MEMBER_GONE:
	case CORE_NO_REGISTER:
	case CORE_NAME_TAKEN:
	case CORE_FAILED:
	case CORE_N_RESULTS_:
		core_forget_term(c);
		core_become(c, CORE_QUEUED);
		c->seen = false;
		break;
	}
}

static void on_loaded(struct core *c, const struct core_event *ev)
{
	answered(c, CORE_CMD_LOAD);
	if (!epoch_equal(c->load_epoch, c->epoch))
		return; /* of a term before: is asked again */
	if (c->phase != CORE_LOADING && c->phase != CORE_LEADING && c->phase != CORE_RESUMING)
		return;
	c->loaded = ev->result == CORE_OK;
	if (!c->loaded && c->phase == CORE_LOADING)
		core_take_over_failed(c, CAUSE_NOT_ELIGIBLE);
	else if (!c->loaded)
		retry_later(c); /* a resumed leader leads on without its store (C2) */
}

/* Nobody acts under the term any more.  Only now the page goes, and only then the term (A6). */
void core_stopped(struct core *c, struct core_out *out)
{
	c->jobmanager = false;
	core_disarm(c, out);
	if (c->phase == CORE_REVOKING && !c->has_session) {
		core_leave_session(c); /* expired meanwhile */
	} else if (!c->owns) {
		c->old_session = true;
		core_leave_session(
		        c); /* resumed, never verified: end that session from another one */
	} else if (!latch_name_set(&c->latch)) {
		c->stopped_owed = c->epoch;
		core_forget_term(c);
		core_become(c, CORE_IDLE);
		c->seen = false;
	} else {
		core_become(c, CORE_SETTLING);
	}
}

/* The JobManager is proven dead (A12). */
static void on_exited(struct core *c, const struct core_event *ev, struct core_out *out)
{
	if (c->config.hot)
		core_hot_exited(c, ev->exited.pause);
	if (!c->jobmanager || (!c->config.hot && !epoch_equal(ev->exited.epoch, c->epoch)))
		return;
	c->restart_at = c->now + ev->exited.pause;
	if (leading(c))
		c->cause = CAUSE_JOBMANAGER_EXITED;
	core_stopped(c, out);
}

/* The JobManager ended, and not since somebody wanted that. */
static bool jobmanager_failed(const struct core *c)
{
	return c->cause == CAUSE_JOBMANAGER_EXITED || c->cause == CAUSE_JOBMANAGER_HUNG;
}

static void on_settled(struct core *c)
{
	answered(c, CORE_CMD_SETTLE);
	if (c->phase != CORE_SETTLING)
		return;
	c->loaded = c->seen = false;
	/* D7 is done.  A failure, with nobody to hand over to: again here (A10). */
	if (jobmanager_failed(c) && c->view.successors == 0 && !c->shutdown) {
		core_forget_term(c);
		core_become(c, CORE_RESTARTING);
	} else {
		if (jobmanager_failed(c))
			c->pause_until = c->restart_at;
		core_become(c, CORE_RELEASING);
	}
}

static void on_released(struct core *c, const struct core_event *ev)
{
	bool reported = ev->result == CORE_OK;

	answered(c, CORE_CMD_RELEASE);
	if (c->phase != CORE_RELEASING)
		return;
	switch (ev->result) {
	case CORE_OK:
	case CORE_LATCH_GONE:
		if (!reported && c->epoch.v != 0)
			c->stopped_owed = c->epoch; /* the register still names us (A4) */
		if (reported && c->with_member)
			c->member = false;
		core_drop_latch(c);
		core_forget_term(c);
		core_become(c, CORE_IDLE);
		c->seen = false;
		c->retry_at = c->now + LET_PASS_USEC;
		break;
	case CORE_BAD_VERSION: /* an own write that came first: look, then again (A3b) */
		c->owns = c->seen = false;
		break;
	case CORE_MEMBER_GONE:
		c->member = false;
		break;
	case CORE_UNKNOWN: /* A3: it may land at any time; this session may only be ended */
		core_leave_session(c);
		break;
	case CORE_NO_REGISTER:
	case CORE_NAME_TAKEN:
	case CORE_FAILED:
	case CORE_N_RESULTS_:
		c->seen = false;
		retry_later(c);
		break;
	}
}

static void on_ended_old(struct core *c, const struct core_event *ev)
{
	answered(c, CORE_CMD_END_OLD);
	if (c->phase != CORE_ENDING)
		return;
	if (ev->result == CORE_OK) {
		c->old_session = false;
		core_become(c, CORE_JOINING);
	} else {
		retry_later(c);
	}
}

static void on_reported(struct core *c, const struct core_event *ev)
{
	answered(c, CORE_CMD_REPORT_STOPPED);
	if (ev->result == CORE_OK)
		c->stopped_owed = (struct epoch){ 0 };
	else if (ev->result == CORE_MEMBER_GONE)
		c->member = false; /* removed by hand: make it again */
	else
		retry_later(c);
}

static void on_stop(struct core *c, const struct core_event *ev, struct core_out *out)
{
	if (ev->stop.cause == CAUSE_SHUTDOWN)
		c->shutdown = c->with_member = true;
	if (c->phase == CORE_LEADING) {
		c->designate = ev->stop.to;
		core_revoke(c, out, ev->stop.cause, false);
	} else if (c->phase == CORE_RESUMING && c->shutdown) {
		core_revoke(c, out, ev->stop.cause, false);
	}
}

void core_on_event(struct core *c, const struct core_event *ev, struct core_out *out)
{
	switch (ev->type) {
	case CORE_EV_TICK:
		break;
	case CORE_EV_CONNECTED:
		on_connected(c, ev, out);
		break;
	case CORE_EV_DISCONNECTED:
		on_disconnected(c);
		break;
	case CORE_EV_EXPIRED:
	case CORE_EV_AUTH_FAILED:
		on_session_lost(c, ev, out);
		break;
	case CORE_EV_CHANGED:
		if (c->seen)
			c->changed = c->now; /* what was known has been true until now */
		c->seen = false;
		c->observe_again = under_way(c, CORE_CMD_OBSERVE);
		break;
	case CORE_EV_ELIGIBLE:
		c->reasons = ev->reasons;
		break;
	case CORE_EV_STOP:
		on_stop(c, ev, out);
		break;
	case CORE_EV_PAGE_ENDED:
		if (c->armed && acting(c))
			core_revoke(c, out, CAUSE_LEASE_EXPIRED, true);
		break;
	case CORE_EV_EXITED:
		on_exited(c, ev, out);
		break;
	case CORE_EV_SAID:
		core_hot_said(c, ev, out);
		break;
	case CORE_EV_UNHEALTHY:
		core_unhealthy(c, out);
		break;
	case CORE_EV_ENDED_OLD:
		on_ended_old(c, ev);
		break;
	case CORE_EV_JOINED:
		on_joined(c, ev, out);
		break;
	case CORE_EV_ENTERED:
		on_entered(c, ev);
		break;
	case CORE_EV_HEARTBEAT:
		on_heartbeat(c, ev, out);
		break;
	case CORE_EV_LISTED:
		on_listed(c);
		break;
	case CORE_EV_OBSERVED:
		on_observed(c, ev, out);
		break;
	case CORE_EV_CLAIMED:
		on_claimed(c, ev, out);
		break;
	case CORE_EV_LOADED:
		on_loaded(c, ev);
		break;
	case CORE_EV_SETTLED:
		on_settled(c);
		break;
	case CORE_EV_RELEASED:
		on_released(c, ev);
		break;
	case CORE_EV_REPORTED:
		on_reported(c, ev);
		break;
	case CORE_N_EVENTS_:
		break;
	}
}
