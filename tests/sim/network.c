/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections and requests.  What is sent on one connection arrives in order; when it is lost, a
 * beginning of what was under way may still land, later.  A request without an answer for A ends
 * the connection, as the adapter does it; each request gets exactly one answer.
 */
#include "tests/sim/world.h"

#include <assert.h>

struct connection *connection_get(struct world *w, uint64_t id)
{
	struct connection *c = &w->connection[id % MAX_CONNECTIONS];

	return id != 0 && c->id == id ? c : NULL;
}

bool client_connected(const struct world *w, int client)
{
	const struct client *cl = &w->client[client];

	return cl->open && !cl->dead && cl->connection != 0 && !cl->connecting;
}

static usec_t answer_timeout(const struct world *w)
{
	return lease_answer_timeout(&w->lease);
}

static usec_t latency(struct world *w, int member)
{
	if (w->host[member].slow)
		return percent(w, 70) ? between(w, MS(1), MS(60)) : between(w, MS(50), MS(400));
	return percent(w, 95) ? between(w, 100, 900) : between(w, MS(1), MS(25));
}

static struct request *new_request(struct world *w, int client, enum request_kind kind)
{
	for (unsigned i = 0; i < MAX_REQUESTS; i++) { /* the first: a few are in use */
		struct request *r = &w->request[i];

		if (r->used)
			continue;
		if (i >= w->n_requests)
			w->n_requests = i + 1;
		*r = (struct request){
			.used = true,
			.kind = kind,
			.client = client,
			.handle = w->client[client].handle,
			.connection = w->client[client].connection,
			.sent = w->now,
			.sent_local = local_time(w, client_member(client), w->now),
			.session = -1,
		};
		return r;
	}
	violated(w, "more than %d requests", (int)MAX_REQUESTS);
	return &w->request[0];
}

static void schedule(struct world *w, const struct request *r, usec_t when,
                     enum world_event_type type)
{
	at(w, when, (struct world_event){ .type = type, .who = (int)(r - w->request) });
}

static usec_t in_order(usec_t *last, usec_t when)
{
	if (when <= *last)
		when = *last + 1;
	*last = when;
	return when;
}

static void send(struct world *w, struct request *r)
{
	struct connection *c = connection_get(w, r->connection);
	unsigned last;

	assert(c != NULL);
	r->number = ++c->n_sent;
	schedule(w, r, in_order(&c->last_up, w->now + latency(w, client_member(r->client))),
	         EV_ARRIVE);
	assert(w->n_timeouts < MAX_TIMEOUTS);
	last = (w->first_timeout + w->n_timeouts++) % MAX_TIMEOUTS;
	w->timeout[last].at = w->now + answer_timeout(w);
	w->timeout[last].of = (unsigned)(r - w->request);
}

static struct request *drop_first_timeout(struct world *w)
{
	struct request *r = &w->request[w->timeout[w->first_timeout].of];

	w->first_timeout = (w->first_timeout + 1) % MAX_TIMEOUTS;
	w->n_timeouts--;
	return r;
}

/* Those that were answered are no events. */
usec_t network_next_timeout(struct world *w)
{
	for (; w->n_timeouts > 0; (void)drop_first_timeout(w)) {
		usec_t when = w->timeout[w->first_timeout].at;
		const struct request *r = &w->request[w->timeout[w->first_timeout].of];

		if (r->used && !r->answered && r->sent + answer_timeout(w) == when)
			return when;
	}
	return USEC_INFINITY;
}

void network_first_timeout(struct world *w)
{
	network_timeout(w, drop_first_timeout(w));
}

/* ---- clients ---- */

void client_open(struct world *w, int client, int session, const struct nonce *nonce, usec_t T)
{
	struct client *cl = &w->client[client];

	client_close(w, client);
	*cl = (struct client){
		.open = true,
		.handle = cl->handle + 1,
		.session = session,
		.server = (int)below(w, N_SERVERS),
		.asked = T,
		.nonce = *nonce,
	};
	client_try(w, client);
	at(w, w->now + T / 3,
	   (struct world_event){ .type = EV_PING, .who = client, .generation = cl->handle });
}

