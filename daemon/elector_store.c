/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store and loop: is the storage ours and usable (A11, B5), follow the register's log, load it at a
 * takeover.
 */
#include "daemon/elector_private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/fault_point.h"
#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "election/fence.h"

enum {
	PROBE_EVERY = 10 * 1000000,
	CAUGHT_UP_WITHIN = 1000, /* C2: records */
	FALLEN_BEHIND = 10000,
};

/* ---- eligibility ---- */

static const enum reason reason_of[STORE_N_STATES_] = {
	[STORE_MISSING] = REASON_STORAGE_MISSING,
	[STORE_FOREIGN] = REASON_FOREIGN_STORAGE,
	[STORE_REGISTER_LOST] = REASON_REGISTER_LOST,
	[STORE_ROLLED_BACK] = REASON_REGISTER_ROLLED_BACK,
	[STORE_LOG_MISSING] = REASON_LOG_MISSING,
	[STORE_DIGEST_MISMATCH] = REASON_DIGEST_MISMATCH,
	[STORE_FAILED] = REASON_STORAGE_FAILED,
	[STORE_FULL] = REASON_STORAGE_FULL,
	[STORE_VERSION] = REASON_VERSION,
};

enum store_state elector_store_state(const struct elector *e)
{
	return e->store_state != STORE_OK ? e->store_state : e->probe_state;
}

reasons_t elector_store_reasons(const struct elector *e)
{
	reasons_t reasons = 0;

	if (e->rolled_back && !e->core.owns)
		reasons |= REASON_BIT(REASON_REGISTER_ROLLED_BACK);
	/* Who leads renews what it has; whether another could is what it cannot see. */
	if (e->auth_refused && !e->core.owns)
		reasons |= REASON_BIT(REASON_ZOOKEEPER_AUTH);
	if (e->store_state != STORE_OK)
		reasons |= REASON_BIT(reason_of[e->store_state]);
	if (e->probe_state != STORE_OK)
		reasons |= REASON_BIT(reason_of[e->probe_state]);
	if (e->tick_differs)
		reasons |= REASON_BIT(REASON_TICK_MISMATCH);
	/* Who leads cannot hand over what nobody can read. */
	if (e->reg_error[0] && !e->core.owns)
		reasons |= REASON_BIT(strstr(e->reg_error, "version") ? REASON_VERSION
		                                                      : REASON_REGISTER_LOST);
	/* A leader that has just resumed is reading its own log: that is no reason to hand over. */
	if (!e->caught_up && !e->core.owns && e->core.phase != CORE_RESUMING)
		reasons |= REASON_BIT(REASON_NOT_CAUGHT_UP);
	return reasons;
}

void elector_store_tell_reasons(struct elector *e)
{
	struct core_event ev = { .type = CORE_EV_ELIGIBLE };

	ev.reasons = elector_store_reasons(e);
	if (ev.reasons != e->core.reasons)
		elector_feed(e, &ev);
}

/* What may not end by itself; who found it out knew only bytes, and names no command. */
static bool wants_recovery(enum store_state state)
{
	return state == STORE_LOG_MISSING || state == STORE_DIGEST_MISMATCH;
}

static void set_store_state(struct elector *e, enum store_state state, const char *found)
{
	char text[sizeof(e->store_text)];

	(void)text_format(text, sizeof(text), "%s%s", found,
	                  wants_recovery(state)
	                          ? "; when it does not come back: `jmhactl store recover`"
	                          : "");
	if (state != e->store_state) {
		if (state == STORE_OK)
			log_notice("store", "%s is usable again", e->config->storage_path);
		else
			log_error("store", "%s: %s", store_state_code(state), text);
	}
	e->store_state = state;
	memcpy(e->store_text, text, sizeof(text));
}

/* ---- is it our storage? ---- */

static void on_checked(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;

	e->store_checking = false;
	if (result->state != STORE_OK) {
		set_store_state(e, result->state, result->text);
	} else {
		if (e->store_state == STORE_FAILED ||
		    (e->store_state == STORE_MISSING && result->has_cluster_id))
			set_store_state(e, STORE_OK, "");
		e->has_cluster_id = result->has_cluster_id;
		e->store_has_files = result->has_files;
		e->store_checked = true;
		memcpy(e->cluster_id, result->cluster_id, sizeof(e->cluster_id));
	}
	if (e->loading && result->state != STORE_OK)
		elector_store_loaded(e, CORE_FAILED);
	else if (e->loading)
		elector_store_load(e, e->load_epoch);
	elector_store_look_at(e);
}

