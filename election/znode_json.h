/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of the znodes besides register and endpoints (PROTOCOL section 5): latch, member,
 * request, maintenance.  Pure: no clock, no I/O; allocates.
 *
 * Encoders give malloc'ed text without a final newline: 0, -EINVAL for a field that is too long or
 * not UTF-8, -ENOMEM.  Decoders are strict about what they read and ignore what they do not know:
 * 0, -EBADMSG, -EPROTONOSUPPORT for a higher version; on failure *ret is untouched.  Only a
 * member's own nodes are ever rewritten, from its own structs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/epoch.h"
#include "election/latch_name.h"
#include "election/reason.h"
#include "election/register.h"

enum {
	ZNODE_HOST_MAX = 255,
	ZNODE_ADDRESS_MAX = 255,
	ZNODE_WORD_MAX = 31,
	ZNODE_TEXT_MAX = 511,
	ZNODE_SIGN_LEN = 32,
	ZNODE_SEES_MAX = 1023,
};

struct latch_node {
	char member[MEMBER_NAME_MAX + 1];
	char host[ZNODE_HOST_MAX + 1];
	int64_t started_ms; /* wall clock */
};

struct member_node {
	char member[MEMBER_NAME_MAX + 1];
	char host[ZNODE_HOST_MAX + 1];
	struct nonce nonce;
	bool observer;                 /* role */
	char jmha[ZNODE_WORD_MAX + 1]; /* release of the software */
	bool eligible;
	reasons_t reasons;               /* codes that we do not know are dropped */
	uint64_t sequence;               /* caught up to; at most once a second (D16) */
	struct epoch stopped;            /* A4; 0 = none */
	char config[8 + 1];              /* 8 hex: CRC of what must agree */
	char api[ZNODE_ADDRESS_MAX + 1]; /* "" = null */
	/* Do all write into the same storage?  Whoever leaves them out, or writes something else,
	 * has not told; an earlier release does not know them. */
	char sign[ZNODE_SIGN_LEN + 1]; /* what it has written there; "" = null */
	bool tells_sees;
	char sees[ZNODE_SEES_MAX + 1]; /* whose it has read there: names with a space between */
};

enum request_state { REQUEST_NEW, REQUEST_TAKEN, REQUEST_DONE };

struct request_node {
	char verb[ZNODE_WORD_MAX + 1];
	char args[ZNODE_TEXT_MAX + 1]; /* a JSON object as text; "" is read as {} */
	char by[ZNODE_WORD_MAX + 1];
	char member[MEMBER_NAME_MAX + 1];
	int64_t at_ms;
	enum request_state state;
	/* state DONE: */
	char error[ZNODE_WORD_MAX + 1]; /* stable code; "" = success */
	char message[ZNODE_TEXT_MAX + 1];
	struct epoch epoch;
	char timings[ZNODE_TEXT_MAX + 1]; /* members of a JSON object as text "{..}"; "" = none */
};

struct maintenance_node {
	int64_t until_ms; /* 0 = none */
	char by[ZNODE_WORD_MAX + 1];
	char why[ZNODE_TEXT_MAX + 1];
};

int znode_json_encode_latch(const struct latch_node *n, char **ret);
int znode_json_decode_latch(const void *data, size_t size, struct latch_node *ret);
int znode_json_encode_member(const struct member_node *n, char **ret);
int znode_json_decode_member(const void *data, size_t size, struct member_node *ret);
int znode_json_encode_request(const struct request_node *n, char **ret);
int znode_json_decode_request(const void *data, size_t size, struct request_node *ret);
int znode_json_encode_maintenance(const struct maintenance_node *n, char **ret);
int znode_json_decode_maintenance(const void *data, size_t size, struct maintenance_node *ret);

/* Names of clusters and members: [A-Za-z0-9_-][A-Za-z0-9._-]{0,62}. */
bool znode_json_valid_name(const char *name);
