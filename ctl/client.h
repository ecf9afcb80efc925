/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talks to one daemon: HTTP over its Unix socket.  Tells apart what was certainly not done from
 * what has an unknown outcome (DESIGN section 8); decides nothing else, prints nothing.
 *
 * Owner: the caller.  Threads: none; every call blocks until its time is over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/usec.h"

struct client;

/* `socket` is copied.  -ENOMEM, -ENAMETOOLONG. */
int client_open(const char *socket, struct client **ret);
struct client *client_close(struct client *c); /* takes NULL; returns NULL */
const char *client_socket(const struct client *c);

static inline void client_closep(struct client **c)
{
	*c = client_close(*c);
}

struct client_request {
	const char *method, *path; /* path with its query, already escaped */
	const char *body;          /* NULL = none */
	size_t size;
	const char *header; /* one more, "If-None-Match: *"; NULL = none */
	const char *header2;
	usec_t timeout;
};

struct client_reply {
	unsigned http; /* status */
	char *body;    /* ends with a NUL that does not count */
	size_t size;
	char etag[64]; /* without quotes; "" = none */
};

/*
 * 0: there is a reply, good or bad.  Else *ret is empty and
 *   -ENOENT, -ECONNREFUSED, -EACCES, ..   no connection: certainly not done
 *   -ETIMEDOUT, -ECONNRESET, -EPROTO      sent, no whole answer: outcome unknown
 *   -EMSGSIZE, -ENOMEM                    an answer that cannot be held
 */
int client_call(struct client *c, const struct client_request *req, struct client_reply *ret);
void client_reply_done(struct client_reply *reply);

/* True for the errors of client_call() after which a write may or may not have happened. */
bool client_outcome_unknown(int r);

/* Follows a stream of lines; `on_line` gets each without its newline and returns false to end.
 * 0: ended by on_line or by the daemon; else as above, or -EPROTO and *ret_http for a reply that is
 * no stream. */
int client_follow(struct client *c, const char *path, bool (*on_line)(void *userdata, char *line),
                  void *userdata, unsigned *ret_http);

/* "jobs/a b" -> "jobs/a%20b"; slashes stay.  NULL when memory ran out. */
char *client_escape(const char *text);
