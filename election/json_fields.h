/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of the fields of a JSON object: the first thing that is wrong is remembered, what
 * follows does nothing, one look at the end tells.  Pure; for register.c and znode_json.c.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "election/cause.h"
#include "election/latch_name.h"

struct fields_error {
	bool bad;
	char text[160];
};

struct fields {
	json_t *object;
	const char *where; /* "owner." or "" */
	struct fields_error *error;
};

/* Parses a whole text and checks "version": 0 and a new reference, -EBADMSG or -EPROTONOSUPPORT
 * with the error's text, -ENOMEM. */
int fields_parse(const void *data, size_t size, json_t **ret, struct fields_error *reterr);

void fields_fail(const struct fields *f, const char *key, const char *what);

/* A missing field is wrong; `nullable`: null is read as "". */
void fields_string(const struct fields *f, const char *key, char *ret, size_t size, bool nullable);
void fields_uint(const struct fields *f, const char *key, uint64_t max, uint64_t *ret);
void fields_bool(const struct fields *f, const char *key, bool *ret);
void fields_hex(const struct fields *f, const char *key, void *ret, size_t size);
void fields_latch(const struct fields *f, const char *key, bool nullable, struct latch_name *ret);
void fields_cause(const struct fields *f, const char *key, enum cause *ret); /* null: NONE */
/* False for null, which is wrong unless `nullable`. `where` is the prefix for errors. */
bool fields_object(const struct fields *f, const char *key, const char *where, bool nullable,
                   struct fields *ret);
