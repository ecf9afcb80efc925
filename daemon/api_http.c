/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_http.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/api_exchange.h"

enum {
	IDLE_SECONDS = 60, /* of a connection on which nothing moves */
	MAX_TCP_CLIENTS = 512,
	MAX_CLIENTS_PER_ADDRESS = 256, /* TCP: TaskManagers of one host */
	CONNECTION_BYTES = 16 * 1024,  /* head of a request and what is read at once of its body */
	RESERVED_CLIENTS = 128,        /* for root and the daemon's user */
	RESERVED_FDS = 128,            /* for everything but the API */
	NO_DESCRIPTOR_MS = 100,
	MAX_TURNS = 4, /* of MHD_run() before the rest of the loop has its turn */
};

/* Neither here (EMFILE) nor, which a dup() would not notice, on the whole host (ENFILE). */
static bool no_descriptor_left(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

/* Then a client that waits cannot be accepted, and its socket stays readable: the loop would turn
 * without a pause.  It is looked at again after one. */
static int pause_without_descriptors(struct listener *l)
{
	(void)sd_event_source_set_enabled(l->io, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(l->timer, usec_from_ms(NO_DESCRIPTOR_MS));
	return sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

static int run(struct listener *l)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	bool armed = false;

	(void)sd_event_source_set_enabled(l->io, SD_EVENT_ON);
	for (unsigned i = 0; i < MAX_TURNS; i++) {
		api_exchange_next_heavy(l->http);
		if (MHD_run(l->mhd) != MHD_YES)
			return -EIO;
		armed = MHD_get_timeout(l->mhd, &ms) == MHD_YES;
		if (!armed || ms > 0 || l->http->heavy_used)
			break;
	}
	if (!TAILQ_EMPTY(&l->http->heavy))
		(void)sd_event_source_set_enabled(l->kick, SD_EVENT_ONESHOT);
	if (no_descriptor_left())
		return pause_without_descriptors(l);
	if (!armed)
		return sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(l->timer, usec_from_ms(ms));
	return sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	return run(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	return run(userdata);
}

static int on_kick(sd_event_source *source, void *userdata)
{
	(void)source;
	return run(userdata);
}

/* Behind the election's sources, whatever the clients do. */
enum { PRIORITY = SD_EVENT_PRIORITY_NORMAL + 10 };

static int attach(struct listener *l, sd_event *event)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	if (!info)
		return -EIO;
	r = sd_event_add_io(event, &l->io, info->epoll_fd, EPOLLIN, on_io, l);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(event, &l->timer, CLOCK_BOOTTIME, 0, USEC_PER_MSEC, on_timer,
	                               l);
	if (r < 0)
		return r;
	r = sd_event_add_defer(event, &l->kick, on_kick, l);
	if (r < 0)
		return r;
	(void)sd_event_source_set_enabled(l->kick, SD_EVENT_OFF);
	(void)sd_event_source_set_description(l->kick, "api-kick");
	(void)sd_event_source_set_priority(l->kick, PRIORITY);
	(void)sd_event_source_set_exit_on_failure(l->kick, true);
	(void)sd_event_source_set_description(l->io, l->tcp ? "api-tcp" : "api-unix");
	(void)sd_event_source_set_description(l->timer, "api-timeouts");
	(void)sd_event_source_set_priority(l->io, PRIORITY);
	(void)sd_event_source_set_priority(l->timer, PRIORITY);
	(void)sd_event_source_set_exit_on_failure(l->io, true);
	(void)sd_event_source_set_exit_on_failure(l->timer, true);
	return 0;
}

static bool over_limit(const struct api_http *http, const struct client *c)
{
	const struct client *other;
	unsigned same = 0, all = http->context->n_clients;

	if (!c->listener->tcp && api_peer_is_admin(&c->peer, NULL, 0, http->admins))
		return all > http->max_clients;
	if (all + RESERVED_CLIENTS > http->max_clients)
		return true;
	if (c->listener->tcp)
		return false; /* limited by libmicrohttpd, by address */
	LIST_FOREACH(other, &http->clients, entry)
	same += !other->listener->tcp && other->peer.uid == c->peer.uid;
	return same > API_MAX_CLIENTS_PER_UID;
}

/* Before a request was read, so it goes by the library: an answer and the end. */
static void turn_away(const struct client *c)
{
	static const char text[] =
	        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
	        "Connection: close\r\nContent-Length: 62\r\n\r\n"
	        "{\"error\":\"busy\",\"message\":\"too many connections; close some\"}\n";

	(void)send(c->fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(c->fd, SHUT_RDWR);
}

static void connection_started(struct listener *l, struct MHD_Connection *connection,
                               void **context)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct api_http *http = l->http;
	struct client *c = info ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return; /* its requests are refused */
	c->listener = l;
	c->fd = info->connect_fd;
	if (!l->tcp && api_peer_get(c->fd, &c->peer) < 0)
		c->peer = (struct api_peer){ (uid_t)-1, (gid_t)-1, 0 };
	(void)snprintf(c->by, sizeof(c->by), l->tcp ? "a TCP client" : "uid %u", c->peer.uid);
	LIST_INSERT_HEAD(&http->clients, c, entry);
	http->context->n_clients++;
	*context = c;
	if (over_limit(http, c)) {
		http->context->replies[429]++;
		turn_away(c);
	}
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = cls;
	struct client *c = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		connection_started(l, connection, context);
	} else if (c) {
		LIST_REMOVE(c, entry);
		l->http->context->n_clients--;
		free(c);
		*context = NULL;
	}
}

static int listener_start(struct listener *l, struct api_http *http, int fd, bool tcp)
{
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	/* More than max_clients on the Unix socket, so that those are told, not left waiting. */
	const unsigned limit = tcp ? MAX_TCP_CLIENTS : http->max_clients + RESERVED_FDS / 4;

	l->http = http;
	l->tcp = tcp;
	l->mhd = MHD_start_daemon(
	        flags, 0, NULL, NULL, api_exchange_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
	        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT,
	        (unsigned)IDLE_SECONDS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	        tcp ? (unsigned)MAX_CLIENTS_PER_ADDRESS : 0u, MHD_OPTION_NOTIFY_CONNECTION,
	        on_connection, l, MHD_OPTION_NOTIFY_COMPLETED, api_exchange_completed, l,
	        MHD_OPTION_UNESCAPE_CALLBACK, api_exchange_unescape, NULL,
	        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!l->mhd)
		return errno > 0 ? -errno : -EIO;
	return attach(l, http->context->event);
}

static void listener_stop(struct listener *l)
{
	if (!l->mhd)
		return;
	(void)sd_event_source_disable_unref(l->io);
	(void)sd_event_source_disable_unref(l->timer);
	(void)sd_event_source_disable_unref(l->kick);
	(void)MHD_quiesce_daemon(l->mhd); /* gives the listening socket back */
	MHD_stop_daemon(l->mhd);
}

/* So that a crowd of clients never takes the descriptors that the election needs. */
static unsigned clients_that_fit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= API_MAX_CLIENTS + 2 * RESERVED_FDS)
		return API_MAX_CLIENTS;
	if (limit.rlim_cur < 4 * RESERVED_FDS)
		return RESERVED_FDS;
	return (unsigned)limit.rlim_cur - 2 * RESERVED_FDS;
}

int api_http_new(struct api_context *context, const struct api_admins *admins,
                 const struct api_listen *listen, struct api_http **ret)
{
	struct api_http *http = calloc(1, sizeof(*http));
	int r;

	if (!http)
		return -ENOMEM;
	http->context = context;
	http->admins = admins;
	http->max_clients = clients_that_fit();
	LIST_INIT(&http->clients);
	LIST_INIT(&http->exchanges);
	TAILQ_INIT(&http->heavy);
	r = listener_start(&http->listeners[0], http, listen->unix_fd, false);
	if (r >= 0 && listen->tcp_fd >= 0)
		r = listener_start(&http->listeners[1], http, listen->tcp_fd, true);
	if (r < 0) {
		api_http_free(http);
		return r;
	}
	*ret = http;
	return 0;
}

void api_http_free(struct api_http *http)
{
	if (!http)
		return;
	api_exchange_resume_all(http); /* nothing is sent any more */
	for (unsigned i = 0; i < N_ELEMENTS(http->listeners); i++)
		listener_stop(&http->listeners[i]);
	assert(LIST_EMPTY(&http->exchanges) && LIST_EMPTY(&http->clients));
	free(http);
}
