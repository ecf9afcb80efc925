/* SPDX-License-Identifier: Apache-2.0 */
/* `jmhactl readiness`: are Flink's jobs and this cluster ready for production? */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

/* c: NULL when no daemon is to be asked. */
enum exit_code readiness_run(struct client *c, const struct options *o);
