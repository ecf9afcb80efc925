/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "daemon/api_stream.h"

enum {
	MAX_BODY_BYTES = 32 << 20,  /* of all requests together */
	MAX_REPLY_BYTES = 64 << 20, /* of all large answers together: clients may be slow */
	LARGE_REPLY = 64 * 1024,
	MAX_SWALLOWED = 8 * API_MAX_BODY, /* of a body that will be refused */
	STREAM_BLOCK = 16 * 1024,
};

/* One request on it. */
struct exchange {
	LIST_ENTRY(exchange) entry;
	struct client *client;
	struct MHD_Connection *connection;
	char *body;
	size_t size, capacity;
	enum api_error refuse; /* the body; API_OK = fine so far */
	bool dispatched, suspended;
	bool queued, waited; /* a heavy request: is in http->heavy; was */
	TAILQ_ENTRY(exchange) heavy;
	size_t reply_size; /* counted in http->reply_bytes */
	struct api_pending *pending;
	struct api_stream *stream;
};

static struct exchange *exchange_new(struct client *c, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->client = c;
	x->connection = connection;
	LIST_INSERT_HEAD(&c->listener->http->exchanges, x, entry);
	return x;
}

static void forget_body(struct exchange *x)
{
	x->client->listener->http->body_bytes -= x->capacity;
	free(x->body);
	x->body = NULL;
	x->capacity = 0;
}

static void forget_reply(struct exchange *x)
{
	x->client->listener->http->reply_bytes -= x->reply_size;
	x->reply_size = 0;
}

void api_exchange_completed(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *context;
	struct api_http *http = ((struct listener *)cls)->http;

	(void)connection;
	(void)code;
	if (!x)
		return;
	*context = NULL;
	if (x->pending)
		api_pending_client_done(x->pending);
	api_stream_close(x->stream);
	forget_body(x);
	if (x->queued)
		TAILQ_REMOVE(&http->heavy, x, heavy);
	forget_reply(x);
	LIST_REMOVE(x, entry);
	free(x);
}

static void resume(struct exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	MHD_resume_connection(x->connection); /* wakes nobody by itself */
	(void)sd_event_source_set_enabled(x->client->listener->kick, SD_EVENT_ONESHOT);
}

static void suspend(struct exchange *x)
{
	x->suspended = true;
	MHD_suspend_connection(x->connection);
}

static void on_answered(void *cookie)
{
	resume(cookie);
}

static void on_stream_wake(void *cookie)
{
	struct exchange *x = cookie;

	/* A slow client is not asked whether it minds. */
	if (api_stream_dropped(x->stream))
		(void)shutdown(x->client->fd, SHUT_RDWR);
	resume(x);
}

static ssize_t on_stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *x = cls;
	ssize_t n = api_stream_read(x->stream, buf, max);

	(void)pos;
	if (!api_stream_begins(x->stream)) /* what counted was its first line */
		forget_reply(x);
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0)
		suspend(x);
	return n;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_number(struct MHD_Response *response, const char *name, uint64_t n, bool quoted)
{
	char text[24];

	(void)snprintf(text, sizeof(text), quoted ? "\"%" PRIu64 "\"" : "%" PRIu64, n);
	return add_header(response, name, text);
}

static bool add_headers(struct MHD_Response *response, const struct api_reply *reply)
{
	return add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type) &&
	       add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
	       (reply->revision == 0 ||
	        add_number(response, MHD_HTTP_HEADER_ETAG, reply->revision, true)) &&
	       (reply->epoch == 0 || add_number(response, "Jmha-Epoch", reply->epoch, false)) &&
	       (!reply->has_sequence ||
	        add_number(response, "Jmha-Sequence", reply->sequence, false)) &&
	       (reply->allow[0] == '\0' ||
	        add_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow));
}

/* A response that owns the reply's body; NULL = out of memory. */
static struct MHD_Response *make_response(struct exchange *x, struct api_reply *reply)
{
	static char nothing[] = "";
	struct MHD_Response *response;
	int r;

