/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before something that failed is started again (C2): the first failure within 10
 * minutes costs no pause, then 1, 2, 4 .. 60 s.  Pure: no clock, no allocation.
 *
 * Owner: who embeds it.  Threads: none.
 */
#pragma once

#include "base/usec.h"

enum { RESTARTS_MAX = 32 };

struct restarts {                /* zeros = nothing failed yet */
	usec_t at[RESTARTS_MAX]; /* oldest first */
	unsigned n;
};

/* Records a failure at `now`; returns the pause before the next start. */
usec_t restarts_add(struct restarts *r, usec_t now);

/* Failures in the 10 minutes before `now`, at most RESTARTS_MAX. */
unsigned restarts_count(const struct restarts *r, usec_t now);
