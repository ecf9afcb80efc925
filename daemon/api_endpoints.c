/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_endpoints.h"

#include <string.h>

#include "daemon/api.h"
#include "daemon/api_change.h"
#include "daemon/api_json.h"
#include "daemon/api_stream.h"

/* ---- what is told */

struct listing {
	json_t *components;
	bool ok;
};

static void on_endpoint(void *cookie, const struct endpoint_view *endpoint)
{
	struct listing *l = cookie;

	l->ok = l->ok && api_json_text(l->components, endpoint->component, endpoint->address);
}

/* The fields that every answer and line has; type NULL: an answer. */
static bool head(json_t *o, const char *type, const struct endpoints_view *v)
{
	return (type ? api_json_text(o, "type", type) : api_json_number(o, "version", 1)) &&
	       api_json_number(o, "epoch", v->epoch.v) &&
	       api_json_text(o, "leader_id", v->leader_id) && api_json_ms(o, "age_ms", v->age) &&
	       api_json_bool(o, "stale", v->stale);
}

/* Takes o; NULL when a field is missing for want of memory. */
static json_t *whole(json_t *o, bool ok)
{
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *state_json(const struct backend *b, const char *type)
{
	struct endpoints_view view = { .epoch = { 0 } };
	struct listing l = { json_object(), true };
	json_t *o = json_object();

	b->ops->endpoints(b->userdata, &view, on_endpoint, &l);
	l.ok = head(o, type, &view) && l.ok;
	return whole(o, api_json_set(o, "components", l.components) && l.ok);
}

static json_t *change_json(const struct backend *b, const struct endpoint_view *changes, size_t n)
{
	struct endpoints_view view = { .epoch = { 0 } };
	struct listing l = { json_object(), true };
	json_t *o = json_object();

	b->ops->endpoints(b->userdata, &view, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		on_endpoint(&l, &changes[i]);
	l.ok = head(o, "change", &view) && l.ok;
	return whole(o, api_json_set(o, "components", l.components) && l.ok);
}

/* ---- those who follow */

void api_endpoints_publish(struct api_context *api, const struct endpoint_view *changes, size_t n)
{
	if (api_hub_n_streams(api->followers) == 0)
		return;
	api_hub_publish_json(api->followers, n == 0 ? state_json(&api->backend, "state")
	                                            : change_json(&api->backend, changes, n));
}

void api_endpoints_heartbeat(struct api_context *api)
{
	const struct backend *b = &api->backend;
	struct endpoints_view view = { .epoch = { 0 } };
	json_t *o;

	if (api_hub_n_streams(api->followers) == 0)
		return;
	o = json_object();
	b->ops->endpoints(b->userdata, &view, NULL, NULL);
	api_hub_publish_json(api->followers, whole(o, head(o, "heartbeat", &view)));
}

static void on_heartbeat(struct api_hub *hub, usec_t wall_clock, void *userdata)
{
	(void)hub;
	(void)wall_clock;
	api_endpoints_heartbeat(userdata);
}

int api_endpoints_hub_new(struct api_context *api, struct api_hub **ret)
{
	const struct api_hub_config config = {
		.event = api->event,
		.max_streams = API_MAX_FOLLOWERS,
		.period = USEC_PER_SEC,
		.heartbeat = on_heartbeat,
		.userdata = api,
	};

	return api_hub_new(&config, ret);
}

void api_endpoints_get(const struct api_request *req, struct api_reply *reply)
{
	bool follow = req->follow && strcmp(req->follow, "0") != 0;

	if (req->follow && strcmp(req->follow, "0") != 0 && strcmp(req->follow, "1") != 0) {
		api_reply_error(reply, API_BAD_REQUEST, "follow is 1 for a stream, or 0");
		return;
	}
	if (strcmp(req->method, "HEAD") == 0)
		follow = false;
	if (follow && !api_hub_has_room(req->api->followers, req, reply))
		return;
	api_reply_json(reply, state_json(&req->api->backend, follow ? "state" : NULL));
	if (reply->http != 200 || !follow)
		return;
	reply->type = "application/x-ndjson";
	reply->stream = true;
	reply->hub = req->api->followers;
}

/* ---- publishing */

static bool is_component(const char *name)
{
	return strcmp(name, "dispatcher") == 0 || strcmp(name, "resource_manager") == 0 ||
	       strcmp(name, "rest_server") == 0 ||
	       (strncmp(name, "job-", 4) == 0 && strspn(name + 4, "0123456789abcdef") == 32 &&
	        name[4 + 32] == '\0');
}

static bool check(const struct api_request *req, struct epoch *ret, struct api_reply *reply)
{
	if (is_component(req->tail))
		return api_change_epoch(req, ret, reply);
	api_reply_error(reply, API_BAD_REQUEST,
	                "a component is dispatcher, resource_manager, rest_server or job- and the "
	                "32 hex digits (0-9 a-f) of a job's id");
	return false;
}

static void submit(const struct api_request *req, struct epoch epoch, const char *address,
                   struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct api_pending *p = api_change_begin(req, reply);

	if (p)
		b->ops->endpoint_submit(b->userdata, epoch, req->tail, address, api_change_done, p);
}

static bool is_address(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (n == API_MAX_ADDRESS || text[n] < 0x21 || text[n] > 0x7e || text[n] == '"' ||
		    text[n] == '\\')
			return false;
	return n > 0;
}

void api_endpoints_put(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };
	const char *address;
	json_t *body;

	if (!check(req, &epoch, reply))
		return;
	body = api_change_body(req, reply);
	if (!body)
		return;
	address = json_string_value(json_object_get(body, "address"));
	if (address && is_address(address))
		submit(req, epoch, address, reply);
	else
		api_reply_errorf(reply, API_BAD_REQUEST,
		                 "\"address\" must be a text of 1 to %d visible ASCII characters "
		                 "without quote and backslash",
		                 API_MAX_ADDRESS);
	json_decref(body);
}

void api_endpoints_delete(const struct api_request *req, struct api_reply *reply)
{
	struct epoch epoch = { 0 };

	if (check(req, &epoch, reply))
		submit(req, epoch, NULL, reply);
}