/* In the place of one that its client has lost. */
static uint64_t new_connection(struct world *w)
{
	const struct connection *c;

	do
		c = &w->connection[++w->n_connections % MAX_CONNECTIONS];
	while (c->id != 0 && w->client[c->client].connection == c->id);
	return w->n_connections;
}

void client_try(struct world *w, int client)
{
	struct client *cl = &w->client[client];
	struct connection *c;
	struct request *r;

	if (!cl->open || cl->dead || cl->connection != 0)
		return;
	cl->server = w->one_server < N_SERVERS ? (int)w->one_server : (cl->server + 1) % N_SERVERS;
	if (!ensemble_serves(w, cl->server) && w->now >= w->host[client_member(client)].cut_until) {
		at(w, w->now + between(w, MS(5), MS(40)),
		   (struct world_event){
		           .type = EV_CONNECT, .who = client, .generation = cl->handle });
		return; /* refused */
	}
	cl->connection = new_connection(w);
	cl->connecting = true;
	c = &w->connection[cl->connection % MAX_CONNECTIONS];
	*c = (struct connection){
		.id = cl->connection,
		.alive = true,
		.client = client,
		.server = cl->server,
		.handle = cl->handle,
		.server_generation = w->zk.server[cl->server].generation,
		.session = cl->session,
	};
	r = new_request(w, client, REQ_CONNECT);
	r->session = cl->session;
	r->timeout = cl->asked;
	send(w, r);
}

/* The end of a connection, seen by the client: all requests on it have an unknown outcome. */
static void lose(struct world *w, int client, bool tell)
{
	struct client *cl = &w->client[client];
	struct connection *c = connection_get(w, cl->connection);
	bool was_connected = client_connected(w, client);

	if (cl->connection == 0)
		return;
	if (c != NULL && c->alive) {
		c->alive = false;
		c->land = percent(w, 40) ? c->n_sent : (uint32_t)below(w, c->n_sent + 1);
	}
	cl->connection = 0;
	cl->connecting = false;
	for (unsigned i = 0; i < w->n_requests; i++) {
		struct request *r = &w->request[i];

		if (!r->used || r->answered || c == NULL || r->connection != c->id)
			continue;
		r->answered = true;
		shell_unknown(w, r);
		if (r->step < 0)
			r->used = false;
	}
	if (was_connected && tell)
		shell_session_event(w, client, CORE_EV_DISCONNECTED, 0);
}

void client_break(struct world *w, int client)
{
	uint32_t handle = w->client[client].handle;

	if (w->client[client].connection == 0)
		return;
	lose(w, client, true);
	if (w->client[client].open && w->client[client].handle == handle)
		at(w, w->now + between(w, 200, MS(30)),
		   (struct world_event){ .type = EV_CONNECT, .who = client, .generation = handle });
}

void client_close(struct world *w, int client)
{
	struct client *cl = &w->client[client];

	if (!cl->open)
		return;
	lose(w, client, false);
	cl->open = false;
	cl->handle++;
}

struct request *client_ask(struct world *w, int client, enum request_kind kind,
                           const struct core_command *cmd)
{
	const struct session_file *f = &w->host[client_member(client)].file;
	struct request *r = new_request(w, client, kind);

	if (cmd != NULL)
		r->cmd = *cmd;
	if (r->cmd.type == CORE_CMD_END_OLD && kind == REQ_CORE && f->exists) {
		r->session = f->session;
		r->nonce = f->nonce;
		r->latch = f->latch;
	}
	if (r->cmd.type == CORE_CMD_CLAIM && kind == REQ_CORE) {
		r->timeout = w->client[client].asked;
		r->hold = w->host[client_member(client)].core.lease.params.session;
	}
	if (!client_connected(w, client)) { /* never sent */
		r->answered = true;
		r->used = false;
		return NULL;
	}
	send(w, r);
	return r;
}

