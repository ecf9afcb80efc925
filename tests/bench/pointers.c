/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What grows with the number of pointers and what does not: a takeover by a warm standby, from the
 * moment the old leader's latch is gone; a cold start, from the start of the process; memory.
 * Granted means that all pointers are served: the log is read before (PROTOCOL section 5).
 */
#include "tests/bench/measures.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/http.h"
#include "tests/bench/load.h"
#include "tests/bench/process.h"
#include "tests/bench/zk.h"

enum { KEY_BYTES = 37, RUNS_OF_MANY = 3, MANY = 100000 };

#define WARM_MS  50.0
#define COLD_MS  400.0
#define READ_MS  600e3
#define BLINK_MS 2.0

/* Of one number of pointers. */
struct row_set {
	struct samples warm, own, served, granted, memory;
};

static void await_pointers(const struct member *m, double n)
{
	double until = bench_now() + READ_MS;

	while (member_pointers(m) < n) {
		if (bench_now() > until)
			bench_die("%s does not read all pointers, see %s", m->name, m->log);
		bench_sleep(BLINK_MS);
	}
}

static void fill(struct cluster *c, unsigned from, unsigned to)
{
	uint64_t epoch;
	(void)fprintf(stderr, "bench: %u pointers\n", to);
	load_fill(cluster_settle(c, &epoch)->socket, from, to);
	for (unsigned i = 0; i < c->n; i++)
		await_pointers(&c->member[i], to);
}

/* Not only their number: the last and the first one, as the new leader gives them. */
static void check_served(const struct member *m, unsigned n)
{
	const unsigned numbers[] = { 0, n - 1 };

	for (unsigned i = 0; i < 2; i++) {
		char key[LOAD_KEY_SIZE], path[80], value[4096];

		load_key(numbers[i], key);
		(void)snprintf(path, sizeof(path), "/v1/pointers/%s", key);
		if (http_get_text(m->socket, path, value, sizeof(value)) != 200 ||
		    strncmp(value, "file:///mnt/", 12) != 0)
			bench_die("%s does not serve pointer %s", m->name, key);
	}
	if (member_pointers(m) < n)
		bench_die("%s serves fewer than %u pointers", m->name, n);
}

/* ---- warm */

struct watch {
	bool armed, fired;
	double at;
};

static void on_change(zhandle_t *zh, int type, int state, const char *path, void *context)
{
	struct watch *w = context;

	(void)zh;
	(void)path;
	if (type != ZOO_CHILD_EVENT || state != ZOO_CONNECTED_STATE || w->fired)
		return;
	w->at = bench_now();
	w->fired = true;
}

static void on_latches(int rc, const struct String_vector *names, const void *data)
{
	struct watch *w = (struct watch *)(uintptr_t)data;

	if (rc != ZOK || !names || names->count == 0)
		bench_die("there is no latch in ZooKeeper");
	w->armed = true;
}

/* Asked for on a connection of its own, so that the latch's end is seen while it waits. */
static int ask_switchover(const struct member *leader)
{
	int fd = http_connect(leader->socket);

	if (fd < 0 || http_send(fd, "POST", "/v1/switchover", "{}", 2) < 0)
		bench_die("%s cannot be asked", leader->name);
	return fd;
}

/* By its own account: from when it saw the latch gone. */
static double counted_by(const struct member *leader)
{
	json_t *status = member_status(leader);
	json_t *last = json_object_get(status, "last_transition");
	double ms = json_number_value(json_object_get(last, "detect_ms")) +
	            json_number_value(json_object_get(last, "claim_ms")) +
	            json_number_value(json_object_get(last, "grant_ms"));

	json_decref(status);
	return ms;
}

static void warm_takeover(struct cluster *c, const char *servers, unsigned n, struct row_set *s)
{
	uint64_t epoch;
	const struct member *leader = cluster_settle(c, &epoch), *next;
	zhandle_t *zh = zk_open(servers);
	struct watch w = { 0 };
	struct started started;
	double own;
	int fd;

	if (zoo_awget_children(zh, "/jmha/bench/latch", on_change, &w, on_latches, &w) != ZOK)
		bench_die("ZooKeeper cannot be asked for the latches");
	zk_until(zh, &w.armed);
	fd = ask_switchover(leader);
	zk_until(zh, &w.fired);
	cluster_await_start(c, epoch, &started);
	if (http_receive(fd, NULL) != 200)
		bench_die("switchover was refused by %s", leader->name);
	(void)close(fd);
	(void)zookeeper_close(zh);
	next = cluster_member(c, started.member);
	check_served(next, n);
	own = counted_by(next);
	samples_add(&s->own, own);
	/* Each of the two is told by another server, one a little earlier. */
	samples_add(&s->warm, fmax(own, started.at - w.at));
}

/* ---- cold */

/* As a host that has never read them: nothing is in its page cache. */
static int forget(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* the members clean up meanwhile */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)close(fd);
	return 0;
}

static void stop_all(struct cluster *c)
{
	uint64_t epoch;
	struct member *leader = cluster_settle(c, &epoch);

	for (unsigned i = 0; i < c->n; i++)
		if (&c->member[i] != leader)
			member_stop(&c->member[i]);
	member_stop(leader);
}

