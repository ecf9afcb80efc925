/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator requests (D6).  Any member takes one from its API and relays it as an ephemeral node in
 * requests/; the leader takes those made after its own claim; the result of a switchover is written
 * by the leader that follows.
 */
#include "daemon/elector_private.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"

enum { REQUEST_KEPT = 600 * 1000000 }; /* a result can be asked for so long */

static const char *const verbs[] = {
	[OPERATOR_SWITCHOVER] = "switchover", [OPERATOR_STEP_DOWN] = "step-down"
};

/* ---- the member that was asked ---- */

static usec_t timing(const json_t *timings, const char *field)
{
	const json_t *value = json_object_get(timings, field);

	return json_is_number(value) ? (usec_t)(json_number_value(value) * 1000.0) : USEC_INFINITY;
}

static usec_t between(usec_t from, usec_t to)
{
	return from == 0 || to < from ? USEC_INFINITY : to - from;
}

static void take_timings(struct elector *e, struct elector_request *q)
{
	json_t *timings = json_loads(q->node.timings[0] ? q->node.timings : "{}", 0, NULL);
	const char *leader = json_string_value(json_object_get(timings, "leader"));

	if (leader)
		(void)text_format(q->leader, sizeof(q->leader), "%s", leader);
	q->grant = timing(timings, "grant_ms");
	q->total = clock_boottime() - q->asked;
	q->stop = q->release = USEC_INFINITY;
	if (strcmp(q->from, e->config->member) == 0 && e->stop_asked >= q->asked) {
		q->stop = between(e->stop_asked, e->stop_done);
		q->release = between(e->stop_done, e->release_done);
	}
	json_decref(timings);
}

static void fill_result(const struct elector_request *q, struct operator_result *ret)
{
	*ret = (struct operator_result){
		.state = q->done                          ? OPERATOR_DONE
		         : q->node.state == REQUEST_TAKEN ? OPERATOR_TAKEN
		                                          : OPERATOR_NEW,
		.id = q->name[0] ? q->name : NULL,
		.verb = verbs[q->verb],
		.error = (enum api_error)q->error,
		.message = q->node.message[0] ? q->node.message : NULL,
		.leader = q->leader[0] ? q->leader : NULL,
		.from = q->from[0] ? q->from : NULL,
		.epoch = q->node.epoch,
		.stop = q->stop,
		.release = q->release,
		.grant = q->grant,
		.total = q->total,
	};
}

static void tell(struct elector_request *q)
{
	struct operator_result result;
	backend_operator_cb progress = q->progress;

	if (!progress)
		return;
	fill_result(q, &result);
	if (q->done)
		q->progress = NULL; /* told for the last time */
	progress(q->cookie, &result);
}

static void finish(struct elector_request *q, enum api_error error, const char *message)
{
	q->done = true;
	q->error = (int)error;
	if (message)
		(void)text_format(q->node.message, sizeof(q->node.message), "%s", message);
	tell(q);
}

static void read_request(struct elector *e, struct elector_request *q);

static void on_request_changed(void *userdata)
{
	struct elector_request *q = userdata;

	if (q->used && !q->done)
		read_request(q->e, q);
}

static void on_request_read(void *userdata, const struct zk_result *r)
{
	struct elector_request *q = userdata;

	q->reading = false;
	if (!q->used || q->done)
		return;
	if (r->outcome == ZK_NOT_DONE && r->error == -ENOENT) {
		finish(q, API_OUTCOME_UNKNOWN,
		       "the request is gone, our session with it: see jmhactl list and history");
		return;
	}
	if (r->outcome != ZK_DONE || znode_json_decode_request(r->data, r->size, &q->node) < 0)
		return; /* read again by the sweep */
	if (q->node.state != REQUEST_DONE) {
		tell(q);
		return;
	}
	take_timings(q->e, q);
	finish(q, q->node.error[0] ? api_error_parse(q->node.error) : API_OK, NULL);
}

static void read_request(struct elector *e, struct elector_request *q)
{
	if (!q->reading && q->name[0] && e->session && session_connected(e->session))
		q->reading = fence_request_get(e->session, q->name, on_request_changed, q,
		                               on_request_read, q) >= 0;
}