void client_ping(struct world *w, int client, uint32_t handle)
{
	struct client *cl = &w->client[client];

	if (!cl->open || cl->handle != handle)
		return;
	if (client_connected(w, client) && !w->host[client_member(client)].stopped)
		client_ask(w, client, REQ_PING, NULL);
	at(w, w->now + cl->asked / 3,
	   (struct world_event){ .type = EV_PING, .who = client, .generation = handle });
}

/* ---- the way of a request ---- */

static void done_with(struct request *r)
{
	if (r->answered && !r->told)
		coverage_lost(r, r->landed);
	if (r->answered)
		r->used = false;
	r->step = -1; /* reached its end; the slot is freed when it was answered, too */
}

/* It will not happen. */
static void lost(struct request *r)
{
	done_with(r);
}

static bool cut(const struct world *w, const struct connection *c, bool this_way_ok)
{
	const struct host *h = &w->host[client_member(c->client)];

	return w->now < h->cut_until && !this_way_ok &&
	       (h->cut_server < 0 || h->cut_server == c->server);
}

/* Whether what a server says by itself reaches the client; if it does later: when. */
bool network_reaches(struct world *w, const struct connection *c, usec_t *ret_when)
{
	const struct host *h = &w->host[client_member(c->client)];

	*ret_when = w->now;
	if (cut(w, c, h->down_ok))
		*ret_when = h->cut_until + between(w, 0, MS(40));
	return h->wire != WIRE_DEAF;
}

/* A server that is given a session anew closes its connection of before; what it had already read
 * from that is carried out.  Here it may come behind what the new connection asks, which no
 * ZooKeeper does (the requests that a server reads go one way, in order): the rules hold even so,
 * but for a latch that comes after its session was ended (znodes.c).  Another server knows nothing
 * of the new connection: what still comes is a touch, and refused. */
static bool evicted(struct world *w, const struct connection *c)
{
	const struct sim_session *s = &w->zk.session[c->session < 0 ? 0 : c->session];

	return c->session >= 0 && s->connection > c->id && s->server == c->server && percent(w, 50);
}

/* Too large for what is left of the wire. */
static bool vanishes(const struct host *h, const struct request *r)
{
	bool heartbeat = r->kind == REQ_CORE && r->cmd.type == CORE_CMD_HEARTBEAT;

	if (h->wire != WIRE_HANDSHAKES && h->wire != WIRE_HEARTBEATS)
		return false;
	return r->kind != REQ_CONNECT && r->kind != REQ_PING &&
	       !(heartbeat && h->wire == WIRE_HEARTBEATS);
}

void network_arrive(struct world *w, struct request *r)
{
	struct connection *c = connection_get(w, r->connection);
	const struct host *h = &w->host[client_member(r->client)];
	usec_t when = w->now;

	if (c == NULL || (!c->alive && r->number > c->land) || evicted(w, c)) {
		lost(r);
		return;
	}
	c->stuck |= vanishes(h, r);
	if (c->stuck || (h->wire == WIRE_DEAF && r->kind == REQ_CONNECT && r->session < 0)) {
		lost(r); /* a session of which nobody hears has no nodes */
		return;
	}
	/* What a dead client has sent may be on its way for long. */
	if (!c->alive && !c->delayed && percent(w, 40)) {
		c->delayed = true;
		schedule(w, r, in_order(&c->last_up, w->now + between(w, MS(1), MS(200))),
		         EV_ARRIVE);
		return;
	}
	if (cut(w, c, h->up_ok) && percent(w, 70)) { /* sent again by the kernel */
		schedule(w, r, in_order(&c->last_up, h->cut_until + between(w, 0, MS(40))),
		         EV_ARRIVE);
		return;
	}
	if (cut(w, c, h->up_ok) || !ensemble_serves(w, c->server) ||
	    c->server_generation != w->zk.server[c->server].generation) {
		if (c->alive)
			c->land = 0, c->alive = false; /* nothing behind it may land either */
		lost(r);
		return;
	}
	if (r->kind != REQ_CONNECT && c->session >= 0 && w->zk.session[c->session].alive) {
		if (w->zk.session[c->session].server != c->server)
			coverage_touch(TOUCH_OF_BEFORE);
		ensemble_touch(w, c->session, c->server, c->timeout);
	}
	when += between(w, 100, 700);
	schedule(w, r, in_order(&c->last_commit, when), EV_COMMIT);
}

