/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store_state.h"

#include <errno.h>

const char *store_state_code(enum store_state state)
{
	static const char *const code[STORE_N_STATES_] = {
		[STORE_OK] = "ok",
		[STORE_MISSING] = "storage-missing",
		[STORE_FOREIGN] = "foreign-storage",
		[STORE_REGISTER_LOST] = "register-lost",
		[STORE_ROLLED_BACK] = "register-rolled-back",
		[STORE_LOG_MISSING] = "log-missing",
		[STORE_DIGEST_MISMATCH] = "digest-mismatch",
		[STORE_FAILED] = "storage-failed",
		[STORE_FULL] = "storage-full",
		[STORE_VERSION] = "version",
	};

	return code[state];
}

enum store_state store_state_from_errno(int error)
{
	if (error == 0)
		return STORE_OK;
	return error == -ENOSPC || error == -EDQUOT ? STORE_FULL : STORE_FAILED;
}
