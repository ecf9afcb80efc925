/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/elector.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "daemon/clock.h"
#include "daemon/elector_private.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "election/core_trace.h"

/* ---- feeding the core ---- */

static void run_command(struct elector *e, const struct core_command *cmd)
{
	switch (cmd->type) {
	case CORE_CMD_ARM:
	case CORE_CMD_EXTEND:
	case CORE_CMD_DISARM:
	case CORE_CMD_START:
	case CORE_CMD_GRANT:
	case CORE_CMD_REVOKE:
	case CORE_CMD_TERMINATE:
	case CORE_CMD_KILL:
	case CORE_CMD_EXIT:
		elector_guard_run(e, cmd);
		break;
	case CORE_CMD_LOAD:
		elector_store_load(e, cmd->epoch);
		break;
	case CORE_CMD_SETTLE:
		elector_commit_settle(e);
		break;
	case CORE_CMD_CONNECT_NEW:
	case CORE_CMD_CONNECT_RESUME:
	case CORE_CMD_END_OLD:
	case CORE_CMD_JOIN:
	case CORE_CMD_REJOIN:
	case CORE_CMD_ENTER:
	case CORE_CMD_DELETE_EXTRA:
	case CORE_CMD_HEARTBEAT:
	case CORE_CMD_OBSERVE:
	case CORE_CMD_CLAIM:
	case CORE_CMD_RELEASE:
	case CORE_CMD_REPORT_STOPPED:
	case CORE_CMD_PUBLISH:
		elector_zk_run(e, cmd);
		break;
	case CORE_N_COMMANDS_:
		break;
	}
}

static void run_commands(struct elector *e, const struct core_event *ev, const struct core_out *out)
{
	char text[512];

	if (out->n > 0)
		log_debug("core", "%s -> %s", ev ? core_event_name(ev->type) : "start",
		          core_trace(out, text, sizeof(text)));
	for (unsigned i = 0; i < out->n; i++)
		run_command(e, &out->cmd[i]);
}

static int rearm(sd_event_source *source, usec_t at)
{
	int r;

	if (at == USEC_INFINITY)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	r = sd_event_source_set_time(source, at);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT); /* off after each firing */
}

void elector_feed(struct elector *e, const struct core_event *ev)
{
	struct core_out out;

	assert(e->queued < ELECTOR_MAX_EVENTS); /* one answer a kind, and those come from here */
	e->queue[e->queued++] = *ev;
	if (e->feeding)
		return;
	e->feeding = true;
	for (unsigned i = 0; i < e->queued; i++) {
		struct core_event next = e->queue[i];

		next.now = clock_boottime(); /* not sd_event_now(): that is when the loop woke */
		core_step(&e->core, &next, &out);
		run_commands(e, &next, &out);
		elector_history_note(e);
	}
	e->queued = 0;
	e->feeding = false;
}

void elector_feed_type(struct elector *e, enum core_event_type type)
{
	elector_feed(e, &(struct core_event){ .type = type });
}

void elector_feed_result(struct elector *e, enum core_event_type type, enum core_result result)
{
	elector_feed(e, &(struct core_event){ .type = type, .result = result });
}

/* ---- sources ---- */

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	elector_feed_type(userdata, CORE_EV_TICK);
	return 0;
}

/* The guard replaces an elector that does not beat (A8). */
static int on_beat(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct elector *e = userdata;
	usec_t now = clock_boottime();
	struct lease_params params;

	(void)usec;
	config_lease_params(e->config, &params);
	lease_page_beat(&e->page, now);
	return rearm(source, now + lease_page_patience(lease_length(&params)) / 4);
}

static int on_stream(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)usec;
	return rearm(source, elector_leadership_beat(userdata));
}

static int on_second(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct elector *e = userdata;

	(void)usec;
	elector_store_look_at(e);
	elector_own_log_look(e);
	elector_signs_look(e);
	elector_requests_sweep(e);
	elector_endpoints_second(e);
	if (e->member_dirty || e->member.sequence != pointer_map_position(e->map)->sequence)
		elector_publish_member(e); /* D16 */
	return rearm(source, clock_boottime() + USEC_PER_SEC);
}

static int on_session(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	session_dispatch(userdata);
	return 0;
}

static int on_session_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	session_dispatch(userdata);
	return 0;
}

static int on_store(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct elector *e = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	store_dispatch(e->store, clock_boottime());
	return 0;
}

