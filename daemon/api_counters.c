/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_counters.h"

#include <string.h>

#include "daemon/api.h"
#include "daemon/api_change.h"
#include "daemon/api_json.h"

static bool check_key(const struct api_request *req, struct api_reply *reply)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789._/-";
	size_t n = strlen(req->tail);

	if (n >= 1 && n <= API_MAX_COUNTER && req->tail[strspn(req->tail, allowed)] == '\0')
		return true;
	api_reply_errorf(reply, API_BAD_REQUEST,
	                 "a counter's key has 1 to %d characters of A-Z a-z 0-9 . _ / -",
	                 API_MAX_COUNTER);
	return false;
}

static bool check(const struct api_request *req, struct epoch *ret, struct api_reply *reply)
{
	return check_key(req, reply) && api_change_epoch(req, ret, reply);
}

/* ---- reading */

static void add_sequence(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;

	reply->has_sequence = true;
	reply->sequence = b->ops->sequence(b->userdata);
}

void api_counters_get(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct counter_view counter = { 0 };
	enum api_error error;
	json_t *o;

	if (!check_key(req, reply))
		return;
	error = b->ops->counter_get(b->userdata, req->tail, &counter);
	if (error != API_OK) {
		api_reply_error(reply, error, NULL);
		return;
	}
	if (counter.damaged) {
		api_reply_errorf(reply, API_DAMAGED,
		                 "the value of counter %s is lost: PUT one that was never handed "
		                 "out",
		                 req->tail);
		return;
	}
	o = json_object();
	if (!api_json_number(o, "version", 1) ||
	    !api_json_number(o, "value", (uint64_t)counter.next)) {
		json_decref(o);
		o = NULL;
	}
	api_reply_json(reply, o);
	add_sequence(req, reply);
}

struct listing {
	json_t *array;
	bool ok;
};

static void on_counter(void *cookie, const struct counter_view *counter)
{
	struct listing *l = cookie;
	json_t *o = json_object();

	l->ok = l->ok && api_json_text(o, "key", counter->key) &&
	        (counter->damaged ? api_json_bool(o, "damaged", true)
	                          : api_json_number(o, "value", (uint64_t)counter->next));
	l->ok = json_array_append_new(l->array, o) == 0 && l->ok;
}

void api_counters_list(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct listing l = { json_array(), true };
	enum api_error error = b->ops->counter_list(b->userdata, on_counter, &l);
	json_t *o = json_object();

	if (!api_json_set(o, "counters", l.array) || !api_json_number(o, "version", 1) || !l.ok) {
		json_decref(o);
		o = NULL;
	}
	if (error != API_OK) {
		json_decref(o);
		api_reply_error(reply, error, NULL);
		return;
	}
	api_reply_json(reply, o);
	add_sequence(req, reply);
}

/* ---- changes */

static void submit(const struct api_request *req, struct epoch epoch, enum counter_op op,
                   int64_t value, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct api_pending *p = api_change_begin(req, reply);

	if (p)
		b->ops->counter_submit(b->userdata, epoch, op, req->tail, value, api_change_done,
		                       p);
}

void api_counters_post(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };

	if (check(req, &epoch, reply))
		submit(req, epoch, COUNTER_NEXT, 0, reply);
}

void api_counters_put(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };
	json_t *body;
	json_int_t value;

	if (!check(req, &epoch, reply))
		return;
	body = api_change_body(req, reply);
	if (!body)
		return;
	value = json_integer_value(json_object_get(body, "value")); /* 0: it is none */
	json_decref(body);
	if (value >= 1)
		submit(req, epoch, COUNTER_SET, value, reply);
	else
		api_reply_error(reply, API_BAD_REQUEST,
		                "\"value\" must be a number from 1 to 9223372036854775807");
}

void api_counters_delete(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };

	if (check(req, &epoch, reply))
		submit(req, epoch, COUNTER_DELETE, 0, reply);
}
