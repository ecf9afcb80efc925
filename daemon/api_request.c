/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_request.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_json.h"

#define TYPE_JSON "application/json"

void api_reply_done(struct api_reply *reply)
{
	free(reply->body);
	*reply = (struct api_reply){ 0 };
}

/* Out of memory: an answer that needs none. */
static void reply_nothing(struct api_reply *reply)
{
	api_reply_done(reply);
	reply->http = api_error_http(API_INTERNAL);
	reply->type = TYPE_JSON;
}

void api_reply_take(struct api_reply *reply, const char *type, char *body, size_t size)
{
	if (!body) {
		reply_nothing(reply);
		return;
	}
	free(reply->body);
	if (reply->http == 0)
		reply->http = 200;
	reply->type = type;
	reply->body = body;
	reply->size = size;
}

void api_reply_json(struct api_reply *reply, json_t *object)
{
	size_t size = 0;
	char *text = object ? api_json_line(object, &size) : NULL;

	json_decref(object);
	api_reply_take(reply, TYPE_JSON, text, size);
}

void api_reply_error_with(struct api_reply *reply, enum api_error error, const char *message,
                          json_t *extra)
{
	json_t *o = json_object();

	api_reply_done(reply);
	reply->http = api_error_http(error);
	if (!api_json_text(o, "error", api_error_code(error)) ||
	    !api_json_text(o, "message", message ? message : api_error_text(error)) ||
	    (extra && json_object_update_missing(o, extra) < 0)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(extra);
	api_reply_json(reply, o);
}

void api_reply_error(struct api_reply *reply, enum api_error error, const char *message)
{
	api_reply_error_with(reply, error, message, NULL);
}

void api_reply_errorf(struct api_reply *reply, enum api_error error, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	api_reply_error(reply, error, message);
}

struct api_pending *api_pending_new(struct api_context *api)
{
	struct api_pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->api = api;
	p->backend = p->client = true;
	LIST_INSERT_HEAD(&api->pending, p, entry);
	return p;
}

static void pending_free(struct api_pending *p)
{
	LIST_REMOVE(p, entry);
	(void)sd_event_source_disable_unref(p->timer);
	api_reply_done(&p->reply);
	free(p);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct api_pending *p = userdata;

	(void)usec;
	if (!api_pending_wanted(p))
		return 0;
	if (p->on_timeout(p)) {
		api_pending_answer(p);
		return 0;
	}
	(void)sd_event_source_set_time_relative(source, API_PENDING_GRACE_SECONDS * USEC_PER_SEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int api_pending_set_timeout(struct api_pending *p, usec_t timeout,
                            bool (*on_timeout)(struct api_pending *pending))
{
	int r;

	p->on_timeout = on_timeout;
	if (!p->api->event)
		return 0;
	r = sd_event_add_time_relative(p->api->event, &p->timer, CLOCK_BOOTTIME, timeout, 1,
	                               on_timer, p);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(p->timer, "api-wait");
	return 0;
}

bool api_pending_wanted(const struct api_pending *p)
{
	return p->client && !p->answered;
}

void api_pending_answer(struct api_pending *p)
{
	assert(api_pending_wanted(p));
	p->answered = true;
	p->timer = sd_event_source_disable_unref(p->timer);
	if (p->wake)
		p->wake(p->wake_cookie);
}

void api_pending_backend_done(struct api_pending *p)
{
	assert(p->backend);
	p->backend = false;
	if (!p->client)
		pending_free(p);
}

void api_pending_client_done(struct api_pending *p)
{
	assert(p->client);
	p->client = false;
	p->wake = NULL;
	p->timer = sd_event_source_disable_unref(p->timer);
	api_reply_done(&p->reply);
	if (!p->backend)
		pending_free(p);
}

void api_pending_end_all(struct api_context *api)
{
	struct api_pending *p;

	while ((p = LIST_FIRST(&api->pending)))
		pending_free(p);
}
