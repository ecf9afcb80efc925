/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/flink_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define JOB_A "00000000000000000000000000000a0a"
#define JOB_B "00000000000000000000000000000b0b"
#define CHK   "checkpoints/00000000000000000"

/* ---- a ZooKeeper in memory */

enum { MAX_NODES = 64 };

static struct fake_node {
	char path[1024];
	char data[1024];
	size_t size;
} nodes[MAX_NODES];
static size_t n_nodes;
static const char *unreadable; /* a path that cannot be read */

static void load(const char *name, char *ret, size_t *ret_size)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/flink-pointers/%s", top ? top : ".",
	               name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("cannot open %s", path);
	*ret_size = fread(ret, 1, 1024, f);
	assert_int_equal(fclose(f), 0);
}

static struct fake_node *node(const char *path)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (strcmp(nodes[i].path, path) == 0)
			return &nodes[i];
	return NULL;
}

/* With all parents; `file` below tests/data/flink-pointers, NULL = without data. */
static struct fake_node *make(const char *path, const char *file)
{
	char full[1024];
	struct fake_node *n;

	(void)snprintf(full, sizeof(full), "/flink/default/%s", path);
	for (char *slash = full; (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		if (!node(full)) {
			assert_true(n_nodes < MAX_NODES);
			memcpy(nodes[n_nodes++].path, full, sizeof(full));
		}
		*slash = '/';
	}
	n = node(full);
	if (!n) {
		assert_true(n_nodes < MAX_NODES);
		n = &nodes[n_nodes++];
		memcpy(n->path, full, sizeof(full));
	}
	if (file)
		load(file, n->data, &n->size);
	return n;
}

/* A pointer as it stands when all JobManagers are gone: `locks` is empty. */
static struct fake_node *pointer(const char *path, const char *file)
{
	char locks[256];

	(void)snprintf(locks, sizeof(locks), "%s/locks", path);
	(void)make(locks, NULL);
	return make(path, file);
}

static int get(void *userdata, const char *path, struct znode *ret)
{
	struct fake_node *n = node(path);

	(void)userdata;
	if (unreadable && strcmp(path, unreadable) == 0)
		return -EACCES;
	if (!n)
		return -ENOENT;
	if (n->size == 0)
		return 0;
	ret->data = malloc(n->size + 1);
	assert_non_null(ret->data);
	memcpy(ret->data, n->data, n->size);
	ret->data[n->size] = '\0';
	ret->size = n->size;
	return 0;
}

/* The youngest first: nobody may rely on an order. */
static int children(void *userdata, const char *path, struct names *ret)
{
	size_t len = strlen(path);

	(void)userdata;
	if (unreadable && strcmp(path, unreadable) == 0)
		return -EACCES;
	if (!node(path))
		return -ENOENT;
	for (size_t i = n_nodes; i-- > 0;)
		if (strncmp(nodes[i].path, path, len) == 0 && nodes[i].path[len] == '/' &&
		    !strchr(nodes[i].path + len + 1, '/'))
			assert_int_equal(names_add(ret, "%s", nodes[i].path + len + 1), 0);
	return 0;
}

static const struct znode_reader reader = { .get = get, .children = children };
static struct flink_tree *tree;
static char *alive;

static int clear(void **state)
{
	(void)state;
	memset(nodes, 0, sizeof(nodes));
	n_nodes = 0;
	unreadable = NULL;
	tree = flink_tree_free(tree);
	free(alive);
	alive = NULL;
	return 0;
}

static int read_tree(void)
{
	tree = flink_tree_free(tree);
	return flink_tree_read(&reader, "/flink/default", &tree);
}

static void says(const struct names *names, size_t i, const char *part)
{
	assert_true(i < names->n);
	if (!strstr(names->name[i], part))
		fail_msg("\"%s\" does not contain \"%s\"", names->name[i], part);
}

/* Two jobs of Flink 2.2.1, A with two checkpoints. */
static void two_jobs(void)
{
	(void)make("leader/latch", NULL);
	(void)pointer("execution-plans/" JOB_B, "2.2.1/job-pointer.bin");
	(void)pointer("execution-plans/" JOB_A, "2.2.1/job-pointer.bin");
	(void)pointer("jobs/" JOB_A "/" CHK "10", "2.2.1/checkpoint-pointer.bin");
	(void)pointer("jobs/" JOB_A "/" CHK "09", "2.2.1/checkpoint-pointer.bin");
	(void)make("jobs/" JOB_A "/checkpoint_id_counter", "2.2.1/checkpoint-id-counter.bin");
}

/* ---- tests */

static void jobs_with_their_checkpoints_are_found(void **state)
{
	const struct flink_job *a;

	(void)state;
	two_jobs();
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->broken.n, 0);
	assert_int_equal(tree->skipped.n, 0);
	assert_int_equal(tree->n_jobs, 2);
	a = &tree->jobs[0];
	assert_string_equal(a->id, JOB_A);
	assert_string_equal(tree->jobs[1].id, JOB_B);
	assert_string_equal(a->plan.target,
	                    "file:/mnt/ha/flink/c1/submittedExecutionPlanc91d844c5b65");
	assert_int_equal(a->plan.bytes, 0x4994);
	assert_int_equal(a->n_checkpoints, 2);
	assert_string_equal(a->checkpoints[0].name, "0000000000000000009");
	assert_string_equal(a->checkpoints[1].name, "0000000000000000010");
	/* The counter says 3: behind its checkpoints, so these count. */
	assert_int_equal(a->next_checkpoint, 11);
	assert_int_equal(tree->jobs[1].n_checkpoints, 0);
	assert_int_equal(tree->jobs[1].next_checkpoint, 0);
}

