/* SPDX-License-Identifier: Apache-2.0 */
/* jmhactl savepoint show: what a checkpoint or savepoint holds, and whether its files are there.
 * Asks no daemon. */
#pragma once

#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code savepoint_show_run(const struct options *o);
