/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The znodes, and what each write does to them: all or nothing, with its checks, as the multis of
 * election/fence.c, latch.c and handover.c have it.
 */
#include "tests/sim/world.h"

#include <stdio.h>

static const struct latch_name no_latch;

void znodes_remove_latch(struct world *w, struct sim_latch *l)
{
	l->alive = false;
	network_changed(w, false, false, &l->name);
}

struct sim_latch *znodes_latch(struct world *w, const struct latch_name *name)
{
	for (unsigned i = 0; i < w->zk.tree.n_latches; i++)
		if (w->zk.tree.latch[i].alive && latch_name_equal(&w->zk.tree.latch[i].name, name))
			return &w->zk.tree.latch[i];
	return NULL;
}

/* A3: a member makes no latch while one of an earlier session of it is still there, that could have
 * been seen. */
static void no_latch_left_behind(struct world *w, int session)
{
	int client = w->zk.session[session].client;

	for (unsigned i = 0; i < w->zk.tree.n_latches; i++) {
		const struct sim_latch *l = &w->zk.tree.latch[i];

		if (l->alive && l->session != session && !l->late &&
		    w->zk.session[l->session].client == client && !w->host[client].was_lost)
			violated(w, "rule A3: %c makes a latch beside its old session's",
			         'a' + client);
	}
}

static struct latch_name make_latch(struct world *w, const struct connection *c)
{
	int session = c->session;
	struct sim_latch *l = &w->zk.tree.latch[w->zk.tree.n_latches % MAX_LATCHES];

	if (w->zk.session[session].connection == c->id)
		no_latch_left_behind(w, session);
	if (w->zk.tree.n_latches == MAX_LATCHES) { /* the oldest dead one makes room */
		l = NULL;
		for (unsigned i = 0; i < MAX_LATCHES; i++)
			if (!w->zk.tree.latch[i].alive)
				l = &w->zk.tree.latch[i];
		if (l == NULL) {
			violated(w, "more than %d latches", (int)MAX_LATCHES);
			return no_latch;
		}
	} else {
		w->zk.tree.n_latches++;
	}
	*l = (struct sim_latch){ .alive = true, .session = session, .made = w->now };
	l->late = w->zk.session[session].connection != c->id;
	(void)snprintf(l->name.s, sizeof(l->name.s), "n-%s-%010u", w->zk.session[session].nonce.s,
	               w->zk.sequence++);
	network_changed(w, false, false, NULL);
	return l->name;
}

static enum core_result make_member(struct world *w, int member, int session)
{
	struct sim_member *m = &w->zk.tree.member[member];

	if (m->exists)
		return m->session == session ? CORE_OK : CORE_NAME_TAKEN;
	*m = (struct sim_member){ .exists = true, .session = session };
	network_changed(w, false, true, NULL);
	return CORE_OK;
}

static void register_written(struct world *w)
{
	w->zk.tree.reg.version++;
	network_changed(w, true, false, NULL);
}

/* A5: nobody else claims while the designated latch lives, and has had its time. */
static void nobody_else_is_designated(struct world *w, const struct request *r)
{
	const struct sim_register *reg = &w->zk.tree.reg;

	if (znodes_latch(w, &reg->designated) != NULL &&
	    !latch_name_equal(&reg->designated, &r->cmd.latch) &&
	    w->now < reg->released_at + r->hold / 2)
		violated(w, "rule A5: %s claims before %s, which is designated", r->cmd.latch.s,
		         reg->designated.s);
}

static enum core_result claim(struct world *w, struct request *r)
{
	struct sim_register *reg = &w->zk.tree.reg;

	if (znodes_latch(w, &r->cmd.latch) == NULL)
		return CORE_LATCH_GONE;
	if (!reg->exists)
		return CORE_NO_REGISTER;
	if (reg->version != r->cmd.version)
		return CORE_BAD_VERSION;
	nobody_else_is_designated(w, r);
	oracle_follows(w, reg, &r->cmd);
	reg->epoch = r->cmd.epoch;
	reg->owner = r->cmd.latch;
	reg->owner_session = r->timeout;
	reg->released = false;
	reg->designated = no_latch;
	register_written(w);
	r->version = reg->version;
	r->log = reg->log;
	r->snapshot = reg->snapshot;
	r->previous = reg->previous;
	oracle_claimed(w, reg->epoch);
	return CORE_OK;
}

/* A leader's write: here a commit of the log. */
enum core_result znodes_commit(struct world *w, struct request *r)
{
	struct sim_register *reg = &w->zk.tree.reg;

