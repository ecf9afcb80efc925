/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All pointers of a cluster in one text file, a JSON object a line: the backup, and the way from
 *one cluster to another.
 *
 *	{"version":1,"cluster":"orders","cluster_id":"<32 hex>" or null,"epoch":7,"sequence":991,
 *	 "at_ms":1764230000000,"pointers":2,"counters":1}
 *	{"key":"jobs/a","revision":17,"value":"text"}
 *	{"key":"jobs/b","revision":18,"base64":"AAEC"}         what is no text
 *	{"key":"jobs/c","revision":19,"damaged":true}          its value was lost before
 *	{"counter":"a","next":5}
 *	{"end":true,"pointers":2,"counters":1,"sha256":"<64 hex>"}    of all bytes before this line
 *
 * Counters belong to it: without them a job would be given its checkpoint numbers twice.  History
 *and parked jobs do not: they tell of the cluster where they happened.
 *
 * Owner: the caller.  Threads: none; blocks on its FILE.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "storage/pointer_map.h"

enum { BACKUP_NAME_SIZE = 64, BACKUP_ID_SIZE = 33, BACKUP_TEXT_SIZE = 256 };

#define BACKUP_COUNTER_PREFIX "~counter/"

struct backup {
	char cluster[BACKUP_NAME_SIZE];
	char cluster_id[BACKUP_ID_SIZE]; /* "" = not known */
	uint64_t epoch, sequence;
	int64_t at_ms;
	struct pointer_map *map;       /* pointers, and counters as ~counter/<key>: decimal */
	size_t n_pointers, n_counters; /* of them; set by reading and writing */
	size_t n_damaged;
};

/* An empty map.  -ENOMEM. */
int backup_init(struct backup *ret);
void backup_done(struct backup *backup);

/* Puts one in.  value NULL: damaged.  -EINVAL: no key that jmha knows; -EMSGSIZE; -ENOMEM. */
int backup_put(struct backup *backup, const char *key, uint64_t revision, const void *value,
               size_t size);
int backup_put_base64(struct backup *backup, const char *key, uint64_t revision, const char *text);
int backup_put_counter(struct backup *backup, const char *key, int64_t next);

/* What belongs into a backup of a whole map: see above.  In place of what it held: the map is the
 * backup's then. */
void backup_adopt_map(struct backup *backup, struct pointer_map *map);

/* 0, -EIO or -ENOMEM; the caller flushes. */
int backup_write(FILE *f, struct backup *backup);

/*
 * Reads and checks all of it.  0; -EBADMSG: *ret_text says what is wrong, in which line; -ENOMEM.
 * ret is to be done always.
 */
int backup_read(FILE *f, struct backup *ret, char ret_text[BACKUP_TEXT_SIZE]);
