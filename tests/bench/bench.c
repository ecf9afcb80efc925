/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures a cluster whose files tests/bench/run has made, and prints one table.
 *
 *	bench -d DIR -b JMHAD -z SERVERS [-e ZK_ENSEMBLE] [-r RUNS] [-s IDLE_SECONDS]
 *	      [-j JITTER_SECONDS] [-E ETCD] [-c ROUNDS] [-w COMMIT_SECONDS]
 *	      [-p MOST_POINTERS] [-t POINTS] [-o PART,..] MEMBER..
 *
 * Three members are measured; the others take part in the start of all at once.
 * Nothing here fails because of a figure: a shared machine has bad moments.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "tests/bench/load.h"
#include "tests/bench/measures.h"

enum { WARM_UP_SECONDS = 8, MEMBERS = 3 };

struct options {
	const char *dir, *jmhad, *servers, *only, *ensemble, *etcd, *points;
	unsigned runs, idle_seconds, jitter_seconds, commit_rounds, commit_seconds, pointers;
};

static bool wanted(const struct options *o, const char *part)
{
	return !o->only || strstr(o->only, part);
}

static void usage(void)
{
	(void)fprintf(
	        stderr,
	        "usage: bench -d DIR -b JMHAD -z SERVERS [-e ZK_ENSEMBLE] [-r RUNS]\n"
	        "             [-s IDLE_SECONDS] [-j JITTER_SECONDS] [-E ETCD] [-c ROUNDS]\n"
	        "             [-w COMMIT_SECONDS] [-p MOST_POINTERS] [-t POINTS]\n"
	        "             [-o jobmanager,switchover,elector,release,host,zookeeper,together,\n"
	        "                 jitter,commits,memory,idle,pointers] MEMBER..\n");
	exit(2);
}

static unsigned number(const char *text)
{
	uint64_t n;

	if (parse_uint64(text, 1, 10000000, &n) < 0)
		usage();
	return (unsigned)n;
}

static void read_options(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .runs = 50,
		               .idle_seconds = 30,
		               .jitter_seconds = 260,
		               .commit_rounds = 3,
		               .commit_seconds = 5,
		               .pointers = 1000000 };
	while ((c = getopt(argc, argv, "d:b:z:e:E:t:o:r:s:j:c:w:p:")) != -1) {
		const struct {
			int option;
			const char **text;
			unsigned *number;
		} known[] = {
			{ 'd', &o->dir, NULL },           { 'b', &o->jmhad, NULL },
			{ 'z', &o->servers, NULL },       { 'e', &o->ensemble, NULL },
			{ 'E', &o->etcd, NULL },          { 't', &o->points, NULL },
			{ 'o', &o->only, NULL },          { 'r', NULL, &o->runs },
			{ 's', NULL, &o->idle_seconds },  { 'j', NULL, &o->jitter_seconds },
			{ 'c', NULL, &o->commit_rounds }, { 'w', NULL, &o->commit_seconds },
			{ 'p', NULL, &o->pointers },
		};
		size_t i = 0;

		while (i < N_ELEMENTS(known) && known[i].option != c)
			i++;
		if (i == N_ELEMENTS(known))
			usage();
		if (known[i].text)
			*known[i].text = optarg;
		else
			*known[i].number = number(optarg);
	}
	if (!o->dir || !o->jmhad || !o->servers || optind == argc)
		usage();
}

static void load_average(const char *when)
{
	double load = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	if (f && fscanf(f, "%lf", &load) == 1)
		printf("load %s: %.2f over the last minute\n", when, load);
	if (f)
		(void)fclose(f);
}

/* The pointers, and some seconds of writes: servers that have just started compile their Java. */
static void warm_up(const struct member *leader)
{
	struct load_plan plan = { .target = &load_jmha,
		                  .where = leader->socket,
		                  .writers = 8,
		                  .to = LOAD_KEYS,
		                  .seconds = WARM_UP_SECONDS };

	(void)fprintf(stderr, "bench: warming up\n");
	load_fill(leader->socket, 0, LOAD_KEYS);
	(void)load_run(&plan, NULL);
}