static void on_register_created(void *userdata, const struct zk_result *r)
{
	struct elector *e = userdata;

	e->creating_register = false;
	if (r->outcome == ZK_NOT_DONE && r->error != -EEXIST)
		log_error_errno(r->error, "register", "Failed to make the register: %m");
	else if (r->outcome == ZK_DONE)
		log_notice("register", "made the register of a new cluster");
	elector_feed_type(e, CORE_EV_CHANGED); /* read it, ours or the other's */
}

static void create_register(struct elector *e)
{
	struct register_node reg;
	char id[CLUSTER_ID_LEN + 1];

	text_hex(e->cluster_id, sizeof(e->cluster_id), id);
	register_init_new(&reg, id);
	if (e->session && !e->creating_register &&
	    fence_create_register(e->session, &reg, on_register_created, e) >= 0)
		e->creating_register = true;
}

static void on_initialised(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;

	e->store_initialising = false;
	if (result->state != STORE_OK) {
		set_store_state(e, result->state, result->text);
		elector_store_tell_reasons(e);
		return;
	}
	e->store_checked = true; /* it has read CLUSTER back */
	e->has_cluster_id = result->has_cluster_id;
	e->store_has_files = result->has_files;
	memcpy(e->cluster_id, result->cluster_id, sizeof(e->cluster_id));
	if (e->store_has_files)
		elector_store_look_at(e);
	else if (!e->has_register)
		create_register(e);
}

/* A11: the first pair, CLUSTER before register, by any contender when nobody was ever granted. */
static void make_first_pair(struct elector *e)
{
	uint8_t id[RECORD_CLUSTER_ID_SIZE];

	/* A leader leads on without its register, and has files. */
	if (e->config->observer || e->store_initialising || !e->store_checked || e->core.owns)
		return;
	if (e->store_has_files) { /* as of the last look: an empty store is asked again */
		set_store_state(
		        e, STORE_REGISTER_LOST,
		        "the storage has a log but ZooKeeper has no register: were its data "
		        "lost, or is zookeeper.root wrong? Restore its newest data, or see "
		        "`jmhactl store recover`; do not remove the log");
		return;
	}
	if (getrandom(id, sizeof(id), 0) == (ssize_t)sizeof(id) &&
	    store_init(e->store, e->has_cluster_id ? e->cluster_id : id, on_initialised, e) >= 0)
		e->store_initialising = true;
}

static bool same_cluster(const struct elector *e)
{
	char id[CLUSTER_ID_LEN + 1];

	text_hex(e->cluster_id, sizeof(e->cluster_id), id);
	return strcmp(id, e->reg.cluster_id) == 0;
}

/* ---- following ---- */

void elector_store_on_change(const struct pointer *p, void *userdata)
{
	struct elector *e = userdata;
	struct api_event ev = { .type = API_EVENT_POINTER };

	if (pointer_key_reserved(p->key))
		return;
	ev.pointer.key = p->key;
	ev.pointer.revision = p->revision;
	ev.pointer.removed = p->deleted;
	ev.pointer.epoch = e->reg.epoch;
	if (e->api)
		api_publish(e->api, &ev);
}

static void forget_damage(struct elector *e)
{
	e->damage_at = e->n_gaps = 0;
	e->n_set_aside = 0;
}

static void on_quarantined(const struct store_result *result, void *userdata)
{
	(void)userdata;
	if (result->state != STORE_OK)
		log_warning("store", "no copy of the damaged file was made: %s", result->text);
}

static void remember_file(struct elector *e, const struct store_file *file)
{
	for (unsigned i = 0; i < e->n_set_aside; i++)
		if (e->set_aside[i].kind == file->kind && e->set_aside[i].epoch == file->epoch &&
		    e->set_aside[i].number == file->number)
			return;
	if (e->n_set_aside < ELECTOR_MAX_SET_ASIDE)
		e->set_aside[e->n_set_aside++] = *file;
}

/* B3: a copy, by the leader alone, of what it met now or while it was a standby. */
static void set_aside(struct elector *e)
{
	for (unsigned i = 0; i < e->n_set_aside; i++)
		(void)store_quarantine(e->store, &e->set_aside[i],
		                       "a checksum failed in two readings", on_quarantined, e);
	e->n_set_aside = 0;
}

