/* SPDX-License-Identifier: Apache-2.0 */
#include "election/handover.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/fence.h"
#include "election/register.h"

enum { NAME_SIZE = 128, MAX_ROUNDS = 20, MAX_FOUND = 16 };

struct handover {
	struct session *s;
	struct nonce nonce;
	struct latch_name latch;
	int64_t old_id; /* secret */
	char member[MEMBER_NAME_MAX + 1];
	enum cause cause;
	handover_done_t done;
	void *userdata;

	/* Made at once where it may be needed, but it connects only when it is polled. */
	struct session *second;
	bool ending; /* `second` is at work */
	bool ended;  /* the old session is closed or expired */

	unsigned rounds, pending, in_flight;
	bool freed, finished;
	enum zk_outcome outcome; /* of this round's reads */
	int error;
	unsigned n_found; /* latches with the nonce */
	struct latch_name found[MAX_FOUND];
	bool has_register;
	struct register_node reg;
	int32_t version;
	bool has_member; /* members/<member> is the old session's */
};

static void begin_round(struct handover *h);

/* ---- life */

static void destroy(struct handover *h)
{
	if (h->has_register)
		register_done(&h->reg);
	session_close(h->second, false);
	free(h);
}

void handover_free(struct handover *h)
{
	if (h == NULL || h->freed)
		return;
	h->freed = true;
	if (h->in_flight == 0)
		destroy(h);
}

void handover_freep(struct handover **h)
{
	handover_free(*h);
}

struct session *handover_second(struct handover *h)
{
	return h->ending ? h->second : NULL;
}

static bool arrived(struct handover *h)
{
	h->in_flight--;
	if (!h->freed)
		return true;
	if (h->in_flight == 0)
		destroy(h);
	return false;
}

static void finish(struct handover *h, int error, const char *message)
{
	assert(!h->finished);
	h->finished = true;
	h->in_flight++; /* `done` may free us */
	h->done(h->userdata, error, message);
	(void)arrived(h);
}

static void finish_failed(struct handover *h, enum zk_outcome outcome, int error)
{
	char text[160];

	if (outcome == ZK_UNKNOWN || error == -ENOTCONN) {
		finish(h, -ENOTCONN, "the connection to ZooKeeper was lost on the way");
		return;
	}
	(void)snprintf(text, sizeof(text), "ZooKeeper refuses: %s%s", strerror(-error),
	               error == -EACCES ? " (is zookeeper.auth_file the one it was made with?)"
	                                : "");
	finish(h, error, text);
}

/* ---- ending the old session where its latch may still be on the way */

static void on_second_event(void *userdata, const struct session_event *event)
{
	struct handover *h = userdata;

	switch (event->type) {
	case SESSION_DISCONNECTED:
		return; /* tries again */
	case SESSION_AUTH_FAILED:
		finish(h, -EKEYREJECTED, "ZooKeeper refuses the credentials");
		return;
	case SESSION_CONNECTED: /* what its predecessor had on the way is refused from now on */
	case SESSION_EXPIRED:
		break;
	}
	session_close(h->second, true);
	h->second = NULL;
	h->ending = false;
	h->ended = true; /* closing proves nothing, the list that follows does */
	begin_round(h);
}

/* ---- one round: look, then one multi */

/* Nobody needs its end to be waited for: the JobManager is dead (A12), and a late write of its
 * elector carries check(latch). */
static void on_member_deleted(void *userdata, const struct zk_result *result)
{
	struct handover *h = userdata;

	(void)result;
	if (arrived(h))
		finish(h, 0, "no latch of the old session is left");
}

static void latch_is_gone(struct handover *h)
{
	char path[NAME_SIZE];
	const struct zk_op op = { .type = ZK_OP_DELETE, .path = path, .version = -1 };

	(void)snprintf(path, sizeof(path), "members/%s", h->member);
	if (h->has_member && session_write(h->s, &op, 1, on_member_deleted, h) == 0)
		h->in_flight++;
	else
		finish(h, 0, "no latch of the old session is left");
}

static void on_released(void *userdata, const struct zk_result *result)
{
	struct handover *h = userdata;

	if (!arrived(h))
		return;
	if (result->outcome == ZK_DONE && latch_name_set(&h->latch) && h->n_found == 1) {
		finish(h, 0, "handed over");
		return;
	}
	/* Another latch with this nonce; a write of the dead elector came first (BADVERSION); the
	 * member node or the latch went: look again. */
	if (result->outcome == ZK_DONE || result->error == -ESTALE || result->error == -ENOENT)
		begin_round(h);
	else
		finish_failed(h, result->outcome, result->error);
}

/* The owner's first, so that `released` is written with its end. */
static const struct latch_name *choose(const struct handover *h)
{
	for (unsigned i = 0; i < h->n_found; i++)
		if (h->has_register && latch_name_equal(&h->found[i], &h->reg.owner.latch))
			return &h->found[i];
	return &h->found[0];
}