	if (reply->stream) {
		r = api_stream_open(reply->hub, reply->body, reply->size, on_stream_wake, x,
		                    &x->stream);
		if (r < 0)
			return NULL;
		reply->body = NULL;
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
		                                         on_stream_read, x, NULL);
	}
	if (!reply->body)
		return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	response = MHD_create_response_from_buffer(reply->size, reply->body, MHD_RESPMEM_MUST_FREE);
	if (response)
		reply->body = NULL;
	return response;
}

/* So that nobody fills the memory by asking for much and reading nothing. */
static void limit_large(struct exchange *x, struct api_reply *reply)
{
	struct api_http *http = x->client->listener->http;

	if (reply->size < LARGE_REPLY)
		return;
	if (http->reply_bytes + reply->size > MAX_REPLY_BYTES) {
		api_reply_error(reply, API_BUSY,
		                "too many large answers are on their way; read them first");
		return;
	}
	x->reply_size = reply->size;
	http->reply_bytes += reply->size;
}

/* Sends the reply and frees what is left of it.  MHD_NO ends the connection. */
static enum MHD_Result send_reply(struct exchange *x, struct api_reply *reply)
{
	struct api_context *context = x->client->listener->http->context;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	forget_body(x);
	limit_large(x, reply);
	response = make_response(x, reply);
	if (response && add_headers(response, reply)) {
		result = MHD_queue_response(x->connection, reply->http, response);
		if (reply->http < N_ELEMENTS(context->replies))
			context->replies[reply->http]++;
	}
	if (response)
		MHD_destroy_response(response);
	api_reply_done(reply);
	return result;
}

static enum MHD_Result refuse(struct exchange *x, enum api_error error)
{
	struct api_reply reply = { 0 };

	if (error == API_TOO_LARGE)
		api_reply_errorf(&reply, error, "a body may have at most %d bytes", API_MAX_BODY);
	else
		api_reply_error(&reply, error, NULL);
	return send_reply(x, &reply);
}

/* Content-Length, 0 = none (chunked) or no number, which libmicrohttpd has refused. */
static uint64_t announced_size(struct MHD_Connection *connection)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	                                               MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t size = 0;

	if (text && parse_uint64(text, 0, UINT64_MAX, &size) < 0)
		size = 0;
	return size;
}

/* The limits of one body and of all together; the rest of a refused body is read and dropped, so
 * that the client hears why, up to a limit, too. */
static enum MHD_Result take_body(struct exchange *x, const char *data, size_t size)
{
	struct api_http *http = x->client->listener->http;
	size_t capacity = x->capacity;
	char *body;

	if (x->refuse == API_OK && x->size + size > API_MAX_BODY)
		x->refuse = API_TOO_LARGE;
	if (x->refuse != API_OK) {
		x->size += size;
		return x->size > MAX_SWALLOWED ? MHD_NO : MHD_YES;
	}
	if (capacity == 0)
		capacity = (size_t)announced_size(x->connection); /* checked before */
	while (capacity < x->size + size)
		capacity = capacity ? 2 * capacity : 4096;
	if (capacity > x->capacity) {
		if (http->body_bytes + capacity - x->capacity > MAX_BODY_BYTES) {
			x->refuse = API_BUSY;
			return MHD_YES;
		}
		body = realloc(x->body, capacity);
		if (!body)
			return MHD_NO;
		http->body_bytes += capacity - x->capacity;
		x->body = body;
		x->capacity = capacity;
	}
	memcpy(x->body + x->size, data, size);
	x->size += size;
	return MHD_YES;
}

static enum MHD_Result on_query(void *cls, enum MHD_ValueKind kind, const char *key,
                                const char *value)
{
	struct api_request *req = cls;

	(void)kind;
	if (strcmp(key, "prefix") == 0)
		req->prefix = value ? value : "";
	else if (strcmp(key, "after") == 0)
		req->after = value ? value : "";
	else if (strcmp(key, "wait_ms") == 0)
		req->wait_ms = value ? value : "";
	else if (strcmp(key, "follow") == 0)
		req->follow = value ? value : "";
	else
		req->unknown_query = key;
	return MHD_YES;
}

