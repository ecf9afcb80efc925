/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ZooKeeper does, as far as the election can tell: one order of writes, sessions that end in
 * buckets (ExpiryQueue), touches that reach the leader through its followers, a new leader that
 * touches all sessions again.
 */
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>

static const struct latch_name no_latch;

/* ---- sessions ---- */

/* ExpiryQueue.roundToNextInterval: strictly later than now + T. */
static usec_t bucket(const struct world *w, usec_t when)
{
	return (when / w->k + 1) * w->k;
}

static void touch_leader(struct world *w, int session)
{
	struct sim_session *s = &w->zk.session[session];

	/* A doomed one is accepted too: the walk does not look back (A1). */
	if (s->alive)
		s->expires = bucket(w, w->now + s->timeout);
}

void ensemble_touch(struct world *w, int session, int server)
{
	if (server == w->zk.leader)
		touch_leader(w, session);
	else
		w->zk.server[server].touched[session] = true;
}

bool ensemble_has_quorum(const struct world *w)
{
	unsigned n = 0;

	for (int i = 0; i < N_SERVERS; i++)
		n += w->now >= w->zk.server[i].down_until && w->now >= w->zk.server[i].alone_until;
	return n >= 2 && w->now >= w->zk.electing_until;
}

bool ensemble_serves(const struct world *w, int server)
{
	return w->now >= w->zk.server[server].down_until;
}

void ensemble_relay(struct world *w, int server)
{
	struct sim_server *s = &w->zk.server[server];

	at(w, w->now + w->k / 2 + between(w, 0, MS(20)),
	   (struct world_event){ .type = EV_RELAY, .who = server });
	if (w->now < s->down_until || w->now < s->alone_until || !ensemble_has_quorum(w))
		return;
	for (unsigned i = 0; i < w->zk.n_sessions; i++) {
		if (s->touched[i])
			touch_leader(w, (int)i);
		s->touched[i] = false;
	}
}

void ensemble_expire_due(struct world *w)
{
	at(w, bucket(w, w->now), (struct world_event){ .type = EV_EXPIRER });
	if (!ensemble_has_quorum(w))
		return;
	for (unsigned i = 0; i < w->zk.n_sessions; i++) {
		struct sim_session *s = &w->zk.session[i];
		usec_t walk = between(w, 0, MS(3));

		if (!s->alive || s->doomed || s->expires > w->now)
			continue;
		s->doomed = true;
		if (percent(w, (unsigned)w->expirer_slow))
			walk = between(w, 0, w->k * 9 / 10);
		note(w, -1, "session %u of %d is due", i, s->client);
		at(w, w->now + walk,
		   (struct world_event){
		           .type = EV_CLOSE, .who = (int)i, .generation = w->zk.term });
	}
}

static void changed(struct world *w, bool reg, bool members, const struct latch_name *latch)
{
	network_changed(w, reg, members, latch);
}

void ensemble_remove_latch(struct world *w, struct sim_latch *l)
{
	l->alive = false;
	changed(w, false, false, &l->name);
}

void ensemble_close_session(struct world *w, int session)
{
	struct sim_session *s = &w->zk.session[session];

	if (!s->alive)
		return;
	note(w, -1, "session %d of %d ends", session, s->client);
	s->alive = false;
	for (int i = 0; i < N_MEMBERS; i++)
		if (w->zk.tree.member[i].exists && w->zk.tree.member[i].session == session)
			w->zk.tree.member[i].exists = false;
	for (unsigned i = 0; i < w->zk.tree.n_latches; i++)
		if (w->zk.tree.latch[i].alive && w->zk.tree.latch[i].session == session)
			ensemble_remove_latch(w, &w->zk.tree.latch[i]);
	changed(w, false, true, NULL);
	network_drop_session(w, session);
}

/* ---- servers ---- */

/* Its clients may stay with it, and read what it knew, until it notices. */
void ensemble_leader_alone(struct world *w, usec_t until)
{
	struct ensemble *zk = &w->zk;
	usec_t notices = w->now + between(w, MS(50), 4 * w->k);

	zk->old = zk->tree;
	zk->old_leader = zk->leader;
	zk->old_until = notices < until ? notices : until;
	zk->server[zk->leader].alone_until = until;
	ensemble_elect(w, w->now + between(w, MS(50), MS(1500)));
}

