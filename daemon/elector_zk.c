/* SPDX-License-Identifier: Apache-2.0 */
/* Session and term: connects, ends an earlier session, claims, releases. */
#include "daemon/elector_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/elector_serve.h"
#include "daemon/log.h"
#include "election/fence.h"

/* ---- results ---- */

/* What a failed multi means to the core: its first op always checks the own latch. */
enum core_result elector_zk_multi_result(const struct zk_result *r, int member_op)
{
	if (r->outcome == ZK_DONE)
		return CORE_OK;
	if (r->outcome == ZK_UNKNOWN)
		return CORE_UNKNOWN;
	if (r->error == -ENOENT && r->failed_op == FENCE_OP_LATCH)
		return CORE_LATCH_GONE;
	if (r->error == -ENOENT && r->failed_op == member_op)
		return CORE_MEMBER_GONE;
	if (r->error == -ENOENT && r->failed_op == FENCE_OP_REGISTER)
		return CORE_NO_REGISTER;
	return r->error == -ESTALE ? CORE_BAD_VERSION : CORE_FAILED;
}

enum core_result elector_zk_result(const struct zk_result *r)
{
	if (r->outcome == ZK_DONE)
		return CORE_OK;
	return r->outcome == ZK_UNKNOWN ? CORE_UNKNOWN : CORE_FAILED;
}

void elector_zk_note_access(struct elector *e, const struct zk_result *r)
{
	bool refused = r->outcome == ZK_NOT_DONE && r->error == -EACCES;

	if (refused && !e->auth_refused)
		log_error("zookeeper",
		          "zookeeper-auth: the znodes below %s/%s belong to other credentials than "
		          "those of zookeeper.auth_file (%s): correct the file and restart",
		          e->config->root, e->config->cluster,
		          e->config->auth_file ? e->config->auth_file : "none");
	if (refused || r->outcome == ZK_DONE)
		e->auth_refused = refused;
}

void elector_zk_log_refused(const char *what, const struct zk_result *r)
{
	if (r->outcome == ZK_NOT_DONE && r->error != -ECANCELED)
		log_warning_errno(r->error, "zookeeper", "ZooKeeper refused to %s: %m", what);
}

/* A request that could not even be sent is answered like one whose connection was lost. */
bool elector_zk_sent(struct elector *e, int r, enum core_event_type type)
{
	if (r >= 0)
		return true;
	if (r != -ENOTCONN)
		log_error_errno(r, "zookeeper", "Failed to send a request (%d): %m", (int)type);
	elector_feed_result(e, type, r == -ENOTCONN ? CORE_UNKNOWN : CORE_FAILED);
	return false;
}

/* ---- session ---- */

static void on_changed(void *userdata, unsigned changed)
{
	struct elector *e = userdata;

	if (changed & OBSERVE_REQUESTS)
		elector_serve_changed(e);
	if (changed & (OBSERVE_LATCHES | OBSERVE_MEMBERS | OBSERVE_MAINTENANCE))
		elector_feed_type(e, CORE_EV_CHANGED);
	if (changed & OBSERVE_REGISTER)
		elector_follow_register(e);
}

static int file_written(const struct elector *e, int r)
{
	return r < 0 ? log_error_errno(
	                       r, "session",
	                       "Failed to write %s/session: %m; that directory needs room, and "
	                       "has to be this daemon's to write",
	                       e->config->runtime_dir)
	             : 0;
}

/* A7: before anything counts with it.  Who resumes would ask for the larger one, and believe it,
 * while a touch with the smaller is still on its way. */
static void shorten_file(struct elector *e, usec_t timeout)
{
	if (e->joined) /* else the file is of the session that is to be ended */
		(void)file_written(e, session_file_shorten(e->config->runtime_dir, &e->file,
		                                           (uint32_t)usec_to_ms(timeout)));
}

