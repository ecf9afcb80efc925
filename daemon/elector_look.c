/* SPDX-License-Identifier: Apache-2.0 */
/* The elector's eyes: looks at register, latches and members; a standby's reading of the register.
 */
#include "daemon/elector_private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "daemon/log.h"

/* ---- the register ---- */

/* The register as a look showed it; one that we wrote meanwhile is newer. */
static void take_register(struct elector *e, const struct observation *o)
{
	/* Parts of a look are older than what was read, or written by us, before its last answer.
	 */
	bool stale = e->has_register && o->register_error == 0 &&
	             ((e->core.owns && o->version < e->reg_version) || o->mzxid < e->reg_mzxid);
	struct register_node copy;

	if (o->register_error == 0 && !stale && register_copy(&o->reg, &copy) >= 0) {
		register_done(&e->reg);
		e->reg = copy;
		e->reg_version = o->version;
		e->reg_mzxid = o->mzxid;
		e->has_register = true;
		e->reg_error[0] = '\0';
	} else if (o->register_error == -ENOENT) {
		e->has_register = false;
		e->reg_error[0] = '\0';
	} else if (o->register_error < 0) {
		if (strcmp(e->reg_error, o->text.text) != 0)
			log_error("register", "The register cannot be used: %s", o->text.text);
		e->has_register = false;
		memcpy(e->reg_error, o->text.text, sizeof(e->reg_error));
	}
}

bool elector_take_register(struct elector *e, const void *data, size_t size, int32_t version)
{
	struct register_node reg;
	struct register_error error;
	int r = register_decode(data, size, &reg, &error);

	if (r < 0) {
		if (strcmp(e->reg_error, error.text) != 0)
			log_error("register", "The register cannot be used: %s", error.text);
		(void)text_format(e->reg_error, sizeof(e->reg_error), "%s", error.text);
		return false;
	}
	register_done(&e->reg);
	e->reg = reg;
	e->reg_version = version;
	e->has_register = true;
	e->reg_error[0] = '\0';
	return true;
}

/* ---- looks ---- */

static bool is_eligible_successor(const struct elector *e, const struct latch_name *latch)
{
	const struct observed_member *m = observation_holder(&e->view, latch);

	return m && m->error == 0 && m->node.eligible && !latch_name_has_nonce(latch, &e->nonce);
}

/* Named in status as well: the core only does not claim.  One look may be older than what the
 * follower has just read in the log; a register that stays behind it is rolled back. */
static void note_rollback(struct elector *e, bool seen)
{
	bool before = e->rolled_back;

	e->rolled_back = seen && e->rolled_back_at == e->reg_version;
	e->rolled_back_at = seen ? e->reg_version : -1;
	if (e->rolled_back && !before)
		log_error("register",
		          "register-rolled-back: the register says epoch %" PRIu64
		          ", %s/%s knows of a later epoch or commit, by "
		          "log/%020" PRIu64 "-%020" PRIu64
		          ".log or one before it: were ZooKeeper's data restored from a backup, or "
		          "was that file put there? See jmhactl store recover",
		          e->reg.epoch.v, e->config->storage_path, e->config->cluster,
		          e->listed_epoch, e->listed_segment);
}

static void fill_view(struct elector *e, struct core_view *v)
{
	const struct observation *o = &e->view;
	const struct observed_member *owner;

	*v = (struct core_view){
		.asked = o->asked, .own = o->own, .own_extra = o->n_own > 1, .rank = o->rank
	};
	for (unsigned i = 0; i < o->n_latches; i++)
		v->successors += is_eligible_successor(e, &o->latch[i]);
	if (!e->has_register)
		return;
	v->has_register = true;
	v->version = e->reg_version;
	v->epoch = e->reg.epoch;
	v->released = e->reg.released != CAUSE_NONE;
	v->released_as = e->reg.released;
	v->owner = e->reg.owner.latch;
	v->owner_session = e->reg.owner.session;
	v->owner_alive = observation_has_latch(o, &v->owner);
	v->designated = e->reg.designated;
	v->designated_alive = observation_has_latch(o, &v->designated);
	v->rolled_back = e->listed_epoch > e->reg.epoch.v ||
	                 e->committed_seen > e->reg.log.sequence; /* A11 */
	note_rollback(e, v->rolled_back);
	if (!latch_name_set(&v->owner))
		return;
	owner = observation_holder(o, &v->owner);
	if (!owner) { /* A4: one that cannot be read has not said that it stopped */
		owner = observation_member(o, e->reg.owner.member);
		v->owner_member = owner && owner->error != 0;
		return;
	}
	v->owner_member = true;
	v->owner_stopped = owner->node.stopped;
}

