/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector process: one loop in which ZooKeeper, store, guard and API meet the election core.
 * It carries facts in and commands out and decides nothing about leadership itself (STYLE 2.3).
 *
 * Started by the guard alone; a crash of it is invisible: the next one re-attaches (DESIGN 4).
 */
#pragma once

#include "daemon/guard_link.h"

struct config;

/* Takes the descriptors over.  Returns the exit code of the process. */
int elector_run(const struct config *config, const struct elector_fds *fds);