static void on_session_event(void *userdata, const struct session_event *event)
{
	struct elector *e = userdata;
	struct core_event ev = { .type = CORE_EV_TICK };

	switch (event->type) {
	case SESSION_CONNECTED:
		e->counters.connections++;
		log_info("zookeeper", "connected to %s, session timeout %" PRIu64 " ms",
		         event->server, usec_to_ms(event->timeout));
		shorten_file(e, event->timeout);
		e->reg_mzxid = 0;
		elector_conf_ask(e, event->server);
		ev.type = CORE_EV_CONNECTED;
		ev.connected.sent = event->connect_sent;
		ev.connected.session = event->timeout;
		break;
	case SESSION_DISCONNECTED:
		log_warning_errno(event->error, "zookeeper", "lost the connection to %s: %m",
		                  event->server);
		elector_requests_disconnected(e);
		elector_endpoints_disconnected(e);
		ev.type = CORE_EV_DISCONNECTED;
		break;
	case SESSION_EXPIRED:
		log_error("zookeeper", "%s says that our session has expired", event->server);
		elector_requests_disconnected(e);
		elector_endpoints_disconnected(e);
		ev.type = CORE_EV_EXPIRED;
		break;
	case SESSION_AUTH_FAILED:
		log_error("zookeeper",
		          "%s refuses the credentials of zookeeper.auth_file (%s): correct the "
		          "file and restart",
		          event->server, e->config->auth_file ? e->config->auth_file : "none");
		elector_requests_disconnected(e);
		elector_endpoints_disconnected(e);
		ev.type = CORE_EV_AUTH_FAILED;
		break;
	}
	elector_feed(e, &ev);
	if (event->type == SESSION_CONNECTED) /* behind the heartbeat */
		elector_endpoints_connected(e);
}

/* What goes with the session without having answered: each asking command gets its one answer. */
static void answer_rest(struct elector *e)
{
	if (e->handover)
		elector_feed_result(e, CORE_EV_ENDED_OLD, CORE_UNKNOWN);
	if (e->looking)
		elector_feed_result(e, CORE_EV_OBSERVED, CORE_UNKNOWN);
	if (e->report_asked)
		elector_feed_result(e, CORE_EV_REPORTED, CORE_UNKNOWN);
	e->looking = e->report_asked = false;
}

void elector_zk_close(struct elector *e, bool orderly)
{
	answer_rest(e);
	elector_endpoints_disconnected(e);
	handover_free(TAKE_PTR(e->handover));
	elector_wire_session(e, &e->wired_second, NULL);
	elector_conf_drop(e);
	observe_free(TAKE_PTR(e->observe));
	elector_wire_session(e, &e->wired, NULL);
	session_close(TAKE_PTR(e->session), orderly);
	e->member_writing = e->register_reading = e->looked = false;
}

static int open_session(struct elector *e, const struct session_identity *resume)
{
	char base[512];
	struct session_config config = {
		.servers = (const char *const *)e->config->servers,
		.base = base,
		.auth = e->auth,
		.timeout = resume ? usec_from_ms(e->file.session_ms) : e->config->session_usec,
		.resume = resume,
		.on_event = on_session_event,
		.userdata = e,
	};
	struct lease_params params;
	int r;

	config_lease_params(e->config, &params);
	config.answer_timeout = lease_answer_timeout(&params);
	r = text_format(base, sizeof(base), "%s/%s", e->config->root, e->config->cluster);
	if (r >= 0)
		r = session_new(&config, &e->session);
	if (r >= 0)
		r = observe_new(e->session, &e->nonce, on_changed, e, &e->observe);
	if (r < 0)
		log_error_errno(r, "zookeeper", "Failed to open a session: %m");
	return r;
}

