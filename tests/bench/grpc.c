/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/grpc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* RFC 9113: frames, their flags, the windows of section 6.9.2. */
enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum { FRAME_HEADER = 9, FIRST_WINDOW = 65535, TELL_AFTER = 16384, PUT_MAX = 2048 };

static void write32(uint8_t *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t read32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static size_t frame_header(uint8_t *to, size_t size, uint8_t type, uint8_t flags, uint32_t stream)
{
	write32(to, (uint32_t)size << 8 | type);
	to[4] = flags;
	write32(to + 5, stream);
	return FRAME_HEADER;
}

static int send_all(int fd, const void *bytes, size_t size)
{
	ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO; /* small, and the socket blocks */
}

/* ---- the connection */

/* RFC 7541: fields of the static table, and literals that enter no table and are not packed. */
static size_t text_field(uint8_t *to, const char *text)
{
	size_t n = strlen(text);

	to[0] = (uint8_t)n; /* below 127 */
	memcpy(to + 1, text, n);
	return n + 1;
}

static void make_head(struct grpc *g, const char *address)
{
	enum { POST = 0x83, HTTP = 0x86, AUTHORITY = 0x01, PATH = 0x04, CONTENT_TYPE = 31 };
	uint8_t *p = g->head + FRAME_HEADER;

	*p++ = POST;
	*p++ = HTTP;
	*p++ = PATH;
	p += text_field(p, "/etcdserverpb.KV/Put");
	*p++ = AUTHORITY;
	p += text_field(p, address);
	*p++ = 0x0f;
	*p++ = CONTENT_TYPE - 0x0f;
	p += text_field(p, "application/grpc");
	*p++ = 0x00;
	p += text_field(p, "te");
	p += text_field(p, "trailers");
	g->head_size = (size_t)(p - g->head);
	(void)frame_header(g->head, g->head_size - FRAME_HEADER, HEADERS, END_HEADERS, 0);
}

static int connect_to(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const char *colon = strchr(address, ':');
	char host[32];
	CLEANUP(closep) int fd = -EBADF;
	int yes = 1;

	(void)snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - address) : 0, address);
	if (!colon || inet_pton(AF_INET, host, &to.sin_addr) != 1)
		return -EINVAL;
	to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int grpc_connect(struct grpc *g, const char *address)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	uint8_t first[sizeof(preface) - 1 + FRAME_HEADER];

	if (strlen(address) > 64)
		return -EINVAL;
	*g = (struct grpc){ .fd = connect_to(address), .window = FIRST_WINDOW };
	if (g->fd < 0)
		return g->fd;
	make_head(g, address);
	memcpy(first, preface, sizeof(preface) - 1);
	(void)frame_header(first + sizeof(preface) - 1, 0, SETTINGS, 0, 0);
	return send_all(g->fd, first, sizeof(first));
}

/* ---- calls */

/* A field of bytes of a protobuf message. */
static size_t bytes_field(uint8_t *to, unsigned number, const void *bytes, size_t size)
{
	size_t at = 0, left = size;

	to[at++] = (uint8_t)(number << 3 | 2);
	for (; left > 127; left >>= 7)
		to[at++] = (uint8_t)(left | 128);
	to[at++] = (uint8_t)left;
	memcpy(to + at, bytes, size);
	return at + size;
}

int grpc_put(struct grpc *g, const char *key, const void *value, size_t size)
{
	enum { PREFIX = 5 }; /* of a gRPC message: not compressed, its length */
	uint8_t out[PUT_MAX], *data = out + g->head_size, *body = data + FRAME_HEADER + PREFIX;
	size_t n;

	if (strlen(key) + size + g->head_size + 32 > sizeof(out))
		return -EMSGSIZE;
	g->stream = g->stream ? g->stream + 2 : 1;
	g->answered = 0;
	memcpy(out, g->head, g->head_size);
	write32(out + 5, g->stream);
	n = bytes_field(body, 1, key, strlen(key));
	n += bytes_field(body + n, 2, value, size);
	body[-PREFIX] = 0;
	write32(body - PREFIX + 1, (uint32_t)n);
	(void)frame_header(data, PREFIX + n, DATA, END_STREAM, g->stream);
	/* The server tells what it has read at a quarter of the window, and it has read all. */
	g->window -= (int64_t)(PREFIX + n);
	if (g->window < 0)
		return -ENOBUFS;
	return send_all(g->fd, out, (size_t)(body + n - out));
}

static int tell_received(struct grpc *g, size_t size)
{
	uint8_t out[FRAME_HEADER + 4];

	g->unacked += (uint32_t)size;
	if (g->unacked < TELL_AFTER)
		return 0;
	(void)frame_header(out, 4, WINDOW, 0, 0);
	write32(out + FRAME_HEADER, g->unacked);
	g->unacked = 0;
	return send_all(g->fd, out, sizeof(out));
}

static int acknowledge(struct grpc *g, uint8_t type, const uint8_t *body, size_t size)
{
	uint8_t out[FRAME_HEADER + 8];

	if (size > 8)
		return -EPROTO;
	(void)frame_header(out, size, type, ACK, 0);
	memcpy(out + FRAME_HEADER, body, size);
	return send_all(g->fd, out, FRAME_HEADER + size);
}

/* Of the headers nothing is read: a call that fails has trailers and no message. */
static int on_frame(struct grpc *g, uint8_t type, uint8_t flags, uint32_t stream,
                    const uint8_t *body, size_t size)
{
	int r = 0;

	if (type == SETTINGS && !(flags & ACK))
		r = acknowledge(g, SETTINGS, body, 0);
	else if (type == PING && !(flags & ACK))
		r = acknowledge(g, PING, body, size);
	else if (type == WINDOW && stream == 0 && size == 4)
		g->window += read32(body) & 0x7fffffff;
	else if (type == GOAWAY || (type == RST_STREAM && stream == g->stream && !g->answered))
		r = -EPROTO;
	else if (type == DATA)
		r = tell_received(g, size);
	if (r < 0 || stream != g->stream)
		return r;
	if (type == DATA && size > 0)
		g->answered = 1;
	if ((type == DATA || type == HEADERS) && (flags & END_STREAM)) {
		if (!g->answered)
			return -EPROTO;
		g->answered = 2;
	}
	return 0;
}

int grpc_receive(struct grpc *g)
{
	ssize_t n = recv(g->fd, g->in + g->in_size, sizeof(g->in) - g->in_size, 0);
	size_t at = 0;
	int r = 0;

	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	g->in_size += (size_t)n;
	while (r >= 0 && g->in_size - at >= FRAME_HEADER) {
		const uint8_t *f = g->in + at;
		size_t size = read32(f) >> 8;

		if (size > sizeof(g->in) - FRAME_HEADER)
			return -EMSGSIZE;
		if (g->in_size - at < FRAME_HEADER + size)
			break;
		r = on_frame(g, f[3], f[4], read32(f + 5), f + FRAME_HEADER, size);
		at += FRAME_HEADER + size;
	}
	memmove(g->in, g->in + at, g->in_size - at);
	g->in_size -= at;
	if (r < 0)
		return r;
	if (g->answered != 2)
		return 0;
	g->answered = 0; /* said once */
	return 1;
}
