/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth or named: bytes of the store change by themselves, and whoever reads them has what was
 * committed all the same, or says which file is damaged, and of which keys or how many changes it
 * does not know (promise 4, B5, B6).  Where all can be had, from the reader's memory, a snapshot or
 * the log, nothing is lost (promise 3).
 */
#include "tests/sim/world.h"

#include <string.h>

#include "storage/snapshot.h"

static bool refusal(enum store_state s)
{
	return s == STORE_DIGEST_MISMATCH || s == STORE_FOREIGN || s == STORE_VERSION;
}

/* Checksums see all that changes here, but for a snapshot's sum itself: else one is broken. */
static void look_at_text(struct world *w, int m, const char *text)
{
	if (strstr(text, "no checksum fails") != NULL && !files_text_names_harmed_sum(text))
		violated(w, "promise 4: %c reads what no checksum has seen: %.110s", 'a' + m, text);
}

/* Of what it holds nothing is lost, and the log behind that is there still (B3), and whole. */
static bool knows_a_whole_way(const struct world *w, const struct committer *c)
{
	return c->followed_from.epoch != 0 && c->excused == 0 &&
	       (w->ledger.n_deleted == 0 ||
	        c->followed_from.sequence >= c->followed_previous.at.sequence) &&
	       files_log_whole_from(&c->followed_from);
}

/* Whether the member could have had all: as of now, so a reading of before may have been able to
 * more, and never less.  More of the log than is needed may be harmed: then it is not asked for. */
static bool has_a_whole_way(const struct world *w, int m)
{
	static const struct log_snapshot beginning;
	const struct committer *c = &w->host[m].committer;

	return knows_a_whole_way(w, c) ||
	       (c->followed.epoch != 0 && files_whole_from(&c->followed)) ||
	       (c->followed_previous.epoch != 0 && files_whole_from(&c->followed_previous)) ||
	       (w->ledger.n_deleted == 0 && files_whole_from(&beginning));
}

static bool was_shown_all(const struct world *w, int m)
{
	return !w->host[m].committer.troubled;
}

void damage_look(struct world *w, int m, const struct store_result *result)
{
	struct committer *c = &w->host[m].committer;

	c->names_damage = result->state != STORE_OK && files_text_names_harmed(result->text);
	look_at_text(w, m, result->text);
	if (result->state != STORE_OK)
		note(w, m, "store: %s", result->text);
	if (!refusal(result->state))
		return;
	if (!c->names_damage)
		violated(w, "promise 4: %c reads: %.110s", 'a' + m, result->text);
	if (result->op == STORE_FOLLOW && was_shown_all(w, m) && has_a_whole_way(w, m))
		violated(w, "promise 3: %c refuses what is whole elsewhere: %.110s", 'a' + m,
		         result->text);
}

static void name_of(const struct damage *d, char ret[SNAPSHOT_NAME_SIZE])
{
	if (d->kind == RECORD_FILE_LOG)
		segment_name(d->epoch, d->number, ret);
	else
		snapshot_name(d->epoch, d->number, ret);
}

/* B6: of a gap in the log it says which changes, in a snapshot only that there are some. */
static uint64_t lost_with(const struct damage *d)
{
	uint64_t first = d->kind == RECORD_FILE_LOG ? d->sequence : 1;
	uint64_t last = d->kind == RECORD_FILE_LOG ? d->sequence + d->records - 1 : d->number;
	uint64_t lost = 0;

	if (d->key != NULL || d->records == 0)
		return 0;
	for (uint64_t i = first; i <= last && i < 64; i++)
		lost |= UINT64_C(1) << i;
	return lost;
}

void damage_followed(struct world *w, int m, const struct follower_result *follow)
{
	struct committer *c = &w->host[m].committer;

	look_at_text(w, m, follow->passed_over);
	if (follow->report.n_damage > 0 && was_shown_all(w, m) && has_a_whole_way(w, m))
		violated(w, "promise 3: %c has lost what is whole elsewhere", 'a' + m);
	if (follow->whole)
		c->excused = 0;
	for (size_t i = 0; i < follow->report.n_damage; i++) {
		const struct damage *d = &follow->report.damage[i];
		char name[SNAPSHOT_NAME_SIZE];

		name_of(d, name);
		note(w, m, "damaged: %s at byte %llu, #%llu, %s, %llu records", name,
		     (unsigned long long)d->offset, (unsigned long long)d->sequence,
		     d->key != NULL ? d->key : "unknown keys", (unsigned long long)d->records);
		if (!files_harmed(name))
			violated(w, "promise 4: %c finds damage in %s, which is whole", 'a' + m,
			         name);
		c->excused |= lost_with(d);
		w->ledger.n_lost++;
	}
}

bool damage_excuses(const struct world *w, int m, uint64_t sequence)
{
	uint64_t excused = w->host[m].committer.excused | w->ledger.excused;

	return sequence < 64 && (excused >> sequence & 1);
}

bool damage_refuses(const struct world *w, int m)
{
	const struct committer *c = &w->host[m].committer;

	return c->state != STORE_OK && c->names_damage;
}

bool damage_refused_by_all(const struct world *w)
{
	for (int m = 0; m < N_MEMBERS; m++) {
		if (w->host[m].wire != WIRE_WHOLE)
			continue; /* is not expected to come back */
		if (!w->host[m].running || !damage_refuses(w, m) || has_a_whole_way(w, m))
			return false;
	}
	return true;
}
