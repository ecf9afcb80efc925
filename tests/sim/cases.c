/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules around the counterexamples of the model (PROTOCOL section 3), and around what only a
 * hot JobManager can do: the faults are given, the
 * times within them are the seed's.  `sim -c NAME`; without it some of all runs are such ones.
 */
#include "tests/sim/world.h"

#include <string.h>

static struct fault *next(struct world *w, enum fault_type type, usec_t lasts)
{
	struct fault *f = &w->fault[w->n_faults++];

	*f = (struct fault){
		.type = type, .who = LEADER, .lasts = lasts, .follows = w->n_faults > 1
	};
	return f;
}

static struct fault *on(struct fault *f, unsigned command, unsigned count)
{
	f->by_command = true;
	f->command = command;
	f->count = count;
	return f;
}

static void not_eligible(struct world *w, int member, usec_t lasts)
{
	struct fault *f = next(w, FAULT_NOT_ELIGIBLE, lasts);

	f->follows = false;
	f->who = member;
	f->after = MS(1);
}

static usec_t first_grant(struct world *w)
{
	return 2 * w->k + MS(600) + between(w, 0, w->k);
}

static void times(struct world *w, usec_t T, usec_t k)
{
	w->T = T;
	w->k = k;
	w->stop = MS(50);
	w->lease = (struct lease_params){ .session = w->T, .tick = w->k, .stop = w->stop };
	w->revoke = between(w, MS(50), MS(300));
	for (int m = 0; m < N_MEMBERS; m++) /* most are ready at once */
		w->host[m].hot = w->host[m].hot && percent(w, 30);
}

/* The leader stalls for as long as its guard bears it, beats once more, and the touch of that beat
 * dies with its server.  With a short tick the stall is longer than all else that M allows for. */
static void gap_fixed(struct world *w)
{
	usec_t patience;

	times(w, MS(4000), MS(200));
	patience = lease_length(&w->lease) / 4;
	on(next(w, FAULT_ELECTOR_STOP, patience * between(w, 60, 99) / 100), CORE_CMD_EXTEND,
	   (unsigned)between(w, 1, 6))
	        ->after = between(w, 0, MS(20));
	on(next(w, FAULT_SWALLOWED, 2 * w->T), CORE_CMD_EXTEND, 1)->after = between(w, 0, w->k / 4);
}

/* The touch of the last beat of a leader dies with its server: the one before counts, which may be
 * h older, and with a long tick that is longer than all else that M allows for. */
static void last_touch(struct world *w)
{
	times(w, MS(10000), MS(2000));
	on(next(w, FAULT_SWALLOWED, 2 * w->T), CORE_CMD_EXTEND, (unsigned)between(w, 1, 8))->after =
	        between(w, 0, MS(20));
}

/* A member that only pings (each T/3) makes its latch and beats once: that touch dies with its
 * server.  It comes back to another one when its session is due by the last ping, and beats again,
 * long enough after the first.
 *
 * Guards start within 300 ms: by the first ping, at T/3, it is due at T + T/3 + k and some more, on
 * a multiple of k, and closed within k.  Granted, it is cut off again. */
static void chain_anyconn(struct world *w)
{
	usec_t idle, back;
	struct fault *f;

	times(w, MS(4000), MS(200));
	w->expirer_slow = 100;
	idle = w->T * 2 / 3 - between(w, 0, MS(150));
	back = w->T + w->T / 3 + w->k + between(w, 0, w->k);
	back = back / w->k * w->k + between(w, 0, w->k / 2);
	for (int m = 0; m < N_MEMBERS; m++)
		not_eligible(w, m, m == 0 ? idle : idle + between(w, MS(50), w->k));
	f = on(next(w, FAULT_SWALLOWED, back - idle), CORE_CMD_HEARTBEAT, 1);
	f->after = between(w, MS(3), MS(8));
	f->follows = false;
	on(next(w, FAULT_CUT, w->T), CORE_CMD_GRANT, 1)->after = between(w, 0, MS(2));
}

/* Cut off after its first beat, the lowest comes back while its session is being closed, and beats
 * twice before that is done; granted, it is cut off again.  Its last touch that counts is of the
 * first tick: so it is due T + k after the start.  Two things save it: the second beat of a chain
 * counts k after the first was answered, and when a touch is relayed for certain.  The mutant drops
 * both. */
