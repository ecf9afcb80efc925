/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one JobManager at a time.  Its main process is kept as a zombie until everything it started
 * is gone: so its pid, and the group's, cannot be given to anybody else before.
 */
#include "daemon/jobmanager.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cgroup.h"
#include "daemon/class_archive.h"
#include "daemon/clock.h"
#include "daemon/process.h"

int jobmanager_init(struct jobmanager *jm, const struct jobmanager_spec *spec, const char *cgroup)
{
	pid_t children[1];

	if (strlen(cgroup) >= sizeof(jm->cgroup))
		return -ENAMETOOLONG;
	*jm = (struct jobmanager){ .spec = *spec,
		                   .pidfd = -1,
		                   .exec_fd = -1,
		                   .kill_fd = -1,
		                   .events_fd = -1,
		                   .kill_at = USEC_INFINITY };
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -errno;
	if (cgroup[0] == '\0')
		return process_children(children, 1) < 0 ? -ENOSYS : 0;
	memcpy(jm->cgroup, cgroup, strlen(cgroup) + 1);
	/* Opened now: at the deadline nothing may be in the way of the kill. */
	jm->kill_fd = cgroup_open(cgroup, "cgroup.kill", O_WRONLY);
	jm->events_fd = cgroup_open(cgroup, "cgroup.events", O_RDONLY);
	if (jm->kill_fd >= 0 && jm->events_fd >= 0)
		return 0;
	jobmanager_done(jm);
	return -ENOSYS;
}

static void close_fd(int *fd)
{
	closep(fd);
	*fd = -1;
}

void jobmanager_done(struct jobmanager *jm)
{
	close_fd(&jm->pidfd);
	close_fd(&jm->exec_fd);
	close_fd(&jm->kill_fd);
	close_fd(&jm->events_fd);
}

/* ---- in the child, between fork and exec: single-threaded, so all of libc may be used */

