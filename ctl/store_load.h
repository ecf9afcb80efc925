/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmhactl store import FILE: what `store export` has written, into the store of a leader.  Checks
 * the whole file before anything is written; what stands there already is not written twice, so
 * that it may be stopped anywhere and run again.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code store_load_run(struct client *c, const struct options *o);
