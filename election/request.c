/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and watches of a session: what goes into the library and what comes out.  The library's
 * completions run inside its calls and only move the request to the answered list; the callbacks of
 * the owner are called later, from the top of the loop.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/session_internal.h"

struct watch {
	LIST_ENTRY(watch) entry;
	struct session *s;
	zk_watch_t call; /* NULL: forgotten */
	void *userdata;
	bool list;         /* of children, else of data */
	bool fired;        /* waits to be told */
	unsigned requests; /* under way that (would) arm it */
	bool armed;
	char path[PATH_SIZE];
};

struct request {
	TAILQ_ENTRY(request) entry;
	struct session *s;
	zk_done_t done;
	void *userdata;
	struct watch *watch;
	struct zk_result result;
	char *data;
	struct String_vector children;
	/* The library writes here until the completion (N2b). */
	unsigned n_ops;
	zoo_op_result_t op_result[ZK_MAX_OPS];
	struct Stat stat[ZK_MAX_OPS];
	bool creates[ZK_MAX_OPS];
	char created[PATH_SIZE];
};

usec_t request_oldest(const struct session *s)
{
	const struct request *r = TAILQ_FIRST(&s->outstanding);

	return r != NULL ? r->result.sent : USEC_INFINITY;
}

/* ---- paths */

/* What the library would refuse; inside a multi its refusal frees foreign memory (N2). */
static bool valid_path(const char *path)
{
	size_t n = strlen(path);

	if (path[0] != '/' || (n > 1 && path[n - 1] == '/') || strstr(path, "//") != NULL)
		return false;
	for (const char *p = path; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			return false;
		if (p[0] == '/' && p[1] == '.' &&
		    (p[2] == '\0' || p[2] == '/' || (p[2] == '.' && (p[3] == '\0' || p[3] == '/'))))
			return false;
	}
	return true;
}

static int full_path(const struct session *s, const char *path, char ret[PATH_SIZE])
{
	bool absolute = path[0] == '/';
	size_t n = absolute || path[0] == '\0' ? 0 : 1;
	size_t base = absolute ? 0 : strlen(s->base), rest = strlen(path);

	if (base + n + rest >= PATH_SIZE)
		return -EINVAL;
	memcpy(ret, s->base, base);
	if (n > 0)
		ret[base] = '/';
	memcpy(ret + base + n, path, rest + 1);
	return valid_path(ret) ? 0 : -EINVAL;
}

/* ---- watches */

static void release_watch(struct watch *w)
{
	if (w->requests > 0 || w->armed || w->fired)
		return;
	LIST_REMOVE(w, entry);
	free(w);
}

static void on_watch(zhandle_t *zh, int type, int state, const char *path, void *context)
{
	struct watch *w = context;

	(void)zh;
	(void)state;
	(void)path;
	if (type == ZOO_SESSION_EVENT) /* goes to every watch, too */
		return;
	w->armed = false;
	if (!w->fired) {
		w->fired = true;
		w->s->fired++;
	}
}

/* The same watch again is the same object, so that nothing piles up, here or in the library. */
static struct watch *find_watch(struct session *s, const char *path, bool list, zk_watch_t call,
                                void *userdata)
{
	struct watch *w;

	for (w = LIST_FIRST(&s->watches); w != NULL; w = LIST_NEXT(w, entry))
		if (w->call == call && w->userdata == userdata && w->list == list &&
		    strcmp(w->path, path) == 0)
			return w;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->s = s;
	w->call = call;
	w->userdata = userdata;
	w->list = list;
	memcpy(w->path, path, strlen(path) + 1);
	LIST_INSERT_HEAD(&s->watches, w, entry);
	return w;
}

bool request_deliver_watch(struct session *s)
{
	struct watch *w = LIST_FIRST(&s->watches);
	zk_watch_t call;
	void *userdata;

	if (s->fired == 0)
		return false;
	while (!w->fired) /* s->fired counts them: there is one */
		w = LIST_NEXT(w, entry);
	call = w->call;
	userdata = w->userdata;
	w->fired = false;
	s->fired--;
	release_watch(w);
	s->told_watch = true;
	if (call != NULL)
		call(userdata);
	return true;
}

bool request_deliver_after_watches(struct session *s)
{
	if (!s->told_watch)
		return false;
	s->told_watch = false;
	if (s->after_watches != NULL)
		s->after_watches(s->after_watches_data);
	return true;
}

void session_after_watches(struct session *s, zk_watch_t call, void *userdata)
{
	s->after_watches = call;
	s->after_watches_data = userdata;
}

/* The handle is gone, and with it all that could fire. */
void request_forget_watches(struct session *s)
{
	struct watch *w, *next;
	struct request *r;

	for (r = TAILQ_FIRST(&s->answered); r != NULL; r = TAILQ_NEXT(r, entry))
		r->watch = NULL;
	for (w = LIST_FIRST(&s->watches); w != NULL; w = next) {
		next = LIST_NEXT(w, entry);
		LIST_REMOVE(w, entry);
		free(w);
	}
	s->fired = 0;
}

