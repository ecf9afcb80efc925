/* SPDX-License-Identifier: Apache-2.0 */
/* jmhactl store show, store verify: a store seen from outside; write nothing, ask no daemon. */
#pragma once

#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code store_show_run(const struct options *o);
enum exit_code store_verify_run(const struct options *o);
