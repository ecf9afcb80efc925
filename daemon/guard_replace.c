/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector's life, as the guard sees it:
 *
 *	waiting --start--> alive --hangs, claims too long--> killed --reaped--> waiting
 *	                     \--dies, or BYE-------------------------------------/
 *
 * From waiting it is started at once while the page is armed (it resumes, nobody notices), else
 * after C2's pause; not before `--release` has run when a lease was lost without an elector.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "daemon/config.h"
#include "daemon/guard.h"
#include "daemon/guard_child.h"
#include "daemon/guard_private.h"
#include "daemon/log.h"

enum {
	MAX_DEATHS = 5,    /* in a row, without renewing the lease */
	MAX_MESSAGES = 64, /* taken in one turn */
};

static const usec_t start_grace = 5 * USEC_PER_SEC; /* until an elector's first heartbeat */
enum { START_PATIENCE = 2 }; /* .. in units of patience, while a lease runs: half of it at most */

bool guard_elector_alive(const struct guard *g)
{
	return g->elector.pid > 0 && g->elector.killed == 0;
}

void guard_kill_elector(struct guard *g, usec_t now, const char *why)
{
	if (!guard_elector_alive(g))
		return;
	log_warning("guard", "Killing the elector (pid %d): %s", (int)g->elector.pid, why);
	(void)kill(g->elector.pid, SIGKILL); /* ends a stopped one, too */
	g->elector.killed = now;
}

/* ---- to the elector */

void guard_tell(struct guard *g, const struct guard_message *m, int pidfd)
{
	int r;

	if (g->elector.link < 0)
		return;
	r = guard_link_send(g->elector.link, m, pidfd);
	if (r < 0 && r != -EPIPE) /* gone: it will be reaped, and the next one told */
		(void)log_warning_errno(r, "guard", "Cannot tell the elector: %m");
}

void guard_tell_simple(struct guard *g, enum guard_message_type type)
{
	struct guard_message m = { .type = type };

	guard_tell(g, &m, -1);
}

static void tell_hello(struct guard *g, usec_t now)
{
	const struct jobmanager *jm = &g->jobmanager;
	struct lease_page_lease lease = lease_page_read(&g->elector.page);
	struct guard_message m = {
		.type = GUARD_MESSAGE_HELLO,
		.hello = { .running = jm->state != JOBMANAGER_NONE,
		           .epoch = jm->epoch,
		           .pid = jm->pid,
		           .lacks = g->lacks,
		           .restarts = restarts_count(&g->restarts, now),
		           .watchdog = g->notify.watchdog > 0,
		           .electors = g->elector.starts },
	};

	guard_tell(g, &m, jm->pidfd);
	/* The one that should have heard of it may have died before.  Hot: while the page is armed
	 * none is started, so the last one is the granted one. */
	if (g->last_exited.type != 0 && jm->state == JOBMANAGER_NONE &&
	    lease.state == LEASE_PAGE_ARMED &&
	    (g->config->hot || lease_page_is_of(&lease, g->last_exited.exited.epoch)))
		guard_tell(g, &g->last_exited, -1);
	if (g->reloaded) /* it begins with the configuration of our start */
		guard_tell_simple(g, GUARD_MESSAGE_RELOAD);
	if (g->shutdown_until > 0)
		guard_tell_simple(g, GUARD_MESSAGE_SHUTDOWN);
}

/* ---- what the elector says */

