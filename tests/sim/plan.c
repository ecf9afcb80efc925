/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one run is about: times, members and faults.  Drawn from a seed, or read from a file; the
 * seed of the run then decides the rest.  As text it is what a trace begins with and what
 * tests/sim/found holds: one line for the times, one for each fault.
 */
#include "tests/sim/world.h"

#include "election/core_trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FAULT_N_] = {
	[FAULT_NONE] = "nothing",
	[FAULT_BREAK] = "connection-lost",
	[FAULT_CUT] = "cut-off",
	[FAULT_SLOW] = "slow-network",
	[FAULT_SERVER_DOWN] = "server-down",
	[FAULT_SERVER_ALONE] = "server-alone",
	[FAULT_SERVER_LAGS] = "server-lags",
	[FAULT_LEADER_CHANGE] = "leader-change",
	[FAULT_OUTAGE] = "outage",
	[FAULT_ELECTOR_CRASH] = "elector-crash",
	[FAULT_ELECTOR_STOP] = "elector-stopped",
	[FAULT_ELECTOR_LOOP] = "electors-crash-in-a-loop",
	[FAULT_GUARD_CRASH] = "guard-crash",
	[FAULT_GUARD_PAUSE] = "guard-stopped",
	[FAULT_JOBMANAGER_EXIT] = "JobManager-exit",
	[FAULT_JOBMANAGER_STOP] = "JobManager-stopped",
	[FAULT_JOBMANAGER_HANGS] = "JobManager-hangs",
	[FAULT_JOBMANAGER_GIVES_UP] = "JobManager-gives-up",
	[FAULT_UNHEALTHY] = "health-probe-fails",
	[FAULT_STREAM_LOST] = "stream-lost",
	[FAULT_HOST_LOST] = "host-lost",
	[FAULT_HOST_PAUSED] = "host-paused",
	[FAULT_LATCH_REMOVED] = "latch-removed-by-hand",
	[FAULT_MEMBER_REMOVED] = "member-node-removed-by-hand",
	[FAULT_FALSE_EXPIRED] = "false-EXPIRED",
	[FAULT_STORAGE_BAD] = "storage-fails",
	[FAULT_STORAGE_HANGS] = "storage-hangs",
	[FAULT_NOT_ELIGIBLE] = "not-eligible",
	[FAULT_SWITCHOVER] = "switchover",
	[FAULT_STEP_DOWN] = "step-down",
	[FAULT_SHUTDOWN] = "shutdown",
	[FAULT_SWALLOWED] = "touches-lost-and-cut-off",
	[FAULT_DEAF] = "hears-nothing",
	[FAULT_SMALL_ONLY] = "all-but-small-requests-lost",
	[FAULT_DAMAGE] = "bytes-damaged",
};

const char *plan_fault_name(enum fault_type type)
{
	return names[type];
}

/* ---- drawn ---- */

/* D9: what it takes from the tolerance leaves room. */
static void choose_revoke(struct world *w)
{
	usec_t tolerance = lease_tolerance(&w->lease);

	w->revoke = between(w, MS(50),
	                    (tolerance - lease_heartbeat_period(&w->lease)) *
	                            (percent(w, 80) ? 3 : 9) / 10);
}

static void choose_modes(struct world *w, enum jobmanager_modes modes)
{
	uint64_t kind = below(w, 10);

	if (modes == MODES_ANY)
		modes = kind < 3 ? MODES_COLD : kind < 8 ? MODES_HOT : MODES_MIXED;
	for (int m = 0; m < N_MEMBERS; m++)
		w->host[m].hot = modes == MODES_HOT || (modes == MODES_MIXED && percent(w, 50));
}

static void choose_times(struct world *w, enum jobmanager_modes modes)
{
	static const struct {
		unsigned T, k, stop;
	} sets[] = {
		{ 4000, 500, 200 }, { 10000, 2000, 500 }, { 6000, 1000, 300 }, { 2000, 200, 50 }
	};
	unsigned i = (unsigned)below(w, sizeof(sets) / sizeof(sets[0]));

	w->T = MS(sets[i].T);
	w->k = MS(sets[i].k);
	w->stop = MS(sets[i].stop);
	w->lease = (struct lease_params){ .session = w->T, .tick = w->k, .stop = w->stop };
	w->takeover = MS(between(w, 3000, 30000));
	w->silence = MS(between(w, 2000, 5000));
	w->ready = w->silence + MS(between(w, 1000, 6000));
	choose_revoke(w);
	choose_modes(w, modes);
	w->io = MS(between(w, 500, 5000));
	w->pace = percent(w, 25) ? 0 : percent(w, 70) ? w->T : MS(200);
	w->one_server = percent(w, 85) ? N_SERVERS : below(w, N_SERVERS);
	w->stale = percent(w, 40) ? 0 : between(w, 5, 40);
	w->expirer_slow = percent(w, 50) ? 0 : 50;
	for (int m = 0; m < N_MEMBERS; m++) {
		w->host[m].offset = (int64_t)between(w, MS(1000), MS(10000000));
		w->host[m].ppm = (int64_t)below(w, 1000) - 500;
	}
	w->snapshots = percent(w, 60);
}

