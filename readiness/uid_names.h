/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of uids, as a person writes it: a checkpoint of Flink 1.x has the hashes of its uids
 * alone, and nobody knows an operator by that.
 *
 *   # a comment, when the line begins with it
 *   orders-source
 *   enrich-v2 = Enrichment        a name to show in place of the uid
 *
 * One uid a line, without the blanks around it; behind the first " = ", the name.  Empty lines are
 * skipped.  UTF-8.
 *
 * Pure, allocates.
 */
#pragma once

#include <stddef.h>

#include "readiness/uid_hash.h"

enum { UID_NAMES_ERROR_SIZE = 120 };

struct uid_name {
	char *uid;
	char *name; /* NULL: none was given */
	uint8_t id[UID_HASH_SIZE];
	size_t line;   /* from 1 */
	size_t before; /* the line that has the same uid already; 0: it is the first */
};

struct uid_names {
	struct uid_name *item; /* by their ids; those with the same uid by their lines */
	size_t n;
	/* private */
	size_t room;
};

struct uid_names_error {
	size_t line;
	char text[UID_NAMES_ERROR_SIZE];
};

/* 0, -ENOMEM, or -EBADMSG with reterr.  ret is to be done in any case. */
int uid_names_read(const char *bytes, size_t size, struct uid_names *ret,
                   struct uid_names_error *reterr);
void uid_names_done(struct uid_names *names);

/* NULL: there is none. */
const struct uid_name *uid_names_find(const struct uid_names *names,
                                      const uint8_t id[UID_HASH_SIZE]);
