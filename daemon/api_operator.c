/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_operator.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "daemon/api_json.h"

enum { WAIT_DEFAULT_MS = 30000, WAIT_MAX_MS = 600000, MAX_TEXT = 200 };

static const char *verb_name(enum operator_verb verb)
{
	return verb == OPERATOR_SWITCHOVER ? "switchover" : "step-down";
}

/* [A-Za-z0-9_-][A-Za-z0-9._-]{0,62} (PROTOCOL section 5) */
static bool member_name_ok(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789_-.";
	size_t n = strlen(name);

	return n >= 1 && n <= 63 && name[0] != '.' && strspn(name, allowed) == n;
}

/* Fills one field of the request; NULL, or what is wrong with it. */
static const char *read_field(struct operator_request *r, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);

	if (strcmp(key, "force") == 0) {
		r->force = json_is_true(value);
		return json_is_boolean(value) ? NULL : "\"force\" must be true or false";
	}
	if (strcmp(key, "to") == 0 && r->verb == OPERATOR_SWITCHOVER) {
		if (json_is_null(value))
			return NULL;
		r->to = text;
		return text && member_name_ok(text) ? NULL : "\"to\" must be a member's name";
	}
	if (strcmp(key, "by") == 0 || strcmp(key, "why") == 0) {
		if (!text || strlen(text) > MAX_TEXT)
			return "\"by\" and \"why\" must be strings of at most 200 bytes";
		if (key[0] == 'b')
			r->by = text;
		else
			r->why = text;
		return NULL;
	}
	return "a field is not known; there are \"to\" (switchover), \"force\", \"by\", \"why\"";
}

/* The body may be empty: all fields are optional.  `ret_body` owns the strings. */
static bool read_body(const struct api_request *req, struct operator_request *r, json_t **ret_body,
                      struct api_reply *reply)
{
	const size_t flags = JSON_REJECT_DUPLICATES;
	json_error_t error;
	json_t *value;
	const char *key, *wrong = NULL;

	if (req->size == 0)
		return true;
	*ret_body = json_loadb(req->body, req->size, flags, &error);
	if (!json_is_object(*ret_body)) {
		api_reply_errorf(reply, API_BAD_REQUEST, "the body must be a JSON object%s%s",
		                 *ret_body ? "" : ": ", *ret_body ? "" : error.text);
		return false;
	}
	json_object_foreach(*ret_body, key, value)
	{
		wrong = read_field(r, key, value);
		if (wrong)
			break;
	}
	if (wrong)
		api_reply_error(reply, API_BAD_REQUEST, wrong);
	return !wrong;
}

/* Adds the result's fields; takes and returns `o`, NULL = out of memory. */
static json_t *result_fields(json_t *o, const struct operator_result *r)
{
	if (api_json_text(o, "id", r->id) && api_json_text(o, "verb", r->verb) &&
	    api_json_text(o, "leader", r->leader) && api_json_number(o, "epoch", r->epoch.v) &&
	    api_json_text(o, "from", r->from) && api_json_fine_ms(o, "stop_ms", r->stop) &&
	    api_json_fine_ms(o, "release_ms", r->release) &&
	    api_json_fine_ms(o, "grant_ms", r->grant) && api_json_fine_ms(o, "total_ms", r->total))
		return o;
	json_decref(o);
	return NULL;
}

static void reply_accepted(struct api_reply *reply, const char *id, const char *verb,
                           enum operator_state state)
{
	json_t *o = json_object();

	reply->http = 202;
	if (!api_json_number(o, "version", 1) || !api_json_text(o, "id", id) ||
	    !api_json_text(o, "verb", verb) ||
	    !api_json_text(o, "result", state == OPERATOR_TAKEN ? "taken" : "new")) {
		json_decref(o);
		o = NULL;
	}
	api_reply_json(reply, o);
}

