/* SPDX-License-Identifier: Apache-2.0 */
#include "election/endpoint_book.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cleanup.h"

/* One PUT or DELETE, from submit to reply. */
struct change {
	STAILQ_ENTRY(change) entry;
	void *cookie;
	bool maybe; /* a write with it has an unknown outcome */
	enum endpoint_result result;
	size_t size;
	char component[ENDPOINT_COMPONENT_MAX + 1];
	char *address; /* NULL: remove */
};
STAILQ_HEAD(change_list, change);

struct node {
	bool to_read, reading;
	bool known; /* since the connection came: read, or not in the list */
	bool exists;
	int32_t version;
	struct endpoint_contents contents; /* as last read or written */
	struct change_list waiting, sent;
	bool writing;
	struct endpoint_contents written; /* by the write under way */
	char *text;
};

struct endpoint_book {
	struct node node[ENDPOINT_N_NODES];
	bool connected, listed, to_list, listing;
	bool work;     /* something may be due */
	bool complete; /* all was read once; nothing is served before */
	unsigned n_reading, n_waiting;
	struct epoch epoch; /* served */
	char leader_id[LEADER_ID_LEN + 1];
	struct epoch term; /* of this member; 0 = none */
	char term_leader_id[LEADER_ID_LEN + 1];
	struct change_list done;
	struct endpoint_map changes, told;
	bool state_due;
};

/* ---- life */

struct endpoint_book *endpoint_book_new(void)
{
	struct endpoint_book *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	STAILQ_INIT(&b->done);
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++) {
		STAILQ_INIT(&b->node[i].waiting);
		STAILQ_INIT(&b->node[i].sent);
	}
	return b;
}

static void change_free(struct change *c)
{
	free(c->address);
	free(c);
}

static void free_list(struct change_list *list)
{
	struct change *c;

	while ((c = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, entry);
		change_free(c);
	}
}

void endpoint_book_free(struct endpoint_book *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++) {
		struct node *n = &b->node[i];

		free_list(&n->waiting);
		free_list(&n->sent);
		endpoint_contents_done(&n->contents);
		endpoint_contents_done(&n->written);
		free(n->text);
	}
	free_list(&b->done);
	endpoint_map_done(&b->changes);
	endpoint_map_done(&b->told);
	free(b);
}

/* ---- what is served */

static bool is_served(const struct endpoint_book *b, const struct endpoint_contents *c)
{
	return b->complete && b->epoch.v != 0 && epoch_equal(c->epoch, b->epoch);
}

static void state_changed(struct endpoint_book *b)
{
	b->state_due = b->complete;
	endpoint_map_done(&b->changes);
}

/* B10: never back to a lower epoch, whatever a server that lags behind says. */
static void take_epoch(struct endpoint_book *b, struct epoch epoch, const char *leader_id)
{
	if (epoch.v <= b->epoch.v)
		return;
	b->epoch = epoch;
	memcpy(b->leader_id, leader_id, sizeof(b->leader_id));
	state_changed(b);
}

/* Takes what `c` holds. */
static void take_contents(struct endpoint_book *b, unsigned node, struct endpoint_contents *c)
{
	static const struct endpoint_map nothing = { 0 };
	struct endpoint_contents *old = &b->node[node].contents;

	if (node == ENDPOINT_PROCESS)
		take_epoch(b, c->epoch, c->leader_id);
	if (!b->state_due &&
	    endpoint_map_diff(is_served(b, old) ? &old->map : &nothing,
	                      is_served(b, c) ? &c->map : &nothing, &b->changes) < 0)
		state_changed(b); /* no memory for the difference: all of it, then */
	endpoint_contents_done(old);
	*old = *c;
	*c = (struct endpoint_contents){ .epoch = { 0 } };
	b->work = true;
}

struct epoch endpoint_book_epoch(const struct endpoint_book *b)
{
	return b->complete ? b->epoch : (struct epoch){ 0 };
}

