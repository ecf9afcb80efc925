/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/storage_files.h"

static const struct log_position nothing;
static const uint8_t id[RECORD_CLUSTER_ID_SIZE] = "fedcba987654321";

static struct files f;
static struct store *s;
static struct store_result last;
static unsigned answers;

static usec_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / NSEC_PER_USEC;
}

static void on_done(const struct store_result *result, void *userdata)
{
	last = *result;
	assert_ptr_equal(userdata, &f);

	answers++;
}

/* Runs the loop until n more answers have come. */
static void wait_for(unsigned n)
{
	usec_t give_up = now() + 30 * USEC_PER_SEC;

	n += answers;
	while (answers < n) {
		struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
		usec_t deadline = store_next_deadline(s);
		usec_t left = usec_sub(deadline < give_up ? deadline : give_up, now());

		(void)poll(&p, 1, (int)(left / USEC_PER_MSEC) + 1);
		store_dispatch(s, now());
		assert_true(now() < give_up);
	}
}

static char changes[256];

static void open_store(const char *path, usec_t io_usec)
{
	struct store_config config = {
		.path = path, .cluster = "c", .member = "jm-a", .io_usec = io_usec
	};

	assert_int_equal(store_new(&config, &s), 0);
	answers = 0;
}

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	memcpy(f.id, id, sizeof(id));
	open_store(f.path, 20 * USEC_PER_SEC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_free(s);
	files_teardown(&f);
	return 0;
}

static void run_init(void)
{
	assert_int_equal(store_init(s, id, on_done, &f), 0);
	wait_for(1);
}

static void run_check(void)
{
	assert_int_equal(store_check(s, on_done, &f), 0);
	wait_for(1);
}

static void path_name(const char *name, char ret[160])
{
	(void)snprintf(ret, 160, "%s/%s", f.cluster, name);
}

static void check_makes_nothing(void **state)
{
	char path[160];

	(void)state;
	files_teardown(&f);
	assert_int_equal(mkdir(f.path, 0750), 0);
	run_check();
	assert_int_equal(last.state, STORE_OK);
	assert_false(last.has_cluster_id);
	assert_false(last.has_files);
	path_name("", path);
	assert_int_equal(access(path, F_OK), -1);
	f.segment = NULL;
	f.log_fd = open("/", O_RDONLY | O_CLOEXEC);
}

/* B5: an absent mount is not a new store. */
static void path_must_exist(void **state)
{
	(void)state;
	store_free(s);
	open_store("/nonexistent/jmha", USEC_PER_SEC);
	run_check();
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(last.error, -ENOENT);
	assert_non_null(strstr(last.text, "/nonexistent/jmha"));
	run_init();
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(access("/nonexistent", F_OK), -1);
}

