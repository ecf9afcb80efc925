/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/flink_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { MAX_PATH = 512, MAX_TEXT = 1024 };

/* One reading; every function returns 0 or what ends it. */
struct reading {
	const struct znode_reader *reader;
	const char *path;
	struct flink_tree *tree;
	struct names *seen; /* jobs that are there, broken or not */
};

void znode_done(struct znode *z)
{
	free(z->data);
	*z = (struct znode){ 0 };
}

/* ---- names */

void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct names){ 0 };
}

int names_add(struct names *names, const char *format, ...)
{
	char text[MAX_TEXT], **more;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	more = realloc(names->name, (names->n + 2) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->name = more;
	more[names->n] = strdup(text);
	if (!more[names->n])
		return -ENOMEM;
	more[++names->n] = NULL;
	return 0;
}

static bool contains(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- nodes */

__attribute__((format(printf, 3, 4))) static int
make_path(const struct reading *r, char ret[MAX_PATH], const char *format, ...)
{
	int n = text_format(ret, MAX_PATH, "%s/", r->path);
	int m;
	va_list ap;

	if (n < 0)
		return n;
	va_start(ap, format);
	m = vsnprintf(ret + n, MAX_PATH - (size_t)n, format, ap);
	va_end(ap);
	return m < 0 || m >= MAX_PATH - n ? -ENOBUFS : 0;
}

static int get(const struct reading *r, const char *path, struct znode *ret)
{
	return r->reader->get(r->reader->userdata, path, ret);
}

/* Sorted; none for a node that is not there. */
static int list(const struct reading *r, const char *path, struct names *ret)
{
	int error = r->reader->children(r->reader->userdata, path, ret);

	if (error == -ENOENT)
		return 0;
	if (error == 0 && ret->n > 1)
		qsort(ret->name, ret->n, sizeof(*ret->name), compare);
	return error;
}

/* ---- pointers */

enum found { FOUND_NOTHING, FOUND_FILE, FOUND_BROKEN, FOUND_DELETED };

static void free_file(struct flink_file *f)
{
	free(f->target);
	f->target = NULL;
}

static int parse_file(const struct reading *r, const char *path, const struct znode *z,
                      struct flink_file *ret, enum found *ret_found)
{
	struct flink_pointer p;
	struct flink_error e;

	if (flink_pointer_parse(z->data ? z->data : "", z->size, &p, &e) < 0) {
		*ret_found = FOUND_BROKEN;
		return names_add(&r->tree->broken, "%s: byte %zu of %zu: %s", path, e.offset,
		                 z->size, e.what);
	}
	ret->target = strndup(p.target, p.target_size);
	if (!ret->target)
		return -ENOMEM;
	ret->bytes = p.bytes;
	*ret_found = FOUND_FILE;
	return 0;
}

static int read_file(const struct reading *r, const char *path, struct flink_file *ret,
                     enum found *ret_found)
{
	CLEANUP(names_done) struct names children = { 0 };
	CLEANUP(znode_done) struct znode z = { 0 };
	int error = get(r, path, &z);

	*ret_found = FOUND_NOTHING;
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	error = list(r, path, &children);
	if (error < 0)
		return error;
	if (children.n == 0) {
		*ret_found = FOUND_DELETED;
		return names_add(&r->tree->skipped, "%s: Flink had marked it for deletion", path);
	}
	return parse_file(r, path, &z, ret, ret_found);
}

/* ---- jobs */

static void free_job(struct flink_job *job)
{
	free_file(&job->plan);
	for (size_t i = 0; i < job->n_checkpoints; i++)
		free_file(&job->checkpoints[i]);
	free(job->checkpoints);
	*job = (struct flink_job){ 0 };
}

static int read_checkpoint(const struct reading *r, const char *parent, const char *name,
                           struct flink_job *job, bool *whole)
{
	struct flink_file *f = &job->checkpoints[job->n_checkpoints];
	char path[MAX_PATH];
	enum found found;
	uint64_t id;
	int error;

	if (flink_checkpoint_parse(name, &id) < 0) {
		*whole = false;
		return names_add(&r->tree->broken,
		                 "%s/%s: a checkpoint's name is a number of 19 digits", parent,
		                 name);
	}
	if (text_format(path, sizeof(path), "%s/%s", parent, name) < 0)
		return -ENOBUFS;
	error = read_file(r, path, f, &found);
	if (error < 0)
		return error;
	if (found == FOUND_BROKEN)
		*whole = false;
	if (found != FOUND_FILE)
		return 0;
	memcpy(f->name, name, sizeof(f->name));
	job->n_checkpoints++;
	if (job->next_checkpoint <= id)
		job->next_checkpoint = id + 1;
	return 0;
}

static int read_checkpoints(const struct reading *r, struct flink_job *job, bool *whole)
{
	CLEANUP(names_done) struct names names = { 0 };
	char path[MAX_PATH];
	int error = make_path(r, path, "jobs/%s/checkpoints", job->id);

	if (error == 0)
		error = list(r, path, &names);
	if (error < 0)
		return error;
	job->checkpoints = calloc(names.n + 1, sizeof(*job->checkpoints));
	if (!job->checkpoints)
		return -ENOMEM;
	for (size_t i = 0; i < names.n && error == 0; i++)
		error = read_checkpoint(r, path, names.name[i], job, whole);
	return error;
}

/* A counter behind its checkpoints would hand out a number twice: the higher one counts. */
static int read_counter(const struct reading *r, struct flink_job *job, bool *whole)
{
	CLEANUP(znode_done) struct znode z = { 0 };
	struct flink_error e;
	char path[MAX_PATH];
	uint64_t next;
	int error = make_path(r, path, "jobs/%s/checkpoint_id_counter", job->id);

	if (error == 0)
		error = get(r, path, &z);
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	if (flink_counter_parse(z.data ? z.data : "", z.size, &next, &e) < 0) {
		*whole = false;
		return names_add(&r->tree->broken, "%s: byte %zu of %zu: %s", path, e.offset,
		                 z.size, e.what);
	}
	if (job->next_checkpoint < next)
		job->next_checkpoint = next;
	return 0;
}

static void drop_job(struct flink_tree *tree, const char *id)
{
	for (size_t i = 0; i < tree->n_jobs; i++)
		if (strcmp(tree->jobs[i].id, id) == 0) {
			free_job(&tree->jobs[i]);
			tree->jobs[i] = tree->jobs[--tree->n_jobs];
			return;
		}
}

static int add_job(struct flink_tree *tree, struct flink_job *job)
{
	struct flink_job *more = realloc(tree->jobs, (tree->n_jobs + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	tree->jobs = more;
	more[tree->n_jobs++] = *job;
	*job = (struct flink_job){ 0 };
	return 0;
}

static int read_job(const struct reading *r, const char *kind, const char *name)
{
	CLEANUP(free_job) struct flink_job job = { 0 };
	char path[MAX_PATH];
	enum found found;
	bool whole = true;
	int error;

	/* Before it becomes a path: it may be longer than any. */
	if (flink_job_id_check(name) < 0)
		return names_add(&r->tree->broken, "%s/%s/%s: a job's id has 32 hex digits",
		                 r->path, kind, name);
	error = make_path(r, path, "%s/%s", kind, name);
	if (error < 0)
		return error;
	if (contains(r->seen, name)) {
		drop_job(r->tree, name);
		return names_add(&r->tree->broken,
		                 "%s: the job is there as a job graph of Flink 1.20, too; remove "
		                 "the one that is not used",
		                 path);
	}
	memcpy(job.id, name, sizeof(job.id));
	error = read_file(r, path, &job.plan, &found);
	if (error < 0 || found == FOUND_DELETED || found == FOUND_NOTHING)
		return error;
	whole = found == FOUND_FILE;
	error = names_add(r->seen, "%s", name);
	if (error == 0)
		error = read_checkpoints(r, &job, &whole);
	if (error == 0)
		error = read_counter(r, &job, &whole);
	if (error == 0 && !whole)
		error = names_add(&r->tree->skipped,
		                  "job %s: left out as a whole, something of it is broken", job.id);
	return error < 0 || !whole ? error : add_job(r->tree, &job);
}

static int read_jobs(const struct reading *r, const char *kind)
{
	CLEANUP(names_done) struct names names = { 0 };
	char path[MAX_PATH];
	int error = make_path(r, path, "%s", kind);

	if (error == 0)
		error = list(r, path, &names);
	for (size_t i = 0; i < names.n && error == 0; i++)
		error = read_job(r, kind, names.name[i]);
	return error;
}

/* ---- what else is there */

/* Checkpoints of jobs that Flink has no pointer to, as an unclean end leaves them. */
static int note_orphans(const struct reading *r, const struct names *jobs)
{
	CLEANUP(names_done) struct names names = { 0 };
	char path[MAX_PATH];
	int error = make_path(r, path, "jobs");

	if (error == 0)
		error = list(r, path, &names);
	for (size_t i = 0; i < names.n && error == 0; i++)
		if (!contains(jobs, names.name[i]))
			error = names_add(&r->tree->skipped,
			                  "%s/%s: there is no such job any more, only what is left "
			                  "of its checkpoints",
			                  path, names.name[i]);
	return error;
}

static int note_unknown(const struct reading *r, const struct names *children)
{
	static const char *const known[] = { "leader", "jobgraphs", "execution-plans", "jobs" };
	int error = 0;

	for (size_t i = 0; i < children->n && error == 0; i++) {
		bool is_known = false;

		for (size_t j = 0; j < N_ELEMENTS(known); j++)
			is_known = is_known || strcmp(children->name[i], known[j]) == 0;
		if (!is_known)
			error = names_add(&r->tree->skipped, "%s/%s: not known here, not imported",
			                  r->path, children->name[i]);
	}
	return error;
}

static int read_all(const struct reading *r)
{
	CLEANUP(names_done) struct names children = { 0 }, jobs = { 0 };
	char path[MAX_PATH];
	int error = list(r, r->path, &children);

	if (error < 0)
		return error;
	if (!contains(&children, "jobgraphs") && !contains(&children, "execution-plans") &&
	    !contains(&children, "leader"))
		return -ENOENT;
	error = read_jobs(r, "jobgraphs");
	if (error == 0)
		error = read_jobs(r, "execution-plans");
	if (error == 0)
		error = make_path(r, path, "jobgraphs");
	if (error == 0)
		error = list(r, path, &jobs);
	if (error == 0 && contains(&children, "execution-plans")) {
		CLEANUP(names_done) struct names plans = { 0 };

		error = make_path(r, path, "execution-plans");
		if (error == 0)
			error = list(r, path, &plans);
		for (size_t i = 0; i < plans.n && error == 0; i++)
			error = names_add(&jobs, "%s", plans.name[i]);
	}
	if (error == 0)
		error = note_orphans(r, &jobs);
	return error < 0 ? error : note_unknown(r, &children);
}

static int compare_jobs(const void *a, const void *b)
{
	return strcmp(((const struct flink_job *)a)->id, ((const struct flink_job *)b)->id);
}

int flink_tree_read(const struct znode_reader *reader, const char *path, struct flink_tree **ret)
{
	CLEANUP(flink_tree_freep) struct flink_tree *tree = calloc(1, sizeof(*tree));
	CLEANUP(names_done) struct names seen = { 0 };
	const struct reading r = { .reader = reader, .path = path, .tree = tree, .seen = &seen };
	int error = tree ? read_all(&r) : -ENOMEM;

	if (error < 0)
		return error;
	if (tree->n_jobs > 1)
		qsort(tree->jobs, tree->n_jobs, sizeof(*tree->jobs), compare_jobs);
	*ret = TAKE_PTR(tree);
	return 0;
}

struct flink_tree *flink_tree_free(struct flink_tree *tree)
{
	if (!tree)
		return NULL;
	for (size_t i = 0; i < tree->n_jobs; i++)
		free_job(&tree->jobs[i]);
	free(tree->jobs);
	names_done(&tree->broken);
	names_done(&tree->skipped);
	free(tree);
	return NULL;
}

/* ---- who lives */

__attribute__((format(printf, 2, 3))) static int say(char **ret, const char *format, ...)
{
	char text[MAX_TEXT];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int find_leader(const struct reading *r, const char *component, char **ret)
{
	CLEANUP(znode_done) struct znode z = { 0 };
	char path[MAX_PATH];
	const char *address;
	size_t size;
	int error = make_path(r, path, "leader/%s/connection_info", component);

	if (error == 0)
		error = get(r, path, &z);
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	if (z.size == 0) /* there was a leader */
		return 0;
	if (flink_address_parse(z.data, z.size, &address, &size) < 0)
		return say(ret, "%s holds data that is no address", path);
	return say(ret, "%s names %.*s", path, (int)size, address);
}

/* Leaders first: their node says where they are. */
int flink_tree_find_alive(const struct znode_reader *reader, const char *path, char **ret)
{
	const struct reading r = { .reader = reader, .path = path };
	CLEANUP(names_done) struct names components = { 0 }, latches = { 0 };
	char node[MAX_PATH];
	int error = make_path(&r, node, "leader");

	*ret = NULL;
	if (error == 0)
		error = list(&r, node, &components);
	for (size_t i = 0; i < components.n && error == 0 && !*ret; i++)
		if (strcmp(components.name[i], "latch") != 0)
			error = find_leader(&r, components.name[i], ret);
	if (error == 0 && !*ret)
		error = make_path(&r, node, "leader/latch");
	if (error == 0 && !*ret)
		error = list(&r, node, &latches);
	if (error == 0 && !*ret && latches.n > 0)
		error = say(ret, "%s/%s is the latch of a JobManager", node, latches.name[0]);
	return error;
}
