/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `jmhad --release`: hand over for a guard or an elector that died (DESIGN section 4, PROTOCOL A3b,
 * A12).  Under the lock: proves that the JobManager is dead, ends the term from a session of its
 * own, removes the session file.  A process of its own with a small loop of its own; nothing here
 * is called by elector or guard.
 */
#pragma once

struct config;

/*
 * lock_fd: the inherited descriptor of the lock file, already locked, or -1: take it.  Within 10 s.
 * Returns the exit code: 0 = proven or not needed; 1 = not proven, one line says why and what
 * happens next.  Harmless after a clean stop.
 */
int release_run(const struct config *config, int lock_fd);