void session_forget(struct session *s, const void *watch_data)
{
	struct watch *w;

	for (w = LIST_FIRST(&s->watches); w != NULL; w = LIST_NEXT(w, entry))
		if (w->userdata == watch_data)
			w->call = NULL;
}

/* ---- answers */

static void free_request(struct request *r)
{
	free(r->data);
	(void)deallocate_String_vector(&r->children);
	free(r);
}

bool request_deliver_answer(struct session *s)
{
	struct request *r = TAILQ_FIRST(&s->answered);

	if (r == NULL)
		return false;
	TAILQ_REMOVE(&s->answered, r, entry);
	r->done(r->userdata, &r->result);
	free_request(r);
	return true;
}

static void answer(struct request *r, int rc)
{
	struct session *s = r->s;

	r->result.outcome = zk_error_outcome(rc);
	r->result.error = zk_error_errno(rc);
	r->result.failed_op = -1;
	if (r->watch != NULL) {
		r->watch->requests--;
		/* The library arms a watch with the answer, and only with a good one. */
		r->watch->armed = r->watch->armed || rc == ZOK;
		release_watch(r->watch);
		r->watch = NULL;
	}
	if (r->result.outcome != ZK_UNKNOWN)
		s->last_answer = session_clock();
	TAILQ_REMOVE(&s->outstanding, r, entry);
	TAILQ_INSERT_TAIL(&s->answered, r, entry);
}

static void take_stat(struct zk_result *result, const struct Stat *stat)
{
	result->version = stat->version;
	result->czxid = stat->czxid;
	result->mzxid = stat->mzxid;
	result->owner = stat->ephemeralOwner;
}

static void *unconst(const void *p)
{
	union {
		const void *in;
		void *out;
	} u = { .in = p };

	return u.out;
}

static void out_of_memory(struct request *r)
{
	r->result.outcome = ZK_UNKNOWN;
	r->result.error = -ENOMEM;
}

static void on_sync(int rc, const char *value, const void *data)
{
	(void)value;
	answer(unconst(data), rc);
}

static void on_data(int rc, const char *value, int size, const struct Stat *stat, const void *data)
{
	struct request *r = unconst(data);

	answer(r, rc);
	if (rc != ZOK)
		return;
	take_stat(&r->result, stat);
	if (value == NULL || size < 0)
		return;
	r->data = malloc((size_t)size + 1);
	if (r->data == NULL) {
		out_of_memory(r);
		return;
	}
	memcpy(r->data, value, (size_t)size);
	r->data[size] = '\0';
	r->result.data = r->data;
	r->result.size = (size_t)size;
}

static void on_children(int rc, const struct String_vector *list, const struct Stat *stat,
                        const void *data)
{
	struct request *r = unconst(data);

	answer(r, rc);
	if (rc != ZOK)
		return;
	take_stat(&r->result, stat);
	if (list->count <= 0)
		return;
	if (allocate_String_vector(&r->children, list->count) != 0) {
		out_of_memory(r);
		return;
	}
	for (int i = 0; i < list->count; i++) {
		r->children.data[i] = strdup(list->data[i]);
		if (r->children.data[i] == NULL) {
			r->children.count = i;
			out_of_memory(r);
			return;
		}
	}
	r->result.children = (const char *const *)r->children.data;
	r->result.n_children = (size_t)list->count;
}

static void on_multi(int rc, const void *data)
{
	struct request *r = unconst(data);

	answer(r, rc);
	for (unsigned i = 0; i < r->n_ops; i++) {
		if (rc == ZOK && r->op_result[i].stat != NULL)
			r->result.version = r->stat[i].version;
		if (rc == ZOK && r->creates[i]) {
			const char *slash = strrchr(r->created, '/');

			r->result.version = 0;
			r->result.name = slash != NULL ? slash + 1 : r->created;
		}
		/* Ops beside the one that failed say 0 or "not tried". */
		if (r->result.outcome == ZK_NOT_DONE && r->result.failed_op < 0 &&
		    r->op_result[i].err != ZOK && r->op_result[i].err != ZRUNTIMEINCONSISTENCY)
			r->result.failed_op = (int)i;
	}
}

/* ---- questions */

static int new_request(struct session *s, zk_done_t done, void *userdata, struct request **ret)
{
	struct request *r;

	/* N2; and nothing is ever left in the library to be sent by a later connection. */
	if (!session_connected(s) || s->closed || is_unrecoverable(s->zh) != ZOK ||
	    zoo_state(s->zh) != ZOO_CONNECTED_STATE)
		return -ENOTCONN;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->s = s;
	r->done = done;
	r->userdata = userdata;
	*ret = r;
	return 0;
}

static void before_send(struct request *r)
{
	r->result.sent = session_clock();
	TAILQ_INSERT_TAIL(&r->s->outstanding, r, entry);
}

