/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JobManager's processes: start, stop, and the proof that none is left (PROTOCOL A12).  They
 * live in a cgroup of their own where systemd delegated us one, else in a process group of their
 * own, with the guard as subreaper of what leaves it.
 *
 * Owner: the guard embeds struct jobmanager; jobmanager_reap_recorded() needs none.  Threads: the
 * process's only one (D2).  Nothing here blocks or allocates but jobmanager_reap_recorded(), nor
 * logs.  Does not decide when to start or stop.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/epoch.h"
#include "base/usec.h"

struct jobmanager_spec {      /* borrowed for the life of struct jobmanager */
	char *const *command; /* NULL-terminated, command[0] is a path; NULL on an observer */
	const char *cluster, *member, *runtime_dir;
	bool hot;                  /* it outlives terms: no JMHA_EPOCH, no JMHA_LEADER_ID */
	const char *class_archive; /* hot: directory, see class_archive.h; NULL = none */
	usec_t stop;               /* D_stop: from SIGTERM to SIGKILL */
	const char *oom_score;     /* oom_score_adj given back to the JobManager; NULL = as it is */
};

enum jobmanager_state {
	JOBMANAGER_NONE,
	JOBMANAGER_STARTING, /* forked, the command not executed yet */
	JOBMANAGER_RUNNING,
	JOBMANAGER_TERMINATING, /* SIGTERM sent, SIGKILL at kill_at */
	JOBMANAGER_KILLED,      /* SIGKILL sent to all of it: no user code runs any more (D13) */
};

struct jobmanager {
	struct jobmanager_spec spec;
	enum jobmanager_state state;
	struct epoch epoch; /* of the running or the last one; 0 = none was started */
	bool dead;          /* the main process is, but not all it left behind */
	pid_t pid;          /* main process and group leader; 0 = none, or reaped */
	int pidfd;
	int exec_fd;     /* readable: the command was executed, or could not be; -1 = settled */
	int exec_error;  /* errno of that */
	int status;      /* as from waitpid(), of the main process */
	usec_t kill_at;  /* USEC_INFINITY unless TERMINATING */
	pid_t spared[2]; /* children of ours that are not the JobManager's; 0 = none */
	char cgroup[PATH_MAX];  /* "" = process group */
	int kill_fd, events_fd; /* of that cgroup; once `dead`, POLLPRI of events_fd matters; -1 */
};

/* `cgroup`: what cgroup_prepare() found, or "".  Makes this process a subreaper.  -ENOSYS: without
 * a cgroup this needs a kernel with CONFIG_PROC_CHILDREN. */
int jobmanager_init(struct jobmanager *jm, const struct jobmanager_spec *spec, const char *cgroup);
void jobmanager_done(struct jobmanager *jm); /* kills nothing */

/* Starts the command.  0: exec_fd becomes readable when it is known how that went.  -EBUSY: one is
 * there.  Other errors: nothing was started. */
int jobmanager_spawn(struct jobmanager *jm, struct epoch epoch, const char *leader_id);

/* exec_fd was readable: settles state and exec_error. */
void jobmanager_on_exec(struct jobmanager *jm);

/* SIGTERM to all of it; the caller calls jobmanager_kill() when kill_at has come. */
void jobmanager_terminate(struct jobmanager *jm, usec_t now);

/* SIGKILL to all of it, whatever the state; may be repeated. */
void jobmanager_kill(struct jobmanager *jm);

/* While none is there: walks the way of a kill with signal 0, so that its pages are in memory, and
 * locked there, when it counts (A8).  The cgroup, if any, must be empty. */
void jobmanager_rehearse_kill(const struct jobmanager *jm);

/* Call after each SIGCHLD and cgroup event.  Reaps orphans of a running JobManager.  When the main
 * process is dead, kills and reaps what it left behind.  True once, with A12's proof: no process of
 * it is left; `status` and `exec_error` say how it ended, the state is NONE again. */
bool jobmanager_gone(struct jobmanager *jm);

struct jobmanager_error {
	char text[320];
};

/* The same proof for a JobManager that an earlier guard left behind, by the file `jobmanager` in
 * the runtime directory: kills what is left and waits until it is gone, until `deadline` (BOOTTIME;
 * 2 s are meant).  0: none is left, the file is removed.  -ETIMEDOUT, or another errno: no proof.
 * For the guard at its start and for `--release`; the caller holds the lock.  In
 * jobmanager_recorded.c */
int jobmanager_reap_recorded(const char *runtime_dir, usec_t deadline,
                             struct jobmanager_error *reterr);
