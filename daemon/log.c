/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per message, written at once or not at all.  Threads: any; a line is one write.
 */
#include "daemon/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"

enum { LINE_SIZE = 2048 };

static enum log_level max_level = LOG_LEVEL_INFO;
static const char *process_name = "jmhad";
static bool journal; /* stderr is the journal: it adds the time, and wants the priority */
static _Atomic unsigned long lost, lost_unreported;

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_NOTICE:
		return "notice";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "?";
}

/* systemd.exec(5): JOURNAL_STREAM=dev:inode, valid only while stderr still is that stream. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}

/* Everything before the text.  Returns its length. */
static size_t put_prefix(char *line, size_t size, enum log_level level, const char *subsystem)
{
	uint64_t now = clock_realtime_ms();
	time_t seconds = (time_t)(now / 1000);
	bool same = strcmp(process_name, subsystem) == 0; /* "guard: guard: " tells nothing */
	const char *colon = same ? "" : ": ", *what = same ? "" : subsystem;
	char date[32] = "";
	struct tm tm;
	int n;

	if (journal) {
		n = snprintf(line, size, "<%d>%s%s%s: ", (int)level, process_name, colon, what);
	} else {
		if (gmtime_r(&seconds, &tm))
			(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		n = snprintf(line, size, "%s.%03uZ %s %s%s%s: ", date, (unsigned)(now % 1000),
		             level_name(level), process_name, colon, what);
	}
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* A8: never wait.  MSG_DONTWAIT exists for sockets only; anything else is asked by poll() first
 * (O_NONBLOCK would change the descriptor of whoever started us, too). */
static bool write_at_once(const char *line, size_t size)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	n = send(STDERR_FILENO, line, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno == ENOTSOCK && poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		n = write(STDERR_FILENO, line, size);
	return n == (ssize_t)size;
}

static void report_lost(void)
{
	unsigned long n = atomic_exchange(&lost_unreported, 0);
	char line[160];
	size_t used;
	int r;

	if (n == 0)
		return;
	used = put_prefix(line, sizeof(line), LOG_LEVEL_WARNING, "log");
	r = snprintf(line + used, sizeof(line) - used, "lines lost here, nobody read them: %lu\n",
	             n);
	if (r < 0 || !write_at_once(line, used + (size_t)r))
		atomic_fetch_add(&lost_unreported, n);
}

__attribute__((format(printf, 3, 0))) static void
write_line(enum log_level level, const char *subsystem, const char *fmt, va_list ap)
{
	int saved = errno;
	char line[LINE_SIZE];
	size_t used;
	int n;

	used = put_prefix(line, sizeof(line) - 1, level, subsystem);
	errno = saved; /* for %m */
	n = vsnprintf(line + used, sizeof(line) - 1 - used, fmt, ap);
	if (n > 0)
		used += (size_t)n;
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;  /* cut off */
	for (size_t i = 0; i < used; i++) /* one message, one line, whatever the texts brought */
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	line[used++] = '\n';

	report_lost();
	if (!write_at_once(line, used)) {
		atomic_fetch_add(&lost, 1);
		atomic_fetch_add(&lost_unreported, 1);
	}
	errno = saved;
}

void log_setup(const char *process, enum log_level most_verbose)
{
	time_t zero = 0;
	struct tm tm;

	process_name = process;
	max_level = most_verbose;
	journal = stderr_is_journal();
	(void)gmtime_r(&zero, &tm); /* allocates the first time: not later, in the guard's loop */
}

unsigned long log_lost(void)
{
	return atomic_load(&lost);
}

void log_line(enum log_level level, const char *subsystem, const char *fmt, ...)
{
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, fmt);
	write_line(level, subsystem, fmt, ap);
	va_end(ap);
}

int log_line_errno(enum log_level level, int error, const char *subsystem, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	error = error < 0 ? -error : error;
	if (level <= max_level) {
		errno = error;
		va_start(ap, fmt);
		write_line(level, subsystem, fmt, ap);
		va_end(ap);
		errno = saved;
	}
	return -error;
}
