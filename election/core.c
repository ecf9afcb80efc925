/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phases and their only writer, and the step itself.  How it is built: each event first updates
 * what is known (core_events.c), then core_drive.c asks, phase by phase, what is due now and sends
 * it unless it is under way.  So a lost answer, a late watch or a reconnect needs no path of its
 * own: the next drive sees what is missing.
 */
#include "election/core_private.h"

#include <assert.h>

enum {
	FAILURE_WINDOW = 600000000, /* C2: 10 minutes */
	LONGEST_PAUSE = 60,         /* C2: seconds */
	PATIENCE_USEC = 5000000,    /* a hot JobManager has to revoke within, or by the deadline */
};

static const struct latch_name no_latch;

struct core_command *core_emit(struct core_out *out, enum core_command_type type)
{
	assert(out->n < CORE_MAX_COMMANDS);
	out->cmd[out->n] = (struct core_command){ .type = type };
	return &out->cmd[out->n++];
}

/* Emit a command that will be answered. */
struct core_command *core_ask(struct core *c, struct core_out *out, enum core_command_type type)
{
	assert(!under_way(c, type));
	c->outstanding |= bit(type);
	return core_emit(out, type);
}

void core_load(struct core *c, struct core_out *out)
{
	core_ask(c, out, CORE_CMD_LOAD)->epoch = c->epoch;
	c->load_epoch = c->epoch;
}

/* ---- phases ---- */

#define TO(p) (1u << CORE_##p)
static const uint32_t allowed[CORE_N_PHASES_] = {
	[CORE_DETACHED] = TO(ENDING) | TO(JOINING) | TO(EXITED),
	[CORE_RESUMING] = TO(LEADING) | TO(REVOKING) | TO(SETTLING) | TO(DETACHED),
	[CORE_ENDING] = TO(JOINING) | TO(DETACHED) | TO(EXITED),
	[CORE_JOINING] = TO(IDLE) | TO(DETACHED) | TO(EXITED),
	[CORE_IDLE] = TO(ENTERING) | TO(DETACHED) | TO(EXITED),
	[CORE_ENTERING] = TO(QUEUED) | TO(IDLE) | TO(DETACHED),
	[CORE_QUEUED] = TO(CLAIMING) | TO(RELEASING) | TO(IDLE) | TO(DETACHED),
	[CORE_CLAIMING] = TO(LOADING) | TO(QUEUED) | TO(RELEASING) | TO(IDLE) | TO(DETACHED),
	[CORE_LOADING] = TO(LEADING) | TO(SETTLING) | TO(RELEASING) | TO(IDLE) | TO(DETACHED),
	[CORE_LEADING] = TO(REVOKING) | TO(SETTLING) | TO(IDLE),
	[CORE_REVOKING] = TO(SETTLING) | TO(IDLE) | TO(DETACHED), /* a JobManager takes time */
	[CORE_SETTLING] = TO(RELEASING) | TO(RESTARTING) | TO(IDLE) | TO(DETACHED),
	[CORE_RESTARTING] = TO(QUEUED) | TO(RELEASING) | TO(IDLE) | TO(DETACHED),
	[CORE_RELEASING] = TO(IDLE) | TO(DETACHED) | TO(EXITED),
	[CORE_EXITED] = 0,
};
#undef TO

/* The only writer of c->phase. */
void core_become(struct core *c, enum core_phase next)
{
	assert(allowed[c->phase] & (1u << next));

	if (next == CORE_SETTLING || (next == CORE_RELEASING && c->phase != CORE_SETTLING))
		c->leaving_since = c->now;
	c->phase = next;
	if (next != CORE_QUEUED && next != CORE_CLAIMING && next != CORE_LOADING)
		c->takeover_since = 0;
}

/* Nothing is left of a term but what is owed. */
void core_forget_term(struct core *c)
{
	assert(!c->armed && !c->jobmanager);
	c->epoch = (struct epoch){ 0 };
	c->owns = c->loaded = c->killed = c->with_member = false;
	c->heartbeat_after = 0;
	c->designate = no_latch;
}

void core_drop_latch(struct core *c)
{
	c->latch = no_latch;
	lease_break(&c->lease);
}

void core_disarm(struct core *c, struct core_out *out)
{
	if (!c->armed)
		return;
	core_emit(out, CORE_CMD_DISARM)->epoch = c->epoch;
	c->armed = false;
}

/* C2: the first failure in ten minutes costs no pause, then 1, 2, 4 .. 60 s. */
void core_pause_after_failure(struct core *c)
{
	uint64_t seconds = 0;

	if (c->last_failure == 0 || c->now - c->last_failure > FAILURE_WINDOW)
		c->failures = 0;
	c->last_failure = c->now;
	if (c->failures > 0)
		seconds = c->failures > 6 ? LONGEST_PAUSE : (uint64_t)1 << (c->failures - 1);
	c->failures++;
	c->pause_until = c->now + seconds * USEC_PER_SEC;
}

