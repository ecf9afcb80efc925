/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What session.c (the connection) and request.c (requests and watches on it) share.  Nobody else
 * includes this.
 */
#pragma once

#include <sys/queue.h>
#include <zookeeper/zookeeper.h>

#include "election/ensemble.h"
#include "election/resolve.h"
#include "election/session.h"

enum { PATH_SIZE = 512 };

struct request;
struct watch;
TAILQ_HEAD(request_list, request);
LIST_HEAD(watch_list, watch);

struct session {
	struct resolve *resolve;
	bool resolved; /* a look-up has ended once, or none is needed */
	struct ensemble ensemble;
	char base[PATH_SIZE / 2];
	char *auth;
	usec_t timeout, answer_timeout; /* T, A */
	clientid_t identity;
	bool has_identity;
	void (*on_event)(void *userdata, const struct session_event *event);
	void *userdata;

	/* the connection */
	zhandle_t *zh; /* NULL: none, not before retry_at */
	int fd;
	short events;
	uint64_t generation;
	usec_t retry_at;
	usec_t connect_sent, connected_at;
	usec_t library_due; /* when the library wants to be called */
	bool greeted;       /* the first bytes of the other side were looked at */
	bool connected;
	bool resumed;
	int lost; /* negative errno: to be ended at the next dispatch */
	char server[ENSEMBLE_ADDRESS_SIZE];
	usec_t last_answer;

	/* what the owner has not been told yet */
	bool told_connected, told_dead;
	int disconnect_error;
	enum session_event_type dead;    /* EXPIRED or AUTH_FAILED; else CONNECTED */
	struct request_list outstanding; /* oldest first */
	struct request_list answered;
	struct watch_list watches;
	unsigned fired; /* watches that wait to be told */
	bool told_watch;
	zk_watch_t after_watches;
	void *after_watches_data;

	unsigned depth; /* of session_dispatch() and its like */
	bool closed;    /* to be freed when depth is back to 0 */
};

/* session.c: the connection is of no use any more; ended at the next dispatch. */
void session_mark_lost(struct session *s, int error);
/* After calls that may have queued something in the library or closed its socket. */
void session_refresh(struct session *s);

/* request.c */
usec_t request_oldest(const struct session *s); /* when it was sent; USEC_INFINITY: none */
/* Calls back one answer; false when there is none. */
bool request_deliver_answer(struct session *s);
bool request_deliver_watch(struct session *s);
bool request_deliver_after_watches(struct session *s);
void request_forget_watches(struct session *s);