void ensemble_elect(struct world *w, usec_t until)
{
	struct ensemble *zk = &w->zk;
	usec_t stay = w->now < zk->old_until ? zk->old_until - w->now : 0;

	note(w, -1, "new ZooKeeper leader until %.3f", (double)until / 1000);
	w->zk.term++;
	w->zk.electing_until = until;
	for (int i = 0; i < N_SERVERS; i++) {
		memset(w->zk.server[i].touched, 0, sizeof(w->zk.server[i].touched));
		network_drop_server(w, i, i == zk->old_leader ? stay : 0);
	}
	do
		w->zk.leader = (int)below(w, N_SERVERS);
	while ((zk->server[zk->leader].down_until > until ||
	        zk->server[zk->leader].alone_until > until) &&
	       percent(w, 90));
	for (unsigned i = 0; i < w->zk.n_sessions; i++) {
		w->zk.session[i].doomed = false;
		w->zk.session[i].expires = bucket(w, until + w->zk.session[i].timeout);
	}
}

void ensemble_server_down(struct world *w, int server, usec_t until)
{
	note(w, -1, "server %d down until %.3f", server, (double)until / 1000);
	w->zk.server[server].down_until = until;
	w->zk.server[server].generation++;
	memset(w->zk.server[server].touched, 0, sizeof(w->zk.server[server].touched));
	network_drop_server(w, server, 0);
	if (server == w->zk.leader)
		ensemble_elect(w, w->now + between(w, MS(50), MS(1500)));
}

/* ---- writes ---- */

struct sim_latch *ensemble_latch(struct world *w, const struct latch_name *name)
{
	for (unsigned i = 0; i < w->zk.tree.n_latches; i++)
		if (w->zk.tree.latch[i].alive && latch_name_equal(&w->zk.tree.latch[i].name, name))
			return &w->zk.tree.latch[i];
	return NULL;
}

static const struct nonce *nonce_of(const struct world *w, int session)
{
	return &w->zk.session[session].nonce;
}

/* A3: a member makes no latch while one of an earlier session of it is still there. */
static void no_latch_left_behind(struct world *w, int session)
{
	int client = w->zk.session[session].client;

	for (unsigned i = 0; i < w->zk.tree.n_latches; i++) {
		const struct sim_latch *l = &w->zk.tree.latch[i];

		if (l->alive && l->session != session &&
		    w->zk.session[l->session].client == client && !w->host[client].was_lost)
			violated(w, "rule A3: %c makes a latch beside its old session's",
			         'a' + client);
	}
}

static struct latch_name make_latch(struct world *w, int session)
{
	struct sim_latch *l = &w->zk.tree.latch[w->zk.tree.n_latches % MAX_LATCHES];

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
	*l = (struct sim_latch){ .alive = true, .session = session };
	(void)snprintf(l->name.s, sizeof(l->name.s), "n-%s-%010u", nonce_of(w, session)->s,
	               w->zk.sequence++);
	changed(w, false, false, NULL);
	return l->name;
}

static enum core_result make_member(struct world *w, int member, int session)
{
	struct sim_member *m = &w->zk.tree.member[member];

	if (m->exists)
		return m->session == session ? CORE_OK : CORE_NAME_TAKEN;
	*m = (struct sim_member){ .exists = true, .session = session };
	changed(w, false, true, NULL);
	return CORE_OK;
}

static void register_written(struct world *w)
{
	w->zk.tree.reg.version++;
	changed(w, true, false, NULL);
}

/* A5: nobody else claims while the designated latch lives, and has had its time. */
static void nobody_else_is_designated(struct world *w, const struct latch_name *claimer, usec_t T)
{
	const struct sim_register *reg = &w->zk.tree.reg;

	if (ensemble_latch(w, &reg->designated) != NULL &&
	    !latch_name_equal(&reg->designated, claimer) && w->now < reg->released_at + T / 2)
		violated(w, "rule A5: %s claims before %s, which is designated", claimer->s,
		         reg->designated.s);
}

static enum core_result claim(struct world *w, struct request *r)
{
	struct sim_register *reg = &w->zk.tree.reg;
	const struct sim_latch *l = ensemble_latch(w, &r->cmd.latch);

	if (l == NULL)
		return CORE_LATCH_GONE;
	if (!reg->exists)
		return CORE_NO_REGISTER;
	if (reg->version != r->cmd.version)
		return CORE_BAD_VERSION;
	nobody_else_is_designated(w, &r->cmd.latch, w->zk.session[l->session].timeout);
	reg->epoch = r->cmd.epoch;
	reg->owner = r->cmd.latch;
	reg->owner_session = w->zk.session[l->session].timeout;
	reg->released = false;
	reg->designated = no_latch;
	register_written(w);
	r->version = reg->version;
	r->log = reg->log;
	oracle_claimed(w, reg->epoch);
	return CORE_OK;
}

