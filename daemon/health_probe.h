/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks one URL, off the loop: a fresh connection and a thread of its own for each question, since
 * neither a name service nor a handshake may keep the loop waiting.
 *
 * libcurl is loaded at the first question, not linked: it brings twenty libraries along, which
 * guard and elector of a member without health.url have no use for.
 *
 * Owner: the elector.  Threads: all functions from the owner's; the thread shares nothing but a
 * reference-counted job, so an owner that goes away does not wait for it.
 */
#pragma once

#include <stdbool.h>

#include "base/usec.h"
#include "daemon/health.h"

struct health_probe;

int health_probe_new(struct health_probe **ret);

/* Ends the question under way.  Waits for its thread, but only for a moment. */
struct health_probe *health_probe_free(struct health_probe *p); /* takes NULL; returns NULL */
void health_probe_freep(struct health_probe **p);

/* GET url, for which all together takes at most `timeout`.  -EBUSY while a question is under way;
 * another negative errno when no thread could be made. */
int health_probe_ask(struct health_probe *p, const char *url, usec_t timeout);

/* Readable when an answer is there; the same descriptor for the life of `p`. */
int health_probe_fd(const struct health_probe *p);

/* True when there was one: *ret is filled. */
bool health_probe_take(struct health_probe *p, struct health_answer *ret);
