/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ZooKeeper server to try next, and when.  The client library is given one address at a time
 * (ZOOKEEPER-2466: with an even number of addresses it never tries half of them again), so rotation
 * and pauses are decided here.  Pure: no clock, no allocation.
 *
 * The first round over all addresses makes no pause; after each round that found nobody the pause
 * grows from 50 ms to 1 s.
 */
#pragma once

#include <stdint.h>

#include "base/usec.h"

enum { ENSEMBLE_MAX = 32, ENSEMBLE_ADDRESS_SIZE = 64 };

struct ensemble_address {
	char s[ENSEMBLE_ADDRESS_SIZE]; /* "192.0.2.1:2181" or "[2001:db8::1]:2181" */
};

struct ensemble {
	unsigned n;
	struct ensemble_address address[ENSEMBLE_MAX];
	unsigned next;                /* index of the address to try next */
	unsigned failed;              /* attempts since the last success */
	struct ensemble_address last; /* tried last */
	uint32_t seed;
};

void ensemble_init(struct ensemble *e, uint32_t seed);

/*
 * Replaces the addresses (at most ENSEMBLE_MAX are kept; doubles are dropped).  The order is turned
 * by `seed` of ensemble_init(), so that not all members go to the same server; the address tried
 * last stays the last one where it is still listed.
 */
void ensemble_set(struct ensemble *e, const struct ensemble_address *address, unsigned n);

/* The address to try, or NULL when there is none; the next call gives the next one. */
const struct ensemble_address *ensemble_next(struct ensemble *e);

/* An attempt failed, or an established connection was lost.  Returns the pause before the next. */
usec_t ensemble_failed(struct ensemble *e);

/* A session was established. */
void ensemble_succeeded(struct ensemble *e);
