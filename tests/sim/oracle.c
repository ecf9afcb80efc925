/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold after every event (the promises of DESIGN.md, by number). */
#include "tests/sim/world.h"

#include "election/core_trace.h"

#include <stdarg.h>
#include <stdio.h>

void violated(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->failed)
		return;
	w->failed = true;
	va_start(args, format);
	(void)vsnprintf(w->why, sizeof(w->why), format, args);
	va_end(args);
	note(w, -1, "!!! %s", w->why);
}

/* Who may do something under an epoch: cold, it is started for that; hot, it has the grant. */
static bool acts(const struct world *w, const struct host *h)
{
	if (is_paused(w, h))
		return false;
	return h->hot ? process_acts(h) : h->jobmanager != JM_NONE;
}

int oracle_leader(const struct world *w)
{
	for (int m = 0; m < N_MEMBERS; m++) {
		const struct host *h = &w->host[m];

		if (h->running && h->jobmanager == JM_RUNNING && acts(w, h) &&
		    h->core.phase == CORE_LEADING)
			return m;
	}
	return -1;
}

int oracle_stuck(const struct world *w)
{
	for (int m = 0; m < N_MEMBERS; m++) {
		const struct host *h = &w->host[m];

		if (h->wire != WIRE_WHOLE)
			continue; /* is not expected to come back, only to be out of the way (C7) */
		if (h->running && damage_refuses(w, m))
			continue;
		if (!h->running || is_paused(w, h) ||
		    (h->core.phase != CORE_QUEUED && h->core.phase != CORE_LEADING))
			return m;
	}
	return -1;
}

/* P1: at most one JobManager acts. */
static void one_acts(struct world *w)
{
	unsigned n = 0;

	for (int m = 0; m < N_MEMBERS; m++)
		n += acts(w, &w->host[m]) && w->now >= w->host[m].overslept_until;
	if (n > 1)
		violated(w, "promise 1: %u JobManagers act", n);
}

/* P5: who says leader has an armed page of this epoch with time left. */
static void says_leader_within_the_lease(struct world *w, int m)
{
	const struct host *h = &w->host[m];
	usec_t now;

	if (!h->says_leader || !h->running || h->stopped || is_paused(w, h))
		return;
	now = local_time(w, m, w->now);
	if (core_state(&h->core, now) != CORE_STATE_LEADER)
		return;
	if (now >= h->core.lease.deadline)
		violated(w, "promise 5: %c says leader past its deadline", 'a' + m);
	else if (h->core.lease.deadline - now < MS(1)) /* the page counts whole milliseconds */
		return;
	else if (h->page.state != PAGE_ARMED || h->page.epoch.v != h->core.epoch.v ||
	         now >= h->page.deadline_local)
		violated(w, "promise 5: %c says leader, the page does not", 'a' + m);
}

void oracle_check(struct world *w)
{
	one_acts(w);
	for (int m = 0; m < N_MEMBERS; m++)
		says_leader_within_the_lease(w, m);
}

/* A2: a latch whose create had no answer is found, and goes when it is not wanted.  Watches are
 * lost now and then, so there has to have been time for a look without one. */
void oracle_latches(struct world *w)
{
	for (unsigned i = 0; i < w->zk.tree.n_latches; i++) {
		const struct sim_latch *l = &w->zk.tree.latch[i];
		int m = client_member(w->zk.session[l->session].client);
		const struct host *h = &w->host[m];

		if (l->alive && !h->was_lost && h->wire == WIRE_WHOLE &&
		    w->now >= w->healed_at + MS(5500) && w->now >= l->made + MS(5500) &&
		    !latch_name_equal(&l->name, &h->core.latch))
			violated(w, "rule A2: %c does not know its latch %s", 'a' + m, l->name.s);
	}
}

/* P2: epochs grow by one from claim to claim: the register's history is a chain. */
void oracle_claimed(struct world *w, struct epoch epoch)
{
	if (epoch.v != w->claimed.v + 1)
		violated(w, "promise 2: claim of epoch %llu after %llu",
		         (unsigned long long)epoch.v, (unsigned long long)w->claimed.v);
	w->claimed = epoch;
}

/* P8: how the term before ended, as the claim that follows says it. */
void oracle_follows(struct world *w, const struct sim_register *before,
                    const struct core_command *claim)
{
	enum cause cause = before->released ? before->cause
	                   : latch_name_equal(&before->owner, &claim->latch)
	                           ? CAUSE_RESTART_IN_PLACE
	                           : CAUSE_PREDECESSOR_GONE;

	if (claim->cause != cause)
		violated(w, "promise 8: the claim of epoch %llu says %s, it was %s",
		         (unsigned long long)claim->epoch.v, cause_code(claim->cause),
		         cause_code(cause));
}