static const char *header(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static void dispatch(struct exchange *x, const char *url, const char *method,
                     struct api_reply *reply)
{
	struct client *c = x->client;
	struct api_http *http = c->listener->http;
	struct api_request req = {
		.api = http->context,
		.method = method,
		.path = url,
		.tail = "",
		.tcp = c->listener->tcp,
		.by = c->by,
		.pid = c->listener->tcp ? 0 : c->peer.pid,
		.if_match = header(x, MHD_HTTP_HEADER_IF_MATCH),
		.if_none_match = header(x, MHD_HTTP_HEADER_IF_NONE_MATCH),
		.jmha_epoch = header(x, "Jmha-Epoch"),
		.body = x->body,
		.size = x->size,
	};

	req.privileged = !req.tcp && api_peer_may_write(c->fd, &c->peer, http->admins);
	(void)MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, on_query, &req);
	x->dispatched = true;
	api_dispatch(&req, reply);
	forget_body(x);
	x->pending = reply->pending;
	reply->pending = NULL;
}

/* One heavy request for each MHD_run(), and the one that waited longest. */
static bool must_queue(struct exchange *x, const char *url)
{
	struct api_http *http = x->client->listener->http;

	if (x->waited || !api_is_heavy(url))
		return false;
	if (!http->heavy_used) {
		http->heavy_used = true;
		return false;
	}
	x->queued = true;
	TAILQ_INSERT_TAIL(&http->heavy, x, heavy);
	suspend(x);
	return true;
}

void api_exchange_next_heavy(struct api_http *http)
{
	struct exchange *x = TAILQ_FIRST(&http->heavy);

	http->heavy_used = x != NULL;
	if (!x)
		return;
	TAILQ_REMOVE(&http->heavy, x, heavy);
	x->queued = false;
	x->waited = true;
	resume(x);
}

/* The request is complete, or an answer to it has come. */
static enum MHD_Result proceed(struct exchange *x, const char *url, const char *method)
{
	struct api_reply reply = { 0 };

	if (x->refuse != API_OK)
		return refuse(x, x->refuse);
	if (!x->dispatched && must_queue(x, url))
		return MHD_YES;
	if (!x->dispatched)
		dispatch(x, url, method, &reply);
	if (!x->pending)
		return send_reply(x, &reply);
	if (!x->pending->answered) {
		x->pending->wake = on_answered;
		x->pending->wake_cookie = x;
		suspend(x);
		return MHD_YES;
	}
	reply = x->pending->reply;
	x->pending->reply = (struct api_reply){ 0 };
	api_pending_client_done(TAKE_PTR(x->pending));
	return send_reply(x, &reply);
}

enum MHD_Result api_exchange_request(void *cls, struct MHD_Connection *connection, const char *url,
                                     const char *method, const char *version, const char *data,
                                     size_t *size, void **context)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *x = *context;

	(void)cls;
	(void)version;
	if (!info || !info->socket_context)
		return MHD_NO;
	if (!x) {
		x = exchange_new(info->socket_context, connection);
		if (!x)
			return MHD_NO;
		*context = x;
		/* Refused before it is sent: the connection ends with the answer. */
		if (announced_size(connection) > API_MAX_BODY)
			return refuse(x, API_TOO_LARGE);
		return MHD_YES;
	}
	if (*size > 0) {
		enum MHD_Result result = take_body(x, data, *size);

		*size = 0;
		return result;
	}
	return proceed(x, url, method);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

size_t api_exchange_unescape(void *cls, struct MHD_Connection *connection, char *s)
{
	char *to = s;

	(void)cls;
	(void)connection;
	for (const char *from = s; *from; from++) {
		int high = *from == '%' ? hex(from[1]) : -1;
		int low = high >= 0 ? hex(from[2]) : -1;

		if (low >= 0 && (high | low) != 0) {
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return (size_t)(to - s);
}

void api_exchange_resume_all(struct api_http *http)
{
	struct exchange *x;

	LIST_FOREACH(x, &http->exchanges, entry)
	resume(x);
}
