/* SPDX-License-Identifier: Apache-2.0 */
#include "election/session.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "election/session_internal.h"

/* A connection that ended sooner counts as a failed attempt, so that nobody spins on it. */
static const usec_t stable_after = USEC_PER_SEC;
static const usec_t longest_timeout = 3600 * USEC_PER_SEC;
static const usec_t resolve_again = 5 * USEC_PER_SEC;

usec_t session_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

/* ---- the connection */

/* The library's own watcher: only takes notes.  A loss is seen by its return codes instead, which
 * also speak where it sends no event (ZOOKEEPER-CLIENT.md section 1). */
static void on_library_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
	struct session *s = context;

	(void)zh;
	(void)path;
	if (type != ZOO_SESSION_EVENT)
		return;
	if (state == ZOO_EXPIRED_SESSION_STATE)
		s->dead = SESSION_EXPIRED;
	else if (state == ZOO_AUTH_FAILED_STATE)
		s->dead = SESSION_AUTH_FAILED;
}

void session_mark_lost(struct session *s, int error)
{
	if (s->lost == 0)
		s->lost = error;
}

/* Ends the handle.  Never blocks: a connected handle would send a close and wait, so the socket is
 * shut down first and what it still holds is read, until the library has noticed. */
static void end_handle(struct session *s)
{
	if (s->zh == NULL)
		return;
	if (zoo_state(s->zh) == ZOO_CONNECTED_STATE && s->fd >= 0) {
		(void)shutdown(s->fd, SHUT_RDWR);
		while (zookeeper_process(s->zh, ZOOKEEPER_READ | ZOOKEEPER_WRITE) == ZOK)
			;
	}
	(void)zookeeper_close(s->zh); /* answers what is outstanding, with ZCLOSING */
	s->zh = NULL;
	s->fd = -1;
	s->events = 0;
	s->generation++;
	request_forget_watches(s);
}

static void lose(struct session *s, int error)
{
	usec_t now = session_clock();

	if (s->connected) {
		s->disconnect_error = error;
		if (now - s->connected_at >= stable_after)
			ensemble_succeeded(&s->ensemble);
	}
	end_handle(s);
	s->connected = false;
	s->lost = 0;
	s->retry_at = now + ensemble_failed(&s->ensemble);
	if (!resolve_all_literal(s->resolve))
		(void)resolve_start(s->resolve); /* for the attempt after the next */
}

/* Ask the library what it waits for; connects when there is no socket. */
void session_refresh(struct session *s)
{
	struct timeval tv = { 1, 0 };
	int fd = -1, interest = 0, rc;

	/* The socket was closed under a request, without an event (N1).  Before the library is
	 * asked: it would connect again by itself, and send there what was meant for this one. */
	if (s->connected && zoo_state(s->zh) != ZOO_CONNECTED_STATE) {
		session_mark_lost(s, -ECONNRESET);
		return;
	}
	/* Asked about this one, it would look for a better server and wait for its answer. */
	if (zoo_state(s->zh) == ZOO_READONLY_STATE) {
		session_mark_lost(s, -EROFS);
		return;
	}
	rc = zookeeper_interest(s->zh, &fd, &interest, &tv);
	if (rc == ZOK && fd < 0) /* the pause of a library that knows one server only */
		rc = zookeeper_interest(s->zh, &fd, &interest, &tv);
	if (rc != ZOK || fd < 0) {
		session_mark_lost(s, rc == ZOK ? -ECONNRESET : zk_error_errno(rc));
		return;
	}
	if (fd != s->fd) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		s->fd = fd;
		s->generation++;
	}
	s->events = (short)(((interest & ZOOKEEPER_READ) != 0 ? POLLIN : 0) |
	                    ((interest & ZOOKEEPER_WRITE) != 0 ? POLLOUT : 0));
	s->library_due = session_clock() + (usec_t)tv.tv_sec * USEC_PER_SEC + (usec_t)tv.tv_usec;
}

/* The library wants "::1:2181" where everybody else writes "[::1]:2181". */
static void plain_address(const char *address, char ret[ENSEMBLE_ADDRESS_SIZE])
{
	size_t n = 0;

	for (; *address != '\0' && n + 1 < ENSEMBLE_ADDRESS_SIZE; address++)
		if (*address != '[' && *address != ']')
			ret[n++] = *address;
	ret[n] = '\0';
}

