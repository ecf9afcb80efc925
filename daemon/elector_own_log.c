/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leader looks after the log that it leads by: are the files still there, from the last snapshot
 * to the committed end?  Who holds all of it in memory would not notice otherwise: a successor
 * opens none of the files that it has read as a standby, and an idle leader writes to none.  The
 * next member that starts would find acknowledged changes gone.
 *
 * What is wrong is made good by a snapshot of what is in memory, which is all that is committed,
 * and by a new file, which comes with it.  Content is not compared: that is `jmhactl store verify`.
 */
#include "daemon/elector_private.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"

enum { LOOK_EVERY = 10 * 1000000 };

/* Of all the storage, and not of one file: the next change finds it out, and the probe when it is
 * over.  A pipe or a link in place of a file is none of that: it stays. */
static bool storage_failed(const struct store_result *result)
{
	return result->state == STORE_FULL ||
	       (result->state == STORE_FAILED && result->error != -EINVAL);
}

static void on_looked(const struct store_result *result, void *userdata)
{
	struct elector *e = userdata;
	bool ours = commit_queue_active(e->commits) &&
	            epoch_equal(e->looked_epoch, e->load_epoch) &&
	            log_snapshot_same(&e->looked_from, &e->reg.snapshot);

	e->looking_after = false;
	if (!ours || result->state == STORE_OK || storage_failed(result))
		return; /* not ours: what was cleaned away meanwhile (B3) is fine */
	log_error("store",
	          "a log file was touched: %s; all that is committed is in memory and a snapshot "
	          "of it "
	          "is written: find out who touches files there",
	          result->text);
	(void)text_format(e->touched, sizeof(e->touched), "%s", result->text);
	e->counters.storage_errors++;
	commit_queue_want_snapshot(e->commits);
}

void elector_own_log_look(struct elector *e)
{
	usec_t now = clock_boottime();
	struct store_look look = { .to = e->reg.log, .snapshot = e->reg.snapshot };

	if (!commit_queue_active(e->commits) || e->loading || e->looking_after ||
	    now < e->look_after_at)
		return;
	memcpy(look.cluster_id, e->cluster_id, sizeof(look.cluster_id));
	e->looked_from = e->reg.snapshot;
	e->looked_epoch = e->load_epoch;
	e->looking_after = store_look(e->store, &look, on_looked, e) >= 0;
	e->look_after_at = now + LOOK_EVERY;
}
