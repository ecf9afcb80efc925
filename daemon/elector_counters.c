/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of which each is handed out once (checkpoint ids): records `~counter/<key>` of the log,
 * whose value is the number that comes next, in decimal.
 *
 * Changes of one counter are made one after the other, each on the committed value and with its
 * revision as condition, so that two that are asked for at once cannot see the same number.  A
 * number counts as handed out when its answer is sent, which is after the commit: one whose answer
 * was lost is skipped (D15).
 */
#include "daemon/elector_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/text.h"

#define PREFIX "~counter/"

struct elector_counter_change {
	STAILQ_ENTRY(elector_counter_change) entry;
	struct elector *e;
	struct epoch epoch;
	enum counter_op op;
	int64_t value; /* to be set, or about to be handed out */
	bool under_way;
	backend_change_done done;
	void *cookie;
	char key[]; /* with the prefix */
};

/* ---- reading ---- */

/* Of a record; damaged when it is none of ours. */
static struct counter_view view_of(const char *key, const struct pointer *p)
{
	struct counter_view view = { .key = key, .next = 1 };
	uint64_t next = 0;

	if (!p)
		return view;
	view.damaged = p->damaged || parse_uint64_n((const char *)pointer_value(p), p->value_size,
	                                            1, INT64_MAX, &next) < 0;
	view.next = (int64_t)next;
	return view;
}

enum api_error elector_counters_get(struct elector *e, const char *key, struct counter_view *ret)
{
	char full[RECORD_KEY_MAX + 1];

	if (!elector_status_store_read(e))
		return API_NOT_READY;
	if (text_format(full, sizeof(full), PREFIX "%s", key) < 0)
		return API_BAD_REQUEST;
	*ret = view_of(key, pointer_map_get(e->map, full));
	return API_OK;
}

struct listing {
	backend_counter_cb each;
	void *cookie;
};

static int on_listed(const struct pointer *p, void *userdata)
{
	const struct listing *l = userdata;
	const struct counter_view view = view_of(p->key + strlen(PREFIX), p);

	l->each(l->cookie, &view);
	return 0;
}

enum api_error elector_counters_list(struct elector *e, backend_counter_cb each, void *cookie)
{
	struct listing l = { each, cookie };

	if (!elector_status_store_read(e))
		return API_NOT_READY;
	(void)pointer_map_list(e->map, PREFIX, on_listed, &l);
	return API_OK;
}

/* ---- changes ---- */

static void run(struct elector *e);

static void finish(struct elector_counter_change *c, const struct pointer_result *r)
{
	struct change_result result = {
		.error = r->error,
		.message = r->message,
		.epoch = r->epoch,
		.has_value = c->op != COUNTER_DELETE,
		.value = c->value,
		.leader = r->leader,
	};
	struct elector *e = c->e;

	if (r->error == API_NOT_FOUND)
		result.message = "there is no such counter";
	STAILQ_REMOVE(&e->counter_changes, c, elector_counter_change, entry);
	c->done(c->cookie, &result);
	free(c);
}

static void on_done(void *cookie, const struct pointer_result *result)
{
	struct elector_counter_change *c = cookie;
	struct elector *e = c->e;

	c->under_way = false;
	/* What an elector before us had sent was committed first: again, with what it says. */
	if (result->error != API_CONDITION_FAILED)
		finish(c, result);
	run(e);
}

static void refuse(struct elector_counter_change *c, enum api_error error, const char *message)
{
	const struct pointer_result result = { .error = error, .message = message };

	finish(c, &result);
}

/* The change as it is to be written; false: answered. */
static bool prepare(struct elector_counter_change *c, struct commit_request *ret, char *text,
                    size_t size)
{
	const struct pointer *now = pointer_map_get(c->e->map, c->key);
	const struct counter_view view = view_of(c->key, now);

	*ret = (struct commit_request){
		.op = c->op == COUNTER_DELETE ? COMMIT_DELETE : COMMIT_PUT,
		.key = c->key,
		.value = text,
		.fence = c->epoch,
		.own = true,
	};
	if (c->op == COUNTER_NEXT && view.damaged) {
		refuse(c, API_DAMAGED,
		       "the value of this counter is lost: PUT one that was never handed out");
		return false;
	}
	if (c->op == COUNTER_NEXT && view.next == INT64_MAX) {
		refuse(c, API_TOO_LARGE, "this counter is at its end, 9223372036854775807");
		return false;
	}
	if (c->op == COUNTER_NEXT) {
		ret->condition = now ? COMMIT_IF_REVISION : COMMIT_IF_ABSENT;
		ret->if_revision = now ? now->revision : 0;
		c->value = view.next;
	}
	if (c->op != COUNTER_DELETE)
		ret->value_size = (size_t)text_format(text, size, "%" PRId64,
		                                      c->value + (c->op == COUNTER_NEXT));
	return true;
}

static bool has_to_wait(const struct elector_counter_change *c)
{
	const struct elector_counter_change *before;

	if (c->under_way)
		return true;
	STAILQ_FOREACH(before, &c->e->counter_changes, entry)
	{
		if (before == c)
			return false;
		if (strcmp(before->key, c->key) == 0)
			return true;
	}
	return false;
}

/* False: nothing could be begun. */
static bool begin_one(struct elector *e)
{
	struct elector_counter_change *c;
	struct commit_request request;
	char text[24];

	STAILQ_FOREACH(c, &e->counter_changes, entry)
	if (!has_to_wait(c))
		break;
	if (!c)
		return false;
	if (!prepare(c, &request, text, sizeof(text)))
		return true;
	c->under_way = true;
	elector_status_submit(e, &request, on_done, c); /* may have answered already */
	return true;
}

/* An answer from within a submit comes here again: the outermost call does the work. */
static void run(struct elector *e)
{
	if (e->counters_running)
		return;
	e->counters_running = true;
	while (begin_one(e))
		;
	e->counters_running = false;
}

void elector_counters_submit(struct elector *e, struct epoch epoch, enum counter_op op,
                             const char *key, int64_t value, backend_change_done done, void *cookie)
{
	size_t size = strlen(PREFIX) + strlen(key) + 1;
	struct elector_counter_change *c = calloc(1, sizeof(*c) + size);

	if (!c) {
		done(cookie, &(struct change_result){ .error = API_INTERNAL });
		return;
	}
	*c = (struct elector_counter_change){
		.e = e, .epoch = epoch, .op = op, .value = value, .done = done, .cookie = cookie
	};
	(void)snprintf(c->key, size, PREFIX "%s", key);
	STAILQ_INSERT_TAIL(&e->counter_changes, c, entry);
	run(e);
}

/* ---- start and end ---- */

void elector_counters_init(struct elector *e)
{
	STAILQ_INIT(&e->counter_changes);
}

void elector_counters_done(struct elector *e)
{
	struct elector_counter_change *c;

	while ((c = STAILQ_FIRST(&e->counter_changes))) { /* their clients are gone already */
		STAILQ_REMOVE_HEAD(&e->counter_changes, entry);
		free(c);
	}
}
