/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and processor time of guard and elector. */
#include "tests/bench/measures.h"

#include <stdio.h>

#include "tests/bench/load.h"
#include "tests/bench/process.h"

enum { MANY_POINTERS = 10000 };

static void report_memory(struct report *r, const struct member *m, const char *role)
{
	pid_t elector = member_elector(m);
	double pss = (process_memory(m->guard, "Pss") + process_memory(elector, "Pss")) / 1024;
	double own =
	        (process_memory(m->guard, "Pss_Anon") + process_memory(elector, "Pss_Anon")) / 1024;
	char what[48];
	struct row *row;

	(void)snprintf(what, sizeof(what), "memory of a %s, 10,000 pointers", role);
	row = report_figure(r, what, "MiB", pss, 20, false);
	row_ratio(row, "%.1f anonymous, guard %.1f", own, process_memory(m->guard, "Pss") / 1024);
}

void measure_memory(struct cluster *c, struct report *r)
{
	uint64_t epoch;
	const struct member *leader = cluster_settle(c, &epoch), *standby = NULL;
	double until = bench_now() + 30e3;

	(void)fprintf(stderr, "bench: memory\n");
	load_fill(leader->socket, 0, MANY_POINTERS);
	for (unsigned i = 0; i < c->n; i++)
		if (&c->member[i] != leader)
			standby = &c->member[i];
	while (standby && member_pointers(standby) < MANY_POINTERS && bench_now() < until)
		bench_sleep(50);
	(void)cluster_settle(c, &epoch);
	report_memory(r, leader, "leader");
	if (standby)
		report_memory(r, standby, "standby");
}

/* Three members on one machine share their libraries; one alone pays for all of them. */
void measure_memory_alone(struct cluster *c, struct report *r)
{
	uint64_t epoch;
	const struct member *leader = cluster_settle(c, &epoch);

	for (unsigned i = 0; i < c->n; i++)
		if (&c->member[i] != leader)
			member_stop(&c->member[i]);
	report_memory(r, leader, "leader alone");
}

/* ms of processor time of guard and elector. */
static double time_of(const struct member *m)
{
	const pid_t pids[] = { m->guard, member_elector(m) };

	return process_spent(pids, 2).cpu;
}

/* How often the two were woken: voluntary switches of all their threads' first. */
static double wakes_of(const struct member *m)
{
	const pid_t pids[] = { m->guard, member_elector(m) };
	double n = 0;

	for (size_t i = 0; i < 2; i++) {
		char path[64], line[256];
		double value;
		FILE *f;

		(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pids[i]);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "voluntary_ctxt_switches: %lf", &value) == 1)
				n += value;
		if (f)
			(void)fclose(f);
	}
	return n;
}

void measure_idle(struct cluster *c, struct report *r, double seconds)
{
	uint64_t epoch;
	const struct member *leader = cluster_settle(c, &epoch);
	double cpu[MEMBERS_MAX], wakes[MEMBERS_MAX], since = bench_now();

	(void)fprintf(stderr, "bench: idle for %g s\n", seconds);
	for (unsigned i = 0; i < c->n; i++) {
		cpu[i] = time_of(&c->member[i]);
		wakes[i] = wakes_of(&c->member[i]);
	}
	bench_sleep(seconds * 1e3);
	for (unsigned i = 0; i < c->n; i++) {
		double ms = bench_now() - since;
		char what[48];
		struct row *row;

		(void)snprintf(what, sizeof(what), "processor, idle %s",
		               &c->member[i] == leader ? "leader" : "standby");
		row = report_figure(r, what, "%", (time_of(&c->member[i]) - cpu[i]) / ms * 100, 0.3,
		                    false);
		row_ratio(row, "%.0f wake-ups a second",
		          (wakes_of(&c->member[i]) - wakes[i]) / ms * 1e3);
	}
}