static void release(struct handover *h)
{
	const struct latch_name none = { .s = "" };
	const struct latch_name *latch = choose(h);
	bool set;
	int r;

	set = h->has_register && h->reg.released == CAUSE_NONE &&
	      latch_name_equal(latch, &h->reg.owner.latch);
	if (set)
		register_release(&h->reg, h->cause, &none);
	r = fence_release(h->s, latch, set ? &h->reg : NULL, h->version,
	                  h->has_member ? h->member : NULL, on_released, h);
	if (r < 0)
		finish_failed(h, ZK_NOT_DONE, r);
	else
		h->in_flight++;
}

static void decide(struct handover *h)
{
	if (h->outcome != ZK_DONE)
		finish_failed(h, h->outcome, h->error);
	else if (h->n_found > 0)
		release(h);
	else if (latch_name_set(&h->latch) || h->ended)
		latch_is_gone(h);
	else
		h->ending = true; /* from now on handover_second() is polled */
}

/* An answer of the round; true when it may be looked at. */
static bool part(struct handover *h, const struct zk_result *result)
{
	if (!arrived(h))
		return false;
	h->pending--;
	if (result->outcome != ZK_DONE && result->error != -ENOENT && h->outcome == ZK_DONE) {
		h->outcome = result->outcome;
		h->error = result->error;
	}
	return true;
}

static void on_synced(void *userdata, const struct zk_result *result)
{
	struct handover *h = userdata;

	if (part(h, result) && h->pending == 0)
		decide(h);
}

static void on_latches(void *userdata, const struct zk_result *result)
{
	struct handover *h = userdata;
	struct latch_name name;

	if (!part(h, result))
		return;
	for (size_t i = 0; i < result->n_children && h->n_found < MAX_FOUND; i++)
		if (latch_name_parse(result->children[i], &name) &&
		    latch_name_has_nonce(&name, &h->nonce))
			h->found[h->n_found++] = name;
	if (h->pending == 0)
		decide(h);
}

static void on_register(void *userdata, const struct zk_result *result)
{
	struct handover *h = userdata;

	if (!part(h, result))
		return;
	/* A damaged one cannot be set; the latch goes all the same. */
	if (result->outcome == ZK_DONE && result->data != NULL &&
	    register_decode(result->data, result->size, &h->reg, NULL) == 0) {
		h->has_register = true;
		h->version = result->version;
	}
	if (h->pending == 0)
		decide(h);
}

static void on_member(void *userdata, const struct zk_result *result)
{
	struct handover *h = userdata;

	if (!part(h, result))
		return;
	h->has_member = result->outcome == ZK_DONE && result->owner == h->old_id;
	if (h->pending == 0)
		decide(h);
}

static bool sent(struct handover *h, int r)
{
	if (r < 0) {
		if (h->outcome == ZK_DONE) {
			h->outcome = ZK_NOT_DONE;
			h->error = r;
		}
		return false;
	}
	h->pending++;
	h->in_flight++;
	return true;
}

static void ask(struct handover *h)
{
	char path[NAME_SIZE];

	if (h->has_register)
		register_done(&h->reg);
	h->has_register = h->has_member = false;
	h->n_found = 0;
	h->outcome = ZK_DONE;
	h->error = 0;
	(void)snprintf(path, sizeof(path), "members/%s", h->member);
	(void)(sent(h, session_sync(h->s, on_synced, h)) &&
	       sent(h, session_list(h->s, "latch", NULL, NULL, on_latches, h)) &&
	       sent(h, session_get(h->s, "register", NULL, NULL, on_register, h)) &&
	       sent(h, session_get(h->s, path, NULL, NULL, on_member, h)));
}

static void begin_round(struct handover *h)
{
	if (++h->rounds > MAX_ROUNDS) {
		finish(h, -EBUSY, "the register or the latches keep changing");
		return;
	}
	ask(h);
	if (h->pending == 0)
		finish_failed(h, h->outcome, h->error);
}

static int open_second(struct handover *h, const struct handover_config *config)
{
	const struct session_config second = {
		.servers = config->servers,
		.base = session_base(h->s),
		.auth = config->auth,
		.timeout = config->old_timeout,
		.answer_timeout = config->answer_timeout,
		.resume = &config->old,
		.on_event = on_second_event,
		.userdata = h,
	};

	return session_new(&second, &h->second);
}

int handover_start(struct session *s, const struct handover_config *config, handover_done_t done,
                   void *userdata, struct handover **ret)
{
	struct handover *h;
	int r = 0;

	if (strlen(config->member) > MEMBER_NAME_MAX)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return -ENOMEM;
	h->s = s;
	h->nonce = config->nonce;
	h->latch = config->latch;
	h->old_id = config->old.id;
	(void)snprintf(h->member, sizeof(h->member), "%s", config->member);
	h->cause = config->cause;
	h->done = done;
	h->userdata = userdata;
	if (!latch_name_set(&h->latch))
		r = open_second(h, config);
	if (r == 0) {
		h->rounds = 1;
		ask(h);
		r = h->pending == 0 ? h->error : 0;
	}
	if (r < 0) {
		destroy(h);
		return r;
	}
	*ret = h;
	return 0;
}