/* As small as there is room for a lease. */
usec_t plan_smaller_session(struct world *w)
{
	struct lease_params p = w->lease;

	p.revoke = w->revoke;
	do
		p.session = w->T * between(w, 40, percent(w, 80) ? 60 : 100) / 100;
	while (!lease_has_room(&p));
	return p.session;
}

/* Servers that do not agree how long a session may or has to be: a client that comes to another one
 * gets another T (A7).  One of them may grant too little for any lease. */
static void choose_limits(struct world *w)
{
	usec_t smaller = plan_smaller_session(w), larger = w->T * between(w, 105, 200) / 100;

	for (int i = 0; i < N_SERVERS; i++) {
		uint64_t kind = below(w, 3);

		if (kind == 0)
			w->zk.server[i].max_session = smaller;
		else if (kind == 1)
			w->zk.server[i].min_session = larger;
	}
	if (percent(w, 30) && w->one_server == N_SERVERS)
		w->zk.server[below(w, N_SERVERS)] = (struct sim_server){ .max_session = 2 * w->k };
}

static usec_t duration(struct world *w)
{
	switch (below(w, 4)) {
	case 0:
		return between(w, MS(1), MS(100));
	case 1:
		return between(w, MS(50), lease_length(&w->lease));
	case 2:
		return between(w, lease_length(&w->lease), w->T + 2 * w->k);
	default:
		return between(w, MS(10), 2 * w->T);
	}
}

static void plan_one(struct world *w, struct fault *f)
{
	*f = (struct fault){
		.type = (enum fault_type)between(w, FAULT_NONE + 1, FAULT_DAMAGE - 1),
		.who = percent(w, 50) ? LEADER : (int)below(w, N_MEMBERS),
		.lasts = duration(w),
	};
	if (percent(w, 45)) {
		f->by_command = true;
		f->command = (unsigned)below(w, N_TRIGGERS);
		f->count = (unsigned)between(w, 1, f->command == CORE_CMD_HEARTBEAT ? 12 : 3);
		f->after = percent(w, 40) ? 0 : between(w, 0, percent(w, 70) ? MS(2) : MS(300));
	} else {
		f->after = between(w, MS(20), w->faults_end * 2 / 3);
	}
}

/* A node is made anew too rarely for its answer to be lost by chance. */
static void lose_rejoin(struct world *w, const struct fault *removed)
{
	if (removed->type != FAULT_MEMBER_REMOVED || w->n_faults == MAX_FAULTS || percent(w, 50))
		return;
	w->fault[w->n_faults++] = (struct fault){
		.type = FAULT_BREAK,
		.who = removed->who,
		.by_command = true,
		.command = CORE_CMD_REJOIN,
		.count = 1,
		.after = between(w, 0, MS(2)),
	};
}

/* Bytes change, and then somebody has to read them.  Of what is asked of a run without damage some
 * is not asked of it: few runs have any. */
void plan_damage(struct world *w)
{
	static const enum fault_type reads[] = { FAULT_ELECTOR_CRASH, FAULT_ELECTOR_CRASH,
		                                 FAULT_HOST_LOST, FAULT_SWITCHOVER };
	usec_t when = between(w, MS(1000), w->faults_end);

	for (uint64_t n = between(w, 1, 3); n > 0 && w->n_faults + 1 < MAX_FAULTS; n--) {
		w->fault[w->n_faults++] =
		        (struct fault){ .type = FAULT_DAMAGE, .who = ANYBODY, .after = when };
		when += between(w, 0, MS(1000));
		w->fault[w->n_faults++] = (struct fault){
			.type = reads[below(w, 4)],
			.who = percent(w, 50) ? LEADER : (int)below(w, N_MEMBERS),
			.after = when,
			.lasts = between(w, MS(100), w->T),
		};
	}
	if (w->pace == 0)
		w->pace = MS(200);
}