/* After a write of our member node whose outcome was not clear. */
static void sync_member_version(struct elector *e)
{
	const struct observed_member *own = observation_member(&e->view, e->config->member);

	if (!e->member_unsure || e->member_writing || !own || !own->own)
		return;
	e->member_version = own->version;
	e->member_unsure = false;
}

/* What has to be the same on every member is not on that one, and yet it could lead: where the
 * servers do not tell their tickTime, nobody else would notice a lease that counts with another
 * one. */
static void compare_configurations(struct elector *e)
{
	const struct observed_member *other = NULL;

	for (unsigned i = 0; i < e->view.n_members && e->member.eligible; i++) {
		const struct observed_member *m = &e->view.member[i];

		if (!m->own && m->error == 0 && m->node.eligible &&
		    strcmp(m->node.config, e->member.config) != 0)
			other = m;
	}
	if (other && !e->config_differs)
		log_warning("config",
		            "member %s of host %s is configured otherwise: zookeeper.tick_ms and "
		            "zookeeper.root have to be the same in all files, compare it with %s",
		            other->node.member, other->node.host, e->config->path);
	e->config_differs = other != NULL;
}

static void on_look(void *userdata, const struct zk_result *r, const struct observation *o)
{
	struct elector *e = userdata;
	struct core_event ev = { .type = CORE_EV_OBSERVED };

	e->looking = false;
	ev.observed.result = elector_zk_result(r);
	elector_zk_note_access(e, r);
	if (r->outcome == ZK_DONE && o) {
		take_register(e, o);
		e->view = *o;
		memset(&e->view.reg, 0, sizeof(e->view.reg)); /* borrowed: ours is e->reg */
		e->looked = true;
		sync_member_version(e);
		compare_configurations(e);
		elector_store_look_at(e);
		fill_view(e, &ev.observed.view);
	} else {
		ev.observed.result = r->outcome == ZK_NOT_DONE ? CORE_FAILED : CORE_UNKNOWN;
		elector_zk_log_refused("show register, latches and members", r);
		elector_store_tell_reasons(e);
	}
	elector_feed(e, &ev);
	elector_requests_looked(e);
}

static void look_now(struct elector *e)
{
	unsigned watches =
	        OBSERVE_ALL & ~(unsigned)(e->core.owns ? OBSERVE_REGISTER : OBSERVE_REQUESTS);

	e->looking =
	        elector_zk_sent(e, observe_look(e->observe, watches, on_look, e), CORE_EV_OBSERVED);
}

static void on_listed(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;

	if (result->state != STORE_OK) { /* A11: nothing may be claimed by an older listing */
		e->probe_state = result->state;
		memcpy(e->probe_text, result->text, sizeof(e->probe_text));
		elector_store_tell_reasons(e);
		elector_feed_result(e, CORE_EV_OBSERVED, CORE_FAILED);
		return;
	}
	e->listed_epoch = result->highest_epoch;
	e->listed_segment = result->newest_segment;
	if (result->committed_seen > e->committed_seen)
		e->committed_seen = result->committed_seen;
	elector_feed_type(e, CORE_EV_LISTED);
	if (e->session)
		look_now(e);
	else
		elector_feed_result(e, CORE_EV_OBSERVED, CORE_UNKNOWN);
}

void elector_look(struct elector *e, bool list_log)
{
	list_log = list_log || e->rolled_back; /* is it still so? */
	if (list_log && e->has_cluster_id && store_list(e->store, on_listed, e) >= 0)
		return;
	elector_feed_type(e, CORE_EV_LISTED);
	look_now(e);
}

/* ---- a standby follows the register ---- */

static void on_register(void *userdata, const struct zk_result *r, const struct observation *o)
{
	struct elector *e = userdata;
	bool again = e->register_again;

	e->register_reading = e->register_again = false;
	if (r->outcome == ZK_DONE && o && !e->core.owns) {
		struct epoch epoch = e->reg.epoch;
		struct latch_name designated = e->reg.designated;

		take_register(e, o);
		elector_store_look_at(e);
		if (!epoch_equal(epoch, e->reg.epoch) ||
		    !latch_name_equal(&designated, &e->reg.designated))
			elector_feed_type(e, CORE_EV_CHANGED);
	}
	if (again)
		elector_follow_register(e);
}

void elector_follow_register(struct elector *e)
{
	if (e->core.owns || !e->observe)
		return; /* we are the one who writes it */
	if (e->register_reading)
		e->register_again = true;
	else
		e->register_reading = observe_register(e->observe, on_register, e) >= 0;
}
