/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/backup_json.h"
#include "ctl/field.h"
#include "ctl/say.h"
#include "ctl/store_place.h"
#include "ctl/verbs.h"
#include "repair/backup.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- from a daemon */

/* Counters are asked for last: one that has gone on meanwhile skips numbers and repeats none. */
static enum exit_code ask_daemon(struct client *c, const struct options *o, struct backup *b)
{
	const struct options quiet = { .verb = o->verb, .timeout = verbs_timeout(o, 60) };
	json_auto_t *status = NULL, *pointers = NULL, *counters = NULL;
	enum exit_code code = verbs_get(c, &quiet, "/v1/status", &status);
	int r;

	if (code == EXIT_DONE)
		code = verbs_get(c, &quiet, "/v1/pointers?prefix=", &pointers);
	if (code == EXIT_DONE)
		code = verbs_get(c, &quiet, "/v1/counters", &counters);
	if (code != EXIT_DONE)
		return code;
	(void)text_format(b->cluster, sizeof(b->cluster), "%s", field_text(status, "cluster"));
	b->epoch = (uint64_t)field_int(status, "epoch");
	r = backup_json_take_pointers(b, pointers);
	if (r == 0)
		r = backup_json_take_counters(b, counters);
	if (r < 0) {
		say_line("what the daemon answered cannot be kept: %s", strerror(-r));
		return EXIT_FAILED;
	}
	if (strcmp(field_text(status, "state"), "leader") != 0)
		say_line("%s does not lead: this is what it has read, up to sequence %" PRIu64,
		         field_text(status, "member"), b->sequence);
	return EXIT_DONE;
}

/* ---- from the files */

static enum exit_code read_files(const struct options *o, struct backup *b)
{
	CLEANUP(store_place_done) struct store_place place = { .path = NULL };
	CLEANUP(store_facts_done) struct store_facts facts = { .looked = false };
	const struct pointer_map *map;
	const struct log_position *at = NULL;
	enum exit_code code = store_place_find(o, &place);

	if (code == EXIT_DONE)
		code = store_place_look(&place, NULL, true, &facts);
	if (code != EXIT_DONE)
		return code;
	map = store_facts_pointers(&facts, &at);
	if (facts.files.report.state != STORE_OK || !map || !facts.files.cluster.found) {
		say_line("the pointers in %s cannot be read; see `jmhactl store verify`",
		         place.path);
		return EXIT_FAILED;
	}
	(void)text_format(b->cluster, sizeof(b->cluster), "%s", place.cluster);
	text_hex(facts.files.cluster.id, RECORD_CLUSTER_ID_SIZE, b->cluster_id);
	b->epoch = at->epoch;
	b->sequence = at->sequence;
	if (backup_put_all(b, map) < 0) {
		say_line("not enough memory");
		return EXIT_FAILED;
	}
	if (facts.end.known_committed < at->sequence)
		say_line("the changes %" PRIu64 " to %" PRIu64 " are in it, and were perhaps never "
		         "acknowledged",
		         facts.end.known_committed + 1, at->sequence);
	else if (facts.end.known_committed > at->sequence || facts.end.passed_over)
		say_line("acknowledged changes are missing; see `jmhactl store verify`");
	return EXIT_DONE;
}

/* ---- to a file */

struct target {
	const char *path; /* NULL: standard output */
	char *temporary;
	FILE *f;
};

static void target_done(struct target *t)
{
	if (t->f && t->f != stdout)
		(void)fclose(t->f);
	if (t->temporary)
		(void)unlink(t->temporary);
	free(t->temporary);
}

/* Whole under its name or not at all; 0600, as values may be anything. */
static int target_open(struct target *t)
{
	int fd;

	if (!t->path) {
		t->f = stdout;
		return 0;
	}
	if (asprintf(&t->temporary, "%s.XXXXXX", t->path) < 0) {
		t->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(t->temporary, O_CLOEXEC);
	t->f = fd < 0 ? NULL : fdopen(fd, "w");
	if (t->f)
		return 0;
	fd = fd < 0 ? -errno : (close(fd), -ENOMEM);
	return fd;
}

/* What has no name on disk is no backup. */
static int sync_directory(const char *path)
{
	CLEANUP(freep) char *copy = strdup(path);
	CLEANUP(closep) int fd = -EBADF;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int target_publish(struct target *t, bool force)
{
	int r;

	if (fflush(t->f) != 0)
		return -errno;
	if (!t->path)
		return 0;
	if (fsync(fileno(t->f)) < 0)
		return -errno;
	r = force ? rename(t->temporary, t->path) : link(t->temporary, t->path);
	return r < 0 ? -errno : sync_directory(t->path);
}

static enum exit_code refuse_existing(const struct target *t, const struct options *o)
{
	struct stat st;

	if (!t->path || lstat(t->path, &st) < 0)
		return EXIT_DONE;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) { /* /dev/null would become a file */
		say_line("%s is no file; without a name it goes to standard output", t->path);
		return EXIT_FAILED;
	}
	if (o->force)
		return EXIT_DONE;
	say_line("%s is there already; --force replaces it", t->path);
	return EXIT_UNSAFE;
}

static enum exit_code write_file(struct target *t, const struct options *o, struct backup *b)
{
	int r = target_open(t);

	if (r == 0)
		r = backup_write(t->f, b);
	if (r == 0)
		r = target_publish(t, o->force);
	if (r < 0) {
		say_line("cannot write %s: %s", t->path ? t->path : "standard output",
		         strerror(-r));
		return EXIT_FAILED;
	}
	(void)fprintf(t->path ? stdout : stderr,
	              "Wrote %zu pointers and %zu counters of %s, as of sequence %" PRIu64 "\n",
	              b->n_pointers, b->n_counters, b->cluster, b->sequence);
	if (b->n_damaged == 0)
		return EXIT_DONE;
	say_line("the values of %zu pointers are lost; they are marked in it", b->n_damaged);
	return EXIT_FAILED;
}

static enum exit_code run(struct client *c, const struct options *o)
{
	const char *path = o->n_args > 0 && strcmp(o->args[0], "-") != 0 ? o->args[0] : NULL;
	CLEANUP(target_done) struct target target = { .path = path };
	CLEANUP(backup_done) struct backup b;
	enum exit_code code;

	if (backup_init(&b) < 0) {
		say_line("not enough memory");
		return EXIT_FAILED;
	}
	b.at_ms = now_ms();
	code = refuse_existing(&target, o);
	if (code == EXIT_DONE)
		code = c ? ask_daemon(c, o, &b) : read_files(o, &b);
	return code == EXIT_DONE ? write_file(&target, o, &b) : code;
}

enum exit_code store_export_run(struct client *c, const struct options *o)
{
	return run(c, o);
}

enum exit_code store_export_offline(const struct options *o)
{
	return run(NULL, o);
}
