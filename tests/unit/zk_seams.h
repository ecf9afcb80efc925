/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library as libzookeeper sees it: what a test program defines replaces what the shared
 * library would call, so that time can stand still or jump, sends fail, and calls be counted.
 * Threads: the test's; getaddrinfo() also from the resolver's.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct zk_seams {
	int64_t skew;                    /* microseconds that every clock is ahead */
	int64_t frozen_at;               /* nanoseconds; 0: time goes on */
	int connect_error;               /* connect() fails with this errno; 0: it does not */
	int sends_left;                  /* so many send() succeed, then EPIPE; -1: all do */
	unsigned connects;               /* connect() calls */
	unsigned waits;                  /* poll() calls that may wait */
	unsigned received_waiting;       /* recv() on a socket that may wait */
	unsigned lookups;                /* getaddrinfo() on the test's thread */
	unsigned names;                  /* .. of them with a name, not an address */
	unsigned identities;             /* getlogin(), getpwuid_r() */
	atomic_bool looked_up_elsewhere; /* a name, on another thread */
	atomic_bool name_service_hangs;  /* look-ups of names wait for the end of this */
};

extern struct zk_seams zk_seams;

void zk_seams_reset(void);
void zk_seams_freeze(void);
