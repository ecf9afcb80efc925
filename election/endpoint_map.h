/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses by component, and how they stand in znodes (C3, PROTOCOL section 5): the process's own
 * components in `endpoints`, job masters in `endpoints/<first 2 hex digits of the job id>`.  Pure:
 * no clock, no I/O; allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/epoch.h"
#include "election/register.h"

enum {
	ENDPOINT_COMPONENT_MAX = 36, /* "job-" and 32 hex digits */
	ENDPOINT_ADDRESS_MAX = 1023,
	ENDPOINT_NODE_LIMIT = 128 * 1024, /* C3: bytes of one znode */
	ENDPOINT_NODE_PATH = 16,
};

/* The znodes: 0..255 are the shards, by the first two hex digits; ENDPOINT_PROCESS is `endpoints`
 * itself. */
enum { ENDPOINT_PROCESS = 256, ENDPOINT_N_NODES = 257 };

/* Where the component is kept; -EINVAL: there is no such component. */
int endpoint_node_of(const char *component);
/* "endpoints" or "endpoints/0a" */
void endpoint_node_path(unsigned node, char ret[ENDPOINT_NODE_PATH]);
/* "0a" -> 10; -EINVAL: no shard's name. */
int endpoint_node_of_child(const char *name);

/* 1 to ENDPOINT_ADDRESS_MAX visible ASCII characters, no quote and no backslash: sizes of znodes
 * can be told without writing them, and lines need no escapes. */
bool endpoint_address_valid(const char *address);

struct endpoint {
	char component[ENDPOINT_COMPONENT_MAX + 1];
	char address[]; /* "": removed; in a list of changes only */
};

/* Sorted by component.  All zeros is empty. */
struct endpoint_map {
	struct endpoint **entry;
	size_t n, room;
	size_t bytes; /* of the entries, as they will be written */
};

void endpoint_map_done(struct endpoint_map *m); /* and is empty again */
const char *endpoint_map_get(const struct endpoint_map *m, const char *component);
/* -ENOMEM leaves it as it was. */
int endpoint_map_set(struct endpoint_map *m, const char *component, const char *address);
void endpoint_map_remove(struct endpoint_map *m, const char *component);
/* `to` is overwritten, not freed. */
int endpoint_map_copy(const struct endpoint_map *from, struct endpoint_map *to);

/* Adds to `changes` what leads from `before` to `after`; removed ones with the address "". */
int endpoint_map_diff(const struct endpoint_map *before, const struct endpoint_map *after,
                      struct endpoint_map *changes);

/* What one znode holds. */
struct endpoint_contents {
	struct epoch epoch;                /* 0: nobody has written it yet */
	char leader_id[LEADER_ID_LEN + 1]; /* of `endpoints` alone */
	struct endpoint_map map;
};

void endpoint_contents_done(struct endpoint_contents *c);

/* malloc'ed text without a final newline; its size is endpoint_contents_size(). -ENOMEM. */
int endpoint_contents_encode(unsigned node, const struct endpoint_contents *c, char **ret);
size_t endpoint_contents_size(unsigned node, const struct endpoint_contents *c);

/* Strict about what it reads; components that do not belong into the node are left out.  An empty
 * node is one with epoch 0.  0, -EBADMSG, -EPROTONOSUPPORT, -ENOMEM; on failure *ret is
 * untouched. */
int endpoint_contents_decode(unsigned node, const void *data, size_t size,
                             struct endpoint_contents *ret);
