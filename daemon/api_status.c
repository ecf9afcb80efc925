/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_status.h"

#include <string.h>

#include "daemon/api_jobs.h"
#include "daemon/api_json.h"

/* Takes o; NULL when a field is missing for want of memory. */
static json_t *whole(json_t *o, bool ok)
{
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *maintenance_json(const struct status *s)
{
	json_t *o;

	if (!s->maintenance)
		return json_null();
	o = json_object();
	return whole(o, api_json_time(o, "until", s->maintenance_until) &&
	                        api_json_text(o, "by", s->maintenance_by) &&
	                        api_json_text(o, "why", s->maintenance_why));
}

static json_t *zookeeper_json(const struct status *s)
{
	json_t *o = json_object();

	return whole(o, api_json_bool(o, "connected", s->zookeeper.connected) &&
	                        api_json_text(o, "server", s->zookeeper.server) &&
	                        api_json_ms(o, "session_ms", s->zookeeper.session) &&
	                        api_json_ms(o, "last_ack_ms", s->zookeeper.last_ack) &&
	                        api_json_number(o, "servers", s->zookeeper.servers));
}

static json_t *health_json(const struct status *s)
{
	json_t *o;

	if (!s->jobmanager.health.asked)
		return json_null();
	o = json_object();
	return whole(o, api_json_bool(o, "ok", s->jobmanager.health.ok) &&
	                        api_json_number(o, "failures", s->jobmanager.health.failures) &&
	                        api_json_text(o, "last", s->jobmanager.health.last));
}

static json_t *jobmanager_json(const struct status *s)
{
	json_t *o = json_object();
	int foreign = s->jobmanager.foreign_pid;
	json_t *pid = s->jobmanager.pid > 0 ? json_integer(s->jobmanager.pid) : json_null();

	return whole(o, api_json_set(o, "pid", pid) &&
	                        api_json_set(o, "foreign_pid",
	                                     foreign > 0 ? json_integer(foreign) : json_null()) &&
	                        api_json_text(o, "mode", s->jobmanager.mode) &&
	                        api_json_text(o, "state", s->jobmanager.state) &&
	                        api_json_number(o, "restarts", s->jobmanager.restarts) &&
	                        api_json_set(o, "health", health_json(s)));
}

static json_t *snapshot_json(const struct status *s)
{
	json_t *o = json_object();

	return whole(o, api_json_number(o, "sequence", s->store.snapshot) &&
	                        api_json_text(o, "error", s->store.snapshot_error));
}

static json_t *store_json(const struct status *s)
{
	json_t *o = json_object();
	json_t *damaged = json_array();
	bool ok = true;

	for (unsigned i = 0; i < BACKEND_MAX_DAMAGED && s->store.damaged[i]; i++)
		ok &= json_array_append_new(damaged, json_string(s->store.damaged[i])) == 0;
	ok &= api_json_set(o, "damaged_keys", damaged);
	return whole(o, ok && api_json_number(o, "sequence", s->store.sequence) &&
	                        api_json_number(o, "pointers", s->store.pointers) &&
	                        api_json_number(o, "damaged", s->store.n_damaged) &&
	                        api_json_set(o, "snapshot", snapshot_json(s)) &&
	                        api_json_text(o, "error", s->store.error) &&
	                        api_json_text(o, "log_error", s->store.log_error) &&
	                        api_json_text(o, "path", s->store.path) &&
	                        api_json_text(o, "state", s->store.state));
}

static json_t *parked_json(const struct status *s)
{
	json_t *a = json_array();
	bool ok = true;

	for (unsigned i = 0; i < BACKEND_MAX_PARKED && s->parked[i].jobid; i++)
		ok &= json_array_append_new(a, api_jobs_json(&s->parked[i])) == 0;
	return whole(a, ok);
}

static json_t *last_transition_json(const struct status *s)
{
	json_t *o;

	if (!s->has_transition)
		return json_null();
	o = json_object();
	return whole(o, api_json_transition(o, &s->last_transition));
}

static json_t *lease_json(const struct status *s)
{
	json_t *o = json_object();

	return whole(o, api_json_text(o, "chain", s->arithmetic.chain) &&
	                        api_json_ms(o, "session_ms", s->arithmetic.session) &&
	                        api_json_ms(o, "tick_ms", s->arithmetic.tick) &&
	                        api_json_ms(o, "heartbeat_ms", s->arithmetic.heartbeat) &&
	                        api_json_ms(o, "jitter_ms", s->arithmetic.jitter) &&
	                        api_json_ms(o, "margin_ms", s->arithmetic.margin) &&
	                        api_json_ms(o, "stop_ms", s->arithmetic.stop) &&
	                        api_json_ms(o, "revoke_ms", s->arithmetic.revoke) &&
	                        api_json_ms(o, "answer_ms", s->arithmetic.answer) &&
	                        api_json_ms(o, "length_ms", s->arithmetic.length));
}

static json_t *waits_json(const struct status *s)
{
	json_t *o = json_object();

	return whole(o, api_json_text(o, "for", s->waits_for) &&
	                        api_json_ms(o, "left_ms", s->waits_left) &&
	                        api_json_set(o, "latches_before",
	                                     s->rank >= 0 ? json_integer(s->rank) : json_null()));
}

json_t *api_status_json(const struct backend *backend)
{
	struct status s = { 0 };
	json_t *o = json_object();

	backend->ops->status(backend->userdata, &s);
	return whole(
	        o, api_json_number(o, "version", 1) && api_json_text(o, "cluster", s.cluster) &&
	                   api_json_text(o, "member", s.member) &&
	                   api_json_text(o, "role", s.role) && api_json_text(o, "state", s.state) &&
	                   api_json_number(o, "epoch", s.epoch.v) &&
	                   api_json_leader(o, "leader", &s.leader) &&
	                   api_json_ms(o, "lease_ms", s.lease) &&
	                   api_json_bool(o, "eligible", s.eligible) &&
	                   api_json_reasons(o, "reasons", &s.reasons) &&
	                   api_json_ms(o, "tolerance_ms", s.tolerance) &&
	                   api_json_set(o, "lease", lease_json(&s)) &&
	                   api_json_set(o, "waits", waits_json(&s)) &&
	                   api_json_set(o, "maintenance", maintenance_json(&s)) &&
	                   api_json_text(o, "watchdog", s.watchdog) &&
	                   api_json_reasons(o, "guard_lacks", &s.guard_lacks) &&
	                   api_json_set(o, "zookeeper", zookeeper_json(&s)) &&
	                   api_json_set(o, "jobmanager", jobmanager_json(&s)) &&
	                   api_json_set(o, "store", store_json(&s)) &&
	                   api_json_number(o, "parked_count", s.n_parked) &&
	                   api_json_set(o, "parked", parked_json(&s)) &&
	                   api_json_set(o, "last_transition", last_transition_json(&s)));
}

void api_status_get(const struct api_request *req, struct api_reply *reply)
{
	api_reply_json(reply, api_status_json(&req->api->backend));
}

struct collected {
	json_t *array;
	bool ok;
};

static json_t *names_json(const char *names)
{
	json_t *a;
	bool ok = true;
	size_t len;

	if (!names)
		return json_null();
	a = json_array();
	for (; *names; names += len + (names[len] != '\0')) {
		len = strcspn(names, " ");
		ok &= json_array_append_new(a, json_stringn(names, len)) == 0;
	}
	return whole(a, ok);
}

static void on_member(void *cookie, const struct cluster_member *m)
{
	struct collected *c = cookie;
	json_t *o = json_object();

	o = whole(o, api_json_text(o, "member", m->member) && api_json_text(o, "host", m->host) &&
	                     api_json_text(o, "role", m->role) &&
	                     api_json_text(o, "state", m->state) &&
	                     api_json_bool(o, "eligible", m->eligible) &&
	                     api_json_reasons(o, "reasons", &m->reasons) &&
	                     api_json_number(o, "sequence", m->sequence) &&
	                     api_json_number(o, "stopped", m->stopped.v) &&
	                     api_json_text(o, "jmha", m->jmha) && api_json_text(o, "api", m->api) &&
	                     api_json_set(o, "sees", names_json(m->sees)) &&
	                     api_json_bool(o, "self", m->self));
	c->ok &= json_array_append_new(c->array, o) == 0;
}

void api_status_cluster(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct cluster_view view = { 0 };
	struct collected c = { json_array(), true };
	json_t *o = json_object();

	b->ops->cluster(b->userdata, &view, on_member, &c);
	c.ok &= api_json_set(o, "members", c.array);
	api_reply_json(reply, whole(o, c.ok && api_json_number(o, "version", 1) &&
	                                       api_json_text(o, "cluster", view.cluster) &&
	                                       api_json_number(o, "epoch", view.epoch.v) &&
	                                       api_json_leader(o, "leader", &view.leader) &&
	                                       api_json_text(o, "released", view.released) &&
	                                       api_json_ms(o, "age_ms", view.age)));
}

static void on_term(void *cookie, const struct term *t)
{
	struct collected *c = cookie;
	json_t *o = json_object();

	o = whole(o, api_json_number(o, "epoch", t->epoch.v) &&
	                     api_json_text(o, "leader", t->leader) &&
	                     api_json_time(o, "start", t->start) &&
	                     api_json_time(o, "end", t->end) &&
	                     api_json_text(o, "cause", t->cause) &&
	                     api_json_fine_ms(o, "detect_ms", t->detect) &&
	                     api_json_fine_ms(o, "fence_ms", t->fence) &&
	                     api_json_fine_ms(o, "recover_ms", t->recover));
	c->ok &= json_array_append_new(c->array, o) == 0;
}

void api_status_history(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct collected c = { json_array(), true };
	json_t *o = json_object();

	b->ops->history(b->userdata, on_term, &c);
	c.ok &= api_json_set(o, "terms", c.array);
	api_reply_json(reply, whole(o, c.ok && api_json_number(o, "version", 1)));
}

/* 200 or 503 with the state in the body, for people who look. */
static void yes_or_no(const struct api_request *req, struct api_reply *reply,
                      bool (*question)(const char *state))
{
	const struct backend *b = &req->api->backend;
	struct status s = { 0 };
	json_t *o = json_object();

	b->ops->status(b->userdata, &s);
	reply->http = question(s.state) ? 200 : 503;
	api_reply_json(reply, whole(o, api_json_number(o, "version", 1) &&
	                                       api_json_text(o, "member", s.member) &&
	                                       api_json_text(o, "state", s.state) &&
	                                       api_json_number(o, "epoch", s.epoch.v) &&
	                                       api_json_leader(o, "leader", &s.leader)));
}

static bool is_leader(const char *state)
{
	return strcmp(state, "leader") == 0;
}

static bool is_standby(const char *state)
{
	return strcmp(state, "standby") == 0;
}

/* Serves what it is there for: has read register and store, and is in touch or leads. */
static bool is_healthy(const char *state)
{
	return strcmp(state, "starting") != 0 && strcmp(state, "disconnected") != 0;
}

void api_status_leader(const struct api_request *req, struct api_reply *reply)
{
	yes_or_no(req, reply, is_leader);
}

void api_status_standby(const struct api_request *req, struct api_reply *reply)
{
	yes_or_no(req, reply, is_standby);
}

void api_status_health(const struct api_request *req, struct api_reply *reply)
{
	yes_or_no(req, reply, is_healthy);
}