const char *endpoint_book_leader_id(const struct endpoint_book *b)
{
	return b->complete ? b->leader_id : "";
}

size_t endpoint_book_list(const struct endpoint_book *b,
                          void (*each)(void *cookie, const struct endpoint *endpoint), void *cookie)
{
	size_t n = 0;

	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++) {
		const struct endpoint_contents *c = &b->node[i].contents;

		if (!is_served(b, c))
			continue;
		n += c->map.n;
		for (size_t j = 0; each != NULL && j < c->map.n; j++)
			each(cookie, c->map.entry[j]);
	}
	return n;
}

bool endpoint_book_current(const struct endpoint_book *b)
{
	if (!b->connected || !b->listed)
		return false;
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		if (!b->node[i].known)
			return false;
	return true;
}

/* A reader that knows this epoch would take what was not read yet for removed. */
static void check_complete(struct endpoint_book *b)
{
	if (b->complete || !endpoint_book_current(b))
		return;
	b->complete = true;
	if (b->epoch.v != 0)
		state_changed(b);
}

/* ---- reading */

void endpoint_book_connected(struct endpoint_book *b)
{
	b->connected = true;
	b->listed = false;
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		b->node[i].known = b->node[i].to_read = false;
	b->node[ENDPOINT_PROCESS].to_read = true;
	b->to_list = true;
	b->work = true;
}

void endpoint_book_disconnected(struct endpoint_book *b)
{
	b->connected = b->to_list = false;
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		b->node[i].known = b->node[i].to_read = false;
}

void endpoint_book_changed(struct endpoint_book *b, unsigned node)
{
	assert(node < ENDPOINT_N_NODES);
	b->node[node].to_read = b->work = true;
}

void endpoint_book_children_changed(struct endpoint_book *b)
{
	b->to_list = b->work = true;
}

void endpoint_book_all_changed(struct endpoint_book *b)
{
	for (unsigned i = 0; i < ENDPOINT_N_NODES; i++)
		if (b->node[i].exists || i == ENDPOINT_PROCESS)
			endpoint_book_changed(b, i);
	endpoint_book_children_changed(b);
}

static void set_absent(struct endpoint_book *b, unsigned node)
{
	struct endpoint_contents nothing = { .epoch = { 0 } };

	take_contents(b, node, &nothing);
	b->node[node].exists = false;
	b->node[node].known = true;
}

void endpoint_book_read(struct endpoint_book *b, unsigned node, enum endpoint_outcome outcome,
                        const void *data, size_t size, int32_t version, bool *ret_bad)
{
	struct node *n = &b->node[node];
	struct endpoint_contents c = { .epoch = { 0 } };

	assert(n->reading);
	n->reading = false;
	b->n_reading--;
	b->work = true;
	*ret_bad = false;
	if (outcome == ENDPOINT_OUT_ABSENT)
		set_absent(b, node);
	/* Unknown or refused: with the next connection, or by the next look. */
	if (outcome == ENDPOINT_OUT_DONE) {
		if (node == ENDPOINT_PROCESS && !n->exists && b->listed)
			b->to_list = true; /* its children could not be watched before */
		n->exists = n->known = true;
		n->version = version;
		*ret_bad = endpoint_contents_decode(node, data, size, &c) < 0;
		if (!*ret_bad)
			take_contents(b, node, &c);
	}
	check_complete(b);
}

/* A shard that has come is read; the others are watched themselves. */
void endpoint_book_listed(struct endpoint_book *b, enum endpoint_outcome outcome,
                          const char *const *children, size_t n)
{
	bool there[ENDPOINT_N_NODES] = { false };

	b->listing = false;
	b->work = true;
	if (outcome != ENDPOINT_OUT_DONE && outcome != ENDPOINT_OUT_ABSENT)
		return;
	for (size_t i = 0; i < n; i++) {
		int node = endpoint_node_of_child(children[i]);

		if (node >= 0)
			there[node] = true;
	}
	for (unsigned i = 0; i < ENDPOINT_PROCESS; i++) {
		struct node *s = &b->node[i];

		if (there[i] && (!s->known || !s->exists))
			s->to_read = true;
		else if (!there[i] && (!s->known || s->exists))
			set_absent(b, i);
	}
	b->listed = true;
	check_complete(b);
}

