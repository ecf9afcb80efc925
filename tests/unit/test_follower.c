/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/follower.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/storage_files.h"

static const struct log_position nothing;
static struct files f;

static int setup(void **state)
{
	(void)state;
	files_setup(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_teardown(&f);
	return 0;
}

/* Reads from the start and expects a state. */
static void expect(enum store_state want, struct follower_result *r)
{
	files_follow(&f, NULL, &f.at, r);
	if (r->report.state != want)
		print_message("%s\n", r->report.text);
	assert_int_equal(r->report.state, want);
	assert_true((r->delta != NULL) == (want == STORE_OK));
}

static void new_register_is_an_empty_map(void **state)
{
	struct follower_result r;

	(void)state;
	files_follow(&f, NULL, &nothing, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(pointer_map_count(r.delta), 0);
	follower_result_done(&r);
}

/* Section 5: "The map is read back" over segments and epochs. */
static void reads_the_chain_of_headers_forward(void **state)
{
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_put(&f, "b", "1");
	files_begin(&f, 1, 2, &f.at);
	files_put(&f, "a", "2");
	files_begin(&f, 4, 1, &f.at); /* two terms that wrote nothing */
	files_append(&f, "b", NULL, 0);
	files_put(&f, "c", "3");
	expect(STORE_OK, &r);
	assert_true(r.records == 5 && r.report.n_damage == 0);
	assert_string_equal(files_value(r.delta, "a"), "2");
	assert_string_equal(files_value(r.delta, "b"), "(deleted)");
	assert_string_equal(files_value(r.delta, "c"), "3");
	assert_memory_equal(pointer_map_position(r.delta), &f.at, sizeof(f.at));
	follower_result_done(&r);
}

static void reads_only_the_rest_from_a_known_position(void **state)
{
	struct log_position known;
	struct follower_result r;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_begin(&f, 1, 2, &f.at);
	files_put(&f, "b", "1");
	known = f.at;
	files_put(&f, "c", "1");
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "d", "1");
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0); /* not needed any more */
	files_follow(&f, &known, &f.at, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_false(r.restarted);
	assert_int_equal(r.records, 2);
	assert_string_equal(files_value(r.delta, "b"), "(none)");
	assert_string_equal(files_value(r.delta, "d"), "1");
	follower_result_done(&r);
}

/* The end of an earlier file is known: that file need not be there. */
static void file_that_was_read_to_its_end_is_not_opened(void **state)
{
	struct log_position known;
	struct follower_result r;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	known = f.at;
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "b", "1");
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
	files_follow(&f, &known, &f.at, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_int_equal(r.records, 1);
	follower_result_done(&r);
}

static void starts_over_when_the_register_went_back(void **state)
{
	struct log_position earlier, ahead;
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	earlier = f.at;
	files_put(&f, "b", "1");
	ahead = f.at;
	files_follow(&f, &ahead, &earlier, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_true(r.restarted && r.records == 1);
	assert_string_equal(files_value(r.delta, "a"), "1");
	follower_result_done(&r);
}

/* Another writer's segment after an end that lies before ours. */
static void starts_over_when_the_chain_does_not_lead_there(void **state)
{
	struct log_position known, fork;
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	fork = f.at;
	files_begin(&f, 1, 2, &fork);
	files_put(&f, "dropped", "1");
	known = f.at;
	files_begin(&f, 2, 1, &fork);
	files_put(&f, "b", "1");
	files_follow(&f, &known, &f.at, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_true(r.restarted && r.records == 2);
	assert_string_equal(files_value(r.delta, "dropped"), "(none)");
	follower_result_done(&r);
}

/* The uncommitted tail is never applied. */
static void stops_at_the_committed_end(void **state)
{
	struct log_position committed;
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	committed = f.at;
	files_put(&f, "a", "tail");
	files_follow(&f, NULL, &committed, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_string_equal(files_value(r.delta, "a"), "1");
	/* its writer knew of no later commit: an ordinary tail */
	assert_true(r.committed_seen == 1);
	follower_result_done(&r);
}

/* A11 */
static void record_that_knows_of_a_later_commit_is_reported(void **state)
{
	struct log_position old;
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	old = f.at;
	files_put(&f, "b", "1");
	files_put(&f, "c", "1");
	files_follow(&f, NULL, &old, &r);
	assert_int_equal(r.report.state, STORE_OK);
	assert_true(r.committed_seen == 2);
	follower_result_done(&r);
}

/* B5, C5 */
static void absent_or_short_is_log_missing_and_never_damaged(void **state)
{
	struct follower_result r;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_begin(&f, 2, 1, &f.at);
	files_put(&f, "b", "1");
	files_name(&f, 2, 1, path);
	assert_int_equal(truncate(path, (off_t)f.at.offset - 1), 0);
	expect(STORE_LOG_MISSING, &r);
	assert_non_null(strstr(r.report.text, path));
	follower_result_done(&r);
	assert_int_equal(unlink(path), 0);
	expect(STORE_LOG_MISSING, &r);
	follower_result_done(&r);
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
	expect(STORE_LOG_MISSING, &r);
	assert_int_equal(r.report.n_damage, 0);
	follower_result_done(&r);
}

/* B5: an empty mount point is not an empty log. */
static void absent_directory_is_log_missing(void **state)
{
	struct follower_request request = { .path = "/nonexistent/c",
		                            .to = { 1, 1, 200, 1, "" },
		                            .retry_usec = 1 };
	struct follower_result r;

	(void)state;
	follower_read(&request, &r);
	assert_int_equal(r.report.state, STORE_LOG_MISSING);
	assert_null(r.delta);
	follower_result_done(&r);
}

/* B6 */
static void damaged_value_is_named_and_the_rest_served(void **state)
{
	struct follower_result r;
	size_t at;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "old");
	files_put(&f, "a", "current value");
	at = f.at.offset - 16;
	files_put(&f, "b", "1");
	files_name(&f, 1, 1, path);
	files_flip(path, at, 3);
	expect(STORE_OK, &r);
	assert_int_equal(r.report.n_damage, 1);
	assert_string_equal(r.report.damage[0].key, "a");
	assert_true(r.report.damage[0].sequence == 2 && r.report.damage[0].epoch == 1);
	assert_string_equal(files_value(r.delta, "a"), "(damaged)");
	assert_string_equal(files_value(r.delta, "b"), "1");
	follower_result_done(&r);
}

/* B6 */
static void lost_header_is_a_gap_of_unknown_keys(void **state)
{
	struct follower_result r;
	size_t at;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	at = f.at.offset;
	files_put(&f, "b", "1");
	files_put(&f, "c", "1");
	files_begin(&f, 1, 2, &f.at);
	files_put(&f, "d", "1");
	files_name(&f, 1, 1, path);
	files_flip(path, at + 8, 5); /* its size: the way to the next record is lost, too */
	expect(STORE_OK, &r);
	assert_int_equal(r.report.n_damage, 1);
	assert_null(r.report.damage[0].key);
	assert_true(r.report.damage[0].records == 1 && r.report.damage[0].sequence == 2);
	assert_true(r.report.damage[0].offset == at);
	assert_string_equal(files_value(r.delta, "b"), "(none)");
	assert_string_equal(files_value(r.delta, "c"), "1");
	assert_string_equal(files_value(r.delta, "d"), "1");
	follower_result_done(&r);
}

static void last_record_lost_is_counted(void **state)
{
	struct follower_result r;
	size_t at;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	at = f.at.offset;
	files_put(&f, "b", "1");
	files_put(&f, "c", "1");
	files_name(&f, 1, 1, path);
	files_flip(path, at, 0);
	files_flip(path, f.at.offset - 60, 0);
	expect(STORE_OK, &r);
	assert_int_equal(r.report.n_damage, 1);
	assert_true(r.report.damage[0].records == 2);
	follower_result_done(&r);
}

/* No checksum covers the padding; no key is lost with it. */
static void damaged_padding_loses_nothing(void **state)
{
	struct follower_result r;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_name(&f, 1, 1, path);
	files_flip(path, f.at.offset - 1, 3);
	expect(STORE_OK, &r);
	assert_int_equal(r.report.n_damage, 1);
	assert_true(!r.report.damage[0].key && r.report.damage[0].records == 0);
	assert_string_equal(files_value(r.delta, "a"), "1");
	follower_result_done(&r);
}

/* A large gap: the next record lies beyond what is read at once. */
static void finds_the_next_record_over_a_large_gap(void **state)
{
	static uint8_t big[RECORD_VALUE_MAX];
	struct follower_result r;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	for (unsigned i = 0; i < 50; i++) {
		size_t at = f.at.offset;

		files_append(&f, "big", big, sizeof(big));
		files_name(&f, 1, 1, path);
		if (i < 31) /* the next one begins in the first window and ends behind it */
			files_flip(path, at, 0);
	}
	files_put(&f, "z", "1");
	expect(STORE_OK, &r);
	assert_int_equal(r.report.n_damage, 1);
	assert_true(r.report.damage[0].records == 31 && r.records == 21);
	assert_string_equal(files_value(r.delta, "z"), "1");
	follower_result_done(&r);
}

/* B5: serve nothing. */
static void digest_that_disagrees_without_damage_is_refused(void **state)
{
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	f.at.digest[5] ^= 1;
	expect(STORE_DIGEST_MISMATCH, &r);
	follower_result_done(&r);
}

/* B5, B7: somebody else's bytes of the same form, with right checksums. */
static void exchanged_record_is_refused(void **state)
{
	struct log_position end;
	struct follower_result r;
	uint8_t *bytes;
	size_t size;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "2");
	files_name(&f, 1, 1, path);
	bytes = files_read(path, &size);
	files_begin(&f, 1, 2, &nothing);
	files_put(&f, "a", "1");
	end = f.at;
	files_name(&f, 1, 2, path);
	/* keep the header of the second, take the record of the first */
	{
		size_t own;
		uint8_t *b = files_read(path, &own);

		assert_int_equal(own, size);
		memcpy(b + 128, bytes + 128, size - 128);
		files_write(path, b, size);
		free(b);
	}
	free(bytes);
	files_follow(&f, NULL, &end, &r);
	assert_int_equal(r.report.state, STORE_DIGEST_MISMATCH);
	follower_result_done(&r);
}

/* A11 */
static void file_of_another_cluster_is_foreign(void **state)
{
	struct follower_result r;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	f.id[0] ^= 1;
	expect(STORE_FOREIGN, &r);
	follower_result_done(&r);
}

/* Promise 4: each single flipped bit is noticed, or changes nothing that is served. */
static void every_flipped_bit_is_noticed_or_harmless(void **state)
{
	size_t noticed = 0;
	char path[160];
	size_t size;

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "old");
	files_put(&f, "jobs/b", "value of b");
	files_put(&f, "a", "new");
	files_name(&f, 1, 1, path);
	size = f.at.offset;
	for (size_t i = 0; i < 8 * size; i++) {
		struct follower_result r;
		const char *a;

		files_flip(path, i / 8, i % 8);
		files_follow(&f, NULL, &f.at, &r);
		if (r.report.state != STORE_OK) {
			noticed++;
		} else {
			assert_true(r.report.n_damage > 0); /* not one slips through */
			noticed++;
			a = files_value(r.delta, "a");
			/* what is served under a key is never torn or foreign; with a header lost
			 * the older value may show, and the gap is reported */
			assert_true(strcmp(a, "new") == 0 || strcmp(a, "(damaged)") == 0 ||
			            (r.report.damage[0].records > 0 && strcmp(a, "old") == 0));
			a = files_value(r.delta, "jobs/b");
			assert_true(strcmp(a, "value of b") == 0 || strcmp(a, "(damaged)") == 0 ||
			            (r.report.damage[0].records > 0 && strcmp(a, "(none)") == 0));
		}
		follower_result_done(&r);
		files_flip(path, i / 8, i % 8);
	}
	assert_int_equal(noticed, 8 * size);
}

/* Opening it would wait for a writer, for ever. */
static void pipe_in_place_of_a_file_hangs_nobody(void **state)
{
	struct follower_result r;
	char path[160];

	(void)state;
	files_begin(&f, 1, 1, &nothing);
	files_put(&f, "a", "1");
	files_name(&f, 1, 1, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)alarm(20);
	files_follow(&f, NULL, &f.at, &r);
	(void)alarm(0);
	assert_int_equal(r.report.state, STORE_FAILED);
	assert_non_null(strstr(r.report.text, "00001.log"));
	follower_result_done(&r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(new_register_is_an_empty_map),
		T(reads_the_chain_of_headers_forward),
		T(reads_only_the_rest_from_a_known_position),
		T(file_that_was_read_to_its_end_is_not_opened),
		T(starts_over_when_the_register_went_back),
		T(starts_over_when_the_chain_does_not_lead_there),
		T(stops_at_the_committed_end),
		T(record_that_knows_of_a_later_commit_is_reported),
		T(absent_or_short_is_log_missing_and_never_damaged),
		T(absent_directory_is_log_missing),
		T(damaged_value_is_named_and_the_rest_served),
		T(lost_header_is_a_gap_of_unknown_keys),
		T(last_record_lost_is_counted),
		T(damaged_padding_loses_nothing),
		T(finds_the_next_record_over_a_large_gap),
		T(digest_that_disagrees_without_damage_is_refused),
		T(exchanged_record_is_refused),
		T(file_of_another_cluster_is_foreign),
		T(every_flipped_bit_is_noticed_or_harmless),
		T(pipe_in_place_of_a_file_hangs_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
