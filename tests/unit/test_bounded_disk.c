/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promise of DESIGN 6: for a fixed live set the store's size stays within 3 (D + W + S), however
 * long the traffic lasts.  Commit queue, store and its threads are the real ones; the register is
 * a struct, and syncing is left out, as it makes files no larger.
 */
#include "storage/store.h"

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "storage/commit_queue.h"
#include "tests/unit/storage_files.h"

enum { EPOCH = 7, TOGETHER = 500, VALUE_SIZE = 100 };

static struct bench {
	struct files files;
	struct store *store;
	struct pointer_map *map;
	struct commit_queue *queue;
	struct commit_register reg;
	uint64_t live, n_asked, n_done, n_snapshots, n_deleted;
	/* bytes */
	uint64_t min_log, written, last_commit, due_at, most_beside, largest_snapshot, most;
	bool beside; /* from when a snapshot is due until what it makes useless is gone */
} b;

int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);

int __wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

static usec_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

/* ---- what is on the disk */

static uint64_t size_of(const char *name, uint64_t *largest)
{
	char path[128];
	const struct dirent *e;
	uint64_t size = 0;
	struct stat st;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", b.files.cluster, name);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (fstatat(dirfd(dir), e->d_name, &st, 0) < 0 || !S_ISREG(st.st_mode))
			continue; /* just deleted */
		if (st.st_nlink > 1 && strstr(e->d_name, ".tmp"))
			continue; /* it has its own name, too, and is on the disk once */
		size += (uint64_t)st.st_size;
		if (largest && (uint64_t)st.st_size > *largest)
			*largest = (uint64_t)st.st_size;
	}
	(void)closedir(dir);
	return size;
}

static uint64_t beside(void)
{
	uint64_t size = b.beside ? b.written - b.due_at : 0;

	return size > b.most_beside ? size : b.most_beside;
}

static uint64_t span(void)
{
	uint64_t twice = 2 * pointer_map_snapshot_size(b.map);

	return twice > b.min_log ? twice : b.min_log;
}

static void check_disk(void)
{
	uint64_t size = size_of("snapshot", &b.largest_snapshot) + size_of("log", NULL);
	uint64_t bound = 3 * (span() + beside() + b.largest_snapshot);

	if (size > b.most)
		b.most = size;
	if (size > bound)
		fail_msg("%" PRIu64 " bytes after %" PRIu64 " changes, more than %" PRIu64, size,
		         b.n_done, bound);
}

/* ---- what the elector does */

static uint64_t ticket_of(void *userdata)
{
	return (uint64_t)(uintptr_t)userdata;
}

static void *of_ticket(uint64_t ticket)
{
	return (void *)(uintptr_t)ticket;
}

static void must_be_ok(const struct store_result *result)
{
	if (result->state != STORE_OK)
		fail_msg("%s", result->text);
}

static void on_opened(const struct store_result *result, void *userdata)
{
	must_be_ok(result);
	commit_queue_opened(b.queue, ticket_of(userdata), COMMIT_STORED, &result->position);
}

static void on_appended(const struct store_result *result, void *userdata)
{
	must_be_ok(result);
	commit_queue_appended(b.queue, ticket_of(userdata), COMMIT_STORED);
}

static void on_snapshotted(const struct store_result *result, void *userdata)
{
	must_be_ok(result);
	b.n_snapshots++;
	commit_queue_snapshotted(b.queue, ticket_of(userdata), &result->snapshot);
}

static void end_beside(void)
{
	b.most_beside = beside();
	b.beside = false;
}

static void on_cleaned(const struct store_result *result, void *userdata)
{
	(void)userdata;
	must_be_ok(result);
	b.n_deleted += result->n_deleted;
	end_beside();
}

static void open_segment(const struct commit_action *action)
{
	struct store_segment segment = { .epoch = action->epoch,
		                         .number = action->segment,
		                         .before = action->position };

	memcpy(segment.cluster_id, b.files.id, sizeof(segment.cluster_id));
	assert_int_equal(
	        store_open_segment(b.store, &segment, on_opened, of_ticket(action->ticket)), 0);
}

