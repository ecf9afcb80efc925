/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leader looks after the files that it leads by: are they still there, from the last snapshot to
 * the committed end?  Who holds all of it in memory would not notice otherwise: a successor opens
 * none of the files that it has read as a standby, and an idle leader writes to none.  The next
 * member that starts would find acknowledged changes gone.
 *
 * What is wrong is made good by a snapshot of what is in memory, which is all that is committed,
 * and by a new file, which comes with it.  A snapshot has a position of its own, so one that is
 * lost with nothing changed since waits for the next change.  Content is not compared: that is
 * `jmhactl store verify`.
 */
#include "daemon/elector_private.h"

#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"

static void on_looked(const struct store_result *result, void *userdata)
{
	static const char made_good[] = "all that is committed is in memory, and a snapshot of it "
	                                "is written with the next change at the latest";
	struct elector *e = userdata;
	bool ours = commit_queue_active(e->commits) && epoch_equal(e->look.epoch, e->load_epoch) &&
	            log_snapshot_same(&e->look.from, &e->reg.snapshot);
	struct own_log_verdict v;

	e->look.asking = false;
	if (!ours)
		return; /* what was cleaned away meanwhile (B3) is fine */
	v = own_log_looked(&e->own_log, result->state, result->error, result->text,
	                   clock_boottime());
	if (v.news == OWN_LOG_UNREADABLE)
		log_error("store", "a file that this member leads by cannot be read: %s; %s",
		          result->text, made_good);
	else if (v.news == OWN_LOG_TOUCHED)
		log_error("store",
		          "a file that this member leads by was touched: %s; %s: find out who "
		          "touches files there",
		          result->text, made_good);
	e->counters.storage_errors += result->state != STORE_OK;
	if (v.want_snapshot)
		commit_queue_want_snapshot(e->commits);
}

void elector_own_log_look(struct elector *e)
{
	usec_t now = clock_boottime();
	struct store_look look = { .to = e->reg.log, .snapshot = e->reg.snapshot };

	if (!commit_queue_active(e->commits) || e->loading || e->look.asking ||
	    !own_log_due(&e->own_log, now))
		return;
	memcpy(look.cluster_id, e->cluster_id, sizeof(look.cluster_id));
	e->look.from = e->reg.snapshot;
	e->look.epoch = e->load_epoch;
	e->look.asking = store_look(e->store, &look, on_looked, e) >= 0;
	own_log_asked(&e->own_log, now);
}
