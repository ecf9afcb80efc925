/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/zk_fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PASSWORD_SIZE = 16, GREETING_SIZE = 4 + 8 + 4 + 8 + 4 + PASSWORD_SIZE };

static int64_t session_of_first = 0x1000000abcd0001;

/* ---- numbers on the wire: big-endian */

static int64_t get(const uint8_t *p, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | p[i];
	return size == 4 ? (int32_t)v : (int64_t)v;
}

static void put(struct zk_body *b, uint64_t value, size_t size)
{
	assert_true(b->size + size <= sizeof(b->data));
	for (size_t i = 0; i < size; i++)
		b->data[b->size++] = (uint8_t)(value >> 8 * (size - 1 - i));
}

void zk_body_int(struct zk_body *b, int32_t value)
{
	put(b, (uint32_t)value, 4);
}

void zk_body_long(struct zk_body *b, int64_t value)
{
	put(b, (uint64_t)value, 8);
}

void zk_body_byte(struct zk_body *b, uint8_t value)
{
	put(b, value, 1);
}

void zk_body_text(struct zk_body *b, const char *text)
{
	zk_body_int(b, (int32_t)strlen(text));
	for (; *text != '\0'; text++)
		zk_body_byte(b, (uint8_t)*text);
}

void zk_body_stat(struct zk_body *b, int32_t version, int64_t owner)
{
	for (unsigned i = 0; i < 4; i++) /* czxid, mzxid, ctime, mtime */
		zk_body_long(b, 7);
	zk_body_int(b, version);
	zk_body_int(b, 0); /* cversion */
	zk_body_int(b, 0); /* aversion */
	zk_body_long(b, owner);
	zk_body_int(b, 0);  /* length of data */
	zk_body_int(b, 0);  /* children */
	zk_body_long(b, 7); /* pzxid */
}

void zk_body_done(struct zk_body *b, int32_t type)
{
	zk_body_int(b, type);
	zk_body_byte(b, 0);
	zk_body_int(b, 0);
}

void zk_body_error(struct zk_body *b, int32_t code)
{
	zk_body_int(b, -1);
	zk_body_byte(b, 0);
	zk_body_int(b, code);
	zk_body_int(b, code);
}

void zk_body_end(struct zk_body *b)
{
	zk_body_int(b, -1);
	zk_body_byte(b, 1);
	zk_body_int(b, -1);
}

/* ---- life */

void zk_fake_open(struct zk_fake *f, const char *host)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);

	memset(f, 0, sizeof(*f));
	f->peer = -1;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(f->listener >= 0);
	assert_int_equal(inet_pton(AF_INET, host, &a.sin_addr), 1);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->listener, 8), 0);
	assert_int_equal(getsockname(f->listener, (struct sockaddr *)&a, &size), 0);
	(void)snprintf(f->address, sizeof(f->address), "%s:%u", host, ntohs(a.sin_port));
}

void zk_fake_hang_up(struct zk_fake *f)
{
	if (f->peer >= 0)
		(void)close(f->peer);
	f->peer = -1;
	f->in_size = 0;
	f->greeted = false;
}

void zk_fake_close(struct zk_fake *f)
{
	zk_fake_hang_up(f);
	if (f->listener >= 0)
		(void)close(f->listener);
	f->listener = -1;
}

/* ---- what it says */

static void say(struct zk_fake *f, const void *data, size_t size)
{
	assert_true(f->peer >= 0);
	/* Not send(): the test may have told that to fail. */
	assert_int_equal(write(f->peer, data, size), (ssize_t)size);
}

static void say_frame(struct zk_fake *f, const struct zk_body *frame)
{
	struct zk_body whole = { .size = 0 };

	zk_body_int(&whole, (int32_t)frame->size);
	assert_true(whole.size + frame->size <= sizeof(whole.data));
	memcpy(whole.data + whole.size, frame->data, frame->size);
	say(f, whole.data, whole.size + frame->size);
}

