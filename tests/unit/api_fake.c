/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/api_fake.h"

#include <stdio.h>
#include <string.h>

static void on_status(void *userdata, struct status *ret)
{
	*ret = ((struct fake *)userdata)->status;
}

static void on_cluster(void *userdata, struct cluster_view *ret, backend_member_cb each,
                       void *cookie)
{
	struct fake *f = userdata;

	*ret = f->cluster;
	for (unsigned i = 0; i < f->n_members; i++)
		each(cookie, &f->members[i]);
}

static void on_history(void *userdata, backend_term_cb each, void *cookie)
{
	struct fake *f = userdata;

	for (unsigned i = 0; i < f->n_terms; i++)
		each(cookie, &f->terms[i]);
}

static enum api_error on_get(void *userdata, const char *key, struct pointer_view *ret)
{
	struct fake *f = userdata;

	if (f->read_error != API_OK)
		return f->read_error;
	for (unsigned i = 0; i < f->n_pointers; i++)
		if (strcmp(f->pointers[i].key, key) == 0) {
			*ret = f->pointers[i];
			return API_OK;
		}
	return API_NOT_FOUND;
}

static enum api_error on_list(void *userdata, const char *prefix, const char *after,
                              backend_pointer_cb each, void *cookie)
{
	struct fake *f = userdata;

	for (unsigned i = 0; i < f->n_pointers; i++)
		if (strncmp(f->pointers[i].key, prefix, strlen(prefix)) == 0 &&
		    strcmp(f->pointers[i].key, after) > 0 && !each(cookie, &f->pointers[i]))
			break;
	f->n_listed++;
	return f->read_error;
}

static uint64_t on_sequence(void *userdata)
{
	return ((struct fake *)userdata)->sequence;
}

static void on_submit(void *userdata, const struct pointer_change *change,
                      backend_pointer_done done, void *cookie)
{
	struct fake *f = userdata;

	f->change = *change;
	(void)snprintf(f->key, sizeof(f->key), "%s", change->key);
	f->change.key = f->key;
	assert_true(change->size <= sizeof(f->value));
	if (change->size > 0)
		memcpy(f->value, change->value, change->size);
	f->change.value = f->value;
	f->n_submitted++;
	if (f->at_once) {
		done(cookie, &f->result);
		return;
	}
	assert_true(f->n_waiting < FAKE_MAX_WAITING);
	f->done[f->n_waiting] = done;
	f->cookies[f->n_waiting++] = cookie;
}

static const char *copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from ? from : "");
	return from ? to : NULL;
}

static void on_operate(void *userdata, const struct operator_request *request,
                       backend_operator_cb progress, void *cookie)
{
	struct fake *f = userdata;

	f->asked = *request;
	f->asked.to = copy(f->to, sizeof(f->to), request->to);
	f->asked.by = copy(f->by, sizeof(f->by), request->by);
	f->asked.why = copy(f->why, sizeof(f->why), request->why);
	f->progress = progress;
	f->progress_cookie = cookie;
}

static bool on_request_get(void *userdata, const char *id, struct operator_result *ret)
{
	struct fake *f = userdata;

	if (!f->request.id || strcmp(id, f->request.id) != 0)
		return false;
	*ret = f->request;
	return true;
}

static enum api_error on_leadership_may(void *userdata, pid_t pid)
{
	struct fake *f = userdata;

	if (f->jobmanager == 0)
		return API_NOT_FOUND;
	return pid == f->jobmanager ? API_OK : API_FORBIDDEN;
}

static void on_leadership(void *userdata, pid_t pid, struct leadership *ret)
{
	(void)pid;
	*ret = ((struct fake *)userdata)->leadership;
}

/* As the core has it: who leads another epoch than the granted one is superseded. */
static enum api_error on_leadership_say(void *userdata, pid_t pid, enum leadership_word word,
                                        struct epoch epoch)
{
	struct fake *f = userdata;

	(void)pid;
	if (word == LEADERSHIP_LEADING && !epoch_equal(epoch, f->leadership.epoch))
		return API_FENCED;
	f->said = word;
	f->said_epoch = epoch;
	f->n_said++;
	return API_OK;
}

static void on_counters(void *userdata, struct counters *ret)
{
	*ret = ((struct fake *)userdata)->counters;
}

