/* SPDX-License-Identifier: Apache-2.0 */
/* What a member owns on ZooKeeper: its member node, its latch, its heartbeat. */
#include "daemon/elector_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"
#include "election/latch.h"

/* D3: whose is it? */
static void on_other_read(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	struct member_node other = { 0 };

	if (r->outcome != ZK_DONE || znode_json_decode_member(r->data, r->size, &other) < 0)
		(void)text_format(other.host, sizeof(other.host), "?");
	log_warning(
	        "election",
	        "name-taken: members/%s belongs to another session, of host %s: another jmhad "
	        "has this name (correct member in %s), or our own of before has not expired yet",
	        e->config->member, other.host, e->config->path);
}

static void name_the_other(struct elector *e)
{
	char path[MEMBER_NAME_MAX + sizeof("members/")];

	if (text_format(path, sizeof(path), "members/%s", e->config->member) >= 0)
		(void)session_get(e->session, path, NULL, NULL, on_other_read, e);
}

static void on_joined(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	enum core_result result = elector_zk_result(r);

	/* A REJOIN whose node is there: ours, by one that had no answer, or another's (D3)? */
	if (r->outcome == ZK_NOT_DONE && r->error == -EEXIST && r->failed_op == 1) {
		(void)elector_zk_sent(e, latch_join(e->session, &e->member, on_joined, e),
		                      CORE_EV_JOINED);
		return;
	}
	if (r->outcome == ZK_DONE) {
		e->member_version = r->version;
		e->member_unsure = false;
	} else if (r->outcome == ZK_NOT_DONE && r->error == -EEXIST)
		result = CORE_NAME_TAKEN;
	else if (r->outcome == ZK_NOT_DONE && r->error == -ENOENT && r->failed_op == 0)
		result = CORE_LATCH_GONE;
	else if (r->error != -EACCES)
		elector_zk_log_refused("make the member node", r);
	elector_zk_note_access(e, r);
	if (result == CORE_NAME_TAKEN && !(core_reasons(&e->core) & REASON_BIT(REASON_NAME_TAKEN)))
		name_the_other(e);
	elector_feed_result(e, CORE_EV_JOINED, result);
}

/* CRC of what must be the same on every member, so that a difference is seen. */
static void config_fingerprint(const struct elector *e, char ret[9])
{
	char id[CLUSTER_ID_LEN + 1] = "", text[1024];
	uint32_t crc;
	int n;

	if (e->has_cluster_id)
		text_hex(e->cluster_id, sizeof(e->cluster_id), id);
	n = snprintf(text, sizeof(text), "%s\n%s\n%llu\n%s\n", e->config->cluster, e->config->root,
	             (unsigned long long)usec_to_ms(e->config->tick_usec), id);
	crc = crc32c(0, text, n > 0 ? (size_t)n : 0);
	(void)snprintf(ret, 9, "%08x", crc);
}

static void fill_member(struct elector *e)
{
	struct member_node *m = &e->member;

	m->nonce = e->nonce;
	m->observer = e->config->observer;
	m->reasons = core_reasons(&e->core);
	m->eligible = m->reasons == 0 && !m->observer;
	m->sequence = pointer_map_position(e->map)->sequence;
	config_fingerprint(e, m->config);
}

/* C4: what is needed to end this session is on disk before its first ephemeral. */
static int save_identity(struct elector *e)
{
	struct session_identity identity;
	uint8_t id[8];
	int r = session_identity(e->session, &identity);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)((uint64_t)identity.id >> (56 - 8 * i));
	text_hex(id, sizeof(id), e->file.session);
	text_hex(identity.password, sizeof(identity.password), e->file.password);
	explicit_bzero(&identity, sizeof(identity));
	memcpy(e->file.nonce, e->nonce.s, sizeof(e->file.nonce));
	e->file.session_ms = (uint32_t)usec_to_ms(e->core.lease.params.session); /* A7 */
	if (!e->joined) {
		e->file.latch[0] = '\0';
		e->file.epoch = 0;
	}
	r = elector_zk_save_file(e);
	if (r >= 0)
		e->joined = true;
	return r;
}

static void join(struct elector *e, const struct core_command *cmd)
{
	int r = cmd->type == CORE_CMD_JOIN ? save_identity(e) : 0;

	fill_member(e);
	if (r >= 0 && cmd->type == CORE_CMD_JOIN)
		r = latch_join(e->session, &e->member, on_joined, e);
	else if (r >= 0)
		r = latch_rejoin(e->session, &cmd->latch, &e->member, on_joined, e);
	(void)elector_zk_sent(e, r, CORE_EV_JOINED);
}

