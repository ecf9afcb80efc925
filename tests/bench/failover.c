/* SPDX-License-Identifier: Apache-2.0 */
/* From a death, or an order, to the first action of the next JobManager. */
#include "tests/bench/measures.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/http.h"

/* What the new leader itself says about its takeover. */
struct parts {
	struct samples total, claim, grant;
};

static void note_parts(struct cluster *c, const struct started *s, struct parts *p)
{
	json_t *status = member_status(cluster_member(c, s->member));
	json_t *last = json_object_get(status, "last_transition");

	samples_add(&p->claim, json_number_value(json_object_get(last, "claim_ms")));
	samples_add(&p->grant, json_number_value(json_object_get(last, "grant_ms")));
	json_decref(status);
}

static void report_parts(struct report *r, struct parts *p)
{
	(void)report_samples(r, "  of it: claim, until ZooKeeper has answered", &p->claim, 0, 0);
	(void)report_samples(r, "  of it: log, segment, page, until granted", &p->grant, 0, 0);
	samples_done(&p->total);
	samples_done(&p->claim);
	samples_done(&p->grant);
}

static void progress(const char *what, unsigned i, unsigned runs)
{
	if (i == 0)
		(void)fprintf(stderr, "bench: %s, %u runs\n", what, runs);
}

void measure_jobmanager_kill(struct cluster *c, struct report *r, unsigned runs)
{
	struct parts p = { 0 };

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0;
		struct member *leader = cluster_settle(c, &epoch);
		struct started s;
		double since;

		progress("kill -9 of the JobManager", i, runs);
		since = bench_now();
		(void)kill(member_jobmanager(leader), SIGKILL);
		cluster_await_start(c, epoch, &s);
		samples_add(&p.total, s.at - since);
		note_parts(c, &s, &p);
		/* C2: its guard would wait longer after each further failure.  A new one knows of
		 * none. */
		member_stop(leader);
		member_start(leader, c);
	}
	(void)report_samples(r, "kill -9 of the JobManager to the next grant", &p.total, 25, 60);
	report_parts(r, &p);
}

/* Sends the order and waits for the JobManager, then for the answer. */
static void switch_over(struct cluster *c, const struct member *leader, uint64_t epoch,
                        struct parts *p, struct samples *answer)
{
	double since = bench_now();
	int fd = http_connect(leader->socket);
	struct started s;
	int status;

	if (fd < 0 || http_send(fd, "POST", "/v1/switchover", "{}", 2) < 0)
		bench_die("%s cannot be asked", leader->name);
	cluster_await_start(c, epoch, &s);
	status = http_receive(fd, NULL);
	samples_add(answer, bench_now() - since);
	if (status != 200)
		bench_die("switchover was answered with %d", status);
	(void)close(fd);
	samples_add(&p->total, s.at - since);
	note_parts(c, &s, p);
}

void measure_switchover(struct cluster *c, struct report *r, unsigned runs)
{
	struct samples answer = { 0 };
	struct parts p = { 0 };

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0;
		const struct member *leader = cluster_settle(c, &epoch);

		progress("orderly switchover", i, runs);
		switch_over(c, leader, epoch, &p, &answer);
	}
	(void)report_samples(r, "orderly switchover, asked to the next grant", &p.total, 15, 0);
	(void)report_samples(r, "  until whoever asked has the answer", &answer, 0, 0);
	report_parts(r, &p);
	samples_done(&answer);
}

/* ---- the elector */

struct resumed {
	struct samples answers, whole, lease;
	unsigned transitions;
};

/* The new elector: when it answers, when it is connected again, how short the lease became. */
static void watch_resume(const struct member *leader, double since, struct resumed *v)
{
	double lowest = 1e9;
	bool whole = false;
	unsigned answers = 0;

	while (!whole && bench_now() - since < 10000) {
		json_t *s = member_status(leader);
		const char *state = json_string_value(json_object_get(s, "state"));
		json_t *zk = json_object_get(s, "zookeeper");
		double lease = json_number_value(json_object_get(s, "lease_ms"));

		if (state && answers++ == 0)
			samples_add(&v->answers, bench_now() - since);
		if (state && strcmp(state, "leader") == 0 && lease < lowest)
			lowest = lease;
		/* Renewed: longer than when it was lowest. */
		whole = json_is_true(json_object_get(zk, "connected")) && lease > lowest;
		json_decref(s);
		bench_sleep(1);
	}
	if (whole)
		samples_add(&v->whole, bench_now() - since);
	samples_add(&v->lease, lowest);
}

void measure_elector_kill(struct cluster *c, struct report *r, unsigned runs)
{
	struct resumed v = { 0 };
	struct started ignored;
	struct row *row;

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0, after = 0;
		struct member *leader = cluster_settle(c, &epoch);
		pid_t jobmanager = member_jobmanager(leader);
		double since = bench_now();

		progress("kill -9 of the elector", i, runs);
		(void)kill(member_elector(leader), SIGKILL);
		watch_resume(leader, since, &v);
		/* Longer than what was left of the lease: had it not been renewed, it would show.
		 */
		if (cluster_starts_within(c, 250, &ignored) ||
		    cluster_settle(c, &after) != leader || after != epoch ||
		    member_jobmanager(leader) != jobmanager)
			v.transitions++;
	}
	row = report_figure(r, "kill -9 of the elector: transitions, of all runs", "",
	                    v.transitions, 0.5, false);
	row->runs = 0;
	(void)snprintf(row->target, sizeof(row->target), "none of %u", runs);
	(void)report_samples(r, "  until the next elector answers", &v.answers, 0, 0);
	(void)report_samples(r, "  until it has renewed the lease", &v.whole, 0, 0);
	row = report_samples(r, "  lease left when it was shortest", &v.lease, 0, 0);
	row_ratio(row, "%zu of %u leases renewed", v.whole.n, runs);
	samples_done(&v.answers);
	samples_done(&v.whole);
	samples_done(&v.lease);
}

/* ---- the guard */

void measure_release(struct cluster *c, struct report *r, unsigned runs)
{
	struct samples itself = { 0 };
	struct parts p = { 0 };

	for (unsigned i = 0; i < runs; i++) {
		uint64_t epoch = 0;
		struct member *leader = cluster_settle(c, &epoch);
		struct started s;
		double since;

		progress("kill -9 of the guard and --release", i, runs);
		member_kill(leader);
		since = bench_now();
		samples_add(&itself, member_release(leader, c));
		cluster_await_start(c, epoch, &s);
		samples_add(&p.total, s.at - since);
		note_parts(c, &s, &p);
		member_start(leader, c);
	}
	(void)report_samples(r, "start of --release to the next grant", &p.total, 50, 0);
	(void)report_samples(r, "  until --release itself has ended", &itself, 0, 0);
	report_parts(r, &p);
	samples_done(&itself);
}
