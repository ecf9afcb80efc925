/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes wrong, and when: a few faults for each run, at some time or right after some command.
 * Excluded is what the promises exclude: guard and elector both stopped (A8), latch and member node
 * removed by hand within a lease (A9).
 */
#include "tests/sim/world.h"

void faults_arm(struct world *w)
{
	for (unsigned i = 0; i < w->n_faults; i++) {
		const struct fault *f = &w->fault[i];

		if (!f->by_command && !f->follows)
			at(w, f->after, (struct world_event){ .type = EV_FAULT, .who = (int)i });
	}
}

/* ---- by kind ---- */

static void over(struct world *w, enum fault_type type, int who, usec_t lasts)
{
	at(w, w->now + lasts,
	   (struct world_event){ .type = EV_FAULT_OVER, .who = who, .arg = (uint64_t)type });
}

static void cut_whole(struct host *h, usec_t until)
{
	h->cut_until = until;
	h->cut_server = -1;
	h->up_ok = h->down_ok = false;
}

static void outage(struct world *w, usec_t lasts, bool answers)
{
	if (!answers) {
		for (int i = 0; i < N_MEMBERS; i++)
			cut_whole(&w->host[i], w->now + lasts);
		return;
	}
	for (int i = 0; i < N_SERVERS; i++)
		w->zk.server[i].alone_until = w->now + lasts;
}

static void lags(struct world *w, struct sim_server *s, usec_t until)
{
	s->lags_until = until;
	s->lag = between(w, MS(1), percent(w, 70) ? MS(100) : lease_answer_timeout(&w->lease));
}

/* From all servers or one, both ways or one. */
static void cut_off(struct world *w, struct host *h, usec_t lasts)
{
	h->cut_until = w->now + lasts;
	h->cut_server = percent(w, 70) ? -1 : (int)below(w, N_SERVERS);
	h->up_ok = percent(w, 15);
	h->down_ok = !h->up_ok && percent(w, 15);
}

static void strike_servers(struct world *w, const struct fault *f, int server)
{
	usec_t until = w->now + f->lasts;

	if (f->type == FAULT_SERVER_DOWN)
		ensemble_server_down(w, server, until);
	else if (f->type == FAULT_LEADER_CHANGE)
		ensemble_elect(w, w->mode == RUN_SHORT_OUTAGE || f->lasts < MS(3000)
		                          ? until
		                          : w->now + MS(1000));
	else if (f->type == FAULT_OUTAGE)
		outage(w, f->lasts, percent(w, 50));
	else if (f->type == FAULT_SERVER_LAGS)
		lags(w, &w->zk.server[server], until);
	else if (server == w->zk.leader)
		ensemble_leader_alone(w, until);
	else
		w->zk.server[server].alone_until = until;
}

/* After which the guard takes an elector for hung (A8). */
static usec_t patience(const struct world *w)
{
	usec_t quarter = lease_length(&w->lease) / 4;

	return quarter < MS(1000) ? quarter : MS(1000);
}

static void strike_elector(struct world *w, const struct fault *f, int m)
{
	struct host *h = &w->host[m];

	if (!h->running || w->now < h->guard_paused_until || h->exiting)
		return; /* A8: one of both is scheduled */
	if (f->type != FAULT_ELECTOR_STOP) {
		host_elector_died(w, m);
		if (f->type == FAULT_ELECTOR_LOOP)
			over(w, FAULT_ELECTOR_LOOP, m, between(w, MS(1), MS(60)));
		return;
	}
	if (h->stopped)
		return;
	h->stopped = true;
	w->tick[m] = USEC_INFINITY;
	at(w, w->now + f->lasts,
	   (struct world_event){ .type = EV_CONTINUE, .who = m, .generation = h->incarnation });
	at(w, w->now + patience(w) + between(w, 0, patience(w) / 4 + MS(50)),
	   (struct world_event){
	           .type = EV_ELECTOR_STALE, .who = m, .generation = h->incarnation });
}