static int new_nonce(struct nonce *ret)
{
	uint8_t bytes[NONCE_LEN / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	text_hex(bytes, sizeof(bytes), ret->s);
	return 0;
}

static void connect_new(struct elector *e)
{
	elector_zk_close(e, false);
	e->joined = false;
	e->member_version = 0;
	e->member.stopped = (struct epoch){ 0 };
	if (new_nonce(&e->nonce) < 0 || open_session(e, NULL) < 0)
		elector_feed_type(e, CORE_EV_EXPIRED); /* nothing was opened: again, in a while */
}

static int file_identity(const struct session_file *file, struct session_identity *ret)
{
	uint8_t id[8];
	int r = text_unhex(file->session, id, sizeof(id));

	if (r >= 0)
		r = text_unhex(file->password, ret->password, sizeof(ret->password));
	if (r < 0)
		return r;
	ret->id = 0;
	for (size_t i = 0; i < sizeof(id); i++)
		ret->id = (int64_t)((uint64_t)ret->id << 8 | id[i]);
	return 0;
}

static void connect_resume(struct elector *e)
{
	struct session_identity identity;

	FAULT_POINT(resume_begun);
	if (file_identity(&e->file, &identity) < 0 || open_session(e, &identity) < 0)
		elector_feed_type(e, CORE_EV_EXPIRED);
	explicit_bzero(&identity, sizeof(identity));
}

int elector_zk_save_file(struct elector *e)
{
	return file_written(e, session_file_save(e->config->runtime_dir, &e->file));
}

/* ---- an earlier session ---- */

static void on_handed_over(void *userdata, int error, const char *message)
{
	struct elector *e = userdata;

	handover_free(TAKE_PTR(e->handover));
	elector_wire_session(e, &e->wired_second, NULL);
	if (error == 0) {
		log_notice("election", "the session of before is ended: its latch is gone");
		(void)session_file_remove(e->config->runtime_dir);
	} else if (error != -ENOTCONN) {
		log_warning("election", "the session of before is not ended yet: %s", message);
	}
	elector_feed_result(e, CORE_EV_ENDED_OLD, error == 0 ? CORE_OK : CORE_FAILED);
}

static void end_old(struct elector *e)
{
	struct handover_config config = {
		.old_timeout = usec_from_ms(e->file.session_ms),
		.member = e->config->member,
		.cause = e->core.cause != CAUSE_NONE ? e->core.cause : CAUSE_DAEMON_DIED,
		.servers = (const char *const *)e->config->servers,
		.auth = e->auth,
	};
	struct lease_params params;
	int r;

	config_lease_params(e->config, &params);
	config.answer_timeout = lease_answer_timeout(&params);
	r = file_identity(&e->file, &config.old);
	if (r >= 0 && !nonce_parse(e->file.nonce, &config.nonce))
		r = -EBADMSG;
	if (r >= 0 && e->file.latch[0] && !latch_name_parse(e->file.latch, &config.latch))
		r = -EBADMSG;
	if (r >= 0)
		r = handover_start(e->session, &config, on_handed_over, e, &e->handover);
	explicit_bzero(&config.old, sizeof(config.old));
	if (r < 0)
		elector_feed_result(e, CORE_EV_ENDED_OLD, CORE_FAILED);
}

/* ---- the term ---- */

static void on_claimed(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	struct core_event ev = { .type = CORE_EV_CLAIMED };

	ev.claimed.result = elector_zk_multi_result(r, -1);
	ev.claimed.sent = r->sent;
	ev.claimed.version = r->version;
	if (ev.claimed.result == CORE_OK) {
		FAULT_POINT(claim_answered);
		register_done(&e->reg);
		e->reg = e->claimed;
		e->reg_version = r->version;
		e->has_register = true;
	} else {
		register_done(&e->claimed);
		elector_zk_log_refused("write the claim", r);
	}
	memset(&e->claimed, 0, sizeof(e->claimed));
	elector_feed(e, &ev);
}

static void claim(struct elector *e, const struct core_command *cmd)
{
	struct core_event bad = { .type = CORE_EV_CLAIMED };
	struct register_claim c = {
		.member = e->config->member,
		.latch = cmd->latch,
		.session = session_negotiated(e->session),
		.cause = e->reg.released == CAUSE_NONE ? cmd->cause : CAUSE_NONE,
		.at_ms = (int64_t)clock_realtime_ms(),
	};
	int r;

	bad.claimed.result = CORE_BAD_VERSION; /* read meanwhile: decide again */
	if (!e->has_register || e->reg_version != cmd->version ||
	    register_copy(&e->reg, &e->claimed) < 0) {
		elector_feed(e, &bad);
		return;
	}
	register_claim(&e->claimed, &c);
	e->released_as = cmd->cause;
	e->file.epoch = cmd->epoch.v;
	memcpy(e->file.latch, cmd->latch.s,
	       sizeof(cmd->latch.s)); /* may have been found by a look */
	(void)elector_zk_save_file(e);
	FAULT_POINT(claim_asked);
	r = fence_claim(e->session, &e->claimed, cmd->version, on_claimed, e);
	FAULT_POINT(claim_sent);
	if (!elector_zk_sent(e, r, CORE_EV_CLAIMED)) {
		register_done(&e->claimed);
		memset(&e->claimed, 0, sizeof(e->claimed));
	}
}

static void on_released(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	int member_op =
	        e->release.with_member ? fence_release_member_op(e->release.with_register) : -1;
	enum core_result result = elector_zk_multi_result(r, member_op);

	/* A3: only after a certain answer the session may have another latch. */
	if (result == CORE_OK || result == CORE_LATCH_GONE) {
		e->file.latch[0] = '\0';
		(void)elector_zk_save_file(e);
		e->release_done = clock_boottime();
	} else {
		elector_zk_log_refused("release", r);
	}
	elector_feed_result(e, CORE_EV_RELEASED, result);
}

static void release(struct elector *e, const struct core_command *cmd)
{
	struct register_node reg = { 0 };
	bool with_register = cmd->with_register && e->has_register;
	int r = 0;

	e->release = *cmd;
	e->release.with_register = with_register;
	if (with_register) {
		r = register_copy(&e->reg, &reg);
		if (r >= 0)
			register_release(&reg, cmd->cause, &cmd->designated);
	}
	if (r >= 0)
		r = fence_release(e->session, &cmd->latch, with_register ? &reg : NULL,
		                  e->reg_version, cmd->with_member ? e->config->member : NULL,
		                  on_released, e);
	register_done(&reg);
	(void)elector_zk_sent(e, r, CORE_EV_RELEASED);
}

/* ---- commands ---- */

static void run_on_session(struct elector *e, const struct core_command *cmd)
{
	switch ((int)cmd->type) {
	case CORE_CMD_END_OLD:
		end_old(e);
		break;
	case CORE_CMD_OBSERVE:
		elector_look(e, cmd->list_log);
		break;
	case CORE_CMD_CLAIM:
		claim(e, cmd);
		break;
	case CORE_CMD_RELEASE:
		release(e, cmd);
		break;
	default:
		elector_member_run(e, cmd);
		break;
	}
}

void elector_zk_run(struct elector *e, const struct core_command *cmd)
{
	if (cmd->type == CORE_CMD_CONNECT_NEW)
		connect_new(e);
	else if (cmd->type == CORE_CMD_CONNECT_RESUME)
		connect_resume(e);
	else
		run_on_session(e, cmd);
}

/* ---- start and end ---- */

int elector_zk_init(struct elector *e)
{
	struct config_error error;
	int r;

	e->rolled_back_at = -1;
	(void)gethostname(e->member.host, sizeof(e->member.host) - 1);
	(void)text_format(e->member.member, sizeof(e->member.member), "%s", e->config->member);
	(void)text_format(e->member.jmha, sizeof(e->member.jmha), "%s", PACKAGE_VERSION);
	(void)text_format(e->member.api, sizeof(e->member.api), "%s",
	                  e->config->listen ? e->config->listen : "");
	memcpy(e->latch_node.member, e->member.member, sizeof(e->latch_node.member));
	memcpy(e->latch_node.host, e->member.host, sizeof(e->latch_node.host));
	e->latch_node.started_ms = (int64_t)clock_realtime_ms();
	if (!e->config->auth_file)
		return 0;
	r = config_read_auth(e->config->auth_file, &e->auth, &error);
	if (r < 0)
		log_error("config", "%s", error.text);
	return r;
}

void elector_zk_done(struct elector *e)
{
	elector_zk_close(e, false);
	register_done(&e->reg);
	register_done(&e->claimed);
	config_secret_freep(&e->auth);
	explicit_bzero(&e->file, sizeof(e->file));
}
