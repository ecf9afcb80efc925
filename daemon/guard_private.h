/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard's three files share: its state, and the steps of a turn.
 *
 *	guard.c             start, loop, release, the end
 *	guard_lease.c       the JobManager, and the lease that it lives by
 *	guard_replace.c     the elector: what it says, and who replaces it
 *
 * Owner: guard_run().  Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/usec.h"
#include "daemon/guard_link.h"
#include "daemon/jobmanager.h"
#include "daemon/lease_page.h"
#include "daemon/notify.h"
#include "daemon/restarts.h"

struct config;
struct guard_options;

struct elector {
	pid_t pid; /* 0 = none */
	int link;  /* -1 = none */
	struct lease_page page;
	usec_t started, killed;   /* 0 = not */
	usec_t restart_at;        /* while there is none */
	usec_t deadline_at_start; /* in the page: has it renewed the lease? */
	unsigned starts, deaths;  /* deaths: in a row, see MAX_DEATHS */
	struct restarts restarts;
};

struct guard {
	const struct config *config;
	const struct guard_options *options;
	struct notify notify;
	int lock_fd, api_unix_fd, api_tcp_fd, signal_fd;
	uint32_t lacks;
	char oom_score[16];
	usec_t takeover; /* C1 */

	struct elector elector;
	struct jobmanager jobmanager;
	struct restarts restarts;         /* of the JobManager */
	bool requested, deadline;         /* its end was: by STOP or by us; by the lease */
	struct guard_message last_exited; /* type 0 = none */

	bool need_release; /* a lease was lost, or given up, without an elector */
	pid_t release_pid;
	usec_t release_until;

	bool ready, ready_due; /* once; systemd is still to be told */
	char status[GUARD_LINK_STATUS_SIZE + sizeof("STATUS=")];
	bool status_due;
	bool reloaded; /* by SIGHUP: each later elector has to, too */
	usec_t watchdog_at;
	usec_t shutdown_until; /* 0 = not told to stop */
	bool bye;
	usec_t leaving_until; /* 0 = not yet: from then on only corpses are waited for */
	int exit_code;
};

/* guard_lease.c */

/* Promise 1 hangs on this: a cold JobManager runs only while the page is armed for its epoch, and a
 * hot one that was granted does not outlive a page that was not ended by the elector (A6: its word
 * that it has revoked came before). */
bool guard_look_at_lease(struct guard *g, usec_t now); /* true: it has passed now */
void guard_end_lease(struct guard *g);                 /* at once, whoever holds it */
void guard_look_at_exec(struct guard *g);
void guard_look_at_jobmanager(struct guard *g, usec_t now);
void guard_start_jobmanager(struct guard *g, const struct guard_message *m, usec_t now);
void guard_stop_jobmanager(struct guard *g, const struct guard_message *m, usec_t now);
void guard_set_status_expired(struct guard *g);

/* guard_replace.c */

bool guard_elector_alive(const struct guard *g); /* running, and not sent SIGKILL */
void guard_kill_elector(struct guard *g, usec_t now, const char *why);
void guard_start_elector(struct guard *g, usec_t now);
void guard_look_at_link(struct guard *g, usec_t now);
void guard_look_at_elector(struct guard *g, usec_t now);
void guard_close_link(struct guard *g);
void guard_tell(struct guard *g, const struct guard_message *m, int pidfd);
void guard_tell_simple(struct guard *g, enum guard_message_type type);
