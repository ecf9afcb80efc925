/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A12's proof without a parent's rights: the guard that started the JobManager is dead.  PDEATHSIG
 * took the main process, or is about to; its children may live on.
 *
 * Nothing is killed that is not certainly ours: a cgroup, by its path; a group by the main
 * process's pid and start time, or, when that is gone, by the socket's path that we put into the
 * environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cgroup.h"
#include "daemon/clock.h"
#include "daemon/jobmanager.h"
#include "daemon/process.h"

enum { LOOKS = 10 };

struct record {
	pid_t pid;
	uint64_t start_time;
	char cgroup[PATH_MAX]; /* "" = process group */
};

static int read_record(const char *path, struct record *ret)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[PATH_MAX + 64], cgroup[PATH_MAX];
	int pid, end = 0;
	uint64_t start;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (sscanf(text, "%d %" SCNu64 " %4095[^\n]%n", &pid, &start, cgroup, &end) != 3 ||
	    text[end] != '\n' || pid <= 1)
		return -EBADMSG;
	*ret = (struct record){ .pid = pid, .start_time = start };
	if (strcmp(cgroup, "-") == 0)
		return 0;
	if (cgroup[0] != '/')
		return -EBADMSG;
	memcpy(ret->cgroup, cgroup, strlen(cgroup) + 1);
	return 0;
}

/* A member of the recorded group that may be killed: 0 = none is left; -EPERM: there is one in a
 * group of that number, but it does not look like ours (*ret_stranger). */
static int find_ours(const struct record *rec, const char *env_line, pid_t *ret_stranger)
{
	struct process_stat s;
	pid_t pid;

	if (process_stat(rec->pid, &s) == 0) {
		if (s.start_time != rec->start_time)
			return 0; /* the pid went to somebody else, so the group had ended */
		if (s.state != 'Z' && s.state != 'X')
			return 1;
	}
	pid = process_group_any(rec->pid);
	if (pid <= 0)
		return pid;
	if (process_stat(pid, &s) < 0)
		return 1; /* gone meanwhile: look again */
	/* Pid numbers are used again, but not while a group of that number lives. */
	if (s.start_time >= rec->start_time && process_has_env(pid, env_line))
		return 1;
	*ret_stranger = pid;
	return -EPERM;
}

static int empty_group(const struct record *rec, const char *env_line, usec_t deadline,
                       pid_t *ret_stranger)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	unsigned strange = 0;
	int r;

	/* While it executes another program a process has no environment: look more than once
	 * before it is taken for a stranger. */
	while ((r = find_ours(rec, env_line, ret_stranger)) > 0 ||
	       (r == -EPERM && strange++ < LOOKS)) {
		if (r > 0 && kill(-rec->pid, SIGKILL) < 0 && errno != ESRCH)
			return -errno;
		if (clock_boottime() >= deadline)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	return r;
}

static void explain(const char *path, int r, pid_t stranger, struct jobmanager_error *reterr)
{
	if (r == -EBADMSG)
		(void)snprintf(reterr->text, sizeof(reterr->text),
		               "%.200s is damaged: make sure that no JobManager runs, remove it",
		               path);
	else if (stranger > 0)
		(void)snprintf(
		        reterr->text, sizeof(reterr->text),
		        "process %d is in the group that %.160s names, but does not look like "
		        "the JobManager's: end it, or remove the file",
		        (int)stranger, path);
	else if (r == -ETIMEDOUT)
		(void)snprintf(
		        reterr->text, sizeof(reterr->text),
		        "the JobManager named by %.200s was sent SIGKILL, but is still there",
		        path);
	else
		(void)snprintf(reterr->text, sizeof(reterr->text),
		               "cannot end the JobManager named by %.200s: %s", path, strerror(-r));
}

int jobmanager_reap_recorded(const char *runtime_dir, usec_t deadline,
                             struct jobmanager_error *reterr)
{
	char path[PATH_MAX], env_line[PATH_MAX + 32];
	struct record rec;
	pid_t stranger = 0;
	int r;

	if (snprintf(path, sizeof(path), "%s/jobmanager", runtime_dir) >= (int)sizeof(path) ||
	    snprintf(env_line, sizeof(env_line), "JMHA_SOCKET=%s/api.sock", runtime_dir) >=
	            (int)sizeof(env_line))
		r = -ENAMETOOLONG;
	else
		r = read_record(path, &rec);
	if (r == -ENOENT)
		return 0;
	/* The main process may not be in its cgroup yet: the group first, in both cases. */
	if (r == 0)
		r = empty_group(&rec, env_line, deadline, &stranger);
	if (r == 0 && rec.cgroup[0] != '\0')
		r = cgroup_empty(rec.cgroup, deadline);
	if (r == 0 && unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	if (r < 0)
		explain(path, r, stranger, reterr);
	return r;
}