void zk_fake_answer(struct zk_fake *f, int32_t xid, int32_t error, const struct zk_body *body)
{
	struct zk_body frame = { .size = 0 };

	zk_body_int(&frame, xid);
	zk_body_long(&frame, xid < 0 ? -1 : 8);
	zk_body_int(&frame, error);
	if (body != NULL) {
		assert_true(frame.size + body->size <= sizeof(frame.data));
		memcpy(frame.data + frame.size, body->data, body->size);
		frame.size += body->size;
	}
	say_frame(f, &frame);
}

void zk_fake_watch_fired(struct zk_fake *f, int32_t type, const char *path)
{
	struct zk_body event = { .size = 0 };

	zk_body_int(&event, type);
	zk_body_int(&event, 3); /* connected */
	zk_body_text(&event, path);
	zk_fake_answer(f, -1, 0, &event);
}

/* ---- what it hears */

static void greet(struct zk_fake *f, const uint8_t *asked, size_t size)
{
	struct zk_body answer = { .size = 0 };
	int32_t timeout = (int32_t)get(asked + 12, 4);

	assert_true(size >= GREETING_SIZE);
	f->asked_session = get(asked + 16, 8);
	f->asked_read_only = size > GREETING_SIZE ? asked[GREETING_SIZE] : 0;
	f->greeted = true;
	if (f->mute)
		return;
	if (f->instead != NULL) {
		say(f, f->instead, strlen(f->instead));
		return;
	}
	zk_body_int(&answer, 0);
	zk_body_int(&answer, f->expire ? 0 : f->timeout_ms != 0 ? f->timeout_ms : timeout);
	zk_body_long(&answer, f->expire               ? 0
	                      : f->asked_session != 0 ? f->asked_session
	                                              : session_of_first++);
	zk_body_int(&answer, PASSWORD_SIZE);
	for (unsigned i = 0; i < PASSWORD_SIZE; i++)
		zk_body_byte(&answer, (uint8_t)(f->expire ? 0 : 'p'));
	zk_body_byte(&answer, f->read_only);
	say_frame(f, &answer);
}

static void take_frame(struct zk_fake *f, const uint8_t *frame, size_t size)
{
	struct zk_frame *kept = &f->frame[f->n];

	if (!f->greeted) {
		greet(f, frame, size);
		return;
	}
	assert_true(f->n < ZK_FAKE_MAX_FRAMES && size >= 8 && size - 8 <= sizeof(kept->body));
	kept->xid = (int32_t)get(frame, 4);
	kept->type = (int32_t)get(frame + 4, 4);
	kept->connection = f->connections;
	kept->size = size - 8;
	memcpy(kept->body, frame + 8, kept->size);
	f->n++;
}

static void take_frames(struct zk_fake *f)
{
	size_t at = 0;

	while (f->in_size - at >= 4) {
		size_t size = (size_t)get(f->in + at, 4);

		if (f->in_size - at - 4 < size)
			break;
		take_frame(f, f->in + at + 4, size);
		at += 4 + size;
	}
	memmove(f->in, f->in + at, f->in_size - at);
	f->in_size -= at;
}

void zk_fake_serve(struct zk_fake *f)
{
	int peer = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const int yes = 1;
	ssize_t n;

	if (peer >= 0) {
		zk_fake_hang_up(f);
		(void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		f->peer = peer;
		f->connections++;
	}
	while (f->peer >= 0) {
		n = recv(f->peer, f->in + f->in_size, sizeof(f->in) - f->in_size, 0);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			zk_fake_hang_up(f);
			break;
		}
		f->in_size += (size_t)n;
		take_frames(f);
	}
}

const struct zk_frame *zk_fake_last(const struct zk_fake *f, enum zk_request_type type)
{
	for (unsigned i = f->n; i > 0; i--)
		if (f->frame[i - 1].type == (int32_t)type)
			return &f->frame[i - 1];
	return NULL;
}

unsigned zk_fake_count(const struct zk_fake *f, enum zk_request_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++)
		n += f->frame[i].type == (int32_t)type;
	return n;
}
