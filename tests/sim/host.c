/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host: the guard with its page and its deadline, the JobManager, `--release`.  The guard of the
 * daemon is as small: it ends what the page says, restarts the elector, hands over after five
 * deaths without a renewal, and starts an elector without an armed page only when the JobManager
 * is gone.
 */
#include "tests/sim/world.h"

#include <string.h>

enum { DEATHS = 5 };

static usec_t not_before_guard(const struct world *w, int member, usec_t when)
{
	const struct host *h = &w->host[member];

	return when < h->guard_paused_until ? h->guard_paused_until + 100 : when;
}

static usec_t jitter(struct world *w)
{
	return between(w, 0, percent(w, 80) ? MS(2) : lease_jitter(&w->lease) / 4);
}

static void guard_looks_at_deadline(struct world *w, int member)
{
	struct host *h = &w->host[member];

	w->guard_due[member] = USEC_INFINITY;
	if (h->guard_up && h->page.state == PAGE_ARMED)
		w->guard_due[member] = not_before_guard(
		        w, member, true_time(w, member, h->page.deadline_local) + jitter(w));
}

/* ---- page (A8) ---- */

static struct lease_page page_of(struct host *h)
{
	return (struct lease_page){ .fd = -1, .memory = &h->memory };
}

static void reread(struct world *w, int member)
{
	struct host *h = &w->host[member];
	struct lease_page p = page_of(h);
	struct lease_page_lease l = lease_page_read(&p);

	h->page.state = l.state == LEASE_PAGE_ARMED   ? PAGE_ARMED
	                : l.state == LEASE_PAGE_ENDED ? PAGE_ENDED
	                                              : PAGE_NEVER;
	h->page.epoch.v = l.epoch;
	if (l.state == LEASE_PAGE_ARMED)
		h->page.deadline_local = l.deadline;
	guard_looks_at_deadline(w, member);
}

static void new_page(struct world *w, int member)
{
	struct host *h = &w->host[member];

	memset(&h->memory, 0, sizeof(h->memory));
	h->page = (struct page){ .state = PAGE_NEVER };
	w->guard_due[member] = USEC_INFINITY;
}

void host_page_arm(struct world *w, int member, struct epoch epoch, usec_t deadline)
{
	struct lease_page p = page_of(&w->host[member]);

	if (lease_page_arm(&p, epoch, deadline, local_time(w, member, w->now)) < 0)
		shell_later(w, member, 1, CORE_EV_PAGE_ENDED, CORE_OK, 0);
	reread(w, member);
}

void host_page_extend(struct world *w, int member, usec_t deadline)
{
	struct host *h = &w->host[member];
	struct lease_page p = page_of(h);

	if (lease_page_extend(&p, h->core.epoch, deadline, local_time(w, member, w->now)) < 0) {
		h->says_leader = false; /* PAGE_ENDED is of the same turn: nobody asks before */
		shell_later(w, member, 1, CORE_EV_PAGE_ENDED, CORE_OK, 0);
	} else if (deadline > h->page.deadline_local)
		h->deaths = 0;
	reread(w, member);
}

/* The guard: whatever it says. */
static void end_page(struct world *w, int member)
{
	struct lease_page p = page_of(&w->host[member]);

	lease_page_end_any(&p);
	reread(w, member);
}

void host_page_disarm(struct world *w, int member, struct epoch epoch)
{
	struct lease_page p = page_of(&w->host[member]);

	oracle_disarmed(w, member);
	(void)lease_page_end(&p, epoch);
	reread(w, member);
}

/* ---- JobManager ---- */

static void exited(struct world *w, int member, struct epoch epoch, usec_t pause)
{
	shell_later(w, member, between(w, 1, 300), CORE_EV_EXITED, (uint32_t)pause, epoch.v);
}

/* What the elector sends is read in order: a stopped guard starts it later, and stops it then. */
static bool start_waits(struct world *w, int member, struct epoch number)
{
	struct host *h = &w->host[member];

	if (w->now >= h->guard_paused_until)
		return false;
	h->start_pending = true;
	at(w, not_before_guard(w, member, w->now),
	   (struct world_event){ .type = EV_PROCESS_START,
	                         .who = member,
	                         .generation = h->guard_generation,
	                         .arg = number.v });
	return true;
}

