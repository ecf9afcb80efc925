/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's loop.  Each turn looks at everything again: the lease first, then what the elector
 * asked for, then who has died.  No turn waits for anybody.
 *
 * The elector's life, as the guard sees it:
 *
 *	waiting --start--> alive --hangs, claims too long, loses its link--> killed --reaped-->
 *waiting
 *	                     \--dies, or BYE-----------------------------------------------/
 *
 * From waiting it is started at once while the page is armed (it resumes, nobody notices), else
 * after C2's pause; not before `--release` has run when a lease was lost without an elector.
 */
#include "daemon/guard.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cgroup.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/guard_child.h"
#include "daemon/guard_link.h"
#include "daemon/guard_start.h"
#include "daemon/jobmanager.h"
#include "daemon/lease_page.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/restarts.h"

enum {
	MAX_DEATHS = 5,    /* in a row, without renewing the lease */
	MAX_MESSAGES = 64, /* taken in one turn */
};

static const usec_t start_grace = 5 * USEC_PER_SEC;   /* until an elector's first heartbeat */
static const usec_t reap_patience = 5 * USEC_PER_SEC; /* until a killed elector is reaped */
static const usec_t release_time = 11 * USEC_PER_SEC; /* it limits itself to 10 s */
static const usec_t orderly_extra = 5 * USEC_PER_SEC; /* for a stop, beside stop_ms */
static const usec_t recorded_time = 2 * USEC_PER_SEC; /* A12 */
static const usec_t sweep_again = 10 * USEC_PER_MSEC; /* while a dead JobManager leaves something */

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

	bool ready; /* systemd was told */
	usec_t watchdog_at;
	usec_t shutdown_until; /* 0 = not told to stop */
	bool bye;
	usec_t leaving_until; /* 0 = not yet: from then on only corpses are waited for */
	int exit_code;
};

static bool elector_alive(const struct guard *g)
{
	return g->elector.pid > 0 && g->elector.killed == 0;
}

static void kill_elector(struct guard *g, usec_t now, const char *why)
{
	if (!elector_alive(g))
		return;
	log_warning("guard", "Killing the elector (pid %d): %s", (int)g->elector.pid, why);
	(void)kill(g->elector.pid, SIGKILL); /* ends a stopped one, too */
	g->elector.killed = now;
}

/* ---- to the elector */

static void tell(struct guard *g, const struct guard_message *m, int pidfd)
{
	int r;

	if (g->elector.link < 0)
		return;
	r = guard_link_send(g->elector.link, m, pidfd);
	if (r < 0 && r != -EPIPE) /* gone: it will be reaped, and the next one told */
		(void)log_warning_errno(r, "guard", "Cannot tell the elector: %m");
}

static void tell_simple(struct guard *g, enum guard_message_type type)
{
	struct guard_message m = { .type = type };

	tell(g, &m, -1);
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

	tell(g, &m, jm->pidfd);
	/* The one that should have heard of it may have died before. */
	if (g->last_exited.type != 0 && jm->state == JOBMANAGER_NONE &&
	    lease.state == LEASE_PAGE_ARMED &&
	    lease_page_is_of(&lease, g->last_exited.exited.epoch))
		tell(g, &g->last_exited, -1);
	if (g->shutdown_until > 0)
		tell_simple(g, GUARD_MESSAGE_SHUTDOWN);
}

/* ---- the JobManager */

static void report_exited(struct guard *g, usec_t now)
{
	const struct jobmanager *jm = &g->jobmanager;
	struct guard_message m = {
		.type = GUARD_MESSAGE_EXITED,
		.exited = { .epoch = jm->epoch,
		            .status = jm->status,
		            .error = jm->exec_error,
		            .requested = g->requested,
		            .deadline = g->deadline },
	};

	if (!g->requested)
		m.exited.pause = restarts_add(&g->restarts, now);
	m.exited.restarts = restarts_count(&g->restarts, now);
	if (jm->exec_error != 0)
		(void)log_error_errno(jm->exec_error, "jobmanager",
		                      "Cannot start %s (jobmanager.command): %m",
		                      g->config->command[0]);
	else
		log_notice("jobmanager", "exited epoch=%" PRIu64 " status=%d requested=%d",
		           jm->epoch.v, jm->status, g->requested);
	g->last_exited = m;
	tell(g, &m, -1);
}

