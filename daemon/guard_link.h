/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between guard and elector: fixed-size structs over a SOCK_SEQPACKET socketpair, never
 * blocking on either side, no allocation.  A message is whole or not there; both ends are the same
 * binary (C8), the version is checked all the same.
 *
 * Owner: the caller owns descriptors.  Threads: one on each side.  Decides nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/epoch.h"
#include "base/usec.h"

enum {
	GUARD_LINK_VERSION = 2,
	GUARD_LINK_STATUS_SIZE = 201, /* with its NUL */
	GUARD_LINK_LEADER_ID_SIZE = 37,
};

/* What the guard starts the elector with, at these numbers; the elector takes them over. */
enum {
	ELECTOR_FD_LINK = 3,
	ELECTOR_FD_PAGE = 4,
	ELECTOR_FD_LOCK = 5, /* only to be held: lock free = guard and all electors dead (C4) */
	ELECTOR_FD_API_UNIX = 6,
	ELECTOR_FD_API_TCP = 7,
	ELECTOR_FD_CONFIG = 8, /* the guard's copy of the configuration; --release has it, too */
};

struct elector_fds { /* all CLOEXEC */
	int link;    /* guard_link_send/receive; readable = messages, or the guard is gone */
	int page;    /* for lease_page_adopt() */
	int lock;
	int api_unix; /* listening, non-blocking */
	int api_tcp;  /* the same, or -1: not configured */
};

/*
 * A JobManager's process is named by an epoch.  Cold: of the term that it was started for.  Hot,
 * where it outlives terms: its number, which the elector counts up from that of HELLO.  Either way
 * each start has a higher one than all before.
 */
enum guard_message_type {
	/* elector -> guard */
	GUARD_MESSAGE_READY = 1, /* the first status can be answered */
	GUARD_MESSAGE_STATUS,    /* .text: for STATUS=; one line */
	GUARD_MESSAGE_START,     /* .start.  Answered by STARTED, or by EXITED when it cannot be
	                          * (.exited.error): epoch not above the last one started (A10), one
	                          * still runs, command cannot be executed.  Cold: after the page was
	                          * armed (A6); not armed for this epoch, deadline passed.  Hot: page
	                          * armed, the process would be taken for the granted one */
	GUARD_MESSAGE_STOP,      /* .stop: answered by EXITED; at once when none runs */
	GUARD_MESSAGE_LIMITS,    /* .limits: a reload changed them (C1) */
	GUARD_MESSAGE_BYE,       /* released and closed: exit without being restarted */

	/* guard -> elector */
	GUARD_MESSAGE_HELLO = 64, /* .hello: always the first one; with a pidfd when one runs */
	GUARD_MESSAGE_STARTED,    /* .started, with a pidfd: the command is being executed */
	GUARD_MESSAGE_EXITED,   /* .exited: proven dead (A12).  Said again after the HELLO of a new
	                         * elector as long as the page is armed for that epoch */
	GUARD_MESSAGE_SHUTDOWN, /* SIGTERM: release, then BYE */
	GUARD_MESSAGE_RELOAD,   /* SIGHUP */
};

/* What the guard was not allowed to do (A8), for status; bits of hello.lacks. */
enum {
	GUARD_LACKS_MLOCK = 1 << 0,
	GUARD_LACKS_REALTIME = 1 << 1,
	GUARD_LACKS_OOM_SCORE = 1 << 2,
	GUARD_LACKS_CGROUP = 1 << 3,    /* process group instead */
	GUARD_LACKS_OOM_GROUP = 1 << 4, /* no memory controller */
};

struct guard_message {
	uint32_t version; /* filled in by guard_link_send() */
	uint32_t type;    /* enum guard_message_type */
	union {
		struct {
			usec_t takeover;
		} limits;
		char text[GUARD_LINK_STATUS_SIZE];
		struct {
			struct epoch epoch;
			char leader_id[GUARD_LINK_LEADER_ID_SIZE]; /* cold */
		} start;
		struct {
			struct epoch epoch; /* of the JobManager meant; another one is left alone */
			bool kill;   /* SIGKILL at once; else SIGTERM, SIGKILL after stop_ms */
			bool failed; /* it hangs: counts as a failure of its own */
		} stop;
		struct {
			bool running;
			struct epoch
			        epoch;  /* of the running, else of the last JobManager; 0 = none */
			int32_t pid;    /* 0 = not running */
			uint32_t lacks; /* GUARD_LACKS_* */
			uint32_t restarts; /* of the JobManager within the last 10 minutes */
			bool watchdog;     /* systemd watches us */
			uint32_t electors; /* started before this one by this guard */
		} hello;
		struct {
			struct epoch epoch;
			int32_t pid;
		} started;
		struct {
			struct epoch epoch;
			int32_t status;    /* as from waitpid(2); 0 with `error` */
			int32_t error;     /* > 0: errno, it never ran */
			bool requested;    /* by STOP, or killed by the guard: no failure */
			bool deadline;     /* killed since the lease had passed */
			usec_t pause;      /* before a next start here (C2) */
			uint32_t restarts; /* failures within the last 10 minutes */
		} exited;
	};
};

/* Both ends CLOEXEC and non-blocking. */
int guard_link_pair(int ret_ends[2]);

/* Sends a message and, when `pidfd` >= 0, a copy of that descriptor.  -EAGAIN: the peer does not
 * read (stopped), the message is not sent; -EPIPE: the peer is gone. */
int guard_link_send(int fd, const struct guard_message *message, int pidfd);

/* Returns 1 with a message, and in *ret_pidfd a CLOEXEC descriptor that now is the caller's, or -1;
 * 0 when there is none now; -EPIPE when the peer is gone and all it sent was read; -EPROTO for what
 * is not a message of this version.  Texts are NUL-terminated whatever was sent. */
int guard_link_receive(int fd, struct guard_message *ret, int *ret_pidfd);

/* Elector: the descriptors that it was started with, CLOEXEC again.  -EBADF when this process was
 * not started by a guard. */
int guard_link_inherited(struct elector_fds *ret);
