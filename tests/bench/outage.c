/* SPDX-License-Identifier: Apache-2.0 */
/* What takes longer than milliseconds: a host lost, ZooKeeper's leader lost, all started at once.
 */
#include "tests/bench/measures.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/process.h"

static void progress(const char *what, unsigned i, unsigned runs)
{
	if (i == 0)
		(void)fprintf(stderr, "bench: %s, %u runs\n", what, runs);
}

/* ---- a host lost */

/* What the power switch does: all of it stands still at once, then is gone; nothing is handed over,
 * and of the runtime directory, a tmpfs, nothing is left. */
static void lose_host(struct member *m)
{
	const pid_t job = member_jobmanager(m), elector = member_elector(m);
	static const char *const files[] = { "session", "jobmanager", "lock" };
	char path[400];

	(void)kill(elector, SIGSTOP);
	(void)kill(m->guard, SIGSTOP);
	(void)kill(job, SIGKILL);
	(void)kill(elector, SIGKILL);
	member_kill(m);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/run/%s", m->dir, files[i]);
		(void)unlink(path);
	}
}

void measure_host_lost(struct cluster *c, struct report *r, const struct times *t, unsigned runs)
{
	struct samples total = { 0 };
	double bound = t->session_ms + t->tick_ms + 20;
	unsigned within = 0;
	struct row *row;

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0;
		struct member *leader = cluster_settle(c, &epoch);
		struct started s;
		double since;

		progress("host of the leader lost", i, runs);
		since = bench_now();
		lose_host(leader);
		cluster_await_start(c, epoch, &s);
		samples_add(&total, s.at - since);
		within += s.at - since <= bound;
		member_start(leader, c);
	}
	row = report_samples(r, "host of the leader lost, to the next grant", &total, bound, bound);
	(void)snprintf(row->target, sizeof(row->target), "all <= T + k + 20 = %.0f", bound);
	(void)snprintf(row->verdict, sizeof(row->verdict), "%s", within == runs ? "met" : "missed");
	row_ratio(row, "%u of %u within it", within, runs);
	samples_done(&total);
}

/* ---- ZooKeeper's leader */

/* Runs zk-ensemble; what it prints is a number, or nothing. */
static unsigned ensemble(const struct cluster *c, const char *verb, unsigned server)
{
	char dir[300], number[16], line[64];
	const char *argv[] = { c->ensemble, verb, dir, server ? number : NULL, NULL };

	(void)snprintf(dir, sizeof(dir), "%s/zk", c->dir);
	(void)snprintf(number, sizeof(number), "%u", server);
	if (process_run(argv, line, sizeof(line)) != 0)
		bench_die("zk-ensemble %s failed", verb);
	return line[0] ? (unsigned)line[0] - '0' : 0;
}

/* The lowest that the lease came to until it is whole again, and how long no heartbeat was
 * answered: what it had been renewed to at the kill less that. */
static double watch_lease(const struct member *leader, const struct times *t, double *ret_outage)
{
	double lowest = t->lease_ms, until = bench_now() + 3 * t->session_ms;

	while (bench_now() < until) {
		json_t *s = member_status(leader);
		double lease = json_number_value(json_object_get(s, "lease_ms"));

		if (s && lease < lowest)
			lowest = lease;
		json_decref(s);
		bench_sleep(5);
	}
	*ret_outage = t->lease_ms - lowest;
	return lowest;
}

void measure_zookeeper_leader(struct cluster *c, struct report *r, const struct times *t,
                              unsigned runs)
{
	struct samples outage = { 0 }, lowest = { 0 };
	unsigned transitions = 0, in_time = 0, late = 0;
	struct row *row;

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0, after = 0;
		struct member *leader = cluster_settle(c, &epoch);
		pid_t job = member_jobmanager(leader);
		unsigned server = ensemble(c, "leader", 0);
		double gap = 0;
		bool same;

		progress("ZooKeeper's leader killed", i, runs);
		(void)ensemble(c, "kill-one", server);
		samples_add(&lowest, watch_lease(leader, t, &gap));
		samples_add(&outage, gap);
		(void)ensemble(c, "start-one", server);
		same = cluster_settle(c, &after) == leader && after == epoch &&
		       member_jobmanager(leader) == job;
		if (gap <= t->tolerance_ms) {
			in_time++;
			transitions += !same;
		} else {
			late += !same;
		}
	}
	row = report_figure(r, "ZooKeeper's leader killed: transitions when back in time", "",
	                    transitions, 0.5, false);
	(void)snprintf(row->target, sizeof(row->target), "none of %u", in_time);
	row_ratio(row, "back within %.0f ms: %u of %u; beyond: %u, %u of them changed",
	          t->tolerance_ms, in_time, runs, runs - in_time, late);
	(void)report_samples(r, "  longest time without an answered heartbeat", &outage, 0, 0);
	(void)report_samples(r, "  lease left when it was shortest", &lowest, 0, 0);
	samples_done(&outage);
	samples_done(&lowest);
}

/* ---- all at once */

void measure_start_together(struct cluster *c, struct report *r, unsigned runs)
{
	struct samples total = { 0 };
	unsigned more = 0;
	struct row *row;
	char what[56];

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0, after = 0;
		struct started first, next;
		double since;

		(void)cluster_settle(c, &epoch);
		progress("all members started at once", i, runs);
		cluster_stop(c);
		while (cluster_starts_within(c, 0,
		                             &next)) /* of whom they handed over to on the way */
			epoch = next.epoch;
		since = bench_now();
		cluster_start(c);
		cluster_await_start(c, epoch, &first);
		samples_add(&total, first.at - since);
		while (cluster_starts_within(c, 3000, &next))
			more++;
		(void)cluster_settle(c, &after);
		more += after != first.epoch;
	}
	(void)snprintf(what, sizeof(what), "%u members started at once: takeovers beyond one",
	               c->n);
	row = report_figure(r, what, "", more, 0.5, false);
	(void)snprintf(row->target, sizeof(row->target), "none in %u starts", runs);
	(void)report_samples(r, "  from the start to the grant", &total, 0, 0);
	samples_done(&total);
}
