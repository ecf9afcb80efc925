/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of a term of leadership.  It grows at each takeover and never repeats; it is the
 * fencing token.  A struct, so that it is never mixed with a time or a count.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct epoch {
	uint64_t v; /* 0 = none */
};

static inline struct epoch epoch_next(struct epoch e)
{
	return (struct epoch){ e.v + 1 };
}

static inline bool epoch_equal(struct epoch a, struct epoch b)
{
	return a.v == b.v;
}
