/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers and sessions, as far as the election can tell: sessions that end in buckets
 * (ExpiryQueue), touches that reach the leader through its followers, each with the T of the
 * connection it came by (LearnerSessionTracker), a new leader that touches all sessions again with
 * the T that each was made with (SessionTrackerImpl), one order of writes.
 */
#include "tests/sim/world.h"

#include <string.h>

/* ---- sessions ---- */

/* ExpiryQueue.roundToNextInterval: strictly later than now + T. */
static usec_t bucket(const struct world *w, usec_t when)
{
	return (when / w->k + 1) * w->k;
}

/* ExpiryQueue.update: the last touch decides, for an earlier end too (A7). */
static void touch_leader(struct world *w, int session, usec_t timeout)
{
	struct sim_session *s = &w->zk.session[session];

	/* A doomed one is accepted too: the walk does not look back (A1). */
	if (!s->alive)
		return;
	if (bucket(w, w->now + timeout) < s->expires)
		coverage_touch(TOUCH_EARLIER);
	s->expires = bucket(w, w->now + timeout);
}

/* A follower keeps the last one of each session; two servers may know of the same. */
void ensemble_touch(struct world *w, int session, int server, usec_t timeout)
{
	if (server == w->zk.leader) {
		touch_leader(w, session, timeout);
		return;
	}
	w->zk.server[server].touched[session] = timeout;
	for (int i = 0; i < N_SERVERS; i++)
		if (w->zk.server[i].touched[session] != 0 &&
		    w->zk.server[i].touched[session] != timeout)
			coverage_touch(TOUCH_AT_TWO);
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
		if (s->touched[i] != 0)
			touch_leader(w, (int)i, s->touched[i]);
		s->touched[i] = 0;
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
			znodes_remove_latch(w, &w->zk.tree.latch[i]);
	network_changed(w, false, true, NULL);
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
		w->zk.session[i].expires = bucket(w, until + w->zk.session[i].made_with);
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

/* ---- one request, when its turn comes in the order of writes ---- */

/* Its commit is a touch at each server. */
static void make_session(struct world *w, struct request *r)
{
	struct ensemble *zk = &w->zk;

	if (zk->n_sessions == MAX_SESSIONS) {
		violated(w, "more than %d sessions", (int)MAX_SESSIONS);
		return;
	}
	r->session = (int)zk->n_sessions++;
	zk->session[r->session] = (struct sim_session){
		.alive = true,
		.client = r->client,
		.nonce = w->client[r->client].nonce,
		.made_with = r->timeout,
	};
	for (int i = 0; i < N_SERVERS; i++)
		ensemble_touch(w, r->session, i, r->timeout);
}

static void connect_session(struct world *w, struct request *r, struct connection *c)
{
	const struct sim_server *server = &w->zk.server[c->server];
	usec_t asked = r->timeout;
	bool again = r->session >= 0;
	struct sim_session *s;

	if (r->timeout < server->min_session)
		r->timeout = server->min_session;
	if (r->timeout > server->max_session)
		r->timeout = server->max_session;
	if (again && r->timeout != asked)
		coverage_touch(r->timeout < asked ? TOUCH_SMALLER : TOUCH_LARGER);
	if (!again)
		make_session(w, r);
	if (w->failed)
		return;
	s = &w->zk.session[r->session];
	r->expired = !s->alive || (s->doomed && percent(w, 50));
	c->session = r->session;
	s->connection = c->id;
	if (r->expired)
		return;
	s->server = c->server;
	c->timeout = again && r->timeout < asked ? asked : r->timeout;
	r->touched = w->now;
	touch_leader(w, r->session, c->timeout);
}

/* A smaller T counts from the handshake on, once its client has heard of it.  Who does not hear
 * that a server has made its session shorter cannot know it: a limit, which failure-model.md
 * names. */
void ensemble_heard_timeout(struct world *w, const struct request *r)
{
	struct connection *c = connection_get(w, r->connection);
	struct sim_session *s = &w->zk.session[r->session];
	usec_t expires = bucket(w, r->touched + r->timeout);

	if (c == NULL || r->timeout >= c->timeout)
		return;
	c->timeout = r->timeout;
	if (s->alive && expires < s->expires) {
		coverage_touch(TOUCH_EARLIER);
		s->expires = expires;
	}
}

void ensemble_commit(struct world *w, struct request *r, struct connection *c)
{
	struct sim_latch *l;

	switch (r->kind) {
	case REQ_CONNECT:
		connect_session(w, r, c);
		break;
	case REQ_PING:
		break;
	case REQ_CLOSE:
		ensemble_close_session(w, c->session);
		break;
	case REQ_COMMIT:
		r->result = znodes_commit(w, r);
		break;
	case REQ_READ:
		look_at_register(w, r, c);
		break;
	case REQ_DELETE:
		l = znodes_latch(w, &r->cmd.latch);
		if (l != NULL)
			znodes_remove_latch(w, l);
		break;
	case REQ_CORE:
		znodes_request(w, r, c);
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
