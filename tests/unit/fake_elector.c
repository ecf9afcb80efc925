/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard under test executes in place of jmhad: an elector that does as a script says, and
 *a
 * `--release` that only notes that it ran.  `--config` names a directory:
 *
 *	script-N   what the Nth elector does (from 0); "script" for all others
 *	events     one line for whatever is worth knowing; appended
 *
 * Script: one command a line; at its end the elector beats, and extends what it armed, for ever.
 *	arm EPOCH MS | start EPOCH | stop EPOCH | kill EPOCH | claiming | ready | bye | die
 *	fail EPOCH     kill, since it hangs
 *	await WORD     until a message of that name came      | hang   no heartbeat any more
 *	until FILE     until something stands in that file
 *	freeze         SIGSTOP                                | lapse  extends nothing any more
 *	end EPOCH      ends the page
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/guard_link.h"
#include "daemon/lease_page.h"

struct fake {
	const char *dir;
	struct elector_fds fds;
	struct lease_page page;
	struct epoch epoch; /* armed */
	usec_t lease;
	char last[32]; /* message that was awaited */
	uint32_t number;
	bool shutdown;
};

__attribute__((format(printf, 2, 3))) static void note(const struct fake *f, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/events", f->dir);
	out = fopen(path, "ae");
	if (!out)
		abort();
	va_start(ap, fmt);
	(void)vfprintf(out, fmt, ap);
	va_end(ap);
	(void)fputc('\n', out);
	(void)fclose(out);
}

static void say(const struct fake *f, const struct guard_message *m)
{
	if (guard_link_send(f->fds.link, m, -1) < 0)
		abort();
}

static void on_message(struct fake *f, const struct guard_message *m, int pidfd)
{
	switch (m->type) {
	case GUARD_MESSAGE_HELLO:
		f->number = m->hello.electors;
		(void)snprintf(f->last, sizeof(f->last), "hello");
		note(f, "hello %u running=%d epoch=%" PRIu64 " pidfd=%d page=%d", f->number,
		     m->hello.running, m->hello.epoch.v, pidfd >= 0,
		     (int)lease_page_read(&f->page).state);
		break;
	case GUARD_MESSAGE_STARTED:
		(void)snprintf(f->last, sizeof(f->last), "started");
		note(f, "started %" PRIu64 " pid=%d pidfd=%d", m->started.epoch.v, m->started.pid,
		     pidfd >= 0);
		break;
	case GUARD_MESSAGE_EXITED:
		(void)snprintf(f->last, sizeof(f->last), "exited");
		note(f,
		     "exited %" PRIu64
		     " signal=%d error=%d requested=%d deadline=%d pause=%" PRIu64,
		     m->exited.epoch.v,
		     WIFSIGNALED(m->exited.status) ? WTERMSIG(m->exited.status) : 0,
		     m->exited.error, m->exited.requested, m->exited.deadline,
		     m->exited.pause / USEC_PER_SEC);
		break;
	case GUARD_MESSAGE_SHUTDOWN:
		(void)snprintf(f->last, sizeof(f->last), "shutdown");
		note(f, "shutdown");
		break;
	case GUARD_MESSAGE_RELOAD:
		(void)snprintf(f->last, sizeof(f->last), "reload");
		note(f, "reload");
		break;
	default:
		note(f, "unknown %" PRIu32, m->type);
		break;
	}
	if (pidfd >= 0)
		(void)close(pidfd);
}

/* One turn: beat, extend, and take at most one message. */
static void turn(struct fake *f)
{
	struct pollfd p = { .fd = f->fds.link, .events = POLLIN };
	usec_t now = clock_boottime();
	struct guard_message m;
	int pidfd = -1, r;

	lease_page_beat(&f->page, now);
	if (f->lease > 0)
		(void)lease_page_extend(&f->page, f->epoch, now + f->lease, now);
	(void)poll(&p, 1, 10);
	r = guard_link_receive(f->fds.link, &m, &pidfd);
	if (r < 0)
		exit(EXIT_FAILURE);
	if (r > 0)
		on_message(f, &m, pidfd);
}

static void await(struct fake *f, const char *word)
{
	f->last[0] = '\0';
	while (strcmp(f->last, word) != 0)
		turn(f);
}