/* The session is over for us: a different one has to see its latch gone before the next (A3). */
void core_leave_session(struct core *c)
{
	if (latch_name_set(&c->latch) || c->member)
		c->old_session = true;
	c->connected = c->has_session = c->member = c->seen = false;
	c->disconnected_since = c->now;
	c->retry_at = 0; /* the handle is to be closed at once, by CONNECT_NEW */
	core_drop_latch(c);
	core_forget_term(c);
	c->stopped_owed = (struct epoch){ 0 }; /* the member node goes with the session */
	core_become(c, CORE_DETACHED);
}

/* Stop the JobManager.  The page stays armed until it is proven dead, or (hot) has said itself that
 * it has revoked: the guard is the second pair of eyes (A6). */
void core_revoke(struct core *c, struct core_out *out, enum cause cause, bool kill)
{
	struct core_command *cmd;

	if (c->phase != CORE_REVOKING) {
		core_become(c, CORE_REVOKING);
		c->cause = cause;
		c->revoke_until = c->now + PATIENCE_USEC;
	} else if (c->killed || !kill) {
		return;
	}
	cmd = core_emit(out, kill ? CORE_CMD_KILL : CORE_CMD_REVOKE);
	cmd->epoch = c->epoch;
	cmd->cause = c->cause;
	cmd->failed = c->cause == CAUSE_JOBMANAGER_HUNG;
	c->killed = kill;
	c->ended |= kill;
}

/* The check of the own latch failed: certain, and final for this latch and its term (A2). */
void core_latch_gone(struct core *c, struct core_out *out)
{
	if (under_way(c, CORE_CMD_RELEASE))
		return; /* A3: its own answer decides; without one, the session may only be ended */
	core_drop_latch(c);
	if (acting(c)) {
		core_revoke(c, out, CAUSE_LATCH_REMOVED, true);
		return;
	}
	/* A claim that went out may have been applied before the latch went: the successor waits
	 * for our word that nobody acts under its epoch (A4). */
	if (c->epoch.v != 0)
		c->stopped_owed = c->epoch;
	core_disarm(c, out);
	core_forget_term(c);
	if (c->phase != CORE_IDLE)
		core_become(c, CORE_IDLE);
	c->cause = CAUSE_LATCH_REMOVED;
	c->seen = false;
}

/* Give the latch up: nothing was granted under it. */
void core_give_up(struct core *c, enum cause cause)
{
	c->cause = cause;
	core_become(c, c->loaded ? CORE_SETTLING : CORE_RELEASING);
}

/* Invariants; always compiled in. */
static void check(const struct core *c)
{
	assert(!c->armed || c->epoch.v != 0);
	assert(!c->jobmanager || c->armed);
	assert(!c->armed || !c->config.hot || c->process);
	assert(c->phase != CORE_LEADING || (c->armed && c->jobmanager && c->owns));
	assert(c->phase != CORE_LEADING || latch_name_set(&c->latch));
	assert(c->phase != CORE_QUEUED || latch_name_set(&c->latch));
	assert(c->phase != CORE_CLAIMING || c->epoch.v != 0);
	assert(c->phase != CORE_RELEASING || !c->jobmanager);
	assert(c->phase != CORE_DETACHED || !latch_name_set(&c->latch));
}

/* In a session in which looks are taken. */
static bool joined(const struct core *c)
{
	return c->phase != CORE_DETACHED && c->phase != CORE_ENDING && c->phase != CORE_JOINING;
}

void core_step(struct core *c, const struct core_event *ev, struct core_out *ret_out)
{
	struct core_out out = { 0 };

	assert(ev->now >= c->now);
	core_hot_listened(c, ev->now);
	c->now = ev->now;
	if (c->seen || acting(c) || !joined(c))
		c->seen_at = c->now; /* until now nothing was amiss */

	/* Whatever woke us, an overdue lease is settled first: good news comes too late.  A hot
	 * JobManager is asked before that, so that its JVM survives as a standby. */
	if (c->armed && acting(c) && c->now >= c->lease.deadline)
		core_revoke(c, &out, CAUSE_LEASE_EXPIRED, true);
	else if (c->armed && leading(c) && c->now >= core_revoke_at(c))
		core_revoke(c, &out, CAUSE_LEASE_EXPIRED, false);

	core_on_event(c, ev, &out);
	core_drive(c, &out);
	check(c);
	*ret_out = out;
}

void core_init(struct core *c, const struct core_config *config, usec_t now,
               struct core_out *ret_out)
{
	struct core_out out = { 0 };

	*c = (struct core){
		.config = *config,
		.now = now,
		.phase = CORE_DETACHED,
		.own_reasons = REASON_BIT(REASON_ZOOKEEPER_DOWN),
		.old_session = config->old_session,
		.disconnected_since = now,
		.hold_version = -1,
	};
	lease_init(&c->lease, &config->lease);
	if (config->hot) { /* one that has died meanwhile: EXITED comes */
		c->process = config->process || config->resume;
		c->heard_at = c->start_at = now;
	}
	if (config->resume) {
		c->phase = CORE_RESUMING;
		c->epoch = config->page_epoch;
		c->latch = config->latch;
		c->armed = c->jobmanager = c->has_session = true;
		lease_resume(&c->lease, config->page_deadline);
		core_emit(&out, CORE_CMD_CONNECT_RESUME);
	}
	core_drive(c, &out);
	check(c);
	*ret_out = out;
}