static void chain3(struct world *w)
{
	usec_t first = MS(900);
	struct fault *f;

	times(w, MS(10000), MS(2000));
	w->expirer_slow = 100;
	for (int m = 0; m < N_MEMBERS; m++)
		not_eligible(w, m, m == 0 ? first : first + between(w, MS(50), MS(200)));
	f = on(next(w, FAULT_SWALLOWED, w->T + w->k - first + between(w, 0, w->k / 10)),
	       CORE_CMD_HEARTBEAT, 1);
	f->after = between(w, MS(3), MS(20));
	f->follows = false;
	on(next(w, FAULT_CUT, w->T), CORE_CMD_GRANT, 1)->after = between(w, 0, MS(2));
}

/* The elector dies right behind a register write, which lands when its successor has read the
 * register: that one's segment begins where the log no longer ends. */
static void stale_header(struct world *w)
{
	w->pace = MS(300);
	w->one_server = percent(w, 80) ? below(w, N_SERVERS) : N_SERVERS;
	next(w, FAULT_SLOW, w->T)->after = first_grant(w);
	on(next(w, FAULT_ELECTOR_CRASH, 0), CORE_N_COMMANDS_ + COMMIT_MOVE_REGISTER,
	   (unsigned)between(w, 1, 4))
	        ->after = percent(w, 50) ? 0 : between(w, 0, MS(1));
}

/* A claim without answer, the latch removed meanwhile, a new one behind another member's.  Two
 * things save it (A2), each alone: the term is forgotten with its latch, and the register's mark is
 * ours only under the latch that claimed.  The mutant binds the term to the session instead, so
 * both are out. */
static void relatch(struct world *w)
{
	enum fault_type type = percent(w, 50) ? FAULT_CUT : FAULT_BREAK;

	on(next(w, type, between(w, MS(1), w->T / 2)), CORE_CMD_CLAIM, 1)->after =
	        between(w, 0, MS(1));
	next(w, FAULT_LATCH_REMOVED, 0)->after = between(w, 0, percent(w, 50) ? MS(3) : MS(500));
	next(w, FAULT_SLOW, w->T)->after = between(w, 0, MS(100));
	next(w, FAULT_CUT, w->T)->after = between(w, 0, w->k);
}

/* A release without answer; the elector dies or goes on. */
static void mark_cleared(struct world *w)
{
	next(w, percent(w, 50) ? FAULT_STEP_DOWN : FAULT_SWITCHOVER, 0)->after = first_grant(w);
	on(next(w, percent(w, 50) ? FAULT_CUT : FAULT_BREAK, between(w, MS(1), w->T)),
	   CORE_CMD_RELEASE, 1)
	        ->after = between(w, 0, MS(1));
	if (percent(w, 50))
		next(w, percent(w, 50) ? FAULT_ELECTOR_CRASH : FAULT_GUARD_CRASH, 0)->after =
		        between(w, 0, MS(50));
}

/* Reconnected where sessions are shorter, then cut off. */
static void smaller_T(struct world *w)
{
	usec_t smaller;

	times(w, MS(4000), MS(200));
	smaller = plan_smaller_session(w);
	for (int i = 0; i < N_SERVERS; i++)
		if (i != (int)(w->seed % N_SERVERS))
			w->zk.server[i].max_session = smaller;
	next(w, percent(w, 50) ? FAULT_ELECTOR_CRASH : FAULT_BREAK, 0)->after = first_grant(w);
	next(w, FAULT_CUT, 2 * w->T)->after = between(w, MS(100), 2 * w->k);
}

/* The server that lets sessions be as they are asked for is one, chance says which. */
static void longer_elsewhere(struct world *w)
{
	for (int i = 0; i < N_SERVERS; i++)
		if (i != (int)(w->seed % N_SERVERS))
			w->zk.server[i].min_session = w->T * between(w, 140, 200) / 100;
}

/* Reconnected where sessions are longer: before its chain begins, when it leads, or by the next
 * elector; then cut off when ZooKeeper changes its leader, who begins with the T that the session
 * was made with. */
static void larger_T(struct world *w)
{
	uint64_t when = below(w, 3);
	struct fault *f;

	times(w, MS(4000), MS(200));
	longer_elsewhere(w);
	for (int m = 1; m < N_MEMBERS; m++)
		not_eligible(w, m, w->T / 2);
	f = next(w, when == 2 ? FAULT_ELECTOR_CRASH : FAULT_BREAK, 0);
	f->follows = false;
	f->after = first_grant(w);
	if (when == 0)
		on(f, CORE_CMD_ENTER, 1)->after = between(w, MS(1), w->k);
	next(w, FAULT_CUT, 2 * w->T)->after = between(w, MS(500), w->T / 2);
	next(w, FAULT_LEADER_CHANGE, between(w, MS(50), w->k))->after = between(w, MS(1), MS(100));
}

