/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/members.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/bench/http.h"

/* A1: the chain is valid k (500 ms) after the answer to the first heartbeat, with one each k / 2.
 */
#define CHAIN_MS   1000.0
#define PATIENCE_S 600.0 /* a member may have a million pointers to read */

extern char **environ;

void bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fprintf(stderr, "bench: ");
	(void)vfprintf(stderr, format, args);
	(void)fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

double bench_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

void bench_sleep(double ms)
{
	struct timespec ts = { .tv_sec = (time_t)(ms / 1e3) };

	ts.tv_nsec = (long)((ms - (double)ts.tv_sec * 1e3) * 1e6);
	(void)nanosleep(&ts, NULL);
}

/* ---- processes */

static pid_t spawn(const char *log, const char *const argv[])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
	                                       O_WRONLY | O_CREAT | O_APPEND, 0644);
	(void)posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	r = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		bench_die("%s: %s", argv[0], strerror(r));
	return pid;
}

void member_start(struct member *m, const struct cluster *c)
{
	const char *argv[] = { c->jmhad, "--config", m->config, NULL };
	char path[300];
	FILE *f;

	m->guard = spawn(m->log, argv);
	/* For whoever cleans up when bench itself does not come to its end. */
	(void)snprintf(path, sizeof(path), "%s/guard.pid", m->dir);
	f = fopen(path, "we");
	if (!f || fprintf(f, "%ld\n", (long)m->guard) < 0 || fclose(f) != 0)
		bench_die("%s: %s", path, strerror(errno));
}

static void reap(struct member *m)
{
	int status;

	(void)waitpid(m->guard, &status, 0);
	m->guard = 0;
}

void member_stop(struct member *m)
{
	if (m->guard == 0)
		return;
	(void)kill(m->guard, SIGTERM);
	reap(m);
}

void member_kill(struct member *m)
{
	(void)kill(m->guard, SIGKILL);
	reap(m);
}

double member_release(const struct member *m, const struct cluster *c)
{
	const char *argv[] = { c->jmhad, "--release", "--config", m->config, NULL };
	double since = bench_now();
	pid_t pid = spawn(m->log, argv);
	int status;

	(void)waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bench_die("jmhad --release of %s failed, see %s", m->name, m->log);
	return bench_now() - since;
}

pid_t member_jobmanager(const struct member *m)
{
	char path[300];
	long pid = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/run/jobmanager", m->dir);
	f = fopen(path, "re");
	if (f && fscanf(f, "%ld", &pid) != 1)
		pid = 0;
	if (f)
		(void)fclose(f);
	return pid > 0 && kill((pid_t)pid, 0) == 0 ? (pid_t)pid : 0;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	const char *after;
	long parent = 0;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	after = strrchr(text, ')');
	if (after && sscanf(after, ") %*c %ld", &parent) != 1)
		parent = 0;
	return (pid_t)parent;
}

/* The guard's child that is not the JobManager. */
pid_t member_elector(const struct member *m)
{
	pid_t jobmanager = member_jobmanager(m), found = 0;
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && !found && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && pid != jobmanager && parent_of(pid) == m->guard)
			found = pid;
	}
	if (proc)
		(void)closedir(proc);
	return found;
}

json_t *member_status(const struct member *m)
{
	json_t *status = NULL;

	if (http_get(m->socket, "/v1/status", &status) == 200)
		return status;
	json_decref(status);
	return NULL;
}

double member_pointers(const struct member *m)
{
	json_t *s = member_status(m);
	double n = json_number_value(json_object_get(json_object_get(s, "store"), "pointers"));

	json_decref(s);
	return n;
}

/* ---- the cluster */

void cluster_open(struct cluster *c, const char *dir, const char *jmhad, char **names, unsigned n)
{
	char path[300];

	if (n > MEMBERS_MAX)
		bench_die("at most %d members", (int)MEMBERS_MAX);
	*c = (struct cluster){ .dir = dir, .jmhad = jmhad, .n = n };
	(void)snprintf(path, sizeof(path), "%s/started", dir);
	c->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* a writer, too: never at its end */
	if (c->fifo < 0)
		bench_die("%s: %s", path, strerror(errno));
	for (unsigned i = 0; i < n; i++) {
		struct member *m = &c->member[i];

		m->name = names[i];
		(void)snprintf(m->dir, sizeof(m->dir), "%s/%s", dir, names[i]);
		(void)snprintf(m->config, sizeof(m->config), "%s/jmhad.conf", m->dir);
		(void)snprintf(m->socket, sizeof(m->socket), "%s/run/api.sock", m->dir);
		(void)snprintf(m->log, sizeof(m->log), "%s/log", m->dir);
	}
}

