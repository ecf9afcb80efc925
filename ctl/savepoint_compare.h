/* SPDX-License-Identifier: Apache-2.0 */
/* jmhactl savepoint compare: would a job with the operators of one savepoint start from another?
 * Asks no daemon. */
#pragma once

#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code savepoint_compare_run(const struct options *o);
