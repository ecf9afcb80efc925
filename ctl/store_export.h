/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmhactl store export: all pointers and counters into one file (repair/backup.h), from a daemon
 * or, with --offline, from the files of the store.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code store_export_run(struct client *c, const struct options *o);
enum exit_code store_export_offline(const struct options *o);