/* A11 */
static void first_pair_is_made_once(void **state)
{
	static const uint8_t other[RECORD_CLUSTER_ID_SIZE] = "another";
	struct stat st;
	char path[160];

	(void)state;
	run_init();
	assert_int_equal(last.state, STORE_OK);
	assert_memory_equal(last.cluster_id, id, sizeof(id));
	path_name("snapshot", path);
	assert_int_equal(stat(path, &st), 0);
	/* a second one reads the first one's */
	assert_int_equal(store_init(s, other, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	assert_memory_equal(last.cluster_id, id, sizeof(id));
	run_check();
	assert_true(last.has_cluster_id && !last.has_files);
	assert_memory_equal(last.cluster_id, id, sizeof(id));
}

/* A11: beside an old log nothing is made, and whoever asked is told of it. */
static void no_first_pair_beside_an_old_log(void **state)
{
	char path[160];

	(void)state;
	run_init();
	assert_false(last.has_files);
	path_name("log/00000000000000000001-00000000000000000001.log", path);
	files_write(path, "x", 1);
	run_init();
	assert_int_equal(last.state, STORE_OK);
	assert_true(last.has_cluster_id && last.has_files);
	path_name("CLUSTER", path);
	assert_int_equal(unlink(path), 0);
	run_init();
	assert_int_equal(last.state, STORE_OK);
	assert_true(last.has_files);
	assert_false(last.has_cluster_id);
	assert_int_equal(access(path, F_OK), -1);
}

static void cluster_file_that_is_not_ours_is_told_apart(void **state)
{
	char path[160];

	(void)state;
	path_name("CLUSTER", path);
	files_write(path, "hello", 5);
	run_check();
	assert_int_equal(last.state, STORE_FOREIGN);
	assert_non_null(strstr(last.text, path));
	files_write(path, "", 0);
	run_check();
	assert_int_equal(last.state, STORE_FOREIGN);
	files_write(path, "{\"version\": 2}", 14);
	run_check();
	assert_int_equal(last.state, STORE_VERSION);
	files_write(path, "{\"version\": 1, \"cluster_id\": \"00\"}", 34);
	run_init();
	assert_int_equal(last.state, STORE_FOREIGN);
	assert_false(last.has_cluster_id);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	run_check();
	assert_int_equal(last.state, STORE_FAILED);
}

/* A11: a register of before a segment began is not led there by the one it names. */
static void list_tells_what_the_newest_file_knows_as_committed(void **state)
{
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_put(&f, "a", "2"); /* the register of the backup is here */
	files_begin(&f, 1, 2, &f.at);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.highest_epoch == 1 && last.committed_seen == 2);
	files_put(&f, "a", "3"); /* perhaps never acknowledged */
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.committed_seen == 2);
	files_put(&f, "a", "4"); /* the one before was */
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.committed_seen == 3);
	files_begin(&f, 1, 10, &f.at);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.committed_seen == 4);
	files_name(&f, 1, 10, path);
	files_flip(path, 20, 0);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.state == STORE_OK && last.committed_seen == 0);
}

static void list_finds_the_highest_epoch(void **state)
{
	char path[160];

	(void)state;
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.state == STORE_OK && last.highest_epoch == 0);
	files_begin(&f, 9, 3, &nothing);
	files_begin(&f, 12, 1, &nothing);
	path_name("log/99-1.log.tmp", path);
	files_write(path, "", 0);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_true(last.highest_epoch == 12);
	run_check(); /* files, but no CLUSTER: told, not judged */
	assert_int_equal(last.state, STORE_OK);
	assert_true(last.has_files && !last.has_cluster_id);
}

