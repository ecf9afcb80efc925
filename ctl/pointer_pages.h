/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers of a daemon, one part of the list after the other: it answers others in between, and
 * refuses a long list as a whole.  Nothing else here asks for GET /v1/pointers. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

/* The sequences of the first part and the last: where they differ, changes were made in between.
 * A pointer that was there all the time is listed once in any case. */
struct pointer_span {
	uint64_t first, last;
};

/*
 * Calls on_page with each part of the list of those below `prefix` ("": all), in the order of keys;
 * it returns 0 or a negative errno, which ends it.  A daemon that repeats a key, or says that there
 * is more and gives nothing, is an error: the list ends in any case.  It has said what went wrong;
 * with --json an error instead of the first part was printed as it is.
 */
enum exit_code pointer_pages_each(struct client *c, const struct options *o, const char *prefix,
                                  int (*on_page)(void *userdata, const json_t *page),
                                  void *userdata, struct pointer_span *ret);

/* On stderr, if so. */
void pointer_pages_say_changes(const struct pointer_span *span);
