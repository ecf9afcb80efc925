/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/text.h"
#include "tests/unit/storage_files.h"

#define PUT(k, v)                                                          \
	{                                                                  \
		.op = RECORD_PUT, .key = (k), .key_size = sizeof(k) - 1,   \
		.value = (const uint8_t *)(v), .value_size = sizeof(v) - 1 \
	}

/* sha256sum of 32 zeros and "abc" */
static const char abc_digest[] = "365aa7d8f7f9402c4b9434502b4cc89ddb09fe50d7cd95b493b834c62d5a5370";

static const struct record_change two[] = { PUT("jobs/a", "value of a"), PUT("b", "x") };

static uint8_t *encode(uint64_t sequence, size_t *ret_size)
{
	uint8_t *b = malloc(record_size(two, 2));

	assert_non_null(b);
	*ret_size = record_size(two, 2);
	record_encode(sequence, sequence - 1, two, 2, b);
	return b;
}

static void header_goes_out_and_back(void **state)
{
	struct record_file_header h = { .kind = RECORD_FILE_LOG,
		                        .cluster_id = "0123456789abcde",
		                        .epoch = 7,
		                        .number = 2,
		                        .created_ms = 1234567,
		                        .before = { 6, 3, 4096, 99, "digest" } };
	struct record_file_header back;
	uint8_t b[RECORD_FILE_HEADER_SIZE];

	(void)state;
	record_file_header_encode(&h, b);
	assert_int_equal(record_file_header_decode(b, sizeof(b), h.cluster_id, &back), RECORD_OK);
	assert_true(back.kind == h.kind && back.epoch == 7 && back.number == 2);
	assert_true(back.created_ms == 1234567 && back.before.offset == 4096);
	assert_true(back.before.epoch == 6 && back.before.segment == 3);
	assert_true(back.before.sequence == 99);
	assert_memory_equal(back.before.digest, h.before.digest, LOG_DIGEST_SIZE);
}

/* Section 5 to the letter: written out by hand, so that the format cannot drift unnoticed. */
static void bytes_are_those_of_the_protocol(void **state)
{
	struct record_file_header h = { .cluster_id = { 0xaa }, .epoch = 1, .number = 2 };
	static const struct record_change one = PUT("k", "vv");
	uint8_t b[RECORD_FILE_HEADER_SIZE], r[64];
	char hex[sizeof(r) * 2 + 1];

	(void)state;
	record_file_header_encode(&h, b);
	assert_memory_equal(b, "JMHALOG1\x80\0\0\0", 12);
	assert_int_equal(b[16], 0xaa);
	assert_int_equal(b[32], 1);
	assert_int_equal(b[40], 2);

	assert_int_equal(record_size(&one, 1), 64);
	record_encode(5, 4, &one, 1, r);
	text_hex(r, sizeof(r), hex);
	/* magic; crc; 56; 2; 5; 4; 1 change, zeros | put 0 1 2 crc "k", zeros | "vv", zeros */
	assert_memory_equal(hex, "4a524543", 8);
	assert_memory_equal(hex + 16,
	                    "38000000"
	                    "02000000"
	                    "0500000000000000"
	                    "0400000000000000"
	                    "0100000000000000"
	                    "0100010002000000",
	                    80);
	assert_memory_equal(hex + 2 * 52,
	                    "6b000000"
	                    "7676000000000000",
	                    24);
}

static void header_of_another_kind_is_told_apart(void **state)
{
	struct record_file_header h = { .cluster_id = "one" }, back;
	uint8_t b[RECORD_FILE_HEADER_SIZE];

	(void)state;
	record_file_header_encode(&h, b);
	assert_int_equal(record_file_header_decode(b, 127, NULL, &back), RECORD_TRUNCATED);
	assert_int_equal(
	        record_file_header_decode(b, 128, (const uint8_t *)"another cluster!", &back),
	        RECORD_OTHER_CLUSTER);
	b[7] = '2';
	assert_int_equal(record_file_header_decode(b, 128, NULL, &back), RECORD_VERSION);
	b[7] = '1';
	b[20] ^= 1;
	assert_int_equal(record_file_header_decode(b, 128, NULL, &back), RECORD_HEADER_DAMAGED);
	b[0] = 'X';
	assert_int_equal(record_file_header_decode(b, 128, NULL, &back), RECORD_FOREIGN);
}

static void record_goes_out_and_back(void **state)
{
	struct record_change c;
	struct record r;
	size_t size;
	uint8_t *b = encode(9, &size);
	struct record_cursor cursor = { .record = &r };

	(void)state;
	assert_int_equal(record_decode(b, size, &r), RECORD_OK);
	assert_true(r.size == size && r.sequence == 9 && r.committed == 8 && r.n_changes == 2);
	assert_true(record_next(&cursor, &c));
	assert_false(c.damaged);
	assert_int_equal(c.key_size, 6);
	assert_memory_equal(c.key, "jobs/a", 6);
	assert_int_equal(c.value_size, 10);
	assert_memory_equal(c.value, "value of a", 10);
	assert_true(record_next(&cursor, &c));
	assert_memory_equal(c.value, "x", 1);
	assert_false(record_next(&cursor, &c));
	free(b);
}

