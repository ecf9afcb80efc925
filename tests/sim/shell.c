/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector's shell: carries out commands, gives answers back as events, keeps the session file
 * and the newest version of the register.  It fulfils what election/core.h asks of a shell, as the
 * daemon/elector*.c do; those speak to a loop, a session and a socket, for which there is nothing
 * here to be linked with (see committer.c).
 */
#include "tests/sim/world.h"

#include "election/core_trace.h"

#include <string.h>

static const struct latch_name no_latch;

static enum core_event_type answer_of(enum core_command_type type)
{
	switch (type) {
	case CORE_CMD_END_OLD:
		return CORE_EV_ENDED_OLD;
	case CORE_CMD_JOIN:
	case CORE_CMD_REJOIN:
		return CORE_EV_JOINED;
	case CORE_CMD_ENTER:
		return CORE_EV_ENTERED;
	case CORE_CMD_HEARTBEAT:
		return CORE_EV_HEARTBEAT;
	case CORE_CMD_OBSERVE:
		return CORE_EV_OBSERVED;
	case CORE_CMD_CLAIM:
		return CORE_EV_CLAIMED;
	case CORE_CMD_RELEASE:
		return CORE_EV_RELEASED;
	case CORE_CMD_REPORT_STOPPED:
		return CORE_EV_REPORTED;
	case CORE_CMD_START:
	case CORE_CMD_TERMINATE:
	case CORE_CMD_CONNECT_NEW:
	case CORE_CMD_CONNECT_RESUME:
	case CORE_CMD_DELETE_EXTRA:
	case CORE_CMD_LOAD:
	case CORE_CMD_ARM:
	case CORE_CMD_EXTEND:
	case CORE_CMD_DISARM:
	case CORE_CMD_GRANT:
	case CORE_CMD_REVOKE:
	case CORE_CMD_KILL:
	case CORE_CMD_SETTLE:
	case CORE_CMD_PUBLISH:
	case CORE_CMD_EXIT:
	case CORE_N_COMMANDS_:
		break;
	}
	return CORE_N_EVENTS_;
}

/* ---- events that need no server ---- */

void shell_later(struct world *w, int member, usec_t delay, enum core_event_type type, uint32_t low,
                 uint64_t arg)
{
	at(w, w->now + delay,
	   (struct world_event){ .type = EV_LOCAL,
	                         .who = member,
	                         .generation = w->host[member].incarnation,
	                         .arg = (uint64_t)type << 32 | low,
	                         .arg2 = arg });
}

/* A7: the file keeps the smallest T of its session. */
static void shorten_file(struct world *w, int member, usec_t timeout)
{
	struct session_file *f = &w->host[member].file;

	if (f->exists && f->session == w->client[member].session && timeout < f->timeout)
		f->timeout = timeout;
}

void shell_local(struct world *w, const struct world_event *e)
{
	struct host *h = &w->host[e->who];
	struct core_event ev = { .type = (enum core_event_type)(e->arg >> 32) };
	uint32_t low = (uint32_t)e->arg;

	if (!h->running || h->incarnation != e->generation)
		return;
	switch (ev.type) {
	case CORE_EV_DISCONNECTED:
	case CORE_EV_EXPIRED:
	case CORE_EV_AUTH_FAILED:
	case CORE_EV_CONNECTED:
		if (w->client[e->who].handle != low)
			return; /* of a handle that is closed */
		if (ev.type == CORE_EV_CONNECTED) {
			ev.connected.sent = e->arg2;
			ev.connected.session = w->client[e->who].asked;
			shorten_file(w, e->who, ev.connected.session);
		}
		break;
	case CORE_EV_EXITED:
		if (h->hot && e->arg2 != h->number.v)
			return; /* of a process before */
		ev.exited.epoch.v = e->arg2;
		ev.exited.pause = low;
		break;
	case CORE_EV_ELIGIBLE:
		shell_eligible(w, e->who);
		return;
	case CORE_EV_ENTERED:
		ev.entered.result = (enum core_result)low;
		break;
	case CORE_EV_HEARTBEAT:
		ev.heartbeat.result = (enum core_result)low;
		break;
	case CORE_EV_OBSERVED:
		ev.observed.result = (enum core_result)low;
		break;
	case CORE_EV_CLAIMED:
		ev.claimed.result = (enum core_result)low;
		break;
	case CORE_EV_ENDED_OLD:
	case CORE_EV_JOINED:
	case CORE_EV_LOADED:
	case CORE_EV_RELEASED:
	case CORE_EV_REPORTED:
		ev.result = (enum core_result)low;
		break;
	case CORE_EV_TICK:
	case CORE_EV_LISTED:
	case CORE_EV_CHANGED:
	case CORE_EV_SETTLED:
	case CORE_EV_STOP:
	case CORE_EV_PAGE_ENDED:
	case CORE_EV_SAID:
	case CORE_EV_UNHEALTHY:
	case CORE_N_EVENTS_:
		break;
	}
	shell_feed(w, e->who, ev);
}

