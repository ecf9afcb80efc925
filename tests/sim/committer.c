/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector's loop around commit queue and store, as daemon/elector_commit.c and elector_store.c
 * have it: carries out what the queue decides, follows the register's log, loads it at a takeover.
 *
 * The daemon's two files are not linked in its place: what decides (commit queue, core, follower)
 * is the real one already, and what is left of them is translation, of a session's answers there
 * and of requests here.  To share it would take an interface between both that the daemon has no
 * use for. That they translate alike is for tests/cluster to show.
 */
#include "tests/sim/world.h"

#include <string.h>

static const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE] = "simulated-clust";

static void say(struct world *w, int m, enum core_event_type type, enum core_result result)
{
	shell_later(w, m, 0, type, (uint32_t)result, 0);
}

/* ---- what the store answers ---- */

static struct world *world;

/* Who asked, and with which ticket: answers come in order, and few are owed at a time. */
static struct question {
	int member;
	uint64_t ticket;
} questions[256];
static unsigned n_questions;

static struct question *question(int m, uint64_t ticket)
{
	struct question *q = &questions[n_questions++ % 256];

	*q = (struct question){ m, ticket };
	return q;
}

static void set_written(struct world *w, int m, enum store_state state)
{
	struct committer *c = &w->host[m].committer;

	if ((c->written == STORE_OK) != (state == STORE_OK))
		shell_later(w, m, 0, CORE_EV_ELIGIBLE, 0, 0);
	c->written = state;
}

static enum commit_storage stored(struct world *w, int m, const struct store_result *result)
{
	damage_look(w, m, result);
	set_written(w, m, result->state);
	return result->state == STORE_OK     ? COMMIT_STORED
	       : result->state == STORE_FULL ? COMMIT_STORE_FULL
	                                     : COMMIT_STORE_FAILED;
}

/* Else it has overslept, or gives its term back: it is granted nothing. */
static bool may_lead_with_it(const struct world *w, int m)
{
	const struct core *c = &w->host[m].core;

	return (c->phase == CORE_LOADING || c->phase == CORE_LEADING ||
	        c->phase == CORE_RESUMING) &&
	       lease_valid(&c->lease, local_time(w, m, w->now));
}

static void loaded(struct world *w, int m, enum core_result result)
{
	struct committer *c = &w->host[m].committer;

	c->loading = false;
	if (result != CORE_OK)
		commit_queue_abort(c->commits);
	else if (may_lead_with_it(w, m))
		ledger_check_map(w, m, c->map);
	say(w, m, CORE_EV_LOADED, result);
}

/* The rest is the pump's, when the queue has said what it wants. */
static void opened(struct world *w, int m, bool well)
{
	struct committer *c = &w->host[m].committer;

	if (!well) {
		loaded(w, m, CORE_FAILED);
		return;
	}
	c->load_opened = true;
	if (c->damage_at > c->snapshot.at.sequence)
		commit_queue_want_snapshot(c->commits);
}

static void on_opened(const struct store_result *result, void *userdata)
{
	struct world *w = world;
	const struct question *q = userdata;
	int m = q->member;
	struct committer *c = &w->host[m].committer;
	enum commit_storage answer = stored(w, m, result);

	commit_queue_opened(c->commits, q->ticket, answer,
	                    answer == COMMIT_STORED ? &result->position : NULL);
	if (commit_queue_segment_open(c->commits))
		c->opened_epoch = c->load_epoch;
	if (c->loading && q->ticket == c->load_ticket)
		opened(w, m, commit_queue_segment_open(c->commits));
}

static void on_appended(const struct store_result *result, void *userdata)
{
	const struct question *q = userdata;

	commit_queue_appended(world->host[q->member].committer.commits, q->ticket,
	                      stored(world, q->member, result));
}

static void on_caught_up(const struct store_result *result, void *userdata)
{
	const struct question *q = userdata;

	commit_queue_caught_up(world->host[q->member].committer.commits, q->ticket,
	                       stored(world, q->member, result));
}