static void on_published(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	bool gone = r->outcome == ZK_NOT_DONE && r->error == -ENOENT;

	e->member_writing = false;
	if (r->outcome == ZK_DONE) {
		e->member_version = r->version;
	} else { /* applied or not, and if so, which version it has: a look tells */
		e->member_dirty = e->member_unsure = true;
		if (r->outcome == ZK_NOT_DONE)
			elector_feed_type(e, CORE_EV_CHANGED);
	}
	if (gone || e->report_stopped.v != 0) {
		e->report_asked = e->report_asked && !gone;
		e->report_stopped = (struct epoch){ 0 };
		elector_feed_result(e, CORE_EV_REPORTED,
		                    gone ? CORE_MEMBER_GONE : elector_zk_result(r));
	}
	if (e->member_dirty && r->outcome == ZK_DONE)
		elector_publish_member(e);
}

void elector_publish_member(struct elector *e)
{
	e->member_dirty = true;
	if (e->member_writing || e->member_unsure || !e->core.member || !e->session ||
	    !session_connected(e->session))
		return;
	fill_member(e);
	if (latch_set_member(e->session, &e->member, e->member_version, on_published, e) < 0)
		return;
	e->member_writing = true;
	e->member_dirty = false;
	if (e->report_asked) {
		e->report_asked = false;
		e->report_stopped = e->member.stopped;
	}
}

static void report_stopped(struct elector *e, struct epoch epoch)
{
	e->member.stopped = epoch;
	e->report_asked = true;
	elector_publish_member(e);
	if (e->report_asked && !e->member_writing) {
		e->report_asked = false;
		elector_feed_result(e, CORE_EV_REPORTED, CORE_UNKNOWN);
	}
}

/* Before a latch is asked for: should its name never be learnt, whoever ends this session must look
 * by the nonce, and not be content that the latch of before is gone (A3b). */
static void forget_latch(struct elector *e)
{
	if (!e->file.latch[0])
		return;
	e->file.latch[0] = '\0';
	(void)elector_zk_save_file(e);
}

static void on_entered(void *userdata, const struct zk_result *r)
{
	struct core_event ev = { .type = CORE_EV_ENTERED };
	struct elector *e = userdata;

	ev.entered.result = elector_zk_result(r);
	if (r->outcome == ZK_DONE && !latch_name_parse(r->name, &ev.entered.latch))
		ev.entered.result = CORE_UNKNOWN;
	if (ev.entered.result == CORE_OK) {
		memcpy(e->file.latch, ev.entered.latch.s, sizeof(ev.entered.latch.s));
		(void)elector_zk_save_file(e); /* without it, it is found by its nonce */
	} else {
		elector_zk_log_refused("make a latch", r);
	}
	elector_feed(e, &ev);
}

static void on_extra_deleted(void *userdata, const struct zk_result *r)
{
	(void)userdata;
	elector_zk_log_refused("delete a latch of ours that nobody needs", r);
}

static void delete_extra(struct elector *e, const struct core_command *cmd)
{
	for (unsigned i = 0; i < e->view.n_latches; i++) {
		const struct latch_name *latch = &e->view.latch[i];

		if (latch_name_has_nonce(latch, &e->nonce) && !latch_name_equal(latch, &cmd->latch))
			(void)latch_delete(e->session, latch, on_extra_deleted, e);
	}
}

/* The gap that the lease counts with: of a leader, between two that were answered. */
static void note_gap(struct elector *e, const struct zk_result *r)
{
	usec_t h = lease_heartbeat_period(&e->core.lease.params);
	bool leads = core_state(&e->core, clock_boottime()) == CORE_STATE_LEADER;

	if (!leads || r->outcome == ZK_NOT_DONE) {
		e->beat_sent = 0;
		return;
	}
	if (r->outcome != ZK_DONE)
		return; /* the gap goes on */
	if (e->beat_sent != 0)
		lateness_add(&e->counters.late, usec_sub(usec_sub(r->sent, e->beat_sent), h));
	e->beat_sent = r->sent;
}

static void on_heartbeat(void *userdata, const struct zk_result *r)
{
	struct core_event ev = { .type = CORE_EV_HEARTBEAT };

	note_gap(userdata, r);
	ev.heartbeat.sent = r->sent;
	ev.heartbeat.result = elector_zk_multi_result(r, 1);
	elector_feed(userdata, &ev);
}

void elector_member_run(struct elector *e, const struct core_command *cmd)
{
	switch ((int)cmd->type) {
	case CORE_CMD_JOIN:
	case CORE_CMD_REJOIN:
		join(e, cmd);
		break;
	case CORE_CMD_ENTER:
		forget_latch(e);
		(void)elector_zk_sent(
		        e, latch_enter(e->session, &e->nonce, &e->latch_node, on_entered, e),
		        CORE_EV_ENTERED);
		break;
	case CORE_CMD_DELETE_EXTRA:
		delete_extra(e, cmd);
		break;
	case CORE_CMD_HEARTBEAT:
		(void)elector_zk_sent(e,
		                      latch_heartbeat(e->session, &cmd->latch, e->config->member,
		                                      on_heartbeat, e),
		                      CORE_EV_HEARTBEAT);
		break;
	case CORE_CMD_REPORT_STOPPED:
		report_stopped(e, cmd->epoch);
		break;
	case CORE_CMD_PUBLISH:
		elector_publish_member(e);
		break;
	default:
		break;
	}
}