static void on_endpoints(void *userdata, struct endpoints_view *ret, backend_endpoint_cb each,
                         void *cookie)
{
	struct fake *f = userdata;

	*ret = f->endpoints;
	for (size_t i = 0; each && i < f->endpoints.n; i++)
		each(cookie, f->many ? &f->many[i] : &f->endpoint[i]);
}

static enum api_error on_counter_get(void *userdata, const char *key, struct counter_view *ret)
{
	struct fake *f = userdata;

	*ret = (struct counter_view){ .key = key, .next = 1 };
	for (unsigned i = 0; i < f->n_counter_views; i++)
		if (strcmp(f->counter_views[i].key, key) == 0)
			*ret = f->counter_views[i];
	return f->read_error;
}

static enum api_error on_counter_list(void *userdata, backend_counter_cb each, void *cookie)
{
	struct fake *f = userdata;

	for (unsigned i = 0; i < f->n_counter_views; i++)
		each(cookie, &f->counter_views[i]);
	return f->read_error;
}

static enum api_error on_parked_list(void *userdata, backend_parked_cb each, void *cookie)
{
	struct fake *f = userdata;

	for (unsigned i = 0; i < f->n_parked; i++)
		each(cookie, &f->parked[i]);
	return f->read_error;
}

/* Filled in behind f->submitted, which the caller has set. */
static void take_change(struct fake *f, const char *what, const char *key, const char *text,
                        backend_change_done done, void *cookie)
{
	(void)copy(f->submitted.what, sizeof(f->submitted.what), what);
	(void)copy(f->submitted.key, sizeof(f->submitted.key), key);
	f->submitted.has_text = copy(f->submitted.text, sizeof(f->submitted.text), text) != NULL;
	f->n_submitted++;
	if (f->at_once) {
		done(cookie, &f->changed);
		return;
	}
	assert_null(f->change_done);
	f->change_done = done;
	f->change_cookie = cookie;
}

static void on_endpoint_submit(void *userdata, struct epoch epoch, const char *component,
                               const char *address, backend_change_done done, void *cookie)
{
	struct fake *f = userdata;

	f->submitted.epoch = epoch;
	take_change(f, "endpoint", component, address, done, cookie);
}

static void on_counter_submit(void *userdata, struct epoch epoch, enum counter_op op,
                              const char *key, int64_t value, backend_change_done done,
                              void *cookie)
{
	struct fake *f = userdata;

	f->submitted.epoch = epoch;
	f->submitted.op = (int)op;
	f->submitted.value = value;
	take_change(f, "counter", key, NULL, done, cookie);
}

static void on_job_submit(void *userdata, struct epoch epoch, enum job_op op, const char *jobid,
                          const char *why, backend_change_done done, void *cookie)
{
	struct fake *f = userdata;

	f->submitted.epoch = epoch;
	f->submitted.op = (int)op;
	take_change(f, "job", jobid, why, done, cookie);
}

const struct backend_ops fake_ops = {
	.status = on_status,
	.cluster = on_cluster,
	.history = on_history,
	.pointer_get = on_get,
	.pointer_list = on_list,
	.sequence = on_sequence,
	.pointer_submit = on_submit,
	.operator_submit = on_operate,
	.request_get = on_request_get,
	.leadership_may = on_leadership_may,
	.leadership = on_leadership,
	.leadership_say = on_leadership_say,
	.counters = on_counters,
	.endpoints = on_endpoints,
	.counter_get = on_counter_get,
	.counter_list = on_counter_list,
	.parked_list = on_parked_list,
	.endpoint_submit = on_endpoint_submit,
	.counter_submit = on_counter_submit,
	.job_submit = on_job_submit,
};