void shell_session_event(struct world *w, int client, enum core_event_type type, usec_t sent_local)
{
	if (is_releaser(client)) {
		if (type == CORE_EV_CONNECTED)
			client_ask(w, client, REQ_CORE,
			           &(struct core_command){ .type = CORE_CMD_END_OLD,
			                                   .cause = CAUSE_DAEMON_DIED });
		return;
	}
	shell_later(w, client, 0, type, w->client[client].handle, sent_local);
}

/* ---- answers of servers ---- */

void shell_unknown(struct world *w, const struct request *r)
{
	if (r->kind == REQ_COMMIT || r->kind == REQ_READ) {
		struct request unknown = *r;

		unknown.result = CORE_UNKNOWN;
		committer_answer(w, r->client, &unknown);
	}
	if (r->kind != REQ_CORE || is_releaser(r->client) || r->cmd.type == CORE_CMD_PUBLISH)
		return;
	shell_later(w, r->client, 0, answer_of(r->cmd.type), CORE_UNKNOWN, 0);
}

static void releaser_answer(struct world *w, int client, const struct request *r)
{
	if (r->kind != REQ_CORE || r->cmd.type != CORE_CMD_END_OLD)
		return;
	if (r->result == CORE_OK)
		host_release_done(w, client_member(client));
	else
		client_ask(w, client, REQ_CORE, &r->cmd);
}

void shell_answer(struct world *w, int client, struct request *r)
{
	struct host *h = &w->host[client_member(client)];
	struct core_event ev = { 0 };

	if (is_releaser(client)) {
		releaser_answer(w, client, r);
		return;
	}
	if (r->kind == REQ_COMMIT || r->kind == REQ_READ)
		committer_answer(w, client, r);
	if (r->kind != REQ_CORE || r->cmd.type == CORE_CMD_PUBLISH)
		return;
	ev.type = answer_of(r->cmd.type);
	ev.result = r->result;
	if (ev.type == CORE_EV_ENTERED) {
		ev.entered.result = r->result;
		ev.entered.latch = r->latch;
		if (r->result == CORE_OK)
			h->file.latch = r->latch;
	} else if (ev.type == CORE_EV_HEARTBEAT) {
		ev.heartbeat.result = r->result;
		ev.heartbeat.sent = r->sent_local;
	} else if (ev.type == CORE_EV_OBSERVED) {
		ev.observed.result = r->result;
		ev.observed.view = r->view;
		committer_saw(w, client, r);
	} else if (ev.type == CORE_EV_CLAIMED) {
		ev.claimed.result = r->result;
		ev.claimed.sent = r->sent_local;
		ev.claimed.version = r->version;
		if (r->result == CORE_OK)
			committer_saw(w, client, r);
	} else if (ev.type == CORE_EV_RELEASED &&
	           (r->result == CORE_OK || r->result == CORE_LATCH_GONE)) {
		/* A3: only after these two it may have another latch */
		h->file.ending = false;
		h->file.latch = no_latch;
	} else if (ev.type == CORE_EV_ENDED_OLD && r->result != CORE_OK) {
		ev.result = CORE_FAILED;
	}
	shell_feed(w, client, ev);
}

void shell_changed(struct world *w, int client)
{
	if (!is_releaser(client))
		shell_feed(w, client, (struct core_event){ .type = CORE_EV_CHANGED });
}

void shell_stop(struct world *w, int member, enum cause cause, const struct latch_name *to)
{
	struct core_event ev = { .type = CORE_EV_STOP };

	ev.stop.cause = cause;
	if (to != NULL)
		ev.stop.to = *to;
	shell_feed(w, member, ev);
}

void shell_eligible(struct world *w, int member)
{
	shell_feed(w, member,
	           (struct core_event){ .type = CORE_EV_ELIGIBLE,
	                                .reasons = w->host[member].reasons |
	                                           committer_reasons(&w->host[member].committer) });
}

/* ---- commands ---- */

static void ask(struct world *w, int member, struct core_command cmd)
{
	struct host *h = &w->host[member];
	struct request *r;

	if (cmd.type == CORE_CMD_RELEASE)
		cmd.version = h->committer.version;
	r = client_ask(w, member, REQ_CORE, &cmd);
	if (r != NULL)
		r->reasons = core_reasons(&h->core);
	else if (cmd.type != CORE_CMD_PUBLISH)
		shell_later(w, member, 1, answer_of(cmd.type),
		            percent(w, 50) ? CORE_UNKNOWN : CORE_FAILED, 0);
}