static void refuse_start(struct guard *g, struct epoch epoch, int error)
{
	struct guard_message m = { .type = GUARD_MESSAGE_EXITED,
		                   .exited = {
		                           .epoch = epoch, .error = -error, .requested = true } };

	(void)log_warning_errno(error, "guard", "JobManager of epoch %" PRIu64 " not started: %m",
	                        epoch.v);
	tell(g, &m, -1);
}

/* A6: the page first, then the start.  A10: one epoch, one process. */
static int may_start(const struct guard *g, struct epoch epoch, usec_t now)
{
	struct lease_page_lease lease = lease_page_read(&g->elector.page);

	if (g->shutdown_until > 0 || g->leaving_until > 0)
		return -ECANCELED;
	if (lease.state != LEASE_PAGE_ARMED || !lease_page_is_of(&lease, epoch))
		return -EPERM;
	if (now >= lease.deadline)
		return -ETIME;
	if (epoch.v <= g->jobmanager.epoch.v)
		return -EEXIST;
	return 0;
}

static void start_jobmanager(struct guard *g, const struct guard_message *m, usec_t now)
{
	int r;

	r = may_start(g, m->start.epoch, now);
	if (r == 0)
		r = jobmanager_spawn(&g->jobmanager, m->start.epoch, m->start.leader_id);
	if (r < 0) {
		refuse_start(g, m->start.epoch, r);
		return;
	}
	g->requested = g->deadline = false;
	g->last_exited.type = 0;
	log_notice("jobmanager", "starting epoch=%" PRIu64 " pid=%d", m->start.epoch.v,
	           (int)g->jobmanager.pid);
}

static void stop_jobmanager(struct guard *g, const struct guard_message *m, usec_t now)
{
	struct guard_message none = { .type = GUARD_MESSAGE_EXITED,
		                      .exited = { .epoch = m->stop.epoch, .requested = true } };

	if (g->jobmanager.state == JOBMANAGER_NONE ||
	    !epoch_equal(g->jobmanager.epoch, m->stop.epoch)) {
		if (g->last_exited.type != 0 &&
		    epoch_equal(g->last_exited.exited.epoch, m->stop.epoch))
			none = g->last_exited;
		tell(g, &none, -1);
		return;
	}
	g->requested = true;
	if (m->stop.kill)
		jobmanager_kill(&g->jobmanager);
	else
		jobmanager_terminate(&g->jobmanager, now);
}

static void look_at_exec(struct guard *g)
{
	struct jobmanager *jm = &g->jobmanager;
	struct guard_message m = { .type = GUARD_MESSAGE_STARTED };

	jobmanager_on_exec(jm);
	if (jm->exec_fd >= 0 || jm->exec_error != 0)
		return; /* not yet; or EXITED will say it */
	m.started.epoch = jm->epoch;
	m.started.pid = jm->pid;
	tell(g, &m, jm->pidfd);
}

static void look_at_jobmanager(struct guard *g, usec_t now)
{
	if (now >= g->jobmanager.kill_at)
		jobmanager_kill(&g->jobmanager);
	if (jobmanager_gone(&g->jobmanager))
		report_exited(g, now);
}

/* ---- the lease */

static void set_status_expired(const struct guard *g)
{
	char text[128];

	/* D10: nobody reads "leader" from now on, even if no elector can correct it. */
	(void)snprintf(text, sizeof(text), "STATUS=%s: not leader, the lease has passed",
	               g->config->member);
	(void)notify_send(&g->notify, text);
}

/* Promise 1 hangs on this function: a JobManager runs only while the page is armed for its epoch.
 * Whoever ended it, and whatever the elector does. */
static void look_at_lease(struct guard *g, usec_t now)
{
	struct jobmanager *jm = &g->jobmanager;
	bool expired = lease_page_expire(&g->elector.page, now);
	struct lease_page_lease lease = lease_page_read(&g->elector.page);
	bool may_run = lease.state == LEASE_PAGE_ARMED && lease_page_is_of(&lease, jm->epoch);

	if (jm->state != JOBMANAGER_NONE && jm->state != JOBMANAGER_KILLED && !may_run) {
		jobmanager_kill(jm); /* before anything is said about it */
		g->deadline = expired;
		g->requested = true;
		log_warning("guard", "JobManager killed, its lease has ended: epoch=%" PRIu64,
		            jm->epoch.v);
	}
	if (!expired)
		return;
	set_status_expired(g);
	if (!elector_alive(g))
		g->need_release = true;
}

