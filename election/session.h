/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ZooKeeper session: its connection, its requests, its events.  Only this file, request.c and
 * zk_error.c know <zookeeper.h>; latch, fence, observe and handover are written on what is below.
 * Decides nothing about leadership.
 *
 * Each connection has a library handle of its own, made for one address: a lost connection ends the
 * handle and the next one re-attaches by id and password.  That leaves no half-sent buffer, no
 * request queued while disconnected and no list of watches to be sent again (ZOOKEEPER-CLIENT.md
 * N1, N3, N4, ZOOKEEPER-2466, -706).  Watches therefore end with the connection.
 *
 * Owner: whoever called session_new().  Threads: one, the owner's.  The owner polls session_fd()
 * for session_events() until session_timeout() and then calls session_dispatch(); it looks at all
 * three again after each dispatch and after each batch of requests.  Callbacks are called from
 * session_dispatch(), session_drop() and session_close() only, after the library has returned, so
 * any function here may be called from them.
 *
 * Times are microseconds of CLOCK_BOOTTIME.  Session ids and passwords never appear in a message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "election/latch_name.h"
#include "election/zk_error.h"

struct session;

enum { SESSION_PASSWORD_SIZE = 16, SESSION_MAX_REQUEST = 512 * 1024 };

/* Secret (D14): for the session file only. */
struct session_identity {
	int64_t id;
	uint8_t password[SESSION_PASSWORD_SIZE];
};

enum session_event_type {
	SESSION_CONNECTED,    /* .connect_sent, .timeout, .resumed, .server */
	SESSION_DISCONNECTED, /* .error: why; requests without answer have been answered UNKNOWN */
	SESSION_EXPIRED, /* terminal: the server said so (or something that is no ZooKeeper: C7) */
	SESSION_AUTH_FAILED, /* terminal */
};

struct session_event {
	enum session_event_type type;
	usec_t connect_sent; /* CONNECTED: just before the connect (A1, A7) */
	usec_t timeout;      /* CONNECTED: T as negotiated */
	bool resumed;        /* CONNECTED: the session existed before this connection */
	const char *server;  /* its address; borrowed */
	int error;           /* DISCONNECTED: negative errno */
};

struct session_config {
	const char *const *servers; /* "host:port", NULL-terminated */
	const char *base;           /* "<root>/<cluster>", absolute, no slash at the end */
	const char *auth;           /* "user:password" or NULL; copied, wiped at close */
	usec_t timeout;             /* T to ask for; with `resume` the saved T, always (A7) */
	usec_t answer_timeout;      /* A: an older request or connect without answer = lost */
	const struct session_identity *resume; /* NULL: a new session */
	void (*on_event)(void *userdata, const struct session_event *event);
	void *userdata;
};

/* Everything in `config` is copied.  Nothing is connected before the first dispatch.  0, -EINVAL
 * for a bad server, base or auth, -ENOMEM, or a negative errno of the resolver. */
int session_new(const struct session_config *config, struct session **ret);

/*
 * Ends the connection and frees everything; requests without answer are answered UNKNOWN
 * from in here.  `orderly`: when connected the session is closed on the server too,
 * which takes 2 ms, or 1.5 s when the server hangs; that is no proof of anything (A3b).  Otherwise
 * it does not block, and the session lives on until it expires or is re-attached.  NULL is allowed.
 */
void session_close(struct session *s, bool orderly);
void session_closep(struct session **s); /* not orderly */

int session_fd(const struct session *s);       /* -1: only the timeout counts */
short session_events(const struct session *s); /* POLLIN, POLLOUT */
/* Changes whenever session_fd() is another socket, though the number may be the same: make a new
 * event source then. */
uint64_t session_generation(const struct session *s);
usec_t session_timeout(const struct session *s); /* when to dispatch at the latest */

/* Does what is due: answers, time-outs, reconnects; then the callbacks.  Cheap when nothing is. */
void session_dispatch(struct session *s);

/* Drop the connection now, keep the session, try the next server. */
void session_drop(struct session *s);

bool session_connected(const struct session *s);
/* True after EXPIRED or AUTH_FAILED: only session_close() is left. */
bool session_dead(const struct session *s);
usec_t session_negotiated(const struct session *s); /* T; what was asked for before CONNECTED */
const char *session_base(const struct session *s);
const char *session_server(const struct session *s); /* address in use or tried; "" */
usec_t session_last_answer(const struct session *s); /* when an answer last came; 0 = never */
/* -ENOTCONN before the first CONNECTED. */
int session_identity(const struct session *s, struct session_identity *ret);
/* `owner` is the ephemeralOwner of a znode. */
bool session_owns(const struct session *s, int64_t owner);

/* New servers (reload): used from the next connect on. */
int session_set_servers(struct session *s, const char *const *servers);

/* CLOCK_BOOTTIME. */
usec_t session_clock(void);

/* ---- requests ---- */

struct zk_result {
	enum zk_outcome outcome;
	int error;     /* 0 or a negative errno, see zk_error.h */
	int failed_op; /* index of the op of a multi that failed; -1 */
	usec_t sent;   /* just before sending */
	/* of the node read, created or set; a multi: of its last create or set */
	int32_t version;             /* after the write */
	int64_t czxid, mzxid, owner; /* reads only; owner is a secret (D14) */
	const char *name;            /* create: last part of the path made */
	const char *data;            /* get; NUL behind it; NULL for a node without data */
	size_t size;
	const char *const *children; /* lists */
	size_t n_children;
};

/*
 * Every request: 0 = accepted, `done` will be called exactly once, later.  Negative = certainly not
 * sent, `done` will not be called: -ENOTCONN while not connected (nothing is ever queued for
 * later), -EMSGSIZE above SESSION_MAX_REQUEST (C3), -EINVAL a bad path, -ENOMEM.  The result and
 * what it points to live during the call of `done`.
 *
 * Paths are relative to the base ("register", "latch/n-..."); "" is the base itself; one that
 * begins with a slash is absolute.  Everything given is copied.
 */
typedef void (*zk_done_t)(void *userdata, const struct zk_result *result);

/* Called once when the node's data or children change or it vanishes; not when the connection ends.
 * May be NULL.  The same pair of function and userdata on one path is one watch. */
typedef void (*zk_watch_t)(void *userdata);

/* `call` is called at the end of each dispatch that told of a watch; one at a time, NULL: none. */
void session_after_watches(struct session *s, zk_watch_t call, void *userdata);

/* No watch with this userdata is reported any more. */
void session_forget(struct session *s, const void *watch_data);

enum zk_op_type { ZK_OP_CHECK, ZK_OP_CREATE, ZK_OP_SET, ZK_OP_DELETE };

struct zk_op {
	enum zk_op_type type;
	const char *path;
	const void *data; /* create, set */
	size_t size;
	int32_t version; /* check, set, delete; -1 = any */
	bool ephemeral, sequential;
};

enum { ZK_MAX_OPS = 8 };

int session_sync(struct session *s, zk_done_t done, void *userdata);
int session_get(struct session *s, const char *path, zk_watch_t watch, void *watch_data,
                zk_done_t done, void *userdata);
/* Also gives owner and version.  On an ephemeral its watch fires on deletion only (N7). */
int session_list(struct session *s, const char *path, zk_watch_t watch, void *watch_data,
                 zk_done_t done, void *userdata);
/* One op, or several all or none. */
int session_write(struct session *s, const struct zk_op *ops, unsigned n, zk_done_t done,
                  void *userdata);
