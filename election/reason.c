/* SPDX-License-Identifier: Apache-2.0 */
#include "election/reason.h"

#include <assert.h>
#include <string.h>

static const char *const codes[REASON_N_REASONS_] = {
	[REASON_ZOOKEEPER_DOWN] = "zookeeper-down",
	[REASON_ZOOKEEPER_AUTH] = "zookeeper-auth",
	[REASON_TICK_MISMATCH] = "tick-mismatch",
	[REASON_LEASE_NO_ROOM] = "lease-no-room",
	[REASON_NAME_TAKEN] = "name-taken",
	[REASON_VERSION] = "version",
	[REASON_MAINTENANCE] = "maintenance",
	[REASON_PAUSE] = "pause",
	[REASON_JOBMANAGER_NOT_WAITING] = "jobmanager-not-waiting",
	[REASON_NOT_CAUGHT_UP] = "not-caught-up",
	[REASON_STORAGE_MISSING] = "storage-missing",
	[REASON_FOREIGN_STORAGE] = "foreign-storage",
	[REASON_REGISTER_LOST] = "register-lost",
	[REASON_REGISTER_ROLLED_BACK] = "register-rolled-back",
	[REASON_LOG_MISSING] = "log-missing",
	[REASON_DIGEST_MISMATCH] = "digest-mismatch",
	[REASON_STORAGE_FAILED] = "storage-failed",
	[REASON_STORAGE_FULL] = "storage-full",
};

const char *reason_code(enum reason reason)
{
	assert((unsigned)reason < REASON_N_REASONS_);
	return codes[reason];
}

reasons_t reason_parse(const char *code)
{
	for (unsigned i = 0; i < REASON_N_REASONS_; i++)
		if (strcmp(codes[i], code) == 0)
			return REASON_BIT(i);
	return 0;
}