/* A leader's write: here a commit of the log. */
static enum core_result commit(struct world *w, struct request *r)
{
	if (ensemble_latch(w, &r->cmd.latch) == NULL)
		return CORE_LATCH_GONE;
	if (w->zk.tree.reg.version != r->cmd.version)
		return CORE_BAD_VERSION;
	w->zk.tree.reg.log = r->log;
	register_written(w);
	r->version = w->zk.tree.reg.version;
	ledger_committed(w, &r->log);
	oracle_written(w, r->cmd.epoch);
	return CORE_OK;
}

static enum core_result release(struct world *w, struct request *r, int member)
{
	struct sim_latch *l = ensemble_latch(w, &r->cmd.latch);
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
		reg->released = true;
		reg->cause = r->cmd.cause;
		reg->designated = r->cmd.designated;
		reg->released_at = w->now;
		register_written(w);
	}
	ensemble_remove_latch(w, l);
	if (r->cmd.with_member) {
		m->exists = false;
		changed(w, false, true, NULL);
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
	if (owner && ensemble_latch(w, &reg->owner) != NULL && reg->version != r->version)
		return CORE_BAD_VERSION;
	if (owner && ensemble_latch(w, &reg->owner) != NULL) {
		reg->released = true;
		reg->cause = r->cmd.cause;
		reg->designated = no_latch;
		register_written(w);
	}
	for (unsigned i = 0; i < w->zk.tree.n_latches; i++)
		if (w->zk.tree.latch[i].alive &&
		    latch_name_has_nonce(&w->zk.tree.latch[i].name, &r->nonce))
			ensemble_remove_latch(w, &w->zk.tree.latch[i]);
	if (m->exists && m->session == r->session) {
		m->exists = false;
		changed(w, false, true, NULL);
	}
	/* Without the latch's name a late create may still come: the session has to end, too. */
	if (!latch_name_set(&r->latch))
		ensemble_close_session(w, r->session);
	return CORE_OK;
}

/* ---- reads ---- */

bool ensemble_reads_old(const struct world *w, const struct request *r, const struct connection *c)
{
	return c->server == w->zk.old_leader && w->now < w->zk.old_until &&
	       w->now < w->zk.server[c->server].alone_until &&
	       (r->kind == REQ_READ || (r->kind == REQ_CORE && r->cmd.type == CORE_CMD_OBSERVE));
}

static const struct sim_tree *seen_by(const struct world *w, const struct request *r,
                                      const struct connection *c)
{
	return ensemble_reads_old(w, r, c) ? &w->zk.old : &w->zk.tree;
}

static void read_register(const struct sim_tree *tree, struct request *r)
{
	const struct sim_register *reg = &tree->reg;
	struct core_view *v = &r->view;

	r->log = reg->log;

	v->has_register = reg->exists;
	v->version = reg->version;
	v->epoch = reg->epoch;
	v->released = reg->released;
	v->released_as = reg->cause;
	v->owner = reg->owner;
	v->owner_session = reg->owner_session;
	v->designated = reg->designated;
}

static unsigned below_own(const struct sim_tree *tree, const struct latch_name *own,
                          struct latch_name *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tree->n_latches; i++) {
		const struct sim_latch *l = &tree->latch[i];

		if (!l->alive || latch_name_compare(&l->name, own) >= 0)
			continue;
		if (n++ == 0 || latch_name_compare(&l->name, ret) > 0)
			*ret = l->name;
	}
	return n;
}

static void read_latches(struct world *w, const struct sim_tree *tree, struct request *r,
                         struct connection *c)
{
	struct core_view *v = &r->view;
	struct host *h = &w->host[client_member(r->client)];

	v->rank = -1;
	h->n_own = 0;
	for (unsigned i = 0; i < tree->n_latches; i++) {
		const struct sim_latch *l = &tree->latch[i];

		if (!l->alive)
			continue;
		if (latch_name_equal(&l->name, &v->owner))
			v->owner_alive = true;
		if (latch_name_equal(&l->name, &v->designated))
			v->designated_alive = true;
		if (l->session != c->session)
			continue;
		if (h->n_own < 8)
			h->own[h->n_own++] = l->name;
		if (!latch_name_set(&v->own) || latch_name_compare(&l->name, &v->own) < 0)
			v->own = l->name;
	}
	v->own_extra = h->n_own > 1;
	c->watch_latch[0] = v->own;
	c->watch_latch[1] = no_latch;
	if (latch_name_set(&v->own))
		v->rank = (int)below_own(tree, &v->own, &c->watch_latch[1]);
	if (v->rank == 0) /* it waits for one of these, if for any */
		c->watch_latch[1] = v->designated_alive ? v->designated : v->owner;
}

