/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/field.h"
#include "ctl/import_plan.h"
#include "ctl/import_write.h"
#include "ctl/operate.h"
#include "ctl/pointer_pages.h"
#include "ctl/say.h"
#include "ctl/table.h"
#include "ctl/target_file.h"
#include "ctl/verbs.h"
#include "daemon/config.h"
#include "migrate/zk_reader.h"

/* Where Flink puts it when nobody says otherwise. */
static const char default_path[] = "/flink/default";

static const char *path_of(const struct options *o)
{
	return o->path ? o->path : default_path;
}

/* ---- the other ZooKeeper */

static enum exit_code say_reader_error(const struct options *o, int r)
{
	switch (r) {
	case -EINVAL:
		say_line("cannot use --from-flink-zookeeper %s, --path %s: servers are host:port "
		         "with "
		         "commas between, a path begins with / and names a node",
		         o->from, path_of(o));
		return EXIT_USAGE;
	case -ETIMEDOUT:
		say_line("none of the ZooKeeper servers %s answers", o->from);
		return EXIT_UNREACHABLE;
	case -EKEYREJECTED:
		say_line("ZooKeeper refuses the credentials in %s",
		         o->auth_file ? o->auth_file : "");
		return EXIT_FAILED;
	case -EACCES:
		say_line("ZooKeeper does not let us read below %s: give the credentials that Flink "
		         "used "
		         "by --auth-file",
		         path_of(o));
		return EXIT_FAILED;
	case -EOWNERDEAD:
		say_line("what answers at %s ended the session at once: is it ZooKeeper?", o->from);
		return EXIT_FAILED;
	case -ENOENT:
		say_line("there is no Flink cluster below %s: see "
		         "high-availability.zookeeper.path.root "
		         "and high-availability.cluster-id in its configuration",
		         path_of(o));
		return EXIT_FAILED;
	default:
		say_line("cannot read %s at %s: %s", path_of(o), o->from, strerror(-r));
		return EXIT_FAILED;
	}
}

static enum exit_code open_reader(const struct options *o, struct zk_reader **ret)
{
	CLEANUP(config_secret_freep) char *auth = NULL;
	struct config_error error;
	int r;

	if (o->auth_file && config_read_auth(o->auth_file, &auth, &error) < 0) {
		(void)fputs("jmhactl: ", stderr);
		config_error_print(stderr, &error);
		return EXIT_CONFIG;
	}
	const struct zk_reader_config config = {
		.servers = o->from,
		.path = path_of(o),
		.auth = auth,
		.timeout = verbs_timeout(o, 30),
	};
	r = zk_reader_open(&config, ret);
	return r < 0 ? say_reader_error(o, r) : EXIT_DONE;
}

/* Two that write checkpoints of one job destroy each other's. */
static enum exit_code refuse_living(const struct options *o, struct zk_reader *z)
{
	const struct znode_reader reader = zk_reader_get(z);
	CLEANUP(freep) char *alive = NULL;
	int r = flink_tree_find_alive(&reader, path_of(o), &alive);

	if (r < 0)
		return say_reader_error(o, r);
	if (!alive)
		return EXIT_DONE;
	say_line("a JobManager of that cluster still lives: %s", alive);
	(void)fprintf(stderr, "Stop all its JobManagers first; one that was killed is gone from "
	                      "ZooKeeper when its session\nends, with Flink's own settings after "
	                      "40 to 60 s. Nothing was written.\n");
	return EXIT_UNSAFE;
}

static enum exit_code read_tree(const struct options *o, struct zk_reader *z,
                                struct flink_tree **ret)
{
	const struct znode_reader reader = zk_reader_get(z);
	int r = flink_tree_read(&reader, path_of(o), ret);

	return r < 0 ? say_reader_error(o, r) : EXIT_DONE;
}

/* ---- the store */

static int on_page(void *userdata, const json_t *page)
{
	return import_plan_index(userdata, page);
}

static enum exit_code ask_for(struct client *c, const struct options *o, const char *prefix,
                              json_t *index)
{
	const struct options quiet = { .verb = o->verb, .timeout = o->timeout };
	struct pointer_span span;

	return pointer_pages_each(c, &quiet, prefix, on_page, index, &span);
}

