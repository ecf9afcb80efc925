/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guard with real processes in a world of its own: a runtime directory, a JobManager with
 * children, a scripted elector (fake_elector.c).  Everything is waited for by condition; the
 * deadline is generous.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/guard.h"
#include "daemon/guard_start.h"
#include "daemon/jobmanager.h"
#include "daemon/log.h"
#include "daemon/process.h"

static const usec_t patience_of_tests = 30 * USEC_PER_SEC;

/* Each test has a world of its own: a runtime directory, a guard, what it started. */
struct world {
	char dir[64];
	char script[PATH_MAX];  /* of the JobManager */
	char program[PATH_MAX]; /* fake_elector, beside this test */
	char *command[4];
	struct config config;
	struct guard_options options;
	pid_t guard;
};

static inline void nap(void)
{
	const struct timespec t = { .tv_nsec = 1000000 };

	(void)nanosleep(&t, NULL);
}

static inline void path_of(const struct world *w, const char *name, char *ret)
{
	assert_true(snprintf(ret, PATH_MAX, "%s/%s", w->dir, name) < PATH_MAX);
}

static inline void write_script(const struct world *w, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	path_of(w, name, path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void read_all(const struct world *w, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	path_of(w, name, path);
	ret[0] = '\0';
	f = fopen(path, "re");
	if (!f)
		return;
	ret[fread(ret, 1, size - 1, f)] = '\0';
	(void)fclose(f);
}

/* Does a line of `events` begin so?  Yields what follows. */
static inline bool seen(const struct world *w, const char *start, char *ret_rest, size_t size)
{
	static char events[1 << 16];

	read_all(w, "events", events, sizeof(events));
	for (char *line = strtok(events, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, start, strlen(start)) == 0) {
			(void)snprintf(ret_rest, size, "%s", line + strlen(start));
			return true;
		}
	return false;
}

static inline bool happened(const struct world *w, const char *start)
{
	char rest[128];

	return seen(w, start, rest, sizeof(rest));
}

/* How many lines of `events` begin so? */
static inline unsigned count(const struct world *w, const char *start)
{
	char events[4096];
	unsigned n = 0;

	read_all(w, "events", events, sizeof(events));
	for (char *line = strtok(events, "\n"); line; line = strtok(NULL, "\n"))
		n += strncmp(line, start, strlen(start)) == 0;
	return n;
}

#define wait_until(condition)                                                  \
	do {                                                                   \
		usec_t until_ = clock_boottime() + patience_of_tests;          \
		while (!(condition)) {                                         \
			if (clock_boottime() > until_)                         \
				fail_msg("still waiting for: %s", #condition); \
			nap();                                                 \
		}                                                              \
	} while (0)

static inline bool is_dead(pid_t pid)
{
	struct process_stat s;

	return process_stat(pid, &s) < 0 || s.state == 'Z' || s.state == 'X';
}

static inline pid_t pid_in(const struct world *w, const char *name)
{
	char text[64];
	int pid = 0;

	read_all(w, name, text, sizeof(text));
	return strchr(text, '\n') && sscanf(text, "%d", &pid) == 1 ? pid : 0;
}

static inline void start_guard(struct world *w)
{
	w->guard = fork();
	assert_true(w->guard >= 0);
	if (w->guard == 0) {
		log_setup("guard", LOG_LEVEL_DEBUG);
		_exit(guard_run(&w->config, &w->options));
	}
}

static inline int wait_guard(struct world *w)
{
	int status = -1;

	wait_until(waitpid(w->guard, &status, WNOHANG) == w->guard);
	w->guard = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void find_program(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - sizeof("fake_elector"));

	assert_true(n > 0);
	ret[n] = '\0';
	memcpy(strrchr(ret, '/') + 1, "fake_elector", sizeof("fake_elector"));
}

static inline int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	static char shell[] = "/bin/sh", option[] = "-c";
	static char cluster[] = "orders", member[] = "jm-a", config[] = "orders.conf";

	if (!w)
		return -1;
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/test-guard-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	find_program(w->program, sizeof(w->program));
	/* A JobManager that spawns, and one of its children leaves the process group. */
	(void)snprintf(
	        w->script, sizeof(w->script),
	        "cd %s; sleep 1000 & echo $! >child; setsid sleep 1000 & echo $! >stray; "
	        "echo \"$JMHA_CLUSTER $JMHA_MEMBER $JMHA_SOCKET $JMHA_EPOCH $JMHA_LEADER_ID\" "
	        ">environment; echo $$ >main; exec sleep 1000",
	        w->dir);
	w->command[0] = shell;
	w->command[1] = option;
	w->command[2] = w->script;
	w->config = (struct config){ .path = config,
		                     .cluster = cluster,
		                     .member = member,
		                     .runtime_dir = w->dir,
		                     .command = w->command,
		                     .stop_usec = 500 * USEC_PER_MSEC,
		                     .takeover_usec = 30 * USEC_PER_SEC };
	w->options = (struct guard_options){ .config_path = w->dir,
		                             .config_fd = -1,
		                             .program = w->program,
		                             .patience = USEC_PER_SEC };
	*state = w;
	return 0;
}

static inline int end_world(void **state)
{
	struct world *w = *state;
	struct jobmanager_error error;
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *d;

	if (w->guard > 0) {
		(void)kill(w->guard, SIGKILL);
		(void)waitpid(w->guard, NULL, 0);
	}
	(void)jobmanager_reap_recorded(w->dir, clock_boottime() + 2 * USEC_PER_SEC, &error);
	if (pid_in(w, "stray") > 0)
		(void)kill(pid_in(w, "stray"), SIGKILL);
	d = opendir(w->dir);
	while (d && (entry = readdir(d))) {
		path_of(w, entry->d_name, path);
		(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
	(void)rmdir(w->dir);
	free(w);
	return 0;
}

/* Leads with epoch 7 and a JobManager that is fully there. */
static inline void lead(struct world *w)
{
	start_guard(w);
	wait_until(happened(w, "started 7"));
	wait_until(pid_in(w, "main") > 0);
}

static inline void assert_nothing_left(const struct world *w)
{
	assert_true(is_dead(pid_in(w, "main")));
	assert_true(is_dead(pid_in(w, "child")));
	assert_true(is_dead(pid_in(w, "stray")));
}

#define in_a_world(test) cmocka_unit_test_setup_teardown(test, make_world, end_world)