void host_grant(struct world *w, int member, struct epoch epoch)
{
	struct host *h = &w->host[member];

	oracle_granted(w, member, epoch);
	h->stop_pending = false;
	if (!start_waits(w, member, epoch))
		host_granted(w, member, epoch);
}

void host_granted(struct world *w, int member, struct epoch epoch)
{
	struct host *h = &w->host[member];

	h->start_pending = false;

	/* A6: the guard starts nothing without an armed page, and nothing twice (A10). */
	if (h->page.state != PAGE_ARMED || h->page.epoch.v != epoch.v ||
	    local_time(w, member, w->now) >= h->page.deadline_local || h->jobmanager != JM_NONE ||
	    epoch.v <= h->jobmanager_epoch.v) {
		exited(w, member, epoch, 0);
		return;
	}
	h->jobmanager = JM_RUNNING;
	h->jobmanager_epoch = epoch;
	h->jobmanager_generation++;
	note(w, member, "JobManager of epoch %llu starts", (unsigned long long)epoch.v);
	if (h->stop_pending)
		host_stop_jobmanager(w, member, epoch, true, false);
	h->stop_pending = false;
}

/* ---- hot: the process ---- */

bool host_has_process(const struct host *h)
{
	return h->jobmanager != JM_NONE;
}

void host_start_process(struct world *w, int member, struct epoch number)
{
	struct host *h = &w->host[member];

	if (h->page.state == PAGE_ARMED)
		violated(w, "rule A10: %c starts a process under an armed page", 'a' + member);
	h->stop_pending = false;
	h->word_at = w->now;
	if (!start_waits(w, member, number))
		host_process_starts(w, member, number);
}

void host_process_starts(struct world *w, int member, struct epoch number)
{
	struct host *h = &w->host[member];

	h->start_pending = false;
	if (h->page.state == PAGE_ARMED || h->jobmanager != JM_NONE || h->unreaped ||
	    number.v <= h->jobmanager_epoch.v) {
		note(w, member, "guard: process %llu not started", (unsigned long long)number.v);
		exited(w, member, number, MS(1000));
		return;
	}
	h->jobmanager = JM_RUNNING;
	h->jobmanager_epoch = number;
	h->jobmanager_generation++;
	note(w, member, "process %llu starts", (unsigned long long)number.v);
	process_begin(w, member);
	if (h->stop_pending)
		host_stop_jobmanager(w, member, number, true, false);
	h->stop_pending = false;
}

static void jobmanager_event(struct world *w, int member, usec_t when, enum world_event_type type,
                             uint64_t arg)
{
	at(w, when,
	   (struct world_event){ .type = type,
	                         .who = member,
	                         .generation = w->host[member].jobmanager_generation,
	                         .arg = arg });
}

/* SIGKILL: D_stop until it has reached all of it. */
void host_stop_jobmanager_now(struct world *w, int member)
{
	struct host *h = &w->host[member];

	if (h->jobmanager == JM_NONE || h->jobmanager == JM_KILLED)
		return;
	h->jobmanager = JM_KILLED;
	note(w, member, "JobManager is killed");
	jobmanager_event(w, member,
	                 w->now +
	                         (percent(w, 70) ? between(w, 100, MS(3)) : between(w, 0, w->stop)),
	                 EV_JOBMANAGER_DEAD, 0);
}

void host_stop_jobmanager(struct world *w, int member, struct epoch epoch, bool kill, bool failed)
{
	struct host *h = &w->host[member];

	if (h->start_pending) {
		h->stop_pending = true;
		return;
	}
	if (h->jobmanager == JM_NONE || h->jobmanager_epoch.v != epoch.v) {
		exited(w, member, epoch, 0);
		return;
	}
	h->failed = failed;
	if (kill) {
		host_stop_jobmanager_now(w, member); /* by pidfd: needs no guard */
		return;
	}
	if (h->jobmanager != JM_RUNNING)
		return;
	h->jobmanager = JM_TERMINATING;
	jobmanager_event(w, member, not_before_guard(w, member, w->now + w->stop),
	                 EV_JOBMANAGER_KILL, 0);
	if (percent(w, 70))
		jobmanager_event(w, member,
		                 not_before_guard(w, member, w->now) + between(w, 500, w->stop),
		                 EV_JOBMANAGER_DEAD, 0);
}

