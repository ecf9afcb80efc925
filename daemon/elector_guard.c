/* SPDX-License-Identifier: Apache-2.0 */
/* The elector's side of page and link: arms, extends, grants, revokes; hears what the guard did. */
#include "daemon/elector_private.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "daemon/cgroup.h"
#include "daemon/class_archive.h"
#include "daemon/clock.h"
#include "daemon/log.h"

enum { HELLO_WAIT_MS = 5000, STOP_WAIT_MS = 10000 };

static void send_message(struct elector *e, const struct guard_message *message)
{
	int r = guard_link_send(e->fds.link, message, -1);

	/* The guard is stopped, or gone: then we go too (PDEATHSIG).  The page speaks for itself.
	 */
	if (r < 0)
		log_error_errno(r, "guard", "Failed to send message %u to the guard: %m",
		                message->type);
}

/* The second line, in case it is the guard that is stopped: all of it, as the guard would (A8). The
 * guard keeps the dead main process until it has told us: so the number of its group is still its
 * own while the pidfd can be signalled. */
static void kill_jobmanager(const struct elector *e)
{
	if (e->pidfd >= 0 && e->jobmanager_pid > 0 &&
	    syscall(SYS_pidfd_send_signal, e->pidfd, SIGKILL, NULL, 0) == 0)
		(void)kill(-e->jobmanager_pid, SIGKILL);
	if (e->kill_fd >= 0)
		(void)!write(e->kill_fd, "1", 1);
}

static void send_stop(struct elector *e, bool kill_it, bool failed)
{
	struct guard_message message = { .type = GUARD_MESSAGE_STOP };

	message.stop.epoch = e->process;
	message.stop.kill = kill_it;
	message.stop.failed = failed;
	e->jobmanager_hung |= failed;
	send_message(e, &message);
	if (kill_it)
		kill_jobmanager(e);
}

/* What a process is named by: guard_link.h. */
static const char *name_of(const struct elector *e)
{
	return e->config->hot ? "process" : "epoch";
}

/* Cold: for this epoch.  Hot: the next one in number. */
static void start(struct elector *e, struct epoch name)
{
	struct guard_message message = { .type = GUARD_MESSAGE_START };

	e->process = message.start.epoch = name;
	if (!e->config->hot &&
	    !register_leader_id(e->reg.cluster_id, name, message.start.leader_id))
		message.start.leader_id[0] = '\0';
	e->jobmanager_starting = true;
	e->jobmanager_spoke = false;
	send_message(e, &message);
}

/* A JVM that ends before it has said anything may have ended because of its class archive. */
static void doubt_class_archive(const struct elector *e)
{
	if (e->config->hot && e->config->class_archive && !e->jobmanager_spoke &&
	    class_archive_drop(e->config->class_archive, e->config->member) > 0)
		log_warning(
		        "jobmanager",
		        "It ended before it said anything: its class archive in %s was removed, "
		        "the next start does without",
		        e->config->class_archive);
}

/* A hot one is told, or asked, over its stream: elector_leadership.c, at the end of this turn. */
static void grant(struct elector *e, struct epoch epoch)
{
	if (!e->config->hot)
		start(e, epoch);
}

static void ask_back(struct elector *e)
{
	if (!e->config->hot)
		send_stop(e, false, false);
}

void elector_guard_run(struct elector *e, const struct core_command *cmd)
{
	usec_t now = clock_boottime();
	int r = 0;

	switch ((int)cmd->type) {
	case CORE_CMD_ARM:
		r = lease_page_arm(&e->page, cmd->epoch, cmd->deadline, now);
		FAULT_POINT(page_armed);
		break;
	case CORE_CMD_EXTEND:
		e->counters.heartbeats++;
		if (cmd->deadline < lease_page_read(&e->page).deadline)
			e->status_text[0] =
			        '\0'; /* A7: a message wakes the guard, it looks again */
		r = lease_page_extend(&e->page, e->core.epoch, cmd->deadline, now);
		break;
	case CORE_CMD_DISARM:
		e->stop_done = now;
		(void)lease_page_end(&e->page, cmd->epoch);
		break;
	case CORE_CMD_START:
		start(e, epoch_next(e->process));
		break;
	case CORE_CMD_GRANT:
		grant(e, cmd->epoch);
		FAULT_POINT(granted);
		break;
	case CORE_CMD_REVOKE:
		e->stop_asked = now;
		ask_back(e);
		break;
	case CORE_CMD_TERMINATE:
		send_stop(e, false, false);
		break;
	case CORE_CMD_KILL:
		e->stop_asked = now;
		send_stop(e, true, cmd->failed);
		break;
	case CORE_CMD_EXIT:
		elector_guard_bye(e);
		break;
	default:
		break;
	}
	if (r < 0) {
		log_warning_errno(r, "lease",
		                  "The page of epoch %" PRIu64
		                  " was ended by the guard, its JobManager is being killed: %m",
		                  e->core.epoch.v);
		elector_feed_type(e, CORE_EV_PAGE_ENDED);
	}
}

