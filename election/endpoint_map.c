/* SPDX-License-Identifier: Apache-2.0 */
#include "election/endpoint_map.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/json_fields.h"

enum { JOB_PREFIX = 4, JOB_ID_LEN = 32 };

static const char hex_digits[] = "0123456789abcdef";

/* ---- components and nodes */

static int hex_value(char c)
{
	const char *at = c != '\0' ? strchr(hex_digits, c) : NULL;

	return at != NULL ? (int)(at - hex_digits) : -EINVAL;
}

int endpoint_node_of_child(const char *name)
{
	int high = hex_value(name[0]), low = high >= 0 ? hex_value(name[1]) : -EINVAL;

	return low >= 0 && name[2] == '\0' ? high * 16 + low : -EINVAL;
}

int endpoint_node_of(const char *component)
{
	if (strcmp(component, "dispatcher") == 0 || strcmp(component, "resource_manager") == 0 ||
	    strcmp(component, "rest_server") == 0)
		return ENDPOINT_PROCESS;
	if (strncmp(component, "job-", JOB_PREFIX) != 0 ||
	    strspn(component + JOB_PREFIX, hex_digits) != JOB_ID_LEN ||
	    component[JOB_PREFIX + JOB_ID_LEN] != '\0')
		return -EINVAL;
	return hex_value(component[JOB_PREFIX]) * 16 + hex_value(component[JOB_PREFIX + 1]);
}

void endpoint_node_path(unsigned node, char ret[ENDPOINT_NODE_PATH])
{
	assert(node < ENDPOINT_N_NODES);
	if (node == ENDPOINT_PROCESS)
		(void)snprintf(ret, ENDPOINT_NODE_PATH, "endpoints");
	else
		(void)snprintf(ret, ENDPOINT_NODE_PATH, "endpoints/%02x", node);
}

/* Needs no escape in JSON. */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x21 || *text > 0x7e || *text == '"' || *text == '\\')
			return false;
	return true;
}

bool endpoint_address_valid(const char *address)
{
	size_t n = strlen(address);

	return n > 0 && n <= ENDPOINT_ADDRESS_MAX && is_plain(address);
}

/* ---- the map */

/* "component":"address", */
static size_t entry_bytes(const struct endpoint *e)
{
	return strlen(e->component) + strlen(e->address) + 6;
}

static size_t lower_bound(const struct endpoint_map *m, const char *component)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(m->entry[mid]->component, component) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_at(const struct endpoint_map *m, size_t i, const char *component)
{
	return i < m->n && strcmp(m->entry[i]->component, component) == 0;
}

void endpoint_map_done(struct endpoint_map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->entry[i]);
	free(m->entry);
	*m = (struct endpoint_map){ 0 };
}

const char *endpoint_map_get(const struct endpoint_map *m, const char *component)
{
	size_t i = lower_bound(m, component);

	return is_at(m, i, component) ? m->entry[i]->address : NULL;
}

static int make_room(struct endpoint_map *m)
{
	size_t room = m->room > 0 ? 2 * m->room : 4;
	struct endpoint **entry;

	if (m->n < m->room)
		return 0;
	entry = reallocarray(m->entry, room, sizeof(struct endpoint *));
	if (entry == NULL)
		return -ENOMEM;
	m->entry = entry;
	m->room = room;
	return 0;
}

int endpoint_map_set(struct endpoint_map *m, const char *component, const char *address)
{
	size_t i = lower_bound(m, component), size = strlen(address) + 1;
	struct endpoint *e;

	assert(strlen(component) <= ENDPOINT_COMPONENT_MAX);
	e = calloc(1, sizeof(*e) + size);
	if (e == NULL || make_room(m) < 0) {
		free(e);
		return -ENOMEM;
	}
	memcpy(e->component, component, strlen(component));
	memcpy(e->address, address, size);
	m->bytes += entry_bytes(e);
	if (is_at(m, i, component)) {
		m->bytes -= entry_bytes(m->entry[i]);
		free(m->entry[i]);
	} else {
		memmove(m->entry + i + 1, m->entry + i, (m->n - i) * sizeof(struct endpoint *));
		m->n++;
	}
	m->entry[i] = e;
	return 0;
}

void endpoint_map_remove(struct endpoint_map *m, const char *component)
{
	size_t i = lower_bound(m, component);

	if (!is_at(m, i, component))
		return;
	m->bytes -= entry_bytes(m->entry[i]);
	free(m->entry[i]);
	m->n--;
	memmove(m->entry + i, m->entry + i + 1, (m->n - i) * sizeof(struct endpoint *));
}