static void plan_short_outage(struct world *w)
{
	usec_t tolerance = lease_tolerance(&w->lease);

	for (int m = 0; m < N_MEMBERS; m++)
		if (w->host[m].hot)
			tolerance = lease_tolerance(&w->lease) - w->revoke;
	w->n_faults = 1;
	w->fault[0] = (struct fault){
		.type = percent(w, 50) ? FAULT_OUTAGE : FAULT_LEADER_CHANGE,
		.after = w->T + 2 * w->k + between(w, MS(1000), MS(3000)),
		.lasts = between(w, MS(1), usec_sub(tolerance, MS(100))),
	};
	w->faults_end = w->fault[0].after + 2 * w->T;
}

static void plan_elector_crashes(struct world *w)
{
	usec_t when = w->T + 2 * w->k + MS(1000), most = lease_tolerance(&w->lease) / 3;

	/* D9 leaves room for an outage, not for one elector after the other. */
	if (w->revoke > most)
		w->revoke = most;
	for (w->n_faults = 0; w->n_faults < 3; w->n_faults++) {
		struct fault *f = &w->fault[w->n_faults];

		*f = (struct fault){ .type = FAULT_ELECTOR_CRASH, .who = LEADER };
		f->after = when += between(w, w->k, 2 * w->k);
		/* The stream beats once a second: a lease that is hardly longer may pass for a
		 * JobManager that hears nothing before it passes for its elector. */
		if (lease_length(&w->lease) > MS(2000) && percent(w, 50)) {
			f->type = FAULT_ELECTOR_STOP;
			f->lasts = between(w, MS(1), MS(900));
		}
	}
	w->faults_end = when + w->T;
}

static void choose_faults(struct world *w, int only_case)
{
	uint64_t mode = below(w, 16);
	unsigned n;

	w->mode = mode == 0 ? RUN_SHORT_OUTAGE : mode == 1 ? RUN_ELECTOR_CRASHES : RUN_FAULTS;
	if (only_case >= 0 || (mode >= 2 && mode <= 4)) {
		w->mode = RUN_FAULTS;
		case_plan(w, only_case);
	} else if (w->mode == RUN_SHORT_OUTAGE) {
		plan_short_outage(w);
	} else if (w->mode == RUN_ELECTOR_CRASHES) {
		plan_elector_crashes(w);
	} else {
		w->faults_end = between(w, MS(2000), 3 * w->T);
		w->n_faults = n = (unsigned)between(w, 1, percent(w, 70) ? 6 : 16);
		for (unsigned i = 0; i < n; i++) {
			plan_one(w, &w->fault[i]);
			lose_rejoin(w, &w->fault[i]);
		}
		if (percent(w, 7))
			choose_limits(w);
		if (percent(w, 8))
			plan_damage(w);
	}
}

void plan_draw(struct world *w, int only_case, enum jobmanager_modes modes)
{
	for (int i = 0; i < N_SERVERS; i++)
		w->zk.server[i].max_session = USEC_INFINITY;
	choose_times(w, modes);
	choose_faults(w, only_case);
}

/* ---- as text ---- */

static const char *trigger_name(unsigned trigger)
{
	static const char *const action[] = { "open-segment", "append", "move-register",
		                              "read-register", "catch-up" };

	return trigger < CORE_N_COMMANDS_ ? core_command_name((enum core_command_type)trigger)
	                                  : action[trigger - CORE_N_COMMANDS_];
}

static void write_fault(const struct fault *f, FILE *to)
{
	fprintf(to, "fault %s who=%d after=%" PRIu64 " lasts=%" PRIu64, names[f->type], f->who,
	        f->after, f->lasts);
	if (f->by_command)
		fprintf(to, " on=%s count=%u", trigger_name(f->command), f->count);
	fputs(f->follows ? " follows\n" : "\n", to);
}

/* The numbers of a plan, by name. */
struct number {
	const char *name;
	usec_t *at;
};

enum { N_NUMBERS = 14 + 2 * N_SERVERS + 2 * N_MEMBERS };

