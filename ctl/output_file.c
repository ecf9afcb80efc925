/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* ---- signals */

static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ };

enum { N_ENDING = sizeof(ending) / sizeof(ending[0]) };

/* What the handler takes away.  Changed only while these signals are blocked. */
static const char *volatile unfinished;

/* Whoever waits for us is to see the signal. */
static void on_signal(int number)
{
	if (unfinished)
		(void)unlink(unfinished);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void block(sigset_t *ret_before)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < N_ENDING; i++)
		(void)sigaddset(&set, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &set, ret_before);
}

static void unblock(const sigset_t *before)
{
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

/* One that is ignored stays so: nohup. */
static void handle_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before;

	for (size_t i = 0; i < N_ENDING; i++)
		if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			(void)sigaction(ending[i], &action, NULL);
}

static void forget(struct output_file *o, bool take_away)
{
	sigset_t before;

	block(&before);
	if (take_away)
		(void)unlink(o->temporary);
	unfinished = NULL;
	unblock(&before);
	free(o->temporary);
	o->temporary = NULL;
}

/* ---- the file */

int output_file_open(struct output_file *o)
{
	sigset_t before;
	int fd, r = 0;

	if (!o->path) {
		o->f = stdout;
		return 0;
	}
	if (asprintf(&o->temporary, "%s.XXXXXX", o->path) < 0) {
		o->temporary = NULL;
		return -ENOMEM;
	}
	handle_signals();
	block(&before);
	fd = mkostemp(o->temporary, O_CLOEXEC);
	if (fd < 0)
		r = -errno;
	else
		unfinished = o->temporary;
	unblock(&before);
	if (r < 0) {
		free(o->temporary);
		o->temporary = NULL;
		return r;
	}
	o->f = fdopen(fd, "w");
	if (o->f)
		return 0;
	(void)close(fd);
	return -ENOMEM;
}

/* What has no name on disk is no file. */
static int sync_directory(const char *path)
{
	CLEANUP(freep) char *copy = strdup(path);
	CLEANUP(closep) int fd = -EBADF;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int output_file_publish(struct output_file *o, bool replace)
{
	int r;

	if (fflush(o->f) != 0)
		return -errno;
	if (!o->path)
		return 0;
	if (fsync(fileno(o->f)) < 0)
		return -errno;
	r = replace ? rename(o->temporary, o->path) : link(o->temporary, o->path);
	if (r < 0)
		return -errno;
	forget(o, !replace);
	return sync_directory(o->path);
}

void output_file_done(struct output_file *o)
{
	if (o->f && o->f != stdout)
		(void)fclose(o->f);
	if (o->temporary)
		forget(o, true);
}
