/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules around the counterexamples of the model (PROTOCOL section 3): the faults are given, the
 * times within them are the seed's.  `sim -c NAME`; without it some of all runs are such ones.
 */
#include "tests/sim/world.h"

#include <string.h>

static struct fault *next(struct world *w, enum fault_type type, usec_t lasts)
{
	struct fault *f = &w->fault[w->n_faults++];

	*f = (struct fault){ .type = type, .who = -1, .lasts = lasts, .follows = w->n_faults > 1 };
	return f;
}

static struct fault *on(struct fault *f, enum core_command_type command, unsigned count)
{
	f->by_command = true;
	f->command = command;
	f->count = count;
	return f;
}

static usec_t first_grant(struct world *w)
{
	return 2 * w->k + MS(600) + between(w, 0, w->k);
}

/* The leader stalls, beats once more, and the touch of that beat dies with its server. */
static void gap_fixed(struct world *w)
{
	usec_t longest = lease_length(&w->lease) / 4;

	next(w, FAULT_ELECTOR_STOP, between(w, longest / 2, longest))->after = first_grant(w);
	on(next(w, FAULT_SWALLOWED, 2 * w->T), CORE_CMD_EXTEND, 1)->after = between(w, 0, w->k / 4);
}

/* The touch of the last beat of a leader dies with its server. */
static void last_touch(struct world *w)
{
	next(w, FAULT_SWALLOWED, 2 * w->T)->after = first_grant(w) + between(w, 0, 2 * w->k);
}

/* Cut off after its first beat, the lowest comes back while its session is being closed. */
static void chain_anyconn(struct world *w)
{
	struct fault *f =
	        on(next(w, FAULT_CUT, between(w, w->T, w->T + 2 * w->k)), CORE_CMD_HEARTBEAT, 1);

	w->expirer_slow = 100;
	f->after = between(w, MS(1), MS(40));
	next(w, FAULT_CUT, w->T)->after = f->lasts + between(w, 0, 2 * w->k);
}

/* A claim without answer, the latch removed meanwhile. */
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
	struct lease_params p = w->lease;

	p.revoke = w->revoke;
	do /* as small as there is room for a lease */
		p.session = w->T * between(w, 50, 100) / 100;
	while (!lease_has_room(&p));
	for (int i = 0; i < N_SERVERS; i++)
		if (i != (int)(w->seed % N_SERVERS))
			w->zk.server[i].max_session = p.session;
	next(w, percent(w, 50) ? FAULT_ELECTOR_CRASH : FAULT_BREAK, 0)->after = first_grant(w);
	next(w, FAULT_CUT, 2 * w->T)->after = between(w, MS(100), 2 * w->k);
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
	next(w, FAULT_SWITCHOVER, 0)->after = first_grant(w);
	on(next(w, (enum fault_type)between(w, FAULT_BREAK, FAULT_STEP_DOWN), w->T),
	   percent(w, 50) ? CORE_CMD_STEP_BACK : CORE_CMD_CLAIM, 1)
	        ->after = between(w, 0, MS(5));
}

static const struct {
	const char *name;
	void (*plan)(struct world *w);
} cases[] = {
	{ "gap-fixed", gap_fixed },         { "last-touch", last_touch },
	{ "chain-anyconn", chain_anyconn }, { "relatch", relatch },
	{ "mark-cleared", mark_cleared },   { "smaller-T", smaller_T },
	{ "latch-by-hand", latch_by_hand }, { "designated", designated },
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
	cases[i].plan(w);
	w->faults_end = 4 * w->T;
}