static void strike_guard(struct world *w, const struct fault *f, int m)
{
	struct host *h = &w->host[m];

	if (f->type == FAULT_GUARD_CRASH) {
		host_guard_crash(w, m, percent(w, 75));
	} else if (f->type == FAULT_HOST_PAUSED) {
		host_paused(w, m, w->now + f->lasts);
	} else if (f->type == FAULT_HOST_LOST) {
		host_lost(w, m);
		over(w, FAULT_HOST_LOST, m, f->lasts);
	} else if (h->running && !h->stopped && h->guard_up) {
		h->guard_paused_until = w->now + (f->lasts < MS(4000) ? f->lasts : MS(4000));
		if (w->guard_due[m] < h->guard_paused_until)
			w->guard_due[m] = h->guard_paused_until + 100;
	}
}

static void strike_by_hand(struct world *w, const struct fault *f, int m)
{
	struct sim_member *node = &w->zk.tree.member[m];
	struct sim_latch *l = NULL;

	for (unsigned i = 0; i < w->zk.tree.n_latches && node->exists; i++)
		if (w->zk.tree.latch[i].alive && w->zk.tree.latch[i].session == node->session)
			l = &w->zk.tree.latch[i];
	if (l == NULL || (w->removed_by_hand[m] != 0 && w->now < w->removed_by_hand[m] + w->T))
		return; /* A9 */
	w->removed_by_hand[m] = w->now;
	if (f->type == FAULT_LATCH_REMOVED) {
		znodes_remove_latch(w, l);
	} else {
		node->exists = false;
		network_changed(w, false, true, NULL);
	}
}

static void strike_operator(struct world *w, const struct fault *f, int m)
{
	struct host *h = &w->host[m];
	const struct latch_name *to = NULL;

	if (!h->running || h->stopped)
		return;
	if (f->type == FAULT_SHUTDOWN) {
		shell_stop(w, m, CAUSE_SHUTDOWN, NULL);
		over(w, FAULT_SHUTDOWN, m, MS(5000) + w->stop + f->lasts / 2);
		return;
	}
	for (int i = 0; i < N_MEMBERS && f->type == FAULT_SWITCHOVER; i++)
		if (i != m && latch_name_set(&w->host[i].core.latch) && percent(w, 60))
			to = &w->host[i].core.latch;
	shell_stop(w, m, f->type == FAULT_SWITCHOVER ? CAUSE_SWITCHOVER : CAUSE_STEP_DOWN, to);
}

static void strike_jobmanager(struct world *w, const struct fault *f, int m)
{
	struct host *h = &w->host[m];

	switch ((int)f->type) {
	case FAULT_JOBMANAGER_EXIT:
		host_jobmanager_dies(w, m, true);
		break;
	case FAULT_JOBMANAGER_STOP:
		if (h->process.stopped_until != USEC_INFINITY)
			h->process.stopped_until = w->now + f->lasts;
		break;
	case FAULT_JOBMANAGER_HANGS:
		h->process.stopped_until = USEC_INFINITY;
		break;
	case FAULT_JOBMANAGER_GIVES_UP:
		process_gives_up(w, m);
		h->process.fickle = f->lasts == 0 || percent(w, 30);
		break;
	case FAULT_UNHEALTHY:
		if (h->stopped) /* cannot probe */
			break;
		h->unhealthy = true;
		shell_feed(w, m, (struct core_event){ .type = CORE_EV_UNHEALTHY });
		h->unhealthy = false;
		break;
	case FAULT_STREAM_LOST:
		process_stream_lost(w, m);
		break;
	default:
		break;
	}
}

/* Of one member at most: the others have to lead. */
static void strike_wire(struct world *w, const struct fault *f, struct host *h)
{
	for (int m = 0; m < N_MEMBERS; m++)
		if (w->host[m].wire != WIRE_WHOLE)
			return;
	h->wire = f->type == FAULT_DEAF ? WIRE_DEAF
	          : percent(w, 50)      ? WIRE_HANDSHAKES
	                                : WIRE_HEARTBEATS;
}