static void measure_failover(struct cluster *c, struct report *r, const struct options *o)
{
	if (wanted(o, "switchover"))
		measure_switchover(c, r, o->runs);
	if (wanted(o, "jobmanager"))
		measure_jobmanager_kill(c, r, o->runs);
	if (wanted(o, "elector"))
		measure_elector_kill(c, r, o->runs < 20 ? o->runs : 20);
	if (wanted(o, "release"))
		measure_release(c, r, o->runs);
}

static void read_times(struct cluster *c, struct times *ret)
{
	uint64_t epoch;
	json_t *s = member_status(cluster_settle(c, &epoch)), *l = json_object_get(s, "lease");

	ret->session_ms =
	        json_number_value(json_object_get(json_object_get(s, "zookeeper"), "session_ms"));
	ret->tick_ms = json_number_value(json_object_get(l, "tick_ms"));
	ret->lease_ms = json_number_value(json_object_get(l, "length_ms"));
	ret->tolerance_ms = json_number_value(json_object_get(s, "tolerance_ms"));
	json_decref(s);
	if (ret->lease_ms <= 0)
		bench_die("the leader does not tell its lease");
}

static unsigned at_most(unsigned n, unsigned limit)
{
	return n < limit ? n : limit;
}

/* All members, those that are else not there, too. */
static void start_together(struct cluster *c, struct report *r, unsigned all, unsigned runs)
{
	unsigned few = c->n;

	for (unsigned i = few; i < all; i++)
		member_start(&c->member[i], c);
	c->n = all;
	measure_start_together(c, r, runs);
	for (unsigned i = few; i < all; i++)
		member_stop(&c->member[i]);
	c->n = few;
}

static void measure_outages(struct cluster *c, struct report *r, const struct options *o,
                            unsigned all)
{
	struct times t;

	read_times(c, &t);
	if (wanted(o, "host"))
		measure_host_lost(c, r, &t, at_most(o->runs, 30));
	if (wanted(o, "zookeeper") && c->ensemble)
		measure_zookeeper_leader(c, r, &t, at_most(o->runs, 10));
	if (wanted(o, "together"))
		start_together(c, r, all, at_most(o->runs, 10));
	if (wanted(o, "jitter"))
		measure_jitter(c, r, &t, o->jitter_seconds);
}

/* The baselines right before, when the servers are as warm. */
static void compare_commits(struct cluster *c, struct report *r, const struct options *o)
{
	double alone = measure_disk(o->dir, r) + measure_zookeeper(o->servers, r);
	const struct rivals rivals = { .dir = o->dir,
		                       .servers = o->servers,
		                       .etcd = o->etcd,
		                       .rounds = o->commit_rounds,
		                       .seconds = o->commit_seconds };

	measure_commits(c, r, &rivals);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->row[i].what, "commit, jmha, 1 writer") == 0)
			row_ratio(&r->row[i], "%.1f x disk + ZooKeeper alone",
			          r->row[i].p50 / alone);
}

static void open_points(struct report *r, const char *path)
{
	if (path && !(r->points = fopen(path, "we")))
		bench_die("%s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
	static struct report report;
	struct cluster c;
	struct options o;
	uint64_t epoch;
	unsigned all;

	read_options(argc, argv, &o);
	open_points(&report, o.points);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	load_average("before");
	cluster_open(&c, o.dir, o.jmhad, argv + optind, (unsigned)(argc - optind));
	c.ensemble = o.ensemble;
	all = c.n;
	c.n = at_most(all, MEMBERS);
	cluster_start(&c);
	warm_up(cluster_settle(&c, &epoch));
	measure_failover(&c, &report, &o);
	measure_outages(&c, &report, &o, all);
	if (wanted(&o, "commits"))
		compare_commits(&c, &report, &o);
	if (wanted(&o, "memory"))
		measure_memory(&c, &report);
	if (wanted(&o, "idle"))
		measure_idle(&c, &report, o.idle_seconds);
	if (wanted(&o, "memory"))
		measure_memory_alone(&c, &report);
	/* The last one: it leaves the members with as many pointers as it was told. */
	if (wanted(&o, "pointers"))
		measure_pointers(&c, &report, o.servers, o.pointers, at_most(o.runs, 10));
	cluster_stop(&c);
	load_average("after");
	printf("\n");
	report_print(&report);
	return report.points && fclose(report.points) != 0;
}
