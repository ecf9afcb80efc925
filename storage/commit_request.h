/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the commit queue, and lists that own them.  Pure; for storage/commit_queue.c alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/commit_queue.h"

struct request {
	struct request *next;
	struct pointer *pointer; /* key, and the value of a put; the map's after the commit */
	struct pointer *removed; /* by a delete that was committed */
	enum commit_op op;
	enum commit_condition condition;
	uint64_t if_revision;
	uint32_t hash; /* of the key */
	bool change;   /* has a change in the record; else depends on one of the same batch (B9) */
	void *cookie;
	enum commit_result result;
	uint64_t revision;
};

struct request_list {
	struct request *head, **tail;
	size_t n;
};

void request_list_init(struct request_list *l);
void request_list_push(struct request_list *l, struct request *r);
struct request *request_list_pop(struct request_list *l); /* NULL: empty */
/* All of `from` before what `to` holds. */
void request_list_prepend(struct request_list *to, struct request_list *from);
void request_free(struct request *r);
void request_list_free(struct request_list *l); /* what it holds */
