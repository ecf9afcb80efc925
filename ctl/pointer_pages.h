/* SPDX-License-Identifier: Apache-2.0 */
/* All pointers of a daemon, one part of the list after the other: it answers others in between. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

/*
 * Calls on_page with each answer of GET /v1/pointers, in the order of keys; it returns 0 or a
 * negative errno, which ends it.  *ret_first, *ret_last: the sequences of the first answer and the
 * last: where they differ, changes were made in between.  It has said what went wrong.
 */
enum exit_code pointer_pages_each(struct client *c, const struct options *o,
                                  int (*on_page)(void *userdata, const json_t *page),
                                  void *userdata, uint64_t *ret_first, uint64_t *ret_last);