static int on_store_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)usec;
	return on_store(source, -1, 0, userdata);
}

static int on_probe_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	elector_health_ask(userdata);
	return 0;
}

static void unwire(struct wired_session *w)
{
	w->io = sd_event_source_disable_unref(w->io);
	w->timer = sd_event_source_disable_unref(w->timer);
	w->fd = -1;
}

/* The socket of a session changes with each connection, its number may stay: the generation
 * tells. */
static int sync_session(struct elector *e, struct wired_session *w, struct session *s)
{
	int fd = s ? session_fd(s) : -1, r;
	uint32_t events;

	if (!s) {
		unwire(w);
		return 0;
	}
	if (w->fd != fd || w->generation != session_generation(s)) {
		w->io = sd_event_source_disable_unref(w->io);
		w->fd = -1;
	}
	events = fd < 0 ? 0 : (uint32_t)session_events(s); /* POLLIN.. = EPOLLIN.. */
	if (fd >= 0 && !w->io) {
		r = sd_event_add_io(e->event, &w->io, fd, events, on_session, s);
		if (r < 0)
			return r;
		w->fd = fd;
		w->generation = session_generation(s);
	} else if (w->io) {
		r = sd_event_source_set_io_events(w->io, events);
		if (r < 0)
			return r;
	}
	if (!w->timer) {
		r = sd_event_add_time(e->event, &w->timer, CLOCK_BOOTTIME, 0, 1, on_session_timer,
		                      s);
		if (r < 0)
			return r;
	}
	return rearm(w->timer, session_timeout(s));
}

void elector_wire_session(struct elector *e, struct wired_session *w, struct session *s)
{
	(void)e;
	(void)s;
	unwire(w); /* the end of this turn makes new ones */
}

/* After whatever was dispatched: what its callbacks left to do, then sockets and timers. */
static int on_turn(sd_event_source *source, void *userdata)
{
	struct elector *e = userdata;
	int r;

	(void)source;
	elector_commit_pump(e);
	elector_leadership_tell(e);
	elector_endpoints_pump(e);
	elector_guard_tell(e);
	r = sync_session(e, &e->wired, e->session);
	if (r >= 0)
		r = sync_session(e, &e->wired_second,
		                 e->handover ? handover_second(e->handover) : NULL);
	if (r >= 0)
		r = rearm(e->store_timer, store_next_deadline(e->store));
	if (r >= 0)
		r = rearm(e->probe_timer, elector_health_look(e));
	if (r >= 0)
		r = rearm(e->tick, core_next_tick(&e->core));
	return r;
}

static int add_timer(struct elector *e, sd_event_source **ret, sd_event_time_handler_t handler,
                     const char *name)
{
	CLEANUP(sd_event_source_unrefp) sd_event_source *s = NULL;
	int r;

	r = sd_event_add_time(e->event, &s, CLOCK_BOOTTIME, 0, 1, handler, e);
	if (r < 0)
		return r;
	r = sd_event_source_set_exit_on_failure(s, true);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(s, name);
	*ret = TAKE_PTR(s);
	return 0;
}

