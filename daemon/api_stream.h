/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of lines: one ring of lines for all, and each stream's place in it.  Who falls more than
 * API_STREAM_BACKLOG lines or API_STREAM_BYTES behind is dropped; nobody is waited for and memory
 * is bounded.  A hub each for events and for the followers of the endpoints.
 *
 * Owner: struct api owns the hub, the transport its streams.  Threads: the loop's.  No I/O here.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "daemon/api.h"
#include "daemon/api_request.h"

struct api_hub;
struct api_stream;

struct api_hub_config {
	sd_event *event; /* NULL (unit tests, who publishes by itself): there are no heartbeats */
	unsigned max_streams;
	usec_t period; /* of heartbeats, while there is a stream */
	void (*heartbeat)(struct api_hub *hub, usec_t wall_clock, void *userdata);
	void *userdata;
};

int api_hub_new(const struct api_hub_config *config, struct api_hub **ret);
/* The hub of GET /v1/events. */
int api_hub_new_events(sd_event *event, struct api_hub **ret);

/* All streams were closed before. */
void api_hub_free(struct api_hub *hub);

unsigned api_hub_n_streams(const struct api_hub *hub);

/* A line of JSON to every stream; nothing when there is none. */
void api_hub_publish(struct api_hub *hub, const struct api_event *event);
void api_hub_heartbeat(struct api_hub *hub, usec_t wall_clock);
/* Any object; takes it.  NULL: the readers come again and begin with the present state. */
void api_hub_publish_json(struct api_hub *hub, json_t *object);

/* False: no room for one more, and the reply says so.  Whoever reads only leaves some for those who
 * may write, too. */
bool api_hub_has_room(const struct api_hub *hub, const struct api_request *req,
                      struct api_reply *reply);

/* Ends all streams. */
void api_hub_drop_all(struct api_hub *hub);

/*
 * A new reader; takes `first` (malloc()ed), the line it gets before all others.  `wake` is called
 * whenever it has more to read, or was dropped.  -EBUSY beyond its max_streams: `first` stays the
 * caller's.
 */
int api_stream_open(struct api_hub *hub, char *first, size_t size, void (*wake)(void *cookie),
                    void *cookie, struct api_stream **ret);
void api_stream_close(struct api_stream *stream);

/* How many bytes were put into buf, 0 = nothing at the moment, -EPIPE = dropped. */
ssize_t api_stream_read(struct api_stream *stream, char *buf, size_t max);
bool api_stream_dropped(const struct api_stream *stream);
/* Its first line is not read to the end. */
bool api_stream_begins(const struct api_stream *stream);

/* GET /v1/events: the reply becomes a stream that begins with the present state. */
void api_stream_events(const struct api_request *req, struct api_reply *reply);