static void a_counter_ahead_of_its_checkpoints_counts(void **state)
{
	(void)state;
	(void)pointer("jobgraphs/" JOB_A, "1.20.5/job-pointer.bin");
	(void)pointer("jobs/" JOB_A "/" CHK "02", "1.20.5/checkpoint-pointer.bin");
	(void)make("jobs/" JOB_A "/checkpoint_id_counter", "1.20.5/checkpoint-id-counter.bin");
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 1);
	assert_int_equal(tree->jobs[0].next_checkpoint, 4);
}

/* Flink deletes `locks` before the file and before the node. */
static void what_flink_had_marked_for_deletion_is_skipped(void **state)
{
	(void)state;
	(void)make("execution-plans/" JOB_A, "2.2.1/job-pointer.bin");
	(void)pointer("jobs/" JOB_A "/" CHK "01", "2.2.1/checkpoint-pointer.bin");
	(void)pointer("execution-plans/" JOB_B, "2.2.1/job-pointer.bin");
	(void)make("jobs/" JOB_B "/" CHK "01", "2.2.1/checkpoint-pointer.bin");
	(void)pointer("jobs/" JOB_B "/" CHK "02", "2.2.1/checkpoint-pointer.bin");
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 1);
	assert_string_equal(tree->jobs[0].id, JOB_B);
	assert_int_equal(tree->jobs[0].n_checkpoints, 1);
	assert_string_equal(tree->jobs[0].checkpoints[0].name, "0000000000000000002");
	assert_int_equal(tree->broken.n, 0);
	assert_int_equal(tree->skipped.n, 2);
	says(&tree->skipped, 0, "/flink/default/execution-plans/" JOB_A ": Flink had marked it");
	says(&tree->skipped, 1, "/" CHK "01: Flink had marked it");
}

static void a_job_with_something_broken_is_left_out_as_a_whole(void **state)
{
	(void)state;
	two_jobs();
	make("jobs/" JOB_A "/" CHK "10", NULL)->data[300] ^= 1;
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 1);
	assert_string_equal(tree->jobs[0].id, JOB_B);
	assert_int_equal(tree->broken.n, 1);
	says(&tree->broken, 0, CHK "10: byte 300 of ");
	says(&tree->skipped, 0, "job " JOB_A ": left out as a whole");

	make("execution-plans/" JOB_B, NULL)->size = 0;
	make("jobs/" JOB_A "/checkpoint_id_counter", NULL)->size = 3;
	(void)pointer("jobs/" JOB_A "/checkpoints/11", "2.2.1/checkpoint-pointer.bin");
	(void)pointer("execution-plans/nonsense", "2.2.1/job-pointer.bin");
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 0);
	assert_int_equal(tree->broken.n, 5);
	says(&tree->broken, 1, "checkpoints/11: a checkpoint's name is a number of 19 digits");
	says(&tree->broken, 2, "checkpoint_id_counter: byte 3 of 3");
	says(&tree->broken, 3, JOB_B ": byte 0 of 0");
	says(&tree->broken, 4, "nonsense: a job's id has 32 hex digits");
}

/* .. and do not end the reading of the others. */
static void names_that_are_longer_than_any_path_are_broken(void **state)
{
	char name[700], path[800];

	(void)state;
	two_jobs();
	(void)snprintf(name, sizeof(name), "%0600d", 1);
	(void)snprintf(path, sizeof(path), "jobgraphs/%s", name);
	(void)make(path, NULL);
	(void)snprintf(path, sizeof(path), "jobs/" JOB_A "/checkpoints/%s", name);
	(void)make(path, NULL);
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 1);
	assert_string_equal(tree->jobs[0].id, JOB_B);
	assert_int_equal(tree->broken.n, 2);
	says(&tree->broken, 0, "1: a job's id has 32 hex digits");
	says(&tree->broken, 1, "1: a checkpoint's name is a number of 19 digits");
}

