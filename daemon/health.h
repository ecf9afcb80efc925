/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to ask for their health, when, and what the answers mean (DESIGN section 4): a leader must
 * answer with 200 once ready_ms has passed since its grant; a hot standby may answer anything, but
 * must answer once it did so before, or has waited for ready_ms.  So many failures in a row, and it
 * counts as hung.
 *
 * Pure: no clock, no I/O, no log.  Who asks: health_probe.h; who acts on it: the core.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/epoch.h"
#include "base/usec.h"

enum health_role { HEALTH_NOBODY, HEALTH_STANDBY, HEALTH_LEADER };

/* Who is asked.  Another one is counted anew. */
struct health_subject {
	enum health_role role;
	struct epoch process; /* its name between guard and elector */
	struct epoch epoch;   /* LEADER: granted */
};

struct health_rule {
	usec_t interval; /* from question to question; one at a time */
	usec_t ready;
	unsigned failures;
};

enum { HEALTH_TEXT_SIZE = 160 };

struct health_answer {
	unsigned http; /* status; 0 = no answer in HTTP came */
	bool whole;    /* with all of its body, in time */
	bool unasked;  /* it could not be asked, which says nothing of it: no name service .. */
	char text[HEALTH_TEXT_SIZE]; /* "200", or what went wrong: the same words for the same */
};

enum health_news {
	HEALTH_NO_NEWS,
	HEALTH_FAILS, /* the first failure of a row, or another kind of it */
	HEALTH_ANSWERS_AGAIN,
	HEALTH_HANGS,           /* the last of a row; from here on it is counted anew */
	HEALTH_CANNOT_BE_ASKED, /* first time, or for another reason */
};

struct health {
	struct health_subject subject;
	usec_t granted;       /* LEADER: since when */
	usec_t first_waiting; /* this process; 0 = not yet */
	bool answered;        /* this process, once */
	bool asking, moot;    /* moot: what is being asked was meant for somebody else */
	usec_t next;
	unsigned failures;           /* in a row, as far as they count */
	bool good;                   /* the last answer, or there was none yet */
	bool told;                   /* FAILS or CANNOT_BE_ASKED, and not yet ANSWERS_AGAIN */
	char last[HEALTH_TEXT_SIZE]; /* "" = none yet */
};

/* Tells who is to be asked from now on; to be called whenever that may have changed. */
void health_look(struct health *h, const struct health_subject *subject, usec_t now);

/* Counts anew, for instance since another URL is asked from now on. */
void health_forget(struct health *h, usec_t now);

/* When the next question is due; USEC_INFINITY: nobody to ask, or not before an answer. */
usec_t health_next(const struct health *h, const struct health_rule *rule);

/* A question was sent. */
void health_asked(struct health *h, const struct health_rule *rule, usec_t now);

/* And what came of it. */
enum health_news health_answered(struct health *h, const struct health_rule *rule,
                                 const struct health_answer *answer, usec_t now);

/* The URL as people may see it: without user and password. */
void health_show_url(const char *url, char *ret, size_t size);
