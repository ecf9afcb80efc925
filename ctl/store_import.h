/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `jmhactl store import`: moves the jobs of a cluster that used Flink's own ZooKeeper HA into the
 * store, through the API of the leader.  Nothing is written to that ZooKeeper tree.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code store_import_run(struct client *c, const struct options *o);
