/* SPDX-License-Identifier: Apache-2.0 */
/* What the API may ask: a picture of this moment, from core, register, last look and store. */
#include "daemon/elector_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/core_wait.h"

static void fill_reasons(reasons_t reasons, struct reason_list *ret)
{
	*ret = (struct reason_list){ 0 };
	for (unsigned i = 0; i < REASON_N_REASONS_; i++)
		if (reasons & REASON_BIT(i))
			ret->code[ret->n++] = reason_code(i);
}

/* D10: what others say of the leader is the register's owner, with age. */
static void fill_leader(const struct elector *e, usec_t now, struct leader_view *ret)
{
	const struct core_view *v = &e->core.view;
	bool self = core_state(&e->core, now) == CORE_STATE_LEADER;

	*ret = (struct leader_view){ .epoch = e->reg.epoch, .self = self };
	ret->age = e->looked ? usec_sub(now, e->view.asked) : USEC_INFINITY;
	if (self)
		ret->member = e->config->member;
	else if (e->has_register && e->reg.released == CAUSE_NONE && e->reg.owner.member[0] &&
	         (v->owner_alive || !latch_name_equal(&v->owner, &e->reg.owner.latch)) &&
	         !latch_name_equal(&e->reg.owner.latch, &e->core.latch))
		ret->member = e->reg.owner.member;
}

static const char *hot_state(const struct core *c)
{
	if (!c->process)
		return "stopped";
	if (c->ended)
		return "stopping";
	if (c->jobmanager)
		return c->phase == CORE_REVOKING ? "revoking" : "granted";
	return c->waiting ? "waiting" : "starting";
}

static const char *jobmanager_state(const struct elector *e)
{
	if (e->config->hot)
		return hot_state(&e->core);
	if (e->core.phase == CORE_REVOKING)
		return "stopping";
	if (e->jobmanager_starting)
		return "starting";
	return e->core.jobmanager ? "granted" : "stopped";
}

/* Keys of which nothing but the name is known (B6), as many as there is room for. */
static int list_damaged(const struct pointer *p, void *userdata)
{
	struct status *ret = userdata;

	for (unsigned i = 0; p->damaged && i < BACKEND_MAX_DAMAGED; i++)
		if (!ret->store.damaged[i]) {
			ret->store.damaged[i] = p->key;
			break;
		}
	return ret->store.damaged[BACKEND_MAX_DAMAGED - 1] != NULL;
}

static void fill_store(struct elector *e, struct status *ret)
{
	ret->store.sequence = pointer_map_position(e->map)->sequence;
	ret->store.pointers = pointer_map_count(e->map);
	ret->store.path = e->config->storage_path;
	ret->store.state = store_state_code(elector_store_state(e));
	if (elector_store_state(e) != STORE_OK)
		ret->store.error = e->store_state != STORE_OK ? e->store_text : e->probe_text;
	ret->store.snapshot = e->has_register ? e->reg.snapshot.at.sequence : 0;
	if (commit_queue_active(e->commits) && e->snapshot_error[0])
		ret->store.snapshot_error = e->snapshot_error;
	if (commit_queue_active(e->commits))
		ret->store.log_error = own_log_error(&e->own_log);
	ret->store.n_unseen = e->signs.n_unseen;
	ret->store.n_damaged = pointer_map_count_damaged(e->map) + e->n_gaps;
	if (pointer_map_count_damaged(e->map) > 0) {
		(void)pointer_map_list(e->map, "", list_damaged, ret);
		(void)pointer_map_list(e->map, "~", list_damaged, ret);
	}
}

bool elector_status_store_read(const struct elector *e)
{
	return e->caught_up || commit_queue_active(e->commits);
}

static void fill_health(const struct elector *e, struct status *ret)
{
	ret->jobmanager.health.asked = e->health.subject.role != HEALTH_NOBODY;
	ret->jobmanager.health.ok = e->health.good;
	ret->jobmanager.health.failures = e->health.failures;
	ret->jobmanager.health.last = e->health.last[0] ? e->health.last : NULL;
}

