/* SPDX-License-Identifier: Apache-2.0 */
#include "election/observe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { NAME_SIZE = 128 };

struct observe {
	struct session *s;
	struct nonce nonce;
	void (*on_changed)(void *userdata, unsigned changed);
	void *userdata;
	unsigned watches; /* of the last look */
	unsigned changed; /* to be told at the end of this dispatch */

	bool looking, reading;
	bool gone;          /* a latch of the list was not there any more */
	unsigned pending;   /* answers of the look under way */
	unsigned in_flight; /* all answers that will come */
	bool freed;
	struct zk_result result; /* of the look: the first thing that went wrong */
	observe_done_t look_done, read_done;
	void *look_data, *read_data;

	unsigned next_member; /* whose answer comes next: answers come in order */
	unsigned next_own, n_candidates;
	struct latch_name candidate[OBSERVE_MAX_LATCHES]; /* with our nonce */
	struct observation view, single;                  /* of a look, of observe_register() */
};

/* ---- watches */

static void note(struct observe *o, unsigned what)
{
	o->changed |= what & o->watches;
}

static void on_register_changed(void *userdata)
{
	note(userdata, OBSERVE_REGISTER);
}

static void on_latch_changed(void *userdata)
{
	note(userdata, OBSERVE_LATCHES);
}

static void on_members_changed(void *userdata)
{
	note(userdata, OBSERVE_MEMBERS);
}

static void on_maintenance_changed(void *userdata)
{
	note(userdata, OBSERVE_MAINTENANCE);
}

static void on_requests_changed(void *userdata)
{
	note(userdata, OBSERVE_REQUESTS);
}

/* The cluster's node has a child more or less: register and maintenance may not have been there. */
static void on_tree_changed(void *userdata)
{
	note(userdata, OBSERVE_REGISTER | OBSERVE_MAINTENANCE);
}

static void tell_changes(void *userdata)
{
	struct observe *o = userdata;
	unsigned changed = o->changed;

	o->changed = 0;
	if (changed != 0)
		o->on_changed(o->userdata, changed);
}

/* ---- life */

int observe_new(struct session *s, const struct nonce *nonce,
                void (*on_changed)(void *userdata, unsigned changed), void *userdata,
                struct observe **ret)
{
	struct observe *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return -ENOMEM;
	o->s = s;
	o->nonce = *nonce;
	o->on_changed = on_changed;
	o->userdata = userdata;
	o->view.register_error = o->single.register_error = -ENOENT;
	session_after_watches(s, tell_changes, o);
	*ret = o;
	return 0;
}

static void clear(struct observation *view)
{
	if (view->register_error == 0)
		register_done(&view->reg);
	memset(view, 0, sizeof(*view));
	view->register_error = -ENOENT;
	view->rank = -1;
	view->maintenance_version = -1;
}

static void destroy(struct observe *o)
{
	clear(&o->view);
	clear(&o->single);
	free(o);
}

void observe_free(struct observe *o)
{
	if (o == NULL || o->freed)
		return;
	session_forget(o->s, o);
	session_after_watches(o->s, NULL, NULL);
	o->freed = true;
	if (o->in_flight == 0)
		destroy(o);
}

void observe_freep(struct observe **o)
{
	observe_free(*o);
}

/* An answer has come.  False: nobody wants it any more. */
static bool arrived(struct observe *o)
{
	o->in_flight--;
	if (!o->freed)
		return true;
	if (o->in_flight == 0)
		destroy(o);
	return false;
}

/* ---- the register */

static void take_register(struct observation *view, const struct zk_result *result)
{
	static const char nothing[1] = "";

	if (view->register_error == 0)
		register_done(&view->reg);
	view->register_error = result->error;
	if (result->outcome != ZK_DONE)
		return;
	view->version = result->version;
	view->mzxid = result->mzxid;
	view->register_error = register_decode(result->data != NULL ? result->data : nothing,
	                                       result->size, &view->reg, &view->text);
}

static void on_read(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;
	struct zk_result r = *result;

	if (!arrived(o))
		return;
	o->reading = false;
	take_register(&o->single, result);
	o->single.asked = result->sent;
	if (r.error == -ENOENT) { /* that is an answer, too */
		r.outcome = ZK_DONE;
		r.error = 0;
	}
	o->read_done(o->read_data, &r, r.outcome == ZK_DONE ? &o->single : NULL);
}

int observe_register(struct observe *o, observe_done_t done, void *userdata)
{
	int r;

	if (o->reading)
		return -EALREADY;
	o->watches |= OBSERVE_REGISTER;
	r = session_get(o->s, "register", on_register_changed, o, on_read, o);
	if (r < 0)
		return r;
	clear(&o->single);
	o->in_flight++;
	o->reading = true;
	o->read_done = done;
	o->read_data = userdata;
	return 0;
}

/* ---- a look: first what is always there, then what the lists have named */

static void second_half(struct observe *o);

static void fail(struct observe *o, enum zk_outcome outcome, int error)
{
	if (o->result.outcome != ZK_DONE)
		return;
	o->result.outcome = outcome;
	o->result.error = error;
}