/* What `--release` goes by when the guard is dead (A12). */
static int write_record(const struct jobmanager *jm)
{
	char path[PATH_MAX], tmp[PATH_MAX], text[PATH_MAX + 64];
	struct process_stat self;
	int n, r;

	r = process_stat(getpid(), &self);
	if (r < 0)
		return r;
	if (snprintf(path, sizeof(path), "%s/jobmanager", jm->spec.runtime_dir) >=
	            (int)sizeof(path) ||
	    snprintf(tmp, sizeof(tmp), "%s/jobmanager.tmp", jm->spec.runtime_dir) >=
	            (int)sizeof(tmp))
		return -ENAMETOOLONG;
	n = snprintf(text, sizeof(text), "%d %" PRIu64 " %s\n", (int)getpid(), self.start_time,
	             jm->cgroup[0] != '\0' ? jm->cgroup : "-");
	CLEANUP(closep)
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (n < 0 || write(fd, text, (size_t)n) != n || rename(tmp, path) < 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

static int write_path(const char *dir, const char *file, const char *text)
{
	CLEANUP(closep) int fd = cgroup_open(dir, file, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int set_environment(const struct jobmanager *jm, struct epoch epoch, const char *leader_id)
{
	char number[32], api_path[PATH_MAX];

	(void)snprintf(number, sizeof(number), "%" PRIu64, epoch.v);
	if (snprintf(api_path, sizeof(api_path), "%s/api.sock", jm->spec.runtime_dir) >=
	    (int)sizeof(api_path))
		return -ENAMETOOLONG;
	if (setenv("JMHA_CLUSTER", jm->spec.cluster, 1) < 0 ||
	    setenv("JMHA_MEMBER", jm->spec.member, 1) < 0 || setenv("JMHA_SOCKET", api_path, 1) < 0)
		return -errno;
	if (jm->spec.hot && jm->spec.class_archive) /* a start never fails because of it */
		(void)class_archive_set_environment(jm->spec.class_archive, jm->spec.member);
	if (jm->spec.hot)
		return unsetenv("JMHA_EPOCH") < 0 || unsetenv("JMHA_LEADER_ID") < 0 ? -errno : 0;
	if (setenv("JMHA_EPOCH", number, 1) < 0 || setenv("JMHA_LEADER_ID", leader_id, 1) < 0)
		return -errno;
	return 0;
}

/* Undo what is the guard's own.  (Scheduling: SCHED_RESET_ON_FORK; locked memory ends at exec.) */
static int become_ordinary(const struct jobmanager *jm)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return -errno;
	if (jm->spec.oom_score)
		(void)write_path("/proc/self", "oom_score_adj", jm->spec.oom_score);
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL); /* KILL, STOP and libc's own refuse */
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -errno;
	/* C4: the lock, the sockets and the page are not for the JobManager. */
	return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

_Noreturn static void run_child(const struct jobmanager *jm, pid_t guard, struct epoch epoch,
                                const char *leader_id, int status_fd)
{
	int error = 0;

	/* D2: first of all, so that nothing of us outlives the guard. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		error = -errno;
	if (getppid() != guard)
		_exit(EXIT_FAILURE);
	if (error == 0 && setpgid(0, 0) < 0)
		error = -errno;
	if (error == 0 && jm->cgroup[0] != '\0')
		error = write_path(jm->cgroup, "cgroup.procs", "0");
	if (error == 0)
		error = write_record(jm);
	if (error == 0)
		error = set_environment(jm, epoch, leader_id);
	if (error == 0)
		error = become_ordinary(jm);
	if (error == 0) {
		(void)execv(jm->spec.command[0], jm->spec.command);
		error = -errno;
	}
	error = -error;
	(void)!write(status_fd, &error, sizeof(error));
	_exit(127);
}

/* ---- in the guard */

int jobmanager_spawn(struct jobmanager *jm, struct epoch epoch, const char *leader_id)
{
	CLEANUP(closep) int reader = -1;
	CLEANUP(closep) int writer = -1;
	pid_t self = getpid(), pid;
	int pipe_fds[2], pidfd;

	if (jm->state != JOBMANAGER_NONE)
		return -EBUSY;
	if (!jm->spec.command || !jm->spec.command[0])
		return -EINVAL;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	reader = pipe_fds[0];
	writer = pipe_fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(jm, self, epoch, leader_id, writer);
	(void)setpgid(pid, pid); /* both sides do it: whoever comes first */
	pidfd = pidfd_open(pid, 0);

	jm->state = JOBMANAGER_STARTING;
	jm->epoch = epoch;
	jm->pid = pid;
	jm->pidfd = pidfd; /* -1: the elector goes without its second line */
	jm->exec_fd = TAKE_FD(reader);
	jm->exec_error = 0;
	jm->status = 0;
	jm->kill_at = USEC_INFINITY;
	return 0;
}

void jobmanager_on_exec(struct jobmanager *jm)
{
	int error = 0;
	ssize_t n = read(jm->exec_fd, &error, sizeof(error));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == sizeof(error))
		jm->exec_error = error;
	close_fd(&jm->exec_fd);
	if (jm->state == JOBMANAGER_STARTING && n == 0)
		jm->state = JOBMANAGER_RUNNING;
}

/* Children of ours that are the JobManager's, its main process included. */
static size_t list_children(const struct jobmanager *jm, pid_t *ret, size_t size)
{
	ssize_t n = process_children(ret, size);
	size_t kept = 0;

	for (ssize_t i = 0; i < n; i++)
		if (ret[i] != jm->spared[0] && ret[i] != jm->spared[1])
			ret[kept++] = ret[i];
	return kept;
}

enum { MANY = 256 }; /* more are dealt with in the next round */

static void signal_all(const struct jobmanager *jm, int sig)
{
	pid_t children[MANY];
	size_t n;

	if (jm->pid == 0)
		return;
	(void)kill(jm->pid, sig); /* may be on its way into its group and cgroup */
	(void)kill(-jm->pid, sig);
	if (sig == SIGTERM)
		return;
	if (jm->kill_fd >= 0)
		(void)!write(jm->kill_fd, "1", 1);
	/* What left the group has become our child, or becomes it when its parent dies. */
	n = list_children(jm, children, MANY);
	for (size_t i = 0; i < n; i++)
		(void)kill(children[i], sig);
}

void jobmanager_rehearse_kill(const struct jobmanager *jm)
{
	struct jobmanager nobody = *jm;

	nobody.pid = getpid();
	signal_all(&nobody, 0);
}

void jobmanager_terminate(struct jobmanager *jm, usec_t now)
{
	if (jm->state != JOBMANAGER_STARTING && jm->state != JOBMANAGER_RUNNING)
		return;
	signal_all(jm, SIGTERM);
	jm->state = JOBMANAGER_TERMINATING;
	jm->kill_at = usec_add(now, jm->spec.stop);
}

void jobmanager_kill(struct jobmanager *jm)
{
	if (jm->state == JOBMANAGER_NONE)
		return;
	signal_all(jm, SIGKILL);
	jm->state = JOBMANAGER_KILLED;
	jm->kill_at = USEC_INFINITY;
}

/* Is the main process dead?  Leaves it as a zombie. */
static bool main_is_dead(const struct jobmanager *jm)
{
	siginfo_t si = { .si_pid = 0 };

	return waitid(P_PID, (id_t)jm->pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       si.si_pid == jm->pid;
}

/* Kills and reaps what the dead main process left.  True when nothing is left but itself. */
static bool sweep(const struct jobmanager *jm)
{
	pid_t children[MANY];
	size_t n, left;
	int r;

	signal_all(jm, SIGKILL);
	do { /* each one reaped may have left its own children to us: look again */
		n = list_children(jm, children, MANY);
		left = n;
		for (size_t i = 0; i < n; i++)
			if (children[i] != jm->pid && waitpid(children[i], NULL, WNOHANG) > 0)
				left--;
	} while (left < n);
	if (jm->events_fd >= 0) {
		r = cgroup_populated(jm->events_fd);
		return r == 0 || r == -ENODEV; /* any other error proves nothing */
	}
	return n == 1 && children[0] == jm->pid;
}

/* As a subreaper we get what the JobManager's processes leave behind, as long as it runs; nobody
 * else takes their pids back.  Stops at one that others wait for: they do, in this turn. */
static void reap_orphans(const struct jobmanager *jm)
{
	siginfo_t si = { .si_pid = 0 };

	for (int i = 0; i < MANY; i++) {
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0 ||
		    si.si_pid == jm->pid || si.si_pid == jm->spared[0] ||
		    si.si_pid == jm->spared[1])
			return;
		(void)waitpid(si.si_pid, NULL, WNOHANG);
	}
}

bool jobmanager_gone(struct jobmanager *jm)
{
	char path[PATH_MAX];

	if (jm->pid > 0 && !jm->dead)
		reap_orphans(jm);
	if (jm->pid == 0 || (!jm->dead && !main_is_dead(jm)))
		return false;
	jm->dead = true;
	jm->state = JOBMANAGER_KILLED;
	if (!sweep(jm))
		return false;
	if (jm->exec_fd >= 0)
		jobmanager_on_exec(jm); /* its error may be in the pipe still */
	close_fd(&jm->exec_fd);
	(void)waitpid(jm->pid, &jm->status, 0);
	close_fd(&jm->pidfd);
	jm->pid = 0;
	jm->dead = false;
	jm->state = JOBMANAGER_NONE;
	jm->kill_at = USEC_INFINITY;
	if (snprintf(path, sizeof(path), "%s/jobmanager", jm->spec.runtime_dir) < (int)sizeof(path))
		(void)unlink(path);
	return true;
}