/* What the leader writes is what a follower reads. */
static void what_is_appended_is_followed(void **state)
{
	struct store_segment segment = { .epoch = { 1 }, .number = 1, .created_ms = 5 };
	struct store_follow follow = { .map = pointer_map_new() };
	struct record_change c[64];
	char keys[64][16];
	uint8_t *bytes;
	size_t size;

	(void)state;
	run_init();
	memcpy(segment.cluster_id, id, sizeof(id));
	memcpy(follow.cluster_id, id, sizeof(id));
	assert_int_equal(store_open_segment(s, &segment, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	follow.to = last.position;
	for (unsigned i = 0; i < 64; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "jobs/%u", i);
		c[i] = (struct record_change){ .op = RECORD_PUT,
			                       .key = keys[i],
			                       .key_size = (uint16_t)strlen(keys[i]),
			                       .value = (const uint8_t *)keys[i],
			                       .value_size = (uint32_t)strlen(keys[i]) };
	}
	size = record_size(c, 64);
	bytes = malloc(size);
	assert_non_null(bytes);
	record_encode(1, 0, c, 64, bytes);
	assert_int_equal(store_append(s, bytes, size, on_done, &f), 0);
	assert_int_equal(record_digest(follow.to.digest, bytes, size), 0);
	memset(bytes, 0, size); /* was copied */
	free(bytes);
	follow.to.offset += size;
	follow.to.sequence = 1;
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	wait_for(2);
	if (last.state != STORE_OK)
		print_message("%s\n", last.text);
	assert_int_equal(last.state, STORE_OK);
	assert_int_equal(pointer_map_count(follow.map), 64);
	assert_string_equal(files_value(follow.map, "jobs/63"), "jobs/63");
	assert_true(pointer_map_position(follow.map)->sequence == 1);
	pointer_map_free(follow.map);
}

/* The map is the loop's: what was read for another position is not merged. */
static void map_that_moved_meanwhile_is_left_alone(void **state)
{
	struct store_follow follow = { .map = pointer_map_new() };
	struct log_position elsewhere = { 9, 9, 999, 99, "" };

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	memcpy(follow.cluster_id, id, sizeof(id));
	follow.to = f.at;
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	pointer_map_set_position(follow.map, &elsewhere);
	wait_for(1);
	assert_int_equal(last.error, -ESTALE);
	assert_int_equal(pointer_map_count(follow.map), 0);
	pointer_map_free(follow.map);
}

static void append_without_a_segment_fails(void **state)
{
	(void)state;
	assert_int_equal(store_append(s, "x", 1, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(last.error, -EBADF);
}

/* C2 */
static void probe_writes_and_cleans_up(void **state)
{
	char path[160];

	(void)state;
	assert_int_equal(store_probe(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	path_name("probe-jm-a", path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(symlink("/dev/full", path), 0); /* O_NOFOLLOW: not written through */
	assert_int_equal(store_probe(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(last.error, -ELOOP);
}

static void full_storage_has_its_own_state(void **state)
{
	(void)state;
	assert_int_equal(store_state_from_errno(-ENOSPC), STORE_FULL);
	assert_int_equal(store_state_from_errno(-EDQUOT), STORE_FULL);
	assert_int_equal(store_state_from_errno(-EIO), STORE_FAILED);
	assert_int_equal(store_state_from_errno(0), STORE_OK);
	for (int i = 0; i < STORE_N_STATES_; i++)
		assert_non_null(store_state_code((enum store_state)i));
	assert_string_equal(store_state_code(STORE_FULL), "storage-full");
}

static void set_aside(enum record_file_kind kind)
{
	const struct store_file file = { kind, 3, 2 };

	assert_int_equal(store_quarantine(s, &file, "value of a", on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
}

static void damaged_file_is_copied_by_name(void **state)
{
	char path[160];

	(void)state;
	files_begin(&f, 3, 2, &nothing);
	set_aside(RECORD_FILE_LOG);
	path_name("quarantine/00000000000000000003-00000000000000000002.log.reason", path);
	assert_int_equal(access(path, F_OK), 0);
	path_name("snapshot/00000000000000000003-00000000000000000002.snap", path);
	files_write(path, "x", 1);
	set_aside(RECORD_FILE_SNAPSHOT);
	path_name("quarantine/00000000000000000003-00000000000000000002.snap", path);
	assert_int_equal(access(path, F_OK), 0);
}

/* A pipe in place of CLUSTER: opening it hangs as a dead NFS server does, until let_go(). */
static void hang(void)
{
	char path[160];

	path_name("CLUSTER", path);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void let_go(void)
{
	char path[160];
	int fd;

	path_name("CLUSTER", path);
	fd = open(path, O_RDWR | O_CLOEXEC); /* opens a pipe without waiting */
	assert_true(fd >= 0);
	while (write(fd, "x", 1) < 0 && errno == EINTR)
		;
	/* each reader gets in now; those that wait for data get end of file after the close */
	(void)usleep(1000);
	(void)close(fd);
}

/* B4 */
static void late_operation_is_answered_and_its_thread_replaced(void **state)
{
	(void)state;
	store_free(s);
	open_store(f.path, 500 * USEC_PER_MSEC);
	hang();
	assert_int_equal(store_check(s, on_done, &f), 0);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_CHECK);
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(last.error, -ETIMEDOUT);
	wait_for(1); /* on a new thread */
	assert_int_equal(last.op, STORE_LIST);
	assert_int_equal(last.state, STORE_OK);
	let_go();
}

/* B4: the segment belongs to the thread that hangs, so what comes late cannot touch a live one. */
static void new_thread_has_no_segment(void **state)
{
	struct store_segment segment = { .epoch = { 1 }, .number = 1 };

	(void)state;
	store_free(s);
	open_store(f.path, 500 * USEC_PER_MSEC);
	assert_int_equal(store_open_segment(s, &segment, on_done, &f), 0);
	assert_int_equal(store_append(s, "x", 1, on_done, &f), 0);
	wait_for(2);
	assert_int_equal(last.state, STORE_OK);
	hang();
	assert_int_equal(store_check(s, on_done, &f), 0);
	assert_int_equal(store_append(s, "x", 1, on_done, &f), 0);
	wait_for(2);
	assert_int_equal(last.op, STORE_APPEND);
	assert_int_equal(last.error, -EBADF);
	let_go();
}

/* With too many stuck, what comes is refused at once, until one returns. */
static void number_of_stuck_threads_is_limited(void **state)
{
	(void)state;
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	hang();
	for (unsigned i = 0; i < STORE_MAX_STUCK; i++) {
		assert_int_equal(store_check(s, on_done, &f), 0);
		wait_for(1);
		assert_int_equal(last.error, -ETIMEDOUT);
	}
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.error, -EBUSY);
	for (usec_t give_up = now() + 20 * USEC_PER_SEC; last.state != STORE_OK;) {
		let_go();
		assert_int_equal(store_list(s, on_done, &f), 0);
		wait_for(1);
		assert_true(now() < give_up);
	}
	assert_int_equal(last.state, STORE_OK);
	for (unsigned i = 0; i < 20; i++)
		let_go();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- snapshots, beside all else */

static struct pointer_map *map_of(const char *key, const char *value)
{
	struct pointer_map *map = pointer_map_new();
	const struct record_change c = { .op = RECORD_PUT,
		                         .key = key,
		                         .key_size = (uint16_t)strlen(key),
		                         .value = (const uint8_t *)value,
		                         .value_size = (uint32_t)strlen(value) };

	assert_non_null(map);
	if (f.at.sequence == 0)
		f.at = (struct log_position){ 1, 1, 500, 7, "digest" };
	assert_int_equal(pointer_map_apply(map, &c, f.at.sequence, false), 0);
	pointer_map_set_position(map, &f.at);
	return map;
}

static int snapshot(struct pointer_map *map)
{
	struct store_snapshot request = { .epoch = { 1 }, .frozen = pointer_map_freeze(map) };

	assert_non_null(request.frozen);
	memcpy(request.cluster_id, id, sizeof(id));
	return store_snapshot(s, &request, on_done, &f);
}

/* Of what is to be written as map is now. */
static void temporary_name(const struct pointer_map *map, char ret[256])
{
	(void)snprintf(ret, 256, "%s/snapshot/%020u-%020u.jm-a.%ld.tmp", f.cluster, 1U,
	               (unsigned)pointer_map_position(map)->sequence, (long)getpid());
}

static void hang_snapshot(const struct pointer_map *map)
{
	char path[256];

	temporary_name(map, path);
	assert_int_equal(mkfifo(path, 0600), 0);
}

/* Whoever waits for the pipe gets in, now or later, until the descriptor is closed. */
static int let_snapshot_go(const struct pointer_map *map)
{
	char path[256];
	int fd;

	temporary_name(map, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void what_a_snapshot_holds_is_followed(void **state)
{
	struct store_follow follow = { .map = pointer_map_new() };
	struct pointer_map *map;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	map = map_of("a", "1");
	assert_int_equal(snapshot(map), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_SNAPSHOT);
	assert_int_equal(last.state, STORE_OK);
	assert_true(last.snapshot.epoch == 1);
	assert_memory_equal(&last.snapshot.at, &f.at, sizeof(f.at));
	follow.snapshot = last.snapshot;
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "b", "2");
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
	memcpy(follow.cluster_id, id, sizeof(id));
	follow.to = f.at;
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	assert_string_equal(files_value(follow.map, "a"), "1");
	assert_string_equal(files_value(follow.map, "b"), "2");
	pointer_map_free(follow.map);
	pointer_map_free(map);
}

static void note_change(const struct pointer *p, void *userdata)
{
	(void)userdata;
	(void)strncat(changes, p->deleted ? "-" : "+", 2);
	(void)strncat(changes, p->key, 255);
}

/* C5: what was deleted in a log that is gone is told, too. */
static void reloading_tells_what_is_no_longer_there(void **state)
{
	struct store_follow follow = { .map = pointer_map_new(), .on_change = note_change };
	struct pointer_map *map = pointer_map_new();
	const struct record_change kept = { .op = RECORD_PUT,
		                            .key = "kept",
		                            .key_size = 4,
		                            .value = (const uint8_t *)"1",
		                            .value_size = 1 };
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "gone", "1");
	files_put(&f, "kept", "1");
	memcpy(follow.cluster_id, id, sizeof(id));
	follow.to = f.at;
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	wait_for(1);
	files_begin(&f, 1, 2, &f.at);
	files_append(&f, "gone", NULL, 0);
	assert_int_equal(pointer_map_apply(map, &kept, 2, false), 0);
	pointer_map_set_position(map, &f.at);
	assert_int_equal(snapshot(map), 0);
	wait_for(1);
	follow.snapshot = last.snapshot;
	files_begin(&f, 1, 3, &f.at);
	files_put(&f, "new", "1");
	follow.to = f.at;
	for (unsigned n = 1; n <= 2; n++) {
		files_name(&f, 1, n, path);
		assert_int_equal(unlink(path), 0);
	}
	changes[0] = '\0';
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	assert_string_equal(changes, "-gone+new");
	assert_int_equal(pointer_map_count(follow.map), 2);
	pointer_map_free(follow.map);
	pointer_map_free(map);
}

/* B6: a leader that had it whole in memory has written it since. */
static void what_is_read_anew_replaces_what_was_damaged(void **state)
{
	struct store_follow follow = { .map = pointer_map_new() };
	struct pointer_map *map;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "whole");
	map = map_of("a", "whole");
	memcpy(follow.cluster_id, id, sizeof(id));
	follow.to = f.at;
	files_name(&f, 1, 1, path);
	files_flip(path, (size_t)f.at.offset - 8, 1); /* in the value */
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	wait_for(1);
	assert_string_equal(files_value(follow.map, "a"), "(damaged)");
	assert_int_equal(snapshot(map), 0);
	wait_for(1);
	follow.snapshot = last.snapshot;
	follow.anew = true;
	assert_int_equal(store_follow(s, &follow, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	assert_string_equal(files_value(follow.map, "a"), "whole");
	assert_int_equal(pointer_map_count_damaged(follow.map), 0);
	pointer_map_free(follow.map);
	pointer_map_free(map);
}

/* No commit waits for a snapshot. */
static void other_operations_overtake_a_snapshot(void **state)
{
	struct pointer_map *map = map_of("a", "1");
	int fd;

	(void)state;
	hang_snapshot(map);
	assert_int_equal(snapshot(map), 0);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_LIST);
	fd = let_snapshot_go(map);
	wait_for(1);
	(void)close(fd);
	assert_int_equal(last.op, STORE_SNAPSHOT);
	assert_int_equal(last.state, STORE_FAILED); /* a pipe is no place for it */
	assert_int_equal(snapshot(map), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	pointer_map_free(map);
}

/* B4: it keeps what it reads until it returns, and no other is begun. */
static void late_snapshot_keeps_its_pointers(void **state)
{
	static const struct store_clean clean = { .epoch = { 1 } };
	struct pointer_map *map = map_of("a", "1");
	struct frozen_map *frozen;
	usec_t give_up;
	int fd;

	(void)state;
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	hang_snapshot(map);
	assert_int_equal(snapshot(map), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_SNAPSHOT);
	assert_int_equal(last.error, -ETIMEDOUT);
	assert_null(pointer_map_freeze(map));
	pointer_free(pointer_map_take(map, "a"));
	assert_int_equal(store_clean(s, &clean, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.error, -EBUSY);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_OK);
	fd = let_snapshot_go(map);
	give_up = now() + 30 * USEC_PER_SEC;
	while (!(frozen = pointer_map_freeze(map)) && now() < give_up) {
		struct pollfd p = { .fd = store_fd(s), .events = POLLIN };

		(void)poll(&p, 1, 100);
		store_dispatch(s, now());
	}
	assert_non_null(frozen);
	(void)close(fd);
	frozen_map_free(frozen);
	assert_int_equal(answers, 3); /* the late one was answered once */
	assert_int_equal(snapshot(map), 0);
	wait_for(1);
	assert_int_not_equal(last.error, -EBUSY);
	pointer_map_free(map);
}

/* Whoever ends while one hangs frees the map first; the thread has the rest to itself. */
static void map_and_store_end_while_a_snapshot_hangs(void **state)
{
	struct pointer_map *map = map_of("a", "1"), *same = map_of("a", "1");

	(void)state;
	hang_snapshot(map);
	assert_int_equal(snapshot(map), 0);
	assert_int_equal(store_list(s, on_done, &f), 0);
	wait_for(1);
	pointer_map_free(map);
	store_free(s);
	(void)let_snapshot_go(same); /* open to the end: the thread comes when it comes */
	pointer_map_free(same);
	open_store(f.path, 20 * USEC_PER_SEC);
}

/* Called last of all at the exit of a process. */
static bool ends;

static void at_exit(void)
{
	uint8_t digest[LOG_DIGEST_SIZE] = { 0 };

	if (ends)
		_exit(record_digest(digest, "x", 1) == 0 ? 0 : 1);
}

/* A thread that is left behind goes on with its snapshot while the process exits. */
static void snapshot_may_outlive_the_exit(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		ends = true;
		exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* B3 */
static void cleaning_tells_what_it_has_deleted(void **state)
{
	const struct log_position at = { 2, 1, 500, 9, "" };
	CLEANUP(pointer_map_freep) struct pointer_map *map = pointer_map_new();
	struct store_clean clean = { .epoch = { 2 } };
	char path[160];

	(void)state;
	pointer_map_set_position(map, &at);
	clean.previous = files_snapshot(&f, 1, map);
	memcpy(clean.cluster_id, f.id, sizeof(f.id));
	files_begin(&f, 1, 1, &nothing);
	files_begin(&f, 2, 1, &f.at);
	assert_int_equal(store_clean(s, &clean, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.op, STORE_CLEAN);
	assert_int_equal(last.state, STORE_OK);
	assert_int_equal(last.n_deleted, 1);
	files_name(&f, 1, 1, path);
	assert_int_equal(access(path, F_OK), -1);
	files_name(&f, 2, 1, path);
	assert_int_equal(access(path, F_OK), 0);

	clean.cluster_id[0]++; /* another file system is mounted there */
	assert_int_equal(store_clean(s, &clean, on_done, &f), 0);
	wait_for(1);
	assert_int_equal(last.state, STORE_FOREIGN);
	assert_int_equal(last.n_deleted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(check_makes_nothing),
		T(path_must_exist),
		T(first_pair_is_made_once),
		T(no_first_pair_beside_an_old_log),
		T(cluster_file_that_is_not_ours_is_told_apart),
		T(list_finds_the_highest_epoch),
		T(list_tells_what_the_newest_file_knows_as_committed),
		T(what_is_appended_is_followed),
		T(map_that_moved_meanwhile_is_left_alone),
		T(append_without_a_segment_fails),
		T(probe_writes_and_cleans_up),
		T(full_storage_has_its_own_state),
		T(damaged_file_is_copied_by_name),
		T(late_operation_is_answered_and_its_thread_replaced),
		T(new_thread_has_no_segment),
		T(number_of_stuck_threads_is_limited),
		T(what_a_snapshot_holds_is_followed),
		T(reloading_tells_what_is_no_longer_there),
		T(what_is_read_anew_replaces_what_was_damaged),
		T(other_operations_overtake_a_snapshot),
		T(late_snapshot_keeps_its_pointers),
		T(map_and_store_end_while_a_snapshot_hangs),
		T(snapshot_may_outlive_the_exit),
		T(cleaning_tells_what_it_has_deleted),
	};

	assert_int_equal(atexit(at_exit), 0);
	store_keep_at_exit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
