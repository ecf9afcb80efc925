/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's loop.  Each turn looks at everything again: the lease first, then what the elector
 * asked for, then who has died.  No turn waits for anybody.
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
#include "daemon/guard_private.h"
#include "daemon/guard_start.h"
#include "daemon/jobmanager.h"
#include "daemon/lease_page.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/restarts.h"

static const usec_t reap_patience = 5 * USEC_PER_SEC; /* until a killed elector is reaped */
static const usec_t release_time = 11 * USEC_PER_SEC; /* it limits itself to 10 s */
static const usec_t orderly_extra = 5 * USEC_PER_SEC; /* for a stop, beside stop_ms; hot: twice */
static const usec_t recorded_time = 2 * USEC_PER_SEC; /* A12 */
static const usec_t sweep_again = 10 * USEC_PER_MSEC; /* while a dead JobManager leaves something */

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
	if (!g->need_release || g->release_pid > 0 || g->leaving_until > 0 ||
	    guard_elector_alive(g) || g->jobmanager.state != JOBMANAGER_NONE)
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

/* A12: what is being killed may still run.  An elector that does not resume would end its session.
 */
static bool is_dying(struct guard *g)
{
	return g->jobmanager.state == JOBMANAGER_KILLED &&
	       lease_page_read(&g->elector.page).state != LEASE_PAGE_ARMED;
}

static void look_at_restart(struct guard *g, usec_t now)
{
	if (g->elector.pid == 0 && !is_dying(g) && !g->need_release && g->release_pid == 0 &&
	    !g->bye && g->leaving_until == 0 && now >= g->elector.restart_at)
		guard_start_elector(g, now);
}

/* ---- the end */

static void leave(struct guard *g, usec_t now, int exit_code)
{
	if (g->leaving_until > 0)
		return;
	g->exit_code = exit_code;
	g->leaving_until = now + recorded_time;
	guard_end_lease(g);
	g->requested = true; /* of one that was being killed before, too */
}

static void look_at_shutdown(struct guard *g, usec_t now)
{
	if (g->bye) /* orderly: the elector has released, and goes by itself */
		leave(g, now, EXIT_SUCCESS);
	if (g->shutdown_until > 0 && now >= g->shutdown_until && g->leaving_until == 0) {
		log_error("guard", "No orderly stop within stop_ms + %d s: leaving it to --release",
		          g->config->hot ? 10 : 5);
		leave(g, now, EXIT_FAILURE);
		guard_kill_elector(g, now, "it does not end");
	}
	if (g->leaving_until > 0 && now >= g->leaving_until)
		guard_kill_elector(g, now, "it does not end");
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
		g->shutdown_until =
		        now + g->config->stop_usec + (g->config->hot ? 2 : 1) * orderly_extra;
		(void)notify_send(&g->notify, "STOPPING=1");
		g->elector.restart_at = now; /* without one there is nobody to release */
		guard_tell_simple(g, GUARD_MESSAGE_SHUTDOWN);
		break;
	case SIGHUP:
		g->reloaded = true;
		guard_tell_simple(g, GUARD_MESSAGE_RELOAD);
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

/* What systemd does not read now is told again in a later turn: without READY it would end us, and
 * "leader" must not stay (D10). */
static void tell_systemd(struct guard *g)
{
	if (g->ready_due)
		g->ready_due = notify_send(&g->notify, "READY=1") == -EAGAIN;
	if (g->status_due)
		g->status_due = notify_send(&g->notify, g->status) == -EAGAIN;
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
	bool expired = guard_look_at_lease(g, now);

	look_at_signals(g, now);
	if (g->jobmanager.exec_fd >= 0)
		guard_look_at_exec(g);
	guard_look_at_link(g, now);
	if (expired) /* what it said of itself may be older */
		guard_set_status_expired(g);
	/* Messages took time, and may have changed what must be killed. */
	(void)guard_look_at_lease(g, now);
	guard_look_at_jobmanager(g, now);
	guard_look_at_elector(g, now);
	look_at_shutdown(g, now);
	look_at_release(g, now);
	look_at_restart(g, now);
	tell_systemd(g);
	feed_watchdog(g, now);
}

static int run(struct guard *g)
{
	usec_t now = clock_boottime();

	jobmanager_rehearse_kill(&g->jobmanager);
	(void)guard_look_at_lease(g, now);
	guard_start_elector(g, now);
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
		                        .hot = c->hot,
		                        .class_archive = c->class_archive,
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
	guard_close_link(&g);
	notify_close(&g.notify);
	closep(&g.signal_fd);
	closep(&g.api_tcp_fd);
	closep(&g.api_unix_fd);
	closep(&g.lock_fd);
	return code;
}
