/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs store jobs in order on a thread of their own and watches their deadlines (PROTOCOL B4).  All
 * functions on the loop's thread.
 */
#pragma once

#include "base/usec.h"
#include "storage/store_ops.h"

struct store_thread;

/* Takes over what place holds. */
int store_thread_new(struct store_place *place, struct store_thread **ret);
void store_thread_free(struct store_thread *t);

const struct store_place *store_thread_place(const struct store_thread *t);
int store_thread_fd(const struct store_thread *t);
usec_t store_thread_next_deadline(struct store_thread *t);

/* Takes the job over; it comes back through store_thread_dispatch(). */
void store_thread_submit(struct store_thread *t, struct store_job *job);

/* Calls on_done once for each job that is done, late (-ETIMEDOUT) or refused (-EBUSY); the job is
 * valid during the call.  A late one is a stand-in: the thread still has the job itself. */
void store_thread_dispatch(struct store_thread *t, usec_t now,
                           void (*on_done)(struct store_job *job));
