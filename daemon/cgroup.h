/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two cgroups (v2) below that of our unit: `guard/` for guard, elector and release,
 * `jobmanager/` for the JobManager.  Only where systemd delegated us a cgroup that nobody shares.
 *
 * Owner: none; paths are the caller's.  Threads: at start, one.  Only cgroup_prepare() and
 * cgroup_empty() wait.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/usec.h"

/* Moves this process into `guard/` and makes `jobmanager/`, whose path is written to *ret_path.
 * 1: done; 0: there is none for us (not a unit of ours, shared, not writable, no cgroup v2):
 * nothing was touched; negative errno: there is, but it failed.  *ret_oom_group: an OOM in the
 * JobManager ends it as a whole, and nothing else (C8). */
int cgroup_prepare(char *ret_path, size_t size, bool *ret_oom_group);

/* Descriptor of a file of the cgroup, e.g. "cgroup.kill", or negative errno. */
int cgroup_open(const char *path, const char *file, int flags);

/* For a process in `guard/`: descriptor of the cgroup.kill of `jobmanager/` beside it. */
int cgroup_open_jobmanager_kill(void);

/* For a process in `guard/`: does that process live in the `jobmanager/` beside it? */
bool cgroup_is_jobmanager(pid_t pid);

/* From cgroup.events, whose descriptor is kept: 1 = live processes in it, 0 = none; -ENODEV: the
 * cgroup itself is gone. */
int cgroup_populated(int events_fd);

/* SIGKILL to all in it, and wait until it is empty; 0 also when it does not exist.  -ETIMEDOUT when
 * it is not by `deadline` (BOOTTIME). -EPERM: `path` is no cgroup. */
int cgroup_empty(const char *path, usec_t deadline);
