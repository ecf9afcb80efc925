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
	API_MAX_CLIENTS = 1024,        /* connections, both listeners together */
	API_MAX_CLIENTS_PER_UID = 256, /* of one user on the Unix socket; root and the daemon's own
	                                * user are bound by API_MAX_CLIENTS alone */
	API_MAX_STREAMS = 64,
	API_STREAM_BACKLOG = 1024, /* events a stream may lag behind before it is dropped */
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

/* To the stream of the hot JobManager; jobid with RECOVER.  Never fails: a stream that cannot take
 * it is dropped, and comes again. */
enum leadership_line {
	LEADERSHIP_STATE,
	LEADERSHIP_GRANT,
	LEADERSHIP_REVOKE,
	LEADERSHIP_RECOVER,
	LEADERSHIP_HEARTBEAT,
};
void api_leadership_publish(struct api *api, enum leadership_line line, const struct leadership *l,
                            const char *jobid);

/* Another admin group.  -ENOENT and the old one stays when there is no such group. */
int api_reload(struct api *api, const char *admin_group);

/* The table of calls, one a line: "METHOD<tab>PATH<tab>who<tab>help". */
void api_print_routes(FILE *f);
