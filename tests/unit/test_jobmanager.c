/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JobManager's processes, without a guard's loop: start, stop, proof of death; by process group
 * and, where this test may make one, in a cgroup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cgroup.h"
#include "daemon/clock.h"
#include "daemon/jobmanager.h"
#include "daemon/process.h"

struct world {
	char dir[64];
	char cgroup[PATH_MAX]; /* "" = none */
	char script[1024];
	char *command[4];
	struct jobmanager jm;
};

static void nap(void)
{
	const struct timespec t = { .tv_nsec = 1000000 };

	(void)nanosleep(&t, NULL);
}

#define wait_until(condition)                                                  \
	do {                                                                   \
		usec_t until_ = clock_boottime() + 30 * USEC_PER_SEC;          \
		while (!(condition)) {                                         \
			if (clock_boottime() > until_)                         \
				fail_msg("still waiting for: %s", #condition); \
			nap();                                                 \
		}                                                              \
	} while (0)

static bool is_dead(pid_t pid)
{
	struct process_stat s;

	return process_stat(pid, &s) < 0 || s.state == 'Z' || s.state == 'X';
}

static pid_t pid_in(const struct world *w, const char *name)
{
	char path[PATH_MAX];
	int pid = 0;
	char newline = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d%c", &pid, &newline) != 2 || (newline != '\n' && newline != ' '))
		pid = 0;
	(void)fclose(f);
	return pid;
}

static void spawn(struct world *w, const char *script)
{
	const struct jobmanager_spec spec = { .command = w->command,
		                              .cluster = "orders",
		                              .member = "jm-a",
		                              .runtime_dir = w->dir,
		                              .stop = 500 * USEC_PER_MSEC };

	(void)snprintf(w->script, sizeof(w->script), "cd %s; %s", w->dir, script);
	assert_int_equal(jobmanager_init(&w->jm, &spec, w->cgroup), 0);
	assert_int_equal(jobmanager_spawn(&w->jm, (struct epoch){ 7 }, "id"), 0);
	wait_until((jobmanager_on_exec(&w->jm), w->jm.exec_fd < 0));
}

static const char family[] = "sleep 1000 & echo $! >child; setsid sleep 1000 & echo $! >stray; "
                             "echo $$ >main; exec sleep 1000";

static void assert_all_dead(const struct world *w)
{
	assert_true(is_dead(pid_in(w, "main")));
	assert_true(is_dead(pid_in(w, "child")));
	assert_true(is_dead(pid_in(w, "stray")));
}

static void kill_reaches_all_of_it(void **state)
{
	struct world *w = *state;

	spawn(w, family);
	assert_int_equal(w->jm.state, JOBMANAGER_RUNNING);
	wait_until(pid_in(w, "main") > 0);
	assert_false(jobmanager_gone(&w->jm));
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
	assert_all_dead(w);
	assert_int_equal(w->jm.state, JOBMANAGER_NONE);
	assert_int_equal(WTERMSIG(w->jm.status), SIGKILL);
	assert_int_equal(pid_in(w, "jobmanager"), 0); /* nothing left to prove */
}

static void a_rehearsed_kill_kills_nobody(void **state)
{
	struct world *w = *state;
	pid_t other;

	spawn(w, family);
	wait_until(pid_in(w, "main") > 0);
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
	other = fork();
	assert_true(other >= 0);
	if (other == 0) {
		for (;;)
			(void)pause();
	}
	jobmanager_rehearse_kill(&w->jm);
	assert_int_equal(w->jm.state, JOBMANAGER_NONE);
	assert_int_equal(w->jm.pid, 0);
	assert_int_equal(kill(other, SIGUSR1), 0);
	assert_int_equal(waitpid(other, &w->jm.status, 0), other);
	assert_int_equal(WTERMSIG(w->jm.status), SIGUSR1);
}

static void a_cgroup_that_cannot_be_asked_is_no_proof(void **state)
{
	struct world *w = *state;

	spawn(w, family);
	w->jm.events_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	jobmanager_kill(&w->jm);
	wait_until(is_dead(w->jm.pid));
	assert_false(jobmanager_gone(&w->jm));
	assert_true(w->jm.dead);
	(void)close(w->jm.events_fd);
	w->jm.events_fd = -1;
	wait_until(jobmanager_gone(&w->jm));
}

static void gone_means_its_children_too(void **state)
{
	struct world *w = *state;

	spawn(w, family);
	wait_until(pid_in(w, "main") > 0);
	assert_int_equal(kill(w->jm.pid, SIGTERM), 0);
	wait_until(jobmanager_gone(&w->jm));
	assert_all_dead(w);
	assert_false(jobmanager_gone(&w->jm)); /* said once */
}

static void another_child_of_ours_is_left_alone(void **state)
{
	struct world *w = *state;
	pid_t other;

	spawn(w, family);
	other = fork();
	assert_true(other >= 0);
	if (other == 0) {
		for (;;)
			(void)pause();
	}
	w->jm.spared[0] = other;
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
	assert_false(is_dead(other));
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
}

static void orphans_of_a_running_one_are_reaped(void **state)
{
	struct world *w = *state;
	struct process_stat s;

	spawn(w, "sh -c 'sh -c \"echo \\$\\$ >orphan\" &'; exec sleep 1000");
	wait_until(pid_in(w, "orphan") > 0);
	wait_until(!jobmanager_gone(&w->jm) && process_stat(pid_in(w, "orphan"), &s) == -ESRCH);
	assert_false(is_dead(w->jm.pid));
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
}

static void one_at_a_time(void **state)
{
	struct world *w = *state;

	spawn(w, family);
	assert_int_equal(jobmanager_spawn(&w->jm, (struct epoch){ 8 }, "id"), -EBUSY);
	assert_int_equal(w->jm.epoch.v, 7);
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
}

static void it_gets_no_descriptor_of_ours(void **state)
{
	struct world *w = *state;
	int lock = open(w->dir, O_RDONLY | O_DIRECTORY); /* not CLOEXEC, as if forgotten */

	assert_true(lock >= 3);
	spawn(w, "test $(ls /proc/self/fd | wc -l) -le 4; echo $? >result; exec sleep 1000");
	wait_until(access((snprintf(w->script, sizeof(w->script), "%s/result", w->dir), w->script),
	                  F_OK) == 0);
	wait_until(pid_in(w, "result") == 0);
	(void)close(lock);
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
}

static void the_record_names_process_and_start(void **state)
{
	struct world *w = *state;
	struct process_stat s;

	spawn(w, family);
	assert_int_equal(pid_in(w, "jobmanager"), w->jm.pid);
	assert_int_equal(process_stat(w->jm.pid, &s), 0);
	assert_int_equal(s.group, w->jm.pid);
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
}

static void write_record(const struct world *w, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/jobmanager", w->dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int reap(const struct world *w, struct jobmanager_error *reterr)
{
	return jobmanager_reap_recorded(w->dir, clock_boottime() + 20 * USEC_PER_SEC, reterr);
}

/* Somebody else's group whose number is in our record. */
static pid_t start_stranger(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		for (;;)
			(void)pause();
	}
	(void)setpgid(pid, pid);
	return pid;
}

static void a_pid_that_was_given_to_another_is_not_killed(void **state)
{
	struct world *w = *state;
	struct jobmanager_error error;
	pid_t stranger = start_stranger();
	char text[64];

	(void)snprintf(text, sizeof(text), "%d 1 -\n", (int)stranger); /* started long before */
	write_record(w, text);
	assert_int_equal(reap(w, &error), 0);
	assert_false(is_dead(stranger));
	assert_int_equal(kill(stranger, SIGKILL), 0);
	assert_int_equal(waitpid(stranger, NULL, 0), stranger);
}

static void a_group_that_does_not_look_like_ours_is_named_not_killed(void **state)
{
	struct world *w = *state;
	struct jobmanager_error error = { .text = "" };
	pid_t leader = start_stranger(), member = fork();
	char text[64];

	assert_true(member >= 0);
	if (member == 0)
		for (;;)
			(void)pause();
	assert_int_equal(setpgid(member, leader), 0);
	assert_int_equal(kill(leader, SIGKILL), 0);
	assert_int_equal(waitpid(leader, NULL, 0), leader);
	(void)snprintf(text, sizeof(text), "%d 1 -\n", (int)leader);
	write_record(w, text);
	assert_int_equal(reap(w, &error), -EPERM);
	(void)snprintf(text, sizeof(text), "process %d ", (int)member);
	assert_non_null(strstr(error.text, text));
	assert_false(is_dead(member));
	assert_int_equal(kill(member, SIGKILL), 0);
	assert_int_equal(waitpid(member, NULL, 0), member);
}

static void a_damaged_record_is_no_proof(void **state)
{
	static const char *const bad[] = { "",         "x\n",       "1 2 -\n",
		                           "-5 2 -\n", "123 456\n", "123 456 relative/path\n",
		                           "123 456 -" };
	struct world *w = *state;
	struct jobmanager_error error;

	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		write_record(w, bad[i]);
		assert_int_equal(reap(w, &error), -EBADMSG);
		assert_non_null(strstr(error.text, w->dir));
	}
	write_record(w, "123 456 /etc\n"); /* whoever wrote that: no cgroup */
	assert_int_equal(reap(w, &error), -EPERM);
}

