/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures a cluster whose files tests/bench/run has made, and prints one table.
 *
 *	bench -d DIR -b JMHAD -z SERVERS [-r RUNS] [-s IDLE_SECONDS] [-o PART,..] MEMBER..
 *
 * Nothing here fails because of a figure: a shared machine has bad moments.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "tests/bench/measures.h"

enum { POINTERS = 1000, COMMIT_SECONDS = 5, WARM_UP_SECONDS = 8 };

struct options {
	const char *dir, *jmhad, *servers, *only;
	unsigned runs, idle_seconds;
};

static bool wanted(const struct options *o, const char *part)
{
	return !o->only || strstr(o->only, part);
}

static void usage(void)
{
	(void)fprintf(
	        stderr,
	        "usage: bench -d DIR -b JMHAD -z SERVERS [-r RUNS] [-s IDLE_SECONDS]\n"
	        "             [-o jobmanager,switchover,elector,release,commits,memory,idle]\n"
	        "             MEMBER..\n");
	exit(2);
}

static unsigned number(const char *text)
{
	uint64_t n;

	if (parse_uint64(text, 1, 100000, &n) < 0)
		usage();
	return (unsigned)n;
}

static void read_options(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .runs = 50, .idle_seconds = 30 };
	while ((c = getopt(argc, argv, "d:b:z:r:s:o:")) != -1) {
		if (c == 'd')
			o->dir = optarg;
		else if (c == 'b')
			o->jmhad = optarg;
		else if (c == 'z')
			o->servers = optarg;
		else if (c == 'r')
			o->runs = number(optarg);
		else if (c == 's')
			o->idle_seconds = number(optarg);
		else if (c == 'o')
			o->only = optarg;
		else
			usage();
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
	struct samples ignored = { 0 };

	(void)fprintf(stderr, "bench: warming up\n");
	load_fill(leader, 0, POINTERS);
	(void)load_run(leader, 8, WARM_UP_SECONDS, POINTERS, &ignored);
	samples_done(&ignored);
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

/* The baselines right before, when the servers are as warm. */
static void compare_commits(struct cluster *c, struct report *r, const struct options *o)
{
	double alone = measure_disk(o->dir, r) + measure_zookeeper(o->servers, r);

	measure_commits(c, r, COMMIT_SECONDS);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->row[i].what, "pointer commit, 1 client") == 0)
			row_ratio(&r->row[i], "%.1f x disk + ZooKeeper alone",
			          r->row[i].p50 / alone);
}

int main(int argc, char **argv)
{
	static struct report report;
	struct cluster c;
	struct options o;
	uint64_t epoch;

	read_options(argc, argv, &o);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	load_average("before");
	cluster_open(&c, o.dir, o.jmhad, argv + optind, (unsigned)(argc - optind));
	cluster_start(&c);
	warm_up(cluster_settle(&c, &epoch));
	measure_failover(&c, &report, &o);
	if (wanted(&o, "commits"))
		compare_commits(&c, &report, &o);
	if (wanted(&o, "memory"))
		measure_memory(&c, &report);
	if (wanted(&o, "idle"))
		measure_idle(&c, &report, o.idle_seconds);
	if (wanted(&o, "memory"))
		measure_memory_alone(&c, &report);
	cluster_stop(&c);
	load_average("after");
	printf("\n");
	report_print(&report);
	return 0;
}
