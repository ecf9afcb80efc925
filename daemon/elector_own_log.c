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

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/log.h"

enum { LOOK_EVERY = 10 * 1000000, PAUSE_AT_MOST = 600 * 1000000 };

/* The storage answers with an error, for this file or for all: of no file is known that it was
 * touched, and the error may pass.  A pipe or a link in place of a file is none of that: it stays.
 */
static bool cannot_be_read(const struct store_result *result)
{
	return result->state == STORE_FAILED && result->error != -EINVAL;
}

/* Told once, however often it is seen. */
static bool is_news(char told[STORE_TEXT_SIZE], const char *text)
{
	bool news = strcmp(told, text) != 0;

	(void)text_format(told, STORE_TEXT_SIZE, "%s", text);
	return news;
}

/* The next snapshot's log cannot be read either, where all reads fail: it is no use to write all
 * that is in memory each ten seconds, for as long as that lasts. */
static bool worth_a_snapshot(struct elector *e)
{
	usec_t now = clock_boottime();

	if (now < e->unreadable_until)
		return false;
	if (now - e->unreadable_until > PAUSE_AT_MOST)
		e->unreadable_pause = 0; /* that was another time */
	e->unreadable_pause = e->unreadable_pause > 0 ? 2 * e->unreadable_pause : LOOK_EVERY;
	if (e->unreadable_pause > PAUSE_AT_MOST)
		e->unreadable_pause = PAUSE_AT_MOST;
	e->unreadable_until = now + e->unreadable_pause;
	return true;
}

static void on_looked(const struct store_result *result, void *userdata)
{
	static const char made_good[] = "all that is committed is in memory, and a snapshot of it "
	                                "is written with the next change at the latest";
	struct elector *e = userdata;
	bool ours = commit_queue_active(e->commits) &&
	            epoch_equal(e->looked_epoch, e->load_epoch) &&
	            log_snapshot_same(&e->looked_from, &e->reg.snapshot);

	e->looking_after = false;
	if (!ours)
		return; /* what was cleaned away meanwhile (B3) is fine */
	if (!cannot_be_read(result))
		e->unreadable[0] = '\0';
	if (result->state == STORE_OK)
		return;
	if (cannot_be_read(result) && is_news(e->unreadable, result->text))
		log_error("store", "a file that this member leads by cannot be read: %s; %s",
		          result->text, made_good);
	else if (!cannot_be_read(result) && is_news(e->touched, result->text))
		log_error("store",
		          "a file that this member leads by was touched: %s; %s: find out who "
		          "touches "
		          "files there",
		          result->text, made_good);
	e->counters.storage_errors++;
	if (!cannot_be_read(result) || worth_a_snapshot(e))
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
