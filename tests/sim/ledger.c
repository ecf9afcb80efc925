/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients wrote and were told (promises 3 and 4): what was acknowledged is there for every
 * later leader, byte for byte; what was answered "will never be visible" is not; and whatever a map
 * holds is something that a client wrote, whole, under one revision.
 */
#include "tests/sim/world.h"

#include <string.h>

#include "storage/snapshot.h"

enum { VALUE_MAX = 120, LAST_PUTS = 6 };

static const char *const keys[N_KEYS] = { "jobs/a", "jobs/b", "checkpoints/a", "checkpoints/b" };

/* Its number, then bytes that follow from it; some are longer than a page's share of a write. */
static size_t value_of(int id, char ret[VALUE_MAX])
{
	size_t size = 8 + (size_t)(id * 37 % (VALUE_MAX - 8));

	ret[0] = (char)('0' + id / 10);
	ret[1] = (char)('0' + id % 10);
	for (size_t i = 2; i < size; i++)
		ret[i] = (char)('a' + (i * 7 + (size_t)id) % 26);
	return size;
}

/* The last clients are there to show that a leader writes (promise 6): one after the other, for as
 * long as nobody has shown it, and each asks for what no other client's write can make fail.  A
 * storage may still hang from before: not all of them are spent on that. */
static bool is_last(const struct ledger *l)
{
	return l->n >= MAX_PUTS - LAST_PUTS;
}

static bool no_room(const struct world *w)
{
	const struct ledger *l = &w->ledger;

	if (!w->healed)
		return l->n >= (MAX_PUTS - LAST_PUTS) * 2 / 3;
	if (!is_last(l))
		return false;
	return l->after_faults || l->n == MAX_PUTS || w->now < l->next_at ||
	       (l->n > MAX_PUTS - LAST_PUTS && l->put[l->n - 1].outcome == PUT_OPEN);
}

int ledger_new(struct world *w, bool delete, struct commit_request *ret)
{
	static char value[VALUE_MAX];
	struct ledger *l = &w->ledger;
	unsigned key = (unsigned)below(w, N_KEYS);
	int id = (int)l->n;
	bool last = is_last(l);

	if (no_room(w))
		return -1;
	if (last)
		l->next_at = w->now + MS(5000);
	delete = delete &&!last;
	l->put[l->n++] = (struct put){ .key = key, .delete = delete };
	*ret = (struct commit_request){
		.op = delete ? COMMIT_DELETE : COMMIT_PUT,
		.key = keys[key],
		.cookie = (void *)(intptr_t)(id + 1),
	};
	if (delete)
		return id;
	ret->value = value;
	ret->value_size = value_of(id, value);
	if (last)
		return id;
	if (percent(w, 15))
		ret->condition = COMMIT_IF_ABSENT;
	else if (percent(w, 15))
		ret->condition = COMMIT_IF_REVISION, ret->if_revision = l->done[key];
	return id;
}

void ledger_answer(struct world *w, int id, enum commit_result result, uint64_t revision)
{
	struct ledger *l = &w->ledger;
	struct put *p = &l->put[id];

	if (p->outcome != PUT_OPEN)
		violated(w, "client %d is answered twice", id);
	if (result == COMMIT_OUTCOME_UNKNOWN) {
		p->outcome = PUT_UNKNOWN;
		l->n_unknown++;
		return;
	}
	if (result != COMMIT_DONE) {
		p->outcome = PUT_NEVER;
		l->n_never++;
		return;
	}
	p->outcome = PUT_DONE;
	l->n_done++;
	if (revision > l->committed)
		violated(w,
		         "promise 3: client %d is told of revision %llu, the register is at %llu",
		         id, (unsigned long long)revision, (unsigned long long)l->committed);
	if (p->revision != 0 && p->revision != revision)
		violated(w, "promise 3: client %d has two revisions", id);
	p->revision = revision;
	if (revision > l->done[p->key])
		l->done[p->key] = revision;
	l->after_faults |= w->healed;
	if (revision > l->acknowledged)
		l->acknowledged = revision;
}

/* The register moves: by one record at a time, or to the same place. */
void ledger_committed(struct world *w, const struct log_position *at)
{
	const struct log_position *last = &w->ledger.last;

	if (at->sequence < last->sequence || at->sequence > last->sequence + 1 ||
	    (at->sequence == last->sequence && memcmp(at, last, sizeof(*at)) != 0))
		violated(w, "promise 3: the register moves from record %llu to %llu",
		         (unsigned long long)last->sequence, (unsigned long long)at->sequence);
	w->ledger.last = *at;
	w->ledger.committed = at->sequence;
}