void elector_guard_bye(struct elector *e)
{
	struct guard_message message = { .type = GUARD_MESSAGE_BYE };

	elector_zk_close(e, true);
	/* Else `--release` has something left to do. */
	if (!e->core.old_session && !e->file.latch[0])
		(void)session_file_remove(e->config->runtime_dir);
	send_message(e, &message);
	e->exit_code = 0;
	(void)sd_event_exit(e->event, 0);
}

/* ---- what the guard says ---- */

static void take_pidfd(struct elector *e, int pidfd)
{
	if (e->pidfd >= 0)
		(void)close(e->pidfd);
	e->pidfd = pidfd;
}

static void on_exited(struct elector *e, const struct guard_message *m)
{
	struct core_event ev = { .type = CORE_EV_EXITED };
	const char *what = m->exited.error       ? "could not be started"
	                   : m->exited.deadline  ? "was killed at the lease deadline"
	                   : e->jobmanager_hung  ? "was killed, since it hangs"
	                   : m->exited.requested ? "was stopped"
	                                         : "exited by itself";

	if (!epoch_equal(m->exited.epoch, e->process))
		return; /* of one before: said twice, or asked for when it was dead already */
	take_pidfd(e, -1);
	e->jobmanager_pid = 0;
	e->jobmanager_starting = e->jobmanager_hung = false;
	e->restarts = m->exited.restarts;
	if (!m->exited.error && !m->exited.requested)
		doubt_class_archive(e);
	if (m->exited.error == ECANCELED)
		log_info("jobmanager", "not started, the daemon ends");
	else if (m->exited.error)
		log_error_errno(m->exited.error, "jobmanager",
		                "%s could not be started, see jobmanager.command in %s: %m",
		                e->config->command ? e->config->command[0] : "(no command)",
		                e->config->path);
	else
		log_notice("jobmanager", "%s=%" PRIu64 " %s status=0x%x", name_of(e),
		           m->exited.epoch.v, what, (unsigned)m->exited.status);
	ev.exited.epoch = m->exited.epoch;
	ev.exited.pause = m->exited.pause;
	elector_feed(e, &ev);
}

void elector_reload(struct elector *e)
{
	struct guard_message limits = { .type = GUARD_MESSAGE_LIMITS };
	struct config *fresh = NULL, *merged = NULL;
	struct config_error error;
	struct config_changes changes;
	int r;

	r = config_load(e->config->path, &fresh, &error);
	if (r >= 0)
		r = config_merge(e->config, fresh, &merged, &error);
	if (r < 0) {
		log_error("config", "%s:%u: %s; the running configuration stays", error.file,
		          error.line, error.text);
		config_free(fresh);
		return;
	}
	config_compare(e->config, fresh, &changes);
	for (unsigned i = 0; changes.reloaded[i]; i++)
		log_notice("config", "%s was reloaded", changes.reloaded[i]);
	if (!changes.reloaded[0] && !changes.needs_restart[0])
		log_notice("config", "%s was read again and says the same", e->config->path);
	for (unsigned i = 0; changes.needs_restart[i]; i++)
		log_warning("config", "%s has changed and waits for a restart",
		            changes.needs_restart[i]);
	config_free(fresh);
	fresh = e->config;
	e->config = merged;
	elector_health_reload(e, fresh);
	config_free(fresh);
	elector_configure_core(e);
	limits.limits.takeover = merged->takeover_usec;
	send_message(e, &limits);
	if (e->session)
		(void)session_set_servers(e->session, (const char *const *)merged->servers);
	r = api_reload(e->api, merged->admin_group);
	if (r < 0)
		log_error_errno(r, "config", "api.admin_group stays as it was: %m");
}