static int steps_of(const struct request *r)
{
	if (r->kind != REQ_CORE)
		return 1;
	return r->cmd.type == CORE_CMD_OBSERVE ? 3 : r->cmd.type == CORE_CMD_END_OLD ? 2 : 1;
}

/* SESSION_MOVED, or a session that is over: such a request is refused.  Nobody asks a close where
 * it comes from (PrepRequestProcessor). */
static bool refused(const struct world *w, const struct request *r, const struct connection *c)
{
	const struct sim_session *s;

	if (r->kind == REQ_CONNECT)
		return false;
	if (c->session < 0)
		return true;
	s = &w->zk.session[c->session];
	return !s->alive || (s->server != c->server && r->kind != REQ_CLOSE);
}

/* A server answers, and fires its watches, when it has learnt what is committed. */
static usec_t lag(const struct world *w, int server)
{
	const struct sim_server *s = &w->zk.server[server];

	return w->now < s->lags_until ? s->lag : 0;
}

/* A write of a dead elector, carried out once more.  Not what makes a node: nobody can send that
 * twice. */
static bool twice(struct world *w, struct request *r)
{
	const struct client *cl = &w->client[r->client];
	bool makes = r->cmd.type == CORE_CMD_ENTER || r->cmd.type == CORE_CMD_JOIN ||
	             r->cmd.type == CORE_CMD_REJOIN || r->cmd.type == CORE_CMD_OBSERVE ||
	             r->cmd.type == CORE_CMD_END_OLD;

	if ((r->kind != REQ_CORE && r->kind != REQ_COMMIT) || makes || r->again ||
	    (cl->open && cl->handle == r->handle) || !percent(w, 20))
		return false;
	return r->again = true;
}

void network_commit(struct world *w, struct request *r)
{
	struct connection *c = connection_get(w, r->connection);

	if (c == NULL || c->server_generation != w->zk.server[c->server].generation) {
		lost(r);
		return;
	}
	if ((!ensemble_has_quorum(w) || w->now < w->zk.server[c->server].alone_until) &&
	    !look_is_old(w, r, c)) {
		if (percent(w, 15)) {
			lost(r);
			return;
		}
		schedule(w, r, in_order(&c->last_commit, w->now + between(w, MS(5), MS(30))),
		         EV_COMMIT);
		return;
	}
	if (refused(w, r, c)) {
		if (c->alive && r->kind != REQ_CONNECT)
			at(w, w->now + 300,
			   (struct world_event){ .type = EV_BROKEN, .arg = c->id });
		lost(r);
		return;
	}
	/* What follows on an answer is not sent any more when the connection is gone. */
	if (r->step > 0 && !c->alive && r->cmd.type == CORE_CMD_END_OLD && percent(w, 50)) {
		lost(r);
		return;
	}
	ensemble_commit(w, r, c);
	r->landed = true;
	if (twice(w, r)) {
		schedule(w, r, w->now + between(w, 1, MS(100)), EV_COMMIT);
		return;
	}
	if (++r->step < steps_of(r)) {
		schedule(w, r, in_order(&c->last_commit, w->now + between(w, 1, 1500)), EV_COMMIT);
		return;
	}
	if (!c->alive) {
		done_with(r);
		return;
	}
	schedule(w, r,
	         in_order(&c->last_down,
	                  w->now + lag(w, c->server) + latency(w, client_member(r->client))),
	         EV_ANSWER);
}

