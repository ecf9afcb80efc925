/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the clocks.  Both calls cannot fail on the kernels we run on. */
#include "daemon/clock.h"

#include <assert.h>
#include <time.h>

static struct timespec now_of(clockid_t clock)
{
	struct timespec ts = { 0 };

	assert(clock_gettime(clock, &ts) == 0);
	return ts;
}

usec_t clock_boottime(void)
{
	struct timespec ts = now_of(CLOCK_BOOTTIME);

	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

uint64_t clock_realtime_ms(void)
{
	struct timespec ts = now_of(CLOCK_REALTIME);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}