static enum exit_code make_plan(struct client *c, const struct options *o,
                                const struct flink_tree *tree, struct import_plan **ret)
{
	json_auto_t *jobs = json_object(), *checkpoints = json_object(), *marks = json_object();
	enum exit_code code = EXIT_DONE;
	int r = jobs && checkpoints && marks ? 0 : -ENOMEM;

	if (r == 0)
		code = ask_for(c, o, "jobs/", jobs);
	if (r == 0 && code == EXIT_DONE)
		code = ask_for(c, o, "checkpoints/", checkpoints);
	if (r == 0 && code == EXIT_DONE)
		code = ask_for(c, o, "imported/", marks);
	if (code != EXIT_DONE)
		return code;
	if (r == 0)
		r = import_plan_make(tree, path_of(o), jobs, checkpoints, marks, ret);
	if (r < 0) {
		say_line("not enough memory");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

/* ---- showing */

static void show_target(const struct flink_file *file, char *ret, size_t size)
{
	uint64_t has = 0;

	switch (target_look(file->target, file->bytes, &has)) {
	case TARGET_THERE:
		(void)snprintf(ret, size, "there");
		return;
	case TARGET_ABSENT:
		(void)snprintf(ret, size, "ABSENT");
		return;
	case TARGET_OTHER_SIZE:
		(void)snprintf(ret, size, "HAS %" PRIu64, has);
		return;
	case TARGET_NOT_LOOKED_AT:
		(void)snprintf(ret, size, "not looked at");
		return;
	}
}

static const char *state_text(enum import_state state)
{
	return state == IMPORT_NEW ? "new" : state == IMPORT_SAME ? "there" : "OTHER VALUE";
}

/* Returns how many files are not as their pointer says. */
static size_t show_item(struct table *t, const struct import_job *j, const struct import_item *item)
{
	char what[32], bytes[24], next[24] = "", file[40];
	bool is_job = !*item->file->name;

	(void)snprintf(what, sizeof(what), is_job ? "job" : "checkpoint %s",
	               item->file->name + strspn(item->file->name, "0"));
	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, item->file->bytes);
	if (is_job && j->job->next_checkpoint)
		(void)snprintf(next, sizeof(next), "%" PRIu64, j->job->next_checkpoint);
	show_target(item->file, file, sizeof(file));
	const char *const cells[] = {
		j->job->id, what, next, bytes, file, state_text(item->state), item->file->target,
	};
	(void)table_add(t, cells);
	return file[0] == 'A' || file[0] == 'H';
}

static void show_plan(const struct options *o, const struct flink_tree *tree,
                      const struct import_plan *plan)
{
	static const char *const headings[] = { "Job",  "What",     ">Next id", ">Bytes",
		                                "File", "In store", "Target" };
	CLEANUP(table_freep) struct table *t = table_new(headings, N_ELEMENTS(headings));
	size_t bad = 0;

	for (size_t i = 0; t && i < plan->n_jobs; i++)
		for (size_t k = 0; k < plan->jobs[i].n_items; k++)
			bad += show_item(t, &plan->jobs[i], &plan->jobs[i].items[k]);
	if (t && plan->n_jobs > 0)
		table_print(t, stdout);
	(void)printf("%zu jobs below %s: %zu pointers to write, %zu there already\n", plan->n_jobs,
	             path_of(o), plan->n_new, plan->n_same);
	(void)fflush(stdout);
	for (size_t i = 0; i < tree->skipped.n; i++)
		say_line("skipped: %s", tree->skipped.name[i]);
	for (size_t i = 0; i < tree->broken.n; i++)
		say_line("broken: %s", tree->broken.name[i]);
	if (bad)
		say_line("warning: %zu files are not here as their pointers say: is the storage "
		         "directory mounted? A job whose own file or newest checkpoint is gone "
		         "will be "
		         "parked until it is put back",
		         bad);
}

/* ---- what must not be */

static void say_conflicts(const struct import_plan *plan)
{
	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct import_job *j = &plan->jobs[i];

		for (size_t k = 0; k < j->n_items; k++)
			if (j->items[k].state == IMPORT_OTHER)
				say_line("%s stands in the store with another value",
				         j->items[k].key);
		if (j->foreign)
			say_line("%s is in the store and not in Flink's ZooKeeper: the job has run "
			         "under jmha, what ZooKeeper holds is older",
			         j->foreign);
	}
}

/* *ret_go: there is something to write, and it may be. */
static enum exit_code judge(const struct options *o, const struct flink_tree *tree,
                            const struct import_plan *plan, bool *ret_go)
{
	*ret_go = false;
	if (plan->n_other > 0) {
		say_conflicts(plan);
		say_line("nothing was written: a job is not overwritten. Cancel it in Flink, or "
		         "delete "
		         "its pointers by `jmhactl pointers delete`");
		return EXIT_FAILED;
	}
	if (tree->broken.n > 0 && !o->skip_broken) {
		say_line("nothing was written, as %zu nodes are broken; --skip-broken imports the "
		         "jobs "
		         "that are whole",
		         tree->broken.n);
		return EXIT_FAILED;
	}
	if (plan->n_new > 0 && plan->marked && !o->force) {
		say_line("nothing was written: this tree was imported before (%s), and the jobs "
		         "that "
		         "are not in the store have ended since then; --force brings them back",
		         plan->marker);
		return EXIT_UNSAFE;
	}
	*ret_go = plan->n_new > 0 || (!plan->marked && plan->n_jobs > 0);
	return EXIT_DONE;
}

/* ---- the verb */

static enum exit_code write_all(struct client *c, const struct options *o, struct zk_reader *z,
                                const struct import_plan *plan, uint64_t epoch)
{
	char question[64];
	enum exit_code code;

	(void)snprintf(question, sizeof(question), "%zu pointers of %zu jobs", plan->n_new,
	               plan->n_jobs);
	code = operate_ask(o, "Import", question);
	if (code == EXIT_DONE)
		code = refuse_living(o, z); /* reading and asking took time */
	return code == EXIT_DONE ? import_write(c, o, plan, epoch) : code;
}

enum exit_code store_import_run(struct client *c, const struct options *o)
{
	CLEANUP(zk_reader_closep) struct zk_reader *z = NULL;
	CLEANUP(flink_tree_freep) struct flink_tree *tree = NULL;
	CLEANUP(import_plan_freep) struct import_plan *plan = NULL;
	uint64_t epoch = 0;
	bool go = false;
	enum exit_code code;

	/* A look is free to all members. */
	code = o->dry_run ? EXIT_DONE : import_find_epoch(c, o, &epoch);
	if (code == EXIT_DONE)
		code = open_reader(o, &z);
	if (code == EXIT_DONE)
		code = refuse_living(o, z);
	if (code == EXIT_DONE)
		code = read_tree(o, z, &tree);
	if (code == EXIT_DONE)
		code = make_plan(c, o, tree, &plan);
	if (code != EXIT_DONE)
		return code;
	show_plan(o, tree, plan);
	code = judge(o, tree, plan, &go);
	if (code == EXIT_DONE && go && !o->dry_run)
		code = write_all(c, o, z, plan, epoch);
	return code == EXIT_DONE && tree->broken.n > 0 ? EXIT_FAILED : code;
}
