/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator requests, at the member that was asked (D6): relays one from its API as an ephemeral
 * node in requests/, and tells what becomes of it.  Who serves it: daemon/elector_serve.c.
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
#include "daemon/elector_serve.h"
#include "daemon/log.h"
#include "election/fence.h"

enum { REQUEST_KEPT = 600 * 1000000 }; /* a result can be asked for so long */

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
		.verb = elector_serve_verb(q->verb),
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
	to = elector_serve_member(e, request->to);
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
	(void)text_format(n->verb, sizeof(n->verb), "%s", elector_serve_verb(q->verb));
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
	enum api_error error = elector_serve_judge(e, &q->node, &to, &message);
	int r;

	q->judging = elector_serve_look_first(e, error, q->asked);
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
		elector_serve_end_term(e, &q->node, &to);
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

void elector_requests_sweep(struct elector *e)
{
	usec_t now = clock_boottime();

	elector_serve_sweep(e);
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
	elector_serve_changed(e);
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
	elector_serve_disconnected(e);
}
