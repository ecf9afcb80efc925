/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out what the book of endpoints decides: reads with watches, writes under the fence,
 * answers, news for those who follow.  Says how fresh it all is (B10).
 */
#include "daemon/elector_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"

enum { LOOK_EVERY = 30 * 1000000 }; /* at all of them, should a watch have been lost */

struct elector_endpoint_node {
	struct elector *e;
	unsigned node;
	bool bad; /* as last read; told once */
};

/* ---- reading ---- */

static void on_changed(void *userdata)
{
	struct elector_endpoint_node *n = userdata;

	endpoint_book_changed(n->e->endpoints.book, n->node);
}

static void on_children_changed(void *userdata)
{
	endpoint_book_children_changed(((struct elector *)userdata)->endpoints.book);
}

static enum endpoint_outcome outcome_of_read(const struct zk_result *r)
{
	if (r->outcome == ZK_DONE)
		return ENDPOINT_OUT_DONE;
	if (r->outcome == ZK_NOT_DONE && r->error == -ENOENT)
		return ENDPOINT_OUT_ABSENT;
	return r->outcome == ZK_NOT_DONE ? ENDPOINT_OUT_REFUSED : ENDPOINT_OUT_UNKNOWN;
}

static void on_read(void *userdata, const struct zk_result *r)
{
	struct elector_endpoint_node *n = userdata;
	char path[ENDPOINT_NODE_PATH];
	bool bad = false;

	endpoint_book_read(n->e->endpoints.book, n->node, outcome_of_read(r),
	                   r->data ? r->data : "", r->size, r->version, &bad);
	if (bad && !n->bad) {
		endpoint_node_path(n->node, path);
		log_error("endpoints",
		          "%s/%s/%s cannot be read, what was published before is served: was it "
		          "changed by hand? The next leader, or the next PUT, writes it anew",
		          n->e->config->root, n->e->config->cluster, path);
	}
	n->bad = bad;
}

static void read_node(struct elector *e, unsigned node)
{
	struct elector_endpoint_node *n = &e->endpoints.nodes[node];
	char path[ENDPOINT_NODE_PATH];
	bool bad;

	endpoint_node_path(node, path);
	if (!e->session || session_get(e->session, path, on_changed, n, on_read, n) < 0)
		endpoint_book_read(e->endpoints.book, node, ENDPOINT_OUT_UNKNOWN, NULL, 0, 0, &bad);
}

static void on_listed(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;

	endpoint_book_listed(e->endpoints.book, outcome_of_read(r), r->children, r->n_children);
}

static void list_shards(struct elector *e)
{
	if (!e->session ||
	    session_list(e->session, "endpoints", on_children_changed, e, on_listed, e) < 0)
		endpoint_book_listed(e->endpoints.book, ENDPOINT_OUT_UNKNOWN, NULL, 0);
}

/* ---- writing ---- */

static enum endpoint_outcome outcome_of_write(const struct zk_result *r)
{
	if (r->outcome == ZK_DONE)
		return ENDPOINT_OUT_DONE;
	if (r->outcome == ZK_UNKNOWN)
		return ENDPOINT_OUT_UNKNOWN;
	if (r->error == -ENOENT && r->failed_op == FENCE_OP_LATCH)
		return ENDPOINT_OUT_LATCH_GONE;
	if (r->error == -ENOENT || r->error == -ESTALE || r->error == -EEXIST)
		return ENDPOINT_OUT_STALE;
	return ENDPOINT_OUT_REFUSED;
}

static void on_wrote(void *userdata, const struct zk_result *r)
{
	struct elector_endpoint_node *n = userdata;
	enum endpoint_outcome outcome = outcome_of_write(r);

	if (outcome == ENDPOINT_OUT_REFUSED)
		elector_zk_log_refused("write the endpoints", r);
	endpoint_book_wrote(n->e->endpoints.book, n->node, outcome, r->version);
}

static void write_node(struct elector *e, const struct endpoint_action *a)
{
	struct elector_endpoint_node *n = &e->endpoints.nodes[a->node];
	int r = e->session ? fence_write_endpoints(e->session, &e->core.latch, a->node, a->text,
	                                           a->version, on_wrote, n)
	                   : -ENOTCONN;

	if (r >= 0)
		return;
	if (r != -ENOTCONN)
		log_error_errno(r, "endpoints", "Failed to send the endpoints: %m");
	/* Certainly not sent: read and sent again when there is a connection. */
	endpoint_book_wrote(e->endpoints.book, a->node, ENDPOINT_OUT_STALE, 0);
}

