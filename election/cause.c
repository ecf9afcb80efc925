/* SPDX-License-Identifier: Apache-2.0 */
#include "election/cause.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *code;
	bool planned;
} causes[CAUSE_N_CAUSES_] = {
	[CAUSE_NONE] = { "", true },
	[CAUSE_NEW] = { "new", true },
	[CAUSE_PREDECESSOR_GONE] = { "predecessor-gone", false },
	[CAUSE_SWITCHOVER] = { "switchover", true },
	[CAUSE_STEP_DOWN] = { "step-down", true },
	[CAUSE_SHUTDOWN] = { "shutdown", true },
	[CAUSE_DAEMON_DIED] = { "daemon-died", false },
	[CAUSE_JOBMANAGER_EXITED] = { "jobmanager-exited", false },
	[CAUSE_JOBMANAGER_HUNG] = { "jobmanager-hung", false },
	[CAUSE_NOT_ELIGIBLE] = { "not-eligible", false },
	[CAUSE_RESTART_IN_PLACE] = { "restart-in-place", false },
	[CAUSE_LEASE_EXPIRED] = { "lease-expired", false },
	[CAUSE_SESSION_EXPIRED] = { "session-expired", false },
	[CAUSE_LATCH_REMOVED] = { "latch-removed", false },
	[CAUSE_TAKEOVER_TIMEOUT] = { "takeover-timeout", false },
	[CAUSE_RESUMED] = { "resumed", true },
	[CAUSE_DISCONNECTED] = { "disconnected", false },
};

const char *cause_code(enum cause cause)
{
	assert((unsigned)cause < CAUSE_N_CAUSES_);
	return causes[cause].code;
}

enum cause cause_parse(const char *code)
{
	for (unsigned i = CAUSE_NONE + 1; i < CAUSE_N_CAUSES_; i++)
		if (strcmp(causes[i].code, code) == 0)
			return (enum cause)i;
	return CAUSE_NONE;
}

bool cause_planned(enum cause cause)
{
	assert((unsigned)cause < CAUSE_N_CAUSES_);
	return causes[cause].planned;
}