static void strike_member(struct world *w, const struct fault *f, int m)
{
	struct host *h = &w->host[m];

	switch ((int)f->type) {
	case FAULT_BREAK:
		client_break(w, m);
		return;
	case FAULT_CUT:
		cut_off(w, h, f->lasts);
		return;
	case FAULT_SLOW:
		h->slow = true;
		break;
	case FAULT_SWALLOWED:
		cut_whole(h, w->now + f->lasts);
		if (w->client[m].server != w->zk.leader)
			ensemble_server_down(w, w->client[m].server, w->now + MS(500));
		return;
	case FAULT_DEAF:
	case FAULT_SMALL_ONLY:
		strike_wire(w, f, h);
		return;
	case FAULT_FALSE_EXPIRED:
		if (!h->running || w->client[m].connection == 0)
			return;
		client_break(w, m);
		w->client[m].dead = true;
		shell_session_event(w, m, CORE_EV_EXPIRED, 0);
		return;
	case FAULT_STORAGE_BAD:
		h->storage_bad = true;
		h->reasons |= REASON_BIT(REASON_STORAGE_FAILED);
		shell_eligible(w, m);
		break;
	case FAULT_STORAGE_HANGS:
		h->storage_hangs_until = w->now + f->lasts;
		return;
	case FAULT_NOT_ELIGIBLE:
		h->reasons |= REASON_BIT(REASON_NOT_CAUGHT_UP);
		shell_eligible(w, m);
		break;
	default:
		strike_jobmanager(w, f, m);
		return;
	}
	over(w, f->type, m, f->lasts);
}

/* Needs something that runs there. */
static bool within(enum fault_type type)
{
	return type != FAULT_CUT && type != FAULT_SWALLOWED && type != FAULT_DEAF &&
	       type != FAULT_SMALL_ONLY && type != FAULT_HOST_LOST && type != FAULT_LATCH_REMOVED &&
	       type != FAULT_MEMBER_REMOVED && type != FAULT_DAMAGE &&
	       (type < FAULT_SERVER_DOWN || type > FAULT_OUTAGE);
}

void faults_strike(struct world *w, unsigned i)
{
	struct fault *f = &w->fault[i];
	int m = f->who >= 0 ? f->who : oracle_leader(w);

	if (f->done || w->healed)
		return;
	f->done = true;
	if (i + 1 < w->n_faults && w->fault[i + 1].follows && !w->fault[i + 1].by_command)
		at(w, w->now + w->fault[i + 1].after,
		   (struct world_event){ .type = EV_FAULT, .who = (int)i + 1 });
	if (m < 0)
		m = (int)below(w, N_MEMBERS);
	if (i + 1 < w->n_faults && w->fault[i + 1].follows && w->fault[i + 1].who == LEADER)
		w->fault[i + 1].who = m; /* the same one again */
	if (is_paused(w, &w->host[m]) && within(f->type))
		return;
	coverage_struck(f->type);
	w->n_struck++;
	note(w, m, "*** %s for %.3f", plan_fault_name(f->type), (double)f->lasts / 1000);
	switch (f->type) {
	case FAULT_SERVER_DOWN:
	case FAULT_SERVER_ALONE:
	case FAULT_SERVER_LAGS:
	case FAULT_LEADER_CHANGE:
	case FAULT_OUTAGE:
		strike_servers(w, f,
		               percent(w, 50) && w->client[m].connection != 0
		                       ? w->client[m].server
		                       : (int)below(w, N_SERVERS));
		break;
	case FAULT_ELECTOR_CRASH:
	case FAULT_ELECTOR_STOP:
	case FAULT_ELECTOR_LOOP:
		strike_elector(w, f, m);
		break;
	case FAULT_GUARD_CRASH:
	case FAULT_GUARD_PAUSE:
	case FAULT_HOST_LOST:
	case FAULT_HOST_PAUSED:
		strike_guard(w, f, m);
		break;
	case FAULT_LATCH_REMOVED:
	case FAULT_MEMBER_REMOVED:
		strike_by_hand(w, f, m);
		break;
	case FAULT_SWITCHOVER:
	case FAULT_STEP_DOWN:
	case FAULT_SHUTDOWN:
		strike_operator(w, f, m);
		break;
	case FAULT_NONE:
	case FAULT_BREAK:
	case FAULT_CUT:
	case FAULT_SLOW:
	case FAULT_JOBMANAGER_EXIT:
	case FAULT_JOBMANAGER_STOP:
	case FAULT_JOBMANAGER_HANGS:
	case FAULT_JOBMANAGER_GIVES_UP:
	case FAULT_UNHEALTHY:
	case FAULT_STREAM_LOST:
	case FAULT_FALSE_EXPIRED:
	case FAULT_STORAGE_BAD:
	case FAULT_STORAGE_HANGS:
	case FAULT_NOT_ELIGIBLE:
	case FAULT_SWALLOWED:
	case FAULT_DEAF:
	case FAULT_SMALL_ONLY:
	case FAULT_N_:
		strike_member(w, f, m);
		break;
	case FAULT_DAMAGE:
		w->ledger.n_harms += files_harm(w);
		break;
	}
}

