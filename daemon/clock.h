/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that reads clocks.  Owner: none.  Threads: any.
 */
#pragma once

#include "base/usec.h"

/* CLOCK_BOOTTIME: what leases and all deadlines are judged by. */
usec_t clock_boottime(void);

/* Wall clock in Unix milliseconds: for display and `at_ms` fields, never for a lease. */
uint64_t clock_realtime_ms(void);