static void fill_lease(const struct elector *e, usec_t now, struct status *ret)
{
	static const char *const chains[] = {
		[LEASE_NONE] = "none",
		[LEASE_TENTATIVE] = "tentative",
		[LEASE_VALID] = "valid",
	};
	const struct core *c = &e->core;
	const struct lease_params *p = &c->lease.params;
	usec_t until;

	ret->tolerance = lease_tolerance(p);
	ret->arithmetic.session = p->session;
	ret->arithmetic.tick = p->tick;
	ret->arithmetic.heartbeat = lease_heartbeat_period(p);
	ret->arithmetic.jitter = lease_jitter(p);
	ret->arithmetic.margin = p->tick + lease_jitter(p);
	ret->arithmetic.stop = p->stop;
	ret->arithmetic.revoke = p->revoke;
	ret->arithmetic.answer = lease_answer_timeout(p);
	ret->arithmetic.length = lease_length(p);
	ret->arithmetic.chain =
	        chains[c->lease.chain == LEASE_VALID && now >= c->lease.deadline ? LEASE_NONE
	                                                                         : c->lease.chain];
	ret->waits_for = core_wait_code(core_wait(c, now, &until));
	ret->waits_left = until == USEC_INFINITY ? until : usec_sub(until, now);
	ret->rank = c->seen && latch_name_set(&c->latch) ? c->view.rank : -1;
}

static void op_status(void *userdata, struct status *ret)
{
	struct elector *e = userdata;
	usec_t now = clock_boottime(), answer;
	enum core_state state = core_state(&e->core, now);

	*ret = (struct status){
		.cluster = e->config->cluster,
		.member = e->config->member,
		.role = e->config->observer ? "observer" : "contender",
		.state = core_state_name(state),
		.epoch = e->reg.epoch,
		.lease = core_lease_left(&e->core, now),
		.watchdog = e->hello.hello.watchdog ? "systemd" : "none",
	};
	elector_guard_lacks(e, &ret->guard_lacks);
	fill_lease(e, now, ret);
	fill_leader(e, now, &ret->leader);
	fill_reasons(core_reasons(&e->core), &ret->reasons);
	ret->eligible = ret->reasons.n == 0 && !e->config->observer;
	ret->zookeeper.connected = e->core.connected;
	ret->zookeeper.servers = (unsigned)e->config->n_servers;
	if (e->session && e->core.connected) {
		ret->zookeeper.server = session_server(e->session);
		ret->zookeeper.session = session_negotiated(e->session);
	}
	answer = e->session ? session_last_answer(e->session) : 0;
	ret->zookeeper.last_ack = answer ? usec_sub(now, answer) : USEC_INFINITY;
	ret->jobmanager.mode = e->config->hot ? "hot" : "cold";
	ret->jobmanager.state = jobmanager_state(e);
	ret->jobmanager.pid = e->jobmanager_pid;
	ret->jobmanager.restarts = e->restarts;
	ret->jobmanager.foreign_pid = elector_leadership_foreign(e);
	fill_health(e, ret);
	fill_store(e, ret);
	elector_jobs_status(e, ret);
	ret->has_transition = e->has_transition;
	if (e->has_transition)
		elector_history_show(&e->last, &ret->last_transition);
	if (e->view.maintenance.until_ms > (int64_t)clock_realtime_ms()) {
		ret->maintenance = true;
		ret->maintenance_until = usec_from_ms((uint64_t)e->view.maintenance.until_ms);
		ret->maintenance_by = e->view.maintenance.by;
		ret->maintenance_why = e->view.maintenance.why;
	}
}