void host_jobmanager_dead(struct world *w, int member, uint32_t generation)
{
	struct host *h = &w->host[member];

	if (h->jobmanager == JM_NONE || h->jobmanager_generation != generation)
		return;
	h->jobmanager = JM_NONE;
	h->unreaped = true;
	note(w, member, "JobManager is dead");
	jobmanager_event(w, member, not_before_guard(w, member, w->now) + between(w, 100, MS(5)),
	                 EV_JOBMANAGER_REAPED, 0);
}

void host_jobmanager_dies(struct world *w, int member, bool by_itself)
{
	struct host *h = &w->host[member];

	if (h->jobmanager == JM_NONE)
		return;
	h->jobmanager = JM_NONE;
	h->unreaped = true;
	note(w, member, "JobManager exits");
	jobmanager_event(w, member, not_before_guard(w, member, w->now) + between(w, 100, MS(5)),
	                 EV_JOBMANAGER_REAPED, by_itself);
}

static void elector_wanted(struct world *w, int member, usec_t after)
{
	at(w, not_before_guard(w, member, w->now + after),
	   (struct world_event){ .type = EV_ELECTOR_START, .who = member });
}

void host_jobmanager_reaped(struct world *w, int member, uint32_t generation, bool by_itself)
{
	struct host *h = &w->host[member];
	usec_t pause = 0;

	if (h->jobmanager_generation != generation || !h->guard_up)
		return;
	h->unreaped = false;
	if ((by_itself || h->failed) && h->restarts++ > 0)
		pause = h->restarts > 3 ? MS(4000) : MS(1000);
	h->failed = false;
	if (h->running)
		exited(w, member, h->jobmanager_epoch, pause);
	else if (h->page.state != PAGE_ARMED)
		elector_wanted(w, member, 100);
}

/* ---- guard ---- */

void host_guard_looks(struct world *w, int member)
{
	struct host *h = &w->host[member];
	struct lease_page p = page_of(h);
	struct epoch epoch = h->page.epoch;

	w->guard_due[member] = USEC_INFINITY;
	if (!h->guard_up)
		return;
	if (w->now < h->guard_paused_until ||
	    !lease_page_expire(&p, local_time(w, member, w->now))) {
		guard_looks_at_deadline(w, member);
		return;
	}
	note(w, member, "guard: the lease is over");
	reread(w, member);
	h->need_release |= !h->running;
	host_stop_jobmanager_now(w, member);
	if (h->hot)
		return; /* its elector has a clock, too */
	shell_later(w, member, 50, CORE_EV_PAGE_ENDED, CORE_OK, 0);
	if (h->jobmanager == JM_NONE && h->running)
		exited(w, member, epoch, 0);
}

static void elector_gone(struct world *w, int member)
{
	struct host *h = &w->host[member];

	committer_end(w, member);
	client_close(w, member);
	h->running = h->stopped = false;
	w->tick[member] = USEC_INFINITY;
	h->incarnation++;
	process_stream_lost(w, member);
}

void host_elector_died(struct world *w, int member)
{
	struct host *h = &w->host[member];

	if (!h->running)
		return;
	note(w, member, "elector dies");
	elector_gone(w, member);
	h->deaths++;
	elector_wanted(w, member, between(w, MS(2), MS(40)));
}

void host_elector_start(struct world *w, int member)
{
	struct host *h = &w->host[member];

	if (!h->guard_up || h->running || h->releasing)
		return;
	if (h->deaths >= DEATHS && h->page.state == PAGE_ARMED) {
		note(w, member, "guard: %u electors died", h->deaths);
		end_page(w, member);
		host_stop_jobmanager_now(w, member);
		h->need_release = true;
		h->deaths = 0;
	}
	if ((!h->hot || h->need_release || h->jobmanager == JM_KILLED) &&
	    h->page.state != PAGE_ARMED && h->jobmanager != JM_NONE)
		return; /* reaped first, comes back here */
	if (h->need_release && h->file.exists) {
		h->need_release = false;
		host_release_begin(w, member);
		return;
	}
	h->need_release = false;
	shell_start(w, member);
}

/* ---- --release (A3b, A12) ---- */

void host_release_begin(struct world *w, int member)
{
	struct host *h = &w->host[member];
	struct nonce none = { "0000000000000000" };

	if (h->releasing || h->lost)
		return;
	if (h->jobmanager != JM_NONE) { /* A12: its death is proven first */
		at(w, w->now + MS(5), (struct world_event){ .type = EV_RELEASER, .who = member });
		return;
	}
	h->releasing = true;
	note(w, member, "--release begins");
	h->file.ending = h->file.exists;
	at(w, w->now + MS(10000),
	   (struct world_event){
	           .type = EV_RELEASER_END, .who = member, .generation = h->incarnation });
	if (!h->file.exists)
		host_release_done(w, member); /* nothing to do */
	else
		client_open(w, N_MEMBERS + member, -1, &none, w->T);
}