/* Reconnected where sessions are longer when the server of before has not relayed its last touch,
 * and cut off at once: that touch, with the smaller T, is relayed behind those with the larger. */
static void touch_of_before(struct world *w)
{
	times(w, MS(10000), MS(2000));
	longer_elsewhere(w);
	on(next(w, FAULT_BREAK, 0), CORE_CMD_EXTEND, (unsigned)between(w, 1, 4))->after =
	        between(w, 0, MS(100));
	next(w, FAULT_CUT, 2 * w->T)->after = between(w, MS(5), w->k / 2);
}

/* The latch removed by hand while its leader is cut off: only T helps. */
static void latch_by_hand(struct world *w)
{
	next(w, FAULT_CUT, 2 * w->T)->after = first_grant(w);
	next(w, FAULT_LATCH_REMOVED, 0)->after = between(w, 0, MS(300));
}

/* Designated, and gone before it could claim. */
static void designated(struct world *w)
{
	struct fault *f = next(w, FAULT_SWITCHOVER, 0);

	f->after = first_grant(w);
	f = on(next(w, (enum fault_type)between(w, FAULT_BREAK, FAULT_STEP_DOWN), w->T),
	       percent(w, 50) ? CORE_CMD_OBSERVE : CORE_CMD_CLAIM, 1);

	f->who = ANYBODY;
	f->after = between(w, 0, MS(percent(w, 50) ? 1 : 5));
}

/* A create without answer lands; its member may not want the latch any more. */
static void late_enter(struct world *w)
{
	struct fault *f;

	times(w, MS(6000), MS(1000)); /* longer than from look to look */
	w->one_server = percent(w, 80) ? below(w, N_SERVERS) : N_SERVERS;
	on(next(w, FAULT_BREAK, 0), CORE_CMD_ENTER, 1)->after = between(w, 0, MS(2));
	next(w, FAULT_NOT_ELIGIBLE, between(w, MS(1), w->T))->after = between(w, 0, MS(30));
	f = on(next(w, percent(w, 70) ? FAULT_BREAK : FAULT_ELECTOR_CRASH, 0),
	       CORE_CMD_DELETE_EXTRA, 1);
	f->follows = false;
	f->who = ANYBODY;
	f->after = between(w, 0, percent(w, 50) ? 100 : MS(2));
}

/* The elector dies between page and grant, and its successor is cut off for longer than a
 * JobManager may be silent: that one has nothing to speak of before it is told. */
static void granted_untold(struct world *w)
{
	on(next(w, FAULT_ELECTOR_CRASH, 0), percent(w, 50) ? CORE_CMD_ARM : CORE_CMD_GRANT, 1);
	next(w, FAULT_CUT, between(w, w->silence / 2, lease_length(&w->lease)));
}

/* Asked to revoke; elector or stream go while the word is on its way. */
static void last_word(struct world *w)
{
	next(w, percent(w, 50) ? FAULT_SWITCHOVER : FAULT_STEP_DOWN, 0)->after = first_grant(w);
	next(w, percent(w, 70) ? FAULT_ELECTOR_CRASH : FAULT_STREAM_LOST, 0)->after =
	        between(w, 0, percent(w, 50) ? MS(5) : w->revoke);
	if (percent(w, 50))
		next(w, FAULT_CUT, between(w, 0, w->T))->after = between(w, 0, MS(50));
}

/* It is stopped when the grant is on its way, and reads it when that may be over. */
static void late_grant(struct world *w)
{
	on(next(w, FAULT_JOBMANAGER_STOP, between(w, MS(1), w->T + 2 * w->k)), CORE_CMD_GRANT, 1)
	        ->after = between(w, 0, MS(1));
	next(w, percent(w, 50) ? FAULT_STEP_DOWN : FAULT_CUT, w->T)->after =
	        between(w, 0, lease_length(&w->lease));
	if (percent(w, 50))
		next(w, FAULT_ELECTOR_CRASH, 0)->after = between(w, 0, MS(500));
}

/* Cut off: asked before the lease ends, answers about when it ends. */
static void revoke_at_the_deadline(struct world *w)
{
	w->revoke = between(w, MS(50), MS(200));
	next(w, FAULT_CUT, 2 * w->T)->after = first_grant(w);
	if (percent(w, 50))
		next(w, percent(w, 50) ? FAULT_ELECTOR_STOP : FAULT_GUARD_PAUSE, MS(300))->after =
		        usec_sub(lease_length(&w->lease), between(w, 0, w->revoke + w->k));
}

