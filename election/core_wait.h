/* SPDX-License-Identifier: Apache-2.0 */
/* What a member waits for before it leads, or before it has stopped: for people.  Pure. */
#pragma once

#include "election/core.h"

enum core_wait {
	CORE_WAIT_NOTHING, /* leads, or is none that ever will */
	CORE_WAIT_CONNECTION,
	CORE_WAIT_OLD_SESSION, /* of this member: being ended (A3, A3b) */
	CORE_WAIT_MEMBER_NODE, /* members/<name> to be made (D3) */
	CORE_WAIT_LOOK,        /* at register, latches and members */
	CORE_WAIT_PAUSE,       /* C2, until a time */
	CORE_WAIT_ELIGIBLE,    /* core_reasons() says for what */
	CORE_WAIT_STOPPED,     /* `stopped` to be reported (A4) */
	CORE_WAIT_LATCH,       /* its own to be made */
	CORE_WAIT_TURN,        /* the latches before its own */
	CORE_WAIT_REGISTER,    /* there is none, or it was rolled back (A11) */
	CORE_WAIT_OWNER,       /* the last leader's latch lives, behind ours */
	CORE_WAIT_OWNER_LEASE, /* A4, until a time: it may act without our hearing of it */
	CORE_WAIT_CHAIN,       /* A1 */
	CORE_WAIT_DESIGNATED,  /* holding back for that latch (A5) */
	CORE_WAIT_CLAIM,       /* the answer */
	CORE_WAIT_LOG,         /* to be read to its end, the first segment */
	CORE_WAIT_HEARTBEAT,   /* A2: one sent after the claim was resolved; or a valid chain */
	CORE_WAIT_VERIFY,      /* a resumed elector: latch and register */
	CORE_WAIT_RESTART,     /* of the JobManager (C2, A10), until a time */
	CORE_WAIT_REVOKE,      /* the JobManager to be gone, until the deadline */
	CORE_WAIT_SETTLE,      /* the pending commit (D7) */
	CORE_WAIT_RELEASE,     /* the answer (A3b) */
	CORE_N_WAITS_
};

/* Sets ret_until: USEC_INFINITY where there is no such time. */
enum core_wait core_wait(const struct core *c, usec_t now, usec_t *ret_until);

/* "owner-lease": stable, for status. */
const char *core_wait_code(enum core_wait wait);
