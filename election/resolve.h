/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses, off the loop: getaddrinfo() on a thread for each name, which may hang for as
 * long as DNS likes.  IP literals need no thread and are answered at once.
 *
 * Owner: session.  Threads: all functions from the owner's; the thread shares nothing but a
 * reference-counted job, so an owner that goes away does not wait for it.
 */
#pragma once

#include <stdbool.h>

#include "election/ensemble.h"

struct resolve;

/* `servers`: NULL-terminated, each "host:port" or "[v6]:port"; copied.  0, -EINVAL for a wrong
 * form, -ENOMEM. */
int resolve_new(const char *const *servers, struct resolve **ret);
void resolve_free(struct resolve *r);
void resolve_freep(struct resolve **r);

/* Begin a look-up of each name that has none under way.  0, or a negative errno when no thread
 * could be made. */
int resolve_start(struct resolve *r);

/* Readable when a look-up has ended; the same descriptor for the life of `r`. */
int resolve_fd(const struct resolve *r);

/*
 * Takes the result of look-ups that have ended since: literals and whatever names could be
 * resolved, now or before, in the order of `servers`, all addresses of each.  Returns their number
 * (0 = none of the names is known), -EAGAIN when no look-up has ended.
 */
int resolve_take(struct resolve *r, struct ensemble_address ret[ENSEMBLE_MAX]);

/* The servers that are literals, without any look-up: their number. */
int resolve_literals(const struct resolve *r, struct ensemble_address ret[ENSEMBLE_MAX]);

/* True when all servers are literals: no look-up is ever needed. */
bool resolve_all_literal(const struct resolve *r);

/* "host:port" or "[v6]:port" with a port 1..65535; for the check of configurations, too. */
bool resolve_valid_server(const char *server);
