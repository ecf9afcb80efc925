/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's answers (docs/api.md) as facts for cluster_checks.  An older daemon's may lack
 * fields: then theirs stay "not known".
 *
 * Pure, allocates.  The facts are begun by the caller, with cluster_facts_none.  0, or -ENOMEM.
 */
#pragma once

#include <jansson.h>

#include "readiness/cluster_checks.h"

int cluster_rest_status(const json_t *status, struct cluster_facts *c);
int cluster_rest_members(const json_t *cluster, struct cluster_facts *c);
int cluster_rest_history(const json_t *history, struct cluster_facts *c);
