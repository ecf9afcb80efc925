/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_stream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/api_json.h"
#include "daemon/api_status.h"

/* Dead clients are noticed by writing to them. */
enum { HEARTBEAT_SECONDS = 5 };

struct line {
	char *text;
	size_t size;
};

struct api_stream {
	LIST_ENTRY(api_stream) entry;
	struct api_hub *hub;
	struct line first; /* before all others */
	uint64_t next;     /* number of the line to be read */
	size_t offset;     /* in the present line */
	bool dropped;
	void (*wake)(void *cookie);
	void *cookie;
};

struct api_hub {
	struct api_hub_config config;
	struct line ring[API_STREAM_BACKLOG]; /* line n is in ring[n % API_STREAM_BACKLOG] */
	uint64_t tail, head;                  /* numbers of the first that is kept, of the next */
	size_t bytes;                         /* of all that are kept */
	LIST_HEAD(, api_stream) streams;
	unsigned n_streams;
	sd_event_source *timer; /* NULL in unit tests */
};

static int on_heartbeat(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct api_hub *hub = userdata;
	uint64_t now = 0;

	(void)usec;
	(void)sd_event_now(sd_event_source_get_event(source), CLOCK_REALTIME, &now);
	hub->config.heartbeat(hub, now, hub->config.userdata);
	(void)sd_event_source_set_time_relative(source, hub->config.period);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int api_hub_new(const struct api_hub_config *config, struct api_hub **ret)
{
	CLEANUP(freep) struct api_hub *hub = calloc(1, sizeof(*hub));
	int r;

	if (!hub)
		return -ENOMEM;
	hub->config = *config;
	if (config->event) {
		r = sd_event_add_time_relative(config->event, &hub->timer, CLOCK_BOOTTIME, 0,
		                               USEC_PER_SEC / 10, on_heartbeat, hub);
		if (r < 0)
			return r;
		(void)sd_event_source_set_description(hub->timer, "api-heartbeat");
		(void)sd_event_source_set_enabled(hub->timer, SD_EVENT_OFF);
	}
	*ret = TAKE_PTR(hub);
	return 0;
}

static void events_heartbeat(struct api_hub *hub, usec_t wall_clock, void *userdata)
{
	(void)userdata;
	api_hub_heartbeat(hub, wall_clock);
}

int api_hub_new_events(sd_event *event, struct api_hub **ret)
{
	const struct api_hub_config config = {
		.event = event,
		.max_streams = API_MAX_STREAMS,
		.period = HEARTBEAT_SECONDS * USEC_PER_SEC,
		.heartbeat = events_heartbeat,
	};

	return api_hub_new(&config, ret);
}

static void forget_oldest(struct api_hub *hub)
{
	struct line *line = &hub->ring[hub->tail++ % API_STREAM_BACKLOG];

	hub->bytes -= line->size;
	free(line->text);
	*line = (struct line){ 0 };
}

static void forget_lines(struct api_hub *hub)
{
	while (hub->tail != hub->head)
		forget_oldest(hub);
}

void api_hub_free(struct api_hub *hub)
{
	if (!hub)
		return;
	assert(hub->n_streams == 0);
	(void)sd_event_source_disable_unref(hub->timer);
	forget_lines(hub);
	free(hub);
}

unsigned api_hub_n_streams(const struct api_hub *hub)
{
	return hub->n_streams;
}

/* Takes the object.  A line that cannot be made is a gap that readers must not overlook: all are
 * dropped and come again. */
void api_hub_publish_json(struct api_hub *hub, json_t *object)
{
	struct line made = { 0 };
	struct api_stream *s, *next;

	made.text = object ? api_json_line(object, &made.size) : NULL;
	json_decref(object);
	while (hub->tail != hub->head && (hub->head - hub->tail == API_STREAM_BACKLOG ||
	                                  hub->bytes + made.size > API_STREAM_BYTES))
		forget_oldest(hub);
	hub->ring[hub->head++ % API_STREAM_BACKLOG] = made;
	hub->bytes += made.size;
	for (s = LIST_FIRST(&hub->streams); s; s = next) {
		next = LIST_NEXT(s, entry);
		if (!made.text || s->next < hub->tail)
			s->dropped = true;
		s->wake(s->cookie);
	}
}

void api_hub_drop_all(struct api_hub *hub)
{
	struct api_stream *s, *next;

	for (s = LIST_FIRST(&hub->streams); s; s = next) {
		next = LIST_NEXT(s, entry);
		s->dropped = true;
		s->wake(s->cookie);
	}
}

static json_t *event_json(const struct api_event *ev)
{
	json_t *o = json_object();
	bool ok = false;

	switch (ev->type) {
	case API_EVENT_TRANSITION:
		ok = api_json_text(o, "type", "transition") &&
		     api_json_transition(o, &ev->transition);
		break;
	case API_EVENT_LEADER:
		ok = api_json_text(o, "type", "leader") &&
		     api_json_leader(o, "leader", &ev->leader);
		break;
	case API_EVENT_POINTER:
		ok = api_json_text(o, "type", "pointer") &&
		     api_json_text(o, "change", ev->pointer.removed ? "delete" : "put") &&
		     api_json_text(o, "key", ev->pointer.key) &&
		     api_json_number(o, "revision", ev->pointer.revision) &&
		     api_json_number(o, "epoch", ev->pointer.epoch.v);
		break;
	}
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

void api_hub_publish(struct api_hub *hub, const struct api_event *ev)
{
	if (hub->n_streams > 0)
		api_hub_publish_json(hub, event_json(ev));
}

void api_hub_heartbeat(struct api_hub *hub, usec_t wall_clock)
{
	json_t *o;

	if (hub->n_streams == 0)
		return;
	o = json_object();
	if (!api_json_text(o, "type", "heartbeat") || !api_json_time(o, "at", wall_clock)) {
		json_decref(o);
		o = NULL;
	}
	api_hub_publish_json(hub, o);
}

static void set_heartbeat(struct api_hub *hub, bool on)
{
	if (!hub->timer)
		return;
	(void)sd_event_source_set_time_relative(hub->timer, hub->config.period);
	(void)sd_event_source_set_enabled(hub->timer, on ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

int api_stream_open(struct api_hub *hub, char *first, size_t size, void (*wake)(void *cookie),
                    void *cookie, struct api_stream **ret)
{
	struct api_stream *s;

	if (hub->n_streams >= hub->config.max_streams)
		return -EBUSY;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->hub = hub;
	s->first = (struct line){ first, size };
	s->next = hub->head;
	s->wake = wake;
	s->cookie = cookie;
	LIST_INSERT_HEAD(&hub->streams, s, entry);
	if (hub->n_streams++ == 0)
		set_heartbeat(hub, true);
	*ret = s;
	return 0;
}

void api_stream_close(struct api_stream *s)
{
	if (!s)
		return;
	LIST_REMOVE(s, entry);
	if (--s->hub->n_streams == 0) {
		set_heartbeat(s->hub, false);
		forget_lines(s->hub);
	}
	free(s->first.text);
	free(s);
}

bool api_stream_dropped(const struct api_stream *s)
{
	return s->dropped;
}

bool api_stream_begins(const struct api_stream *s)
{
	return s->first.text;
}

/* The present line, NULL = none left. */
static const struct line *current(const struct api_stream *s)
{
	if (s->first.text)
		return &s->first;
	if (s->next == s->hub->head)
		return NULL;
	return &s->hub->ring[s->next % API_STREAM_BACKLOG];
}

ssize_t api_stream_read(struct api_stream *s, char *buf, size_t max)
{
	const struct line *line;
	size_t done = 0;

	if (s->dropped)
		return -EPIPE;
	while (done < max && (line = current(s))) {
		size_t n = line->size - s->offset;

		if (n > max - done)
			n = max - done;
		memcpy(buf + done, line->text + s->offset, n);
		done += n;
		s->offset += n;
		if (s->offset < line->size)
			break;
		s->offset = 0;
		if (s->first.text)
			free(TAKE_PTR(s->first.text));
		else
			s->next++;
	}
	return (ssize_t)done;
}

bool api_hub_has_room(const struct api_hub *hub, const struct api_request *req,
                      struct api_reply *reply)
{
	unsigned limit =
	        hub->config.max_streams - (req->privileged ? 0 : hub->config.max_streams / 4);

	if (hub->n_streams < limit)
		return true;
	api_reply_errorf(reply, API_BUSY, "there are %u such streams already; end one of them",
	                 hub->n_streams);
	return false;
}

void api_stream_events(const struct api_request *req, struct api_reply *reply)
{
	json_t *o, *status;

	if (req->api->hub && !api_hub_has_room(req->api->hub, req, reply))
		return;
	o = json_object();
	status = api_status_json(&req->api->backend);
	if (!api_json_text(o, "type", "state") || !api_json_set(o, "status", status)) {
		json_decref(o);
		o = NULL;
	}
	api_reply_json(reply, o);
	if (reply->http != 200)
		return;
	reply->type = "application/x-ndjson";
	reply->stream = true;
	reply->hub = req->api->hub;
}
