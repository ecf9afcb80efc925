/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector and its hot JobManager: what is granted, told over the stream as changes of what was
 * told before; what it says of itself, handed to the core; and who may say it.
 */
#include "daemon/elector_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cgroup.h"
#include "daemon/clock.h"
#include "daemon/log.h"

static const usec_t foreign_shown = 60 * USEC_PER_SEC;
static const usec_t least_period = USEC_PER_SEC / 10; /* of heartbeats: with T as negotiated there
                                                       * may be no lease at all */

static bool hot(const struct elector *e)
{
	return e->config->hot && !e->config->observer;
}

/* ---- who may ---- */

static bool own_jobmanager(const struct elector *e, pid_t pid)
{
	if (e->jobmanager_pid <= 0 || pid <= 0)
		return false;
	if (pid == e->jobmanager_pid || getpgid(pid) == e->jobmanager_pid)
		return true;
	return !(e->hello.hello.lacks & GUARD_LACKS_CGROUP) && cgroup_is_jobmanager(pid);
}

/* It tries each second, and who forks is another one each time: one line a minute. */
static void note_foreign(struct elector *e, pid_t pid)
{
	usec_t now = clock_boottime();

	if (e->foreign_told == 0 || usec_sub(now, e->foreign_told) >= foreign_shown) {
		e->foreign_told = now;
		log_warning("jobmanager",
		            "Process %d asks for the leadership, but is not the JobManager of this "
		            "daemon (pid %d): it was started by hand, or is of another cluster; "
		            "stop it",
		            (int)pid, e->jobmanager_pid);
	}
	e->foreign_pid = pid;
	e->foreign_at = now;
}

int elector_leadership_foreign(const struct elector *e)
{
	return usec_sub(clock_boottime(), e->foreign_at) < foreign_shown ? e->foreign_pid : 0;
}

enum api_error elector_leadership_may(struct elector *e, pid_t pid)
{
	if (!hot(e))
		return API_NOT_FOUND;
	if (own_jobmanager(e, pid))
		return API_OK;
	note_foreign(e, pid);
	return API_FORBIDDEN;
}

/* ---- what it says ---- */

enum api_error elector_leadership_say(struct elector *e, pid_t pid, enum leadership_word word,
                                      struct epoch epoch)
{
	static const enum core_word words[] = {
		[LEADERSHIP_WAITING] = CORE_WAITING,
		[LEADERSHIP_LEADING] = CORE_LEADS,
		[LEADERSHIP_REVOKED] = CORE_REVOKED,
	};
	struct core_event ev = { .type = CORE_EV_SAID };

	if (core_superseded(&e->core, words[word], epoch, pid)) {
		log_warning("jobmanager",
		            "The JobManager (process %d) leads epoch %" PRIu64
		            ", which is not granted to it (any more): it has to halt",
		            (int)pid, epoch.v);
		return API_FENCED;
	}
	e->jobmanager_spoke = true;
	ev.said.word = words[word];
	ev.said.epoch = epoch;
	ev.said.by = pid;
	elector_feed(e, &ev);
	return API_OK;
}

/* ---- what it is told ---- */

void elector_leadership_now(const struct elector *e, struct leadership *ret)
{
	*ret = (struct leadership){
		.settled = core_settled(&e->core),
		.epoch = core_granted(&e->core),
		.superseded = e->core.phase == CORE_REVOKING && e->core.killed,
		.halt_after = lease_length(&e->core.lease.params), /* as negotiated */
		.cluster = e->config->cluster,
		.member = e->config->member,
	};
	if (ret->epoch.v == 0 || !e->has_register ||
	    !register_leader_id(e->reg.cluster_id, ret->epoch, ret->leader_id))
		ret->leader_id[0] = '\0';
}

void elector_leadership_for(const struct elector *e, pid_t pid, struct leadership *ret)
{
	elector_leadership_now(e, ret);
	ret->epoch = core_granted_to(&e->core, pid);
	if (ret->epoch.v == 0)
		ret->leader_id[0] = '\0';
}

void elector_leadership_tell(struct elector *e)
{
	struct leadership now;

	if (!hot(e) || !e->api)
		return;
	elector_leadership_now(e, &now);
	if (!now.settled)
		return;
	if (!e->leadership.settled)
		(void)api_leadership_publish(e->api, LEADERSHIP_STATE, &now, NULL);
	else if (now.epoch.v != 0 && !epoch_equal(now.epoch, e->leadership.epoch))
		(void)api_leadership_publish(e->api, LEADERSHIP_GRANT, &now, NULL);
	else if (now.epoch.v == 0 && e->leadership.epoch.v != 0) {
		now.epoch = e->leadership.epoch; /* what is asked back */
		(void)api_leadership_publish(e->api, LEADERSHIP_REVOKE, &now, NULL);
		now.epoch.v = 0;
	}
	e->leadership = now;
}

/* It halts when it hears nothing for a whole lease, so several have to fit into one: as often as
 * the guard expects the elector's own. */
static usec_t beat_period(const struct elector *e)
{
	usec_t period = lease_page_patience(lease_length(&e->core.lease.params));

	return period < least_period ? least_period : period;
}

usec_t elector_leadership_beat(struct elector *e)
{
	struct leadership now;

	if (!hot(e))
		return USEC_INFINITY;
	if (e->leadership.settled) {
		elector_leadership_now(e, &now);
		now.lease = core_lease_left(&e->core, clock_boottime());
		(void)api_leadership_publish(e->api, LEADERSHIP_HEARTBEAT, &now, NULL);
	}
	return clock_boottime() + beat_period(e);
}

bool elector_leadership_recover(struct elector *e, const char *jobid)
{
	struct leadership now;

	elector_leadership_now(e, &now);
	return hot(e) && now.epoch.v != 0 &&
	       api_leadership_publish(e->api, LEADERSHIP_RECOVER, &now, jobid);
}
