/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole tree of Flink's own ZooKeeper HA (migrate/flink_tree.h), in any state.  The input is a
 * list of nodes, one a line: the path below /flink, and behind a `=` what the node holds; `*`
 * stands for a pointer as a real Flink wrote it.  Parents need no line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "migrate/flink_tree.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_NODES = 64, MOST_POINTER = 1024 };

static const char root[] = "/flink";
static char pointer[MOST_POINTER];
static size_t pointer_size;

struct node {
	const char *path; /* without a slash at its beginning; not terminated */
	const char *data;
	size_t path_size, size;
};

struct tree {
	struct node node[MOST_NODES];
	size_t n;
};

static void load_pointer(void)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path),
	               "%s/tests/data/flink-pointers/1.20.5/checkpoint-pointer.bin",
	               top ? top : ".");
	f = fopen(path, "re");
	HOLDS(f != NULL && "run it in the source folder, or set top_srcdir");
	pointer_size = fread(pointer, 1, sizeof(pointer), f);
	(void)fclose(f);
	HOLDS(pointer_size > 0 && pointer_size < sizeof(pointer));
}

static void take_line(struct tree *t, const char *line, size_t size)
{
	const char *equals = memchr(line, '=', size);
	struct node *n = &t->node[t->n];

	*n = (struct node){ .path = line, .path_size = size };
	if (equals) {
		n->path_size = (size_t)(equals - line);
		n->data = equals + 1;
		n->size = size - n->path_size - 1;
	}
	if (n->size == 1 && n->data[0] == '*') {
		n->data = pointer;
		n->size = pointer_size;
	}
	/* A part of a path is never empty in ZooKeeper, nor has it a NUL.  One with ": " might be
	 * taken for a path and a reason, below. */
	if (n->path_size == 0 || n->path[0] == '/' || n->path[n->path_size - 1] == '/' ||
	    memmem(n->path, n->path_size, "//", 2) || memchr(n->path, 0, n->path_size) ||
	    memmem(n->path, n->path_size, ": ", 2))
		return;
	t->n++;
}

/* What follows /flink in a path; NULL when it is not below. */
static const char *below(const char *path)
{
	const size_t n = sizeof(root) - 1;

	HOLDS(strncmp(path, root, n) == 0);
	return path[n] == '/' ? path + n + 1 : path[n] == '\0' ? path + n : NULL;
}

/* The name of a child on the way from `path` to this node: its size, 0 if it is not below. */
static size_t child_of(const struct node *n, const char *path, const char **ret)
{
	size_t size = strlen(path), skip = size > 0 ? size + 1 : 0, left;
	const char *slash;

	if (n->path_size <= skip || memcmp(n->path, path, size) != 0 ||
	    (size > 0 && n->path[size] != '/'))
		return 0;
	*ret = n->path + skip;
	left = n->path_size - skip;
	slash = memchr(*ret, '/', left);
	return slash ? (size_t)(slash - *ret) : left;
}

static int get(void *userdata, const char *path, struct znode *ret)
{
	const struct tree *t = userdata;
	const char *name, *p = below(path);
	int found = -ENOENT;

	HOLDS(p);
	for (size_t i = 0; i < t->n; i++) {
		const struct node *n = &t->node[i];

		if (child_of(n, p, &name) > 0)
			found = 0;
		if (n->path_size != strlen(p) || memcmp(n->path, p, n->path_size) != 0)
			continue;
		if (n->size == 0)
			return 0;
		ret->data = malloc(n->size + 1);
		HOLDS(ret->data);
		memcpy(ret->data, n->data, n->size);
		ret->data[n->size] = '\0';
		ret->size = n->size;
		return 0;
	}
	return found;
}

static bool has(const struct names *names, const char *name, size_t size)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->name[i]) == size && memcmp(names->name[i], name, size) == 0)
			return true;
	return false;
}

static int children(void *userdata, const char *path, struct names *ret)
{
	const struct tree *t = userdata;
	const char *name = NULL, *p = below(path);

	HOLDS(p);
	for (size_t i = t->n; i-- > 0;) { /* nobody may rely on an order */
		size_t size = child_of(&t->node[i], p, &name);

		if (size > 0 && size < 512 && !has(ret, name, size))
			HOLDS(names_add(ret, "%.*s", (int)size, name) == 0);
	}
	return 0;
}

/* ---- what holds of the result */

static void check_messages(const struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		HOLDS(strncmp(names->name[i], root, sizeof(root) - 1) == 0 ||
		      strncmp(names->name[i], "job ", 4) == 0);
}

/* Of a node of this job, or below it; not of one that is only named like it. */
static bool is_of_job(const char *message, const char *id)
{
	static const char *const kinds[] = { "/jobs/", "/jobgraphs/", "/execution-plans/" };

	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		const char *at = message + sizeof(root) - 1;

		if (strncmp(message, root, sizeof(root) - 1) != 0 ||
		    strncmp(at, kinds[i], strlen(kinds[i])) != 0)
			continue;
		at += strlen(kinds[i]);
		if (strncmp(at, id, FLINK_JOB_ID_LENGTH) != 0)
			continue;
		at += FLINK_JOB_ID_LENGTH;
		return *at == '/' || strncmp(at, ": ", 2) == 0;
	}
	return false;
}

static void check_job(const struct flink_tree *tree, size_t i)
{
	const struct flink_job *job = &tree->jobs[i];
	uint64_t id = 0;

	HOLDS(flink_job_id_check(job->id) == 0);
	HOLDS(i == 0 || strcmp(tree->jobs[i - 1].id, job->id) < 0);
	HOLDS(job->plan.target && job->plan.target[0] != '\0' && job->plan.name[0] == '\0');
	for (size_t k = 0; k < job->n_checkpoints; k++) {
		const struct flink_file *f = &job->checkpoints[k];

		HOLDS(flink_checkpoint_parse(f->name, &id) == 0 && id < job->next_checkpoint);
		HOLDS(f->target && f->target[0] != '\0' && f->bytes <= INT64_MAX);
		HOLDS(k == 0 || strcmp(job->checkpoints[k - 1].name, f->name) < 0);
	}
	/* Whole or not at all. */
	for (size_t k = 0; k < tree->broken.n; k++)
		HOLDS(!is_of_job(tree->broken.name[k], job->id));
}

static void run(const uint8_t *data, size_t size)
{
	struct tree t = { .n = 0 };
	const struct znode_reader reader = { .get = get, .children = children, .userdata = &t };
	CLEANUP(flink_tree_freep) struct flink_tree *tree = NULL;
	CLEANUP(freep) char *alive = NULL;
	const char *line = (const char *)data, *end = line + size;
	int r;

	if (pointer_size == 0)
		load_pointer();
	while (line < end && t.n < MOST_NODES) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		take_line(&t, line, (size_t)(stop - line));
		line = stop + 1;
	}
	r = flink_tree_read(&reader, root, &tree);
	HOLDS(r == 0 || r == -ENOENT || r == -ENOBUFS);
	if (r == 0) {
		check_messages(&tree->broken);
		check_messages(&tree->skipped);
		for (size_t i = 0; i < tree->n_jobs; i++)
			check_job(tree, i);
	}
	r = flink_tree_find_alive(&reader, root, &alive);
	HOLDS(r == 0 || r == -ENOBUFS);
	HOLDS(r < 0 || !alive || strncmp(alive, root, sizeof(root) - 1) == 0);
}
FUZZ_TARGET(flink_tree, run)