/* .. and why a JobManager is stopped: what can be told from outside is so. */
void oracle_stops(struct world *w, int member, const struct core_command *cmd)
{
	const struct host *h = &w->host[member];
	const struct sim_register *reg = &w->zk.tree.reg;
	usec_t asked = usec_sub(h->page.deadline_local, h->hot ? h->core.lease.params.revoke : 0);

	if (cmd->cause == CAUSE_NONE)
		violated(w, "promise 8: %c stops its JobManager without a cause", 'a' + member);
	if (cmd->cause == CAUSE_LEASE_EXPIRED && h->page.state == PAGE_ARMED && h->core.now < asked)
		violated(w, "promise 8: %c says that its lease has passed", 'a' + member);
	if (cmd->cause == CAUSE_LATCH_REMOVED && !reg->released && reg->epoch.v == cmd->epoch.v &&
	    latch_name_equal(&reg->owner, &h->file.latch) && znodes_latch(w, &reg->owner) != NULL)
		violated(w, "promise 8: %c says that its latch is gone", 'a' + member);
}

static void timings(struct world *w, int member)
{
	const struct core *c = &w->host[member].core;

	if (c->detected == 0 || c->claim_sent < c->detected || c->claimed < c->claim_sent ||
	    c->granted < c->claimed || c->granted != c->now)
		violated(w, "promise 8: %c has no timings of its takeover", 'a' + member);
}

void oracle_granted(struct world *w, int member, struct epoch epoch)
{
	const struct host *h = &w->host[member];

	if (epoch.v <= w->granted.v)
		violated(w, "promise 2: grant of epoch %llu after %llu",
		         (unsigned long long)epoch.v, (unsigned long long)w->granted.v);
	if (epoch.v > w->claimed.v)
		violated(w, "grant of epoch %llu that nobody claimed", (unsigned long long)epoch.v);
	if (!committer_loaded(&h->committer, epoch))
		violated(w, "grant of epoch %llu without its log", (unsigned long long)epoch.v);
	timings(w, member);
	w->granted = epoch;
	w->n_grants++;
}

/* A10: an epoch is acted under by one process, and never again once that has revoked it or died;
 * and only after its claim and its grant, or the page of an elector that died between both. */
void oracle_acts(struct world *w, int member, struct epoch epoch)
{
	const struct host *h = &w->host[member];

	if (epoch.v <= w->acted.v && w->now < h->overslept_until)
		return;
	if (epoch.v <= w->acted.v)
		violated(w, "promise 2: %c acts under epoch %llu after %llu", 'a' + member,
		         (unsigned long long)epoch.v, (unsigned long long)w->acted.v);
	if (h->jobmanager == JM_RUNNING && h->page.epoch.v != epoch.v)
		violated(w, "rule A6: %c acts under epoch %llu without its page", 'a' + member,
		         (unsigned long long)epoch.v);
	w->acted = epoch;
}

/* A6: the elector ends the page only when nobody acts under it. */
void oracle_disarmed(struct world *w, int member)
{
	if (acts(w, &w->host[member]))
		violated(w, "rule A6: %c disarms the page of a JobManager that acts", 'a' + member);
}

/* Killed for its silence is only who was silent, since it was told what it should speak of. */
void oracle_hangs(struct world *w, int member)
{
	const struct host *h = &w->host[member];

	if (h->hot && host_has_process(h) &&
	    (!h->told_settled || w->now < h->word_at + w->silence / 2))
		violated(w, "%c kills a JobManager that does not hang", 'a' + member);
}

/* A3: with a session that is being ended nobody claims, beats, makes a latch or resumes. */
void oracle_commanded(struct world *w, int member, enum core_command_type type)
{
	const struct session_file *f = &w->host[member].file;

	if (!f->exists || !f->ending || f->session != w->client[member].session)
		return;
	if (type == CORE_CMD_CLAIM || type == CORE_CMD_HEARTBEAT || type == CORE_CMD_ENTER ||
	    type == CORE_CMD_CONNECT_RESUME)
		violated(w, "rule A3: %c sends a %s under an ending session", 'a' + member,
		         core_command_name(type));
}

/* P2: nothing is written under an epoch after a higher one began. */
void oracle_written(struct world *w, struct epoch epoch)
{
	if (epoch.v < w->claimed.v || epoch.v < w->granted.v)
		violated(w, "promise 2: write of epoch %llu after %llu",
		         (unsigned long long)epoch.v, (unsigned long long)w->claimed.v);
}