/* B6: damaged bytes are named, once, and the rest is served. */
static void note_damage(struct elector *e, const struct follower_result *f)
{
	if (f->restarted)
		forget_damage(e);
	if (f->report.n_damage > 0 || f->passed_over[0]) {
		e->damage_at = pointer_map_position(e->map)->sequence;
		if (e->damage_at <= e->followed.at.sequence)
			e->damage_at = e->followed.at.sequence + 1;
	}
	if (f->passed_over[0])
		log_error("store",
		          "the newest snapshot cannot be used, an earlier one or the whole log was "
		          "read instead, nothing is lost: %s",
		          f->passed_over);
	if (f->passed_damaged)
		remember_file(e, &(struct store_file){ RECORD_FILE_SNAPSHOT, e->followed.epoch,
		                                       e->followed.at.sequence });
	for (size_t i = 0; i < f->report.n_damage; i++) {
		const struct damage *d = &f->report.damage[i];

		log_error("store",
		          "%s/%020" PRIu64 "-%020" PRIu64 "%s is damaged at byte %" PRIu64
		          ": %s%s, %" PRIu64 " records; the rest is served",
		          d->kind == RECORD_FILE_LOG ? "log" : "snapshot", d->epoch, d->number,
		          d->kind == RECORD_FILE_LOG ? ".log" : ".snap", d->offset,
		          d->key ? "the value of " : "",
		          d->key ? d->key : "changes of unknown keys", d->records);
		e->n_gaps += d->records > 0;
		remember_file(e, &(struct store_file){ d->kind, d->epoch, d->number });
	}
}

/* What this map lacks by damage is named, by a snapshot (B6). */
static void want_snapshot_of_damage(struct elector *e)
{
	set_aside(e);
	if (e->damage_at > e->reg.snapshot.at.sequence)
		commit_queue_want_snapshot(e->commits);
}

void elector_store_read(struct elector *e, const struct follower_result *f)
{
	note_damage(e, f);
	want_snapshot_of_damage(e);
}

static void continue_load(struct elector *e);

static void on_followed(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;
	uint64_t behind;

	e->following = false;
	/* C5: what it named has been cleaned away since; the newer one is there. */
	if (result->state == STORE_LOG_MISSING && !e->loading &&
	    !log_snapshot_same(&e->followed, &e->reg.snapshot)) {
		elector_store_look_at(e);
		return;
	}
	if (result->state == STORE_OK)
		note_damage(e, result->follow);
	if (result->follow) {
		commit_queue_followed(e->commits, &e->followed, result->follow->bytes,
		                      result->follow->whole);
		if (result->follow->committed_seen > e->committed_seen)
			e->committed_seen = result->follow->committed_seen;
	}
	set_store_state(e, result->state, result->text);
	behind = e->reg.log.sequence - pointer_map_position(e->map)->sequence;
	if (result->state == STORE_OK && (int64_t)behind <= CAUGHT_UP_WITHIN)
		e->caught_up = true;
	else if (result->state != STORE_OK || (int64_t)behind > FALLEN_BEHIND)
		e->caught_up = false;
	elector_store_tell_reasons(e);
	if (e->loading)
		continue_load(e);
	else if (result->state == STORE_OK)
		elector_store_look_at(e);
}

/* B6: another leader has written a snapshot since, which has what is damaged here, or lists it. */
static bool made_good(const struct elector *e)
{
	return e->damage_at > 0 && e->damage_at <= e->reg.snapshot.at.sequence;
}

static bool at_the_end(const struct elector *e)
{
	return log_position_same(pointer_map_position(e->map), &e->reg.log) && !made_good(e);
}

static int follow(struct elector *e, store_done_t done, void *userdata)
{
	struct store_follow f = { .map = e->map,
		                  .to = e->reg.log,
		                  .snapshot = e->reg.snapshot,
		                  .previous = e->reg.previous,
		                  .anew = made_good(e),
		                  .on_change = elector_store_on_change };

	e->followed = e->reg.snapshot;
	memcpy(f.cluster_id, e->cluster_id, sizeof(f.cluster_id));
	return store_follow(e->store, &f, done, userdata);
}

static void follow_register(struct elector *e)
{
	if (e->following || e->loading || commit_queue_owns_map(e->commits))
		return;
	if (at_the_end(e)) {
		e->caught_up = true;
		if (e->store_state != STORE_OK)
			set_store_state(e, STORE_OK, "");
		return;
	}
	if (follow(e, on_followed, e) >= 0)
		e->following = true;
}

static void on_probed(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;

	if (result->state != e->probe_state)
		log_notice("store", "probe: %s %s", store_state_code(result->state), result->text);
	if (result->state != STORE_OK)
		e->counters.storage_errors++;
	e->probe_state = result->state;
	memcpy(e->probe_text, result->text, sizeof(e->probe_text));
	e->probing = false;
	elector_store_tell_reasons(e);
}

static void probe(struct elector *e)
{
	usec_t now = clock_boottime();
	bool needed = !commit_queue_active(e->commits) || e->probe_state != STORE_OK;

	if (e->probing || !needed || now < e->probe_at || !e->has_cluster_id || e->config->observer)
		return;
	e->probing = store_probe(e->store, on_probed, e) >= 0;
	e->probe_at = now + (e->probe_state == STORE_OK ? PROBE_EVERY : USEC_PER_SEC);
}

