/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/zk_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/session.h"

enum { MAX_SERVERS = 16 };

static const usec_t session_timeout_usec = 10 * USEC_PER_SEC;
static const usec_t answer_timeout = 3 * USEC_PER_SEC; /* of one server; then the next */

struct zk_reader {
	struct session *session;
	usec_t timeout;
	int dead; /* negative errno; 0 while it may still connect */
};

/* What came of one request. */
struct answer {
	bool came;
	enum zk_outcome outcome;
	int error;
	struct znode *node;     /* of a get */
	struct names *children; /* of a list */
};

static void on_event(void *userdata, const struct session_event *event)
{
	struct zk_reader *z = userdata;

	if (event->type == SESSION_AUTH_FAILED)
		z->dead = -EKEYREJECTED;
	else if (event->type == SESSION_EXPIRED)
		z->dead = -EOWNERDEAD;
}

static int copy_node(const struct zk_result *result, struct znode *ret)
{
	if (!result->data)
		return 0;
	ret->data = malloc(result->size + 1);
	if (!ret->data)
		return -ENOMEM;
	memcpy(ret->data, result->data, result->size);
	ret->data[result->size] = '\0';
	ret->size = result->size;
	return 0;
}

static int copy_children(const struct zk_result *result, struct names *ret)
{
	for (size_t i = 0; i < result->n_children; i++)
		if (names_add(ret, "%s", result->children[i]) < 0)
			return -ENOMEM;
	return 0;
}

static void on_answer(void *userdata, const struct zk_result *result)
{
	struct answer *a = userdata;

	a->came = true;
	a->outcome = result->outcome;
	a->error = result->error;
	if (a->error == 0 && a->node)
		a->error = copy_node(result, a->node);
	if (a->error == 0 && a->children)
		a->error = copy_children(result, a->children);
}

static void turn(struct zk_reader *z, usec_t deadline)
{
	struct pollfd p = { .fd = session_fd(z->session), .events = session_events(z->session) };
	usec_t now = session_clock(), due = session_timeout(z->session);

	if (due > deadline)
		due = deadline;
	(void)poll(&p, 1, due > now ? (int)((due - now + 999) / 1000) : 0);
	session_dispatch(z->session);
}

static int connect_until(struct zk_reader *z, usec_t deadline)
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

enum what { SYNC, GET, LIST };

static int send_request(struct zk_reader *z, enum what what, const char *path, struct answer *a)
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
static int ask(struct zk_reader *z, enum what what, const char *path, struct answer *a)
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
		while (!a->came) /* in the end the session answers by itself */
			turn(z, USEC_INFINITY);
		if (a->outcome != ZK_UNKNOWN || z->dead < 0)
			return z->dead < 0 ? z->dead : a->error;
	}
}

static int get(void *userdata, const char *path, struct znode *ret)
{
	struct answer a = { .node = ret };

	return ask(userdata, GET, path, &a);
}

static int children(void *userdata, const char *path, struct names *ret)
{
	struct answer a = { .children = ret };

	return ask(userdata, LIST, path, &a);
}

struct znode_reader zk_reader_get(struct zk_reader *z)
{
	return (struct znode_reader){ .get = get, .children = children, .userdata = z };
}

/* ---- opening */

/* Cuts `text` at its commas. */
static int split(char *text, const char *ret[MAX_SERVERS + 1])
{
	size_t n = 0;

	for (char *server; (server = strsep(&text, ",")) != NULL;) {
		if (n == MAX_SERVERS)
			return -EINVAL;
		ret[n++] = server;
	}
	ret[n] = NULL;
	return 0;
}

static int open_session(struct zk_reader *z, const struct zk_reader_config *config)
{
	const char *servers[MAX_SERVERS + 1];
	CLEANUP(freep) char *text = strdup(config->servers);
	const struct session_config session = {
		.servers = servers,
		.base = config->path,
		.auth = config->auth,
		.timeout = session_timeout_usec,
		.answer_timeout = answer_timeout,
		.on_event = on_event,
		.userdata = z,
	};
	int r = text ? split(text, servers) : -ENOMEM;

	return r < 0 ? r : session_new(&session, &z->session);
}

int zk_reader_open(const struct zk_reader_config *config, struct zk_reader **ret)
{
	CLEANUP(zk_reader_closep) struct zk_reader *z = calloc(1, sizeof(*z));
	struct answer a = { .came = false };
	int r;

	if (!z)
		return -ENOMEM;
	z->timeout = config->timeout;
	r = open_session(z, config);
	/* What was written through another server before now has to be seen. */
	if (r == 0)
		r = ask(z, SYNC, config->path, &a);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(z);
	return 0;
}

struct zk_reader *zk_reader_close(struct zk_reader *z)
{
	if (!z)
		return NULL;
	session_close(z->session, true);
	free(z);
	return NULL;
}
