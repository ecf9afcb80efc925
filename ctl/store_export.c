/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_export.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/backup_json.h"
#include "ctl/field.h"
#include "ctl/output_file.h"
#include "ctl/pointer_pages.h"
#include "ctl/say.h"
#include "ctl/store_place.h"
#include "ctl/store_views.h"
#include "ctl/verbs.h"
#include "repair/backup.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- from a daemon */

static int on_page(void *userdata, const json_t *page)
{
	return backup_json_take_pointers(userdata, page);
}

/* Counters are asked for last: one that has gone on meanwhile skips numbers and repeats none. */
static enum exit_code ask_daemon(struct client *c, const struct options *o, struct backup *b)
{
	const struct options quiet = { .verb = o->verb, .timeout = verbs_timeout(o, 60) };
	json_auto_t *status = NULL, *counters = NULL;
	enum exit_code code = verbs_get(c, &quiet, "/v1/status", &status);
	struct pointer_span span = { 0 };
	int r;

	if (code == EXIT_DONE)
		code = pointer_pages_each(c, &quiet, "", on_page, b, &span);
	if (code == EXIT_DONE)
		code = verbs_get(c, &quiet, "/v1/counters", &counters);
	if (code != EXIT_DONE)
		return code;
	(void)text_format(b->cluster, sizeof(b->cluster), "%s", field_text(status, "cluster"));
	b->epoch = (uint64_t)field_int(status, "epoch");
	b->sequence = span.first;
	r = backup_json_take_counters(b, counters);
	if (r < 0) {
		say_line("what the daemon answered cannot be kept: %s", strerror(-r));
		return EXIT_FAILED;
	}
	pointer_pages_say_changes(&span);
	if (strcmp(field_text(status, "state"), "leader") != 0)
		say_line("%s does not lead: this is what it has read, up to sequence %" PRIu64,
		         field_text(status, "member"), b->sequence);
	return EXIT_DONE;
}

/* ---- from the files */

static enum exit_code no_memory(void)
{
	say_line("not enough memory");
	return EXIT_FAILED;
}

/* A map that the files hold, as of `at`. */
static void adopt(struct backup *b, const struct store_place *place,
                  const uint8_t cluster_id[RECORD_CLUSTER_ID_SIZE], const struct log_position *at,
                  struct pointer_map *map)
{
	(void)text_format(b->cluster, sizeof(b->cluster), "%s", place->cluster);
	text_hex(cluster_id, RECORD_CLUSTER_ID_SIZE, b->cluster_id);
	b->epoch = at->epoch;
	b->sequence = at->sequence;
	backup_adopt_map(b, map);
}

/* `at`: how far the log goes; NULL: it cannot be read. */
static void say_of_snapshot(const struct inspection *files, const struct log_position *at)
{
	const struct inspected_file *f = inspection_snapshot(files, 0);

	if (f && (!at || f->number > at->sequence))
		say_line("snapshot/%s is whole and has the pointers as of sequence %" PRIu64
		         "%s: --from-snapshot newest writes these",
		         f->name, f->number, at ? ", which is later" : "");
}

static void say_unreadable(const struct store_place *place, const struct inspection *files)
{
	if (files->report.state != STORE_OK)
		say_line("%s", files->report.text);
	else if (files->cluster.state != STORE_OK)
		say_line("%s", files->cluster.text);
	else
		say_line("the pointers in %s cannot be read; see `jmhactl store verify`",
		         place->path);
}

static enum exit_code read_log(const struct store_place *place, struct backup *b)
{
	CLEANUP(store_facts_done) struct store_facts facts = { .looked = false };
	const struct log_position *at = NULL;
	CLEANUP(pointer_map_freep) struct pointer_map *map = NULL;
	enum exit_code code = store_place_look(place, NULL, true, &facts);

