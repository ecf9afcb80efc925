/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "storage/commit_batch.h"
#include "storage/commit_request.h"
#include "storage/record.h"
#include "storage/snapshot_plan.h"

enum state { OFF, OPENING, READY, APPENDING, MOVING, READING, CATCHING_UP };

struct commit_queue {
	struct pointer_map *map;
	enum state state;
	bool settling, settled_due, lost_due, has_action, hold;
	struct commit_action action; /* emitted, not yet taken */
	uint64_t ticket;             /* of the last question */
	struct epoch epoch;
	char latch[COMMIT_LATCH_NAME_MAX + 1];
	int32_t version;               /* of the register, as last known */
	struct log_position committed; /* as of that version; the map is there */
	bool segment_open;
	struct log_position at; /* end of what the open segment holds */
	uint64_t next_segment;
	/* the commit under way */
	struct request_list waiting, done;
	struct commit_batch batch;
	struct request *taken;      /* the last REPLY's */
	struct log_position target; /* what the register write names */
	struct log_snapshot target_snapshot;
	bool maybe_applied;        /* an earlier try of that write has an unknown outcome */
	enum commit_result doomed; /* B4: the append failed; answer this when it is certain */
	struct snapshot_plan plan;
	bool has_grown; /* a commit was made since the plan was looked at */
};

/* ---- life */

static void answer_all(struct commit_queue *q, struct request_list *l, enum commit_result result)
{
	struct request *r;

	while ((r = request_list_pop(l))) {
		r->result = result;
		r->revision = 0;
		request_list_push(&q->done, r);
	}
}

struct commit_queue *commit_queue_new(struct pointer_map *map)
{
	struct commit_queue *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->map = map;
	q->plan.min_log = SNAPSHOT_MIN_LOG;
	request_list_init(&q->waiting);
	commit_batch_init(&q->batch);
	request_list_init(&q->done);
	return q;
}

void commit_queue_free(struct commit_queue *q)
{
	if (!q)
		return;
	request_list_free(&q->waiting);
	commit_batch_free(&q->batch);
	request_list_free(&q->done);
	request_free(q->taken);
	free(q);
}

void commit_queue_freep(struct commit_queue **q)
{
	commit_queue_free(*q);
}

static void ask(struct commit_queue *q, enum state state, const struct commit_action *action)
{
	assert(!q->has_action);
	q->state = state;
	q->action = *action;
	q->action.ticket = ++q->ticket;
	q->has_action = true;
}

/* Whether this answers what was asked last; late answers of earlier terms are not. */
static bool answers(const struct commit_queue *q, uint64_t ticket, enum state state)
{
	return q->state == state && q->ticket == ticket && !q->has_action;
}

static void ask_new_segment(struct commit_queue *q)
{
	ask(q, OPENING,
	    &(struct commit_action){ .type = COMMIT_NEW_SEGMENT,
	                             .epoch = q->epoch,
	                             .segment = q->next_segment,
	                             .position = q->committed });
}

/* The only place that names anything to the register; the same again after an unknown outcome. */
static void ask_move(struct commit_queue *q)
{
	ask(q, MOVING,
	    &(struct commit_action){ .type = COMMIT_MOVE_REGISTER,
	                             .position = q->target,
	                             .snapshot = q->target_snapshot,
	                             .version = q->version });
}

/* With what is to be named now: a snapshot that comes later waits for the next one (B2). */
static void begin_move(struct commit_queue *q)
{
	q->target_snapshot = *snapshot_plan_target(&q->plan);
	ask_move(q);
}

static void drop_batch(struct commit_queue *q)
{
	commit_batch_clear(&q->batch);
	q->maybe_applied = false;
	q->doomed = COMMIT_DONE;
}

/* What was asked is answered and the batch with it. */
static void become_ready(struct commit_queue *q)
{
	drop_batch(q);
	q->state = READY;
	if (!q->settling)
		return;
	q->state = OFF; /* D7 */
	snapshot_plan_end(&q->plan);
	q->settled_due = true;
}

