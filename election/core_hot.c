/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hot JobManager: a process that outlives terms.  It runs all the time, says each second what it
 * does (PUT /v1/leadership), is granted an epoch, asked to revoke it, and waits again:
 *
 *	none --START--> starting --"waiting"--> waiting --GRANT--> granted --REVOKE--> revoking
 *	  ^                |                     ^  |                 |     "revoked"     |
 *	  |                |                     +--|-----------------|-------------------+
 *	  +---- EXITED ----+------ silent: KILL ----+-----------------+
 *
 * One epoch is granted to one process once (A10): a process is started only while the page is not
 * armed, and who has revoked an epoch is granted a higher one.
 */
#include "election/core_private.h"

/* Who listens wakes so often: what lies between two steps beyond that is a standstill. */
enum { LISTEN_USEC = 250000 };

static bool hot(const struct core *c)
{
	return c->config.hot && !c->config.observer;
}

/* Its word for it that nothing acts under the term any more, or its proven death, ends the term. */
static void on_revoked(struct core *c, struct core_out *out)
{
	if (leading(c)) { /* by itself: as good as an exit, but no guard counts it (C2) */
		c->cause = CAUSE_JOBMANAGER_EXITED;
		core_pause_after_failure(c);
		c->restart_at = c->pause_until;
	}
	core_stopped(c, out);
}

/* A10: not the process that waited, and to which the term was granted. */
static bool another(const struct core *c, int process)
{
	return c->jobmanager && c->speaker != 0 && process != c->speaker;
}

bool core_superseded(const struct core *c, enum core_word word, struct epoch epoch, int by)
{
	return word == CORE_LEADS &&
	       (another(c, by) ||
	        !epoch_equal(epoch, c->jobmanager ? c->epoch : (struct epoch){ 0 }));
}

struct epoch core_granted(const struct core *c)
{
	return c->jobmanager && c->phase == CORE_LEADING ? c->epoch : (struct epoch){ 0 };
}

struct epoch core_granted_to(const struct core *c, int process)
{
	return another(c, process) ? (struct epoch){ 0 } : core_granted(c);
}

bool core_settled(const struct core *c)
{
	return c->phase != CORE_RESUMING;
}

void core_hot_said(struct core *c, const struct core_event *ev, struct core_out *out)
{
	bool of_term = c->jobmanager && epoch_equal(ev->said.epoch, c->epoch);

	/* Of one that is being ended its death is the only word.  What another process of it says
	 * is no word of the one that was granted: silence, then. */
	if (!hot(c) || !c->process || c->ended || another(c, ev->said.by))
		return;
	switch (ev->said.word) {
	case CORE_WAITING:
		if (of_term) { /* only after its `revoked`, whose answer was lost */
			on_revoked(c, out);
		} else if (c->jobmanager) {
			return; /* the grant is on its way; silence, when it does not come */
		}
		c->waiting = true;
		c->speaker = ev->said.by;
		break;
	case CORE_LEADS:
		if (!of_term)
			return;
		c->speaker = ev->said.by;
		break;
	case CORE_REVOKED:
		if (of_term)
			on_revoked(c, out);
		else if (c->jobmanager)
			return;
		break;
	}
	c->heard_at = c->now;
}

/* Of a term that is not verified, or is being ended, it has nothing to say. */
static bool listens(const struct core *c)
{
	return !c->jobmanager || c->phase == CORE_LEADING;
}

/* Until now.  Who stood still, perhaps with the whole host, heard nothing: that is not the silence
 * of a JobManager, which stood still as well. */
void core_hot_listened(struct core *c, usec_t now)
{
	if (listens(c))
		c->heard_at = usec_add(c->heard_at, usec_sub(now, usec_add(c->now, LISTEN_USEC)));
}

void core_hot_granted(struct core *c)
{
	c->waiting = false;
	c->heard_at = c->now;
}

void core_hot_exited(struct core *c, usec_t pause)
{
	c->process = c->waiting = c->ended = false;
	c->speaker = 0;
	c->start_at = c->now + pause;
}

static void end_process(struct core *c, struct core_out *out, bool failed)
{
	struct core_command *cmd;

	c->waiting = false;
	if (c->ended)
		return;
	c->ended = true;
	cmd = core_emit(out, failed ? CORE_CMD_KILL : CORE_CMD_TERMINATE);
	cmd->failed = failed;
	cmd->cause = failed ? CAUSE_JOBMANAGER_HUNG : CAUSE_NONE;
}

/* It does not answer its health probe (health.url), a leader not as a leader should. */
void core_unhealthy(struct core *c, struct core_out *out)
{
	if (c->phase == CORE_LEADING)
		core_revoke(c, out, CAUSE_JOBMANAGER_HUNG, true);
	else if (hot(c) && c->waiting && !c->jobmanager)
		end_process(c, out, true);
}

/* The member is about to leave: true when the process is gone. */
bool core_hot_gone(struct core *c, struct core_out *out)
{
	if (c->process)
		end_process(c, out, false);
	return !c->process;
}

static void look_at_silence(struct core *c, struct core_out *out)
{
	usec_t quiet = usec_sub(c->now, c->heard_at);

	if (c->phase == CORE_LEADING && quiet >= c->config.silence)
		core_revoke(c, out, CAUSE_JOBMANAGER_HUNG, true);
	if (c->jobmanager)
		return;
	if (quiet >= c->config.silence)
		c->waiting = false;
	if (quiet >= c->config.ready)
		end_process(c, out, true);
}

void core_hot_drive(struct core *c, struct core_out *out)
{
	if (!hot(c))
		return;
	if (c->process)
		look_at_silence(c, out);
	if (c->phase == CORE_REVOKING && c->now >= c->revoke_until)
		core_revoke(c, out, c->cause, true);
	/* A10: what starts while the page is armed could be taken for the one that was granted. */
	if (!c->process && !c->armed && !c->shutdown && c->now >= c->start_at) {
		c->process = true;
		c->heard_at = c->now;
		core_emit(out, CORE_CMD_START);
	}
	if (c->waiting || c->jobmanager)
		c->own_reasons &= ~REASON_BIT(REASON_JOBMANAGER_NOT_WAITING);
	else
		c->own_reasons |= REASON_BIT(REASON_JOBMANAGER_NOT_WAITING);
}

/* When its silence is looked at next. */
static usec_t listens_until(const struct core *c, usec_t quiet)
{
	usec_t due = usec_add(c->heard_at, quiet), often = c->now + LISTEN_USEC;

	return due < often ? due : often;
}

usec_t core_hot_next(const struct core *c)
{
	usec_t next = USEC_INFINITY;

	if (!hot(c))
		return next;
	if (!c->process)
		return c->armed || c->shutdown ? next : c->start_at;
	if (c->phase == CORE_REVOKING)
		return c->killed ? next : c->revoke_until;
	if (!listens(c))
		return next;
	if (c->jobmanager || c->waiting)
		return listens_until(c, c->config.silence);
	return c->ended ? next : listens_until(c, c->config.ready);
}