void host_release_done(struct world *w, int member)
{
	struct host *h = &w->host[member];

	if (!h->releasing)
		return;
	note(w, member, "--release ends");
	client_close(w, N_MEMBERS + member);
	h->releasing = false;
	if (h->guard_up)
		elector_wanted(w, member, 100);
	else if (!h->lost)
		at(w, w->now + between(w, MS(5), MS(300)),
		   (struct world_event){ .type = EV_GUARD_START, .who = member });
}

void host_guard_start(struct world *w, int member)
{
	struct host *h = &w->host[member];

	if (h->guard_up || h->lost)
		return;
	if (h->jobmanager != JM_NONE || h->releasing) { /* A12: reaped first */
		at(w, w->now + MS(5),
		   (struct world_event){ .type = EV_GUARD_START, .who = member });
		return;
	}
	note(w, member, "guard starts");
	h->guard_up = true;
	h->guard_generation++;
	h->deaths = 0;
	h->unreaped = h->need_release = h->start_pending = h->stop_pending = false;
	new_page(w, member);
	h->jobmanager_epoch.v = 0;
	elector_wanted(w, member, MS(1));
}

/* Both children die with it (PDEATHSIG); systemd runs --release, or it does not come to that. */
void host_guard_crash(struct world *w, int member, bool release)
{
	struct host *h = &w->host[member];

	if (!h->guard_up)
		return;
	note(w, member, "guard dies");
	elector_gone(w, member);
	client_close(w, N_MEMBERS + member);
	h->releasing = false;
	h->guard_up = false;
	h->guard_generation++;
	w->guard_due[member] = USEC_INFINITY;
	h->guard_paused_until = 0;
	new_page(w, member);
	host_stop_jobmanager_now(w, member);
	if (release)
		at(w, w->now + between(w, MS(5), w->stop + MS(50)),
		   (struct world_event){ .type = EV_RELEASER, .who = member });
	else
		at(w, w->now + between(w, MS(100), w->T),
		   (struct world_event){ .type = EV_GUARD_START, .who = member });
}

/* An orderly stop has come to its end. */
void host_elector_exits(struct world *w, int member)
{
	struct host *h = &w->host[member];

	if (h->jobmanager != JM_NONE)
		violated(w, "member %c exits with its JobManager alive", 'a' + member);
	note(w, member, "elector exits");
	client_ask(w, member, REQ_CLOSE, NULL);
	/* What may still have to be ended stays, for `--release` or the next start. */
	if (!h->core.old_session && !latch_name_set(&h->file.latch))
		h->file.exists = false;
	elector_gone(w, member);
	h->guard_up = false;
	w->guard_due[member] = USEC_INFINITY;
	new_page(w, member);
}

/* Nothing of it runs: what happens to it happens when it wakes (sim.c), in the same order. */
void host_paused(struct world *w, int member, usec_t until)
{
	struct host *h = &w->host[member];
	usec_t lease =
	        h->page.state == PAGE_ARMED ? true_time(w, member, h->page.deadline_local) : 0;

	h->word_at += until - w->now; /* nor did its JobManager run */
	h->paused_until = until;
	if (lease <= until)
		h->overslept_until = until + lease_jitter(&w->lease) + w->stop;
	if (w->tick[member] < until)
		w->tick[member] = until;
	if (w->guard_due[member] < until)
		w->guard_due[member] = until + between(w, 0, lease_jitter(&w->lease) / 4);
	if (w->paused_until < until)
		w->paused_until = until;
	if (w->faults_end < until)
		w->faults_end = until;
}

/* Power cut: nothing is left, the runtime directory neither. */
void host_lost(struct world *w, int member)
{
	struct host *h = &w->host[member];

	h->lost = h->was_lost = true;
	h->paused_until = 0;
	host_guard_crash(w, member, false);
	client_close(w, N_MEMBERS + member);
	note(w, member, "host is lost");
	storage_host_lost(w, member);
	h->releasing = false;
	h->guard_up = false;
	h->jobmanager = JM_NONE;
	h->file = (struct session_file){ 0 };
}
