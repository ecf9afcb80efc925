/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as microseconds of one clock.  The daemon judges leases by CLOCK_BOOTTIME only; the wall
 * clock is for display and for `at_ms` fields.  Milliseconds exist in configuration and JSON alone.
 */
#pragma once

#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_INFINITY ((usec_t)UINT64_MAX)
#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC  ((usec_t)1000000)
#define NSEC_PER_USEC ((usec_t)1000)

static inline usec_t usec_from_ms(uint64_t ms)
{
	return ms >= USEC_INFINITY / USEC_PER_MSEC ? USEC_INFINITY : ms * USEC_PER_MSEC;
}

static inline uint64_t usec_to_ms(usec_t usec)
{
	return usec / USEC_PER_MSEC;
}

/* a + b, where USEC_INFINITY stays what it is. */
static inline usec_t usec_add(usec_t a, usec_t b)
{
	return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

/* a - b, but never below zero. */
static inline usec_t usec_sub(usec_t a, usec_t b)
{
	return a > b ? a - b : 0;
}