static void numbers_of(struct world *w, struct number ret[N_NUMBERS])
{
	static const char *const min[] = { "min0", "min1", "min2" };
	static const char *const max[] = { "max0", "max1", "max2" };
	static const char *const offset[] = { "offset-a", "offset-b", "offset-c" };
	static const char *const ppm[] = { "ppm-a", "ppm-b", "ppm-c" };
	const struct number fixed[] = {
		{ "T", &w->T },
		{ "k", &w->k },
		{ "stop", &w->stop },
		{ "takeover", &w->takeover },
		{ "revoke", &w->revoke },
		{ "silence", &w->silence },
		{ "ready", &w->ready },
		{ "io", &w->io },
		{ "pace", &w->pace },
		{ "stale", &w->stale },
		{ "snapshots", &w->snapshots },
		{ "one-server", &w->one_server },
		{ "slow-expirer", &w->expirer_slow },
		{ "end", &w->faults_end },
	};
	unsigned n = sizeof(fixed) / sizeof(fixed[0]);

	memcpy(ret, fixed, sizeof(fixed));
	for (int i = 0; i < N_SERVERS; i++) {
		ret[n++] = (struct number){ min[i], &w->zk.server[i].min_session };
		ret[n++] = (struct number){ max[i], &w->zk.server[i].max_session };
	}
	for (int m = 0; m < N_MEMBERS; m++) {
		ret[n++] = (struct number){ offset[m], (usec_t *)&w->host[m].offset };
		ret[n++] = (struct number){ ppm[m], (usec_t *)&w->host[m].ppm };
	}
}

void plan_write(struct world *w, FILE *to)
{
	struct number number[N_NUMBERS];

	numbers_of(w, number);
	fprintf(to, "plan mode=%d hot=%d%d%d", (int)w->mode, w->host[0].hot, w->host[1].hot,
	        w->host[2].hot);
	for (unsigned i = 0; i < N_NUMBERS; i++)
		if (*number[i].at != 0 && *number[i].at != USEC_INFINITY)
			fprintf(to, " %s=%" PRId64, number[i].name, (int64_t)*number[i].at);
	fputc('\n', to);
	for (unsigned i = 0; i < w->n_faults; i++)
		write_fault(&w->fault[i], to);
}

static bool read_times(struct world *w, char *words)
{
	struct number number[N_NUMBERS];
	char *save, *value;

	numbers_of(w, number);
	for (char *word = strtok_r(words, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save)) {
		unsigned i = 0;

		value = strchr(word, '=');
		if (value == NULL)
			return false;
		*value++ = '\0';
		while (i < N_NUMBERS && strcmp(word, number[i].name) != 0)
			i++;
		if (i < N_NUMBERS)
			*number[i].at = (usec_t)strtoll(value, NULL, 10);
		else if (strcmp(word, "mode") == 0)
			w->mode = (enum run_mode)atoi(value);
		else if (strcmp(word, "hot") == 0)
			for (int m = 0; m < N_MEMBERS; m++)
				w->host[m].hot = value[m] == '1';
		else
			return false;
	}
	w->lease = (struct lease_params){ .session = w->T, .tick = w->k, .stop = w->stop };
	return w->T > 0 && w->k > 0 && w->faults_end > 0;
}

static bool read_fault(struct world *w, const char *text)
{
	struct fault *f = &w->fault[w->n_faults];
	char name[40], on[40] = "", last[10] = "";
	int n = sscanf(text, "%39s who=%d after=%" SCNu64 " lasts=%" SCNu64 " on=%39s count=%u %9s",
	               name, &f->who, &f->after, &f->lasts, on, &f->count, last);

	if (n < 4 || w->n_faults == MAX_FAULTS)
		return false;
	f->by_command = n >= 6;
	f->follows = strstr(text, " follows") != NULL;
	while (f->type < FAULT_N_ && strcmp(names[f->type], name) != 0)
		f->type++;
	while (f->by_command && f->command < N_TRIGGERS &&
	       strcmp(trigger_name(f->command), on) != 0)
		f->command++;
	w->n_faults++;
	return f->type < FAULT_N_ && f->command < N_TRIGGERS;
}

bool plan_read(struct world *w, FILE *from)
{
	char line[1000];
	bool good = false;

	for (int i = 0; i < N_SERVERS; i++)
		w->zk.server[i].max_session = USEC_INFINITY;
	while (fgets(line, sizeof(line), from) != NULL) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (strncmp(line, "plan ", 5) == 0)
			good = read_times(w, line + 5);
		else if (strncmp(line, "fault ", 6) != 0 || !read_fault(w, line + 6))
			return false;
	}
	return good;
}