/* ---- following ---- */

static void on_change(const struct pointer *p, void *userdata)
{
	ledger_check_pointer(world, ((const struct question *)userdata)->member, p);
}

/* B6: another leader has written a snapshot since, which has what is damaged here, or lists it. */
static bool made_good(const struct committer *c)
{
	return c->damage_at > 0 && c->damage_at <= c->snapshot.at.sequence;
}

static bool at_the_end(const struct committer *c)
{
	return memcmp(pointer_map_position(c->map), &c->log, sizeof(c->log)) == 0 && !made_good(c);
}

static bool follow(struct world *w, int m, const struct log_position *to, store_done_t done,
                   uint64_t ticket)
{
	struct committer *c = &w->host[m].committer;
	struct store_follow f = { .map = c->map,
		                  .to = *to,
		                  .snapshot = c->snapshot,
		                  .previous = c->previous,
		                  .anew = made_good(c),
		                  .on_change = on_change };

	c->followed = c->snapshot;
	c->followed_previous = c->previous;
	c->followed_from =
	        f.anew ? (struct log_position){ .epoch = 0 } : *pointer_map_position(c->map);
	memcpy(f.cluster_id, cluster_id, sizeof(f.cluster_id));
	return store_follow(w->host[m].committer.store, &f, done, question(m, ticket)) >= 0;
}

static void continue_load(struct world *w, int m);
static void follow_register(struct world *w, int m);

static void note_damage(struct world *w, int m, const struct follower_result *f)
{
	struct committer *c = &w->host[m].committer;

	damage_followed(w, m, f);
	if (f->restarted)
		c->damage_at = 0;
	if (f->report.n_damage == 0 && !f->passed_over[0])
		return;
	c->damage_at = pointer_map_position(c->map)->sequence;
	if (c->damage_at <= c->followed.at.sequence)
		c->damage_at = c->followed.at.sequence + 1;
}

static void on_followed(const struct store_result *result, void *userdata)
{
	struct world *w = world;
	int m = ((const struct question *)userdata)->member;
	struct committer *c = &w->host[m].committer;

	c->following = false;
	damage_look(w, m, result);
	/* C5: what it named has been cleaned away since. */
	if (result->state == STORE_LOG_MISSING && !c->loading &&
	    !log_snapshot_same(&c->followed, &c->snapshot)) {
		follow_register(w, m);
		return;
	}
	if (result->state == STORE_OK)
		note_damage(w, m, result->follow);
	if ((c->state == STORE_OK) != (result->state == STORE_OK))
		shell_later(w, m, 0, CORE_EV_ELIGIBLE, 0, 0);
	c->state = result->state;
	if (c->loading)
		continue_load(w, m);
}

static void follow_register(struct world *w, int m)
{
	struct committer *c = &w->host[m].committer;

	if (!c->has_register || c->following || c->loading || commit_queue_owns_map(c->commits))
		return;
	if (!at_the_end(c))
		c->following = follow(w, m, &c->log, on_followed, 0);
	else if (c->state != STORE_OK)
		c->state = STORE_OK, shell_later(w, m, 0, CORE_EV_ELIGIBLE, 0, 0);
}

static void on_probed(const struct store_result *result, void *userdata)
{
	int m = ((const struct question *)userdata)->member;

	world->host[m].committer.probing = false;
	set_written(world, m, result->state);
}

/* Looked at again by and by, as the elector does each second. */
void committer_look_again(struct world *w, int m)
{
	struct committer *c = &w->host[m].committer;

	follow_register(w, m);
	if (c->written == STORE_OK || c->probing)
		return;
	c->probing = store_probe(c->store, on_probed, question(m, 0)) >= 0;
}

/* ---- loading ---- */