static void await_file(struct fake *f, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	while (stat(path, &st) < 0 || st.st_size == 0)
		turn(f);
}

static void arm(struct fake *f, uint64_t epoch, uint64_t ms)
{
	usec_t now = clock_boottime();
	int r;

	f->epoch.v = epoch;
	f->lease = usec_from_ms(ms);
	r = lease_page_arm(&f->page, f->epoch, now + f->lease, now);
	note(f, "armed %" PRIu64 " r=%d", epoch, r);
}

static void start(const struct fake *f, uint64_t epoch)
{
	struct guard_message m = { .type = GUARD_MESSAGE_START,
		                   .start = { .epoch = { epoch }, .leader_id = "leader-id" } };

	say(f, &m);
}

static void stop(const struct fake *f, uint64_t epoch, bool kill_it, bool failed)
{
	struct guard_message m = {
		.type = GUARD_MESSAGE_STOP,
		.stop = { .epoch = { epoch }, .kill = kill_it, .failed = failed }
	};

	say(f, &m);
}

static void say_simple(const struct fake *f, enum guard_message_type type)
{
	struct guard_message m = { .type = type };

	say(f, &m);
}

static void hang(const struct fake *f)
{
	note(f, "hanging deadline=%" PRIu64, lease_page_read(&f->page).deadline);
	for (;;)
		(void)pause();
}

static void carry_out(struct fake *f, const char *line)
{
	uint64_t a = 0, b = 0;
	char word[32] = "", argument[32] = "";

	(void)sscanf(line, "%31s %31s", word, argument);
	(void)sscanf(line, "%*s %" SCNu64 " %" SCNu64, &a, &b);
	if (strcmp(word, "arm") == 0)
		arm(f, a, b);
	else if (strcmp(word, "start") == 0)
		start(f, a);
	else if (strcmp(word, "stop") == 0 || strcmp(word, "kill") == 0)
		stop(f, a, word[0] == 'k', false);
	else if (strcmp(word, "fail") == 0)
		stop(f, a, true, true);
	else if (strcmp(word, "end") == 0)
		(void)lease_page_end(&f->page, (struct epoch){ a });
	else if (strcmp(word, "claiming") == 0)
		lease_page_set_claiming(&f->page, clock_boottime());
	else if (strcmp(word, "ready") == 0)
		say_simple(f, GUARD_MESSAGE_READY);
	else if (strcmp(word, "bye") == 0) {
		say_simple(f, GUARD_MESSAGE_BYE);
		exit(EXIT_SUCCESS);
	} else if (strcmp(word, "die") == 0)
		(void)raise(SIGKILL);
	else if (strcmp(word, "await") == 0)
		await(f, argument);
	else if (strcmp(word, "until") == 0)
		await_file(f, argument);
	else if (strcmp(word, "freeze") == 0)
		(void)raise(SIGSTOP);
	else if (strcmp(word, "hang") == 0)
		hang(f);
	else if (strcmp(word, "lapse") == 0) {
		note(f, "lapsing deadline=%" PRIu64, lease_page_read(&f->page).deadline);
		f->lease = 0;
	} else
		abort();
}

static FILE *open_script(const struct fake *f)
{
	char path[PATH_MAX];
	FILE *script;

	(void)snprintf(path, sizeof(path), "%s/script-%u", f->dir, f->number);
	script = fopen(path, "re");
	if (script)
		return script;
	(void)snprintf(path, sizeof(path), "%s/script", f->dir);
	return fopen(path, "re");
}

int main(int argc, char *argv[])
{
	struct fake f = { .dir = argc > 1 ? argv[argc - 1] : "" };
	char line[128];
	FILE *script;

	if (argc > 1 && strcmp(argv[1], "--release") == 0) {
		note(&f, "release lock=%d", lseek(ELECTOR_FD_LOCK, 0, SEEK_CUR) == 0);
		return EXIT_SUCCESS;
	}
	if (guard_link_inherited(&f.fds) < 0 || lease_page_adopt(f.fds.page, &f.page) < 0)
		return EXIT_FAILURE;
	await(&f, "hello");
	script = open_script(&f);
	while (script && fgets(line, sizeof(line), script))
		carry_out(&f, line);
	for (;;)
		turn(&f);
}