static int after_send(struct request *r, int rc)
{
	struct session *s = r->s;

	if (rc != ZOK) { /* not queued: its completion will never run */
		TAILQ_REMOVE(&s->outstanding, r, entry);
		if (r->watch != NULL) {
			r->watch->requests--;
			release_watch(r->watch);
		}
		free_request(r);
		return rc == ZMARSHALLINGERROR ? -ENOMEM : zk_error_errno(rc);
	}
	session_refresh(s);
	return 0;
}

int session_sync(struct session *s, zk_done_t done, void *userdata)
{
	struct request *r;
	int error;

	error = new_request(s, done, userdata, &r);
	if (error < 0)
		return error;
	before_send(r);
	return after_send(r, zoo_async(s->zh, s->base, on_sync, r));
}

struct read {
	const char *path;
	bool list;          /* the children, else the data */
	struct watch watch; /* .call and .userdata alone; .call may be NULL */
};

static int find_read_watch(struct session *s, const struct read *read, const char *full,
                           struct watch **ret)
{
	*ret = NULL;
	if (read->watch.call == NULL)
		return 0;
	*ret = find_watch(s, full, read->list, read->watch.call, read->watch.userdata);
	if (*ret == NULL)
		return -ENOMEM;
	(*ret)->requests++;
	return 0;
}

static int send_read(struct session *s, const struct read *read, zk_done_t done, void *userdata)
{
	char full[PATH_SIZE];
	struct request *r;
	watcher_fn fired;
	int error;

	error = new_request(s, done, userdata, &r);
	if (error < 0)
		return error;
	error = full_path(s, read->path, full);
	if (error >= 0)
		error = find_read_watch(s, read, full, &r->watch);
	if (error < 0) {
		free_request(r);
		return error;
	}
	fired = r->watch != NULL ? on_watch : NULL;
	before_send(r);
	if (read->list)
		return after_send(
		        r, zoo_awget_children2(s->zh, full, fired, r->watch, on_children, r));
	return after_send(r, zoo_awget(s->zh, full, fired, r->watch, on_data, r));
}

int session_get(struct session *s, const char *path, zk_watch_t watch, void *watch_data,
                zk_done_t done, void *userdata)
{
	const struct read read = { path, false, { .call = watch, .userdata = watch_data } };

	return send_read(s, &read, done, userdata);
}

int session_list(struct session *s, const char *path, zk_watch_t watch, void *watch_data,
                 zk_done_t done, void *userdata)
{
	const struct read read = { path, true, { .call = watch, .userdata = watch_data } };

	return send_read(s, &read, done, userdata);
}

static int op_flags(const struct zk_op *op)
{
	return (op->ephemeral ? ZOO_EPHEMERAL : 0) | (op->sequential ? ZOO_SEQUENCE : 0);
}

static void init_op(struct request *r, unsigned i, const struct zk_op *op, const char *path,
                    zoo_op_t *ret)
{
	const struct ACL_vector *acl =
	        r->s->auth != NULL ? &ZOO_CREATOR_ALL_ACL : &ZOO_OPEN_ACL_UNSAFE;

	switch (op->type) {
	case ZK_OP_CHECK:
		zoo_check_op_init(ret, path, op->version);
		break;
	case ZK_OP_DELETE:
		zoo_delete_op_init(ret, path, op->version);
		break;
	case ZK_OP_SET:
		zoo_set_op_init(ret, path, op->data, (int)op->size, op->version, &r->stat[i]);
		break;
	case ZK_OP_CREATE:
		r->creates[i] = true;
		zoo_create_op_init(ret, path, op->data, (int)op->size, acl, op_flags(op),
		                   r->created, sizeof(r->created));
		break;
	}
}

int session_write(struct session *s, const struct zk_op *ops, unsigned n, zk_done_t done,
                  void *userdata)
{
	char path[ZK_MAX_OPS][PATH_SIZE];
	zoo_op_t op[ZK_MAX_OPS];
	struct request *r;
	size_t size = 0;
	int error;

	assert(n > 0 && n <= ZK_MAX_OPS);
	/* C3: before sending; the server would close the connection, and the retry do it again. */
	for (unsigned i = 0; i < n; i++) {
		error = full_path(s, ops[i].path, path[i]);
		if (error < 0)
			return error;
		size += strlen(path[i]) + 64;
		if (ops[i].type == ZK_OP_CREATE || ops[i].type == ZK_OP_SET)
			size += ops[i].size;
		if (size > SESSION_MAX_REQUEST)
			return -EMSGSIZE;
	}
	error = new_request(s, done, userdata, &r);
	if (error < 0)
		return error;
	r->n_ops = n;
	for (unsigned i = 0; i < n; i++)
		init_op(r, i, &ops[i], path[i], &op[i]);
	before_send(r);
	return after_send(r, zoo_amulti(s->zh, (int)n, op, r->op_result, on_multi, r));
}
