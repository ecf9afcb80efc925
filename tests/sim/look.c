/* SPDX-License-Identifier: Apache-2.0 */
/* What a look shows: register, latches and members, one after the other, and the watches that it
 * leaves; by a server that is cut off, as they were. */
#include "tests/sim/world.h"

static const struct latch_name no_latch;

bool look_is_old(const struct world *w, const struct request *r, const struct connection *c)
{
	return c->server == w->zk.old_leader && w->now < w->zk.old_until &&
	       w->now < w->zk.server[c->server].alone_until &&
	       (r->kind == REQ_READ || (r->kind == REQ_CORE && r->cmd.type == CORE_CMD_OBSERVE));
}

static const struct sim_tree *seen_by(const struct world *w, const struct request *r,
                                      const struct connection *c)
{
	return look_is_old(w, r, c) ? &w->zk.old : &w->zk.tree;
}

static void read_register(const struct sim_tree *tree, struct request *r)
{
	const struct sim_register *reg = &tree->reg;
	struct core_view *v = &r->view;

	r->log = reg->log;
	r->snapshot = reg->snapshot;
	r->previous = reg->previous;

	v->has_register = reg->exists;
	v->version = reg->version;
	v->epoch = reg->epoch;
	v->released = reg->released;
	v->released_as = reg->cause;
	v->owner = reg->owner;
	v->owner_session = reg->owner_session;
	v->designated = reg->designated;
}

static unsigned below_own(const struct sim_tree *tree, const struct latch_name *own,
                          struct latch_name *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tree->n_latches; i++) {
		const struct sim_latch *l = &tree->latch[i];

		if (!l->alive || latch_name_compare(&l->name, own) >= 0)
			continue;
		if (n++ == 0 || latch_name_compare(&l->name, ret) > 0)
			*ret = l->name;
	}
	return n;
}

static void read_latches(struct world *w, const struct sim_tree *tree, struct request *r,
                         struct connection *c)
{
	struct core_view *v = &r->view;
	struct host *h = &w->host[client_member(r->client)];

	v->rank = -1;
	h->n_own = 0;
	for (unsigned i = 0; i < tree->n_latches; i++) {
		const struct sim_latch *l = &tree->latch[i];

		if (!l->alive)
			continue;
		if (latch_name_equal(&l->name, &v->owner))
			v->owner_alive = true;
		if (latch_name_equal(&l->name, &v->designated))
			v->designated_alive = true;
		if (l->session != c->session)
			continue;
		if (h->n_own < 8)
			h->own[h->n_own++] = l->name;
		if (!latch_name_set(&v->own) || latch_name_compare(&l->name, &v->own) < 0)
			v->own = l->name;
	}
	v->own_extra = h->n_own > 1;
	c->watch_latch[0] = v->own;
	c->watch_latch[1] = no_latch;
	if (latch_name_set(&v->own))
		v->rank = (int)below_own(tree, &v->own, &c->watch_latch[1]);
	if (v->rank == 0) /* it waits for one of these, if for any */
		c->watch_latch[1] = v->designated_alive ? v->designated : v->owner;
}

static void read_members(struct world *w, const struct sim_tree *tree, struct request *r)
{
	struct core_view *v = &r->view;

	v->successors = 0;
	for (int i = 0; i < N_MEMBERS; i++) {
		const struct sim_member *m = &tree->member[i];

		if (!m->exists)
			continue;
		if (latch_name_has_nonce(&v->owner, &w->zk.session[m->session].nonce)) {
			v->owner_member = true;
			v->owner_stopped.v = m->stopped;
		}
		if (i == client_member(r->client) || !m->eligible)
			continue;
		for (unsigned j = 0; j < tree->n_latches; j++)
			if (tree->latch[j].alive && tree->latch[j].session == m->session) {
				v->successors++;
				break;
			}
	}
}

void look_step(struct world *w, struct request *r, struct connection *c)
{
	const struct sim_tree *tree = seen_by(w, r, c);

	switch (r->step) {
	case 0:
		r->view = (struct core_view){ .asked = r->sent_local };
		read_register(tree, r);
		break;
	case 1:
		read_latches(w, tree, r, c);
		break;
	default:
		read_members(w, tree, r);
		c->watch_register = c->watch_members = true;
		r->result = CORE_OK;
	}
}

void look_at_register(struct world *w, struct request *r, const struct connection *c)
{
	read_register(seen_by(w, r, c), r);
	r->result = CORE_OK;
}