	if (znodes_latch(w, &r->cmd.latch) == NULL)
		return CORE_LATCH_GONE;
	if (reg->version != r->cmd.version)
		return CORE_BAD_VERSION;
	reg->log = r->log;
	if (!log_snapshot_same(&reg->snapshot, &r->snapshot)) {
		ledger_snapshot(w, &r->snapshot, &reg->snapshot);
		w->ledger.excused |= r->excused;
		reg->previous = reg->snapshot;
		reg->snapshot = r->snapshot;
	}
	r->previous = reg->previous;
	register_written(w);
	r->version = reg->version;
	ledger_committed(w, &r->log);
	oracle_written(w, r->cmd.epoch);
	return CORE_OK;
}

static enum core_result release(struct world *w, struct request *r, int member)
{
	struct sim_latch *l = znodes_latch(w, &r->cmd.latch);
	struct sim_register *reg = &w->zk.tree.reg;
	struct sim_member *m = &w->zk.tree.member[member];

	if (l == NULL)
		return CORE_LATCH_GONE;
	if (r->cmd.with_register && reg->version != r->cmd.version)
		return CORE_BAD_VERSION;
	if (r->cmd.with_member && !m->exists)
		return CORE_MEMBER_GONE;
	if (r->cmd.with_register) {
		if (!latch_name_equal(&reg->owner, &r->cmd.latch))
			violated(w, "released the register of another latch");
		if (r->cmd.cause == CAUSE_NONE)
			violated(w, "promise 8: released without a cause");
		reg->released = true;
		reg->cause = r->cmd.cause;
		reg->designated = r->cmd.designated;
		reg->released_at = w->now;
		register_written(w);
	}
	znodes_remove_latch(w, l);
	if (r->cmd.with_member) {
		m->exists = false;
		network_changed(w, false, true, NULL);
	}
	return CORE_OK;
}

/* A3b: reads, then one multi; the world plays both steps and keeps what was read in the request. */
static enum core_result end_old(struct world *w, struct request *r, int member)
{
	struct sim_register *reg = &w->zk.tree.reg;
	struct sim_member *m = &w->zk.tree.member[member];
	bool owner = latch_name_has_nonce(&reg->owner, &r->nonce) && !reg->released;

	if (r->session < 0)
		return CORE_OK;
	if (r->step == 0) { /* list after sync */
		r->version = reg->version;
		return CORE_UNKNOWN;
	}
	if (owner && znodes_latch(w, &reg->owner) != NULL && reg->version != r->version)
		return CORE_BAD_VERSION;
	if (owner && znodes_latch(w, &reg->owner) != NULL) {
		reg->released = true;
		reg->cause = r->cmd.cause;
		reg->designated = no_latch;
		register_written(w);
	}
	for (unsigned i = 0; i < w->zk.tree.n_latches; i++)
		if (w->zk.tree.latch[i].alive &&
		    latch_name_has_nonce(&w->zk.tree.latch[i].name, &r->nonce))
			znodes_remove_latch(w, &w->zk.tree.latch[i]);
	if (m->exists && m->session == r->session) {
		m->exists = false;
		network_changed(w, false, true, NULL);
	}
	/* Without the latch's name a late create may still come: the session has to end, too. */
	if (!latch_name_set(&r->latch))
		ensemble_close_session(w, r->session);
	return CORE_OK;
}

void znodes_request(struct world *w, struct request *r, struct connection *c)
{
	int member = client_member(r->client);
	struct sim_member *m = &w->zk.tree.member[member];
	struct sim_latch *l = znodes_latch(w, &r->cmd.latch);

	switch (r->cmd.type) {
	case CORE_CMD_JOIN:
		w->zk.tree.reg.exists = true;
		r->result = make_member(w, member, c->session);
		break;
	case CORE_CMD_REJOIN:
		r->result = l == NULL ? CORE_LATCH_GONE : make_member(w, member, c->session);
		break;
	case CORE_CMD_ENTER:
		r->latch = make_latch(w, c);
		r->result = CORE_OK;
		break;
	case CORE_CMD_HEARTBEAT:
		r->result = l == NULL ? CORE_LATCH_GONE : m->exists ? CORE_OK : CORE_MEMBER_GONE;
		break;
	case CORE_CMD_OBSERVE:
		look_step(w, r, c);
		break;
	case CORE_CMD_CLAIM:
		r->result = claim(w, r);
		break;
	case CORE_CMD_RELEASE:
		r->result = release(w, r, member);
		break;
	case CORE_CMD_END_OLD:
		r->result = end_old(w, r, member);
		break;
	case CORE_CMD_REPORT_STOPPED:
	case CORE_CMD_PUBLISH:
		r->result = !m->exists                 ? CORE_MEMBER_GONE
		            : m->session == c->session ? CORE_OK
		                                       : CORE_FAILED;
		if (r->result != CORE_OK)
			break;
		if (r->cmd.type == CORE_CMD_PUBLISH)
			m->eligible = r->reasons == 0;
		else
			m->stopped = r->cmd.epoch.v;
		network_changed(w, false, true, NULL);
		break;
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
	case CORE_CMD_EXIT:
	case CORE_N_COMMANDS_:
		violated(w, "a request that is none");
		break;
	}
}