static void no_record_is_proof(void **state)
{
	struct world *w = *state;
	struct jobmanager_error error;

	assert_int_equal(reap(w, &error), 0);
}

/* ---- cgroups */

static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

static bool make_cgroup(char *ret)
{
	for (size_t i = 0; i < N_ELEMENTS(mounts); i++) {
		(void)snprintf(ret, PATH_MAX, "%s/cgroup.procs", mounts[i]);
		if (access(ret, W_OK) < 0)
			continue;
		(void)snprintf(ret, PATH_MAX, "%s/jmha-test-%d", mounts[i], (int)getpid());
		if (mkdir(ret, 0755) == 0)
			return true;
	}
	ret[0] = '\0';
	return false;
}

static void in_a_cgroup_even_a_new_session_is_found(void **state)
{
	struct world *w = *state;

	if (!make_cgroup(w->cgroup))
		skip();
	spawn(w, family);
	wait_until(pid_in(w, "main") > 0);
	jobmanager_kill(&w->jm);
	wait_until(jobmanager_gone(&w->jm));
	assert_all_dead(w);
	assert_int_equal(rmdir(w->cgroup), 0); /* only an empty one can be removed */
}

static void a_recorded_cgroup_is_emptied(void **state)
{
	struct world *w = *state;
	struct jobmanager_error error = { .text = "" };
	pid_t guard;
	int status;

	if (!make_cgroup(w->cgroup))
		skip();
	guard = fork(); /* a guard that dies at once */
	assert_true(guard >= 0);
	if (guard == 0) {
		spawn(w, family);
		wait_until(pid_in(w, "main") > 0);
		_exit(0);
	}
	assert_int_equal(waitpid(guard, &status, 0), guard);
	wait_until(is_dead(pid_in(w, "main"))); /* PDEATHSIG */
	assert_false(is_dead(pid_in(w, "stray")));
	assert_int_equal(reap(w, &error), 0);
	assert_true(is_dead(pid_in(w, "child")));
	assert_true(is_dead(pid_in(w, "stray")));
	assert_int_equal(rmdir(w->cgroup), 0);
}

