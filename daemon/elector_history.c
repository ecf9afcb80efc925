/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms and transitions (P8): each change of state has a cause and timings in log, status and
 * events; each grant is a record `~term/<epoch>` in the log, written off the path to the grant.
 */
#include "daemon/elector_private.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/elector_serve.h"
#include "daemon/log.h"

enum { TERMS_KEPT = 200 };

static void term_key(struct epoch epoch, char ret[32])
{
	(void)text_format(ret, 32, "~term/%020" PRIu64, epoch.v);
}

static json_t *milliseconds(usec_t usec)
{
	return usec == USEC_INFINITY ? json_null() : json_real((double)usec / 1000.0);
}

static void write_term(struct elector *e)
{
	const struct elector_transition *t = &e->last;
	char key[32], old[32];
	char *text;
	json_t *term =
	        json_pack("{si ss sI ss so so so}", "version", 1, "leader", e->config->member,
	                  "start_ms", (json_int_t)t->at_ms, "cause", cause_code(t->cause),
	                  "detect_ms", milliseconds(t->detect), "claim_ms", milliseconds(t->claim),
	                  "grant_ms", milliseconds(t->grant));
	struct commit_request put = { .op = COMMIT_PUT, .key = key, .own = true };
	struct commit_request drop = { .op = COMMIT_DELETE, .key = old, .own = true };

	text = term ? json_dumps(term, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	json_decref(term);
	if (!text)
		return;
	term_key(t->epoch, key);
	put.value = text;
	put.value_size = strlen(text);
	(void)commit_queue_submit(e->commits, &put);
	free(text);
	if (t->epoch.v <= TERMS_KEPT)
		return;
	term_key((struct epoch){ t->epoch.v - TERMS_KEPT }, old);
	if (pointer_map_get(e->map, old))
		(void)commit_queue_submit(e->commits, &drop);
}

static usec_t between(usec_t from, usec_t to)
{
	return from == 0 || to < from ? USEC_INFINITY : to - from;
}

static void log_transition(const struct elector *e, const struct elector_transition *t)
{
	const char *cause = cause_code(t->cause);

	log_notice("election", "state=%s epoch=%" PRIu64 " from=%s cause=%s lease_ms=%" PRIu64,
	           core_state_name(t->to), t->epoch.v, core_state_name(t->from),
	           *cause ? cause : "-", usec_to_ms(core_lease_left(&e->core, clock_boottime())));
}

void elector_history_show(const struct elector_transition *t, struct transition *ret)
{
	*ret = (struct transition){
		.from = core_state_name(t->from),
		.to = core_state_name(t->to),
		.cause = cause_code(t->cause),
		.epoch = t->epoch,
		.at = usec_from_ms(t->at_ms),
		.detect = t->detect,
		.claim = t->claim,
		.grant = t->grant,
	};
}

static void publish(struct elector *e, const struct elector_transition *t)
{
	struct api_event ev = { .type = API_EVENT_TRANSITION };

	elector_history_show(t, &ev.transition);
	if (e->api)
		api_publish(e->api, &ev);
}

void elector_history_note(struct elector *e)
{
	const struct core *c = &e->core;
	enum core_state now = core_state(c, c->now);
	struct elector_transition t = {
		.from = e->state,
		.to = now,
		.cause = c->cause,
		.epoch = c->epoch.v != 0 ? c->epoch : e->reg.epoch,
		.at_ms = clock_realtime_ms(),
		.detect = USEC_INFINITY,
		.claim = USEC_INFINITY,
		.grant = USEC_INFINITY,
	};

	if (now == e->state || c->phase == CORE_RESUMING)
		return; /* resumed: told when it has been verified */
	if (now == CORE_STATE_DISCONNECTED)
		t.cause = CAUSE_DISCONNECTED;
	if (now == CORE_STATE_CLAIMING)
		t.cause = c->predecessor;
	if (now == CORE_STATE_LEADER && t.cause != CAUSE_RESUMED) {
		t.detect = between(c->detected, c->claim_sent);
		t.claim = between(c->claim_sent, c->claimed);
		t.grant = between(c->claimed, c->granted);
	}
	e->state = now;
	e->last = t;
	e->has_transition = true;
	e->counters.transitions++;
	log_transition(e, &t);
	publish(e, &t);
	if (now != CORE_STATE_LEADER)
		return;
	if (t.cause != CAUSE_RESUMED)
		write_term(e);
	elector_serve_granted(e);
}

/* ---- reading it back ---- */

struct listing {
	backend_term_cb each;
	void *cookie;
	struct term term; /* the one before, told when its end is known */
	char leader[MEMBER_NAME_MAX + 1];
};

static usec_t usec_of(const json_t *object, const char *field)
{
	const json_t *value = json_object_get(object, field);
	double ms = json_number_value(value);

	return json_is_number(value) && ms >= 0 ? (usec_t)(ms * 1000.0) : USEC_INFINITY;
}

static int on_term(const struct pointer *p, void *userdata)
{
	struct listing *l = userdata;
	json_t *object = json_loadb((const char *)pointer_value(p), p->value_size, 0, NULL);
	const char *leader = json_string_value(json_object_get(object, "leader"));
	const char *cause = json_string_value(json_object_get(object, "cause"));
	usec_t start = usec_of(object, "start_ms");

	if (leader && cause && start != USEC_INFINITY) {
		if (l->term.epoch.v != 0) {
			l->term.end = start;
			l->each(l->cookie, &l->term);
		}
		(void)text_format(l->leader, sizeof(l->leader), "%s", leader);
		l->term = (struct term){
			.leader = l->leader,
			.start = start,
			.end = USEC_INFINITY,
			.cause = cause_code(cause_parse(cause)),
			.detect = usec_of(object, "detect_ms"),
			.fence = usec_of(object, "claim_ms"),
			.recover = usec_of(object, "grant_ms"),
		};
		if (sscanf(p->key, "~term/%" SCNu64, &l->term.epoch.v) != 1)
			l->term.epoch.v = 0;
	}
	json_decref(object);
	return 0;
}

void elector_history_list(struct elector *e, backend_term_cb each, void *cookie)
{
	struct listing l = { .each = each, .cookie = cookie };

	(void)pointer_map_list(e->map, "~term/", on_term, &l);
	if (l.term.epoch.v != 0)
		each(cookie, &l.term);
}
