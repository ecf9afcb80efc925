/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the guard's children that are jmhad itself: the elector and `--release`.  They die with
 * the guard (PDEATHSIG).  Does not wait for them, logs nothing, allocates nothing in the guard.
 *
 * Threads: the process's only one (D2).
 */
#pragma once

#include <sys/types.h>

struct elector_fds;
struct guard_options;

/* The guard's own descriptors in `fds` become ELECTOR_FD_* in the child, and nothing else does. */
int guard_child_start_elector(const struct guard_options *options, const struct elector_fds *fds,
                              pid_t *ret_pid);

/* `jmhad --release` with the lock that we hold as ELECTOR_FD_LOCK (A12). */
int guard_child_start_release(const struct guard_options *options, int lock_fd, pid_t *ret_pid);
