/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to stderr: one line each, `<N>` before it when stderr is the journal, else a time.
 * A line that cannot be written at once is dropped and counted: nobody waits for a log (A8).
 * No allocation.  Secrets (session id, password, contents of the auth file) are never passed in.
 *
 * Owner: the process; the level is its only setting.  Threads: any.
 *
 *	log_notice("election", "state=leader epoch=%" PRIu64 " from=claiming", epoch);
 *	return log_error_errno(r, "guard", "Failed to lock %s: %m", path);
 *
 * In the _errno forms %m describes the error given (negative or positive errno); they return it
 * negative.
 */
#pragma once

enum log_level { /* the journal's priorities */
	         LOG_LEVEL_ERROR = 3,
	         LOG_LEVEL_WARNING = 4,
	         LOG_LEVEL_NOTICE = 5,
	         LOG_LEVEL_INFO = 6,
	         LOG_LEVEL_DEBUG = 7,
};

/* Call once, before threads: who speaks ("guard", "elector", "release") and from which level on.
 * Without it: "jmhad", LOG_LEVEL_INFO. */
void log_setup(const char *process, enum log_level most_verbose);

/* Lines dropped so far, since stderr would have blocked. */
unsigned long log_lost(void);

void log_line(enum log_level level, const char *subsystem, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
int log_line_errno(enum log_level level, int error, const char *subsystem, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#define log_error_errno(error, ...)   log_line_errno(LOG_LEVEL_ERROR, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_line_errno(LOG_LEVEL_WARNING, error, __VA_ARGS__)