/* ---- what the elector says */

static void set_status(const struct guard *g, const char *text)
{
	char state[GUARD_LINK_STATUS_SIZE + 8];

	(void)snprintf(state, sizeof(state), "STATUS=%s", text);
	for (char *p = state; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	(void)notify_send(&g->notify, state);
}

static void carry_out(struct guard *g, const struct guard_message *m, usec_t now)
{
	switch (m->type) {
	case GUARD_MESSAGE_READY:
		if (!g->ready)
			(void)notify_send(&g->notify, "READY=1");
		g->ready = true;
		break;
	case GUARD_MESSAGE_STATUS:
		set_status(g, m->text);
		break;
	case GUARD_MESSAGE_START:
		start_jobmanager(g, m, now);
		break;
	case GUARD_MESSAGE_STOP:
		stop_jobmanager(g, m, now);
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

static void close_link(struct guard *g)
{
	closep(&g->elector.link);
	g->elector.link = -1;
}

static void look_at_link(struct guard *g, usec_t now)
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
	close_link(g);
	/* It is dying, or has closed its end: without a link it is of no use. */
	if (!g->bye)
		kill_elector(g, now, "its link is closed");
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

static void start_elector(struct guard *g, usec_t now)
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
		close_link(g);
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
		lease_page_end_any(&e->page);
		look_at_lease(g, now);
		set_status_expired(g);
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
	look_at_link(g, now); /* its last words count */
	close_link(g);
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

	if (beat == 0)
		return now > g->elector.started + start_grace;
	return now > usec_add(beat, g->options->patience);
}

static void look_at_elector(struct guard *g, usec_t now)
{
	usec_t claiming = lease_page_claiming_since(&g->elector.page);

	reap_elector(g, now);
	if (!elector_alive(g))
		return;
	if (heartbeat_stale(g, now))
		kill_elector(g, now, "no heartbeat");
	else if (claiming > 0 && now > usec_add(claiming, g->takeover + USEC_PER_SEC))
		kill_elector(g, now, "claiming for longer than takeover_ms"); /* C1 */
}

/* ---- release, and starting over */

static void look_at_release(struct guard *g, usec_t now)
{
	int r, status;

	if (g->release_pid > 0 && waitpid(g->release_pid, &status, WNOHANG) == g->release_pid) {
		log_notice("guard", "--release ended with %d",
		           WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
		g->release_pid = 0;
		g->jobmanager.spared[1] = 0;
		g->need_release = false;
	}
	if (g->release_pid > 0 && now >= g->release_until)
		(void)kill(g->release_pid, SIGKILL);
	/* A12: only when the JobManager is proven dead, and no elector runs (D18: a killed one that
	 * cannot be reaped runs no more). */
	if (!g->need_release || g->release_pid > 0 || g->leaving_until > 0 || elector_alive(g) ||
	    g->jobmanager.state != JOBMANAGER_NONE)
		return;
	r = guard_child_start_release(g->options, g->lock_fd, &g->release_pid);
	if (r < 0) { /* the session then ends by itself */
		(void)log_error_errno(r, "guard", "Cannot start --release: %m");
		g->need_release = false;
		return;
	}
	g->jobmanager.spared[1] = g->release_pid;
	g->release_until = now + release_time;
}

static void look_at_restart(struct guard *g, usec_t now)
{
	if (g->elector.pid == 0 && !g->need_release && g->release_pid == 0 && !g->bye &&
	    g->leaving_until == 0 && now >= g->elector.restart_at)
		start_elector(g, now);
}

/* ---- the end */

static void leave(struct guard *g, usec_t now, int exit_code)
{
	if (g->leaving_until > 0)
		return;
	g->exit_code = exit_code;
	g->leaving_until = now + recorded_time;
	lease_page_end_any(&g->elector.page);
	g->requested = true;
	jobmanager_kill(&g->jobmanager);
}

static void look_at_shutdown(struct guard *g, usec_t now)
{
	if (g->bye) /* orderly: the elector has released, and goes by itself */
		leave(g, now, EXIT_SUCCESS);
	if (g->shutdown_until > 0 && now >= g->shutdown_until && g->leaving_until == 0) {
		log_error("guard", "No orderly stop within stop_ms + 5 s: leaving it to --release");
		leave(g, now, EXIT_FAILURE);
		kill_elector(g, now, "it does not end");
	}
	if (g->leaving_until > 0 && now >= g->leaving_until)
		kill_elector(g, now, "it does not end");
}

static bool all_gone(const struct guard *g, usec_t now)
{
	if (g->leaving_until == 0)
		return false;
	if (g->elector.pid == 0 && g->jobmanager.state == JOBMANAGER_NONE && g->release_pid == 0)
		return true;
	return now >= g->leaving_until + recorded_time; /* unkillable: PDEATHSIG, and --release */
}

/* ---- the loop */

static void on_signal(struct guard *g, const struct signalfd_siginfo *si, usec_t now)
{
	switch (si->ssi_signo) {
	case SIGTERM:
	case SIGINT:
		if (g->shutdown_until > 0)
			break;
		log_notice("guard", "stopping");
		g->shutdown_until = now + g->config->stop_usec + orderly_extra;
		(void)notify_send(&g->notify, "STOPPING=1");
		g->elector.restart_at = now; /* without one there is nobody to release */
		tell_simple(g, GUARD_MESSAGE_SHUTDOWN);
		break;
	case SIGHUP:
		tell_simple(g, GUARD_MESSAGE_RELOAD);
		break;
	default: /* SIGCHLD: each turn looks */
		break;
	}
}

static void look_at_signals(struct guard *g, usec_t now)
{
	struct signalfd_siginfo si;

	while (read(g->signal_fd, &si, sizeof(si)) == sizeof(si))
		on_signal(g, &si, now);
}

static void feed_watchdog(struct guard *g, usec_t now)
{
	if (g->notify.watchdog == 0 || now < g->watchdog_at)
		return;
	/* One that cannot be reaped is not being replaced: systemd shall end us, and release. */
	if (g->elector.killed > 0 && now > g->elector.killed + reap_patience)
		return;
	g->watchdog_at = now + g->notify.watchdog / 4;
	(void)notify_send(&g->notify, "WATCHDOG=1");
}

static usec_t earlier(usec_t a, usec_t b)
{
	return a < b ? a : b;
}

static usec_t next_turn(const struct guard *g, usec_t now)
{
	struct lease_page_lease lease = lease_page_read(&g->elector.page);
	usec_t next = now + g->options->patience / 4; /* heartbeat; a deadline that was lowered */

	if (lease.state == LEASE_PAGE_ARMED)
		next = earlier(next, lease.deadline);
	next = earlier(next, g->jobmanager.kill_at);
	if (g->jobmanager.dead)
		next = earlier(next, now + sweep_again);
	if (g->elector.pid == 0 && g->elector.restart_at > now)
		next = earlier(next, g->elector.restart_at);
	if (g->notify.watchdog > 0 && g->watchdog_at > now)
		next = earlier(next, g->watchdog_at);
	return next;
}

static void wait_for_something(const struct guard *g, usec_t now)
{
	usec_t left = usec_sub(next_turn(g, now), now);
	const struct timespec timeout = { .tv_sec = (time_t)(left / USEC_PER_SEC),
		                          .tv_nsec = (long)(left % USEC_PER_SEC * NSEC_PER_USEC) };
	struct pollfd fds[] = {
		/* poll() skips negative ones */
		{ .fd = g->signal_fd, .events = POLLIN },
		{ .fd = g->elector.link, .events = POLLIN },
		{ .fd = g->jobmanager.exec_fd, .events = POLLIN },
		{ .fd = g->jobmanager.dead ? g->jobmanager.events_fd : -1, .events = POLLPRI }
	};

	(void)ppoll(fds, N_ELEMENTS(fds), &timeout, NULL);
}

static void turn(struct guard *g, usec_t now)
{
	look_at_lease(g, now);
	look_at_signals(g, now);
	if (g->jobmanager.exec_fd >= 0)
		look_at_exec(g);
	look_at_link(g, now);
	look_at_lease(g, now); /* messages took time, and may have changed what must be killed */
	look_at_jobmanager(g, now);
	look_at_elector(g, now);
	look_at_shutdown(g, now);
	look_at_release(g, now);
	look_at_restart(g, now);
	feed_watchdog(g, now);
}

static int run(struct guard *g)
{
	usec_t now = clock_boottime();

	/* Walked once before it counts, so that its pages are in memory (A8). */
	jobmanager_kill(&g->jobmanager);
	look_at_lease(g, now);
	start_elector(g, now);
	while (!all_gone(g, now)) {
		wait_for_something(g, now);
		now = clock_boottime();
		turn(g, now);
	}
	return g->exit_code;
}

/* ---- start */

static int block_signals(int *ret_fd)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int prepare_jobmanager(struct guard *g)
{
	const struct config *c = g->config;
	struct jobmanager_spec spec = { .command = c->command,
		                        .cluster = c->cluster,
		                        .member = c->member,
		                        .runtime_dir = c->runtime_dir,
		                        .stop = c->stop_usec };
	struct jobmanager_error error;
	char cgroup[PATH_MAX] = "";
	bool oom_group = false;
	int r;

	r = jobmanager_reap_recorded(c->runtime_dir, clock_boottime() + recorded_time, &error);
	if (r < 0) {
		log_error("guard", "%s", error.text);
		return r;
	}
	r = cgroup_prepare(cgroup, sizeof(cgroup), &oom_group);
	if (r < 0)
		return log_error_errno(r, "guard", "Cannot prepare the unit's cgroup: %m");
	if (r == 0) {
		log_info("guard", "No cgroup of our own: the JobManager gets a process group");
		g->lacks |= GUARD_LACKS_CGROUP | GUARD_LACKS_OOM_GROUP;
	} else if (!oom_group) {
		log_warning("guard", "No memory controller: an OOM may end the JobManager in part");
		g->lacks |= GUARD_LACKS_OOM_GROUP;
	}
	if (g->oom_score[0] != '\0')
		spec.oom_score = g->oom_score;
	r = jobmanager_init(&g->jobmanager, &spec, cgroup);
	if (r < 0)
		return log_error_errno(
		        r, "guard",
		        "Cannot watch over a JobManager (without systemd's Delegate=yes "
		        "the kernel needs CONFIG_PROC_CHILDREN): %m");
	return 0;
}

static int prepare(struct guard *g)
{
	int r;

	r = guard_take_lock(g->config->runtime_dir, &g->lock_fd);
	if (r < 0)
		return r;
	g->lacks = guard_harden(g->oom_score, sizeof(g->oom_score));
	r = notify_open(&g->notify);
	if (r < 0)
		return log_error_errno(r, "guard", "Cannot use NOTIFY_SOCKET: %m");
	r = block_signals(&g->signal_fd);
	if (r < 0)
		return log_error_errno(r, "guard", "Cannot take signals: %m");
	r = prepare_jobmanager(g);
	if (r < 0)
		return r;
	r = guard_listen_unix(g->config->runtime_dir, &g->api_unix_fd);
	if (r < 0)
		return r;
	r = guard_listen_tcp(g->config->listen, &g->api_tcp_fd);
	if (r < 0)
		return r;
	r = lease_page_create(NULL, &g->elector.page);
	if (r < 0)
		return log_error_errno(r, "guard", "Cannot make a lease page: %m");
	return 0;
}

int guard_run(const struct config *config, const struct guard_options *options)
{
	struct guard g = { .config = config,
		           .options = options,
		           .notify = { .fd = -1 },
		           .lock_fd = -1,
		           .api_unix_fd = -1,
		           .api_tcp_fd = -1,
		           .signal_fd = -1,
		           .takeover = config->takeover_usec,
		           .elector = { .link = -1, .page = { .fd = -1 } },
		           .jobmanager = { .pidfd = -1,
		                           .exec_fd = -1,
		                           .kill_fd = -1,
		                           .events_fd = -1,
		                           .kill_at = USEC_INFINITY } };
	int code = EXIT_FAILURE;

	if (prepare(&g) == 0)
		code = run(&g);
	jobmanager_done(&g.jobmanager);
	lease_page_close(&g.elector.page);
	close_link(&g);
	notify_close(&g.notify);
	closep(&g.signal_fd);
	closep(&g.api_tcp_fd);
	closep(&g.api_unix_fd);
	closep(&g.lock_fd);
	return code;
}