static void continue_load(struct world *w, int m)
{
	struct host *h = &w->host[m];
	struct committer *c = &h->committer;
	struct commit_register mark = {
		.epoch = c->load_epoch,
		.latch = h->core.latch.s,
		.version = c->version,
		.position = c->log,
		.snapshot = c->snapshot,
		.previous = c->previous,
	};

	if (c->following)
		return;
	if (!at_the_end(c)) {
		if (c->load_followed)
			loaded(w, m, CORE_FAILED);
		else
			c->load_followed = c->following = follow(w, m, &c->log, on_followed, 0);
		return;
	}
	c->latch = h->core.latch;
	if (commit_queue_begin(c->commits, &mark) < 0)
		loaded(w, m, CORE_FAILED);
}

void committer_load(struct world *w, int m, struct epoch epoch)
{
	struct committer *c = &w->host[m].committer;

	commit_queue_abort(c->commits);
	c->read_wanted = false;
	c->load_ticket = 0;
	c->load_epoch = epoch;
	c->loading = true;
	c->load_followed = c->load_opened = false;
	if (!c->has_register)
		loaded(w, m, CORE_FAILED);
	else
		continue_load(w, m);
}

bool committer_loaded(const struct committer *c, struct epoch epoch)
{
	return c->commits != NULL && commit_queue_active(c->commits) &&
	       c->opened_epoch.v == epoch.v && !c->loading;
}

/* ---- the register ---- */

/* As an answer showed it; one that we wrote meanwhile is newer. */
static void take(struct committer *c, const struct request *r, int32_t version)
{
	if (c->has_register && version < c->version)
		return;
	c->has_register = true;
	c->version = version;
	c->log = r->log;
	c->snapshot = r->snapshot;
	c->previous = r->previous;
}

void committer_saw(struct world *w, int m, const struct request *r)
{
	struct committer *c = &w->host[m].committer;

	take(c, r, r->cmd.type == CORE_CMD_CLAIM ? r->version : r->view.version);
	follow_register(w, m);
}

static void store_lost(struct world *w, int m)
{
	struct committer *c = &w->host[m].committer;

	c->read_wanted = false;
	commit_queue_abort(c->commits);
	say(w, m, CORE_EV_LOADED, CORE_FAILED);
}

static void moved(struct committer *c, const struct request *r)
{
	enum commit_moved answer = r->result == CORE_OK            ? COMMIT_MOVED
	                           : r->result == CORE_LATCH_GONE  ? COMMIT_LATCH_GONE
	                           : r->result == CORE_BAD_VERSION ? COMMIT_BAD_VERSION
	                                                           : COMMIT_UNKNOWN;

	if (answer == COMMIT_MOVED) {
		take(c, r, r->version);
		if (c->damage_at <= c->snapshot.at.sequence)
			c->damage_at = 0; /* what this map holds is in it */
	}
	commit_queue_moved(c->commits, r->ticket, answer, r->version);
}

/* UNKNOWN: asked again by the pump, when there is a connection. */
static void was_read(struct committer *c, const struct request *r)
{
	struct commit_register found = {
		.epoch = r->view.epoch,
		.latch = r->view.released ? "" : r->view.owner.s,
		.version = r->view.version,
		.position = r->log,
		.snapshot = r->snapshot,
		.previous = r->previous,
	};

	c->reading = false;
	if (!c->read_wanted || r->result != CORE_OK)
		return;
	take(c, r, r->view.version);
	c->read_wanted = false;
	commit_queue_read(c->commits, c->read_ticket, &found);
}

void committer_answer(struct world *w, int m, const struct request *r)
{
	struct committer *c = &w->host[m].committer;

	if (c->store == NULL)
		return;
	if (r->kind == REQ_COMMIT)
		moved(c, r);
	else
		was_read(c, r);
	/* While it is stopped its answers wait: so do its questions. */
	if (w->host[m].running)
		committer_pump(w, m);
}

/* ---- what the queue decides ---- */