static void tell_member(struct elector *e, const struct observed_member *m,
                        const struct leader_view *leader, backend_member_cb each, void *cookie)
{
	struct cluster_member out = {
		.member = m->node.member,
		.host = m->node.host,
		.role = m->node.observer ? "observer" : "contender",
		.eligible = m->node.eligible,
		.sequence = m->node.sequence,
		.stopped = m->node.stopped,
		.jmha = m->node.jmha,
		.api = m->node.api[0] ? m->node.api : NULL,
		.sees = m->node.tells_sees ? m->node.sees : NULL,
		.self = m->own,
	};

	out.state = m->node.observer ? "observer" : "standby";
	if (leader->member && strcmp(leader->member, m->node.member) == 0)
		out.state = "leader";
	fill_reasons(m->node.reasons, &out.reasons);
	if (m->own) {
		out.state = core_state_name(core_state(&e->core, clock_boottime()));
		out.sequence = pointer_map_position(e->map)->sequence;
		out.sees = e->member.tells_sees ? e->member.sees : NULL;
		fill_reasons(core_reasons(&e->core), &out.reasons);
		out.eligible = out.reasons.n == 0 && !e->config->observer;
	}
	each(cookie, &out);
}

static void op_cluster(void *userdata, struct cluster_view *ret, backend_member_cb each,
                       void *cookie)
{
	struct elector *e = userdata;
	usec_t now = clock_boottime();
	bool self = false;

	*ret = (struct cluster_view){ .cluster = e->config->cluster, .epoch = e->reg.epoch };
	fill_leader(e, now, &ret->leader);
	if (e->has_register && e->reg.released != CAUSE_NONE)
		ret->released = cause_code(e->reg.released);
	ret->age = e->looked ? usec_sub(now, e->view.asked) : USEC_INFINITY;
	for (unsigned i = 0; e->looked && i < e->view.n_members; i++) {
		const struct observed_member *m = &e->view.member[i];

		self = self || m->own;
		tell_member(e, m, &ret->leader, each, cookie);
	}
	if (!self) { /* not joined yet, or cut off: we know ourselves all the same */
		struct observed_member own = { .node = e->member, .own = true };

		tell_member(e, &own, &ret->leader, each, cookie);
	}
}

static void op_history(void *userdata, backend_term_cb each, void *cookie)
{
	elector_history_list(userdata, each, cookie);
}

static void fill_pointer(const struct pointer *p, struct pointer_view *ret)
{
	*ret = (struct pointer_view){
		.key = p->key,
		.value = p->damaged ? NULL : pointer_value(p),
		.size = p->damaged ? 0 : p->value_size,
		.revision = p->revision,
		.damaged = p->damaged,
	};
}

static enum api_error op_pointer_get(void *userdata, const char *key, struct pointer_view *ret)
{
	struct elector *e = userdata;
	const struct pointer *p;

	if (!elector_status_store_read(e))
		return API_NOT_READY;
	p = pointer_key_reserved(key) ? NULL : pointer_map_get(e->map, key);
	if (!p)
		return API_NOT_FOUND;
	fill_pointer(p, ret);
	return API_OK;
}

struct pointer_listing {
	backend_pointer_cb each;
	void *cookie;
};

static int on_listed_pointer(const struct pointer *p, void *userdata)
{
	struct pointer_listing *l = userdata;
	struct pointer_view view;

	fill_pointer(p, &view);
	return l->each(l->cookie, &view) ? 0 : 1;
}

static enum api_error op_pointer_list(void *userdata, const char *prefix, const char *after,
                                      backend_pointer_cb each, void *cookie)
{
	struct elector *e = userdata;
	struct pointer_listing l = { each, cookie };

	if (!elector_status_store_read(e))
		return API_NOT_READY;
	if (!pointer_key_reserved(prefix))
		(void)pointer_map_list_after(e->map, prefix, after, on_listed_pointer, &l);
	return API_OK;
}

static uint64_t op_sequence(void *userdata)
{
	return pointer_map_position(((struct elector *)userdata)->map)->sequence;
}