static void on_created(void *userdata, const struct zk_result *r)
{
	struct elector_request *q = userdata;

	if (r->outcome == ZK_DONE) {
		(void)text_format(q->name, sizeof(q->name), "%s", r->name);
		tell(q);
		read_request(q->e, q);
	} else if (r->outcome == ZK_NOT_DONE && r->error == -ENOENT &&
	           q->node.state == REQUEST_TAKEN) {
		finish(q, API_ABORTED, "the leader's latch was gone already; ask again");
	} else {
		finish(q, r->outcome == ZK_UNKNOWN ? API_OUTCOME_UNKNOWN : API_DISCONNECTED, NULL);
	}
}

static const struct observed_member *member_named(const struct elector *e, const char *name)
{
	return e->looked ? observation_member(&e->view, name) : NULL;
}

/* What can be told at once, without asking the leader.  API_N_ERRORS_: it has to be asked. */
static enum api_error check_request(struct elector *e, const struct operator_request *request,
                                    const char *leader, char *ret_message, size_t size)
{
	const struct observed_member *to;

	ret_message[0] = '\0';
	if (!e->session || !session_connected(e->session))
		return API_DISCONNECTED;
	if (!leader)
		return API_NO_LEADER;
	if (!request->to)
		return API_N_ERRORS_;
	to = member_named(e, request->to);
	if (!to) {
		(void)text_format(ret_message, size, "no member named %s; see jmhactl list",
		                  request->to);
		return API_NOT_FOUND;
	}
	if (strcmp(request->to, leader) == 0) {
		(void)text_format(ret_message, size, "%s leads already", leader);
		return API_OK;
	}
	return API_N_ERRORS_;
}

static bool latch_of(const struct elector *e, const char *member, struct latch_name *ret)
{
	const struct observed_member *m = member_named(e, member);

	for (unsigned i = 0; m && i < e->view.n_latches; i++) {
		if (!latch_name_has_nonce(&e->view.latch[i], &m->node.nonce))
			continue;
		*ret = e->view.latch[i];
		return m->node.eligible;
	}
	return false;
}

/* What the leader says to it.  API_N_ERRORS_: it ends its term for it, in favour of ret_to. */
static enum api_error judge(const struct elector *e, const struct request_node *node,
                            struct latch_name *ret_to, const char **ret_message)
{
	json_auto_t *args = json_loads(node->args[0] ? node->args : "{}", 0, NULL);
	const char *to = json_string_value(json_object_get(args, "to"));
	bool force = json_is_true(json_object_get(args, "force"));

	if (strcmp(node->verb, verbs[OPERATOR_SWITCHOVER]) != 0 &&
	    strcmp(node->verb, verbs[OPERATOR_STEP_DOWN]) != 0) {
		*ret_message = "the leader does not know this verb: is it older?";
		return API_BAD_REQUEST;
	}
	if (to && strcmp(to, e->config->member) == 0) {
		*ret_message = "leads already";
		return API_OK;
	}
	if (to && !latch_of(e, to, ret_to)) {
		*ret_message = "the member to lead is not eligible; see jmhactl list";
		return API_NOT_ELIGIBLE;
	}
	if (!to && e->core.view.successors == 0 && !force) {
		*ret_message = "no other member is eligible; see jmhactl list";
		return API_NOT_ELIGIBLE;
	}
	return API_N_ERRORS_;
}

/* The last look may be some seconds old, and the operator may know better: nobody is refused as not
 * eligible by a look that began before the request was met here.  (Not by one of a certain age:
 * where ZooKeeper answers slowly, none is young enough.)  True: wait for
 * elector_requests_looked(). */
static bool look_first(struct elector *e, enum api_error error, usec_t met)
{
	if (error != API_NOT_ELIGIBLE || e->view.asked >= met)
		return false;
	e->request_looking = true;
	elector_feed_type(e, CORE_EV_CHANGED);
	return true;
}

/* Its mark `taken` has been sent before, on the same session as the release will be: whoever leads
 * next finds it applied (D6), so its answer is not waited for. */
static void end_term_for(struct elector *e, const struct request_node *node,
                         const struct latch_name *to)
{
	struct core_event ev = { .type = CORE_EV_STOP };

	ev.stop.cause = strcmp(node->verb, verbs[OPERATOR_SWITCHOVER]) == 0 ? CAUSE_SWITCHOVER
	                                                                    : CAUSE_STEP_DOWN;
	ev.stop.to = *to;
	log_notice("requests", "%s by %s at %s %s", node->verb, node->by, node->member, node->args);
	elector_feed(e, &ev);
}