/* ---- answers */

static void reply(struct endpoint_book *b, struct change_list *from, struct change *c,
                  enum endpoint_result result)
{
	STAILQ_REMOVE(from, c, change, entry);
	c->result = result;
	STAILQ_INSERT_TAIL(&b->done, c, entry);
	b->work = true;
}

static void reply_all(struct endpoint_book *b, struct change_list *from,
                      enum endpoint_result result)
{
	struct change *c;

	while ((c = STAILQ_FIRST(from)) != NULL)
		reply(b, from, c, result);
}

/* They go first when the node is written again. */
static void take_back(struct node *n, bool maybe)
{
	struct change *c;

	STAILQ_FOREACH(c, &n->sent, entry)
	c->maybe = c->maybe || maybe;
	STAILQ_CONCAT(&n->sent, &n->waiting);
	STAILQ_CONCAT(&n->waiting, &n->sent);
}

/* ---- the term */

/* What was expected is not what is there. */
static void read_again(struct endpoint_book *b, unsigned node)
{
	b->node[node].known = false;
	endpoint_book_changed(b, node);
	if (node != ENDPOINT_PROCESS) /* its parent may be gone, too */
		endpoint_book_changed(b, ENDPOINT_PROCESS);
}

struct epoch endpoint_book_term(const struct endpoint_book *b)
{
	return b->term;
}

void endpoint_book_begin(struct endpoint_book *b, struct epoch epoch, const char *leader_id)
{
	endpoint_book_end(b);
	b->term = epoch;
	(void)snprintf(b->term_leader_id, sizeof(b->term_leader_id), "%s", leader_id);
	read_again(b, ENDPOINT_PROCESS); /* A5: the claim has written it */
}

void endpoint_book_end(struct endpoint_book *b)
{
	b->term = (struct epoch){ 0 };
	for (unsigned i = 0; i < ENDPOINT_N_NODES && b->n_waiting > 0; i++) {
		struct node *n = &b->node[i];
		struct change *c;

		reply_all(b, &n->sent, ENDPOINT_OUTCOME_UNKNOWN); /* the answer comes too late */
		while ((c = STAILQ_FIRST(&n->waiting)) != NULL)
			reply(b, &n->waiting, c,
			      c->maybe ? ENDPOINT_OUTCOME_UNKNOWN : ENDPOINT_FENCED);
	}
}

enum endpoint_result endpoint_book_submit(struct endpoint_book *b, struct epoch epoch,
                                          const char *component, const char *address, void *cookie)
{
	int node = endpoint_node_of(component);
	struct change *c;

	assert(node >= 0 && (address == NULL || endpoint_address_valid(address)));
	if (b->term.v == 0 || !epoch_equal(epoch, b->term))
		return ENDPOINT_FENCED;
	if (b->n_waiting >= ENDPOINT_MAX_WAITING)
		return ENDPOINT_BUSY;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ENDPOINT_NO_MEMORY;
	c->cookie = cookie;
	memcpy(c->component, component, strlen(component));
	c->address = address != NULL ? strdup(address) : NULL;
	if (address != NULL && c->address == NULL) {
		free(c);
		return ENDPOINT_NO_MEMORY;
	}
	STAILQ_INSERT_TAIL(&b->node[node].waiting, c, entry);
	b->n_waiting++;
	b->work = true;
	return ENDPOINT_PENDING;
}

/* ---- writing */