void elector_shut_down(struct elector *e)
{
	struct core_event ev = { .type = CORE_EV_STOP };

	ev.stop.cause = CAUSE_SHUTDOWN;
	elector_feed(e, &ev);
}

static void on_message(struct elector *e, const struct guard_message *m, int pidfd)
{
	switch ((int)m->type) {
	case GUARD_MESSAGE_STARTED:
		take_pidfd(e, pidfd);
		e->jobmanager_pid = m->started.pid;
		e->jobmanager_starting = false;
		return;
	case GUARD_MESSAGE_EXITED:
		on_exited(e, m);
		break;
	case GUARD_MESSAGE_SHUTDOWN:
		elector_shut_down(e);
		break;
	case GUARD_MESSAGE_RELOAD:
		elector_reload(e);
		break;
	default:
		log_warning("guard", "Message %u of the guard is not known, ignoring", m->type);
		break;
	}
	if (pidfd >= 0)
		(void)close(pidfd);
}

static int on_link(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct elector *e = userdata;
	struct guard_message m;
	int r, pidfd;

	(void)source;
	(void)revents;
	while ((r = guard_link_receive(fd, &m, &pidfd)) > 0)
		on_message(e, &m, pidfd);
	if (r == -EPIPE)
		return sd_event_exit(e->event, r); /* no guard: nobody would kill in time */
	if (r < 0)
		log_error_errno(r, "guard", "Failed to read from the guard: %m");
	return 0;
}

/* ---- start ---- */

/* At the start alone, before the loop: wait for one message of that type. */
static int wait_for(struct elector *e, uint32_t type, int timeout_ms, struct guard_message *ret)
{
	struct pollfd p = { .fd = e->fds.link, .events = POLLIN };
	usec_t until = clock_boottime() + usec_from_ms((uint64_t)timeout_ms);
	int r, pidfd;

	for (;;) {
		r = guard_link_receive(e->fds.link, ret, &pidfd);
		if (r < 0)
			return r;
		if (r > 0 && ret->type == type) {
			take_pidfd(e, pidfd);
			return 0;
		}
		if (r > 0) {
			if (pidfd >= 0)
				(void)close(pidfd);
			e->shutdown_early |= ret->type == GUARD_MESSAGE_SHUTDOWN;
			e->reload_early |= ret->type == GUARD_MESSAGE_RELOAD;
			continue;
		}
		if (clock_boottime() >= until)
			return -ETIMEDOUT;
		lease_page_beat(&e->page, clock_boottime());
		(void)poll(&p, 1, 100);
	}
}

/* C4: only an armed page, with the session file of its term, resumes.  What ends a term or a
 * session is sent with the page off (A3, A6): no such session is ever resumed. */
static bool resumable(struct elector *e, const struct lease_page_lease *lease, int file_error)
{
	struct epoch epoch = { e->file.epoch };

	/* Cold: the elector before may have died between page and START; nobody would send another.
	 */
	if (!e->config->hot && !e->hello.hello.running && !epoch_equal(e->hello.hello.epoch, epoch))
		return false;
	return lease->state == LEASE_PAGE_ARMED && file_error == 0 && e->file.latch[0] &&
	       lease_page_is_of(lease, epoch);
}

/* Armed, or (cold) running, but nothing to resume: nobody vouches for that JobManager any more.  A
 * hot one whose page is not armed has revoked what it led (A6) and waits. */
static int stop_leftover(struct elector *e, bool armed)
{
	struct guard_message m;
	int r;

	if (e->config->hot && !armed)
		return 0;
	if (!e->hello.hello.running) {
		lease_page_end_any(&e->page);
		return 0;
	}
	log_warning("guard",
	            "A JobManager (%s=%" PRIu64 ") runs without a session to resume, stopping it",
	            name_of(e), e->hello.hello.epoch.v);
	send_stop(e, true, false);
	r = wait_for(e, GUARD_MESSAGE_EXITED, STOP_WAIT_MS, &m);
	take_pidfd(e, -1);
	if (r < 0)
		return r;
	lease_page_end_any(&e->page);
	e->jobmanager_pid = 0;
	e->hello.hello.running = false;
	return 0;
}

