/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of latches: `n-<nonce>-NNNNNNNNNN`.  The nonce is new for each session, so a latch names
 * its session without showing the session id (PROTOCOL D14); the number is ZooKeeper's sequence.
 * Pure: no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NONCE_LEN = 16, LATCH_NAME_LEN = 2 + NONCE_LEN + 1 + 10 };

struct nonce {
	char s[NONCE_LEN + 1]; /* 16 hex digits, lower case; "" = none */
};

struct latch_name {
	char s[LATCH_NAME_LEN + 1]; /* "" = none */
};

/* Takes a znode's name; false, and *ret untouched, when it is not the name of a latch. */
bool latch_name_parse(const char *name, struct latch_name *ret);

/* Copies 16 lower-case hex digits; false, and *ret untouched, for anything else. */
bool nonce_parse(const char *text, struct nonce *ret);

struct nonce latch_name_nonce(const struct latch_name *name);
bool latch_name_has_nonce(const struct latch_name *name, const struct nonce *nonce);
bool latch_name_equal(const struct latch_name *a, const struct latch_name *b);

static inline bool latch_name_set(const struct latch_name *name)
{
	return name->s[0] != '\0';
}

/* Orders by ZooKeeper's number alone (a signed 32-bit counter that may wrap below zero is refused
 * by latch_name_parse).  As qsort(3) wants it. */
int latch_name_compare(const void *a, const void *b);

/* What a sorted queue of latches says about our own. */
struct latch_rank {
	int index;                     /* 0 = lowest; -1 = not there */
	struct latch_name predecessor; /* the next lower one; none when index <= 0 */
};

struct latch_rank latch_name_rank(const struct latch_name *sorted, size_t n,
                                  const struct latch_name *own);
