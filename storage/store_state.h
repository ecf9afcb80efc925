/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store says about itself; the codes are those of PROTOCOL section 5 ("Reasons", what the
 * store says) and of `store.state` in status.
 */
#pragma once

enum store_state {
	STORE_OK,
	STORE_MISSING, /* storage-missing: register there, CLUSTER not */
	STORE_FOREIGN, /* foreign-storage */
	STORE_REGISTER_LOST,
	STORE_ROLLED_BACK, /* register-rolled-back */
	STORE_LOG_MISSING,
	STORE_DIGEST_MISMATCH,
	STORE_FAILED, /* storage-failed */
	STORE_FULL,   /* storage-full */
	STORE_VERSION,
	STORE_N_STATES_
};

enum { STORE_TEXT_SIZE = 320 }; /* of a message: what, which file, what to do */

/* "ok", or the reason's code. */
const char *store_state_code(enum store_state state);

/* ENOSPC and EDQUOT are storage-full, 0 is ok, all else storage-failed.  Takes a negative errno. */
enum store_state store_state_from_errno(int error);