/* What vanished between list and read is left out. */
static void drop_missing(struct observation *view)
{
	unsigned n = 0;

	for (unsigned i = 0; i < view->n_members; i++)
		if (view->member[i].error != -ENOENT)
			view->member[n++] = view->member[i];
	view->n_members = n;
}

static void end_look(struct observe *o)
{
	bool again = o->gone;

	drop_missing(&o->view);
	o->view.rank = latch_name_rank(o->view.latch, o->view.n_latches, &o->view.own).index;
	o->gone = false;
	o->looking = false;
	o->in_flight++; /* the callback may free the observer */
	o->look_done(o->look_data, &o->result, o->result.outcome == ZK_DONE ? &o->view : NULL);
	/* A latch that the list named was gone when it was to be watched: no watch will tell. */
	if (again && !o->freed)
		o->on_changed(o->userdata, OBSERVE_LATCHES);
	(void)arrived(o);
}

/* Counts an answer of the look; `missing_ok`: the node need not be there. */
static bool part(struct observe *o, const struct zk_result *result, bool missing_ok)
{
	if (!arrived(o))
		return false;
	if (result->outcome != ZK_DONE && !(missing_ok && result->error == -ENOENT))
		fail(o, result->outcome, result->error);
	o->pending--;
	return true;
}

static void first_half_done(struct observe *o)
{
	if (o->pending > 0)
		return;
	if (o->result.outcome == ZK_DONE)
		second_half(o);
	if (o->pending == 0)
		end_look(o);
}

static void on_synced(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;

	if (!part(o, result, false))
		return;
	o->view.asked = result->sent;
	o->result.sent = result->sent;
	first_half_done(o);
}

static void on_register(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;

	if (!part(o, result, true))
		return;
	take_register(&o->view, result);
	first_half_done(o);
}

static void on_latches(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;
	struct latch_name name;

	if (!part(o, result, true))
		return;
	for (size_t i = 0; i < result->n_children; i++) {
		if (!latch_name_parse(result->children[i], &name))
			continue;
		if (o->view.n_latches == OBSERVE_MAX_LATCHES) {
			fail(o, ZK_NOT_DONE, -ERANGE);
			break;
		}
		o->view.latch[o->view.n_latches++] = name;
	}
	qsort(o->view.latch, o->view.n_latches, sizeof(name), latch_name_compare);
	first_half_done(o);
}

static int compare_members(const void *a, const void *b)
{
	const struct observed_member *x = a, *y = b;

	return strcmp(x->node.member, y->node.member);
}

static void on_members(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;

	if (!part(o, result, true))
		return;
	for (size_t i = 0; i < result->n_children; i++) {
		if (!znode_json_valid_name(result->children[i]))
			continue;
		if (o->view.n_members == OBSERVE_MAX_MEMBERS) {
			fail(o, ZK_NOT_DONE, -ERANGE);
			break;
		}
		(void)snprintf(o->view.member[o->view.n_members++].node.member, MEMBER_NAME_MAX + 1,
		               "%s", result->children[i]);
	}
	qsort(o->view.member, o->view.n_members, sizeof(o->view.member[0]), compare_members);
	first_half_done(o);
}

static void on_maintenance(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;

	if (!part(o, result, true))
		return;
	if (result->outcome == ZK_DONE) {
		o->view.maintenance_version = result->version;
		/* A damaged one counts as none: it must not stop claims for ever. */
		if (result->data != NULL)
			(void)znode_json_decode_maintenance(result->data, result->size,
			                                    &o->view.maintenance);
	}
	first_half_done(o);
}

static void on_watch_only(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;

	if (part(o, result, true))
		first_half_done(o);
}

static bool sent(struct observe *o, int r)
{
	if (r < 0) {
		fail(o, r == -ENOTCONN ? ZK_UNKNOWN : ZK_NOT_DONE, r);
		return false;
	}
	o->pending++;
	o->in_flight++;
	return true;
}

static zk_watch_t if_wanted(const struct observe *o, unsigned what, zk_watch_t watch)
{
	return (o->watches & what) != 0 ? watch : NULL;
}

static void first_half(struct observe *o)
{
	struct session *s = o->s;

	/* The order is A11's: whoever appears in the list has seen the register that we read. */
	(void)(sent(o, session_sync(s, on_synced, o)) &&
	       sent(o,
	            session_get(s, "register", if_wanted(o, OBSERVE_REGISTER, on_register_changed),
	                        o, on_register, o)) &&
	       sent(o, session_list(s, "latch", NULL, NULL, on_latches, o)) &&
	       sent(o, session_list(s, "members", if_wanted(o, OBSERVE_MEMBERS, on_members_changed),
	                            o, on_members, o)) &&
	       sent(o, session_get(s, "maintenance",
	                           if_wanted(o, OBSERVE_MAINTENANCE, on_maintenance_changed), o,
	                           on_maintenance, o)));
	if ((o->watches & (OBSERVE_MAINTENANCE | OBSERVE_REGISTER)) != 0 && o->pending > 0)
		(void)sent(o, session_list(s, "", on_tree_changed, o, on_watch_only, o));
	if ((o->watches & OBSERVE_REQUESTS) != 0 && o->pending > 0)
		(void)sent(o,
		           session_list(s, "requests", on_requests_changed, o, on_watch_only, o));
}

