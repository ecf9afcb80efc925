/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says about processes.  Reads only; no allocation, but for process_group_any().
 *
 * Owner: none.  Threads: any, process_children() speaks of the calling thread's children.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_stat {
	char state; /* 'Z', 'X': dead, only not reaped */
	pid_t group;
	uint64_t start_time; /* clock ticks since boot: tells a process from a later one of its pid
	                      */
};

/* -ESRCH: there is no such process. */
int process_stat(pid_t pid, struct process_stat *ret);

/* The children of this thread, zombies too, at most `size` of them.  They are removed from the list
 * by our own wait only, and orphans are in it before their dead parent can be reaped: an empty list
 * is a proof.  -ENOENT: this kernel does not tell (CONFIG_PROC_CHILDREN). */
ssize_t process_children(pid_t *ret, size_t size);

/* Any process of this group that is not dead, or 0; negative errno. */
pid_t process_group_any(pid_t group);

/* Does the environment that the process was started with hold the line `name=value`?  False, too,
 * when it may not be read. */
bool process_has_env(pid_t pid, const char *line);

/* Locks what is mapped now and, where no limit could make a later mapping fail, what comes, each
 * page as it is touched (DESIGN 4: without ONFAULT each process would hold 10 MiB of library
 * text). */
int process_lock_memory(void);