static void read_members(struct world *w, const struct sim_tree *tree, struct request *r)
{
	struct core_view *v = &r->view;

	v->successors = 0;
	for (int i = 0; i < N_MEMBERS; i++) {
		const struct sim_member *m = &tree->member[i];

		if (!m->exists)
			continue;
		if (latch_name_has_nonce(&v->owner, nonce_of(w, m->session))) {
			v->owner_member = true;
			v->owner_stopped.v = m->stopped;
		}
		if (i == client_member(r->client) || !m->eligible)
			continue;
		for (unsigned j = 0; j < tree->n_latches; j++)
			if (tree->latch[j].alive && tree->latch[j].session == m->session) {
				v->successors++;
				break;
			}
	}
}

static void observe(struct world *w, struct request *r, struct connection *c)
{
	const struct sim_tree *tree = seen_by(w, r, c);

	switch (r->step) {
	case 0:
		r->view = (struct core_view){ .asked = r->sent_local };
		read_register(tree, r);
		break;
	case 1:
		read_latches(w, tree, r, c);
		break;
	default:
		read_members(w, tree, r);
		c->watch_register = c->watch_members = true;
		r->result = CORE_OK;
	}
}

/* ---- one request, when its turn comes in the order of writes ---- */

static void connect_session(struct world *w, struct request *r, int server)
{
	struct ensemble *zk = &w->zk;
	struct sim_session *s;
	usec_t T = r->timeout < zk->server[server].max_session ? r->timeout
	                                                       : zk->server[server].max_session;

	if (r->session < 0) {
		if (zk->n_sessions == MAX_SESSIONS) {
			violated(w, "more than %d sessions", (int)MAX_SESSIONS);
			return;
		}
		r->session = (int)zk->n_sessions++;
		zk->session[r->session] = (struct sim_session){
			.alive = true, .client = r->client, .nonce = w->client[r->client].nonce
		};
	}
	s = &zk->session[r->session];
	r->expired = !s->alive || (s->doomed && percent(w, 50));
	if (r->expired)
		return;
	s->timeout = T;
	s->server = server;
	r->timeout = T;
	touch_leader(w, r->session);
}

static void core_request(struct world *w, struct request *r, struct connection *c)
{
	int member = client_member(r->client);
	struct sim_member *m = &w->zk.tree.member[member];
	struct sim_latch *l = ensemble_latch(w, &r->cmd.latch);

	switch (r->cmd.type) {
	case CORE_CMD_JOIN:
		w->zk.tree.reg.exists = true;
		r->result = make_member(w, member, c->session);
		break;
	case CORE_CMD_REJOIN:
		r->result = l == NULL ? CORE_LATCH_GONE : make_member(w, member, c->session);
		break;
	case CORE_CMD_ENTER:
		r->latch = make_latch(w, c->session);
		r->result = CORE_OK;
		break;
	case CORE_CMD_HEARTBEAT:
		r->result = l == NULL ? CORE_LATCH_GONE : m->exists ? CORE_OK : CORE_MEMBER_GONE;
		break;
	case CORE_CMD_OBSERVE:
		observe(w, r, c);
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
		changed(w, false, true, NULL);
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

void ensemble_commit(struct world *w, struct request *r, struct connection *c)
{
	struct sim_latch *l;

	switch (r->kind) {
	case REQ_CONNECT:
		connect_session(w, r, c->server);
		c->session = r->session;
		if (r->session >= 0)
			w->zk.session[r->session].connection = c->id;
		break;
	case REQ_PING:
		break;
	case REQ_CLOSE:
		ensemble_close_session(w, c->session);
		break;
	case REQ_COMMIT:
		r->result = commit(w, r);
		break;
	case REQ_READ:
		read_register(seen_by(w, r, c), r);
		r->result = CORE_OK;
		break;
	case REQ_DELETE:
		l = ensemble_latch(w, &r->cmd.latch);
		if (l != NULL)
			ensemble_remove_latch(w, l);
		break;
	case REQ_CORE:
		core_request(w, r, c);
		break;
	}
}

void ensemble_init(struct world *w)
{
	struct ensemble *zk = &w->zk;

	zk->leader = (int)below(w, N_SERVERS);
	zk->old_leader = -1;
	zk->tree.reg.released = true;
	zk->tree.reg.cause = CAUSE_NEW;
	for (int i = 0; i < N_SERVERS; i++)
		at(w, between(w, 0, w->k / 2), (struct world_event){ .type = EV_RELAY, .who = i });
	at(w, w->k, (struct world_event){ .type = EV_EXPIRER });
}