static void append(const struct commit_action *action)
{
	b.written += action->size;
	b.last_commit = action->size;
	assert_int_equal(store_append(b.store, action->bytes, action->size, on_appended,
	                              of_ticket(action->ticket)),
	                 0);
}

static void move_register(const struct commit_action *action)
{
	assert_int_equal(action->version, b.reg.version);
	b.reg.version++;
	b.reg.position = action->position;
	if (!log_snapshot_same(&b.reg.snapshot, &action->snapshot)) {
		b.reg.previous = b.reg.snapshot;
		b.reg.snapshot = action->snapshot;
		if (b.reg.previous.epoch == 0)
			end_beside(); /* nothing to delete yet */
	}
	commit_queue_moved(b.queue, action->ticket, COMMIT_MOVED, b.reg.version);
}

static void take_snapshot(const struct commit_action *action)
{
	struct store_snapshot snapshot = { .epoch = action->epoch,
		                           .frozen = pointer_map_freeze(b.map) };

	b.beside = true;
	b.due_at = b.written - b.last_commit;
	memcpy(snapshot.cluster_id, b.files.id, sizeof(snapshot.cluster_id));
	assert_non_null(snapshot.frozen);
	assert_int_equal(
	        store_snapshot(b.store, &snapshot, on_snapshotted, of_ticket(action->ticket)), 0);
}

static void clean(const struct commit_action *action)
{
	struct store_clean c = { .epoch = action->epoch, .previous = action->snapshot };

	memcpy(c.cluster_id, b.files.id, sizeof(c.cluster_id));
	assert_int_equal(store_clean(b.store, &c, on_cleaned, NULL), 0);
}

static void run(const struct commit_action *action)
{
	switch (action->type) {
	case COMMIT_NEW_SEGMENT:
		open_segment(action);
		break;
	case COMMIT_APPEND:
		append(action);
		break;
	case COMMIT_MOVE_REGISTER:
		move_register(action);
		break;
	case COMMIT_SNAPSHOT:
		take_snapshot(action);
		break;
	case COMMIT_CLEAN:
		clean(action);
		break;
	case COMMIT_REPLY:
		assert_int_equal(action->result, COMMIT_DONE);
		b.n_done++;
		break;
	case COMMIT_READ_REGISTER:
	case COMMIT_CATCH_UP:
	case COMMIT_SETTLED:
	case COMMIT_TERM_LOST:
		fail_msg("action %d", action->type);
	}
}

/* ---- the traffic */

/* As checkpoints come and go: one more is stored, and the oldest one is deleted. */
static void ask(void)
{
	bool delete = b.n_asked >= b.live && (b.n_asked - b.live) % 2 == 1;
	uint64_t fresh = b.n_asked < b.live ? b.n_asked : b.live + (b.n_asked - b.live) / 2;
	char key[40], value[VALUE_SIZE];
	struct commit_request request = { .op = delete ? COMMIT_DELETE : COMMIT_PUT,
		                          .key = key,
		                          .value = value,
		                          .value_size = sizeof(value) };

	(void)snprintf(key, sizeof(key), "checkpoints/%020" PRIu64,
	               delete ? fresh - b.live : fresh);
	memset(value, (int)('a' + fresh % 26), sizeof(value));
	assert_int_equal(commit_queue_submit(b.queue, &request), COMMIT_PENDING);
	b.n_asked++;
}

/* Clients that wait while as much as a whole span was committed beside a snapshot: so W is at most
 * about D, also where the machine has no time for the thread that writes it. */
static bool too_fast(void)
{
	return b.beside && b.written - b.due_at > span();
}

/* One turn of the loop. */
static void turn(void)
{
	struct pollfd p = { .fd = store_fd(b.store), .events = POLLIN };
	struct commit_action action;
	bool waits;

	while (commit_queue_next(b.queue, &action))
		run(&action);
	waits = !commit_queue_idle(b.queue) || too_fast();
	if (poll(&p, 1, waits ? 60 * 1000 : 0) == 1)
		store_dispatch(b.store, now());
	else
		assert_false(waits);
}