static void connect_next(struct session *s)
{
	const struct ensemble_address *address = ensemble_next(&s->ensemble);
	char plain[ENSEMBLE_ADDRESS_SIZE];

	if (address == NULL) { /* no name is known yet */
		s->retry_at = session_clock() + resolve_again;
		(void)resolve_start(s->resolve);
		return;
	}
	plain_address(address->s, plain);
	memcpy(s->server, address->s, sizeof(s->server));
	s->greeted = false;
	s->connect_sent = session_clock(); /* A1, A7: before anything is sent */
	s->zh = zookeeper_init(plain, on_library_event, (int)usec_to_ms(s->timeout),
	                       s->has_identity ? &s->identity : NULL, s, ZOO_NO_LOG_CLIENTENV);
	if (s->zh == NULL) {
		s->retry_at = session_clock() + ensemble_failed(&s->ensemble) + USEC_PER_MSEC;
		return;
	}
	(void)zoo_set_servers_resolution_delay(s->zh, -1); /* ZOOKEEPER-1998 */
	if (s->auth != NULL &&
	    zoo_add_auth(s->zh, "digest", s->auth, (int)strlen(s->auth), NULL, NULL) != ZOK)
		session_mark_lost(s, -ENOMEM);
	session_refresh(s);
}

static void become_connected(struct session *s)
{
	const clientid_t *identity = zoo_client_id(s->zh);
	int timeout_ms = zoo_recv_timeout(s->zh);

	/* What no server would grant (N5). */
	if (timeout_ms <= 0 || (usec_t)timeout_ms * USEC_PER_MSEC > longest_timeout) {
		session_mark_lost(s, -EPROTO);
		return;
	}
	s->resumed = s->has_identity;
	s->identity = *identity;
	s->has_identity = true;
	s->timeout = (usec_t)timeout_ms * USEC_PER_MSEC;
	s->connected = true;
	s->connected_at = session_clock();
}

/* The library takes any 41 bytes for a handshake (N5): "HTTP/1.1 400 .." ends a session that is
 * resumed, or makes it wait for another server.  So the length is looked at before it reads. */
static bool speaks_zookeeper(const struct session *s)
{
	static const uint8_t lengths[2][4] = { { 0, 0, 0, 37 }, { 0, 0, 0, 36 } };
	uint8_t start[4];
	ssize_t n = recv(s->fd, start, sizeof(start), MSG_PEEK | MSG_DONTWAIT);

	if (n <= 0) /* the end, or an error: the library says which */
		return true;
	return n == (ssize_t)sizeof(start) && (memcmp(start, lengths[0], sizeof(start)) == 0 ||
	                                       memcmp(start, lengths[1], sizeof(start)) == 0);
}

/* Reads all that has arrived.  Before any judgement of time: after a stall of the loop the answers
 * lie in the socket. */
static void read_all(struct session *s)
{
	struct pollfd p = { .fd = s->fd, .events = s->events };
	int events, rc;

	if (s->fd < 0 || poll(&p, 1, 0) <= 0)
		return;
	events = ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0 ? ZOOKEEPER_READ : 0) |
	         ((p.revents & POLLOUT) != 0 ? ZOOKEEPER_WRITE : 0);
	if (!s->greeted && (p.revents & POLLIN) != 0) {
		s->greeted = true;
		if (!speaks_zookeeper(s)) {
			session_mark_lost(s, -EPROTO);
			return;
		}
	}
	do {
		rc = zookeeper_process(s->zh, events);
		events = ZOOKEEPER_READ;
		if (!s->connected && rc == ZOK && zoo_state(s->zh) == ZOO_CONNECTED_STATE)
			become_connected(s);
	} while (rc == ZOK && s->lost == 0 && zoo_state(s->zh) == ZOO_CONNECTED_STATE);
	if (rc != ZOK && rc != ZNOTHING)
		session_mark_lost(s, zk_error_errno(rc));
}

static usec_t answer_due(const struct session *s)
{
	usec_t since = s->connected ? request_oldest(s) : s->connect_sent;

	return usec_add(since, s->answer_timeout);
}

