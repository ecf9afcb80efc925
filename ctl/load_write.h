/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out a load_plan through the API of the leader: so many requests at once that it commits
 * them together, and yet what others build on first.
 *
 * Threads: starts some, and has ended them when it returns.
 */
#pragma once

#include <stdint.h>

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/load_plan.h"
#include "ctl/options.h"

enum exit_code load_write(struct client *c, const struct options *o, const struct load_plan *plan,
                          uint64_t epoch);
