/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/backup_json.h"
#include "ctl/field.h"
#include "ctl/import_write.h"
#include "ctl/load_plan.h"
#include "ctl/load_write.h"
#include "ctl/operate.h"
#include "ctl/pointer_pages.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

enum { MOST_CONFLICTS = 20 }; /* named one by one */

struct load {
	struct client *client;
	const struct options *o;
	const char *file;
	struct backup backup;
	struct load_plan plan;
	uint64_t epoch;
};

static void load_done(struct load *l)
{
	load_plan_done(&l->plan);
	backup_done(&l->backup);
}

/* ---- before */

static void fclosep(FILE **f)
{
	if (*f && *f != stdin)
		(void)fclose(*f);
}

static enum exit_code read_file(struct load *l)
{
	bool from_stdin = strcmp(l->file, "-") == 0;
	CLEANUP(fclosep) FILE *f = from_stdin ? stdin : fopen(l->file, "re");
	char text[BACKUP_TEXT_SIZE];
	int r;

	if (!f) {
		say_line("cannot read %s: %s", l->file, strerror(errno));
		return EXIT_FAILED;
	}
	r = backup_read(f, &l->backup, text);
	if (r == -EBADMSG)
		say_line("%s cannot be used, nothing was written: %s", l->file, text);
	else if (r < 0)
		say_line("not enough memory");
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int on_page(void *userdata, const json_t *page)
{
	return backup_json_take_pointers(userdata, page);
}

static enum exit_code ask_what_is_there(const struct load *l, struct backup *ret)
{
	const struct options quiet = { .verb = l->o->verb, .timeout = verbs_timeout(l->o, 60) };
	json_auto_t *counters = NULL;
	struct pointer_span span;
	enum exit_code code = pointer_pages_each(l->client, &quiet, "", on_page, ret, &span);
	int r;

	if (code == EXIT_DONE)
		code = verbs_get(l->client, &quiet, "/v1/counters", &counters);
	if (code != EXIT_DONE)
		return code;
	r = backup_json_take_counters(ret, counters);
	if (r < 0)
		say_line("what the daemon answered cannot be compared: %s", strerror(-r));
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_code make_plan(struct load *l)
{
	CLEANUP(backup_done) struct backup there;
	enum exit_code code;
	int r = backup_init(&there);

	code = r < 0 ? EXIT_FAILED : ask_what_is_there(l, &there);
	if (code == EXIT_DONE)
		r = load_plan_make(&l->backup, &there, &l->plan);
	if (r < 0) {
		say_line("not enough memory");
		return EXIT_FAILED;
	}
	return code;
}

static void show(const struct load *l)
{
	const struct load_plan *p = &l->plan;

	(void)printf("%zu pointers and %zu counters of cluster %s, as of sequence %" PRIu64 "\n",
	             l->backup.n_pointers, l->backup.n_counters, l->backup.cluster,
	             l->backup.sequence);
	(void)printf("%zu to write, %zu there already, %zu with another value in the store\n",
	             p->n[LOAD_NEW] + p->n[LOAD_LOST], p->n[LOAD_SAME], p->n[LOAD_OTHER]);
	if (p->n_more > 0)
		(void)printf("%zu pointers of the store are not in the file: they stay\n",
		             p->n_more);
	(void)fflush(stdout);
	if (l->backup.n_damaged > 0)
		say_line("the values of %zu pointers were lost when the file was written: they are "
		         "left out",
		         l->backup.n_damaged);
}

/* *ret_go: there is something to write, and it may be. */
static enum exit_code judge(const struct load *l, bool *ret_go)
{
	const struct load_plan *p = &l->plan;
	size_t named = 0;

	*ret_go = false;
	for (size_t i = 0; i < p->n_items && !l->o->force && named < MOST_CONFLICTS; i++)
		if (p->item[i].state == LOAD_OTHER) {
			say_line("%s stands in the store with another value",
			         p->item[i].pointer->key);
			named++;
		}
	if (named > 0) {
		say_line("nothing was written: --force overwrites %zu pointers; a job that has run "
		         "on since then is set back by that",
		         p->n[LOAD_OTHER]);
		return EXIT_UNSAFE;
	}
	*ret_go = p->n[LOAD_NEW] + p->n[LOAD_LOST] + p->n[LOAD_OTHER] > 0;
	return EXIT_DONE;
}

static enum exit_code write_all(const struct load *l)
{
	enum exit_code code = load_write(l->client, l->o, &l->plan, l->epoch);

	if (code == EXIT_DONE)
		(void)printf("Jobs among them are recovered by the next leader: `jmhactl "
		             "step-down`, or one by one\nby `jmhactl recover JOBID`\n");
	return code;
}

static enum exit_code run(struct load *l)
{
	char question[64];
	bool go = false;
	enum exit_code code = read_file(l);

	if (code == EXIT_DONE && !l->o->dry_run)
		code = import_find_epoch(l->client, l->o, &l->epoch);
	if (code == EXIT_DONE)
		code = make_plan(l);
	if (code != EXIT_DONE)
		return code;
	show(l);
	code = judge(l, &go);
	if (code != EXIT_DONE || !go || l->o->dry_run)
		return code;
	(void)snprintf(question, sizeof(question), "%zu pointers and counters",
	               l->plan.n_items - l->plan.n[LOAD_SAME]);
	code = operate_ask(l->o, "Write", question);
	return code == EXIT_DONE ? write_all(l) : code;
}

enum exit_code store_load_run(struct client *c, const struct options *o)
{
	CLEANUP(load_done) struct load l = { .client = c, .o = o, .file = o->args[0] };

	return run(&l);
}