static void take_addresses(struct session *s)
{
	struct ensemble_address list[ENSEMBLE_MAX];
	int n;

	n = resolve_take(s->resolve, list);
	if (n < 0)
		return;
	if (n > 0)
		ensemble_set(&s->ensemble, list, (unsigned)n);
	if (!s->resolved && n > 0)
		s->retry_at = 0;
	s->resolved = s->resolved || n > 0;
}

/* One turn: read, judge, ask.  Callbacks come after it. */
static void turn(struct session *s)
{
	usec_t now = session_clock();

	take_addresses(s);
	if (s->dead != SESSION_CONNECTED)
		return;
	if (s->zh == NULL) {
		if (now >= s->retry_at)
			connect_next(s);
	} else {
		if (s->lost == 0)
			read_all(s);
		if (s->lost == 0 && s->dead == SESSION_CONNECTED && now >= answer_due(s))
			session_mark_lost(s, -ETIMEDOUT);
		if (s->lost == 0 && s->dead == SESSION_CONNECTED)
			session_refresh(s);
	}
	if (s->lost != 0 || s->dead != SESSION_CONNECTED)
		lose(s, s->lost != 0 ? s->lost : -EOWNERDEAD);
}

/* ---- telling the owner */

static void tell(struct session *s, enum session_event_type type)
{
	struct session_event event = { .type = type,
		                       .connect_sent = s->connect_sent,
		                       .timeout = s->timeout,
		                       .resumed = s->resumed,
		                       .server = s->server,
		                       .error = s->disconnect_error };

	s->on_event(s->userdata, &event);
}

/* Answers first: whoever hears DISCONNECTED has heard of all its requests. */
static bool deliver_one(struct session *s)
{
	if (request_deliver_answer(s))
		return true;
	if (s->closed)
		return false;
	if (s->told_connected && !s->connected) {
		s->told_connected = false;
		tell(s, SESSION_DISCONNECTED);
		return true;
	}
	if (s->dead != SESSION_CONNECTED && !s->told_dead) {
		s->told_dead = true;
		tell(s, s->dead);
		return true;
	}
	if (s->connected && !s->told_connected) {
		s->told_connected = true;
		tell(s, SESSION_CONNECTED);
		return true;
	}
	return request_deliver_watch(s) || request_deliver_after_watches(s);
}

static void free_session(struct session *s)
{
	resolve_free(s->resolve);
	if (s->auth != NULL)
		explicit_bzero(s->auth, strlen(s->auth));
	free(s->auth);
	explicit_bzero(&s->identity, sizeof(s->identity));
	free(s);
}

/* A callback may close the session: then it is freed when the outermost call is through. */
static void deliver(struct session *s)
{
	s->depth++;
	while (deliver_one(s))
		;
	s->depth--;
	if (s->closed && s->depth == 0)
		free_session(s);
}

void session_dispatch(struct session *s)
{
	assert(s->depth == 0); /* not from a callback */
	turn(s);
	deliver(s);
}

void session_drop(struct session *s)
{
	if (s->zh == NULL)
		return;
	session_mark_lost(s, -ECONNABORTED);
	if (s->depth == 0)
		session_dispatch(s);
}

void session_close(struct session *s, bool orderly)
{
	if (s == NULL || s->closed)
		return;
	s->closed = true;
	if (orderly && s->connected && s->lost == 0 && s->zh != NULL) {
		(void)zookeeper_close(s->zh);
		s->zh = NULL;
		s->fd = -1;
	}
	end_handle(s);
	request_forget_watches(s);
	s->connected = false;
	if (s->depth == 0)
		deliver(s);
}

void session_closep(struct session **s)
{
	session_close(*s, false);
}

/* ---- opening */

static bool valid_base(const char *base)
{
	size_t n = strlen(base);

	return n > 1 && n < PATH_SIZE / 2 && base[0] == '/' && base[n - 1] != '/' &&
	       strstr(base, "//") == NULL && strstr(base, "/./") == NULL &&
	       strstr(base, "/../") == NULL;
}