/* Only a leader writes; the JobManager may still speak while it is being revoked. */
static bool may_publish(const struct elector *e)
{
	return e->core.owns && (e->core.phase == CORE_LEADING || e->core.phase == CORE_REVOKING);
}

static void follow_term(struct elector *e)
{
	struct epoch term = endpoint_book_term(e->endpoints.book);
	char id[LEADER_ID_LEN + 1];

	if (term.v != 0 && (!may_publish(e) || !epoch_equal(term, e->core.epoch))) {
		endpoint_book_end(e->endpoints.book);
		term.v = 0;
	}
	if (term.v == 0 && may_publish(e) && e->has_register &&
	    register_leader_id(e->reg.cluster_id, e->core.epoch, id))
		endpoint_book_begin(e->endpoints.book, e->core.epoch, id);
}

/* ---- answers and news ---- */

struct waiting { /* from submit to reply */
	struct elector *e;
	struct epoch epoch;
	backend_change_done done;
	void *cookie;
	char component[ENDPOINT_COMPONENT_MAX + 1];
};

static const enum api_error error_of[] = {
	[ENDPOINT_WRITTEN] = API_OK,         [ENDPOINT_PENDING] = API_INTERNAL,
	[ENDPOINT_FENCED] = API_FENCED,      [ENDPOINT_TOO_LARGE] = API_TOO_LARGE,
	[ENDPOINT_BUSY] = API_BUSY,          [ENDPOINT_REFUSED] = API_NOT_READY,
	[ENDPOINT_NO_MEMORY] = API_INTERNAL, [ENDPOINT_OUTCOME_UNKNOWN] = API_OUTCOME_UNKNOWN,
};

static void answer(struct waiting *w, enum endpoint_result result, size_t size)
{
	char message[200], path[ENDPOINT_NODE_PATH];
	struct change_result r = { .error = error_of[result], .epoch = w->epoch };

	if (result == ENDPOINT_TOO_LARGE) {
		endpoint_node_path((unsigned)endpoint_node_of(w->component), path);
		(void)text_format(message, sizeof(message),
		                  "with %s the znode %s would have %zu bytes, at most %d are "
		                  "allowed: shorter addresses, or fewer jobs in this cluster",
		                  w->component, path, size, ENDPOINT_NODE_LIMIT);
		r.message = message;
	}
	w->done(w->cookie, &r);
	free(w);
}

static void tell_changes(struct elector *e, const struct endpoint_map *changes)
{
	CLEANUP(freep) struct endpoint_view *views = calloc(changes->n, sizeof(*views));

	for (size_t i = 0; views && i < changes->n; i++) {
		const struct endpoint *c = changes->entry[i];

		views[i] =
		        (struct endpoint_view){ c->component, c->address[0] ? c->address : NULL };
	}
	if (e->api) /* without memory: all of it */
		api_publish_endpoints(e->api, views, views ? changes->n : 0);
}

static void run_action(struct elector *e, const struct endpoint_action *a)
{
	switch (a->type) {
	case ENDPOINT_READ:
		read_node(e, a->node);
		break;
	case ENDPOINT_LIST:
		list_shards(e);
		break;
	case ENDPOINT_WRITE:
		write_node(e, a);
		break;
	case ENDPOINT_REPLY:
		answer(a->cookie, a->result, a->size);
		break;
	case ENDPOINT_STATE:
		log_debug("endpoints", "epoch %" PRIu64, endpoint_book_epoch(e->endpoints.book).v);
		if (e->api)
			api_publish_endpoints(e->api, NULL, 0);
		break;
	case ENDPOINT_CHANGES:
		tell_changes(e, a->changes);
		break;
	}
}

static usec_t last_contact(const struct elector *e)
{
	usec_t answered = e->session ? session_last_answer(e->session) : 0;

	if (!endpoint_book_current(e->endpoints.book) || answered < e->endpoints.contact)
		return e->endpoints.contact;
	return answered;
}

void elector_endpoints_pump(struct elector *e)
{
	struct endpoint_action action;

	e->endpoints.contact = last_contact(e); /* also while one node is read again */
	follow_term(e);
	while (endpoint_book_next(e->endpoints.book, &action))
		run_action(e, &action);
}

/* ---- the connection ---- */