static struct elector_request *free_slot(struct elector *e)
{
	for (unsigned i = 0; i < ELECTOR_MAX_REQUESTS; i++)
		if (!e->requests[i].used)
			return &e->requests[i];
	return NULL;
}

static int fill_node(const struct elector *e, struct elector_request *q,
                     const struct operator_request *request)
{
	struct request_node *n = &q->node;
	json_t *args = json_object();
	char *text;
	int r;

	if (request->to)
		(void)json_object_set_new(args, "to", json_string(request->to));
	if (request->force)
		(void)json_object_set_new(args, "force", json_true());
	if (request->why)
		(void)json_object_set_new(args, "why", json_string(request->why));
	text = args ? json_dumps(args, JSON_COMPACT) : NULL;
	json_decref(args);
	if (!text)
		return -ENOMEM;
	(void)text_format(n->verb, sizeof(n->verb), "%s", verbs[q->verb]);
	r = text_format(n->args, sizeof(n->args), "%s", text);
	free(text);
	if (r < 0)
		return -EMSGSIZE;
	(void)text_format(n->by, sizeof(n->by), "%s", request->by);
	(void)text_format(n->member, sizeof(n->member), "%s", e->config->member);
	n->at_ms = (int64_t)clock_realtime_ms();
	return 0;
}

/* The leader was asked itself: it takes the request as it writes it down. */
static int take_own(struct elector *e, struct elector_request *q)
{
	struct latch_name to = { 0 };
	const char *message;
	enum api_error error = judge(e, &q->node, &to, &message);
	int r;

	q->judging = look_first(e, error, q->asked);
	if (q->judging)
		return 0;
	if (error != API_N_ERRORS_) {
		q->used = false;
		q->node.epoch = e->core.epoch;
		finish(q, error, message);
		return 0;
	}
	q->node.state = REQUEST_TAKEN;
	r = fence_request_create(e->session, &e->core.latch, &q->node, on_created, q);
	if (r >= 0)
		end_term_for(e, &q->node, &to);
	return r;
}

void elector_requests_submit(struct elector *e, const struct operator_request *request,
                             backend_operator_cb progress, void *cookie)
{
	struct elector_request *q = free_slot(e);
	struct elector_request refused = { .verb = request->verb };
	char message[ZNODE_TEXT_MAX + 1], *leader;
	struct status status;
	enum api_error error;
	int r;

	if (!q) {
		finish(&(struct elector_request){ .progress = progress,
		                                  .cookie = cookie,
		                                  .verb = request->verb },
		       API_BUSY, NULL);
		return;
	}
	*q = refused;
	q->e = e;
	q->progress = progress;
	q->cookie = cookie;
	q->asked = clock_boottime();
	q->stop = q->release = q->grant = q->total = USEC_INFINITY;
	elector_backend_ops.status(e, &status);
	leader = q->from;
	(void)text_format(q->from, sizeof(q->from), "%s",
	                  status.leader.member ? status.leader.member : "");
	error = check_request(e, request, leader[0] ? leader : NULL, message, sizeof(message));
	if (error != API_N_ERRORS_) {
		(void)text_format(q->leader, sizeof(q->leader), "%s", leader);
		q->node.epoch = status.epoch;
		finish(q, error, message[0] ? message : NULL);
		return;
	}
	q->used = true;
	r = fill_node(e, q, request);
	if (r >= 0 && e->core.phase == CORE_LEADING && e->core.loaded)
		r = take_own(e, q);
	else if (r >= 0)
		r = fence_request_create(e->session, NULL, &q->node, on_created, q);
	if (r < 0) {
		q->used = false;
		finish(q,
		       r == -ENOTCONN   ? API_DISCONNECTED
		       : r == -EMSGSIZE ? API_TOO_LARGE
		                        : API_INTERNAL,
		       NULL);
	}
}

bool elector_requests_get(struct elector *e, const char *id, struct operator_result *ret)
{
	for (unsigned i = 0; i < ELECTOR_MAX_REQUESTS; i++) {
		if (!e->requests[i].used || strcmp(e->requests[i].name, id) != 0)
			continue;
		fill_result(&e->requests[i], ret);
		return true;
	}
	return false;
}

static void on_deleted(void *userdata, const struct zk_result *r)
{
	(void)userdata;
	(void)r; /* ephemeral: it goes with the session at the latest */
}