/* Nobody runs, before and after. */
static void cold_start(struct cluster *c, unsigned n, uint64_t *epoch, struct row_set *s)
{
	struct member *m = &c->member[0];
	struct started started;
	char store[300];
	double since;

	(void)snprintf(store, sizeof(store), "%s/store", c->dir);
	(void)nftw(store, forget, 16, FTW_PHYS);
	since = bench_now();
	member_start(m, c);
	await_pointers(m, n);
	samples_add(&s->served, bench_now() - since);
	cluster_await_start(c, *epoch, &started);
	samples_add(&s->granted, started.at - since);
	*epoch = started.epoch;
	check_served(m, n);
	member_stop(m);
}

/* ---- memory */

/* Bytes of every member's elector that no file backs. */
static void read_memory(const struct cluster *c, double ret[MEMBERS_MAX])
{
	for (unsigned i = 0; i < c->n; i++)
		ret[i] = process_memory(member_elector(&c->member[i]), "Pss_Anon") * 1024;
}

/* The member that takes most counts. */
static void report_memory(struct report *r, unsigned n, struct row_set *s)
{
	const double raw = KEY_BYTES + LOAD_VALUE;
	double most = samples_max(&s->memory);
	struct row *row;
	char what[56];

	if (s->memory.n == 0)
		return;
	(void)snprintf(what, sizeof(what), "memory a pointer, %u pointers", n);
	row = report_figure(r, what, "B", most, 1.3 * raw + 100, false);
	row_ratio(row, "%.2f x its %.0f bytes; %.0f to %.0f of %zu members", most / raw, raw,
	          samples_min(&s->memory), most, s->memory.n);
	report_point(r, "memory", "jmha", n, &s->memory);
}

/* ---- all of it */

static void report_set(struct report *r, unsigned n, struct row_set *s, const struct row_set *first)
{
	struct samples base = first->warm;
	struct row *row;
	char what[56];

	(void)snprintf(what, sizeof(what), "latch gone to the next grant, %u pointers", n);
	row = report_samples(r, what, &s->warm, n <= MANY ? WARM_MS : 0, 0);
	row_ratio(row, "%.2f x that with the fewest", row->p50 / samples_percentile(&base, 50));
	(void)report_samples(r, "  as the next leader counts it", &s->own, 0, 0);
	(void)snprintf(what, sizeof(what), "cold start until all are read, %u pointers", n);
	(void)report_samples(r, what, &s->served, n == MANY ? COLD_MS : 0, 0);
	(void)report_samples(r, "  until granted, with k of A1", &s->granted, 0, 0);
	report_memory(r, n, s);
	report_point(r, "warm", "jmha", n, &s->warm);
	report_point(r, "read", "jmha", n, &s->served);
	report_point(r, "cold", "jmha", n, &s->granted);
}

static void measure_number(struct cluster *c, const char *servers, unsigned n, unsigned runs,
                           struct row_set *s)
{
	uint64_t epoch;

	(void)fprintf(stderr, "bench: %u warm takeovers and cold starts with %u pointers\n", runs,
	              n);
	for (unsigned i = 0; i < runs; i++)
		warm_takeover(c, servers, n, s);
	(void)cluster_settle(c, &epoch);
	stop_all(c);
	for (unsigned i = 0; i < runs; i++)
		cold_start(c, n, &epoch, s);
	cluster_start(c);
	(void)cluster_settle(c, &epoch);
}

/* All members run, with the first `fewest` pointers alone; there are more from other parts. */
static unsigned begin_with(struct cluster *c, unsigned fewest)
{
	const struct member *leader;
	uint64_t epoch;
	unsigned have;

	for (unsigned i = 0; i < c->n; i++)
		if (c->member[i].guard == 0)
			member_start(&c->member[i], c);
	leader = cluster_settle(c, &epoch);
	have = (unsigned)member_pointers(leader);
	if (have > fewest)
		load_empty(leader->socket, fewest, have);
	return have < fewest ? have : fewest;
}

void measure_pointers(struct cluster *c, struct report *r, const char *servers, unsigned most,
                      unsigned runs)
{
	static const unsigned numbers[] = { 100, 10000, 100000, 1000000 };
	static struct row_set set[sizeof(numbers) / sizeof(numbers[0])];
	double empty[MEMBERS_MAX], now[MEMBERS_MAX];
	unsigned have = begin_with(c, numbers[0]);

	for (unsigned k = 0; k < sizeof(numbers) / sizeof(numbers[0]) && numbers[k] <= most; k++) {
		unsigned n = numbers[k];
		struct row_set *s = &set[k];

		if (have < n)
			fill(c, have, n);
		read_memory(c, now);
		/* Of fewer nothing can be said: an elector takes some MiB without any. */
		for (unsigned i = 0; n >= MANY && i < c->n; i++)
			samples_add(&s->memory, (now[i] - empty[i]) / (n - have));
		measure_number(c, servers, n, n > MANY && runs > RUNS_OF_MANY ? RUNS_OF_MANY : runs,
		               s);
		read_memory(c, empty); /* of new processes: what the next ones take in addition */
		have = n;
		report_set(r, n, s, &set[0]);
	}
	for (size_t k = 0; k < sizeof(set) / sizeof(set[0]); k++) {
		samples_done(&set[k].warm);
		samples_done(&set[k].own);
		samples_done(&set[k].served);
		samples_done(&set[k].granted);
		samples_done(&set[k].memory);
	}
}