static const struct {
	uint32_t bit;
	const char *code, *text;
} protections[] = {
	{ GUARD_LACKS_MLOCK, "memory-lock", "memory is not locked (LimitMEMLOCK=)" },
	{ GUARD_LACKS_REALTIME, "realtime", "no real-time priority (LimitRTPRIO=)" },
	{ GUARD_LACKS_OOM_SCORE, "oom-score", "the OOM killer may choose it (OOMScoreAdjust=)" },
	{ GUARD_LACKS_CGROUP, "cgroup", "no cgroup of its own (Delegate=), process group instead" },
	{ GUARD_LACKS_OOM_GROUP, "oom-group", "no memory controller for the JobManager's cgroup" },
};

void elector_guard_lacks(const struct elector *e, struct reason_list *ret)
{
	*ret = (struct reason_list){ 0 };
	for (size_t i = 0; i < N_ELEMENTS(protections); i++)
		if (e->hello.hello.lacks & protections[i].bit)
			ret->code[ret->n++] = protections[i].code;
}

static void log_limits(uint32_t lacks)
{
	for (size_t i = 0; i < N_ELEMENTS(protections); i++)
		if (lacks & protections[i].bit)
			log_info("guard", "The guard runs with less protection: %s",
			         protections[i].text);
}

int elector_guard_init(struct elector *e, bool *ret_resume, struct core_config *core)
{
	struct session_file_error error;
	struct lease_page_lease lease;
	int r, file_error;

	r = lease_page_adopt(e->fds.page, &e->page);
	if (r < 0)
		return r;
	lease_page_beat(&e->page, clock_boottime());
	r = wait_for(e, GUARD_MESSAGE_HELLO, HELLO_WAIT_MS, &e->hello);
	if (r < 0)
		return r;
	e->jobmanager_pid = e->hello.hello.pid;
	e->process = e->hello.hello.epoch;
	e->restarts = e->hello.hello.restarts;
	if (e->hello.hello.electors == 0)
		log_limits(e->hello.hello.lacks);
	if (!(e->hello.hello.lacks & GUARD_LACKS_CGROUP))
		e->kill_fd = cgroup_open_jobmanager_kill();

	file_error = session_file_load(e->config->runtime_dir, &e->file, &error);
	if (file_error < 0 && file_error != -ENOENT)
		log_error("session", "%s; its session ends by itself after its timeout",
		          error.text);
	lease = lease_page_read(&e->page);
	*ret_resume = resumable(e, &lease, file_error);
	if (*ret_resume) {
		core->page_epoch.v = e->file.epoch;
		core->page_deadline = lease.deadline;
		core->lease.session = usec_from_ms(e->file.session_ms);
		if (!latch_name_parse(e->file.latch, &core->latch) ||
		    !nonce_parse(e->file.nonce, &core->nonce))
			return -EBADMSG;
		e->nonce = core->nonce;
		e->joined = true;
	} else {
		core->old_session = file_error == 0;
		r = stop_leftover(e, lease.state == LEASE_PAGE_ARMED);
		if (r < 0)
			return r;
	}
	core->process = e->hello.hello.running;
	e->jobmanager_spoke = core->process; /* not started by us: in favour of the archive */
	return sd_event_add_io(e->event, &e->link, e->fds.link, EPOLLIN, on_link, e);
}

/* ---- what the guard is told ---- */

void elector_guard_tell(struct elector *e)
{
	struct guard_message message = { .type = GUARD_MESSAGE_STATUS };
	usec_t now = clock_boottime();
	const char *state = core_state_name(core_state(&e->core, now));
	bool owner = e->has_register && e->reg.released == CAUSE_NONE && e->reg.owner.member[0];

	lease_page_set_claiming(&e->page, e->core.takeover_since);
	(void)snprintf(message.text, sizeof(message.text),
	               "%s of cluster %.63s, epoch %" PRIu64 ", leader %.63s%s", state,
	               e->config->cluster, e->has_register ? e->reg.epoch.v : 0,
	               owner ? e->reg.owner.member : "none",
	               core_reasons(&e->core) ? ", not eligible" : "");
	if (strcmp(message.text, e->status_text) != 0 &&
	    guard_link_send(e->fds.link, &message, -1) >= 0)
		memcpy(e->status_text, message.text, sizeof(e->status_text));
	if (!e->ready) {
		message = (struct guard_message){ .type = GUARD_MESSAGE_READY };
		e->ready = guard_link_send(e->fds.link, &message, -1) >= 0;
	}
}
