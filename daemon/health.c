/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health.h"

#include <stdio.h>
#include <string.h>

static void count_anew(struct health *h, usec_t now)
{
	h->failures = 0;
	h->good = true;
	h->told = false;
	h->last[0] = '\0';
	h->next = now;
	h->moot = h->asking;
}

static bool same(const struct health_subject *a, const struct health_subject *b)
{
	return a->role == b->role && epoch_equal(a->process, b->process) &&
	       epoch_equal(a->epoch, b->epoch);
}

void health_look(struct health *h, const struct health_subject *subject, usec_t now)
{
	if (same(&h->subject, subject))
		return;
	/* One that has led is not given the time of one that has just been started. */
	if (!epoch_equal(h->subject.process, subject->process)) {
		h->answered = false;
		h->first_waiting = 0;
	}
	h->subject = *subject;
	h->granted = now;
	if (subject->role == HEALTH_STANDBY && h->first_waiting == 0)
		h->first_waiting = now;
	count_anew(h, now);
}

void health_forget(struct health *h, usec_t now)
{
	h->answered = false;
	count_anew(h, now);
}

/* From when on failures count. */
static usec_t counts_from(const struct health *h, const struct health_rule *rule)
{
	if (h->subject.role == HEALTH_LEADER)
		return usec_add(h->granted, rule->ready);
	return h->answered ? 0 : usec_add(h->first_waiting, rule->ready);
}

usec_t health_next(const struct health *h, const struct health_rule *rule)
{
	usec_t ready = counts_from(h, rule);

	if (h->subject.role == HEALTH_NOBODY || h->asking)
		return USEC_INFINITY;
	if (h->subject.role == HEALTH_LEADER && h->next < ready)
		return ready;
	return h->next;
}

void health_asked(struct health *h, const struct health_rule *rule, usec_t now)
{
	h->asking = true;
	h->next = usec_add(now, rule->interval);
}

static bool is_good(enum health_role role, const struct health_answer *a)
{
	return role == HEALTH_LEADER ? a->http == 200 && a->whole : a->http != 0;
}

static enum health_news on_good(struct health *h)
{
	bool told = h->told;

	h->failures = 0;
	h->told = false;
	return told ? HEALTH_ANSWERS_AGAIN : HEALTH_NO_NEWS;
}

static enum health_news on_bad(struct health *h, const struct health_rule *rule, bool another)
{
	h->failures++;
	if (h->failures >= rule->failures) {
		h->failures = 0;
		return HEALTH_HANGS;
	}
	if (h->told && !another)
		return HEALTH_NO_NEWS;
	h->told = true;
	return HEALTH_FAILS;
}

enum health_news health_answered(struct health *h, const struct health_rule *rule,
                                 const struct health_answer *answer, usec_t now)
{
	bool another = strcmp(h->last, answer->text) != 0;
	bool counts = now >= counts_from(h, rule);

	h->asking = false;
	if (h->moot) {
		h->moot = false;
		return HEALTH_NO_NEWS;
	}
	(void)snprintf(h->last, sizeof(h->last), "%s", answer->text);
	h->good = !answer->unasked && is_good(h->subject.role, answer);
	h->answered |= answer->http != 0;
	if (h->good)
		return on_good(h);
	if (answer->unasked) {
		if (h->told && !another)
			return HEALTH_NO_NEWS;
		h->told = true;
		return HEALTH_CANNOT_BE_ASKED;
	}
	return counts ? on_bad(h, rule, another) : HEALTH_NO_NEWS;
}

void health_show_url(const char *url, char *ret, size_t size)
{
	const char *host = strstr(url, "://"), *end, *at = NULL;

	host = host ? host + 3 : url;
	end = host + strcspn(host, "/?#");
	for (const char *p = host; p < end; p++)
		if (*p == '@')
			at = p;
	(void)snprintf(ret, size, "%.*s%s", (int)(host - url), url, at ? at + 1 : host);
}
