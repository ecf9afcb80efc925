/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots beside all else, what is followed from them, and what they let go (B3, B4, C5). */
#include "tests/unit/store_bench.h"

static char changes[256];

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
