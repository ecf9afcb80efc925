/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reading of the store found: whether what it read may be served, and what of it is damaged
 * (PROTOCOL B5, B6).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/record.h"
#include "storage/store_state.h"

struct damage {
	enum record_file_kind kind;
	uint64_t epoch, number, offset; /* file, and where the record begins */
	uint64_t
	        sequence; /* of the record; for a gap in a log, of the first lost one; 0: unknown */
	char *key;        /* NULL: not known, a header was lost */
	uint64_t records; /* key NULL: how many records were lost; 0: none, only what pads them */
};

struct report {
	enum store_state state; /* OK also with damage; anything else: nothing may be served */
	int error;              /* negative errno for STORAGE_FAILED, else 0 */
	char text[STORE_TEXT_SIZE];
	struct damage *damage;
	size_t n_damage;
};

/* Adds it, with a copy of key[0..key_size); key NULL: not known.  -ENOMEM. */
int report_damage(struct report *report, const struct damage *damage, const char *key,
                  size_t key_size);

/* Two readings found the same (B5). */
bool report_same(const struct report *a, const struct report *b);

/* B5: something is wrong with the bytes, not with the way to them. */
bool report_suspicious(const struct report *report);

/* Forgets all, and says OK again. */
void report_clear(struct report *report);