static int add_sources(struct elector *e)
{
	int r = add_timer(e, &e->tick, on_tick, "core");

	if (r >= 0)
		r = sd_event_source_set_priority(e->tick, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = add_timer(e, &e->beat, on_beat, "heartbeat-of-the-page");
	if (r >= 0)
		r = add_timer(e, &e->stream, on_stream, "heartbeat-of-the-stream");
	if (r >= 0)
		r = add_timer(e, &e->second, on_second, "each-second");
	if (r >= 0)
		r = add_timer(e, &e->store_timer, on_store_timer, "store-deadline");
	if (r >= 0)
		r = add_timer(e, &e->probe_timer, on_probe_timer, "health-probe");
	if (r >= 0)
		r = sd_event_add_io(e->event, &e->store_io, store_fd(e->store), EPOLLIN, on_store,
		                    e);
	if (r >= 0)
		r = elector_commit_wire(e);
	if (r >= 0)
		r = sd_event_add_post(e->event, &e->turn, on_turn, e);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(e->turn, true);
	return r;
}

/* ---- start and end ---- */

static void drop_sources(struct elector *e)
{
	sd_event_source **const all[] = { &e->tick,        &e->beat, &e->stream,
		                          &e->second,      &e->link, &e->store_io,
		                          &e->store_timer, &e->turn, &e->probe_timer,
		                          &e->gathered };

	unwire(&e->wired);
	unwire(&e->wired_second);
	for (size_t i = 0; i < N_ELEMENTS(all); i++)
		*all[i] = sd_event_source_disable_unref(*all[i]);
}

static void elector_done(struct elector *e)
{
	e->feeding = true; /* the core hears no more: whatever it asked for would be begun now */
	if (e->store) {
		elector_commit_abort(e); /* who waits is told, while there is somebody to tell */
		elector_commit_pump(e);
	}
	elector_endpoints_end(e);
	elector_zk_close(e, false);
	api_free(e->api);
	elector_zk_done(e);
	elector_endpoints_done(e);
	elector_counters_done(e);
	elector_jobs_done(e);
	elector_health_done(e);
	drop_sources(e);
	elector_store_done(e);
	lease_page_close(&e->page);
	closep(&e->pidfd);
	closep(&e->kill_fd);
	config_free(e->config);
	sd_event_unref(e->event);
}

static void start_core(struct elector *e, const struct core_config *core)
{
	struct core_out out;

	e->feeding = true;
	core_init(&e->core, core, clock_boottime(), &out);
	e->state = CORE_STATE_STARTING;
	e->core.reasons = elector_store_reasons(e);
	run_commands(e, NULL, &out);
	e->feeding = false;
	elector_feed_type(e, CORE_EV_TICK);
	if (e->shutdown_early)
		elector_shut_down(e);
}

/* What a reload may change. */
static void configure(const struct config *c, struct core_config *ret)
{
	ret->takeover = c->takeover_usec;
	ret->silence = c->health.failures * c->health.interval_usec;
	ret->ready = c->ready_usec;
	ret->lease.revoke = c->hot ? c->revoke_usec : 0;
}

void elector_configure_core(struct elector *e)
{
	configure(e->config, &e->core.config);
	e->core.lease.params.revoke = e->core.config.lease.revoke;
}

static int set_up(struct elector *e)
{
	struct core_config core = { .observer = e->config->observer, .hot = e->config->hot };
	struct api_listen listen = { e->fds.api_unix, e->fds.api_tcp, e->config->admin_group };
	const struct backend backend = { &elector_backend_ops, e };
	bool resume = false;
	int r;

	config_lease_params(e->config, &core.lease);
	configure(e->config, &core);
	r = sd_event_new(&e->event);
	if (r >= 0)
		r = elector_guard_init(e, &resume, &core); /* first: the guard waits for a beat */
	if (r >= 0)
		r = elector_store_init(e);
	if (r >= 0)
		r = elector_endpoints_init(e);
	if (r >= 0)
		r = elector_zk_init(e);
	if (r >= 0)
		r = add_sources(e);
	if (r < 0)
		return log_error_errno(r, "elector", "Failed to set up the loop: %m");
	core.resume = resume;
	r = api_new(e->event, &listen, &backend, &e->api);
	if (r == -ENOENT) { /* the name service may be away; a leader is not ended for that */
		log_error("config",
		          "There is no group %s (api.admin_group): only root and the daemon's "
		          "user may write until it is made and the daemon reloaded",
		          listen.admin_group);
		listen.admin_group = NULL;
		r = api_new(e->event, &listen, &backend, &e->api);
	}
	if (r < 0)
		return log_error_errno(r, "api", "Failed to serve the API: %m");
	start_core(e, &core);
	if (e->reload_early)
		elector_reload(e);
	return 0;
}

int elector_run(const struct config *config, const struct elector_fds *fds)
{
	struct elector *e = calloc(1, sizeof(*e));
	struct config_error error;
	int r, code;

	if (!e)
		return 1;
	store_keep_at_exit();
	e->fds = *fds;
	e->pidfd = e->kill_fd = e->page.fd = e->wired.fd = e->wired_second.fd = -1;
	e->exit_code = 1;
	elector_counters_init(e);
	r = process_lock_memory();
	if (r < 0)
		log_debug("elector", "Memory is not locked: %s", strerror(-r));

	r = config_merge(config, config, &e->config, &error);
	if (r >= 0)
		r = set_up(e);
	if (r >= 0)
		r = sd_event_loop(e->event);
	if (r < 0)
		log_error_errno(r, "elector", "The loop failed: %m");
	code = r < 0 ? 1 : e->exit_code;
	elector_done(e);
	free(e);
	return code;
}