/* Runs cgroup_prepare() as a process in `path`; yields its result. */
static int prepare_in(const char *path, bool with_company)
{
	char own[PATH_MAX];
	bool oom_group;
	pid_t pid, company = -1;
	int status, fd;

	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fd = cgroup_open(path, "cgroup.procs", O_WRONLY);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(100);
		if (with_company && (company = fork()) == 0)
			for (;;)
				(void)pause();
		fd = cgroup_prepare(own, sizeof(own), &oom_group);
		if ((fd == 1) != (cgroup_open_jobmanager_kill() >= 0))
			_exit(102);
		if (company > 0)
			(void)kill(company, SIGKILL);
		_exit(fd < 0 ? 101 : fd);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void a_unit_of_our_own_is_split_and_a_shared_one_left_alone(void **state)
{
	struct world *w = *state;
	char path[PATH_MAX + 16];

	if (!make_cgroup(w->cgroup))
		skip();
	assert_int_equal(unsetenv("INVOCATION_ID"), 0);
	assert_int_equal(prepare_in(w->cgroup, false), 0); /* no unit */
	assert_int_equal(setenv("INVOCATION_ID", "x", 1), 0);
	assert_int_equal(prepare_in(w->cgroup, true), 0); /* not alone */
	(void)snprintf(path, sizeof(path), "%s/guard", w->cgroup);
	assert_int_equal(access(path, F_OK), -1);
	wait_until(prepare_in(w->cgroup, false) == 1);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/jobmanager", w->cgroup);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(w->cgroup), 0);
	assert_int_equal(unsetenv("INVOCATION_ID"), 0);
}

static int make_world(void **state)
{
	static char shell[] = "/bin/sh", option[] = "-c";
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/test-jobmanager-XXXXXX");
	w->command[0] = shell;
	w->command[1] = option;
	w->command[2] = w->script;
	w->jm.pidfd = w->jm.exec_fd = w->jm.kill_fd = w->jm.events_fd = -1;
	*state = w;
	return mkdtemp(w->dir) ? 0 : -1;
}

static int end_world(void **state)
{
	struct world *w = *state;
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *d;

	jobmanager_kill(&w->jm);
	while (w->jm.pid > 0 && !jobmanager_gone(&w->jm))
		nap();
	jobmanager_done(&w->jm);
	if (w->cgroup[0] != '\0')
		(void)rmdir(w->cgroup);
	d = opendir(w->dir);
	while (d && (entry = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%s/%s", w->dir, entry->d_name);
		(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
	(void)rmdir(w->dir);
	free(w);
	return 0;
}

#define in_a_world(test) cmocka_unit_test_setup_teardown(test, make_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_world(kill_reaches_all_of_it),
		in_a_world(a_rehearsed_kill_kills_nobody),
		in_a_world(a_cgroup_that_cannot_be_asked_is_no_proof),
		in_a_world(gone_means_its_children_too),
		in_a_world(another_child_of_ours_is_left_alone),
		in_a_world(orphans_of_a_running_one_are_reaped),
		in_a_world(one_at_a_time),
		in_a_world(it_gets_no_descriptor_of_ours),
		in_a_world(the_record_names_process_and_start),
		in_a_world(a_pid_that_was_given_to_another_is_not_killed),
		in_a_world(a_group_that_does_not_look_like_ours_is_named_not_killed),
		in_a_world(a_damaged_record_is_no_proof),
		in_a_world(no_record_is_proof),
		in_a_world(in_a_cgroup_even_a_new_session_is_found),
		in_a_world(a_recorded_cgroup_is_emptied),
		in_a_world(a_unit_of_our_own_is_split_and_a_shared_one_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
