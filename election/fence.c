/* SPDX-License-Identifier: Apache-2.0 */
#include "election/fence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { NAME_SIZE = 128 };

static struct zk_op check_latch(const struct latch_name *latch, char path[NAME_SIZE])
{
	(void)snprintf(path, NAME_SIZE, "latch/%s", latch->s);
	return (struct zk_op){ .type = ZK_OP_CHECK, .path = path, .version = -1 };
}

static struct zk_op set_text(const char *path, const char *text, int32_t version)
{
	return (struct zk_op){ .type = ZK_OP_SET,
		               .path = path,
		               .data = text,
		               .size = strlen(text),
		               .version = version };
}

/* ---- the register */

/* A claim's version is the register's, but a multi reports that of its last set. */
struct claim {
	zk_done_t done;
	void *userdata;
	int32_t version;
};

static void on_claimed(void *userdata, const struct zk_result *result)
{
	CLEANUP(freep) struct claim *c = userdata;
	struct zk_result r = *result;

	if (r.outcome == ZK_DONE)
		r.version = c->version + 1;
	c->done(c->userdata, &r);
}

static int empty_endpoints(const struct register_node *claimed, char **ret)
{
	struct endpoint_contents empty = { .epoch = claimed->epoch };

	if (!register_leader_id(claimed->cluster_id, claimed->epoch, empty.leader_id))
		return -EINVAL;
	return endpoint_contents_encode(ENDPOINT_PROCESS, &empty, ret);
}

int fence_claim(struct session *s, const struct register_node *claimed, int32_t version,
                zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *endpoints = NULL;
	CLEANUP(freep) struct claim *c = NULL;
	char latch[NAME_SIZE];
	size_t size;
	int r;

	r = register_encode(claimed, &text, &size);
	if (r < 0)
		return r;
	r = empty_endpoints(claimed, &endpoints);
	if (r < 0)
		return r;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	*c = (struct claim){ .done = done, .userdata = userdata, .version = version };
	const struct zk_op ops[] = {
		check_latch(&claimed->owner.latch, latch),
		set_text("register", text, version),
		set_text("endpoints", endpoints, -1),
	};
	r = session_write(s, ops, N_ELEMENTS(ops), on_claimed, c);
	if (r == 0)
		(void)TAKE_PTR(c);
	return r;
}

int fence_set_register(struct session *s, const struct latch_name *latch,
                       const struct register_node *r, int32_t version, zk_done_t done,
                       void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	char path[NAME_SIZE];
	size_t size;
	int error;

	error = register_encode(r, &text, &size);
	if (error < 0)
		return error;
	const struct zk_op ops[] = { check_latch(latch, path),
		                     set_text("register", text, version) };
	return session_write(s, ops, N_ELEMENTS(ops), done, userdata);
}

int fence_write_endpoints(struct session *s, const struct latch_name *latch, unsigned node,
                          const char *text, int32_t version, zk_done_t done, void *userdata)
{
	char path[NAME_SIZE], target[ENDPOINT_NODE_PATH];

	endpoint_node_path(node, target);
	const struct zk_op ops[] = { check_latch(latch, path), set_text(target, text, version) };
	const struct zk_op create[] = {
		ops[0], { .type = ZK_OP_CREATE, .path = target, .data = text, .size = strlen(text) }
	};
	return session_write(s, version < 0 ? create : ops, N_ELEMENTS(ops), done, userdata);
}

int fence_release_member_op(bool with_register)
{
	return with_register ? 3 : 2;
}

int fence_release(struct session *s, const struct latch_name *latch,
                  const struct register_node *released, int32_t version, const char *member,
                  zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	char path[NAME_SIZE], node[NAME_SIZE];
	struct zk_op ops[4];
	unsigned n = 0;
	size_t size;
	int r;

	ops[n++] = check_latch(latch, path);
	if (released != NULL) {
		r = register_encode(released, &text, &size);
		if (r < 0)
			return r;
		ops[n++] = set_text("register", text, version);
	}
	ops[n++] = (struct zk_op){ .type = ZK_OP_DELETE, .path = path, .version = -1 };
	if (member != NULL) {
		(void)snprintf(node, sizeof(node), "members/%s", member);
		ops[n++] = (struct zk_op){ .type = ZK_OP_DELETE, .path = node, .version = -1 };
	}
	return session_write(s, ops, n, done, userdata);
}

int fence_create_register(struct session *s, const struct register_node *r, zk_done_t done,
                          void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	size_t size;
	int error;

	error = register_encode(r, &text, &size);
	if (error < 0)
		return error;
	const struct zk_op op = {
		.type = ZK_OP_CREATE, .path = "register", .data = text, .size = size
	};
	return session_write(s, &op, 1, done, userdata);
}

/* ---- requests */

static int request_path(const char *name, char ret[NAME_SIZE])
{
	int r = snprintf(ret, NAME_SIZE, "requests/%s", name);

	return r > 0 && r < NAME_SIZE && strchr(name, '/') == NULL ? 0 : -EINVAL;
}

int fence_request_create(struct session *s, const struct latch_name *latch,
                         const struct request_node *request, zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	char own[NAME_SIZE];
	struct zk_op ops[2];
	unsigned n = 0;
	int r;

	r = znode_json_encode_request(request, &text);
	if (r < 0)
		return r;
	if (latch != NULL)
		ops[n++] = check_latch(latch, own);
	ops[n++] = (struct zk_op){ .type = ZK_OP_CREATE,
		                   .path = "requests/q-",
		                   .data = text,
		                   .size = strlen(text),
		                   .ephemeral = true,
		                   .sequential = true };
	return session_write(s, ops, n, done, userdata);
}

int fence_request_list(struct session *s, zk_watch_t watch, void *watch_data, zk_done_t done,
                       void *userdata)
{
	return session_list(s, "requests", watch, watch_data, done, userdata);
}

int fence_request_get(struct session *s, const char *name, zk_watch_t watch, void *watch_data,
                      zk_done_t done, void *userdata)
{
	char path[NAME_SIZE];
	int r;

	r = request_path(name, path);
	return r < 0 ? r : session_get(s, path, watch, watch_data, done, userdata);
}

int fence_request_set(struct session *s, const struct latch_name *latch, const char *name,
                      const struct request_node *request, int32_t version, zk_done_t done,
                      void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	char path[NAME_SIZE], own[NAME_SIZE];
	int r;

	r = request_path(name, path);
	if (r == 0)
		r = znode_json_encode_request(request, &text);
	if (r < 0)
		return r;
	const struct zk_op ops[] = { check_latch(latch, own), set_text(path, text, version) };
	return session_write(s, ops, N_ELEMENTS(ops), done, userdata);
}

int fence_request_delete(struct session *s, const char *name, zk_done_t done, void *userdata)
{
	char path[NAME_SIZE];
	const struct zk_op op = { .type = ZK_OP_DELETE, .path = path, .version = -1 };
	int r;

	r = request_path(name, path);
	return r < 0 ? r : session_write(s, &op, 1, done, userdata);
}

int fence_set_maintenance(struct session *s, const struct maintenance_node *m, int32_t version,
                          zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	int r;

	r = znode_json_encode_maintenance(m, &text);
	if (r < 0)
		return r;
	const struct zk_op op = { .type = version < 0 ? ZK_OP_CREATE : ZK_OP_SET,
		                  .path = "maintenance",
		                  .data = text,
		                  .size = strlen(text),
		                  .version = version };
	return session_write(s, &op, 1, done, userdata);
}