static void a_job_of_both_flink_lines_is_for_people_to_decide(void **state)
{
	(void)state;
	two_jobs();
	(void)pointer("jobgraphs/" JOB_A, "1.20.5/job-pointer.bin");
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 1);
	assert_string_equal(tree->jobs[0].id, JOB_B);
	says(&tree->broken, 0, "execution-plans/" JOB_A ": the job is there as a job graph");

	/* Also when one of the two is broken: the other is not taken in silence. */
	make("jobgraphs/" JOB_A, NULL)->size = 0;
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 1);
	says(&tree->broken, 0, "jobgraphs/" JOB_A ": byte 0 of 0");
	says(&tree->broken, 1, "execution-plans/" JOB_A ": the job is there as a job graph");
}

static void leftovers_and_strangers_are_named(void **state)
{
	(void)state;
	two_jobs();
	(void)pointer("jobs/" JOB_B "c/" CHK "01", "2.2.1/checkpoint-pointer.bin");
	(void)make("applications/x", NULL);
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 2);
	assert_int_equal(tree->broken.n, 0);
	assert_int_equal(tree->skipped.n, 2);
	says(&tree->skipped, 0, JOB_B "c: there is no such job any more");
	says(&tree->skipped, 1, "/flink/default/applications: not known here");
}

static void what_is_no_flink_cluster_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_tree(), -ENOENT);
	(void)make("something", NULL);
	assert_int_equal(read_tree(), -ENOENT);
	(void)make("leader/latch", NULL);
	assert_int_equal(read_tree(), 0);
	assert_int_equal(tree->n_jobs, 0);
}

static void a_node_that_cannot_be_read_ends_it(void **state)
{
	static const char *const paths[] = {
		"/flink/default",
		"/flink/default/execution-plans",
		"/flink/default/execution-plans/" JOB_B,
		"/flink/default/jobs/" JOB_A "/checkpoints",
		"/flink/default/jobs/" JOB_A "/" CHK "10",
		"/flink/default/jobs/" JOB_A "/checkpoint_id_counter",
	};

	(void)state;
	two_jobs();
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		unreadable = paths[i];
		assert_int_equal(read_tree(), -EACCES);
	}
	unreadable = "/flink/default/leader";
	assert_int_equal(flink_tree_find_alive(&reader, "/flink/default", &alive), -EACCES);
	assert_null(alive);
}

static void who_lives_is_named(void **state)
{
	(void)state;
	assert_int_equal(flink_tree_find_alive(&reader, "/flink/default", &alive), 0);
	assert_null(alive);
	two_jobs();
	/* Left behind empty by a leader that ended in order. */
	(void)make("leader/dispatcher/connection_info", NULL);
	assert_int_equal(flink_tree_find_alive(&reader, "/flink/default", &alive), 0);
	assert_null(alive);
	(void)make("leader/latch/_c_0815-latch-0000000007", NULL);
	assert_int_equal(flink_tree_find_alive(&reader, "/flink/default", &alive), 0);
	assert_string_equal(alive, "/flink/default/leader/latch/_c_0815-latch-0000000007 is the "
	                           "latch of a JobManager");
	free(alive);
	(void)make("leader/rest_server/connection_info", "1.20.5/connection-info-rest_server.bin");
	assert_int_equal(flink_tree_find_alive(&reader, "/flink/default", &alive), 0);
	assert_non_null(strstr(alive, "rest_server/connection_info names http://"));
	free(alive);
	make("leader/rest_server/connection_info", NULL)->data[0] = 0;
	assert_int_equal(flink_tree_find_alive(&reader, "/flink/default", &alive), 0);
	assert_non_null(strstr(alive, "holds data that is no address"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, clear, clear)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(jobs_with_their_checkpoints_are_found),
		T(a_counter_ahead_of_its_checkpoints_counts),
		T(what_flink_had_marked_for_deletion_is_skipped),
		T(a_job_with_something_broken_is_left_out_as_a_whole),
		T(names_that_are_longer_than_any_path_are_broken),
		T(a_job_of_both_flink_lines_is_for_people_to_decide),
		T(leftovers_and_strangers_are_named),
		T(what_is_no_flink_cluster_is_refused),
		T(a_node_that_cannot_be_read_ends_it),
		T(who_lives_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
