/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a member may not claim (PROTOCOL section 5, "Reasons").  Several at once: a set of bits.
 */
#pragma once

#include <stdint.h>

enum reason {
	REASON_ZOOKEEPER_DOWN,
	REASON_ZOOKEEPER_AUTH,
	REASON_TICK_MISMATCH,
	REASON_LEASE_NO_ROOM,
	REASON_NAME_TAKEN,
	REASON_VERSION,
	REASON_MAINTENANCE,
	REASON_PAUSE,
	REASON_JOBMANAGER_NOT_WAITING,
	REASON_NOT_CAUGHT_UP,
	REASON_STORAGE_MISSING,
	REASON_FOREIGN_STORAGE,
	REASON_REGISTER_LOST,
	REASON_REGISTER_ROLLED_BACK,
	REASON_LOG_MISSING,
	REASON_DIGEST_MISMATCH,
	REASON_STORAGE_FAILED,
	REASON_STORAGE_FULL,
	REASON_N_REASONS_
};

typedef uint32_t reasons_t; /* bit (1 << enum reason); 0 = eligible */

#define REASON_BIT(r) ((reasons_t)1 << (r))

/* The stable code, e.g. "not-caught-up". */
const char *reason_code(enum reason reason);

/* The bit of a code, 0 when it is unknown (a newer member's: shown, not understood). */
reasons_t reason_parse(const char *code);