int endpoint_map_copy(const struct endpoint_map *from, struct endpoint_map *to)
{
	int r = 0;

	*to = (struct endpoint_map){ 0 };
	for (size_t i = 0; i < from->n && r >= 0; i++)
		r = endpoint_map_set(to, from->entry[i]->component, from->entry[i]->address);
	if (r < 0)
		endpoint_map_done(to);
	return r;
}

int endpoint_map_diff(const struct endpoint_map *before, const struct endpoint_map *after,
                      struct endpoint_map *changes)
{
	size_t i = 0, j = 0;
	int r = 0;

	while ((i < before->n || j < after->n) && r >= 0) {
		const struct endpoint *old = i < before->n ? before->entry[i] : NULL;
		const struct endpoint *new = j < after->n ? after->entry[j] : NULL;
		int order = old == NULL   ? 1
		            : new == NULL ? -1
		                          : strcmp(old->component, new->component);

		if (order < 0)
			r = endpoint_map_set(changes, old->component, "");
		else if (order > 0 || strcmp(old->address, new->address) != 0)
			r = endpoint_map_set(changes, new->component, new->address);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

/* ---- contents of a node */

void endpoint_contents_done(struct endpoint_contents *c)
{
	endpoint_map_done(&c->map);
	*c = (struct endpoint_contents){ .epoch = { 0 } };
}

static int print_head(unsigned node, const struct endpoint_contents *c, char *ret, size_t size)
{
	if (node == ENDPOINT_PROCESS)
		return snprintf(ret, size,
		                "{\"version\":1,\"epoch\":%" PRIu64
		                ",\"leader_id\":\"%s\",\"components\":{",
		                c->epoch.v, c->leader_id);
	return snprintf(ret, size, "{\"version\":1,\"epoch\":%" PRIu64 ",\"components\":{",
	                c->epoch.v);
}

size_t endpoint_contents_size(unsigned node, const struct endpoint_contents *c)
{
	return (size_t)print_head(node, c, NULL, 0) + c->map.bytes - (c->map.n > 0) + 2;
}

int endpoint_contents_encode(unsigned node, const struct endpoint_contents *c, char **ret)
{
	size_t size = endpoint_contents_size(node, c) + 1, at;
	char *text = malloc(size);

	if (text == NULL)
		return -ENOMEM;
	at = (size_t)print_head(node, c, text, size);
	for (size_t i = 0; i < c->map.n; i++)
		at += (size_t)snprintf(text + at, size - at, "%s\"%s\":\"%s\"", i > 0 ? "," : "",
		                       c->map.entry[i]->component, c->map.entry[i]->address);
	at += (size_t)snprintf(text + at, size - at, "}}");
	assert(at + 1 == size);
	*ret = text;
	return 0;
}

static void read_components(unsigned node, const struct fields *f, struct endpoint_map *ret)
{
	const char *component;
	json_t *value;

	json_object_foreach(f->object, component, value)
	{
		const char *address = json_string_value(value);

		if (json_is_null(value) || endpoint_node_of(component) != (int)node)
			continue;
		if (address == NULL || !endpoint_address_valid(address))
			fields_fail(f, component, "is no address");
		else if (endpoint_map_set(ret, component, address) < 0)
			fields_fail(f, component, "does not fit into memory");
	}
}

int endpoint_contents_decode(unsigned node, const void *data, size_t size,
                             struct endpoint_contents *ret)
{
	struct fields_error error = { .bad = false };
	struct endpoint_contents c = { .epoch = { 0 } };
	struct fields f, components;
	json_t *root = NULL;
	int r;

	if (size == 0) { /* as it is made with the parents: nobody has claimed yet */
		*ret = c;
		return 0;
	}
	r = fields_parse(data, size, &root, &error);
	if (r < 0)
		return r;
	f = (struct fields){ .object = root, .where = "", .error = &error };
	fields_uint(&f, "epoch", INT64_MAX, &c.epoch.v);
	if (node == ENDPOINT_PROCESS)
		fields_string(&f, "leader_id", c.leader_id, sizeof(c.leader_id), false);
	if (!is_plain(c.leader_id)) /* it is written as it stands */
		fields_fail(&f, "leader_id", "is no UUID");
	if (fields_object(&f, "components", "components.", false, &components))
		read_components(node, &components, &c.map);
	else
		fields_fail(&f, "components", "is null");
	json_decref(root);
	if (error.bad) {
		endpoint_contents_done(&c);
		return -EBADMSG;
	}
	*ret = c;
	return 0;
}
