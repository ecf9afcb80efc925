/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a leader makes of a look at the files that it leads by: when it looks, what of an answer is
 * news, and when a snapshot of what is in memory makes good what was found.
 *
 * Of one term.  Pure: no I/O, no clock, no logging.
 */
#pragma once

#include <stdbool.h>

#include "base/usec.h"
#include "storage/report.h"

enum { OWN_LOG_LOOK_EVERY = 10 * 1000000, OWN_LOG_PAUSE_AT_MOST = 600 * 1000000 };

struct own_log {                          /* all zeros: a term begins */
	char touched[STORE_TEXT_SIZE];    /* what was done to a file in this term, or "" */
	char unreadable[STORE_TEXT_SIZE]; /* why a file cannot be read now, or "" */
	usec_t look_at;                   /* not sooner */
	usec_t pause, pause_until;        /* no snapshot sooner, of what cannot be read; doubles */
};

enum own_log_news { OWN_LOG_NO_NEWS, OWN_LOG_TOUCHED, OWN_LOG_UNREADABLE };

struct own_log_verdict {
	enum own_log_news news; /* to be told, once */
	bool want_snapshot;
};

bool own_log_due(const struct own_log *l, usec_t now);
void own_log_asked(struct own_log *l, usec_t now);

/*
 * The look found that.  A file that is gone, cut, replaced, or no file at all is made good at once.
 * An error of the storage may pass, and may be of all files, so that the next snapshot could not be
 * read either: then not more often than each pause, which doubles.
 */
struct own_log_verdict own_log_looked(struct own_log *l, enum store_state state, int error,
                                      const char *text, usec_t now);

/* An append has found its file touched. */
void own_log_found_touched(struct own_log *l, const char *text);

/* For status; NULL: nothing is wrong. */
const char *own_log_error(const struct own_log *l);