static void real_pointers_of_flink_go_out_and_back(void **state)
{
	static const char *const files[] = { "1.20.5/job-pointer.bin",
		                             "1.20.5/checkpoint-pointer.bin",
		                             "1.20.5/checkpoint-id-counter.bin",
		                             "2.2.1/job-pointer.bin",
		                             "2.2.1/connection-info-dispatcher.bin" };
	struct record_change in[5], out;
	uint8_t *value[5], *b;
	struct record_cursor cursor;
	struct record r;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		char path[4096];

		(void)snprintf(path, sizeof(path), "%s/tests/data/flink-pointers/%s", SRCDIR,
		               files[i]);
		value[i] = files_read(path, &n);
		assert_true(n > 0);
		in[i] = (struct record_change){ .op = RECORD_PUT,
			                        .key = files[i],
			                        .key_size = (uint16_t)strlen(files[i]),
			                        .value = value[i],
			                        .value_size = (uint32_t)n };
	}
	n = record_size(in, 5);
	b = malloc(n);
	assert_non_null(b);
	record_encode(1, 0, in, 5, b);
	assert_int_equal(record_decode(b, n, &r), RECORD_OK);
	cursor = (struct record_cursor){ .record = &r };
	for (unsigned i = 0; i < 5; i++) {
		assert_true(record_next(&cursor, &out));
		assert_int_equal(out.value_size, in[i].value_size);
		assert_memory_equal(out.value, value[i], out.value_size);
		free(value[i]);
	}
	free(b);
}

/* B6: a value that is wrong names its key and leaves the others alone. */
static void damaged_value_names_its_key_only(void **state)
{
	struct record_change c;
	struct record r;
	size_t size;
	uint8_t *b = encode(9, &size);
	struct record_cursor cursor = { .record = &r };

	(void)state;
	b[size - 16] ^= 4; /* in the first value */
	assert_int_equal(record_decode(b, size, &r), RECORD_OK);
	assert_true(record_next(&cursor, &c));
	assert_true(c.damaged);
	assert_memory_equal(c.key, "jobs/a", 6);
	assert_true(record_next(&cursor, &c));
	assert_false(c.damaged);
	free(b);
}

static void every_flipped_bit_of_a_record_is_noticed(void **state)
{
	struct record_change c;
	struct record r;
	size_t size;
	uint8_t *b = encode(9, &size);

	(void)state;
	for (size_t i = 0; i < 8 * size; i++) {
		bool noticed = false;

		b[i / 8] ^= (uint8_t)(1U << i % 8);
		if (record_decode(b, size, &r) == RECORD_OK) {
			struct record_cursor cursor = { .record = &r };

			noticed = record_padding_damaged(&r);
			while (record_next(&cursor, &c))
				noticed = noticed || c.damaged;
		} else {
			noticed = true;
		}
		assert_true(noticed);
		b[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	free(b);
}

static void every_cut_of_a_record_is_noticed(void **state)
{
	struct record r;
	size_t size;
	uint8_t *b = encode(9, &size);

	(void)state;
	for (size_t i = 0; i < size; i++) {
		uint8_t *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, b, i); /* its own block: the sanitizer sees a read past it */
		cut[i] = 0;
		assert_int_not_equal(record_decode(cut, i, &r), RECORD_OK);
		free(cut);
	}
	free(b);
}

/* Right sums do not make it ours: nothing that a file says may lead out of its bytes. */
static void contradictions_under_a_right_checksum_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{ 32, 3 },                          /* more changes than there are */
		{ 32, 1 },                          /* fewer */
		{ 40, 0 },                          /* operation */
		{ 40, 2 },                          /* a delete with a value */
		{ 40, 3 },                          /* lost, with a value */
		{ 40, 4 },  { 42, 0 }, { 42, 255 }, /* key size */
		{ 44, 99 },                         /* value size */
		{ 52, 0 },                          /* a NUL in the key */
		{ 12, 99 },                         /* size of all values */
	};
	struct record r;
	size_t size;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t *b = encode(9, &size);
		uint32_t sum;

		b[wrong[i].at] = wrong[i].value;
		sum = crc32c(0, b + 8, b[8] - 8U);
		for (unsigned j = 0; j < 4; j++)
			b[4 + j] = (uint8_t)(sum >> 8 * j);
		assert_int_equal(record_decode(b, size, &r), RECORD_HEADER_DAMAGED);
		free(b);
	}
}