/* The segment is never appended to again (B1, B4). */
static void abandon_segment(struct commit_queue *q)
{
	if (q->segment_open && q->at.segment >= q->next_segment)
		q->next_segment = q->at.segment + 1;
	q->segment_open = false;
}

static void end_term(struct commit_queue *q, enum commit_result result)
{
	answer_all(q, &q->batch.requests, result);
	answer_all(q, &q->waiting, COMMIT_ABORTED); /* never appended */
	abandon_segment(q);
	drop_batch(q);
	snapshot_plan_end(&q->plan);
	q->has_action = false;
	q->state = OFF;
	if (q->settling)
		q->settled_due = true;
}

static void lose_term(struct commit_queue *q)
{
	/* B2: without an earlier try of unknown outcome nothing of it was or can be applied: the
	 * register has an other owner, or the latch that each write checks is gone for ever. */
	end_term(q, q->maybe_applied ? COMMIT_OUTCOME_UNKNOWN : COMMIT_ABORTED);
	q->lost_due = true;
}

void commit_queue_followed(struct commit_queue *q, const struct log_snapshot *snapshot,
                           uint64_t bytes, bool whole)
{
	if (q->state == OFF)
		snapshot_plan_followed(&q->plan, snapshot, bytes, whole);
}

void commit_queue_set_min_log(struct commit_queue *q, uint64_t size)
{
	q->plan.min_log = size;
}

