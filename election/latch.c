/* SPDX-License-Identifier: Apache-2.0 */
#include "election/latch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { NAME_SIZE = 128, BASE_SIZE = 512 };

static void member_path(const char *member, char ret[NAME_SIZE])
{
	(void)snprintf(ret, NAME_SIZE, "members/%s", member);
}

static void latch_path(const struct latch_name *latch, char ret[NAME_SIZE])
{
	(void)snprintf(ret, NAME_SIZE, "latch/%s", latch->s);
}

/* ---- joining: parents, then the member node */

struct join {
	struct session *s;
	zk_done_t done;
	void *userdata;
	char *content;
	char path[NAME_SIZE];
	unsigned pending;
	int parent_error; /* why a parent could not be made; most often that is no harm */
	struct zk_result result;
};

static void join_end(struct join *j, const struct zk_result *result)
{
	struct zk_result r = *result;

	/* "No such node" at the member node: what was wrong with the parents says more. */
	if (r.error == -ENOENT && j->parent_error != 0)
		r.error = j->parent_error;
	j->done(j->userdata, &r);
	free(j->content);
	free(j);
}

static void join_refused(struct join *j, int error, usec_t sent)
{
	const struct zk_result r = {
		.outcome = ZK_NOT_DONE, .error = error, .failed_op = -1, .sent = sent
	};

	join_end(j, &r);
}

static void on_member_set(void *userdata, const struct zk_result *result)
{
	join_end(userdata, result);
}

static void on_member_looked_at(void *userdata, const struct zk_result *result)
{
	struct join *j = userdata;
	const struct zk_op op = { .type = ZK_OP_SET,
		                  .path = j->path,
		                  .data = j->content,
		                  .size = strlen(j->content),
		                  .version = result->version };
	int r;

	if (result->outcome != ZK_DONE) {
		join_end(j, result);
		return;
	}
	if (!session_owns(j->s, result->owner)) { /* D3 */
		join_refused(j, -EEXIST, result->sent);
		return;
	}
	r = session_write(j->s, &op, 1, on_member_set, j);
	if (r < 0)
		join_refused(j, r, result->sent);
}

static void on_member_created(void *userdata, const struct zk_result *result)
{
	struct join *j = userdata;
	int r;

	if (result->error != -EEXIST) {
		join_end(j, result);
		return;
	}
	r = session_get(j->s, j->path, NULL, NULL, on_member_looked_at, j);
	if (r < 0)
		join_refused(j, r, result->sent);
}

static void create_member(struct join *j)
{
	const struct zk_op op = { .type = ZK_OP_CREATE,
		                  .path = j->path,
		                  .data = j->content,
		                  .size = strlen(j->content),
		                  .ephemeral = true };
	int r;

	r = session_write(j->s, &op, 1, on_member_created, j);
	if (r < 0)
		join_refused(j, r, session_clock());
}

static void on_parent(void *userdata, const struct zk_result *result)
{
	struct join *j = userdata;

	if (result->outcome != ZK_DONE && result->error != -EEXIST && j->parent_error == 0)
		j->parent_error = result->error;
	if (--j->pending == 0)
		create_member(j);
}

static int create_parent(struct join *j, const char *path)
{
	const struct zk_op op = { .type = ZK_OP_CREATE, .path = path, .data = "", .size = 0 };
	int r;

	r = session_write(j->s, &op, 1, on_parent, j);
	if (r == 0)
		j->pending++;
	return r;
}

/* One by one, as PROTOCOL section 5 wants it, but all on the way at once: they are carried out in
 * order. */
static int create_parents(struct join *j)
{
	static const char *const below[] = { "latch", "members", "requests", "endpoints" };
	const char *base = session_base(j->s);
	char path[BASE_SIZE];
	int r = 0;

	for (const char *p = strchr(base + 1, '/'); r == 0; p = strchr(p + 1, '/')) {
		size_t n = p != NULL ? (size_t)(p - base) : strlen(base);

		memcpy(path, base, n);
		path[n] = '\0';
		r = create_parent(j, path);
		if (p == NULL)
			break;
	}
	for (unsigned i = 0; i < N_ELEMENTS(below) && r == 0; i++)
		r = create_parent(j, below[i]);
	return r;
}

int latch_join(struct session *s, const struct member_node *member, zk_done_t done, void *userdata)
{
	struct join *j;
	int r;

	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return -ENOMEM;
	j->s = s;
	j->done = done;
	j->userdata = userdata;
	member_path(member->member, j->path);
	r = znode_json_encode_member(member, &j->content);
	if (r == 0)
		r = create_parents(j);
	if (j->pending > 0) /* those on the way will be answered, and say how it ended */
		return 0;
	free(j->content);
	free(j);
	return r;
}

int latch_rejoin(struct session *s, const struct latch_name *latch,
                 const struct member_node *member, zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *content = NULL;
	char check[NAME_SIZE], path[NAME_SIZE];
	int r;

	latch_path(latch, check);
	member_path(member->member, path);
	r = znode_json_encode_member(member, &content);
	if (r < 0)
		return r;
	const struct zk_op ops[] = {
		{ .type = ZK_OP_CHECK, .path = check, .version = -1 },
		{ .type = ZK_OP_CREATE,
		  .path = path,
		  .data = content,
		  .size = strlen(content),
		  .ephemeral = true },
	};
	return session_write(s, ops, N_ELEMENTS(ops), done, userdata);
}