/* It dies, or gives up, while its member claims, loads or was just granted. */
static void dies_under_claim(struct world *w)
{
	static const enum fault_type ends[] = { FAULT_JOBMANAGER_EXIT, FAULT_JOBMANAGER_HANGS,
		                                FAULT_JOBMANAGER_GIVES_UP, FAULT_UNHEALTHY };
	static const enum core_command_type during[] = { CORE_CMD_CLAIM, CORE_CMD_LOAD,
		                                         CORE_CMD_GRANT };

	on(next(w, ends[below(w, 4)], 0), during[below(w, 3)], 1)->after =
	        between(w, 0, percent(w, 50) ? MS(3) : MS(100));
	if (percent(w, 50))
		next(w, FAULT_ELECTOR_CRASH, 0)->after = between(w, 0, MS(5));
}

/* It gives each grant back, and nobody else can lead. */
static void gives_back(struct world *w)
{
	for (int m = 1; m < N_MEMBERS; m++)
		not_eligible(w, m, 4 * w->T);
	on(next(w, FAULT_JOBMANAGER_GIVES_UP, 0), CORE_CMD_GRANT, 1)->after =
	        between(w, MS(1), MS(5));
	w->fault[w->n_faults - 1].follows = false;
	w->fault[w->n_faults - 1].who = 0;
}

/* The host of the leader stands still, until its lease is over or just before: others lead when it
 * wakes, and read what it had sent. */
static void overslept(struct world *w)
{
	struct fault *f = next(w, FAULT_HOST_PAUSED, between(w, w->T / 4, w->T + 3 * w->k));

	f->after = first_grant(w) + between(w, 0, w->T);
	if (percent(w, 50))
		on(f, percent(w, 50) ? CORE_CMD_HEARTBEAT : (unsigned)below(w, N_TRIGGERS),
		   (unsigned)between(w, 1, 12))
		        ->after = between(w, 0, MS(3));
}

/* The line of the leader, or of one who waits behind it, takes what it sends, or the small part of
 * that, and brings nothing back, for ever: each attempt to come back would keep its session, and a
 * latch that nobody may pass (C7). */
static void kept_alive(struct world *w)
{
	struct fault *f = next(w, percent(w, 50) ? FAULT_DEAF : FAULT_SMALL_ONLY, 0);

	f->after = first_grant(w) + between(w, 0, w->T);
	f->who = percent(w, 50) ? LEADER : (int)below(w, N_MEMBERS);
	f = next(w, percent(w, 50) ? FAULT_STEP_DOWN : FAULT_HOST_LOST, w->T);
	f->who = ANYBODY; /* who leads then */
	f->after = between(w, 0, w->T);
}

/* Bytes of the store change, with many snapshots or none, and electors that begin anew read them.
 */
static void damage(struct world *w)
{
	w->faults_end = 3 * w->T;
	w->pace = MS(200);
	plan_damage(w);
	plan_damage(w);
}

static const struct {
	const char *name;
	void (*plan)(struct world *w);
	bool hot;
} cases[] = {
	{ "gap-fixed", gap_fixed, false },
	{ "last-touch", last_touch, false },
	{ "chain3", chain3, false },
	{ "chain-anyconn", chain_anyconn, false },
	{ "relatch", relatch, false },
	{ "mark-cleared", mark_cleared, false },
	{ "smaller-T", smaller_T, false },
	{ "larger-T", larger_T, false },
	{ "touch-of-before", touch_of_before, false },
	{ "stale-header", stale_header, false },
	{ "latch-by-hand", latch_by_hand, false },
	{ "designated", designated, false },
	{ "late-enter", late_enter, false },
	{ "kept-alive", kept_alive, false },
	{ "overslept", overslept, false },
	{ "damage", damage, false },
	{ "granted-untold", granted_untold, true },
	{ "last-word", last_word, true },
	{ "late-grant", late_grant, true },
	{ "revoke-at-the-deadline", revoke_at_the_deadline, true },
	{ "dies-under-claim", dies_under_claim, true },
	{ "gives-back", gives_back, true },
};

enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

const char *case_name(unsigned i)
{
	return i < N_CASES ? cases[i].name : NULL;
}

int case_find(const char *name)
{
	for (unsigned i = 0; i < N_CASES; i++)
		if (strcmp(cases[i].name, name) == 0)
			return (int)i;
	return -1;
}

void case_plan(struct world *w, int which)
{
	unsigned i = which >= 0 ? (unsigned)which : (unsigned)below(w, N_CASES);

	note(w, -1, "case %s", cases[i].name);
	for (int m = 0; m < N_MEMBERS && cases[i].hot; m++)
		w->host[m].hot = true;
	cases[i].plan(w);
	w->faults_end = 4 * w->T;
}