/* False: refused, and `c` is as it was; *ret_size is what it would have. */
static enum endpoint_result apply(unsigned node, struct endpoint_contents *c,
                                  const struct change *change, size_t *ret_size)
{
	CLEANUP(freep) char *before = NULL;
	const char *old = endpoint_map_get(&c->map, change->component);

	if (change->address == NULL) {
		endpoint_map_remove(&c->map, change->component);
		return ENDPOINT_PENDING;
	}
	before = old != NULL ? strdup(old) : NULL;
	if ((old != NULL && before == NULL) ||
	    endpoint_map_set(&c->map, change->component, change->address) < 0)
		return ENDPOINT_NO_MEMORY;
	*ret_size = endpoint_contents_size(node, c);
	if (*ret_size <= ENDPOINT_NODE_LIMIT)
		return ENDPOINT_PENDING;
	/* C3: this one alone, with its size; nothing else is harmed. */
	endpoint_map_remove(&c->map, change->component);
	if (before != NULL && endpoint_map_set(&c->map, change->component, before) < 0)
		return ENDPOINT_NO_MEMORY;
	return ENDPOINT_TOO_LARGE;
}

/* What the node holds in this term. */
static int base_contents(const struct endpoint_book *b, unsigned node,
                         struct endpoint_contents *ret)
{
	const struct endpoint_contents *c = &b->node[node].contents;

	*ret = (struct endpoint_contents){ .epoch = b->term };
	if (node == ENDPOINT_PROCESS)
		memcpy(ret->leader_id, b->term_leader_id, sizeof(ret->leader_id));
	return epoch_equal(c->epoch, b->term) ? endpoint_map_copy(&c->map, &ret->map) : 0;
}

/* Removed by hand: shards cannot be made without it. */
static bool is_missed(const struct endpoint_book *b, unsigned node)
{
	return node == ENDPOINT_PROCESS && !b->node[node].exists && b->n_waiting > 0;
}

/* All that waits becomes one write.  False: nothing is left to be written, or no memory. */
static bool prepare_write(struct endpoint_book *b, unsigned node)
{
	struct node *n = &b->node[node];
	struct endpoint_contents c;
	struct change *change, *next;

	if (base_contents(b, node, &c) < 0) {
		reply_all(b, &n->waiting, ENDPOINT_NO_MEMORY);
		return false;
	}
	for (change = STAILQ_FIRST(&n->waiting); change != NULL; change = next) {
		enum endpoint_result r = apply(node, &c, change, &change->size);

		next = STAILQ_NEXT(change, entry);
		if (r != ENDPOINT_PENDING)
			reply(b, &n->waiting, change, change->maybe ? ENDPOINT_OUTCOME_UNKNOWN : r);
	}
	if ((STAILQ_EMPTY(&n->waiting) && !is_missed(b, node)) ||
	    endpoint_contents_encode(node, &c, &n->text) < 0) {
		reply_all(b, &n->waiting, ENDPOINT_NO_MEMORY);
		endpoint_contents_done(&c);
		return false;
	}
	STAILQ_CONCAT(&n->sent, &n->waiting);
	n->written = c;
	return true;
}

static void forget_write(struct node *n)
{
	n->writing = false;
	endpoint_contents_done(&n->written);
	free(TAKE_PTR(n->text));
}

/* It came by a write of this member: no read has left a watch at it, and the list, whose answer
 * comes after that of the write, finds nothing new. */
static void watch_what_was_made(struct endpoint_book *b, unsigned node)
{
	endpoint_book_changed(b, node);
	if (node == ENDPOINT_PROCESS)
		endpoint_book_children_changed(b);
}

