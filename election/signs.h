/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which members share this one's storage: those whose sign, as their member nodes tell it, was read
 * there.  It is only shown and decides nothing.
 *
 * A copy of the storage has the signs of the time when it was made.  So whoever sees somebody who
 * was not there yet when its sign was drawn draws another: a member that was restarted on a copy
 * finds only old ones there.  A sign that does not agree is believed the second time: on a network
 * file system it may be seen a little later than in ZooKeeper.
 *
 * Pure: no clock, no I/O; allocates nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "election/latch_name.h"
#include "election/znode_json.h"

enum { SIGNS_MAX = 64 };

struct member_sign {
	char member[MEMBER_NAME_MAX + 1];
	char sign[ZNODE_SIGN_LEN + 1]; /* "" = none was read */
};

struct signs_member {
	struct member_sign told; /* as it was when it was last compared */
	bool seen;
	unsigned missed; /* in a row */
};

/* All zeros at the start. */
struct signs {
	char own[ZNODE_SIGN_LEN + 1]; /* "" = not drawn yet */
	unsigned n_met;               /* who was there then, by their sessions */
	struct nonce met[SIGNS_MAX];
	unsigned n; /* as compared last */
	struct signs_member member[SIGNS_MAX];
};

/* Somebody of these was not there when the own sign was drawn, or none was. */
bool signs_outdated(const struct signs *s, const struct nonce *present, unsigned n);
void signs_drawn(struct signs *s, const char *own, const struct nonce *present, unsigned n);

/* One of these was not compared yet. */
bool signs_news(const struct signs *s, const struct member_sign *told, unsigned n);
/* `read`: what the storage has, of the same members in the same order. */
void signs_compare(struct signs *s, const struct member_sign *told, const struct member_sign *read,
                   unsigned n);

/* Names with a space between, in the order in which they were told.  False: no room. */
bool signs_seen(const struct signs *s, char *ret, size_t size);
/* Those that were not seen twice in a row or longer; as many as there is room for.  Returns how
 * many there are. */
unsigned signs_unseen(const struct signs *s, char *ret, size_t size);