/* What a lost connection has left undone: the claim's zxid, the list and its watch. */
static void sweep_as_leader(struct elector *e)
{
	if (e->core.phase != CORE_LEADING || !e->session || !session_connected(e->session))
		return;
	if (e->claim_zxid == 0)
		elector_requests_granted(e);
	else if (!e->request_listed)
		elector_requests_changed(e);
}

void elector_requests_sweep(struct elector *e)
{
	usec_t now = clock_boottime();

	sweep_as_leader(e);
	for (unsigned i = 0; i < ELECTOR_MAX_REQUESTS; i++) {
		struct elector_request *q = &e->requests[i];

		if (!q->used || q->judging)
			continue;
		if (!q->done) {
			read_request(e, q); /* backstop for a lost watch */
		} else if (now > q->asked + REQUEST_KEPT && !q->reading) {
			if (e->session && q->name[0])
				(void)fence_request_delete(e->session, q->name, on_deleted, NULL);
			q->used = false;
		}
	}
}

/* ---- the leader ---- */

struct leader_request { /* one being read or answered */
	struct elector *e;
	char name[32];
	struct request_node node;
	int32_t version;
};

static void on_answered(void *userdata, const struct zk_result *r)
{
	struct leader_request *l = userdata;

	if (r->outcome != ZK_DONE)
		log_warning_errno(r->error, "requests", "the result of %s was not written: %m",
		                  l->name);
	free(l);
}

static void answer(struct leader_request *l, enum api_error error, const char *message)
{
	struct elector *e = l->e;
	int r;

	l->node.state = REQUEST_DONE;
	l->node.epoch = e->core.epoch;
	(void)text_format(l->node.error, sizeof(l->node.error), "%s",
	                  error == API_OK ? "" : api_error_code(error));
	(void)text_format(l->node.message, sizeof(l->node.message), "%s", message);
	(void)text_format(l->node.timings, sizeof(l->node.timings),
	                  "{\"leader\":\"%s\",\"grant_ms\":%.3f}", e->config->member,
	                  (double)(e->core.granted - e->core.detected) / 1000.0);
	r = fence_request_set(e->session, &e->core.latch, l->name, &l->node, l->version,
	                      on_answered, l);
	if (r < 0)
		free(l);
}

static void on_taken(void *userdata, const struct zk_result *r)
{
	struct leader_request *l = userdata;

	if (r->outcome != ZK_DONE)
		log_warning_errno(r->error, "requests", "%s was not marked as taken: %m", l->name);
	free(l);
}

static void take(struct leader_request *l, const struct latch_name *to)
{
	struct elector *e = l->e;
	struct request_node node = l->node;

	l->node.state = REQUEST_TAKEN;
	if (fence_request_set(e->session, &e->core.latch, l->name, &l->node, l->version, on_taken,
	                      l) < 0)
		free(l); /* not sent: still new, and asked again */
	else
		end_term_for(e, &node, to);
}

/* When it was read for the first time; names are sorted as they were made. */
static usec_t first_met(struct elector *e, const char *name)
{
	if (strcmp(name, e->request_met) > 0) {
		(void)text_format(e->request_met, sizeof(e->request_met), "%s", name);
		e->request_met_at = clock_boottime();
	}
	return e->request_met_at;
}

static void serve(struct leader_request *l)
{
	struct latch_name to = { 0 };
	const char *message;
	enum api_error error = judge(l->e, &l->node, &to, &message);

	if (look_first(l->e, error, first_met(l->e, l->name))) {
		l->e->request_seen[0] = '\0'; /* read again then */
		free(l);
	} else if (error == API_N_ERRORS_)
		take(l, &to);
	else
		answer(l, error, message);
}

/* One made before our claim: it asked the leader before us.  When that one was taken and ended its
 * term for it, we are the result; not the one that was asked for, where that is another's name. */
static void conclude(struct leader_request *l)
{
	json_auto_t *args = json_loads(l->node.args[0] ? l->node.args : "{}", 0, NULL);
	const char *to = json_string_value(json_object_get(args, "to"));
	const char *us = l->e->config->member;
	bool switched =
	        l->e->released_as == CAUSE_SWITCHOVER || l->e->released_as == CAUSE_STEP_DOWN;
	char message[ZNODE_TEXT_MAX + 1];

	if (l->node.state != REQUEST_TAKEN || !switched) {
		answer(l, API_ABORTED, "the leader changed before it was carried out; ask again");
	} else if (to && strcmp(to, us) != 0) {
		(void)text_format(message, sizeof(message),
		                  "%s did not take over, %s did; see jmhactl explain there", to,
		                  us);
		answer(l, API_ABORTED, message);
	} else {
		answer(l, API_OK, "");
	}
}