void endpoint_book_wrote(struct endpoint_book *b, unsigned node, enum endpoint_outcome outcome,
                         int32_t version)
{
	struct node *n = &b->node[node];

	assert(n->writing);
	switch (outcome) {
	case ENDPOINT_OUT_DONE:
		if (!n->exists)
			watch_what_was_made(b, node);
		n->exists = true;
		n->version = version;
		take_contents(b, node, &n->written);
		reply_all(b, &n->sent, ENDPOINT_WRITTEN);
		break;
	case ENDPOINT_OUT_UNKNOWN:
		take_back(n, true);
		read_again(b, node);
		break;
	case ENDPOINT_OUT_ABSENT:
	case ENDPOINT_OUT_STALE:
		take_back(n, false);
		read_again(b, node);
		break;
	case ENDPOINT_OUT_LATCH_GONE:
		take_back(n, false);
		endpoint_book_end(b);
		break;
	case ENDPOINT_OUT_REFUSED:
		take_back(n, false);
		while (!STAILQ_EMPTY(&n->waiting)) {
			struct change *c = STAILQ_FIRST(&n->waiting);

			reply(b, &n->waiting, c,
			      c->maybe ? ENDPOINT_OUTCOME_UNKNOWN : ENDPOINT_REFUSED);
		}
		break;
	}
	forget_write(n);
	b->work = true;
}

/* ---- the caller's side */

static bool next_reply(struct endpoint_book *b, struct endpoint_action *ret)
{
	struct change *c = STAILQ_FIRST(&b->done);

	if (c == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&b->done, entry);
	b->n_waiting--;
	*ret = (struct endpoint_action){
		.type = ENDPOINT_REPLY, .cookie = c->cookie, .result = c->result, .size = c->size
	};
	change_free(c);
	return true;
}

static bool next_news(struct endpoint_book *b, struct endpoint_action *ret)
{
	endpoint_map_done(&b->told);
	if (b->state_due) {
		b->state_due = false;
		*ret = (struct endpoint_action){ .type = ENDPOINT_STATE };
		return true;
	}
	if (b->changes.n == 0)
		return false;
	b->told = b->changes;
	b->changes = (struct endpoint_map){ 0 };
	*ret = (struct endpoint_action){ .type = ENDPOINT_CHANGES, .changes = &b->told };
	return true;
}

static bool may_write(const struct endpoint_book *b, unsigned node)
{
	const struct node *n = &b->node[node], *parent = &b->node[ENDPOINT_PROCESS];

	if (b->term.v == 0 || n->writing || !n->known)
		return false;
	if (node != ENDPOINT_PROCESS && !parent->exists)
		return false;
	return !STAILQ_EMPTY(&n->waiting) || is_missed(b, node);
}

static bool next_of_node(struct endpoint_book *b, unsigned node, struct endpoint_action *ret)
{
	struct node *n = &b->node[node];

	if (n->to_read && !n->reading && b->n_reading < ENDPOINT_MAX_READS) {
		n->to_read = false;
		n->reading = true;
		b->n_reading++;
		*ret = (struct endpoint_action){ .type = ENDPOINT_READ, .node = node };
		return true;
	}
	if (!may_write(b, node) || !prepare_write(b, node))
		return false;
	n->writing = true;
	*ret = (struct endpoint_action){ .type = ENDPOINT_WRITE,
		                         .node = node,
		                         .text = n->text,
		                         .version = n->exists ? n->version : -1 };
	return true;
}

bool endpoint_book_next(struct endpoint_book *b, struct endpoint_action *ret)
{
	if (!b->work)
		return false;
	for (unsigned i = 0; b->connected && i < ENDPOINT_N_NODES; i++)
		if (next_of_node(b, ENDPOINT_PROCESS - i, ret)) /* `endpoints` first */
			return true;
	if (b->connected && b->to_list && !b->listing) {
		b->to_list = false;
		b->listing = true;
		*ret = (struct endpoint_action){ .type = ENDPOINT_LIST };
		return true;
	}
	/* News before the replies: who was told of a success finds it served. */
	if (next_news(b, ret) || next_reply(b, ret))
		return true;
	b->work = false;
	return false;
}
