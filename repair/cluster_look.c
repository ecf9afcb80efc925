/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/cluster_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { MAX_NAMES = 128, PATH_SIZE = 160 };

/* Names of children, to be read one by one. */
struct children {
	char *name[MAX_NAMES];
	unsigned n;
	int error;
};

static void children_done(struct children *c)
{
	for (unsigned i = 0; i < c->n; i++)
		free(c->name[i]);
}

static void on_register(void *userdata, const struct zk_result *result)
{
	struct cluster_look *look = userdata;

	look->version = result->version;
	look->register_error = register_decode(result->data ? result->data : "", result->size,
	                                       &look->reg, &look->register_text);
}

static void on_children(void *userdata, const struct zk_result *result)
{
	struct children *c = userdata;

	for (size_t i = 0; i < result->n_children && c->error == 0; i++) {
		if (c->n == MAX_NAMES)
			c->error = -ERANGE;
		else if (!(c->name[c->n] = strdup(result->children[i])))
			c->error = -ENOMEM;
		else
			c->n++;
	}
}

static void on_latch(void *userdata, const struct zk_result *result)
{
	struct looked_latch *latch = userdata;
	struct latch_node node;

	if (result->data && znode_json_decode_latch(result->data, result->size, &node) == 0)
		memcpy(latch->member, node.member, sizeof(latch->member));
}

static void on_member(void *userdata, const struct zk_result *result)
{
	struct cluster_look *look = userdata;

	if (result->data && znode_json_decode_member(result->data, result->size,
	                                             &look->member[look->n_members]) == 0)
		look->n_members++;
}

static int list(struct zk_calls *z, const char *path, struct children *ret)
{
	int r = zk_calls_list(z, path, on_children, ret);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : ret->error;
}

static int look_latches(struct zk_calls *z, struct cluster_look *look)
{
	CLEANUP(children_done) struct children found = { .n = 0 };
	int r = list(z, "latch", &found);

	for (unsigned i = 0; i < found.n && r == 0; i++) {
		struct looked_latch *latch = &look->latch[look->n_latches];
		char path[PATH_SIZE];

		if (look->n_latches == OBSERVE_MAX_LATCHES)
			return -ERANGE;
		if (text_format(latch->name, sizeof(latch->name), "%s", found.name[i]) < 0 ||
		    text_format(path, sizeof(path), "latch/%s", found.name[i]) < 0)
			continue; /* none that jmha makes */
		r = zk_calls_get(z, path, on_latch, latch);
		if (r == 0)
			look->n_latches++;
		else if (r == -ENOENT)
			r = 0; /* gone meanwhile */
	}
	return r;
}

static int look_members(struct zk_calls *z, struct cluster_look *look)
{
	CLEANUP(children_done) struct children found = { .n = 0 };
	int r = list(z, "members", &found);

	for (unsigned i = 0; i < found.n && r == 0; i++) {
		char path[PATH_SIZE];

		if (look->n_members == OBSERVE_MAX_MEMBERS)
			return -ERANGE;
		if (text_format(path, sizeof(path), "members/%s", found.name[i]) < 0)
			continue;
		r = zk_calls_get(z, path, on_member, look);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

int cluster_look(struct zk_calls *z, struct cluster_look *ret)
{
	struct cluster_look *look = ret;
	int r;

	*look = (struct cluster_look){ .register_error = -ENOENT };
	r = zk_calls_sync(z);
	if (r == 0 || r == -ENOENT) /* nothing there: nothing to be in step with */
		r = zk_calls_get(z, "register", on_register, look);
	if (r == 0 || r == -ENOENT)
		r = look_latches(z, look);
	if (r == 0)
		r = look_members(z, look);
	look->at = session_clock();
	if (r < 0)
		cluster_look_done(look);
	return r;
}

void cluster_look_done(struct cluster_look *look)
{
	if (cluster_look_has_register(look))
		register_done(&look->reg);
	look->register_error = -ENOENT;
}
