/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_bench.h"

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
	assert_non_null(strstr(last.text, "CLUSTER: is no regular file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0750), 0);
	run_check();
	assert_int_equal(last.state, STORE_FAILED);
	assert_non_null(strstr(last.text, "CLUSTER: is no regular file"));
}

/* Opening it would wait for a writer, for ever, and take one thread after the other. */
static void pipe_in_place_of_the_cluster_file_hangs_nobody(void **state)
{
	char path[160];

	(void)state;
	path_name("CLUSTER", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	run_check();
	assert_int_equal(last.state, STORE_FAILED);
	assert_int_equal(last.error, -EINVAL);
	assert_non_null(strstr(last.text, "CLUSTER: is no regular file"));
	run_init();
	assert_int_equal(last.state, STORE_FAILED);
	assert_false(last.has_cluster_id);
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

static enum store_state look(const struct log_position *to, const struct log_snapshot *snapshot)
{
	struct store_look request = { .to = *to, .snapshot = *snapshot };

	memcpy(request.cluster_id, id, sizeof(id));
	assert_int_equal(store_look(s, &request, on_done, &f), 0);
	wait_for(1);
	return last.state;
}

/* By whom no file would be opened else: all of it is in memory. */
static void look_finds_what_is_not_there_any_more(void **state)
{
	static const struct log_snapshot none;
	struct log_snapshot middle, end;
	char path[160], away[200];

	(void)state;
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_begin(&f, 1, 2, &f.at);
	files_put(&f, "a", "2");
	middle = files_snapshot_here(&f, 1);
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "a", "3");
	end = files_snapshot_here(&f, 2);
	assert_int_equal(look(&nothing, &none), STORE_OK);
	assert_int_equal(look(&f.at, &none), STORE_OK);
	assert_int_equal(look(&f.at, &middle), STORE_OK);
	files_name(&f, 1, 1, path);
	(void)snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(look(&f.at, &middle), STORE_OK); /* the snapshot has it */
	assert_int_equal(look(&f.at, &none), STORE_LOG_MISSING);
	assert_non_null(strstr(last.text, path));
	files_name(&f, 2, 1, path);
	assert_int_equal(truncate(path, (off_t)f.at.offset - 1), 0);
	assert_int_equal(look(&f.at, &middle), STORE_LOG_MISSING);
	assert_non_null(strstr(last.text, path));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(look(&f.at, &middle), STORE_FAILED);
	assert_int_equal(last.error, -EINVAL);         /* not the storage: this file */
	assert_int_equal(look(&f.at, &end), STORE_OK); /* has all of it */
}

/* The last snapshot is what the next start reads first. */
static void look_finds_that_the_snapshot_is_gone(void **state)
{
	struct log_snapshot middle, end;
	char path[160], away[200];

	(void)state;
	store_free(s);
	open_store(f.path, 100 * USEC_PER_MSEC);
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	middle = files_snapshot_here(&f, 1);
	files_put(&f, "a", "2");
	end = files_snapshot_here(&f, 1);
	files_snapshot_name(&f, &middle, path);
	(void)snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(look(&f.at, &end), STORE_OK); /* another one */
	assert_int_equal(look(&f.at, &middle), STORE_LOG_MISSING);
	assert_non_null(strstr(last.text, path));
	files_snapshot_name(&f, &end, path);
	assert_int_equal(rename(away, path), 0); /* in the place of the last one */
	assert_int_equal(look(&f.at, &end), STORE_DIGEST_MISMATCH);
	assert_non_null(strstr(last.text, path));
	assert_int_equal(unlink(path), 0);
	end = files_snapshot_here(&f, 1);
	assert_int_equal(look(&f.at, &end), STORE_OK);
	assert_int_equal(truncate(path, 300), 0);               /* its header is there still */
	assert_int_equal(look(&f.at, &end), STORE_LOG_MISSING); /* the log has nothing behind it */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(look(&f.at, &end), STORE_FAILED);
	assert_int_equal(last.error, -EINVAL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(check_makes_nothing),
		T(path_must_exist),
		T(first_pair_is_made_once),
		T(no_first_pair_beside_an_old_log),
		T(cluster_file_that_is_not_ours_is_told_apart),
		T(pipe_in_place_of_the_cluster_file_hangs_nobody),
		T(list_finds_the_highest_epoch),
		T(list_tells_what_the_newest_file_knows_as_committed),
		T(what_is_appended_is_followed),
		T(look_finds_what_is_not_there_any_more),
		T(look_finds_that_the_snapshot_is_gone),
		T(map_that_moved_meanwhile_is_left_alone),
		T(append_without_a_segment_fails),
		T(probe_writes_and_cleans_up),
		T(full_storage_has_its_own_state),
		T(damaged_file_is_copied_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
