/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from its headers to the last byte of its answer: libmicrohttpd's callbacks, turned
 * into a call of api_dispatch().  The other half of api_http, and like it no other file includes
 * <microhttpd.h>.
 *
 * Owner: struct api_http.  Threads: the loop's.
 */
#pragma once

#include <microhttpd.h>

#include "daemon/api_http.h"

struct exchange;

struct listener {
	struct api_http *http;
	bool tcp;
	struct MHD_Daemon *mhd;
	sd_event_source *io, *timer;
	sd_event_source *kick; /* one more MHD_run() in this turn: connections go on */
};

/* One connection. */
struct client {
	LIST_ENTRY(client) entry;
	struct listener *listener;
	int fd; /* libmicrohttpd's */
	struct api_peer peer;
	char by[32];
};

struct api_http {
	struct api_context *context;
	const struct api_admins *admins;
	struct listener listeners[2];
	LIST_HEAD(, client) clients;
	LIST_HEAD(, exchange) exchanges;
	unsigned max_clients;
	size_t body_bytes;            /* of all requests */
	size_t reply_bytes;           /* of all large answers on their way */
	bool heavy_used;              /* this MHD_run() has had its heavy request */
	TAILQ_HEAD(, exchange) heavy; /* those that wait for the next */
};

/* Called with the headers, with each piece of the body, at its end, and when a suspended
 * connection goes on.  The connection's context is a struct client, or NULL: no memory for it. */
enum MHD_Result api_exchange_request(void *cls, struct MHD_Connection *connection, const char *url,
                                     const char *method, const char *version, const char *data,
                                     size_t *size, void **context);

/* Called when the answer is sent, or the client is gone. */
void api_exchange_completed(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_RequestTerminationCode code);

/* As the library's own, but %00 stays as it is: decoded it would cut the key short, and another
 * pointer would be meant. */
size_t api_exchange_unescape(void *cls, struct MHD_Connection *connection, char *s);

/* Before each MHD_run(): the next heavy request has its turn.  However many ask for the list of
 * pointers at once, the election's sources run in between. */
void api_exchange_next_heavy(struct api_http *http);

/* Before the end: the library insists that no connection is suspended. */
void api_exchange_resume_all(struct api_http *http);