/* B6 */
static void resynchronises_at_the_next_later_record(void **state)
{
	uint8_t *b[3], *all;
	size_t size;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		b[i] = encode(i + 5, &size);
	all = malloc(3 * size);
	assert_non_null(all);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(all + i * size, b[i], size);
		free(b[i]);
	}
	all[20] ^= 1;
	assert_int_equal(record_resync(all, 0, 3 * size, 4, 7), size);
	assert_int_equal(record_resync(all, 0, 3 * size, 6, 7), 2 * size);
	assert_int_equal(record_resync(all, 0, 3 * size, 7, 9), 3 * size);
	assert_int_equal(record_resync(all, 0, 3 * size, 4, 5), 3 * size);
	all[size + 20] ^= 1;
	assert_int_equal(record_resync(all, 8, 3 * size, 4, 7), 2 * size);
	free(all);
}

static void limits_are_kept(void **state)
{
	struct record_change c[17];
	uint8_t *value = calloc(1, RECORD_VALUE_MAX + 1);

	(void)state;
	assert_non_null(value);
	for (unsigned i = 0; i < 17; i++)
		c[i] = (struct record_change){ .op = RECORD_PUT,
			                       .key = "k",
			                       .key_size = 1,
			                       .value = value,
			                       .value_size = RECORD_VALUE_MAX };
	assert_int_not_equal(record_size(c, 1), 0);
	assert_int_not_equal(record_size(c, 15), 0);
	assert_int_equal(record_size(c, 16), 0); /* more than 1 MiB */
	c[0].value_size++;
	assert_int_equal(record_size(c, 1), 0);
	c[0].value_size = 0;
	c[0].key_size = 0;
	assert_int_equal(record_size(c, 1), 0);
	c[0].key_size = RECORD_KEY_MAX + 1;
	assert_int_equal(record_size(c, 1), 0);
	free(value);
}

/* B7 */
static void digest_goes_on_from_an_earlier_digest(void **state)
{
	uint8_t d[LOG_DIGEST_SIZE] = { 0 };
	char hex[2 * LOG_DIGEST_SIZE + 1];

	(void)state;
	assert_int_equal(record_digest(d, "abc", 3), 0);
	text_hex(d, sizeof(d), hex);
	assert_string_equal(hex, abc_digest);
	assert_int_equal(record_digest(d, "abc", 3), 0);
	text_hex(d, sizeof(d), hex);
	assert_string_not_equal(hex, abc_digest);
}

/* Section 5: JEND, zeros, number of keys; little-endian. */
static void trailer_goes_out_and_back(void **state)
{
	static const uint8_t want[] = { 'J', 'E', 'N', 'D', 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0 };
	uint8_t b[RECORD_TRAILER_SIZE - RECORD_SUM_SIZE];
	uint64_t n = 0;

	(void)state;
	record_trailer_encode(258, b);
	assert_int_equal(sizeof(want), sizeof(b));
	assert_memory_equal(b, want, sizeof(want));
	assert_true(record_trailer_decode(b, &n));
	assert_true(n == 258);
	for (unsigned i = 0; i < 8; i++) {
		b[i] ^= 1;
		assert_false(record_trailer_decode(b, &n));
		b[i] ^= 1;
	}
}

static void sum_is_that_of_all_pieces(void **state)
{
	CLEANUP(record_sum_done) struct record_sum sum = { 0 };
	uint8_t d[RECORD_SUM_SIZE];
	char hex[2 * RECORD_SUM_SIZE + 1];

	(void)state;
	assert_int_equal(record_sum_begin(&sum), 0);
	assert_int_equal(record_sum_add(&sum, "a", 1), 0);
	assert_int_equal(record_sum_add(&sum, "bc", 2), 0);
	assert_int_equal(record_sum_end(&sum, d), 0);
	text_hex(d, sizeof(d), hex);
	/* FIPS 180-2, appendix B.1 */
	assert_string_equal(hex,
	                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_goes_out_and_back),
		cmocka_unit_test(bytes_are_those_of_the_protocol),
		cmocka_unit_test(header_of_another_kind_is_told_apart),
		cmocka_unit_test(record_goes_out_and_back),
		cmocka_unit_test(real_pointers_of_flink_go_out_and_back),
		cmocka_unit_test(damaged_value_names_its_key_only),
		cmocka_unit_test(every_flipped_bit_of_a_record_is_noticed),
		cmocka_unit_test(every_cut_of_a_record_is_noticed),
		cmocka_unit_test(contradictions_under_a_right_checksum_are_refused),
		cmocka_unit_test(resynchronises_at_the_next_later_record),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(digest_goes_on_from_an_earlier_digest),
		cmocka_unit_test(trailer_goes_out_and_back),
		cmocka_unit_test(sum_is_that_of_all_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
