/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/zk_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/zk_calls.h"

enum { MAX_SERVERS = 16 };

struct zk_reader {
	struct zk_calls *calls;
};

/* What is being copied, and how that went. */
struct copy {
	struct znode *node;
	struct names *children;
	int error;
};

static void copy_node(void *userdata, const struct zk_result *result)
{
	struct copy *c = userdata;

	if (!result->data)
		return;
	c->node->data = malloc(result->size + 1);
	if (!c->node->data) {
		c->error = -ENOMEM;
		return;
	}
	memcpy(c->node->data, result->data, result->size);
	c->node->data[result->size] = '\0';
	c->node->size = result->size;
}

static void copy_children(void *userdata, const struct zk_result *result)
{
	struct copy *c = userdata;

	for (size_t i = 0; i < result->n_children && c->error == 0; i++)
		if (names_add(c->children, "%s", result->children[i]) < 0)
			c->error = -ENOMEM;
}

static int get(void *userdata, const char *path, struct znode *ret)
{
	struct zk_reader *z = userdata;
	struct copy c = { .node = ret };
	int r = zk_calls_get(z->calls, path, copy_node, &c);

	return r < 0 ? r : c.error;
}

static int children(void *userdata, const char *path, struct names *ret)
{
	struct zk_reader *z = userdata;
	struct copy c = { .children = ret };
	int r = zk_calls_list(z->calls, path, copy_children, &c);

	return r < 0 ? r : c.error;
}

struct znode_reader zk_reader_get(struct zk_reader *z)
{
	return (struct znode_reader){ .get = get, .children = children, .userdata = z };
}

/* ---- opening */

/* Cuts `text` at its commas. */
static int split(char *text, const char *ret[MAX_SERVERS + 1])
{
	size_t n = 0;

	for (char *server; (server = strsep(&text, ",")) != NULL;) {
		if (n == MAX_SERVERS)
			return -EINVAL;
		ret[n++] = server;
	}
	ret[n] = NULL;
	return 0;
}

int zk_reader_open(const struct zk_reader_config *config, struct zk_reader **ret)
{
	CLEANUP(zk_reader_closep) struct zk_reader *z = calloc(1, sizeof(*z));
	CLEANUP(freep) char *text = strdup(config->servers);
	const char *servers[MAX_SERVERS + 1];
	const struct zk_calls_config calls = {
		.servers = servers,
		.base = config->path,
		.auth = config->auth,
		.timeout = config->timeout,
	};
	int r = z && text ? split(text, servers) : -ENOMEM;

	if (r == 0)
		r = zk_calls_open(&calls, &z->calls);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(z);
	return 0;
}

struct zk_reader *zk_reader_close(struct zk_reader *z)
{
	if (!z)
		return NULL;
	zk_calls_close(z->calls);
	free(z);
	return NULL;
}