/* ---- changes ---- */

struct pending_change { /* from submit to reply */
	struct elector *e;
	backend_pointer_done done;
	void *cookie;
	bool removed;
	char key[];
};

static const enum api_error error_of[COMMIT_N_RESULTS_] = {
	[COMMIT_DONE] = API_OK,
	[COMMIT_PENDING] = API_INTERNAL,
	[COMMIT_BAD_REQUEST] = API_BAD_REQUEST,
	[COMMIT_NOT_FOUND] = API_NOT_FOUND,
	[COMMIT_CONDITION_FAILED] = API_CONDITION_FAILED,
	[COMMIT_NOT_LEADER] = API_NOT_LEADER,
	[COMMIT_DAMAGED] = API_DAMAGED,
	[COMMIT_FENCED] = API_FENCED,
	[COMMIT_TOO_LARGE] = API_TOO_LARGE,
	[COMMIT_BUSY] = API_BUSY,
	[COMMIT_INTERNAL] = API_INTERNAL,
	[COMMIT_ABORTED] = API_ABORTED,
	[COMMIT_STORAGE_FAILED] = API_STORAGE_FAILED,
	[COMMIT_STORAGE_FULL] = API_STORAGE_FULL,
	[COMMIT_OUTCOME_UNKNOWN] = API_OUTCOME_UNKNOWN,
};

static void publish_pointer(struct elector *e, const struct pending_change *p, uint64_t revision)
{
	struct api_event ev = { .type = API_EVENT_POINTER };

	e->counters.changes++;
	if (pointer_key_reserved(p->key))
		return;
	ev.pointer.key = p->key;
	ev.pointer.revision = revision;
	ev.pointer.removed = p->removed;
	ev.pointer.epoch = e->core.epoch;
	api_publish(e->api, &ev);
}

void elector_status_reply(struct elector *e, const struct commit_action *reply)
{
	CLEANUP(freep) struct pending_change *p = reply->cookie;
	struct pointer_result result = {
		.error = error_of[reply->result],
		.revision = reply->revision,
		.epoch = e->core.epoch,
	};

	if (!p)
		return; /* a record of our own */
	if (reply->removed) {
		result.value = pointer_value(reply->removed);
		result.size = reply->removed->value_size;
		result.revision = reply->removed->revision;
	}
	if (result.error == API_OK)
		publish_pointer(e, p, reply->revision);
	p->done(p->cookie, &result);
	FAULT_POINT(reply_made);
}

const char *elector_status_leader(const struct elector *e)
{
	struct leader_view leader;

	fill_leader(e, clock_boottime(), &leader);
	return leader.member;
}

static void refuse(struct elector *e, enum api_error error, backend_pointer_done done, void *cookie)
{
	struct pointer_result result = { .error = error, .leader = elector_status_leader(e) };

	done(cookie, &result);
}

void elector_status_submit(struct elector *e, const struct commit_request *request,
                           backend_pointer_done done, void *cookie)
{
	struct commit_request copy = *request;
	struct pending_change *p;
	enum commit_result r;

	if (core_state(&e->core, clock_boottime()) != CORE_STATE_LEADER) {
		refuse(e, elector_status_leader(e) ? API_NOT_LEADER : API_NO_LEADER, done, cookie);
		return;
	}
	if (!commit_queue_active(e->commits)) {
		refuse(e, API_NOT_READY, done, cookie);
		return;
	}
	p = malloc(sizeof(*p) + strlen(copy.key) + 1);
	if (!p) {
		refuse(e, API_INTERNAL, done, cookie);
		return;
	}
	*p = (struct pending_change){ e, done, cookie, copy.op == COMMIT_DELETE };
	memcpy(p->key, copy.key, strlen(copy.key) + 1);
	copy.cookie = p;
	r = commit_queue_submit(e->commits, &copy);
	FAULT_POINT(change_queued);
	if (r != COMMIT_PENDING) {
		free(p);
		refuse(e, error_of[r], done, cookie);
	}
}