static void open_segment(struct world *w, int m, const struct commit_action *action)
{
	struct committer *c = &w->host[m].committer;
	struct store_segment segment = {
		.epoch = action->epoch,
		.number = action->segment,
		.before = action->position,
	};

	if (c->loading)
		c->load_ticket = action->ticket;
	memcpy(segment.cluster_id, cluster_id, sizeof(cluster_id));
	if (store_open_segment(c->store, &segment, on_opened, question(m, action->ticket)) < 0)
		commit_queue_opened(c->commits, action->ticket, COMMIT_STORE_FAILED, NULL);
}

static void move_register(struct world *w, int m, const struct commit_action *action)
{
	struct host *h = &w->host[m];
	struct core_command cmd = { .type = CORE_CMD_CLAIM,
		                    .latch = h->committer.latch,
		                    .epoch = h->committer.load_epoch,
		                    .version = action->version };
	struct request *r = client_ask(w, m, REQ_COMMIT, &cmd);

	note(w, m, "commit: register to %llu-%llu:%llu #%llu if version %d%s",
	     (unsigned long long)action->position.epoch,
	     (unsigned long long)action->position.segment,
	     (unsigned long long)action->position.offset,
	     (unsigned long long)action->position.sequence, action->version,
	     r == NULL ? ", not sent" : "");
	if (r == NULL) {
		commit_queue_moved(h->committer.commits, action->ticket, COMMIT_UNKNOWN, 0);
		return;
	}
	r->log = action->position;
	r->snapshot = action->snapshot;
	r->excused = h->committer.excused;
	r->ticket = action->ticket;
}

static void on_snapshotted(const struct store_result *result, void *userdata)
{
	const struct question *q = userdata;

	note(world, q->member, "snapshot: %s", result->state == STORE_OK ? "made" : result->text);
	commit_queue_snapshotted(world->host[q->member].committer.commits, q->ticket,
	                         result->state == STORE_OK ? &result->snapshot : NULL);
}

static void take_snapshot(struct world *w, int m, const struct commit_action *action)
{
	struct committer *c = &w->host[m].committer;
	struct store_snapshot snapshot = { .epoch = action->epoch,
		                           .frozen = pointer_map_freeze(c->map) };

	memcpy(snapshot.cluster_id, cluster_id, sizeof(cluster_id));
	if (snapshot.frozen == NULL ||
	    store_snapshot(c->store, &snapshot, on_snapshotted, question(m, action->ticket)) < 0)
		commit_queue_snapshotted(c->commits, action->ticket, NULL);
}

static void on_cleaned(const struct store_result *result, void *userdata)
{
	note(world, ((const struct question *)userdata)->member, "cleaned: %u files, %s",
	     result->n_deleted, result->text);
}

static void clean(int m, const struct commit_action *action)
{
	struct store_clean c = { .epoch = action->epoch, .previous = action->snapshot };

	memcpy(c.cluster_id, cluster_id, sizeof(cluster_id));
	(void)store_clean(world->host[m].committer.store, &c, on_cleaned, question(m, 0));
}

static void reply(struct world *w, int m, const struct commit_action *action)
{
	int id = (int)(intptr_t)action->cookie - 1;

	note(w, m, "client %d: %s", id, commit_result_code(action->result));
	ledger_answer(w, id, action->result, action->revision);
}

static void run_action(struct world *w, int m, const struct commit_action *action)
{
	struct committer *c = &w->host[m].committer;

	switch (action->type) {
	case COMMIT_NEW_SEGMENT:
		open_segment(w, m, action);
		break;
	case COMMIT_APPEND:
		if (store_append(c->store, action->bytes, action->size, on_appended,
		                 question(m, action->ticket)) < 0)
			commit_queue_appended(c->commits, action->ticket, COMMIT_STORE_FAILED);
		break;
	case COMMIT_MOVE_REGISTER:
		move_register(w, m, action);
		break;
	case COMMIT_READ_REGISTER:
		c->read_wanted = true;
		c->read_ticket = action->ticket;
		break;
	case COMMIT_CATCH_UP:
		if (!follow(w, m, &action->position, on_caught_up, action->ticket))
			commit_queue_caught_up(c->commits, action->ticket, COMMIT_STORE_FAILED);
		break;
	case COMMIT_REPLY:
		reply(w, m, action);
		break;
	case COMMIT_SNAPSHOT:
		take_snapshot(w, m, action);
		break;
	case COMMIT_CLEAN:
		clean(m, action);
		break;
	case COMMIT_SETTLED:
		say(w, m, CORE_EV_SETTLED, CORE_OK);
		break;
	case COMMIT_TERM_LOST:
		shell_later(w, m, 0, CORE_EV_CHANGED, 0, 0);
		store_lost(w, m);
		break;
	}
	faults_on_action(w, m, action->type);
}

