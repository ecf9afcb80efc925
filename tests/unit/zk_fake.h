/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ZooKeeper server as far as its wire goes: it answers handshakes as it is told, keeps the
 * requests, and sends the answers that the test makes up.  In the test's own thread: it moves in
 * zk_fake_serve() alone, so that a test decides what is in the socket when.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZK_FAKE_MAX_FRAMES = 64, ZK_FAKE_MAX_SIZE = 2048 };

/* Of the requests; as in the library's proto.h. */
enum zk_request_type {
	ZK_EXISTS = 3,
	ZK_GET = 4,
	ZK_SYNC = 9,
	ZK_PING = 11,
	ZK_LIST = 12,
	ZK_MULTI = 14,
	ZK_AUTH = 100,
	ZK_SET_WATCHES = 101,
	ZK_CLOSE = -11,
};

struct zk_frame {
	int32_t xid, type;
	unsigned connection; /* 1 = the first */
	size_t size;
	uint8_t body[ZK_FAKE_MAX_SIZE];
};

struct zk_fake {
	int listener, peer; /* -1 */
	char address[32];
	/* What it does. */
	bool mute;           /* accepts, and answers no handshake */
	bool read_only;      /* cut off from the others */
	bool expire;         /* "I know no such session" */
	const char *instead; /* what it says in place of a handshake */
	int32_t timeout_ms;  /* 0: as asked for */
	/* What it saw. */
	unsigned connections;
	int64_t asked_session;
	uint8_t asked_read_only;
	unsigned n;
	struct zk_frame frame[ZK_FAKE_MAX_FRAMES];
	/* the bytes of the connection that are not a whole frame yet */
	bool greeted;
	size_t in_size;
	uint8_t in[4 * ZK_FAKE_MAX_SIZE];
};

/* Listens on a port of `host`, an address of the loopback. */
void zk_fake_open(struct zk_fake *f, const char *host);
void zk_fake_close(struct zk_fake *f);
void zk_fake_hang_up(struct zk_fake *f);

/* Takes what has arrived: connections, handshakes, requests.  Never waits. */
void zk_fake_serve(struct zk_fake *f);

/* The newest request of this type, or NULL. */
const struct zk_frame *zk_fake_last(const struct zk_fake *f, enum zk_request_type type);
unsigned zk_fake_count(const struct zk_fake *f, enum zk_request_type type);

/* The body of an answer, put together. */
struct zk_body {
	size_t size;
	uint8_t data[ZK_FAKE_MAX_SIZE];
};

void zk_body_int(struct zk_body *b, int32_t value);
void zk_body_long(struct zk_body *b, int64_t value);
void zk_body_byte(struct zk_body *b, uint8_t value);
void zk_body_text(struct zk_body *b, const char *text);
void zk_body_stat(struct zk_body *b, int32_t version, int64_t owner);
/* One result of a multi: of a check or delete (0), of a set, or an error. */
void zk_body_done(struct zk_body *b, int32_t type);
void zk_body_error(struct zk_body *b, int32_t code);
void zk_body_end(struct zk_body *b);

/* `body` may be NULL. */
void zk_fake_answer(struct zk_fake *f, int32_t xid, int32_t error, const struct zk_body *body);
void zk_fake_watch_fired(struct zk_fake *f, int32_t type, const char *path);
