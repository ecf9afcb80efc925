/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector's side of a hot JobManager, as daemon/elector_leadership.c has it: what is granted is
 * told at the end of a turn, as the difference to what was told before; the first line of a stream
 * is the whole truth, and waits until the elector knows it (D1).
 */
#include "tests/sim/world.h"

static struct line_of_stream state_now(const struct host *h)
{
	return (struct line_of_stream){
		.type = LINE_STATE,
		.epoch = core_granted(&h->core),
		.superseded = h->core.phase == CORE_REVOKING && h->core.killed,
	};
}

static void publish(struct world *w, int m, const struct line_of_stream *line)
{
	const struct host *h = &w->host[m];

	if (host_has_process(h) && h->process.stream == h->incarnation)
		process_tell(w, m, line);
}

static void end_of_turn(struct world *w, int m, usec_t when)
{
	at(w, when,
	   (struct world_event){ .type = EV_TELL, .who = m, .generation = w->host[m].incarnation });
}

/* After each step; a turn may have more than one. */
void leadership_look(struct world *w, int m)
{
	struct host *h = &w->host[m];

	if (!h->hot || h->tell_pending)
		return;
	if (h->told_settled == core_settled(&h->core) && h->told.v == core_granted(&h->core).v)
		return;
	h->tell_pending = true;
	end_of_turn(w, m, w->now + between(w, 0, percent(w, 90) ? 50 : MS(2)));
}

void leadership_tell(struct world *w, int m, uint32_t incarnation)
{
	struct host *h = &w->host[m];
	struct line_of_stream now = state_now(h);

	if (!h->running || h->incarnation != incarnation)
		return;
	if (h->stopped) {
		end_of_turn(w, m, w->now + MS(10));
		return;
	}
	h->tell_pending = false;
	if (!core_settled(&h->core))
		return;
	if (!h->told_settled) {
		publish(w, m, &now);
	} else if (now.epoch.v != 0 && now.epoch.v != h->told.v) {
		now.type = LINE_GRANT;
		publish(w, m, &now);
	} else if (now.epoch.v == 0 && h->told.v != 0) {
		now.type = LINE_REVOKE;
		publish(w, m, &now);
	}
	h->told_settled = true;
	h->told = now.epoch;
	if (now.epoch.v != 0)
		h->word_at = w->now;
}

void leadership_beat(struct world *w, int m, uint32_t incarnation)
{
	struct host *h = &w->host[m];

	if (!h->running || h->incarnation != incarnation)
		return;
	at(w, w->now + MS(h->stopped ? 10 : 1000),
	   (struct world_event){ .type = EV_BEAT, .who = m, .generation = incarnation });
	if (!h->stopped && h->told_settled && h->process.stream == incarnation &&
	    w->now >= h->process.stopped_until)
		h->process.heard_at = w->now;
}

/* Of a process that the elector does not know it takes nothing (403). */
static bool knows(const struct host *h)
{
	return h->number.v == h->jobmanager_epoch.v;
}

bool leadership_connect(struct world *w, int m)
{
	struct host *h = &w->host[m];
	struct line_of_stream now;

	if (!h->running || h->stopped || h->exiting || !knows(h))
		return false;
	h->process.stream = h->incarnation;
	if (core_settled(&h->core)) {
		now = state_now(h);
		process_tell(w, m, &now);
	}
	return true;
}

/* Without an elector it waits in the backlog, or is lost with the one that took it. */
void leadership_said(struct world *w, const struct world_event *ev)
{
	struct host *h = &w->host[ev->who];
	enum core_word word = (enum core_word)(ev->arg >> 48);
	usec_t sent = ev->arg & 0xffffffffffff;
	struct epoch epoch = { ev->arg2 };
	struct core_event said = { .type = CORE_EV_SAID };
	int by = (int)h->jobmanager_generation; /* one process for each start */

	if (ev->generation != h->jobmanager_generation)
		return;
	if (!h->running || h->stopped) {
		if (w->now < sent + MS(2000) && (h->stopped || !percent(w, 5)))
			at(w, w->now + MS(5), *ev);
		return;
	}
	if (!host_has_process(h) || !knows(h))
		return;
	if (core_superseded(&h->core, word, epoch, by)) {
		process_answer(w, ev->who, word, epoch, true);
		return;
	}
	if (word == CORE_LEADS || h->told.v == 0)
		h->word_at = w->now;
	said.said.word = word;
	said.said.epoch = epoch;
	said.said.by = by;
	shell_feed(w, ev->who, said);
	if (h->running) /* else the answer is lost, too */
		process_answer(w, ev->who, word, epoch, false);
}
