/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP/1.1 + JSON API of DESIGN section 8: which calls there are and who may make them.  All
 * that it tells or does comes from the backend; it decides nothing.
 *
 * Owner: one struct api per elector.  Threads: runs inside the caller's sd-event loop, no thread of
 * its own, never blocks; a slow or broken client costs only itself.
 */
#pragma once

#include <stdio.h>
#include <systemd/sd-event.h>

#include "daemon/backend.h"

enum {
	API_MAX_BODY = 512 * 1024,
	API_MAX_VALUE = 64 * 1024,
	API_MAX_KEY = 255,
	API_MAX_COUNTER = 246,         /* of its key; it is kept as ~counter/<key> */
	API_MAX_WHY = 1000,            /* of a parked job */
	API_MAX_ADDRESS = 1023,        /* of an endpoint */
	API_MAX_CLIENTS = 1024,        /* connections, both listeners together */
	API_MAX_CLIENTS_PER_UID = 256, /* of one user on the Unix socket; root and the daemon's own
	                                * user are bound by API_MAX_CLIENTS alone */
	API_MAX_STREAMS = 64,          /* of events */
	API_MAX_FOLLOWERS = 512,       /* of the endpoints; three quarters of them by TCP */
	API_STREAM_BACKLOG = 1024,     /* lines a stream may lag behind before it is dropped */
	API_STREAM_BYTES = 4 * 1024 * 1024, /* the same in bytes */
};

/* Inherited listening sockets.  They stay the caller's: not closed by api_free(), so that clients
 * wait in the backlog while an elector is replaced. */
struct api_listen {
	int unix_fd;
	int tcp_fd; /* -1 = none; serves unprivileged GET, never pointers or events */
	const char
	        *admin_group; /* may write, beside root and the daemon's user; NULL or "" = none */
};

struct api;

/* What happened, for GET /v1/events. */
enum api_event_type { API_EVENT_TRANSITION, API_EVENT_LEADER, API_EVENT_POINTER };

struct api_event {
	enum api_event_type type;
	union {
		struct transition transition; /* of this member's state */
		struct leader_view leader;    /* of the cluster, as this member sees it */
		struct {
			const char *key;
			uint64_t revision;
			struct epoch epoch;
			bool removed;
		} pointer;
	};
};

/* Serve from now on.  `backend` is copied, its userdata must outlive the API.  -ENOENT: there is no
 * group of that name. */
int api_new(sd_event *event, const struct api_listen *listen, const struct backend *backend,
            struct api **ret);

/* Ends all connections.  Requests that wait are not answered; the backend forgets their cookies. */
void api_free(struct api *api);
void api_freep(struct api **api);

/* Tell the streams; cheap when nobody listens.  Never fails: a stream that cannot take it is
 * dropped. */
void api_publish(struct api *api, const struct api_event *event);

/* To the stream of the hot JobManager; jobid with RECOVER.  False: it does not follow now, and will
 * begin with the present state.  A stream that cannot take it is dropped, and comes again. */
enum leadership_line {
	LEADERSHIP_STATE,
	LEADERSHIP_GRANT,
	LEADERSHIP_REVOKE,
	LEADERSHIP_RECOVER,
	LEADERSHIP_HEARTBEAT,
};
bool api_leadership_publish(struct api *api, enum leadership_line line, const struct leadership *l,
                            const char *jobid);
/* Tell those who follow the endpoints what has changed; n = 0: all of it, another epoch. */
void api_publish_endpoints(struct api *api, const struct endpoint_view *changes, size_t n);

/* Another admin group.  -ENOENT and the old one stays when there is no such group. */
int api_reload(struct api *api, const char *admin_group);

/* The table of calls, one a line: "METHOD<tab>PATH<tab>who<tab>help". */
void api_print_routes(FILE *f);