static void second_half_done(struct observe *o)
{
	if (o->pending == 0)
		end_look(o);
}

static void on_member(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;
	struct observed_member *m = &o->view.member[o->next_member++];
	char name[MEMBER_NAME_MAX + 1];

	if (!part(o, result, true))
		return;
	m->error = result->error;
	if (result->outcome == ZK_DONE) {
		m->own = session_owns(o->s, result->owner);
		m->version = result->version;
		memcpy(name, m->node.member, sizeof(name));
		m->error = znode_json_decode_member(result->data != NULL ? result->data : "",
		                                    result->size, &m->node);
		memcpy(m->node.member, name, sizeof(name)); /* the node's name is what counts */
	}
	second_half_done(o);
}

/* CURATOR-696: the nonce alone does not make it ours. */
static void on_candidate(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;
	const struct latch_name *latch = &o->candidate[o->next_own++];

	if (!part(o, result, true))
		return;
	if (result->outcome == ZK_DONE && session_owns(o->s, result->owner)) {
		if (o->view.n_own++ == 0)
			o->view.own = *latch;
	} else if (result->error == -ENOENT) {
		o->gone = true;
	}
	second_half_done(o);
}

static void on_predecessor(void *userdata, const struct zk_result *result)
{
	struct observe *o = userdata;

	if (!part(o, result, true))
		return;
	o->gone = o->gone || result->error == -ENOENT;
	second_half_done(o);
}

static bool list_latch(struct observe *o, const struct latch_name *latch, zk_done_t done)
{
	char path[NAME_SIZE];

	(void)snprintf(path, sizeof(path), "latch/%s", latch->s);
	return sent(o, session_list(o->s, path, if_wanted(o, OBSERVE_LATCHES, on_latch_changed), o,
	                            done, o));
}

/* Whose latch the lowest waits for: the designated one's, or the owner's, which need not be the
 * lowest (A5).  NULL: nobody's. */
static const struct latch_name *awaited(const struct observe *o)
{
	const struct register_node *reg = &o->view.reg;

	if (o->view.register_error != 0)
		return NULL;
	if (observation_has_latch(&o->view, &reg->designated))
		return &reg->designated;
	return observation_has_latch(&o->view, &reg->owner.latch) ? &reg->owner.latch : NULL;
}

static void second_half(struct observe *o)
{
	const struct latch_name *before = NULL;
	char path[NAME_SIZE];

	for (unsigned i = 0; i < o->view.n_latches; i++) {
		if (latch_name_has_nonce(&o->view.latch[i], &o->nonce))
			o->candidate[o->n_candidates++] = o->view.latch[i];
		else if (o->n_candidates == 0)
			before = &o->view.latch[i];
	}
	for (unsigned i = 0; i < o->n_candidates; i++)
		if (!list_latch(o, &o->candidate[i], on_candidate))
			return;
	/* Only the one before, so that the end of a latch wakes one member: that one, or the
	 * lowest, which has none. */
	if (before == NULL)
		before = awaited(o);
	if (o->n_candidates > 0 && before != NULL && !latch_name_has_nonce(before, &o->nonce) &&
	    !list_latch(o, before, on_predecessor))
		return;
	for (unsigned i = 0; i < o->view.n_members; i++) {
		(void)snprintf(path, sizeof(path), "members/%s", o->view.member[i].node.member);
		if (!sent(o,
		          session_get(o->s, path, if_wanted(o, OBSERVE_MEMBERS, on_members_changed),
		                      o, on_member, o)))
			return;
	}
}

int observe_look(struct observe *o, unsigned watches, observe_done_t done, void *userdata)
{
	if (o->looking)
		return -EALREADY;
	if (!session_connected(o->s))
		return -ENOTCONN;
	clear(&o->view);
	o->gone = false;
	o->watches = watches;
	o->next_member = o->next_own = o->n_candidates = 0;
	o->result = (struct zk_result){ .outcome = ZK_DONE, .failed_op = -1 };
	first_half(o);
	if (o->pending == 0)
		return o->result.error;
	o->looking = true;
	o->look_done = done;
	o->look_data = userdata;
	return 0;
}

/* ---- questions about a view */

const struct observed_member *observation_member(const struct observation *view, const char *name)
{
	for (unsigned i = 0; i < view->n_members; i++)
		if (strcmp(view->member[i].node.member, name) == 0)
			return &view->member[i];
	return NULL;
}

const struct observed_member *observation_holder(const struct observation *view,
                                                 const struct latch_name *latch)
{
	for (unsigned i = 0; i < view->n_members; i++)
		if (view->member[i].error == 0 &&
		    latch_name_has_nonce(latch, &view->member[i].node.nonce))
			return &view->member[i];
	return NULL;
}

bool observation_has_latch(const struct observation *view, const struct latch_name *latch)
{
	for (unsigned i = 0; i < view->n_latches; i++)
		if (latch_name_equal(&view->latch[i], latch))
			return true;
	return false;
}
