/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/cleanup.h"

enum { MOST_REPLY = 512 * 1024 * 1024, MOST_LINE = 1024 * 1024 };

struct client {
	CURL *curl;
	char *socket;
};

struct buffer {
	char *bytes;
	size_t size, space;
	size_t most;
	int error; /* negative errno; why the transfer was ended */
};

int client_open(const char *socket, struct client **ret)
{
	CLEANUP(client_closep) struct client *c = NULL;
	struct sockaddr_un sun;

	if (strlen(socket) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->socket = strdup(socket);
	c->curl = curl_easy_init();
	if (!c->socket || !c->curl)
		return -ENOMEM;
	*ret = TAKE_PTR(c);
	return 0;
}

struct client *client_close(struct client *c)
{
	if (!c)
		return NULL;
	curl_easy_cleanup(c->curl);
	free(c->socket);
	free(c);
	return NULL;
}

const char *client_socket(const struct client *c)
{
	return c->socket;
}

static int append(struct buffer *b, const char *bytes, size_t size)
{
	if (size > b->most - b->size)
		return -EMSGSIZE;
	if (b->size + size + 1 > b->space) {
		size_t space = 2 * (b->size + size + 1);
		char *more = realloc(b->bytes, space);

		if (!more)
			return -ENOMEM;
		b->bytes = more;
		b->space = space;
	}
	memcpy(b->bytes + b->size, bytes, size);
	b->size += size;
	b->bytes[b->size] = '\0';
	return 0;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *userdata)
{
	struct buffer *b = userdata;

	b->error = append(b, bytes, one * n);
	return b->error < 0 ? 0 : n;
}

static size_t on_header(char *bytes, size_t one, size_t n, void *userdata)
{
	struct client_reply *reply = userdata;
	size_t size = one * n, len = 0;

	if (size < 5 || strncasecmp(bytes, "ETag:", 5) != 0)
		return size;
	for (size_t i = 5; i < size && len + 1 < sizeof(reply->etag); i++)
		if (strchr(" \t\r\n\"", bytes[i]) == NULL)
			reply->etag[len++] = bytes[i];
	reply->etag[len] = '\0';
	return size;
}

static int to_errno(CURL *curl, CURLcode code, int why_ended)
{
	long os_error = 0;

	switch ((int)code) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_CONNECT:
		(void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
		return os_error > 0 ? -(int)os_error : -ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_WRITE_ERROR:
		return why_ended < 0 ? why_ended : -ECANCELED;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return -ECONNRESET;
	default:
		return -EPROTO;
	}
}

bool client_outcome_unknown(int r)
{
	return r == -ETIMEDOUT || r == -ECONNRESET || r == -EPROTO || r == -EMSGSIZE;
}

/* What every request has; headers that curl would add by itself are taken out. */
static int prepare(struct client *c, const char *method, const char *path,
                   struct curl_slist *headers)
{
	CLEANUP(freep) char *url = NULL;

	if (asprintf(&url, "http://localhost%s", path) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	curl_easy_reset(c->curl);
	if (curl_easy_setopt(c->curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket) != CURLE_OK ||
	    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK ||
	    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
	    curl_easy_setopt(c->curl, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(c->curl, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK)
		return -ENOMEM;
	return 0;
}

static void free_headers(struct curl_slist **headers)
{
	curl_slist_free_all(*headers);
}

static int add_header(struct curl_slist **headers, const char *text)
{
	struct curl_slist *more;

	if (!text)
		return 0;
	more = curl_slist_append(*headers, text);
	if (!more)
		return -ENOMEM;
	*headers = more;
	return 0;
}

int client_call(struct client *c, const struct client_request *req, struct client_reply *ret)
{
	CLEANUP(free_headers) struct curl_slist *headers = NULL;
	struct buffer body = { .most = MOST_REPLY };
	struct client_reply reply = { 0 };
	CURLcode code;
	long http = 0;
	int r;

	*ret = (struct client_reply){ 0 };
	if (add_header(&headers, req->header) < 0 || add_header(&headers, req->header2) < 0)
		return -ENOMEM;
	r = prepare(c, req->method, req->path, headers);
	if (r < 0)
		return r;
	if (req->body) {
		(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, req->body);
		(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->size);
	}
	(void)curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)usec_to_ms(req->timeout));
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &body);
	(void)curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &reply);
	code = curl_easy_perform(c->curl);
	r = to_errno(c->curl, code, body.error);
	if (r == 0)
		r = append(&body, "", 0);
	if (r < 0) {
		free(body.bytes);
		return r;
	}
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &http);
	reply.http = (unsigned)http;
	reply.body = body.bytes;
	reply.size = body.size;
	*ret = reply;
	return 0;
}

void client_reply_done(struct client_reply *reply)
{
	free(reply->body);
	reply->body = NULL;
}

struct follow {
	struct buffer buffer;
	CURL *curl;
	bool (*on_line)(void *userdata, char *line);
	void *userdata;
	bool ended;
};

static size_t on_stream(char *bytes, size_t one, size_t n, void *userdata)
{
	struct follow *f = userdata;
	char *line, *end;
	long http = 0;

	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &http);
	if (http != 200)
		return n; /* the caller says what the status means */
	f->buffer.error = append(&f->buffer, bytes, one * n);
	if (f->buffer.error < 0)
		return 0;
	line = f->buffer.bytes;
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		if (!f->on_line(f->userdata, line)) {
			f->ended = true;
			return 0;
		}
		line = end + 1;
	}
	f->buffer.size = strlen(line);
	memmove(f->buffer.bytes, line, f->buffer.size + 1);
	return n;
}

int client_follow(struct client *c, const char *path, bool (*on_line)(void *userdata, char *line),
                  void *userdata, unsigned *ret_http)
{
	struct follow f = {
		.buffer.most = MOST_LINE,
		.curl = c->curl,
		.on_line = on_line,
		.userdata = userdata,
	};
	CURLcode code;
	long http = 0;
	int r;

	r = prepare(c, "GET", path, NULL);
	if (r < 0)
		return r;
	(void)curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_stream);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &f);
	code = curl_easy_perform(c->curl);
	free(f.buffer.bytes);
	if (f.ended)
		return 0;
	r = to_errno(c->curl, code, f.buffer.error);
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &http);
	*ret_http = (unsigned)http;
	if (r == 0 && http != 200)
		return -EPROTO;
	/* A stream that was there and broke has ended; the daemon was replaced. */
	return http == 200 && r == -ECONNRESET ? 0 : r;
}

char *client_escape(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                            "0123456789._-/~";
	char *escaped = malloc(3 * strlen(text) + 1), *to = escaped;

	if (!escaped)
		return NULL;
	for (; *text; text++)
		if (strchr(plain, *text))
			*to++ = *text;
		else
			to += snprintf(to, 4, "%%%02X", (unsigned)(unsigned char)*text);
	*to = '\0';
	return escaped;
}
