/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `jmhactl pointers`: list, get, put, delete.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

enum exit_code pointers_list(struct client *c, const struct options *o);
enum exit_code pointers_get(struct client *c, const struct options *o);
enum exit_code pointers_put(struct client *c, const struct options *o);
enum exit_code pointers_delete(struct client *c, const struct options *o);