static void on_synced(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;

	e->endpoints.syncing = false;
	if (r->outcome != ZK_DONE || !e->session || !session_connected(e->session))
		return;
	e->endpoints.connected = true;
	e->endpoints.look_at = clock_boottime() + LOOK_EVERY;
	endpoint_book_connected(e->endpoints.book);
}

/* A sync first: the server may be behind the one before. */
void elector_endpoints_connected(struct elector *e)
{
	if (!e->endpoints.syncing && e->session)
		e->endpoints.syncing = session_sync(e->session, on_synced, e) >= 0;
}

void elector_endpoints_disconnected(struct elector *e)
{
	if (!e->endpoints.book)
		return;
	e->endpoints.contact = last_contact(e);
	e->endpoints.connected = false;
	endpoint_book_disconnected(e->endpoints.book);
}

/* One small read a second: an observer asks nothing else, and would not know that it is cut off. */
void elector_endpoints_second(struct elector *e)
{
	if (!e->session || !session_connected(e->session))
		return;
	if (!e->endpoints.connected) {
		elector_endpoints_connected(e);
		return;
	}
	endpoint_book_changed(e->endpoints.book, ENDPOINT_PROCESS);
	if (clock_boottime() < e->endpoints.look_at)
		return;
	e->endpoints.look_at = clock_boottime() + LOOK_EVERY;
	endpoint_book_all_changed(e->endpoints.book);
}

/* ---- what the API may ask ---- */

struct listing {
	backend_endpoint_cb each;
	void *cookie;
};

static void on_endpoint(void *cookie, const struct endpoint *endpoint)
{
	const struct listing *l = cookie;
	const struct endpoint_view view = { endpoint->component, endpoint->address };

	l->each(l->cookie, &view);
}

void elector_endpoints_show(struct elector *e, struct endpoints_view *ret, backend_endpoint_cb each,
                            void *cookie)
{
	struct listing l = { each, cookie };
	const char *id = endpoint_book_leader_id(e->endpoints.book);
	usec_t session = e->session ? session_negotiated(e->session) : e->config->session_usec;

	*ret = (struct endpoints_view){
		.epoch = endpoint_book_epoch(e->endpoints.book),
		.leader_id = id[0] ? id : NULL,
		.age = usec_sub(clock_boottime(), last_contact(e)),
		.n = endpoint_book_list(e->endpoints.book, each ? on_endpoint : NULL, &l),
	};
	ret->stale = ret->age >= session;
}

static void refuse(struct elector *e, enum api_error error, backend_change_done done, void *cookie)
{
	const struct change_result result = { .error = error, .leader = elector_status_leader(e) };

	done(cookie, &result);
}

void elector_endpoints_submit(struct elector *e, struct epoch epoch, const char *component,
                              const char *address, backend_change_done done, void *cookie)
{
	enum endpoint_result r;
	struct waiting *w;

	follow_term(e);
	if (e->core.phase == CORE_RESUMING) {
		refuse(e, API_NOT_READY, done, cookie);
		return;
	}
	if (!may_publish(e)) {
		refuse(e, elector_status_leader(e) ? API_NOT_LEADER : API_NO_LEADER, done, cookie);
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		refuse(e, API_INTERNAL, done, cookie);
		return;
	}
	*w = (struct waiting){ .e = e, .epoch = epoch, .done = done, .cookie = cookie };
	(void)text_format(w->component, sizeof(w->component), "%s", component);
	r = endpoint_book_submit(e->endpoints.book, epoch, component, address, w);
	if (r != ENDPOINT_PENDING)
		answer(w, r, 0);
}

/* ---- start and end ---- */

int elector_endpoints_init(struct elector *e)
{
	e->endpoints.book = endpoint_book_new();
	e->endpoints.nodes = calloc(ENDPOINT_N_NODES, sizeof(*e->endpoints.nodes));
	if (!e->endpoints.book || !e->endpoints.nodes)
		return -ENOMEM;
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		e->endpoints.nodes[i] = (struct elector_endpoint_node){ .e = e, .node = i };
	e->endpoints.contact = clock_boottime();
	return 0;
}

void elector_endpoints_end(struct elector *e)
{
	struct endpoint_action action;

	if (!e->endpoints.book)
		return;
	endpoint_book_end(e->endpoints.book);
	endpoint_book_disconnected(e->endpoints.book);
	while (endpoint_book_next(e->endpoints.book, &action))
		run_action(e, &action);
}

void elector_endpoints_done(struct elector *e)
{
	endpoint_book_free(TAKE_PTR(e->endpoints.book));
	free(TAKE_PTR(e->endpoints.nodes));
}