int latch_set_member(struct session *s, const struct member_node *member, int32_t version,
                     zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *content = NULL;
	char path[NAME_SIZE];
	int r;

	member_path(member->member, path);
	r = znode_json_encode_member(member, &content);
	if (r < 0)
		return r;
	const struct zk_op op = { .type = ZK_OP_SET,
		                  .path = path,
		                  .data = content,
		                  .size = strlen(content),
		                  .version = version };
	return session_write(s, &op, 1, done, userdata);
}

/* ---- the latch */

int latch_enter(struct session *s, const struct nonce *nonce, const struct latch_node *content,
                zk_done_t done, void *userdata)
{
	CLEANUP(freep) char *text = NULL;
	char path[NAME_SIZE];
	int r;

	(void)snprintf(path, sizeof(path), "latch/n-%s-", nonce->s);
	r = znode_json_encode_latch(content, &text);
	if (r < 0)
		return r;
	const struct zk_op op = { .type = ZK_OP_CREATE,
		                  .path = path,
		                  .data = text,
		                  .size = strlen(text),
		                  .ephemeral = true,
		                  .sequential = true };
	return session_write(s, &op, 1, done, userdata);
}

int latch_delete(struct session *s, const struct latch_name *latch, zk_done_t done, void *userdata)
{
	char path[NAME_SIZE];
	const struct zk_op op = { .type = ZK_OP_DELETE, .path = path, .version = -1 };

	latch_path(latch, path);
	return session_write(s, &op, 1, done, userdata);
}

int latch_heartbeat(struct session *s, const struct latch_name *latch, const char *member,
                    zk_done_t done, void *userdata)
{
	char own[NAME_SIZE], node[NAME_SIZE];
	const struct zk_op ops[] = {
		{ .type = ZK_OP_CHECK, .path = own, .version = -1 },
		{ .type = ZK_OP_CHECK, .path = node, .version = -1 },
	};

	latch_path(latch, own);
	member_path(member, node);
	return session_write(s, ops, N_ELEMENTS(ops), done, userdata);
}

/* ---- finding our own after an unknown outcome */

struct find {
	struct session *s;
	struct nonce nonce;
	void (*done)(void *userdata, const struct zk_result *result,
	             const struct latch_found *found);
	void *userdata;
	bool listing;
	unsigned pending;
	struct latch_found candidates, found;
	unsigned next; /* candidate whose answer comes next: answers come in order */
	struct zk_result result;
};

static void find_end(struct find *f)
{
	f->done(f->userdata, &f->result, f->result.outcome == ZK_DONE ? &f->found : NULL);
	free(f);
}

static void find_failed(struct find *f, int error)
{
	f->result.outcome = ZK_UNKNOWN;
	f->result.error = error;
}

/* The nonce is ours alone, and yet: an earlier session's node is not ours (CURATOR-696). */
static void on_candidate(void *userdata, const struct zk_result *result)
{
	struct find *f = userdata;
	const struct latch_name *latch = &f->candidates.latch[f->next++];

	if (result->outcome == ZK_DONE && session_owns(f->s, result->owner))
		f->found.latch[f->found.n++] = *latch;
	else if (result->outcome != ZK_DONE && result->error != -ENOENT)
		find_failed(f, result->error);
	if (--f->pending == 0)
		find_end(f);
}

static void on_latches(void *userdata, const struct zk_result *result)
{
	struct find *f = userdata;
	char path[NAME_SIZE];
	struct latch_name name;
	int r;

	if (result->outcome != ZK_DONE)
		find_failed(f, result->error);
	for (size_t i = 0; i < result->n_children; i++)
		if (latch_name_parse(result->children[i], &name) &&
		    latch_name_has_nonce(&name, &f->nonce) && f->candidates.n < LATCH_FOUND_MAX)
			f->candidates.latch[f->candidates.n++] = name;
	qsort(f->candidates.latch, f->candidates.n, sizeof(name), latch_name_compare);
	for (unsigned i = 0; i < f->candidates.n; i++) {
		latch_path(&f->candidates.latch[i], path);
		r = session_list(f->s, path, NULL, NULL, on_candidate, f);
		if (r < 0) {
			find_failed(f, r);
			break;
		}
		f->pending++;
	}
	if (f->pending == 0)
		find_end(f);
}

static void on_synced(void *userdata, const struct zk_result *result)
{
	struct find *f = userdata;

	f->result = (struct zk_result){ .failed_op = -1, .sent = result->sent };
	if (result->outcome != ZK_DONE)
		find_failed(f, result->error);
	if (f->listing)
		return;
	find_failed(f, -ENOTCONN);
	find_end(f);
}

int latch_find(struct session *s, const struct nonce *nonce,
               void (*done)(void *userdata, const struct zk_result *result,
                            const struct latch_found *found),
               void *userdata)
{
	struct find *f;
	int r;

	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return -ENOMEM;
	f->s = s;
	f->nonce = *nonce;
	f->done = done;
	f->userdata = userdata;
	r = session_sync(s, on_synced, f);
	if (r < 0) {
		free(f);
		return r;
	}
	f->listing = session_list(s, "latch", NULL, NULL, on_latches, f) == 0;
	return 0;
}
