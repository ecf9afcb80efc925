/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/elector_serve.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"

static const char *const verbs[] = {
	[OPERATOR_SWITCHOVER] = "switchover", [OPERATOR_STEP_DOWN] = "step-down"
};

const char *elector_serve_verb(enum operator_verb verb)
{
	return verbs[verb];
}

const struct observed_member *elector_serve_member(const struct elector *e, const char *name)
{
	return e->looked ? observation_member(&e->view, name) : NULL;
}

static bool latch_of(const struct elector *e, const char *member, struct latch_name *ret)
{
	const struct observed_member *m = elector_serve_member(e, member);

	for (unsigned i = 0; m && i < e->view.n_latches; i++) {
		if (!latch_name_has_nonce(&e->view.latch[i], &m->node.nonce))
			continue;
		*ret = e->view.latch[i];
		return m->node.eligible;
	}
	return false;
}

enum api_error elector_serve_judge(const struct elector *e, const struct request_node *node,
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
bool elector_serve_look_first(struct elector *e, enum api_error error, usec_t met)
{
	if (error != API_NOT_ELIGIBLE || e->view.asked >= met)
		return false;
	e->request_looking = true;
	elector_feed_type(e, CORE_EV_CHANGED);
	return true;
}

/* Its mark `taken` has been sent before, on the same session as the release will be: whoever leads
 * next finds it applied (D6), so its answer is not waited for. */
void elector_serve_end_term(struct elector *e, const struct request_node *node,
                            const struct latch_name *to)
{
	struct core_event ev = { .type = CORE_EV_STOP };

	ev.stop.cause = strcmp(node->verb, verbs[OPERATOR_SWITCHOVER]) == 0 ? CAUSE_SWITCHOVER
	                                                                    : CAUSE_STEP_DOWN;
	ev.stop.to = *to;
	log_notice("requests", "%s by %s at %s %s", node->verb, node->by, node->member, node->args);
	elector_feed(e, &ev);
}

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
		elector_serve_end_term(e, &node, to);
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
	enum api_error error = elector_serve_judge(l->e, &l->node, &to, &message);

	if (elector_serve_look_first(l->e, error, first_met(l->e, l->name))) {
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
	elector_serve_changed(userdata);
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

void elector_serve_changed(struct elector *e)
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

void elector_serve_granted(struct elector *e)
{
	e->claim_zxid = 0;
	e->request_listed = false;
	e->request_seen[0] = e->request_met[0] = '\0';
	if (e->session)
		(void)session_get(e->session, "endpoints", NULL, NULL, on_endpoints, e);
}

/* What a lost connection has left undone: the claim's zxid, the list and its watch. */
void elector_serve_sweep(struct elector *e)
{
	if (e->core.phase != CORE_LEADING || !e->session || !session_connected(e->session))
		return;
	if (e->claim_zxid == 0)
		elector_serve_granted(e);
	else if (!e->request_listed)
		elector_serve_changed(e);
}

void elector_serve_disconnected(struct elector *e)
{
	e->request_list_under_way = e->request_list_again = e->request_listed = false;
	e->request_seen[0] = '\0';
}