void cluster_start(struct cluster *c)
{
	for (unsigned i = 0; i < c->n; i++)
		member_start(&c->member[i], c);
}

void cluster_stop(struct cluster *c)
{
	for (unsigned i = 0; i < c->n; i++)
		member_stop(&c->member[i]);
}

struct member *cluster_member(struct cluster *c, const char *name)
{
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->member[i].name, name) == 0)
			return &c->member[i];
	bench_die("nobody is called %s", name);
}

/* 1: leads, 0: stands by with a latch, -1: neither. */
static int place_of(const struct member *m, uint64_t *ret_epoch)
{
	json_t *s = member_status(m);
	const char *state = s ? json_string_value(json_object_get(s, "state")) : "";
	bool eligible = json_is_true(json_object_get(s, "eligible"));
	int place = -1;

	if (state && strcmp(state, "leader") == 0) {
		place = 1;
		*ret_epoch = (uint64_t)json_integer_value(json_object_get(s, "epoch"));
	} else if (state && strcmp(state, "standby") == 0 && eligible) {
		place = 0;
	}
	json_decref(s);
	return place;
}

static struct member *settled(struct cluster *c, uint64_t *ret_epoch)
{
	struct member *leader = NULL;

	for (unsigned i = 0; i < c->n; i++) {
		int place = place_of(&c->member[i], ret_epoch);

		if (place < 0 || (place > 0 && leader))
			return NULL;
		if (place > 0)
			leader = &c->member[i];
	}
	return leader;
}

struct member *cluster_settle(struct cluster *c, uint64_t *ret_epoch)
{
	double until = bench_now() + PATIENCE_S * 1e3, since = 0;
	struct member *leader = NULL, *before = NULL;
	struct started ignored;

	for (;;) {
		leader = settled(c, ret_epoch);
		if (!leader || leader != before)
			since = bench_now();
		if (leader && bench_now() - since >= CHAIN_MS)
			break;
		before = leader;
		if (bench_now() > until)
			bench_die("the cluster does not settle, see %s/*/log", c->dir);
		bench_sleep(25);
	}
	while (cluster_starts_within(c, 0, &ignored))
		;
	return leader;
}

/* ---- what the JobManagers say */

static bool take_line(struct cluster *c, struct started *ret)
{
	char *end = memchr(c->line, '\n', c->line_size);
	long long ns;
	bool ok;

	if (!end)
		return false;
	*end = '\0';
	ok = sscanf(c->line, "%" SCNu64 " %lld %63s", &ret->epoch, &ns, ret->member) == 3;
	if (!ok)
		bench_die("not what a JobManager says: %s", c->line);
	ret->at = (double)ns / 1e6;
	c->line_size -= (size_t)(end + 1 - c->line);
	memmove(c->line, end + 1, c->line_size);
	return true;
}

bool cluster_starts_within(struct cluster *c, double ms, struct started *ret)
{
	double until = bench_now() + ms;
	struct pollfd p = { .fd = c->fifo, .events = POLLIN };

	for (;;) {
		double left = until - bench_now();
		ssize_t n;

		if (take_line(c, ret))
			return true;
		if (poll(&p, 1, left > 0 ? (int)left + 1 : 0) <= 0 && left <= 0)
			return false;
		n = read(c->fifo, c->line + c->line_size, sizeof(c->line) - c->line_size);
		if (n > 0)
			c->line_size += (size_t)n;
	}
}

void cluster_await_start(struct cluster *c, uint64_t above, struct started *ret)
{
	double until = bench_now() + PATIENCE_S * 1e3;

	while (cluster_starts_within(c, until - bench_now(), ret))
		if (ret->epoch > above)
			return;
	bench_die("nobody was granted within %.0f s, see %s/*/log", PATIENCE_S, c->dir);
}
