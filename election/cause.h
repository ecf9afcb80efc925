/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a term ended or a transition happened (PROTOCOL section 5, "Causes").  The same words stand
 * in the register, in history, in logs and in status.
 */
#pragma once

#include <stdbool.h>

enum cause {
	CAUSE_NONE,
	CAUSE_NEW,
	CAUSE_PREDECESSOR_GONE, /* session ended without a release */
	CAUSE_SWITCHOVER,
	CAUSE_STEP_DOWN,
	CAUSE_SHUTDOWN,
	CAUSE_DAEMON_DIED, /* set by `jmhad --release` */
	CAUSE_JOBMANAGER_EXITED,
	CAUSE_JOBMANAGER_HUNG,
	CAUSE_NOT_ELIGIBLE,
	CAUSE_RESTART_IN_PLACE,
	CAUSE_LEASE_EXPIRED,
	CAUSE_SESSION_EXPIRED,
	CAUSE_LATCH_REMOVED,
	CAUSE_TAKEOVER_TIMEOUT,
	CAUSE_RESUMED,
	CAUSE_DISCONNECTED,
	CAUSE_N_CAUSES_
};

/* The stable code, e.g. "predecessor-gone"; "" for CAUSE_NONE. */
const char *cause_code(enum cause cause);

/* CAUSE_NONE when the code is unknown. */
enum cause cause_parse(const char *code);

/* new, switchover, step-down, shutdown and resumed are; the others count as failures (C2, C6). */
bool cause_planned(enum cause cause);
