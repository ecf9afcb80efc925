/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hot JobManager as its library makes it act: it follows the stream, says what it does each
 * second and at each change, and revokes when it is asked to: soon, late or never.  What is of an
 * earlier process (generation) does nothing; one that is stopped does everything later.
 */
#include "tests/sim/world.h"

enum { SAY_MS = 1000, RETRY_MS = 100 };

/* From then on, and in runs about P7 and P9, it does what it should. */
static bool behaves(const struct world *w)
{
	return w->healed || w->mode != RUN_FAULTS;
}

static void later(struct world *w, int m, usec_t when, struct world_event ev)
{
	ev.who = m;
	ev.generation = w->host[m].jobmanager_generation;
	at(w, when, ev);
}

static usec_t in_order(usec_t *last, usec_t when)
{
	if (when <= *last)
		when = *last + 1;
	*last = when;
	return when;
}

static usec_t latency(struct world *w)
{
	if (behaves(w) || percent(w, 90))
		return between(w, 50, MS(2));
	return between(w, MS(1), percent(w, 70) ? MS(80) : w->silence);
}

static void arm_timer(struct world *w, int m, usec_t delay)
{
	later(w, m, w->now + delay,
	      (struct world_event){ .type = EV_PROCESS_TIMER, .arg = ++w->host[m].process.timer });
}

static void connect_later(struct world *w, int m)
{
	struct process *p = &w->host[m].process;
	usec_t when = w->now + between(w, 500, MS(60));

	/* What the old stream still holds is read first. */
	later(w, m, when > p->last_line ? when : p->last_line + 1,
	      (struct world_event){ .type = EV_PROCESS_CONNECT });
}

/* ---- what it says ---- */

static void say(struct world *w, int m)
{
	struct process *p = &w->host[m].process;
	enum core_word word = p->leads ? CORE_LEADS : p->owes ? CORE_REVOKED : CORE_WAITING;

	later(w, m, in_order(&p->last_said, w->now + latency(w)),
	      (struct world_event){
	              .type = EV_SAID, .arg = (uint64_t)word << 48 | w->now, .arg2 = p->led.v });
}

static void halt(struct world *w, int m, const char *why)
{
	note(w, m, "JobManager halts: %s", why);
	host_jobmanager_dies(w, m, true);
}

static void on_timer(struct world *w, int m)
{
	struct process *p = &w->host[m].process;

	if (p->leads && w->now > p->heard_at + lease_length(&w->lease)) {
		halt(w, m, "heard nothing");
		return;
	}
	say(w, m);
	arm_timer(w, m, MS(p->owes ? RETRY_MS : SAY_MS));
}

static void on_answer(struct world *w, int m, const struct world_event *ev)
{
	struct process *p = &w->host[m].process;

	if ((bool)ev->arg) {
		halt(w, m, "superseded");
	} else if (p->owes && ev->arg2 == p->led.v) {
		p->owes = false;
		say(w, m);
	}
}

/* ---- leading ---- */

static void lead(struct world *w, int m, struct epoch epoch)
{
	struct process *p = &w->host[m].process;

	if (epoch.v <= p->led.v)
		return; /* the same again */
	if (p->leads)
		violated(w, "%c is granted epoch %llu while it leads %llu", 'a' + m,
		         (unsigned long long)epoch.v, (unsigned long long)p->led.v);
	note(w, m, "JobManager leads epoch %llu", (unsigned long long)epoch.v);
	p->led = epoch;
	p->leads = true;
	p->revoking = p->owes = false;
	oracle_acts(w, m, epoch);
	say(w, m);
	if (p->fickle)
		process_gives_up(w, m);
}

static usec_t time_to_revoke(struct world *w)
{
	uint64_t kind = below(w, 10);

	if (behaves(w) || kind < 4)
		return between(w, 100, MS(30));
	if (kind < 7)
		return between(w, 0, w->revoke);
	if (kind < 9) /* just before, or just after, it is killed for it */
		return between(w, usec_sub(w->revoke, MS(20)), w->revoke + MS(20));
	return USEC_INFINITY;
}

static void revoke(struct world *w, int m)
{
	struct process *p = &w->host[m].process;
	usec_t needs;

	if (!p->leads || p->revoking)
		return;
	p->revoking = true;
	needs = time_to_revoke(w);
	if (needs != USEC_INFINITY)
		later(w, m, w->now + needs, (struct world_event){ .type = EV_PROCESS_REVOKED });
}