static void op_pointer_submit(void *userdata, const struct pointer_change *change,
                              backend_pointer_done done, void *cookie)
{
	struct commit_request request = {
		.op = change->remove ? COMMIT_DELETE : COMMIT_PUT,
		.key = change->key,
		.value = change->value,
		.value_size = change->size,
		.condition = change->if_absent     ? COMMIT_IF_ABSENT
		             : change->if_revision ? COMMIT_IF_REVISION
		                                   : COMMIT_ALWAYS,
		.if_revision = change->revision,
		.fence = change->epoch,
	};

	elector_status_submit(userdata, &request, done, cookie);
}

/* ---- the rest ---- */

static void op_operator_submit(void *userdata, const struct operator_request *request,
                               backend_operator_cb progress, void *cookie)
{
	elector_requests_submit(userdata, request, progress, cookie);
}

static bool op_request_get(void *userdata, const char *id, struct operator_result *ret)
{
	return elector_requests_get(userdata, id, ret);
}

static enum api_error op_leadership_may(void *userdata, pid_t pid)
{
	return elector_leadership_may(userdata, pid);
}

static void op_leadership(void *userdata, pid_t pid, struct leadership *ret)
{
	elector_leadership_for(userdata, pid, ret);
}

static enum api_error op_leadership_say(void *userdata, pid_t pid, enum leadership_word word,
                                        struct epoch epoch)
{
	return elector_leadership_say(userdata, pid, word, epoch);
}

static void op_counters(void *userdata, struct counters *ret)
{
	*ret = ((struct elector *)userdata)->counters;
	ret->log_lost = log_lost();
}

static void op_endpoints(void *userdata, struct endpoints_view *ret, backend_endpoint_cb each,
                         void *cookie)
{
	elector_endpoints_show(userdata, ret, each, cookie);
}

static enum api_error op_counter_get(void *userdata, const char *key, struct counter_view *ret)
{
	return elector_counters_get(userdata, key, ret);
}

static enum api_error op_counter_list(void *userdata, backend_counter_cb each, void *cookie)
{
	return elector_counters_list(userdata, each, cookie);
}

static enum api_error op_parked_list(void *userdata, backend_parked_cb each, void *cookie)
{
	return elector_jobs_list(userdata, each, cookie);
}

static void op_endpoint_submit(void *userdata, struct epoch epoch, const char *component,
                               const char *address, backend_change_done done, void *cookie)
{
	elector_endpoints_submit(userdata, epoch, component, address, done, cookie);
}

static void op_counter_submit(void *userdata, struct epoch epoch, enum counter_op op,
                              const char *key, int64_t value, backend_change_done done,
                              void *cookie)
{
	elector_counters_submit(userdata, epoch, op, key, value, done, cookie);
}

static void op_job_submit(void *userdata, struct epoch epoch, enum job_op op, const char *jobid,
                          const char *why, backend_change_done done, void *cookie)
{
	elector_jobs_submit(userdata, epoch, op, jobid, why, done, cookie);
}

const struct backend_ops elector_backend_ops = {
	.status = op_status,
	.cluster = op_cluster,
	.history = op_history,
	.pointer_get = op_pointer_get,
	.pointer_list = op_pointer_list,
	.sequence = op_sequence,
	.pointer_submit = op_pointer_submit,
	.operator_submit = op_operator_submit,
	.request_get = op_request_get,
	.leadership_may = op_leadership_may,
	.leadership = op_leadership,
	.leadership_say = op_leadership_say,
	.counters = op_counters,
	.endpoints = op_endpoints,
	.counter_get = op_counter_get,
	.counter_list = op_counter_list,
	.parked_list = op_parked_list,
	.endpoint_submit = op_endpoint_submit,
	.counter_submit = op_counter_submit,
	.job_submit = op_job_submit,
};