/* Right after a command, before the next one of the same step when it is a crash. */
static void faults_on(struct world *w, int member, unsigned type)
{
	for (unsigned i = 0; i < w->n_faults; i++) {
		struct fault *f = &w->fault[i];

		if (!f->by_command || f->done || f->command != type || f->count == 0 ||
		    (f->follows && !w->fault[i - 1].done) || (f->who >= 0 && f->who != member) ||
		    --f->count > 0)
			continue;
		f->who = member;
		if (f->after == 0 && (f->type == FAULT_ELECTOR_CRASH ||
		                      f->type == FAULT_GUARD_CRASH || f->type == FAULT_HOST_LOST)) {
			faults_strike(w, i);
			return;
		}
		at(w, w->now + f->after, (struct world_event){ .type = EV_FAULT, .who = (int)i });
	}
}

void faults_on_command(struct world *w, int member, enum core_command_type type)
{
	faults_on(w, member, type);
}

void faults_on_action(struct world *w, int member, enum commit_action_type type)
{
	faults_on(w, member, CORE_N_COMMANDS_ + type);
}

void faults_over(struct world *w, enum fault_type type, int m)
{
	struct host *h = &w->host[m];

	switch ((int)type) {
	case FAULT_SLOW:
		h->slow = false;
		break;
	case FAULT_STORAGE_BAD:
		h->storage_bad = false;
		h->reasons &= ~REASON_BIT(REASON_STORAGE_FAILED);
		shell_eligible(w, m);
		break;
	case FAULT_NOT_ELIGIBLE:
		h->reasons &= ~REASON_BIT(REASON_NOT_CAUGHT_UP);
		shell_eligible(w, m);
		break;
	case FAULT_ELECTOR_LOOP:
		if (h->deaths > 0 && h->deaths < 5 && !w->healed) {
			if (h->running && w->now >= h->guard_paused_until)
				host_elector_died(w, m);
			over(w, FAULT_ELECTOR_LOOP, m, between(w, MS(1), MS(60)));
		}
		break;
	case FAULT_HOST_LOST:
		h->lost = false;
		host_guard_start(w, m);
		break;
	case FAULT_SHUTDOWN:
		if (h->guard_up) /* did not stop in time */
			host_guard_crash(w, m, true);
		else if (!h->lost && !h->releasing)
			host_guard_start(w, m);
		break;
	default:
		break;
	}
}

/* From here on nothing goes wrong any more. */
void faults_heal(struct world *w)
{
	note(w, -1, "--- faults are over");
	w->healed = true;
	w->healed_at = w->now;
	w->stale = 0;
	w->zk.old_until = 0;
	w->pace = MS(400);
	w->zk.electing_until = w->zk.electing_until < w->now ? 0 : w->now;
	for (int i = 0; i < N_SERVERS; i++)
		w->zk.server[i].down_until = w->zk.server[i].alone_until =
		        w->zk.server[i].lags_until = 0;
	for (int m = 0; m < N_MEMBERS; m++) {
		struct host *h = &w->host[m];

		h->cut_until = 0;
		h->guard_paused_until = 0;
		if (w->guard_due[m] != USEC_INFINITY)
			w->guard_due[m] = w->now + 100;
		faults_over(w, FAULT_SLOW, m);
		if (h->lost)
			faults_over(w, FAULT_HOST_LOST, m);
		h->storage_hangs_until = 0;
		h->process.fickle = false;
		if (h->process.stopped_until != USEC_INFINITY)
			h->process.stopped_until = 0;
		if (h->stopped)
			shell_continue(w, m);
		faults_over(w, FAULT_STORAGE_BAD, m);
		faults_over(w, FAULT_NOT_ELIGIBLE, m);
	}
}