	if (code != EXIT_DONE)
		return code;
	map = store_facts_take_pointers(&facts, &at);
	if (facts.files.report.state != STORE_OK || !map || !facts.files.cluster.found) {
		say_unreadable(place, &facts.files);
		say_of_snapshot(&facts.files, NULL);
		return EXIT_FAILED;
	}
	adopt(b, place, facts.files.cluster.id, at, TAKE_PTR(map));
	if (facts.end.known_committed < at->sequence)
		say_line("the changes %" PRIu64 " to %" PRIu64 " are in it, and were perhaps never "
		         "acknowledged",
		         facts.end.known_committed + 1, at->sequence);
	else if (facts.end.known_committed > at->sequence || facts.end.passed_over)
		say_line("acknowledged changes are missing; see `jmhactl store verify`");
	say_of_snapshot(&facts.files, at);
	return EXIT_DONE;
}

static enum exit_code say_no_snapshot(const struct options *o, const struct store_place *place,
                                      const struct inspection *files)
{
	if (files->report.state != STORE_OK)
		say_line("%s", files->report.text);
	else if (o->snapshot > 0)
		say_line("%s/snapshot has no whole snapshot of sequence %" PRIu64
		         "; `jmhactl store show` lists them",
		         place->path, o->snapshot);
	else
		say_line("%s/snapshot has no snapshot that is whole; see `jmhactl store verify`",
		         place->path);
	return EXIT_FAILED;
}

/* What is not in it, as far as the files tell. */
static void say_what_is_missing(const struct inspection *files, const struct inspected_file *f)
{
	const uint64_t known = inspection_committed(files, 0);
	char made[32];

	store_view_time((long long)f->scan.header.created_ms, made);
	say_line("this is snapshot/%s of %s: what was changed after sequence %" PRIu64
	         " is not in it, be it a pointer or the next number of a counter",
	         f->name, *made ? made : "an unknown time", f->number);
	if (known > f->number)
		say_line("acknowledged were changes up to %" PRIu64 " at least", known);
	else
		say_line("no file tells whether there were any");
}

static enum exit_code read_snapshot(const struct options *o, const struct store_place *place,
                                    struct backup *b)
{
	const struct inspect_request request = { .path = place->path };
	CLEANUP(inspection_done) struct inspection files = { .n_files = 0 };
	CLEANUP(pointer_map_freep) struct pointer_map *map = NULL;
	CLEANUP(report_clear) struct report report = { .state = STORE_OK };
	const struct inspected_file *f;
	int r = inspect_store(&request, &files);

	if (r < 0)
		return no_memory();
	f = inspection_snapshot(&files, o->snapshot);
	if (!f)
		return say_no_snapshot(o, place, &files);
	r = inspect_read_snapshot(&request, f, &report, &map);
	if (r == -ENOMEM)
		return no_memory();
	if (r < 0) {
		say_line("%s",
		         report.state == STORE_OK ? "the snapshot is damaged now" : report.text);
		return EXIT_FAILED;
	}
	adopt(b, place, f->scan.header.cluster_id, &f->scan.header.before, TAKE_PTR(map));
	say_what_is_missing(&files, f);
	return EXIT_DONE;
}

static enum exit_code read_files(const struct options *o, struct backup *b)
{
	CLEANUP(store_place_done) struct store_place place = { .path = NULL };
	enum exit_code code = store_place_find(o, &place);

	if (code != EXIT_DONE)
		return code;
	return o->from_snapshot ? read_snapshot(o, &place, b) : read_log(&place, b);
}

/* ---- to a file */

static enum exit_code refuse_existing(const struct output_file *t, const struct options *o)
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

static enum exit_code write_file(struct output_file *t, const struct options *o, struct backup *b)
{
	int r = output_file_open(t);

	if (r == 0)
		r = backup_write(t->f, b);
	if (r == 0)
		r = output_file_publish(t, o->force);
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
	CLEANUP(output_file_done) struct output_file target = { .path = path };
	CLEANUP(backup_done) struct backup b;
	enum exit_code code;

	if (backup_init(&b) < 0)
		return no_memory();
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