void committer_pump(struct world *w, int m)
{
	struct host *h = &w->host[m];
	struct committer *c = &h->committer;
	struct core_command none = { .type = CORE_CMD_CLAIM };
	uint32_t incarnation = h->incarnation;
	struct commit_action action;

	if (!h->running || h->stopped || h->exiting || c->pumping || c->store == NULL)
		return;
	c->pumping = true;
	if (!h->core.owns) { /* the term is over: whoever waits for its store is told */
		c->read_wanted = false;
		commit_queue_abort(c->commits);
		if (c->loading)
			loaded(w, m, CORE_FAILED);
	}
	while (commit_queue_next(c->commits, &action)) {
		run_action(w, m, &action);
		if (h->incarnation != incarnation)
			return; /* died right after it */
	}
	if (c->loading && c->load_opened && !commit_queue_wants_snapshot(c->commits))
		loaded(w, m, CORE_OK);
	if (c->read_wanted && !c->reading && client_connected(w, m))
		c->reading = client_ask(w, m, REQ_READ, &none) != NULL;
	c->pumping = false;
}

void committer_settle(struct world *w, int m)
{
	struct committer *c = &w->host[m].committer;

	if (c->loading)
		loaded(w, m, CORE_FAILED);
	if (commit_queue_active(c->commits))
		commit_queue_settle(c->commits); /* the pump says SETTLED */
	else
		say(w, m, CORE_EV_SETTLED, CORE_OK);
}

/* ---- what it says of itself ---- */

reasons_t committer_reasons(const struct committer *c)
{
	static const enum reason of[STORE_N_STATES_] = {
		[STORE_LOG_MISSING] = REASON_LOG_MISSING,
		[STORE_FULL] = REASON_STORAGE_FULL,
	};
	reasons_t reasons = 0;

	for (unsigned i = 0; i < 2; i++) {
		enum store_state s = i == 0 ? c->state : c->written;

		if (s != STORE_OK)
			reasons |= REASON_BIT(of[s] != 0 ? of[s] : REASON_STORAGE_FAILED);
	}
	return reasons;
}

/* ---- an elector's life ---- */

void committer_begin(struct world *w, int m)
{
	struct committer *c = &w->host[m].committer;
	struct store_config config = {
		.path = "/shared", .cluster = "c", .member = "m", .io_usec = w->io
	};

	world = w;
	*c = (struct committer){ 0 };
	storage_asks(m);
	c->map = pointer_map_new();
	c->commits = c->map != NULL ? commit_queue_new(c->map) : NULL;
	if (c->commits != NULL)
		commit_queue_set_min_log(c->commits, w->snapshots != 0 ? 0 : UINT64_MAX);
	if (c->commits == NULL || store_new(&config, &c->store) < 0)
		violated(w, "no memory");
	at(w, w->now + MS(20),
	   (struct world_event){
	           .type = EV_CLIENT, .who = m, .generation = w->host[m].incarnation });
}

void committer_end(struct world *w, int m)
{
	struct committer *c = &w->host[m].committer;

	(void)w;
	commit_queue_free(c->commits);
	pointer_map_free(c->map); /* before the store, which may have it frozen still */
	store_free(c->store);
	*c = (struct committer){ 0 };
}
