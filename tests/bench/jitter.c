/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How late the leader's heartbeats are against h while processors and memory are busy: what the
 * elector itself counts in /metrics (jmha_heartbeat_late_seconds), from send to send of answered
 * ones, so answers that come late count, too.  A percentile is therefore a bound: "at most".
 */
#include "tests/bench/measures.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/lateness.h"
#include "tests/bench/http.h"

enum { CHILDREN_MAX = 32, MEMORY_MIB = 512 };

struct stress {
	pid_t child[CHILDREN_MAX];
	unsigned n;
};

/* ---- children that make it hard */

static volatile unsigned sink;

static void burn(void)
{
	for (;;)
		sink = sink * 1103515245u + 12345u;
}

/* Takes and gives back pages without end: page faults, reclaim, a busy memory bus. */
static void press(void)
{
	const size_t size = (size_t)MEMORY_MIB << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (p != MAP_FAILED) {
		for (size_t at = 0; at < size; at += 4096)
			p[at] = 1;
		(void)madvise(p, size, MADV_DONTNEED);
	}
	_exit(1);
}

static void stress_add(struct stress *s, void (*work)(void))
{
	pid_t parent = getpid(), pid;

	if (s->n == CHILDREN_MAX)
		return;
	pid = fork();
	if (pid < 0)
		bench_die("fork");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			work();
		_exit(1);
	}
	s->child[s->n++] = pid;
}

static void stress_end(struct stress *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		(void)kill(s->child[i], SIGKILL);
		(void)waitpid(s->child[i], NULL, 0);
	}
	s->n = 0;
}

/* ---- what the elector counted */

static void read_lateness(const struct member *m, struct lateness *ret)
{
	static char text[256 * 1024];
	char *line, *save = NULL;
	unsigned i = 0;

	memset(ret, 0, sizeof(*ret));
	if (http_get_text(m->socket, "/metrics", text, sizeof(text)) != 200)
		bench_die("%s does not say its metrics", m->name);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long long n;

		if (sscanf(line, "jmha_heartbeat_late_seconds_count %llu", &n) == 1)
			ret->n = n;
		else if (i < LATENESS_N_BOUNDS &&
		         sscanf(line, "jmha_heartbeat_late_seconds_bucket{le=\"%*[0-9.]\"} %llu",
		                &n) == 1)
			ret->within[i++] = n;
	}
	if (i != LATENESS_N_BOUNDS)
		bench_die("%s counts no heartbeats", m->name);
}

/* The bound that p of 100 keep; 9999: beyond the last. */
static double bound_of(const struct lateness *l, double p)
{
	for (unsigned i = 0; i < LATENESS_N_BOUNDS; i++)
		if ((double)l->within[i] >= p / 100 * (double)l->n)
			return lateness_bound_ms[i];
	return 9999;
}

static void measure_under(struct cluster *c, struct report *r, const struct times *t,
                          double seconds, const char *load)
{
	struct lateness before, after;
	const struct member *leader;
	uint64_t epoch, epoch_after;
	struct row *row;
	char what[56];

	leader = cluster_settle(c, &epoch);
	(void)fprintf(stderr, "bench: heartbeats, %s, %g s\n", load, seconds);
	read_lateness(leader, &before);
	bench_sleep(seconds * 1e3);
	read_lateness(leader, &after);
	after.n -= before.n;
	for (unsigned i = 0; i < LATENESS_N_BOUNDS; i++)
		after.within[i] -= before.within[i];
	(void)snprintf(what, sizeof(what), "heartbeat late, %s, p99.9", load);
	row = report_figure(r, what, "ms", bound_of(&after, 99.9), t->tick_ms / 2, false);
	row_ratio(row, "p50 <= %.0f, p99 <= %.0f, all <= %.0f of %llu; %s", bound_of(&after, 50),
	          bound_of(&after, 99), bound_of(&after, 100), (unsigned long long)after.n,
	          cluster_settle(c, &epoch_after) == leader && epoch_after == epoch
	                  ? "same term"
	                  : "term changed");
}

void measure_jitter(struct cluster *c, struct report *r, const struct times *t, double seconds)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct stress s = { .n = 0 };

	measure_under(c, r, t, seconds, "nothing else");
	for (long i = 0; i < 2 * processors; i++)
		stress_add(&s, burn);
	measure_under(c, r, t, seconds, "processors full");
	for (long i = 0; i < processors; i++)
		stress_add(&s, press);
	measure_under(c, r, t, seconds, "and memory pressed");
	stress_end(&s);
}