/* C4: session and nonce are written before the first ephemeral. */
static void write_file(struct world *w, int member)
{
	struct host *h = &w->host[member];
	const struct client *cl = &w->client[member];

	if (h->file.exists && h->file.session == cl->session)
		return;
	h->file = (struct session_file){
		.exists = true,
		.session = cl->session,
		.nonce = cl->nonce,
		.timeout = h->core.lease.params.session,
	};
}

static void open_new(struct world *w, int member)
{
	struct nonce nonce;
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < NONCE_LEN; i++)
		nonce.s[i] = digits[below(w, 16)];
	nonce.s[NONCE_LEN] = '\0';
	client_open(w, member, -1, &nonce, w->T);
}

static void delete_extra(struct world *w, int member, const struct core_command *cmd)
{
	struct host *h = &w->host[member];

	for (unsigned i = 0; i < h->n_own; i++) {
		struct core_command del = { .type = CORE_CMD_DELETE_EXTRA, .latch = h->own[i] };

		if (!latch_name_equal(&h->own[i], &cmd->latch))
			client_ask(w, member, REQ_DELETE, &del);
	}
}

/* Hot: granted and asked back at the end of the turn (leadership.c). */
static void jobmanager(struct world *w, int member, const struct core_command *cmd)
{
	struct host *h = &w->host[member];
	bool kill = cmd->type == CORE_CMD_KILL, revoke = cmd->type == CORE_CMD_REVOKE;

	if (cmd->type == CORE_CMD_START) {
		h->number = epoch_next(h->number);
		host_start_process(w, member, h->number);
		return;
	}
	if (cmd->type == CORE_CMD_GRANT) {
		if (h->hot)
			oracle_granted(w, member, cmd->epoch);
		else
			host_grant(w, member, cmd->epoch);
		return;
	}
	w->n_stops += kill || revoke;
	if (kill || revoke)
		oracle_stops(w, member, cmd);
	if (cmd->failed && !h->unhealthy)
		oracle_hangs(w, member);
	if (!h->hot || !revoke)
		host_stop_jobmanager(w, member, h->hot ? h->number : cmd->epoch, kill, cmd->failed);
}

static void command(struct world *w, int member, const struct core_command *cmd)
{
	struct host *h = &w->host[member];

	oracle_commanded(w, member, cmd->type);
	switch (cmd->type) {
	case CORE_CMD_CONNECT_NEW:
		open_new(w, member);
		break;
	case CORE_CMD_CONNECT_RESUME:
		client_open(w, member, h->file.session, &h->file.nonce, h->file.timeout);
		break;
	case CORE_CMD_JOIN:
		write_file(w, member);
		ask(w, member, *cmd);
		break;
	case CORE_CMD_CLAIM:
		h->file.latch = cmd->latch;
		ask(w, member, *cmd);
		break;
	case CORE_CMD_RELEASE: /* A3 */
	case CORE_CMD_END_OLD:
		h->file.ending = true;
		ask(w, member, *cmd);
		break;
	case CORE_CMD_ENTER: /* before a create that may land late: found by its nonce */
		h->file.latch = no_latch;
		ask(w, member, *cmd);
		break;
	case CORE_CMD_OBSERVE:
		if (cmd->list_log)
			shell_later(w, member, 0, CORE_EV_LISTED, 0, 0);
		ask(w, member, *cmd);
		break;
	case CORE_CMD_REJOIN:
	case CORE_CMD_HEARTBEAT:
	case CORE_CMD_REPORT_STOPPED:
	case CORE_CMD_PUBLISH:
		ask(w, member, *cmd);
		break;
	case CORE_CMD_DELETE_EXTRA:
		delete_extra(w, member, cmd);
		break;
	case CORE_CMD_LOAD:
		committer_load(w, member, cmd->epoch);
		break;
	case CORE_CMD_ARM:
		host_page_arm(w, member, cmd->epoch, cmd->deadline);
		break;
	case CORE_CMD_EXTEND:
		host_page_extend(w, member, cmd->deadline);
		break;
	case CORE_CMD_DISARM:
		host_page_disarm(w, member, cmd->epoch);
		break;
	case CORE_CMD_GRANT:
	case CORE_CMD_START:
	case CORE_CMD_REVOKE:
	case CORE_CMD_TERMINATE:
	case CORE_CMD_KILL:
		jobmanager(w, member, cmd);
		break;
	case CORE_CMD_SETTLE:
		committer_settle(w, member);
		break;
	case CORE_CMD_EXIT:
		host_elector_exits(w, member);
		break;
	case CORE_N_COMMANDS_:
		break;
	}
}

