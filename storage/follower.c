/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/follower.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "storage/chain.h"
#include "storage/snapshot.h"

enum { PASSES = 3 }; /* damage counts only when two readings in a row agree (B5) */

static void forget(struct follower_result *out)
{
	report_clear(&out->report);
	pointer_map_free(out->delta);
	*out = (struct follower_result){ .delta = NULL };
}

/* B5: what is wrong counts when two readings in a row agree on it.  -EAGAIN as above. */
static int read_agreed(const struct follower_request *request, const struct chain_base *base,
                       struct follower_result *ret)
{
	struct follower_result last = { .delta = NULL };
	int r = 0;

	*ret = last;
	for (unsigned i = 0; i < PASSES; i++) {
		forget(&last);
		last = *ret;
		*ret = (struct follower_result){ .delta = NULL };
		r = chain_read(request, base, ret, i > 0);
		if (!report_suspicious(&ret->report) ||
		    (i > 0 && report_same(&last.report, &ret->report)))
			break;
		if (i + 1 < PASSES)
			continue;
		forget(ret);
		ret->report.state = STORE_FAILED;
		ret->report.error = -EIO;
		(void)text_format(ret->report.text, sizeof(ret->report.text),
		                  "%s/%s: the same bytes read twice differ; check the storage",
		                  request->path, base->snapshot ? "snapshot" : "log");
	}
	forget(&last);
	return r == -EAGAIN ? r : 0;
}

/* ---- where to begin */

enum { MAX_BASES = 4 };

static unsigned list_bases(const struct follower_request *request, struct chain_base ret[MAX_BASES])
{
	unsigned n = 0;

	if (request->from.epoch != 0)
		ret[n++] = (struct chain_base){ .at = request->from, .known = true };
	if (request->snapshot.epoch != 0)
		ret[n++] = (struct chain_base){ request->snapshot.at, &request->snapshot, false };
	if (request->previous.epoch != 0)
		ret[n++] = (struct chain_base){ request->previous.at, &request->previous, false };
	ret[n++] = (struct chain_base){ .snapshot = NULL };
	return n;
}

/* For the log: why this snapshot is not the one that is used. */
static void say_why(const struct follower_result *r, const struct log_snapshot *snapshot,
                    char ret[STORE_TEXT_SIZE])
{
	char name[SNAPSHOT_NAME_SIZE];

	snapshot_name(snapshot->epoch, snapshot->at.sequence, name);
	if (r->report.state == STORE_OK)
		(void)text_format(ret, STORE_TEXT_SIZE, "%s is damaged at byte %" PRIu64, name,
		                  r->report.damage[0].offset);
	else
		(void)text_format(ret, STORE_TEXT_SIZE, "%s", r->report.text);
}

/* Whether an earlier base cannot make this any better: what is damaged lies behind the register's
 * snapshot, where all bases read the same bytes, and the reader's own position is the latest. */
static bool settled(const struct follower_request *request, const struct follower_result *r)
{
	if (r->report.state != STORE_OK)
		return false;
	for (size_t i = 0; i < r->report.n_damage; i++) {
		const struct damage *d = &r->report.damage[i];

		if (d->kind == RECORD_FILE_SNAPSHOT || d->sequence <= request->snapshot.at.sequence)
			return false;
	}
	return true;
}

/* The reader has all that the register's snapshot has: no base has more. */
static bool past_the_snapshot(const struct follower_request *request, const struct chain_base *base)
{
	return base->known && request->from.sequence >= request->snapshot.at.sequence;
}

static uint64_t count_lost(const struct report *report)
{
	uint64_t n = 0;

	for (size_t i = 0; i < report->n_damage; i++)
		n += report->damage[i].records > 0 ? report->damage[i].records : 1;
	return n;
}

/* Of what is not whole: rather what can be served than what cannot, with as little lost as can be
 * had, else the first. */
static void keep_better(struct follower_result *best, bool *has_best, struct follower_result *r)
{
	bool served = r->report.state == STORE_OK, was_served = best->report.state == STORE_OK;

	if (*has_best && (served < was_served ||
	                  (served == was_served &&
	                   (!served || count_lost(&r->report) >= count_lost(&best->report))))) {
		forget(r);
		return;
	}
	forget(best);
	*best = *r;
	*r = (struct follower_result){ .delta = NULL };
	*has_best = true;
}

/* Tries one base after the other until all is there that can be had. */
static void try_bases(const struct follower_request *request, struct follower_result *ret)
{
	struct follower_result best = { .delta = NULL };
	char passed_over[STORE_TEXT_SIZE] = "";
	struct chain_base base[MAX_BASES];
	unsigned n = list_bases(request, base);
	bool has_best = false, passed_damaged = false;

	for (unsigned i = 0; i < n; i++) {
		if (request->progress) /* each has its time to wait for files */
			atomic_fetch_add(request->progress, 1);
		if (read_agreed(request, &base[i], ret) == -EAGAIN) {
			forget(ret);
			continue;
		}
		ret->whole = !base[i].known;
		ret->restarted = ret->whole && request->from.epoch != 0;
		memcpy(ret->passed_over, passed_over, sizeof(passed_over));
		ret->passed_damaged = passed_damaged;
		if (settled(request, ret) || past_the_snapshot(request, &base[i])) {
			forget(&best);
			return;
		}
		if (base[i].snapshot && !passed_over[0]) {
			say_why(ret, base[i].snapshot, passed_over);
			passed_damaged = report_suspicious(&ret->report);
		}
		keep_better(&best, &has_best, ret);
	}
	*ret = best;
}

void follower_read(const struct follower_request *request, struct follower_result *ret)
{
	try_bases(request, ret);
	if (ret->report.state == STORE_OK)
		return;
	pointer_map_free(ret->delta);
	ret->delta = NULL;
}

void follower_result_done(struct follower_result *result)
{
	forget(result);
}
