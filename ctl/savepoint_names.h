/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators are called: by the list of uids that --uids names (readiness/uid_names.h), else by
 * their file.  Says on standard error what is wrong with the list.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "ctl/exit_code.h"
#include "readiness/savepoint.h"
#include "readiness/uid_names.h"

struct savepoint_names { /* all zeros: no list */
	const char *path;
	struct uid_names list;
};

/* path NULL: no list.  It has said why not, when it is not EXIT_DONE.  `ret` is to be done in any
 * case. */
enum exit_code savepoint_names_load(const char *path, struct savepoint_names *ret);
void savepoint_names_done(struct savepoint_names *names);

/* A restore_name_t, userdata = struct savepoint_names: the name or uid by the list; NULL: it is not
 * in there. */
const char *savepoint_names_of(void *userdata, const struct savepoint_operator *op);

/* Says each uid that is twice in the list, and each that no operator of these has, and returns them
 * as an array of texts; NULL: not enough memory. */
json_t *savepoint_names_warn(const struct savepoint_names *names,
                             const struct savepoint *const *savepoints, size_t n);

/* {"id": .., "uid": .., "uid_from": "file" or "list", "name": ..} */
json_t *savepoint_names_json(const struct savepoint_names *names,
                             const struct savepoint_operator *op);
