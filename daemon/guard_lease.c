/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JobManager as the guard deals with it: started for an armed page only, killed when the page
 * is not armed for it any more, reported as exited with the proof that nothing is left.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/config.h"
#include "daemon/guard_private.h"
#include "daemon/log.h"

/* What a process is named by: guard_link.h. */
static const char *name_of(const struct guard *g)
{
	return g->config->hot ? "process" : "epoch";
}

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
		log_notice("jobmanager", "exited %s=%" PRIu64 " status=%d requested=%d", name_of(g),
		           jm->epoch.v, jm->status, g->requested);
	g->last_exited = m;
	guard_tell(g, &m, -1);
}

static void refuse_start(struct guard *g, struct epoch epoch, int error)
{
	struct guard_message m = { .type = GUARD_MESSAGE_EXITED,
		                   .exited = { .epoch = epoch,
		                               .error = -error,
		                               .requested = true,
		                               .pause = USEC_PER_SEC } }; /* no tight loop */

	if (error == -ECANCELED)
		log_info("guard", "JobManager not started, the daemon ends");
	else
		(void)log_warning_errno(error, "guard",
		                        "JobManager (%s=%" PRIu64 ") not started: %m", name_of(g),
		                        epoch.v);
	guard_tell(g, &m, -1);
}

/* A6: cold, the page first, then the start.  A10: one epoch, one process: what starts under an
 * armed page in hot mode would be taken for the one that was granted. */
static int may_start(const struct guard *g, struct epoch epoch, usec_t now)
{
	struct lease_page_lease lease = lease_page_read(&g->elector.page);
	bool armed = lease.state == LEASE_PAGE_ARMED;

	if (g->shutdown_until > 0 || g->leaving_until > 0)
		return -ECANCELED;
	if (g->config->hot ? armed : !armed || !lease_page_is_of(&lease, epoch))
		return -EPERM;
	if (armed && now >= lease.deadline)
		return -ETIME;
	if (epoch.v <= g->jobmanager.epoch.v)
		return -EEXIST;
	return 0;
}

void guard_start_jobmanager(struct guard *g, const struct guard_message *m, usec_t now)
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
	log_notice("jobmanager", "starting %s=%" PRIu64 " pid=%d", name_of(g), m->start.epoch.v,
	           (int)g->jobmanager.pid);
}

void guard_stop_jobmanager(struct guard *g, const struct guard_message *m, usec_t now)
{
	struct guard_message none = { .type = GUARD_MESSAGE_EXITED,
		                      .exited = { .epoch = m->stop.epoch, .requested = true } };

	if (g->jobmanager.state == JOBMANAGER_NONE ||
	    !epoch_equal(g->jobmanager.epoch, m->stop.epoch)) {
		if (g->last_exited.type != 0 &&
		    epoch_equal(g->last_exited.exited.epoch, m->stop.epoch))
			none = g->last_exited;
		guard_tell(g, &none, -1);
		return;
	}
	g->requested = !m->stop.failed;
	if (m->stop.kill)
		jobmanager_kill(&g->jobmanager);
	else
		jobmanager_terminate(&g->jobmanager, now);
}

void guard_look_at_exec(struct guard *g)
{
	struct jobmanager *jm = &g->jobmanager;
	struct guard_message m = { .type = GUARD_MESSAGE_STARTED };

	jobmanager_on_exec(jm);
	if (jm->exec_fd >= 0 || jm->exec_error != 0)
		return; /* not yet; or EXITED will say it */
	m.started.epoch = jm->epoch;
	m.started.pid = jm->pid;
	guard_tell(g, &m, jm->pidfd);
}

void guard_look_at_jobmanager(struct guard *g, usec_t now)
{
	if (now >= g->jobmanager.kill_at)
		jobmanager_kill(&g->jobmanager);
	if (jobmanager_gone(&g->jobmanager))
		report_exited(g, now);
}

/* ---- the lease */

void guard_set_status_expired(struct guard *g)
{
	/* D10: nobody reads "leader" from now on, even if no elector can correct it. */
	(void)snprintf(g->status, sizeof(g->status), "STATUS=%s: not leader, the lease has passed",
	               g->config->member);
	g->status_due = true;
}

static void kill_with_its_lease(struct guard *g, bool deadline)
{
	struct jobmanager *jm = &g->jobmanager;

	if (jm->state == JOBMANAGER_NONE || jm->state == JOBMANAGER_KILLED)
		return;
	jobmanager_kill(jm); /* before anything is said about it */
	g->deadline = deadline;
	g->requested = true;
	log_warning("guard", "JobManager killed, %s: %s=%" PRIu64,
	            g->leaving_until > 0 ? "the daemon ends" : "its lease has ended", name_of(g),
	            jm->epoch.v);
}

void guard_end_lease(struct guard *g)
{
	lease_page_end_any(&g->elector.page);
	kill_with_its_lease(g, false);
}

/* Promise 1 hangs on this function: whatever the elector does. */
bool guard_look_at_lease(struct guard *g, usec_t now)
{
	bool expired = lease_page_expire(&g->elector.page, now);
	struct lease_page_lease lease = lease_page_read(&g->elector.page);
	bool armed =
	        lease.state == LEASE_PAGE_ARMED && lease_page_is_of(&lease, g->jobmanager.epoch);

	if (g->config->hot ? expired : !armed)
		kill_with_its_lease(g, expired);
	if (!expired)
		return false;
	guard_set_status_expired(g);
	if (!guard_elector_alive(g))
		g->need_release = true;
	return true;
}
