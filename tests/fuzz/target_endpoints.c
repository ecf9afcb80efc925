/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Znodes of endpoints (election/endpoint_map.h).  The first byte is the node: `p` the one of the
 * process, else the shard of that number.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/endpoint_map.h"
#include "tests/fuzz/fuzz.h"

static void check_map(unsigned node, const struct endpoint_map *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct endpoint *e = m->entry[i];

		HOLDS(endpoint_node_of(e->component) == (int)node);
		HOLDS(endpoint_address_valid(e->address));
		HOLDS(endpoint_map_get(m, e->component) == e->address);
		HOLDS(i == 0 || strcmp(m->entry[i - 1]->component, e->component) < 0);
	}
}

static void write_and_read(unsigned node, const struct endpoint_contents *c)
{
	CLEANUP(freep) char *text = NULL, *again = NULL;
	CLEANUP(endpoint_contents_done) struct endpoint_contents copy = { .epoch = { 0 } };
	CLEANUP(endpoint_map_done) struct endpoint_map changes = { 0 };

	HOLDS(endpoint_contents_encode(node, c, &text) == 0);
	HOLDS(strlen(text) == endpoint_contents_size(node, c));
	HOLDS(endpoint_contents_decode(node, text, strlen(text), &copy) == 0);
	HOLDS(copy.epoch.v == c->epoch.v && strcmp(copy.leader_id, c->leader_id) == 0);
	HOLDS(endpoint_map_diff(&c->map, &copy.map, &changes) == 0 && changes.n == 0);
	HOLDS(endpoint_contents_encode(node, &copy, &again) == 0);
	HOLDS(strcmp(text, again) == 0);
}

static void run(const uint8_t *data, size_t size)
{
	CLEANUP(endpoint_contents_done) struct endpoint_contents c = { .epoch = { 0 } };
	CLEANUP(endpoint_map_done) struct endpoint_map copy = { 0 };
	unsigned node;
	int r;

	if (size == 0)
		return;
	node = data[0] == 'p' ? ENDPOINT_PROCESS : data[0];
	r = endpoint_contents_decode(node, data + 1, size - 1, &c);
	HOLDS(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT);
	if (r < 0)
		return;
	HOLDS(strlen(c.leader_id) <= LEADER_ID_LEN);
	check_map(node, &c.map);
	write_and_read(node, &c);
	HOLDS(endpoint_map_copy(&c.map, &copy) == 0 && copy.bytes == c.map.bytes);
	while (copy.n > 0)
		endpoint_map_remove(&copy, copy.entry[copy.n / 2]->component);
	HOLDS(copy.bytes == 0);
}
FUZZ_TARGET(endpoints, run)