int commit_queue_begin(struct commit_queue *q, const struct commit_register *mark)
{
	size_t size = strlen(mark->latch);

	assert(q->state == OFF);
	if (size > COMMIT_LATCH_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(q->latch, mark->latch, size + 1);
	q->epoch = mark->epoch;
	q->version = mark->version;
	q->committed = mark->position;
	q->settling = q->settled_due = q->lost_due = q->segment_open = q->has_grown = false;
	snapshot_plan_begin(&q->plan, &mark->snapshot, &mark->previous);
	/* B1: never a file that another process has opened; O_EXCL skips those that exist. */
	q->next_segment = mark->position.epoch == mark->epoch.v ? mark->position.segment + 1 : 1;
	ask_new_segment(q);
	return 0;
}

void commit_queue_settle(struct commit_queue *q)
{
	q->settling = true;
	answer_all(q, &q->waiting, COMMIT_ABORTED);
	switch (q->state) {
	case OPENING: /* nothing was appended yet */
		answer_all(q, &q->batch.requests, COMMIT_ABORTED);
		q->has_action = false;
		become_ready(q);
		break;
	case OFF:
		q->settled_due = true;
		break;
	case READY:
	case CATCHING_UP:
		q->has_action = false;
		become_ready(q);
		break;
	case APPENDING:
	case MOVING:
	case READING:
		break; /* resolved first */
	}
}

void commit_queue_abort(struct commit_queue *q)
{
	if (q->state == OFF)
		return;
	/* B2: "will never be visible" may be said only of what was never appended. */
	end_term(q, q->state == OPENING ? COMMIT_ABORTED : COMMIT_OUTCOME_UNKNOWN);
}

/* ---- requests */

static enum commit_result check_request(const struct commit_queue *q,
                                        const struct commit_request *request)
{
	size_t size = strlen(request->key);
	size_t skip = request->own && pointer_key_reserved(request->key) ? 1 : 0;

	if (q->state == OFF || q->settling)
		return COMMIT_NOT_LEADER;
	if (size > RECORD_KEY_MAX || !pointer_key_valid(request->key + skip, size - skip))
		return COMMIT_BAD_REQUEST;
	if (request->op == COMMIT_DELETE && request->condition == COMMIT_IF_ABSENT)
		return COMMIT_BAD_REQUEST;
	if (request->value_size > RECORD_VALUE_MAX)
		return COMMIT_TOO_LARGE;
	if (request->fence.v != 0 && !epoch_equal(request->fence, q->epoch))
		return COMMIT_FENCED;
	if (q->waiting.n >= COMMIT_MAX_WAITING)
		return COMMIT_BUSY;
	return COMMIT_PENDING;
}

enum commit_result commit_queue_submit(struct commit_queue *q, const struct commit_request *request)
{
	enum commit_result result = check_request(q, request);
	size_t key_size = strlen(request->key);
	struct request *r;

	if (result != COMMIT_PENDING)
		return result;
	r = calloc(1, sizeof(*r));
	if (!r)
		return COMMIT_INTERNAL;
	r->pointer = pointer_new(request->key, key_size, request->value,
	                         request->op == COMMIT_PUT ? request->value_size : 0);
	if (!r->pointer) {
		free(r);
		return COMMIT_INTERNAL;
	}
	r->op = request->op;
	r->condition = request->condition;
	r->if_revision = request->if_revision;
	r->hash = crc32c(0, request->key, key_size);
	r->cookie = request->cookie;
	request_list_push(&q->waiting, r);
	return COMMIT_PENDING;
}

/* ---- a batch */

static void append_batch(struct commit_queue *q)
{
	struct log_position to = q->at;

	to.offset += q->batch.size;
	to.sequence = q->committed.sequence + 1;
	if (record_digest(to.digest, q->batch.bytes, q->batch.size) < 0) {
		answer_all(q, &q->batch.requests, COMMIT_INTERNAL);
		become_ready(q);
		return;
	}
	q->target = to;
	snapshot_plan_grows(&q->plan, q->batch.size);
	ask(q, APPENDING,
	    &(struct commit_action){
	            .type = COMMIT_APPEND, .bytes = q->batch.bytes, .size = q->batch.size });
}

static void start_batch(struct commit_queue *q)
{
	uint64_t sequence = q->committed.sequence + 1;

	commit_batch_gather(&q->batch, &q->waiting, &q->done, q->map, sequence);
	if (q->batch.n_changes == 0)
		return;
	if (commit_batch_encode(&q->batch, q->map, sequence, q->committed.sequence) < 0) {
		answer_all(q, &q->batch.requests, COMMIT_INTERNAL);
		become_ready(q);
		return;
	}
	if (q->segment_open && q->at.offset + q->batch.size > COMMIT_SEGMENT_MAX)
		abandon_segment(q);
	if (q->segment_open)
		append_batch(q);
	else
		ask_new_segment(q);
}

/* Acknowledged = durable and fenced: only now the map changes (B9). */
static void commit_batch(struct commit_queue *q)
{
	q->committed = q->at = q->target;
	commit_batch_apply(&q->batch, q->map, q->committed.sequence, &q->done);
	pointer_map_set_position(q->map, &q->committed);
	q->has_grown = true;
}

/* ---- answers */

static enum commit_result storage_result(enum commit_storage answer)
{
	return answer == COMMIT_STORE_FULL ? COMMIT_STORAGE_FULL : COMMIT_STORAGE_FAILED;
}

void commit_queue_opened(struct commit_queue *q, uint64_t ticket, enum commit_storage answer,
                         const struct log_position *at)
{
	if (!answers(q, ticket, OPENING))
		return;
	if (answer == COMMIT_STORED) {
		q->segment_open = true;
		q->at = *at;
		q->next_segment = at->segment + 1;
		if (q->batch.n_changes > 0)
			append_batch(q);
		else
			become_ready(q);
		return;
	}
	q->next_segment++; /* a create that was given up may still land */
	answer_all(q, &q->batch.requests, storage_result(answer));
	become_ready(q);
}

void commit_queue_appended(struct commit_queue *q, uint64_t ticket, enum commit_storage answer)
{
	if (!answers(q, ticket, APPENDING))
		return;
	if (answer != COMMIT_STORED) {
		/* B4: dead.  B2: "failed" needs a register write after that: the same position. */
		abandon_segment(q);
		q->doomed = storage_result(answer);
		q->target = q->committed;
		if (answer == COMMIT_STORE_NOT_IN_PLACE)
			commit_queue_want_snapshot(q);
	}
	begin_move(q);
}

/* The register write has taken effect, at q->version. */
static void moved(struct commit_queue *q)
{
	snapshot_plan_named(&q->plan, &q->target_snapshot);
	if (q->batch.n_changes == 0)
		; /* it named a snapshot and nothing else */
	else if (q->doomed == COMMIT_DONE)
		commit_batch(q);
	else
		answer_all(q, &q->batch.requests, q->doomed);
	become_ready(q);
}

void commit_queue_moved(struct commit_queue *q, uint64_t ticket, enum commit_moved answer,
                        int32_t new_version)
{
	if (!answers(q, ticket, MOVING))
		return;
	switch (answer) {
	case COMMIT_MOVED:
		q->version = new_version;
		moved(q);
		break;
	case COMMIT_UNKNOWN:
	case COMMIT_BAD_VERSION:
		q->maybe_applied = q->maybe_applied || answer == COMMIT_UNKNOWN;
		/* B2: nothing else is appended or written before this is read. */
		ask(q, READING, &(struct commit_action){ .type = COMMIT_READ_REGISTER });
		break;
	case COMMIT_LATCH_GONE:
		lose_term(q);
		break;
	}
}

/*
 * B1: own epoch and latch, but neither what we sent nor what we expected: the write of the elector
 * before us came first.  Its records are committed: read them, then a new segment whose header
 * names that end; never "move again".  Ours lie in an abandoned segment behind a later register
 * write, so they may be decided anew.
 */
static void yield_to_predecessor(struct commit_queue *q, const struct commit_register *found)
{
	bool behind = !log_position_same(&found->position, &q->committed);

	abandon_segment(q);
	if (found->position.epoch == q->epoch.v && found->position.segment >= q->next_segment)
		q->next_segment = found->position.segment + 1;
	q->version = found->version;
	snapshot_plan_found(&q->plan, &found->snapshot, &found->previous);
	if (q->doomed != COMMIT_DONE)
		answer_all(q, &q->batch.requests, q->doomed);
	else if (q->settling)
		answer_all(q, &q->batch.requests, COMMIT_ABORTED);
	else
		request_list_prepend(&q->waiting, &q->batch.requests);
	become_ready(q);
	if (q->state == READY && behind)
		ask(q, CATCHING_UP,
		    &(struct commit_action){ .type = COMMIT_CATCH_UP,
		                             .position = found->position });
	q->target = found->position;
}

void commit_queue_read(struct commit_queue *q, uint64_t ticket, const struct commit_register *found)
{
	if (!answers(q, ticket, READING))
		return;
	if (!epoch_equal(found->epoch, q->epoch) || strcmp(found->latch, q->latch) != 0) {
		lose_term(q);
	} else if (found->version == q->version) {
		ask_move(q); /* B2: not applied: the identical write again */
	} else if (log_position_same(&found->position, &q->target) &&
	           log_snapshot_same(&found->snapshot, &q->target_snapshot)) {
		q->version = found->version; /* A2: own mark */
		moved(q);
	} else {
		yield_to_predecessor(q, found);
	}
}

void commit_queue_caught_up(struct commit_queue *q, uint64_t ticket, enum commit_storage answer)
{
	if (!answers(q, ticket, CATCHING_UP))
		return;
	if (answer != COMMIT_STORED) {
		lose_term(q); /* what is committed cannot be read here */
		return;
	}
	q->committed = q->target;
	ask_new_segment(q);
}

void commit_queue_snapshotted(struct commit_queue *q, uint64_t ticket,
                              const struct log_snapshot *snapshot)
{
	snapshot_plan_written(&q->plan, ticket, snapshot);
}

void commit_queue_want_snapshot(struct commit_queue *q)
{
	q->plan.wanted = q->has_grown = true;
}

bool commit_queue_wants_snapshot(const struct commit_queue *q)
{
	return snapshot_plan_wants(&q->plan, q->committed.sequence);
}

void commit_queue_hold(struct commit_queue *q, bool hold)
{
	q->hold = hold;
}

size_t commit_queue_holds(const struct commit_queue *q)
{
	bool held =
	        q->hold && q->state == READY && !q->settling && q->waiting.n < COMMIT_MAX_CHANGES;

	return held ? q->waiting.n : 0;
}

void commit_queue_reopen(struct commit_queue *q)
{
	if (q->state == READY && !q->segment_open && !q->has_action)
		ask_new_segment(q);
}

/* ---- the caller's side */

static void fill_reply(struct commit_action *ret, const struct request *r)
{
	*ret = (struct commit_action){ .type = COMMIT_REPLY,
		                       .cookie = r->cookie,
		                       .result = r->result,
		                       .revision = r->revision,
		                       .removed = r->removed };
}

/* No commit is there to name it. */
static void name_snapshot(struct commit_queue *q)
{
	q->target = q->committed;
	begin_move(q);
}

/* B9: of the map, which is at what is committed. */
static bool snapshot_due(struct commit_queue *q)
{
	bool due = q->has_grown && snapshot_plan_due(&q->plan, q->committed.sequence,
	                                             pointer_map_snapshot_size(q->map));

	q->has_grown = false;
	return due;
}

/* The segment ends with what the snapshot holds, so that it lies wholly before it (B3). */
static void begin_snapshot(struct commit_queue *q, struct commit_action *ret)
{
	abandon_segment(q);
	*ret = (struct commit_action){ .type = COMMIT_SNAPSHOT,
		                       .epoch = q->epoch,
		                       .position = q->committed };
	ret->ticket = snapshot_plan_write(&q->plan, q->committed.sequence, &ret->discard);
}

bool commit_queue_next(struct commit_queue *q, struct commit_action *ret)
{
	request_free(q->taken);
	q->taken = NULL;
	if (q->state == READY && snapshot_due(q)) {
		begin_snapshot(q, ret);
		return true;
	}
	if (q->state == READY && q->waiting.n > 0 && commit_queue_holds(q) == 0)
		start_batch(q);
	if (q->state == READY && commit_queue_holds(q) == 0 && snapshot_plan_waits(&q->plan))
		name_snapshot(q);
	if (q->has_action) { /* first, so that storage works while the replies are made */
		q->has_action = false;
		*ret = q->action;
		return true;
	}
	q->taken = request_list_pop(&q->done);
	if (q->taken) {
		fill_reply(ret, q->taken);
		return true;
	}
	if (q->lost_due) {
		q->lost_due = false;
		*ret = (struct commit_action){ .type = COMMIT_TERM_LOST };
		return true;
	}
	if (q->plan.clean_due) {
		q->plan.clean_due = false;
		*ret = (struct commit_action){ .type = COMMIT_CLEAN,
			                       .epoch = q->epoch,
			                       .snapshot = q->plan.previous };
		return true;
	}
	if (q->settled_due) {
		q->settled_due = false;
		*ret = (struct commit_action){ .type = COMMIT_SETTLED };
		return true;
	}
	return false;
}

bool commit_queue_active(const struct commit_queue *q)
{
	return q->state != OFF && !q->settling;
}

bool commit_queue_owns_map(const struct commit_queue *q)
{
	return q->state != OFF;
}

bool commit_queue_segment_open(const struct commit_queue *q)
{
	return q->segment_open;
}

bool commit_queue_idle(const struct commit_queue *q)
{
	return q->waiting.n == 0 && q->batch.requests.n == 0;
}

int32_t commit_queue_version(const struct commit_queue *q)
{
	return q->version;
}

const struct log_position *commit_queue_committed(const struct commit_queue *q)
{
	return &q->committed;
}
