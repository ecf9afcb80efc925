/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out what the commit queue decides: append, register move under the fence, reading the
 * register back, answers to clients.  Decides nothing itself (B1, B2 are the queue's).
 */
#include "daemon/elector_private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"

enum {
	GATHER_AT_MOST = 20 * 1000, /* however busy the loop is */
	GATHER_PAUSE = 2 * 1000     /* busy with something else, and no further change comes */
};

struct commit_answer { /* who is to be told, when storage or ZooKeeper answer */
	struct elector *e;
	uint64_t ticket;
	struct register_node reg; /* MOVE_REGISTER: what was written */
};

static struct commit_answer *answer_new(struct elector *e, uint64_t ticket)
{
	struct commit_answer *a = calloc(1, sizeof(*a));

	if (a) {
		a->e = e;
		a->ticket = ticket;
	}
	return a;
}

static enum commit_storage stored(struct elector *e, const struct store_result *result)
{
	if (result->state == STORE_OK) {
		e->probe_state = STORE_OK;
		return COMMIT_STORED;
	}
	log_error("store", "%s", result->text);
	e->counters.storage_errors++;
	/* The storage works: no reason to hand over to who would write no snapshot. */
	if (result->op == STORE_APPEND && result->error == -ESTALE) {
		own_log_found_touched(&e->own_log, result->text);
		return COMMIT_STORE_NOT_IN_PLACE;
	}
	e->probe_state = result->state == STORE_FULL ? STORE_FULL : STORE_FAILED;
	memcpy(e->probe_text, result->text, sizeof(e->probe_text));
	elector_store_tell_reasons(e);
	return result->state == STORE_FULL ? COMMIT_STORE_FULL : COMMIT_STORE_FAILED;
}

static void on_opened(const struct store_result *result, void *userdata)
{
	CLEANUP(freep) struct commit_answer *a = userdata;
	struct elector *e = a->e;
	enum commit_storage answer = stored(e, result);

	FAULT_POINT(segment_opened);
	commit_queue_opened(e->commits, a->ticket, answer,
	                    answer == COMMIT_STORED ? &result->position : NULL);
	if (e->loading && a->ticket == e->load_ticket)
		elector_store_opened(e, commit_queue_segment_open(e->commits));
}

static void on_appended(const struct store_result *result, void *userdata)
{
	CLEANUP(freep) struct commit_answer *a = userdata;

	FAULT_POINT(append_answered);
	commit_queue_appended(a->e->commits, a->ticket, stored(a->e, result));
}

static void on_caught_up(const struct store_result *result, void *userdata)
{
	CLEANUP(freep) struct commit_answer *a = userdata;

	if (result->state == STORE_OK)
		elector_store_read(a->e, result->follow);
	commit_queue_caught_up(a->e->commits, a->ticket, stored(a->e, result));
}

static void on_moved(void *userdata, const struct zk_result *r)
{
	struct commit_answer *a = userdata;
	struct elector *e = a->e;
	enum commit_moved answer = COMMIT_UNKNOWN;

	if (r->outcome == ZK_DONE) {
		FAULT_POINT(move_answered);
		answer = COMMIT_MOVED;
		e->counters.commits++;
		register_done(&e->reg);
		e->reg = a->reg;
		e->reg_version = r->version;
		if (e->damage_at <= e->reg.snapshot.at.sequence)
			e->damage_at = 0; /* what this map holds is in it */
		memset(&a->reg, 0, sizeof(a->reg));
	} else if (r->outcome == ZK_NOT_DONE && r->failed_op == FENCE_OP_LATCH) {
		answer = COMMIT_LATCH_GONE;
	} else if (r->outcome == ZK_NOT_DONE && r->error == -ESTALE) {
		answer = COMMIT_BAD_VERSION;
	}
	register_done(&a->reg);
	commit_queue_moved(e->commits, a->ticket, answer, r->version);
	FAULT_POINT(map_changed);
	free(a);
}

/* Nothing can be committed any more; should the core lead on, it loads anew. */
static void store_lost(struct elector *e)
{
	elector_commit_abort(e);
	elector_store_loaded(e, CORE_FAILED);
}

static void on_register_read(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;
	struct commit_register found;

	e->commit_reading = false;
	if (!e->commit_read_wanted)
		return; /* aborted meanwhile */
	if (!e->commit_synced || (r->outcome != ZK_DONE && r->error != -ENOENT)) {
		/* Asked again by the pump: when there is a connection, or a while after a refusal.
		 */
		if (r->outcome == ZK_NOT_DONE)
			e->commit_read_at = clock_boottime() + USEC_PER_SEC;
		return;
	}
	if (r->outcome != ZK_DONE || !elector_take_register(e, r->data, r->size, r->version)) {
		store_lost(e);
		return;
	}
	found = (struct commit_register){
		.epoch = e->reg.epoch,
		.latch = e->reg.released == CAUSE_NONE ? e->reg.owner.latch.s : "",
		.version = e->reg_version,
		.position = e->reg.log,
		.snapshot = e->reg.snapshot,
		.previous = e->reg.previous,
	};
	e->commit_read_wanted = false;
	FAULT_POINT(register_read);
	commit_queue_read(e->commits, e->commit_read_ticket, &found);
}

static void on_read_synced(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;

	e->commit_synced = r->outcome == ZK_DONE;
}

/* B2: after a sync, which is answered first. */
static bool read_register(struct elector *e)
{
	e->commit_synced = false;
	return session_sync(e->session, on_read_synced, e) >= 0 &&
	       session_get(e->session, "register", NULL, NULL, on_register_read, e) >= 0;
}

static void move_register(struct elector *e, const struct commit_action *action)
{
	struct commit_answer *a = answer_new(e, action->ticket);
	int r = a ? register_copy(&e->reg, &a->reg) : -ENOMEM;

	if (r >= 0) {
		register_move(&a->reg, &action->position);
		if (!log_snapshot_same(&a->reg.snapshot, &action->snapshot)) {
			register_name_snapshot(&a->reg, &action->snapshot);
			FAULT_POINT(snapshot_move_asked);
		}
		FAULT_POINT(move_asked);
		r = e->session ? fence_set_register(e->session, &e->commit_latch, &a->reg,
		                                    action->version, on_moved, a)
		               : -ENOTCONN;
	}
	FAULT_POINT(move_sent);
	if (r >= 0)
		return;
	if (a)
		register_done(&a->reg);
	free(a);
	/* Not sent.  As good as unknown: it is read and sent again when there is a connection. */
	commit_queue_moved(e->commits, action->ticket, COMMIT_UNKNOWN, 0);
}

static void open_segment(struct elector *e, const struct commit_action *action)
{
	struct store_segment segment = {
		.epoch = action->epoch,
		.number = action->segment,
		.created_ms = clock_realtime_ms(),
		.before = action->position,
	};
	struct commit_answer *a = answer_new(e, action->ticket);

	if (e->loading)
		e->load_ticket = action->ticket; /* the answer of an earlier load is not ours */
	memcpy(segment.cluster_id, e->cluster_id, sizeof(segment.cluster_id));
	if (a && store_open_segment(e->store, &segment, on_opened, a) >= 0)
		return;
	free(a);
	commit_queue_opened(e->commits, action->ticket, COMMIT_STORE_FAILED, NULL);
	if (e->loading)
		elector_store_loaded(e, CORE_FAILED);
}

static void append(struct elector *e, const struct commit_action *action)
{
	struct commit_answer *a = answer_new(e, action->ticket);

	FAULT_POINT(append_asked);
	if (a && store_append(e->store, action->bytes, action->size, on_appended, a) >= 0)
		return;
	free(a);
	commit_queue_appended(e->commits, action->ticket, COMMIT_STORE_FAILED);
}

static void on_change_caught_up(const struct pointer *p, void *userdata)
{
	elector_store_on_change(p, ((struct commit_answer *)userdata)->e);
}

static void catch_up(struct elector *e, const struct commit_action *action)
{
	struct commit_answer *a = answer_new(e, action->ticket);
	struct store_follow f = { .map = e->map,
		                  .to = action->position,
		                  .snapshot = e->reg.snapshot,
		                  .previous = e->reg.previous,
		                  .on_change = on_change_caught_up };

	memcpy(f.cluster_id, e->cluster_id, sizeof(f.cluster_id));
	e->followed = e->reg.snapshot;
	FAULT_POINT(catch_up_asked);
	if (a && store_follow(e->store, &f, on_caught_up, a) >= 0)
		return;
	free(a);
	commit_queue_caught_up(e->commits, action->ticket, COMMIT_STORE_FAILED);
}

/* ---- snapshots */

static void snapshot_failed(struct elector *e, uint64_t ticket, const char *why)
{
	log_error("store", "no snapshot was made, the log grows on: %s", why);
	(void)text_format(e->snapshot_error, sizeof(e->snapshot_error), "%s", why);
	e->counters.storage_errors++;
	commit_queue_snapshotted(e->commits, ticket, NULL);
}

static void on_snapshotted(const struct store_result *result, void *userdata)
{
	CLEANUP(freep) struct commit_answer *a = userdata;
	struct elector *e = a->e;

	FAULT_POINT(snapshot_answered);
	if (result->state != STORE_OK) {
		snapshot_failed(e, a->ticket, result->text);
		return;
	}
	log_info("store", "wrote a snapshot of all up to change %" PRIu64,
	         result->snapshot.at.sequence);
	e->snapshot_error[0] = '\0';
	commit_queue_snapshotted(e->commits, a->ticket, &result->snapshot);
}

/* B9: of the map as it is now, which is at what is committed.  Written while commits go on. */
static void take_snapshot(struct elector *e, const struct commit_action *action)
{
	struct commit_answer *a = answer_new(e, action->ticket);
	struct store_snapshot snapshot = { .epoch = action->epoch,
		                           .created_ms = clock_realtime_ms(),
		                           .discard = action->discard };

	memcpy(snapshot.cluster_id, e->cluster_id, sizeof(snapshot.cluster_id));
	snapshot.frozen = a ? pointer_map_freeze(e->map) : NULL;
	FAULT_POINT(snapshot_frozen);
	if (snapshot.frozen && store_snapshot(e->store, &snapshot, on_snapshotted, a) >= 0)
		return;
	free(a);
	snapshot_failed(e, action->ticket,
	                "the storage hangs with an earlier one still, or there is no memory");
}

static void on_cleaned(const struct store_result *result, void *userdata)
{
	(void)userdata;
	if (result->state == STORE_OK)
		log_info("store", "deleted %u files from before the previous snapshot",
		         result->n_deleted);
	else /* by the next one */
		log_warning("store", "not all old files were deleted: %s", result->text);
}

static void clean(struct elector *e, const struct commit_action *action)
{
	struct store_clean c = { .epoch = action->epoch, .previous = action->snapshot };

	memcpy(c.cluster_id, e->cluster_id, sizeof(c.cluster_id));
	FAULT_POINT(clean_asked);
	(void)store_clean(e->store, &c, on_cleaned, e);
}

static void run_action(struct elector *e, const struct commit_action *action)
{
	switch (action->type) {
	case COMMIT_NEW_SEGMENT:
		open_segment(e, action);
		break;
	case COMMIT_APPEND:
		append(e, action);
		break;
	case COMMIT_MOVE_REGISTER:
		move_register(e, action);
		break;
	case COMMIT_READ_REGISTER:
		FAULT_POINT(read_asked);
		e->commit_read_wanted = true;
		e->commit_read_ticket = action->ticket;
		break;
	case COMMIT_CATCH_UP:
		catch_up(e, action);
		break;
	case COMMIT_SNAPSHOT:
		take_snapshot(e, action);
		break;
	case COMMIT_CLEAN:
		clean(e, action);
		break;
	case COMMIT_REPLY:
		elector_status_reply(e, action);
		break;
	case COMMIT_SETTLED:
		elector_feed_type(e, CORE_EV_SETTLED);
		break;
	case COMMIT_TERM_LOST:
		log_warning("store", "the register is no longer ours: looking again");
		elector_feed_type(e, CORE_EV_CHANGED);
		store_lost(e);
		break;
	}
}

static void run_actions(struct elector *e)
{
	struct commit_action action;

	while (commit_queue_next(e->commits, &action))
		run_action(e, &action);
}

/* ---- what comes together shares a commit */

/*
 * Who has just been answered asks again, and many do so in the same moment.  What comes first is
 * held until the loop has nothing else to do (whose lowest priority `gathered` is), else the first
 * one would have a commit of its own, and all others wait for that.  Those who only read may keep
 * the loop from that for ever: writers do not wait for them.
 */
static bool still_gathering(struct elector *e, size_t held)
{
	usec_t now = clock_boottime();

	if (e->gathering_until == 0)
		e->gathering_until = now + GATHER_AT_MOST;
	if (held != e->held)
		e->gathering_pause = now + GATHER_PAUSE;
	e->held = held;
	return now < e->gathering_until && now < e->gathering_pause &&
	       sd_event_source_set_enabled(e->gathered, SD_EVENT_ONESHOT) >= 0;
}

static void forget_held(struct elector *e)
{
	e->gathering_until = 0;
	e->held = 0;
}

static void begin_held(struct elector *e)
{
	commit_queue_hold(e->commits, false);
	run_actions(e);
	commit_queue_hold(e->commits, true);
	forget_held(e);
}

static int on_gathered(sd_event_source *source, void *userdata)
{
	(void)source;
	begin_held(userdata);
	return 0;
}

/* Behind the API's sources: when no client has anything to say. */
int elector_commit_wire(struct elector *e)
{
	int r = sd_event_add_defer(e->event, &e->gathered, on_gathered, e);

	if (r >= 0)
		r = sd_event_source_set_priority(e->gathered, SD_EVENT_PRIORITY_IDLE);
	if (r >= 0)
		r = sd_event_source_set_enabled(e->gathered, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(e->gathered, true);
	if (r >= 0)
		commit_queue_hold(e->commits, true);
	return r;
}

void elector_commit_pump(struct elector *e)
{
	size_t held;

	if (!e->core.owns) { /* the term is over: whoever waits for its store is told */
		elector_commit_abort(e);
		if (e->loading)
			elector_store_loaded(e, CORE_FAILED);
	}
	run_actions(e);
	held = commit_queue_holds(e->commits);
	if (held == 0)
		forget_held(e); /* begun, or given up: the next has all its time again */
	else if (!still_gathering(e, held))
		begin_held(e);
	elector_store_pump(e);
	if (e->commit_read_wanted && !e->commit_reading && e->session &&
	    session_connected(e->session) && clock_boottime() >= e->commit_read_at)
		e->commit_reading = read_register(e);
}

void elector_commit_settle(struct elector *e)
{
	if (e->loading)
		elector_store_loaded(e, CORE_FAILED);
	if (commit_queue_active(e->commits))
		commit_queue_settle(e->commits); /* the pump says SETTLED */
	else
		elector_feed_type(e, CORE_EV_SETTLED);
}

void elector_commit_abort(struct elector *e)
{
	e->commit_read_wanted = false;
	commit_queue_abort(e->commits);
}