static int configure(struct session *s, const struct session_config *config)
{
	struct ensemble_address list[ENSEMBLE_MAX];
	uint32_t seed = 0;
	int n;

	memcpy(s->base, config->base, strlen(config->base) + 1);
	if (config->auth != NULL) {
		s->auth = strdup(config->auth);
		if (s->auth == NULL)
			return -ENOMEM;
	}
	s->timeout = config->timeout;
	s->answer_timeout = config->answer_timeout;
	s->on_event = config->on_event;
	s->userdata = config->userdata;
	if (config->resume != NULL) {
		s->identity.client_id = config->resume->id;
		memcpy(s->identity.passwd, config->resume->password, sizeof(s->identity.passwd));
		s->has_identity = true;
	}
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = (uint32_t)getpid(); /* any number will do */
	ensemble_init(&s->ensemble, seed);
	n = resolve_literals(s->resolve, list);
	ensemble_set(&s->ensemble, list, (unsigned)n);
	s->resolved = resolve_all_literal(s->resolve);
	return s->resolved ? 0 : resolve_start(s->resolve);
}

int session_new(const struct session_config *config, struct session **ret)
{
	struct session *s;
	int r;

	if (!valid_base(config->base) || config->timeout < USEC_PER_MSEC ||
	    (config->auth != NULL && strchr(config->auth, ':') == NULL))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	zoo_set_debug_level((ZooLogLevel)0); /* its log names session ids */
	s->fd = -1;
	s->dead = SESSION_CONNECTED;
	TAILQ_INIT(&s->outstanding);
	TAILQ_INIT(&s->answered);
	LIST_INIT(&s->watches);
	r = resolve_new(config->servers, &s->resolve);
	if (r == 0)
		r = configure(s, config);
	if (r < 0) {
		free_session(s);
		return r;
	}
	*ret = s;
	return 0;
}

int session_set_servers(struct session *s, const char *const *servers)
{
	struct ensemble_address list[ENSEMBLE_MAX];
	struct resolve *r = NULL;
	int error, n;

	error = resolve_new(servers, &r);
	if (error < 0)
		return error;
	resolve_free(s->resolve);
	s->resolve = r;
	n = resolve_literals(r, list);
	if (n > 0 || resolve_all_literal(r))
		ensemble_set(&s->ensemble, list, (unsigned)n);
	if (s->zh == NULL)
		s->generation++;     /* session_fd() may have been the old one's */
	if (n > 0 && !s->resolved) { /* no name was known; now there is one that needs no look-up */
		s->resolved = resolve_all_literal(r);
		s->retry_at = 0;
	}
	if (!resolve_all_literal(r))
		return resolve_start(r);
	return 0;
}

/* ---- what the owner polls and asks */

int session_fd(const struct session *s)
{
	if (s->zh != NULL)
		return s->fd;
	return s->resolved ? -1 : resolve_fd(s->resolve);
}

short session_events(const struct session *s)
{
	return s->zh != NULL ? s->events : POLLIN;
}

uint64_t session_generation(const struct session *s)
{
	return s->generation * 2 + (s->zh != NULL);
}

usec_t session_timeout(const struct session *s)
{
	usec_t due;

	if (!TAILQ_EMPTY(&s->answered) || s->fired > 0 || s->lost != 0)
		return 0;
	if (s->dead != SESSION_CONNECTED)
		return USEC_INFINITY;
	if (s->zh == NULL)
		return s->retry_at;
	due = answer_due(s);
	return due < s->library_due ? due : s->library_due;
}

bool session_connected(const struct session *s)
{
	return s->connected && s->lost == 0 && s->dead == SESSION_CONNECTED;
}

bool session_dead(const struct session *s)
{
	return s->dead != SESSION_CONNECTED;
}

usec_t session_negotiated(const struct session *s)
{
	return s->timeout;
}

const char *session_base(const struct session *s)
{
	return s->base;
}

const char *session_server(const struct session *s)
{
	return s->server;
}

usec_t session_last_answer(const struct session *s)
{
	return s->last_answer;
}

int session_identity(const struct session *s, struct session_identity *ret)
{
	if (!s->has_identity)
		return -ENOTCONN;
	ret->id = s->identity.client_id;
	memcpy(ret->password, s->identity.passwd, sizeof(ret->password));
	return 0;
}

bool session_owns(const struct session *s, int64_t owner)
{
	return s->has_identity && owner != 0 && owner == s->identity.client_id;
}