static void carry_out(struct world *w, int member, const struct core_out *out)
{
	struct host *h = &w->host[member];
	uint32_t incarnation = h->incarnation;
	usec_t next;

	h->says_leader = core_state(&h->core, h->core.now) == CORE_STATE_LEADER;
	for (unsigned i = 0; i < out->n; i++) {
		command(w, member, &out->cmd[i]);
		faults_on_command(w, member, out->cmd[i].type);
		if (!h->running || h->incarnation != incarnation)
			return; /* died between two commands */
	}
	leadership_look(w, member);
	next = core_next_tick(&h->core);
	if (next != h->core.now + MS(100) || w->k == MS(200))
		h->n_spins = 0;
	else if (h->spun_at != h->core.now && ++h->n_spins > 40)
		violated(w, "%c is woken ten times a second for nothing", 'a' + member);
	h->spun_at = h->core.now; /* a host that was paused hears many words at once */
	w->tick[member] = true_time(w, member, next);
	if (next != USEC_INFINITY)
		w->tick[member] += between(w, 0, 500);
}

void shell_feed(struct world *w, int member, struct core_event ev)
{
	struct host *h = &w->host[member];
	struct core_out out;
	char text[600];

	if (!h->running || h->exiting)
		return;
	if (h->stopped) {
		if (h->n_inbox < MAX_INBOX)
			h->inbox[h->n_inbox++] = ev;
		else
			violated(w, "inbox full");
		return;
	}
	ev.now = local_time(w, member, w->now);
	core_step(&h->core, &ev, &out);
	w->n_steps++;
	w->trace_hash = (w->trace_hash ^ (uint64_t)ev.type ^ w->now) * 0x100000001b3;
	if (w->verbose)
		note(w, member, "%-12s %-10s %s", core_event_name(ev.type),
		     core_phase_name(h->core.phase), core_trace(&out, text, sizeof(text)));
	carry_out(w, member, &out);
	committer_pump(w, member);
}

void shell_tick(struct world *w, int member)
{
	shell_feed(w, member, (struct core_event){ .type = CORE_EV_TICK });
}

/* After a stop: the timer of the overdue deadline and what came in between, in any order. */
void shell_continue(struct world *w, int member)
{
	struct host *h = &w->host[member];
	struct core_event inbox[MAX_INBOX];
	unsigned n = h->n_inbox;

	memcpy(inbox, h->inbox, n * sizeof(*inbox));
	h->n_inbox = 0;
	h->stopped = false;
	for (unsigned i = 0; i < n && h->running; i++)
		shell_feed(w, member, inbox[i]);
	if (h->running)
		shell_tick(w, member);
}

void shell_start(struct world *w, int member)
{
	struct host *h = &w->host[member];
	struct core_config config = {
		.lease = w->lease,
		.takeover = w->takeover,
		.resume = h->page.state == PAGE_ARMED && h->file.exists,
		.page_epoch = h->page.epoch,
		.page_deadline = h->page.deadline_local,
		.latch = h->file.latch,
		.nonce = h->file.nonce,
		.hot = h->hot,
		.silence = w->silence,
		.ready = w->ready,
		.process = h->hot && (h->jobmanager != JM_NONE || h->unreaped),
	};
	struct core_out out;
	char text[600];

	config.old_session = h->file.exists && !config.resume;
	if (config.resume && h->file.ending)
		violated(w, "rule A3: %c resumes a session that is being ended", 'a' + member);
	if (config.resume)
		config.lease.session = h->file.timeout;
	else if (h->hot && h->page.state == PAGE_ARMED)
		violated(w, "%c cannot resume what its page says", 'a' + member);
	if (h->hot)
		config.lease.revoke = w->revoke;
	h->number = h->jobmanager_epoch;
	h->told_settled = h->tell_pending = false;
	h->told.v = 0;
	h->running = true;
	h->stopped = h->exiting = false;
	h->incarnation++;
	h->n_inbox = h->n_own = 0;
	committer_begin(w, member);
	core_init(&h->core, &config, local_time(w, member, w->now), &out);
	note(w, member, "elector %u starts: %s", h->incarnation,
	     core_trace(&out, text, sizeof(text)));
	carry_out(w, member, &out);
	shell_eligible(w, member);
	/* Said again after the HELLO as long as the page is armed for it. */
	if (config.resume && h->jobmanager == JM_NONE && (!h->hot || !h->unreaped))
		shell_later(w, member, 10, CORE_EV_EXITED, CORE_OK,
		            h->hot ? h->number.v : h->page.epoch.v);
	if (h->hot)
		leadership_beat(w, member, h->incarnation);
}