void fake_init(struct fake *f)
{
	static const usec_t start = 1795341600000000; /* 2026-11-22T10:00:00Z */
	const struct leader_view leader = { .member = "jm-a", .epoch = { 7 }, .self = true };

	memset(f, 0, sizeof(*f));
	f->status = (struct status){
		.cluster = "orders",
		.member = "jm-a",
		.role = "contender",
		.state = "leader",
		.epoch = { 7 },
		.leader = leader,
		.lease = usec_from_ms(5120),
		.eligible = true,
		.tolerance = usec_from_ms(4990),
		.arithmetic = { .session = usec_from_ms(10000),
		                .tick = usec_from_ms(2000),
		                .heartbeat = usec_from_ms(1000),
		                .jitter = usec_from_ms(500),
		                .margin = usec_from_ms(2500),
		                .stop = usec_from_ms(500),
		                .answer = usec_from_ms(1000),
		                .length = usec_from_ms(6990),
		                .chain = "valid" },
		.waits_for = "nothing",
		.waits_left = USEC_INFINITY,
		.rank = 0,
		.watchdog = "systemd",
		.guard_lacks = { 1, { "realtime" } },
		.zookeeper = { true, "10.0.0.1:2181", usec_from_ms(10000), usec_from_ms(180), 3 },
		.jobmanager = { .mode = "cold", .state = "granted", .pid = 4711 },
		.store = { .sequence = 99, .pointers = 12, .path = "/mnt/ha/jmha", .state = "ok" },
		.has_transition = true,
		.last_transition = { "standby",
		                     "leader",
		                     "predecessor-gone",
		                     { 7 },
		                     start + 123000,
		                     3100,
		                     2200,
		                     400 },
	};
	f->cluster = (struct cluster_view){ "orders", { 7 }, leader, NULL, usec_from_ms(40) };
	f->n_members = 2;
	f->members[0] = (struct cluster_member){ .member = "jm-a",
		                                 .host = "a",
		                                 .role = "contender",
		                                 .state = "leader",
		                                 .eligible = true,
		                                 .sequence = 99,
		                                 .jmha = "0.1.0",
		                                 .sees = "jm-b jm-c",
		                                 .self = true };
	f->members[1] = (struct cluster_member){ .member = "jm-b",
		                                 .host = "b",
		                                 .role = "contender",
		                                 .state = "standby",
		                                 .reasons = { 2, { "pause", "not-caught-up" } },
		                                 .sequence = 98,
		                                 .stopped = { 6 },
		                                 .jmha = "0.1.0",
		                                 .api = "127.0.0.1:9180" };
	f->n_terms = 2;
	f->terms[0] =
	        (struct term){ { 6 }, "jm-b", start - USEC_PER_SEC, start, "predecessor-gone", 3100,
		               2200,  4000 };
	f->terms[1] = (struct term){ { 7 }, "jm-a", start, USEC_INFINITY,
		                     NULL,  3100,   2200,  USEC_INFINITY };
	f->sequence = 99;
	f->endpoints = (struct endpoints_view){ { 7 }, "6b1f-7", usec_from_ms(40), false, 2 };
	f->endpoint[0] = (struct endpoint_view){ "dispatcher", "d:1" };
	f->endpoint[1] = (struct endpoint_view){ "job-0a000000000000000000000000000001", "j:1" };
	f->changed = (struct change_result){ .epoch = { 7 } };
}

void fake_context(struct fake *f, struct api_context *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->backend = (struct backend){ &fake_ops, f };
	LIST_INIT(&ret->pending);
}

void fake_change(struct fake *f, const struct change_result *result)
{
	backend_change_done done = f->change_done;

	assert_non_null(done);
	f->change_done = NULL;
	done(f->change_cookie, result);
}

void fake_complete(struct fake *f, const struct pointer_result *result)
{
	for (unsigned i = 0; i < f->n_waiting; i++)
		f->done[i](f->cookies[i], result);
	f->n_waiting = 0;
}

struct api_request fake_request(struct api_context *context, const char *method, const char *path)
{
	return (struct api_request){
		.api = context,
		.method = method,
		.path = path,
		.tail = "",
		.privileged = true,
		.by = "uid 0",
	};
}

json_t *fake_json(const struct api_reply *reply)
{
	json_error_t error;
	const size_t flags = JSON_REJECT_DUPLICATES;
	json_t *o;

	assert_non_null(reply->body);
	assert_string_equal(reply->type, "application/json");
	o = json_loadb(reply->body, reply->size, flags, &error);
	if (!o)
		fail_msg("%s in: %s", error.text, reply->body);
	return o;
}

const char *fake_error(const struct api_reply *reply, json_t **ret_owner)
{
	const char *text;

	*ret_owner = fake_json(reply);
	text = json_string_value(json_object_get(*ret_owner, "error"));
	return text ? text : "";
}