/* B3, B8, B9: of what is committed, newer than the last one, and there for whoever looks for it. */
void ledger_snapshot(struct world *w, const struct log_snapshot *named,
                     const struct log_snapshot *before)
{
	char name[SNAPSHOT_NAME_SIZE];

	w->ledger.n_snapshots++;
	snapshot_name(named->epoch, named->at.sequence, name);
	if (named->at.sequence <= before->at.sequence ||
	    named->at.sequence > w->zk.tree.reg.log.sequence)
		violated(w, "rule B9: the register names %s after %llu", name,
		         (unsigned long long)before->at.sequence);
	if (!files_durable(name))
		violated(w, "rule B8: the register names %s, which is not durable", name);
}

/* B3: nothing that lies behind the snapshot before the last one, as the register has them now. */
void ledger_deleted(struct world *w, int m, const char *name)
{
	const struct sim_register *reg = &w->zk.tree.reg;
	uint64_t epoch, number;
	bool needed;

	if (segment_name_parse(name, &epoch, &number) == 0)
		needed = epoch > reg->previous.at.epoch ||
		         (epoch == reg->previous.at.epoch && number >= reg->previous.at.segment);
	else if (snapshot_name_parse(name, &epoch, &number) == 0)
		needed = number >= reg->previous.at.sequence;
	else
		return; /* a temporary one, perhaps by who has failed to write it */
	w->ledger.n_deleted++;
	if (needed || reg->previous.epoch == 0)
		violated(w, "rule B3: %c deletes %s, which may be needed", 'a' + m, name);
}

void ledger_check_pointer(struct world *w, int m, const struct pointer *p)
{
	const uint8_t *bytes = pointer_value(p);
	char value[VALUE_MAX];
	struct put *put;
	unsigned id;

	if (p->deleted)
		return;
	id = p->value_size < 2 ? MAX_PUTS : (unsigned)(bytes[0] - '0') * 10 + bytes[1] - '0';
	if (p->damaged && w->ledger.n_harms > 0) /* named: whoever asks for it is told */
		return;
	if (p->damaged || id >= w->ledger.n || value_of((int)id, value) != p->value_size ||
	    memcmp(value, bytes, p->value_size) != 0 ||
	    strcmp(keys[w->ledger.put[id].key], p->key) != 0) {
		violated(w, "promise 4: %c holds what nobody wrote", 'a' + m);
		return;
	}
	put = &w->ledger.put[id];
	if (put->outcome == PUT_NEVER)
		violated(w, "promise 3: %c holds what client %u was told would never be visible",
		         'a' + m, id);
	if (put->revision != 0 && put->revision != p->revision && put->outcome == PUT_DONE)
		violated(w, "promise 3: %c holds client %u's value under another revision", 'a' + m,
		         id);
	put->revision = p->revision;
}

/* A delete after `revision` that may have happened. */
static bool may_be_deleted(const struct ledger *l, unsigned key, uint64_t revision)
{
	for (unsigned i = 0; i < l->n; i++) {
		const struct put *p = &l->put[i];

		if (p->key == key && p->delete &&p->outcome != PUT_NEVER &&
		    (p->outcome != PUT_DONE || p->revision >= revision))
			return true;
	}
	return false;
}

static int check_one(const struct pointer *p, void *userdata)
{
	struct world *w = userdata;

	ledger_check_pointer(w, w->ledger.looking, p);
	return 0;
}

/* A change of the key that has to be seen: acknowledged, later than `revision`, and of no loss that
 * was said. 0: none. */
static uint64_t unseen(const struct world *w, int m, unsigned key, uint64_t revision)
{
	const struct ledger *l = &w->ledger;
	uint64_t found = 0;

	for (unsigned i = 0; i < l->n; i++) {
		const struct put *p = &l->put[i];

		if (p->key == key && p->outcome == PUT_DONE && p->revision > revision &&
		    p->revision > found && !damage_excuses(w, m, p->revision))
			found = p->revision;
	}
	return found;
}

/* Of who is about to lead, and at the end of who leads: all that was acknowledged. */
void ledger_check_map(struct world *w, int m, const struct pointer_map *map)
{
	const struct ledger *l = &w->ledger;

	w->ledger.looking = m;
	(void)pointer_map_list(map, "", check_one, w);
	if (pointer_map_position(map)->sequence < l->acknowledged)
		violated(w, "promise 3: %c is at record %llu, %llu is acknowledged", 'a' + m,
		         (unsigned long long)pointer_map_position(map)->sequence,
		         (unsigned long long)l->acknowledged);
	for (unsigned k = 0; k < N_KEYS; k++) {
		const struct pointer *p = pointer_map_get(map, keys[k]);
		uint64_t lost = unseen(w, m, k, p != NULL ? p->revision : 0);

		if (lost == 0 || (p == NULL && may_be_deleted(l, k, lost)))
			continue;
		violated(w, "promise 3: %c has lost revision %llu of %s", 'a' + m,
		         (unsigned long long)lost, keys[k]);
	}
}
