/* SPDX-License-Identifier: Apache-2.0 */
/* Puts of pointers over keep-alive connections, each with one request under way. */
#include "tests/bench/measures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "tests/bench/http.h"

enum { CLIENTS_MAX = 64, ANSWER_SIZE = 2048 };

struct client {
	int fd;
	double since;
	size_t size;
	char answer[ANSWER_SIZE];
};

struct load {
	struct client client[CLIENTS_MAX];
	unsigned n;
	int epoll;
	unsigned next, keys;           /* keys 0.. in turn */
	unsigned long left, under_way; /* puts to be sent yet */
	double until;
	unsigned long done;
	struct samples *latencies; /* may be NULL */
};

static void put_next(struct load *l, struct client *c)
{
	char path[64], value[LOAD_VALUE];
	unsigned key = l->next++ % l->keys;
	int r;

	(void)snprintf(path, sizeof(path), "/v1/pointers/jobs/%08x%024x", key, key);
	memset(value, 'x', sizeof(value));
	/* Different each time: as a checkpoint's pointer is. */
	(void)snprintf(value, sizeof(value), "file:///mnt/ha/flink/submittedJobGraph%lu", l->left);
	l->left--;
	l->under_way++;
	c->size = 0;
	c->since = bench_now();
	r = http_send(c->fd, "PUT", path, value, sizeof(value));
	if (r < 0)
		bench_die("cannot send: %s", strerror(-r));
}

static void on_answer(struct load *l, struct client *c)
{
	ssize_t n = recv(c->fd, c->answer + c->size, sizeof(c->answer) - c->size, 0);
	int status = 0;

	if (n <= 0)
		bench_die("a connection was closed: %s", n < 0 ? strerror(errno) : "by the member");
	c->size += (size_t)n;
	if (http_answer_size(c->answer, c->size, &status) == 0)
		return;
	if (status != 200)
		bench_die("a put was answered with %.*s", (int)c->size, c->answer);
	l->done++;
	l->under_way--;
	if (l->latencies)
		samples_add(l->latencies, bench_now() - c->since);
	if (l->left > 0 && bench_now() < l->until)
		put_next(l, c);
}

static void connect_all(struct load *l, const struct member *leader)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < l->n; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &l->client[i] };

		l->client[i].fd = http_connect(leader->socket);
		if (l->client[i].fd < 0 ||
		    epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->client[i].fd, &ev) < 0)
			bench_die("%s cannot be reached", leader->name);
	}
}

static void run(struct load *l, const struct member *leader)
{
	struct epoll_event ready[CLIENTS_MAX];

	connect_all(l, leader);
	for (unsigned i = 0; i < l->n && l->left > 0; i++)
		put_next(l, &l->client[i]);
	while (l->under_way > 0) {
		int n = epoll_wait(l->epoll, ready, CLIENTS_MAX, 10000);

		if (n == 0)
			bench_die("a put was not answered for 10 s");
		for (int i = 0; i < n; i++)
			on_answer(l, ready[i].data.ptr);
	}
	for (unsigned i = 0; i < l->n; i++)
		(void)close(l->client[i].fd);
	(void)close(l->epoll);
}

void load_fill(const struct member *leader, unsigned from, unsigned to)
{
	CLEANUP(freep) struct load *l = calloc(1, sizeof(*l));

	if (!l)
		bench_die("out of memory");
	l->n = CLIENTS_MAX;
	l->next = from;
	l->keys = to;
	l->left = to - from;
	l->until = bench_now() + 60e3;
	run(l, leader);
}

double load_run(const struct member *leader, unsigned clients, double seconds, unsigned keys,
                struct samples *ret)
{
	CLEANUP(freep) struct load *l = calloc(1, sizeof(*l));
	double since = bench_now();

	if (!l)
		bench_die("out of memory");
	l->n = clients;
	l->keys = keys;
	l->left = 1ul << 30;
	l->until = since + seconds * 1e3;
	l->latencies = ret;
	run(l, leader);
	return (double)l->done / ((bench_now() - since) / 1e3);
}

void measure_commits(struct cluster *c, struct report *r, double seconds)
{
	static const unsigned clients[] = { 1, 8, 64 };
	static const double p50_limit[] = { 4, 0, 0 }, rate_limit[] = { 0, 0, 5000 };
	uint64_t epoch;
	const struct member *leader = cluster_settle(c, &epoch);
	double first = 0;

	for (unsigned i = 0; i < N_ELEMENTS(clients); i++) {
		struct samples s = { 0 };
		char what[48];
		double rate;

		(void)fprintf(stderr, "bench: commits, %u clients, %g s\n", clients[i], seconds);
		rate = load_run(leader, clients[i], seconds, 1000, &s);
		(void)snprintf(what, sizeof(what), "pointer commit, %u client%s", clients[i],
		               clients[i] > 1 ? "s" : "");
		(void)report_samples(r, what, &s, p50_limit[i], 0);
		if (i == 0)
			first = rate;
		row_ratio(report_figure(r, "  commits a second", "/s", rate, rate_limit[i], true),
		          "%.1f x one client", rate / first);
		samples_done(&s);
	}
}
