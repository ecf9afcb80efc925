/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/process.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/members.h"

extern char **environ;

double process_memory(pid_t pid, const char *field)
{
	char path[64], line[256], name[64];
	double kib = 0, value;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	f = fopen(path, "re");
	if (!f)
		bench_die("%s cannot be read", path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^:]: %lf kB", name, &value) == 2 && strcmp(name, field) == 0)
			kib = value;
	(void)fclose(f);
	return kib;
}

static double cpu_of(pid_t pid)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return 0;
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Counted when a page is made dirty: a page that is synced twice counts twice. */
static double written_by(pid_t pid)
{
	char path[64], line[128];
	double bytes = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/io", (long)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "write_bytes: %lf", &bytes);
	if (f)
		(void)fclose(f);
	return bytes;
}

struct spent process_spent(const pid_t *pids, size_t n)
{
	struct spent s = { 0 };

	for (size_t i = 0; i < n; i++) {
		s.cpu += cpu_of(pids[i]);
		s.written += written_by(pids[i]);
	}
	return s;
}

int process_run(const char *const argv[], char *ret_line, size_t size)
{
	posix_spawn_file_actions_t actions;
	int out[2], status = -1;
	pid_t pid;
	ssize_t n;

	if (pipe(out) < 0)
		bench_die("pipe");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_addclose(&actions, out[0]);
	(void)posix_spawn_file_actions_addclose(&actions, out[1]);
	if (posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) !=
	    0)
		bench_die("%s cannot be run", argv[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(out[1]);
	/* First its end: servers that it starts may keep the pipe open, and one line fits in. */
	(void)waitpid(pid, &status, 0);
	n = WIFEXITED(status) && WEXITSTATUS(status) == 0 && size > 1
	            ? read(out[0], ret_line, size - 1)
	            : 0;
	(void)close(out[0]);
	ret_line[n > 0 ? n : 0] = '\0';
	ret_line[strcspn(ret_line, "\n")] = '\0';
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
