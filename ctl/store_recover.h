/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmhactl store recover: shows what was found, asks, waits until no leader can be left, and has the
 * register written anew (PROTOCOL D11).  What is right is decided by repair/recover_plan.
 */
#pragma once

#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code store_recover_run(const struct options *o);
