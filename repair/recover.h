/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out what recover_plan has decided: one znode, written whole or not at all (PROTOCOL D11).
 *
 * Threads: the caller's; blocks.
 */
#pragma once

#include "repair/recover_plan.h"

/*
 * Looks once more: nobody has written the register since the facts were gathered, and nobody holds
 * a latch.  Nor has anybody written to the store: one who does is led by another ZooKeeper than
 * this, and a register here would be a second one.  0; -ESTALE: begin anew; -EBUSY: somebody writes
 * to the store; else as zk_calls.h.
 */
int recover_check(struct zk_calls *z, const struct inspect_request *request,
                  const struct store_facts *facts);

/*
 * Writes the register, and before it what of `base` ("/jmha/orders") is not there.  0: it stands
 * there; -ESTALE: somebody else has written it, nothing was done; -EINPROGRESS: nobody knows, look
 * again; else as zk_calls.h, and nothing was done.
 */
int recover_write(struct zk_calls *z, const char *base, const struct recover_plan *plan);