void elector_store_look_at(struct elector *e)
{
	usec_t now = clock_boottime();

	if (e->has_register && !e->has_cluster_id && !e->store_checking && !e->checked_since) {
		/* CLUSTER comes before the register: only a look after that one counts (A11). */
		e->checked_since = true;
		e->store_checked = false;
		e->check_at = 0;
	}
	if (!e->has_cluster_id && !e->store_checking && !e->store_initialising &&
	    now >= e->check_at) {
		e->check_at = now + USEC_PER_SEC;
		e->store_checking = store_check(e->store, on_checked, e) >= 0;
	}
	if (e->looked && !e->has_register && !e->reg_error[0])
		make_first_pair(e);
	else if (e->has_register && e->store_checked && !e->has_cluster_id)
		set_store_state(e, STORE_MISSING,
		                "ZooKeeper has a register but the storage has no CLUSTER: is "
		                "storage.path mounted, and the same on all members? See `jmhactl "
		                "store recover`");
	else if (e->has_register && e->has_cluster_id && !same_cluster(e))
		set_store_state(
		        e, STORE_FOREIGN,
		        "the storage belongs to another cluster than the register: correct "
		        "storage.path, zookeeper.root or cluster; see `jmhactl store show`");
	else if (e->has_register && e->has_cluster_id)
		follow_register(e);
	probe(e);
	elector_store_tell_reasons(e);
}

/* ---- loading at a takeover or a resume ---- */

void elector_store_loaded(struct elector *e, enum core_result result)
{
	e->loading = false;
	if (result != CORE_OK)
		commit_queue_abort(e->commits);
	elector_feed_result(e, CORE_EV_LOADED, result);
}

void elector_store_opened(struct elector *e, bool well)
{
	if (!well) {
		elector_store_loaded(e, CORE_FAILED);
		return;
	}
	FAULT_POINT(load_opened);
	e->load_opened = true; /* the rest is the pump's, when the queue has said what it wants */
	want_snapshot_of_damage(e);
}

void elector_store_pump(struct elector *e)
{
	if (e->loading && e->load_opened && !commit_queue_wants_snapshot(e->commits))
		elector_store_loaded(e, CORE_OK);
}

static void continue_load(struct elector *e)
{
	struct commit_register mark = {
		.epoch = e->load_epoch,
		.latch = e->core.latch.s,
		.version = e->reg_version,
		.position = e->reg.log,
		.snapshot = e->reg.snapshot,
		.previous = e->reg.previous,
	};

	if (e->following)
		return; /* on_followed() comes back */
	if (!at_the_end(e)) {
		if (e->load_followed || follow(e, on_followed, e) < 0) {
			elector_store_loaded(e, CORE_FAILED);
			return;
		}
		e->load_followed = e->following = true;
		return;
	}
	FAULT_POINT(load_read);
	e->commit_latch = e->core.latch;
	if (commit_queue_begin(e->commits, &mark) < 0)
		elector_store_loaded(e, CORE_FAILED);
	/* Its first action opens the segment; on_opened() says how that went. */
}

void elector_store_load(struct elector *e, struct epoch epoch)
{
	commit_queue_abort(e->commits);
	FAULT_POINT(load_begun);
	e->load_ticket = 0; /* a segment opened for an earlier one may still be answered */
	e->load_epoch = epoch;
	e->loading = true;
	e->load_followed = e->load_opened = false;
	e->snapshot_error[0] = '\0';
	memset(&e->own_log, 0, sizeof(e->own_log));
	if (!e->store_checked) /* resumed: on_checked() comes back */
		elector_store_look_at(e);
	else if (!e->has_cluster_id || !e->has_register || !same_cluster(e))
		elector_store_loaded(e, CORE_FAILED);
	else
		continue_load(e);
}

/* ---- start and end ---- */

int elector_store_init(struct elector *e)
{
	struct store_config config = {
		.path = e->config->storage_path,
		.cluster = e->config->cluster,
		.member = e->config->member,
		.io_usec = e->config->io_usec,
	};

	e->map = pointer_map_new();
	e->commits = e->map ? commit_queue_new(e->map) : NULL;
	if (!e->commits)
		return -ENOMEM;
	commit_queue_set_min_log(e->commits, (uint64_t)e->config->snapshot_kib * 1024);
	return store_new(&config, &e->store);
}

void elector_store_done(struct elector *e)
{
	if (e->commits) {
		commit_queue_abort(e->commits);
		commit_queue_free(e->commits);
	}
	pointer_map_free(e->map); /* before its store, which may have it frozen still */
	store_free(e->store);
}
