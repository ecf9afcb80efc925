/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handler sees: a request in, a reply out, and a way to answer later.  No socket, no HTTP
 * library: a test calls handlers directly.
 *
 * Owner: the transport (api_http) makes and ends requests and replies.  Threads: the loop's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "base/usec.h"
#include "daemon/api.h"
#include "daemon/backend.h"

enum { API_PENDING_GRACE_SECONDS = 5 };

struct api_pending;
struct api_hub;

/* What all requests of one API share. */
struct api_context {
	struct backend backend;
	sd_event *event; /* NULL in unit tests: then nothing times out */
	/* NULL in unit tests that have none: */
	struct api_hub *hub;        /* of the event streams */
	struct api_hub *followers;  /* of the endpoints */
	struct api_hub *leadership; /* of the hot JobManager */
	LIST_HEAD(api_pending_list, api_pending) pending;
	unsigned n_clients;    /* open connections */
	uint64_t replies[600]; /* by HTTP status */
	char admin_group[64];  /* for messages; "" = none */
};

struct api_request {
	struct api_context *api;
	const char *method, *path;
	const char *tail; /* what follows the path of a route that ends in a slash, else "" */
	bool tcp;         /* came by TCP */
	bool privileged;  /* root, the daemon's user, the admin group */
	const char *by;   /* who asks, "uid 1000" */
	pid_t pid;        /* on the Unix socket: of the process that connected; else 0 */
	/* query and headers; NULL = not there */
	const char *prefix, *after, *wait_ms, *follow;
	const char *if_match, *if_none_match, *jmha_epoch;
	const char *unknown_query; /* the name of a parameter that no call knows */
	const void *body;
	size_t size;
};

struct api_reply {
	unsigned http;
	const char *type; /* static */
	char *body;       /* malloc()ed, the reply's */
	size_t size;
	uint64_t revision; /* ETag; 0 = none */
	uint64_t epoch;    /* Jmha-Epoch; 0 = none */
	bool has_sequence;
	uint64_t sequence; /* Jmha-Sequence */
	char allow[48];    /* Allow; "" = none */
	/* instead of all that: */
	struct api_pending *pending; /* answered later */
	bool stream;                 /* becomes a stream of `hub`; body is what comes first */
	struct api_hub *hub;
};

/* Frees what the reply owns (not a pending) and leaves it empty. */
void api_reply_done(struct api_reply *reply);

/* Takes `body` (malloc()ed; NULL = out of memory: becomes 500). */
void api_reply_take(struct api_reply *reply, const char *type, char *body, size_t size);

/* 200 and this object; takes it (NULL = out of memory: becomes 500). */
void api_reply_json(struct api_reply *reply, json_t *object);

/* {error, message}; message NULL = the error's own text. */
void api_reply_error(struct api_reply *reply, enum api_error error, const char *message);
void api_reply_errorf(struct api_reply *reply, enum api_error error, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The same with more fields; takes `extra`, which may be NULL. */
void api_reply_error_with(struct api_reply *reply, enum api_error error, const char *message,
                          json_t *extra);

/*
 * A request that the backend answers later.  Two hold it: the backend as the cookie of a submit,
 * and the client; either may let go first.
 */
struct api_pending {
	LIST_ENTRY(api_pending) entry;
	struct api_context *api;
	struct api_reply reply; /* valid once `answered` */
	bool answered;
	bool backend;               /* will call back */
	bool client;                /* is still there */
	void (*wake)(void *cookie); /* set by the transport: called when answered */
	void *wake_cookie;
	sd_event_source *timer;
	/* Fills the reply; false = not yet, ask again after API_PENDING_GRACE_SECONDS. */
	bool (*on_timeout)(struct api_pending *pending);
	/* for the callbacks of a handler */
	bool removes; /* a DELETE */
	bool overdue; /* operator request: waited enough, but it has no name yet */
	bool taken;   /* operator request: the leader has it */
	char id[32];  /* operator request: its name so far */
	char verb[16];
};

/* Held by backend and client.  NULL = out of memory. */
struct api_pending *api_pending_new(struct api_context *api);

/* Calls on_timeout() when it is not answered in time.  Negative errno. */
int api_pending_set_timeout(struct api_pending *pending, usec_t timeout,
                            bool (*on_timeout)(struct api_pending *pending));

/* Does anybody still want the reply? */
bool api_pending_wanted(const struct api_pending *pending);

/* The reply was filled: tell the client. */
void api_pending_answer(struct api_pending *pending);

/* The backend's last callback is over; `pending` may be gone afterwards. */
void api_pending_backend_done(struct api_pending *pending);

/* The client took the reply or went away; `pending` may be gone afterwards. */
void api_pending_client_done(struct api_pending *pending);

/* At the end: frees all, whoever holds them. */
void api_pending_end_all(struct api_context *api);

/* Finds the call in the table of routes, checks who asks, and runs it (api.c). */
void api_dispatch(const struct api_request *req, struct api_reply *reply);

/* Takes milliseconds where others take microseconds (list of pointers, endpoints of many jobs): few
 * at a time. */
bool api_is_heavy(const char *path);