static void change(uint64_t n)
{
	uint64_t end = b.n_done + n;

	while (b.n_done < end) {
		if (commit_queue_idle(b.queue) && !too_fast()) {
			check_disk();
			for (unsigned i = 0; i < TOGETHER && b.n_asked < end; i++)
				ask();
		}
		turn();
	}
	while (b.beside)
		turn();
	check_disk();
}

static int same(const struct pointer *p, void *userdata)
{
	const struct pointer *q = pointer_map_get(userdata, p->key);

	assert_non_null(q);
	assert_int_equal(q->revision, p->revision);
	assert_int_equal(q->value_size, p->value_size);
	assert_memory_equal(pointer_value(q), pointer_value(p), p->value_size);
	return 0;
}

/* A cold member: reads what is left, which is all. */
static void read_back(void)
{
	struct follower_request request = { .path = b.files.cluster,
		                            .to = b.reg.position,
		                            .snapshot = b.reg.snapshot,
		                            .previous = b.reg.previous };
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct follower_result result;

	assert_non_null(map);
	memcpy(request.cluster_id, b.files.id, sizeof(request.cluster_id));
	follower_read(&request, &result);
	if (result.report.state != STORE_OK || result.passed_over[0])
		fail_msg("%s %s", result.report.text, result.passed_over);
	assert_int_equal(result.report.n_damage, 0);
	assert_true(result.bytes <= span() + b.most_beside);
	assert_int_equal(pointer_map_merge(map, result.delta, NULL, NULL), 0);
	assert_int_equal(pointer_map_count(map), b.live);
	assert_int_equal(pointer_map_count(b.map), b.live);
	assert_int_equal(pointer_map_list(b.map, "", same, map), 0);
	follower_result_done(&result);
}

static void begin(uint64_t live, uint64_t min_log)
{
	struct store_config config = { .path = b.files.path,
		                       .cluster = "c",
		                       .member = "jm-a",
		                       .io_usec = 120 * USEC_PER_SEC };

	b.live = live;
	b.min_log = min_log;
	b.reg.epoch.v = EPOCH;
	b.reg.latch = "n-own";
	b.map = pointer_map_new();
	b.queue = commit_queue_new(b.map);
	assert_non_null(b.queue);
	commit_queue_set_min_log(b.queue, min_log);
	assert_int_equal(store_new(&config, &b.store), 0);
	assert_int_equal(commit_queue_begin(b.queue, &b.reg), 0);
}

static int setup(void **state)
{
	(void)state;
	b = (struct bench){ .live = 0 };
	files_setup(&b.files);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	commit_queue_free(b.queue);
	pointer_map_free(b.map);
	store_free(b.store);
	files_teardown(&b.files);
	return 0;
}

static void tell(void)
{
	print_message("# %" PRIu64 " changes, %" PRIu64 " bytes of log, %" PRIu64
	              " snapshots of %" PRIu64 ": at most %" PRIu64 " bytes on disk, D %" PRIu64
	              ", W %" PRIu64 "\n",
	              b.n_done, b.written, b.n_snapshots, b.largest_snapshot, b.most, span(),
	              b.most_beside);
}

static void a_million_changes_take_no_more_than_the_bound(void **state)
{
	(void)state;
	begin(1000, 1024 * 1024);
	change(1000 * 1000);
	tell();
	assert_true(b.n_snapshots >= 40 && b.n_deleted >= 2 * (b.n_snapshots - 2));
	assert_true(b.most < b.written / 10);
	read_back();
}

/* What is live decides how long the log gets, not the smallest one that is worth a snapshot. */
static void with_much_that_is_live_the_log_is_longer(void **state)
{
	(void)state;
	begin(20 * 1000, 1024 * 1024);
	change(300 * 1000);
	tell();
	assert_true(span() > 2 * b.min_log);
	assert_true(b.n_snapshots >= 3 && b.n_deleted > 0);
	read_back();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_million_changes_take_no_more_than_the_bound,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(with_much_that_is_live_the_log_is_longer, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
