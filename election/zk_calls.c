/* SPDX-License-Identifier: Apache-2.0 */
#include "election/zk_calls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/cleanup.h"

static const usec_t session_timeout_usec = 10 * USEC_PER_SEC;
static const usec_t answer_timeout = 3 * USEC_PER_SEC; /* of one server; then the next */

struct zk_calls {
	struct session *session;
	usec_t timeout;
	int dead; /* negative errno; 0 while it may still connect */
};

/* What came of one request. */
struct answer {
	bool came;
	enum zk_outcome outcome;
	int error;
	zk_done_t done;
	void *userdata;
};

static void on_event(void *userdata, const struct session_event *event)
{
	struct zk_calls *z = userdata;

	if (event->type == SESSION_AUTH_FAILED)
		z->dead = -EKEYREJECTED;
	else if (event->type == SESSION_EXPIRED)
		z->dead = -EOWNERDEAD;
}

static void on_answer(void *userdata, const struct zk_result *result)
{
	struct answer *a = userdata;

	a->came = true;
	a->outcome = result->outcome;
	a->error = result->error;
	if (a->error == 0 && a->done)
		a->done(a->userdata, result);
}

static void turn(struct zk_calls *z, usec_t deadline)
{
	struct pollfd p = { .fd = session_fd(z->session), .events = session_events(z->session) };
	usec_t now = session_clock(), due = session_timeout(z->session);

	if (due > deadline)
		due = deadline;
	(void)poll(&p, 1, due > now ? (int)((due - now + 999) / 1000) : 0);
	session_dispatch(z->session);
}

static int connect_until(struct zk_calls *z, usec_t deadline)
{
	while (!session_connected(z->session)) {
		if (z->dead < 0)
			return z->dead;
		if (session_clock() >= deadline)
			return -ETIMEDOUT;
		turn(z, deadline);
	}
	return 0;
}

static void wait_for(struct zk_calls *z, const struct answer *a)
{
	while (!a->came) /* in the end the session answers by itself */
		turn(z, USEC_INFINITY);
}

enum what { SYNC, GET, LIST };

static int send_request(struct zk_calls *z, enum what what, const char *path, struct answer *a)
{
	switch (what) {
	case SYNC:
		return session_sync(z->session, on_answer, a);
	case GET:
		return session_get(z->session, path, NULL, NULL, on_answer, a);
	case LIST:
		return session_list(z->session, path, NULL, NULL, on_answer, a);
	}
	return -EINVAL;
}

/* A read that lost its connection is asked again: by the next server, within the time. */
static int ask(struct zk_calls *z, enum what what, const char *path, struct answer *a)
{
	usec_t deadline = usec_add(session_clock(), z->timeout);
	int r;

	for (;;) {
		r = connect_until(z, deadline);
		if (r < 0)
			return r;
		a->came = false;
		r = send_request(z, what, path, a);
		if (r == -ENOTCONN)
			continue;
		if (r < 0)
			return r;
		wait_for(z, a);
		if (a->outcome != ZK_UNKNOWN || z->dead < 0)
			return z->dead < 0 ? z->dead : a->error;
	}
}

int zk_calls_sync(struct zk_calls *z)
{
	struct answer a = { .came = false };

	return ask(z, SYNC, NULL, &a);
}

int zk_calls_get(struct zk_calls *z, const char *path, zk_done_t done, void *userdata)
{
	struct answer a = { .done = done, .userdata = userdata };

	return ask(z, GET, path, &a);
}

int zk_calls_list(struct zk_calls *z, const char *path, zk_done_t done, void *userdata)
{
	struct answer a = { .done = done, .userdata = userdata };

	return ask(z, LIST, path, &a);
}

int zk_calls_write(struct zk_calls *z, const struct zk_op *ops, unsigned n,
                   enum zk_outcome *ret_outcome)
{
	usec_t deadline = usec_add(session_clock(), z->timeout);
	struct answer a = { .came = false };
	int r;

	*ret_outcome = ZK_NOT_DONE;
	do {
		r = connect_until(z, deadline);
		if (r == 0)
			r = session_write(z->session, ops, n, on_answer, &a);
	} while (r == -ENOTCONN);
	if (r < 0)
		return r;
	wait_for(z, &a);
	*ret_outcome = a.outcome;
	return a.error;
}

int zk_calls_open(const struct zk_calls_config *config, struct zk_calls **ret)
{
	CLEANUP(zk_calls_closep) struct zk_calls *z = calloc(1, sizeof(*z));
	const struct session_config session = {
		.servers = config->servers,
		.base = config->base,
		.auth = config->auth,
		.timeout = config->session > 0 ? config->session : session_timeout_usec,
		.answer_timeout = answer_timeout,
		.on_event = on_event,
		.userdata = z,
	};
	int r;

	if (!z)
		return -ENOMEM;
	z->timeout = config->timeout;
	r = session_new(&session, &z->session);
	if (r == 0)
		r = zk_calls_sync(z);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(z);
	return 0;
}

usec_t zk_calls_session(const struct zk_calls *z)
{
	return session_negotiated(z->session);
}

struct zk_calls *zk_calls_close(struct zk_calls *z)
{
	if (!z)
		return NULL;
	session_close(z->session, true);
	free(z);
	return NULL;
}