static void on_revoked(struct world *w, int m)
{
	struct process *p = &w->host[m].process;

	if (!p->leads)
		return;
	note(w, m, "JobManager has revoked epoch %llu", (unsigned long long)p->led.v);
	p->leads = p->revoking = false;
	p->owes = true;
	arm_timer(w, m, percent(w, 70) ? 0 : between(w, 0, MS(5)));
}

void process_gives_up(struct world *w, int m)
{
	if (w->host[m].hot && process_acts(&w->host[m]))
		later(w, m, w->now, (struct world_event){ .type = EV_PROCESS_REVOKED });
}

/* ---- what it is told ---- */

void process_tell(struct world *w, int m, const struct line_of_stream *line)
{
	struct process *p = &w->host[m].process;

	later(w, m, in_order(&p->last_line, w->now + latency(w)),
	      (struct world_event){ .type = EV_PROCESS_LINE,
	                            .arg = (uint64_t)line->type << 1 | line->superseded,
	                            .arg2 = line->epoch.v });
}

static void on_line(struct world *w, int m, const struct world_event *ev)
{
	struct process *p = &w->host[m].process;
	enum line type = (enum line)(ev->arg >> 1);
	bool granted = type == LINE_GRANT || (type == LINE_STATE && ev->arg2 != 0);

	p->heard_at = w->now;
	if (ev->arg & 1)
		halt(w, m, "told that it is superseded");
	else if (granted)
		lead(w, m, (struct epoch){ ev->arg2 });
	else
		revoke(w, m);
}

void process_stream_lost(struct world *w, int m)
{
	struct host *h = &w->host[m];

	if (!h->hot || h->jobmanager == JM_NONE || h->process.stream == 0)
		return;
	h->process.stream = 0;
	connect_later(w, m);
}

static void connect_stream(struct world *w, int m)
{
	struct process *p = &w->host[m].process;

	if (p->stream != 0)
		return;
	if (!leadership_connect(w, m))
		connect_later(w, m);
	else if (percent(w, 50)) /* counts the head of the answer, or does not */
		p->heard_at = w->now;
}

/* ---- its life ---- */

void process_begin(struct world *w, int m)
{
	struct host *h = &w->host[m];
	uint64_t kind = behaves(w) ? 0 : below(w, 20);
	usec_t when = between(w, MS(20), MS(1000));

	h->process = (struct process){ .heard_at = w->now };
	if (kind == 19)
		return; /* never */
	if (kind == 18) {
		at(w, w->now + when,
		   (struct world_event){ .type = EV_JOBMANAGER_DEAD,
		                         .who = m,
		                         .generation = h->jobmanager_generation,
		                         .arg = 1 });
		return;
	}
	if (kind > 15)
		when = between(w, MS(1000), w->ready + MS(500));
	later(w, m, w->now + when, (struct world_event){ .type = EV_PROCESS_UP });
}

static void up(struct world *w, int m)
{
	struct process *p = &w->host[m].process;

	p->up = true;
	p->heard_at = w->now;
	connect_later(w, m);
	arm_timer(w, m, 0);
}

void process_answer(struct world *w, int m, enum core_word word, struct epoch epoch, bool halts)
{
	if (halts || word == CORE_REVOKED)
		later(w, m, w->now + between(w, 50, MS(2)),
		      (struct world_event){
		              .type = EV_PROCESS_ANSWER, .arg = halts, .arg2 = epoch.v });
}

void process_event(struct world *w, const struct world_event *ev)
{
	struct host *h = &w->host[ev->who];
	struct process *p = &h->process;

	if (h->jobmanager == JM_NONE || ev->generation != h->jobmanager_generation ||
	    p->stopped_until == USEC_INFINITY)
		return;
	if (w->now < p->stopped_until) {
		at(w, p->stopped_until, *ev);
		return;
	}
	switch ((int)ev->type) {
	case EV_PROCESS_UP:
		up(w, ev->who);
		break;
	case EV_PROCESS_TIMER:
		if (ev->arg == p->timer)
			on_timer(w, ev->who);
		break;
	case EV_PROCESS_CONNECT:
		connect_stream(w, ev->who);
		break;
	case EV_PROCESS_LINE:
		on_line(w, ev->who, ev);
		break;
	case EV_PROCESS_REVOKED:
		on_revoked(w, ev->who);
		break;
	case EV_PROCESS_ANSWER:
		on_answer(w, ev->who, ev);
		break;
	default:
		break;
	}
}