static void on_leader_read(void *userdata, const struct zk_result *r)
{
	struct leader_request *l = userdata;
	struct elector *e = l->e;

	if (r->outcome != ZK_DONE || !e->core.loaded || !e->session ||
	    znode_json_decode_request(r->data, r->size, &l->node) < 0 ||
	    l->node.state == REQUEST_DONE) {
		free(l);
		return;
	}
	l->version = r->version;
	if (r->czxid < e->claim_zxid)
		conclude(l);
	else if (l->node.state == REQUEST_NEW)
		serve(l);
	else
		free(l); /* ours, under way */
}

static void list_requests(struct elector *e);

static void on_list_changed(void *userdata)
{
	elector_requests_changed(userdata);
}

static void read_as_leader(struct elector *e, const char *name, char newest[32])
{
	struct leader_request *l = calloc(1, sizeof(*l));

	if (!l)
		return;
	l->e = e;
	(void)text_format(l->name, sizeof(l->name), "%s", name);
	if (strcmp(name, newest) > 0) /* q-NNNNNNNNNN: sorted as they were made */
		memcpy(newest, l->name, sizeof(l->name));
	if (fence_request_get(e->session, l->name, NULL, NULL, on_leader_read, l) < 0)
		free(l);
}

static void on_list(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	bool again = e->request_list_again;
	char newest[sizeof(e->request_seen)];

	memcpy(newest, e->request_seen, sizeof(newest));
	e->request_list_under_way = e->request_list_again = false;
	for (size_t i = 0; r->outcome == ZK_DONE && i < r->n_children; i++)
		if (strcmp(r->children[i], e->request_seen) > 0)
			read_as_leader(e, r->children[i], newest);
	/* Results are kept for a while: each is read once in a term. */
	if (e->core.loaded) {
		e->request_listed = r->outcome == ZK_DONE;
		memcpy(e->request_seen, newest, sizeof(newest));
	}
	if (again)
		list_requests(e);
}

static void list_requests(struct elector *e)
{
	if (e->core.phase != CORE_LEADING || !e->session || e->claim_zxid == 0)
		return;
	if (e->request_list_under_way)
		e->request_list_again = true;
	else
		e->request_list_under_way =
		        fence_request_list(e->session, on_list_changed, e, on_list, e) >= 0;
}

void elector_requests_changed(struct elector *e)
{
	list_requests(e);
}

static void on_endpoints(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;

	/* The claim wrote `endpoints` in its multi: same transaction, same zxid. */
	e->claim_zxid = r->outcome == ZK_DONE ? r->mzxid : 0;
	list_requests(e);
}

void elector_requests_granted(struct elector *e)
{
	e->claim_zxid = 0;
	e->request_listed = false;
	e->request_seen[0] = e->request_met[0] = '\0';
	if (e->session)
		(void)session_get(e->session, "endpoints", NULL, NULL, on_endpoints, e);
}

/* Somebody waited for a look: again, with what it showed. */
void elector_requests_looked(struct elector *e)
{
	bool leads = e->core.phase == CORE_LEADING && e->core.loaded;

	if (!e->request_looking)
		return;
	e->request_looking = false;
	for (unsigned i = 0; i < ELECTOR_MAX_REQUESTS; i++) {
		struct elector_request *q = &e->requests[i];

		if (!q->used || !q->judging)
			continue;
		if (leads && take_own(e, q) >= 0)
			continue;
		q->used = q->judging = false;
		finish(q, API_ABORTED, "the leader changed before it was carried out; ask again");
	}
	list_requests(e);
}

void elector_requests_disconnected(struct elector *e)
{
	e->request_looking = false;
	for (unsigned i = 0; i < ELECTOR_MAX_REQUESTS; i++) {
		if (!e->requests[i].used || !e->requests[i].judging)
			continue;
		e->requests[i].used = e->requests[i].judging = false;
		finish(&e->requests[i], API_DISCONNECTED, NULL);
	}
	e->request_list_under_way = e->request_list_again = e->request_listed = false;
	e->request_seen[0] = '\0';
}
