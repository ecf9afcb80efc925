/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard does once, before its loop: lock, privileges, listening sockets.  Logs its own
 * errors: each says what to do.
 *
 * Owner: descriptors are the caller's.  Threads: one.  May block and allocate.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Makes the runtime directory if only itself is missing, and takes the lock in it; waits up to a
 * second for one that is dying.  -EBUSY: another jmhad has it. */
int guard_take_lock(const char *runtime_dir, int *ret_fd);

/* For `--release`: the same, quietly, while the directory need not exist (-ENOENT). */
int guard_try_lock(const char *runtime_dir, int *ret_fd);

/* Memory locked as it is touched, real-time scheduling, never chosen by the OOM killer (A8), each
 * as far as it is allowed.  Returns what is not, as GUARD_LACKS_*; ret_oom_score: what it was
 * before,
 * "" when unchanged. */
uint32_t guard_harden(char *ret_oom_score, size_t size);

/* Listening, CLOEXEC, non-blocking.  The Unix socket is open to all: SO_PEERCRED decides. */
int guard_listen_unix(const char *runtime_dir, int *ret_fd);

/* `address`: "127.0.0.1:9180" or "[::1]:9180"; NULL = none: 0, and *ret_fd = -1. */
int guard_listen_tcp(const char *address, int *ret_fd);