static void set_status(struct guard *g, const char *text)
{
	(void)snprintf(g->status, sizeof(g->status), "STATUS=%s", text);
	for (char *p = g->status; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	g->status_due = true;
}

static void carry_out(struct guard *g, const struct guard_message *m, usec_t now)
{
	switch (m->type) {
	case GUARD_MESSAGE_READY:
		g->ready_due |= !g->ready;
		g->ready = true;
		break;
	case GUARD_MESSAGE_STATUS:
		set_status(g, m->text);
		break;
	case GUARD_MESSAGE_START:
		guard_start_jobmanager(g, m, now);
		break;
	case GUARD_MESSAGE_STOP:
		guard_stop_jobmanager(g, m, now);
		break;
	case GUARD_MESSAGE_LIMITS:
		g->takeover = m->limits.takeover;
		break;
	case GUARD_MESSAGE_BYE:
		g->bye = true;
		break;
	default:
		log_warning("guard", "The elector sent a message of unknown type %" PRIu32,
		            m->type);
		break;
	}
}

void guard_close_link(struct guard *g)
{
	closep(&g->elector.link);
	g->elector.link = -1;
}

void guard_look_at_link(struct guard *g, usec_t now)
{
	struct guard_message m;
	int pidfd, r = 1;

	for (int i = 0; i < MAX_MESSAGES && r > 0 && g->elector.link >= 0; i++) {
		pidfd = -1;
		r = guard_link_receive(g->elector.link, &m, &pidfd);
		closep(&pidfd); /* none is expected */
		if (r > 0)
			carry_out(g, &m, now);
	}
	if (r >= 0)
		return;
	if (r != -EPIPE)
		(void)log_warning_errno(r, "guard", "Cannot read from the elector: %m");
	/* It is dying.  If it is not: it sees that our end is closed, and goes; or hangs, and is
	 * killed for that. */
	guard_close_link(g);
}

/* ---- the elector's life */

/* A fresh page and a fresh link for each, the rest as it was (A8, C4). */
static int prepare_elector(struct guard *g, int *ret_link)
{
	struct lease_page page;
	int ends[2], r;

	r = lease_page_create(&g->elector.page, &page);
	if (r < 0)
		return r;
	r = guard_link_pair(ends);
	if (r < 0) {
		lease_page_close(&page);
		return r;
	}
	lease_page_close(&g->elector.page);
	g->elector.page = page;
	g->elector.link = ends[0];
	*ret_link = ends[1];
	return 0;
}

void guard_start_elector(struct guard *g, usec_t now)
{
	struct elector *e = &g->elector;
	CLEANUP(closep) int link = -1;
	struct elector_fds fds;
	int r;

	r = prepare_elector(g, &link);
	if (r == 0) {
		fds = (struct elector_fds){ .link = link,
			                    .page = e->page.fd,
			                    .lock = g->lock_fd,
			                    .api_unix = g->api_unix_fd,
			                    .api_tcp = g->api_tcp_fd };
		r = guard_child_start_elector(g->options, &fds, &e->pid);
	}
	if (r < 0) {
		(void)log_error_errno(r, "guard", "Cannot start an elector, trying again: %m");
		guard_close_link(g);
		e->restart_at = now + USEC_PER_SEC;
		return;
	}
	e->started = now;
	e->killed = 0;
	e->deadline_at_start = lease_page_read(&e->page).deadline;
	g->jobmanager.spared[0] = e->pid;
	tell_hello(g, now);
	e->starts++;
	log_info("guard", "elector pid=%d start=%u", (int)e->pid, e->starts);
}

/* Dead and reaped: when does the next one start? */
static void plan_restart(struct guard *g, usec_t now)
{
	struct elector *e = &g->elector;
	struct lease_page_lease lease = lease_page_read(&e->page);

	if (lease.deadline > e->deadline_at_start)
		e->deaths = 0;
	e->deaths++;
	if (lease.state == LEASE_PAGE_ARMED && e->deaths < MAX_DEATHS) {
		e->restart_at = now; /* it resumes: nobody notices */
		return;
	}
	if (lease.state == LEASE_PAGE_ARMED) {
		log_error("guard",
		          "%u electors in a row died without renewing the lease: giving it up",
		          e->deaths);
		guard_end_lease(g);
		guard_set_status_expired(g);
		g->need_release = true;
		e->deaths = 0;
	}
	e->restart_at = now + restarts_add(&e->restarts, now);
}

static void reap_elector(struct guard *g, usec_t now)
{
	struct elector *e = &g->elector;
	int status;

	if (e->pid == 0 || waitpid(e->pid, &status, WNOHANG) != e->pid)
		return;
	guard_look_at_link(g, now); /* its last words count */
	guard_close_link(g);
	if (!g->bye && g->leaving_until == 0)
		log_warning("guard", "The elector (pid %d) died: %s %d", (int)e->pid,
		            WIFSIGNALED(status) ? "signal" : "exit code",
		            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	e->pid = 0;
	e->killed = 0;
	g->jobmanager.spared[0] = 0;
	plan_restart(g, now);
}

static bool heartbeat_stale(const struct guard *g, usec_t now)
{
	usec_t beat = lease_page_heartbeat(&g->elector.page);
	bool leads = lease_page_leads(&g->elector.page, now);

	if (beat == 0)
		return now > g->elector.started +
		                     (leads ? START_PATIENCE * g->options->patience : start_grace);
	return now > usec_add(beat, g->options->patience);
}

void guard_look_at_elector(struct guard *g, usec_t now)
{
	usec_t claiming = lease_page_claiming_since(&g->elector.page);

	reap_elector(g, now);
	if (!guard_elector_alive(g))
		return;
	if (heartbeat_stale(g, now))
		guard_kill_elector(g, now, "no heartbeat");
	else if (claiming > 0 && now > usec_add(claiming, g->takeover + USEC_PER_SEC))
		guard_kill_elector(g, now, "claiming for longer than takeover_ms"); /* C1 */
}