static void answer_connect(struct world *w, struct request *r)
{
	struct client *cl = &w->client[r->client];

	cl->connecting = false;
	if (r->expired) {
		lose(w, r->client, true);
		cl->dead = true;
		shell_session_event(w, r->client, CORE_EV_EXPIRED, 0);
		return;
	}
	ensemble_heard_timeout(w, r);
	cl->session = r->session;
	cl->asked = r->timeout; /* A7: a re-attach asks for what was negotiated */
	shell_session_event(w, r->client, CORE_EV_CONNECTED, r->sent_local);
}

void network_answer(struct world *w, struct request *r)
{
	struct connection *c = connection_get(w, r->connection);
	const struct host *h = &w->host[client_member(r->client)];

	if (r->answered || c == NULL || !c->alive) {
		done_with(r); /* answered as unknown, now or when the client notices */
		return;
	}
	if (h->wire == WIRE_DEAF) {
		lost(r);
		return;
	}
	if (cut(w, c, h->down_ok)) {
		schedule(w, r, in_order(&c->last_down, h->cut_until + between(w, 0, MS(40))),
		         EV_ANSWER);
		return;
	}
	r->answered = r->told = true;
	if (r->kind == REQ_CONNECT)
		answer_connect(w, r);
	else
		shell_answer(w, r->client, r);
	done_with(r);
}

/* Nothing came for A: drop the connection, next server. */
void network_timeout(struct world *w, struct request *r)
{
	if (!r->used || r->answered || w->client[r->client].connection != r->connection)
		return;
	if (w->now < r->sent + answer_timeout(w))
		return; /* the slot was used again */
	if (is_paused(w, &w->host[client_member(r->client)])) {
		schedule(w, r, w->host[client_member(r->client)].paused_until, EV_TIMEOUT);
		return;
	}
	if (w->host[client_member(r->client)].stopped && !is_releaser(r->client)) {
		schedule(w, r, w->now + MS(20), EV_TIMEOUT);
		return;
	}
	if (r->kind == REQ_CONNECT) {
		r->answered = true;
		if (r->step < 0)
			r->used = false;
	}
	client_break(w, r->client);
}

/* ---- what others do to connections ---- */

static void break_soon(struct world *w, struct connection *c, usec_t after, usec_t within)
{
	if (c->alive)
		at(w, w->now + after + between(w, 100, within),
		   (struct world_event){ .type = EV_BROKEN, .arg = c->id });
}

void network_drop_server(struct world *w, int server, usec_t after)
{
	for (unsigned i = 0; i < MAX_CONNECTIONS; i++)
		if (w->connection[i].id != 0 && w->connection[i].server == server)
			break_soon(w, &w->connection[i], after, MS(30));
}

void network_drop_session(struct world *w, int session)
{
	for (unsigned i = 0; i < MAX_CONNECTIONS; i++)
		if (w->connection[i].id != 0 && w->connection[i].session == session)
			break_soon(w, &w->connection[i], 0, MS(5));
}

/* Watches fire with the delay of the client's server; now and then one is lost. */
void network_changed(struct world *w, bool reg, bool members, const struct latch_name *latch)
{
	for (int i = 0; i < N_MEMBERS; i++) {
		struct connection *c = connection_get(w, w->client[i].connection);
		bool fires = false;

		if (c == NULL || !c->alive)
			continue;
		if (reg && c->watch_register)
			fires = true, c->watch_register = false;
		if (members && c->watch_members)
			fires = true, c->watch_members = false;
		for (unsigned j = 0; j < 2 && latch != NULL; j++)
			if (latch_name_equal(latch, &c->watch_latch[j]))
				fires = true, c->watch_latch[j] = (struct latch_name){ "" };
		if (fires && !percent(w, 2))
			at(w,
			   w->now + lag(w, c->server) +
			           between(w, 200, percent(w, 90) ? MS(3) : MS(80)),
			   (struct world_event){ .type = EV_WATCH, .arg = c->id });
	}
}