static void reply_result(struct api_reply *reply, const struct operator_result *r)
{
	json_t *o = json_object();

	if (r->state != OPERATOR_DONE) {
		json_decref(o);
		reply_accepted(reply, r->id, r->verb, r->state);
		return;
	}
	if (r->error != API_OK) {
		api_reply_error_with(reply, r->error, r->message, result_fields(o, r));
		return;
	}
	if (!api_json_number(o, "version", 1) || !api_json_text(o, "result", "done")) {
		json_decref(o);
		o = NULL;
	}
	api_reply_json(reply, o ? result_fields(o, r) : NULL);
}

/* When the client has waited enough.  A request gets its name within milliseconds; until then there
 * is nothing to answer with. */
static bool on_waited_enough(struct api_pending *p)
{
	if (p->id[0] != '\0') {
		reply_accepted(&p->reply, p->id, p->verb, p->taken ? OPERATOR_TAKEN : OPERATOR_NEW);
		return true;
	}
	if (!p->overdue) {
		p->overdue = true;
		return false;
	}
	/* Not even written down, but that may still happen. */
	api_reply_error(&p->reply, API_OUTCOME_UNKNOWN, NULL);
	return true;
}

static void on_progress(void *cookie, const struct operator_result *result)
{
	struct api_pending *p = cookie;

	if (result->id)
		(void)snprintf(p->id, sizeof(p->id), "%s", result->id);
	p->taken = result->state == OPERATOR_TAKEN;
	if (result->state != OPERATOR_DONE) {
		if (p->overdue && api_pending_wanted(p) && on_waited_enough(p))
			api_pending_answer(p);
		return;
	}
	if (api_pending_wanted(p)) {
		reply_result(&p->reply, result);
		api_pending_answer(p);
	}
	api_pending_backend_done(p);
}

static bool read_wait(const struct api_request *req, usec_t *ret, struct api_reply *reply)
{
	uint64_t ms = WAIT_DEFAULT_MS;

	if (req->wait_ms && parse_uint64(req->wait_ms, 0, WAIT_MAX_MS, &ms) < 0) {
		api_reply_errorf(reply, API_BAD_REQUEST, "wait_ms must be a number from 0 to %d",
		                 WAIT_MAX_MS);
		return false;
	}
	*ret = usec_from_ms(ms);
	return true;
}

static void operate(const struct api_request *req, struct api_reply *reply, enum operator_verb verb)
{
	const struct backend *b = &req->api->backend;
	struct operator_request r = { .verb = verb, .by = req->by };
	json_t *body = NULL;
	struct api_pending *p = NULL;
	usec_t wait;

	if (read_wait(req, &wait, reply) && read_body(req, &r, &body, reply)) {
		p = api_pending_new(req->api);
		if (!p)
			api_reply_error(reply, API_INTERNAL, NULL);
	}
	if (p && api_pending_set_timeout(p, wait, on_waited_enough) < 0) {
		api_pending_client_done(p);
		api_pending_backend_done(p);
		p = NULL;
		api_reply_error(reply, API_INTERNAL, NULL);
	}
	if (p) {
		(void)snprintf(p->verb, sizeof(p->verb), "%s", verb_name(verb));
		reply->pending = p;
		b->ops->operator_submit(b->userdata, &r, on_progress, p);
	}
	json_decref(body);
}

void api_operator_switchover(const struct api_request *req, struct api_reply *reply)
{
	operate(req, reply, OPERATOR_SWITCHOVER);
}

void api_operator_step_down(const struct api_request *req, struct api_reply *reply)
{
	operate(req, reply, OPERATOR_STEP_DOWN);
}

void api_operator_request(const struct api_request *req, struct api_reply *reply)
{
	const struct backend *b = &req->api->backend;
	struct operator_result result = { 0 };

	/* The name goes no further than a comparison in the backend. */
	if (b->ops->request_get(b->userdata, req->tail, &result))
		reply_result(reply, &result);
	else
		api_reply_error(reply, API_NOT_FOUND,
		                "this member knows of no such request; results are kept for 10 "
		                "minutes, by the member that was asked");
}
