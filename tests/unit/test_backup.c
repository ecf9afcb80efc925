/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/backup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct backup out, in;
static char *text; /* of the file */
static size_t size;
static char said[BACKUP_TEXT_SIZE];

static int setup(void **state)
{
	(void)state;
	assert_int_equal(backup_init(&out), 0);
	(void)snprintf(out.cluster, sizeof(out.cluster), "orders");
	(void)snprintf(out.cluster_id, sizeof(out.cluster_id), "0123456789abcdef0123456789abcdef");
	out.epoch = 7;
	out.sequence = 991;
	out.at_ms = 1764230000000;
	in = (struct backup){ .map = NULL };
	said[0] = '\0';
	text = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	backup_done(&out);
	backup_done(&in);
	free(text);
	return 0;
}

static void write_it(void)
{
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(backup_write(f, &out), 0);
	assert_int_equal(fclose(f), 0);
}

static int read_bytes(const char *bytes, size_t n)
{
	FILE *f = fmemopen((void *)(uintptr_t)bytes, n, "r");
	int r;

	assert_non_null(f);
	r = backup_read(f, &in, said);
	(void)fclose(f);
	return r;
}

/* Is what was put there, byte for byte. */
static void has(const char *key, const void *value, size_t n, uint64_t revision)
{
	const struct pointer *p = pointer_map_get(in.map, key);

	assert_non_null(p);
	assert_false(p->damaged);
	assert_int_equal(p->value_size, n);
	assert_memory_equal(pointer_value(p), value, n);
	assert_int_equal(p->revision, revision);
}

static void every_value_comes_back_byte_for_byte(void **state)
{
	static const char umlauts[] = "gr\xc3\xbc\xc3\x9f \"e\" \\ \n\t\x7f";
	static const uint8_t bytes[] = { 0, 1, 2, 0xff, 0xfe, 0x80 };
	static const uint8_t no_utf8[] = { 'a', 0xc3, 'b' };
	uint8_t *big = malloc(RECORD_VALUE_MAX);

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < RECORD_VALUE_MAX; i++)
		big[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(backup_put(&out, "a/text", 3, umlauts, sizeof(umlauts) - 1), 0);
	assert_int_equal(backup_put(&out, "b/bytes", 4, bytes, sizeof(bytes)), 0);
	assert_int_equal(backup_put(&out, "c/big", 5, big, RECORD_VALUE_MAX), 0);
	assert_int_equal(backup_put(&out, "d/empty", 6, "", 0), 0);
	assert_int_equal(backup_put(&out, "e/no-utf8", 7, no_utf8, sizeof(no_utf8)), 0);
	assert_int_equal(backup_put(&out, "f/nul", 8, "a\0b", 3), 0);
	assert_int_equal(backup_put_counter(&out, "job", 42), 0);
	write_it();
	if (read_bytes(text, size) < 0)
		fail_msg("%s", said);
	has("a/text", umlauts, sizeof(umlauts) - 1, 3);
	has("b/bytes", bytes, sizeof(bytes), 4);
	has("c/big", big, RECORD_VALUE_MAX, 5);
	has("d/empty", "", 0, 6);
	has("e/no-utf8", no_utf8, sizeof(no_utf8), 7);
	has("f/nul", "a\0b", 3, 8);
	has("~counter/job", "42", 2, 0);
	assert_string_equal(in.cluster, "orders");
	assert_string_equal(in.cluster_id, out.cluster_id);
	assert_int_equal(in.epoch, 7);
	assert_int_equal(in.sequence, 991);
	assert_int_equal(in.n_pointers, 6);
	assert_int_equal(in.n_counters, 1);
	assert_non_null(
	        strstr(text, "{\"key\":\"b/bytes\",\"revision\":4,\"base64\":\"AAEC//6A\"}"));
	free(big);
}

static void many_pointers_come_back(void **state)
{
	enum { N = 10000 };
	char key[32], value[32];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		(void)snprintf(key, sizeof(key), "jobs/%05u", i);
		(void)snprintf(value, sizeof(value), "value %u", i * 3);
		assert_int_equal(backup_put(&out, key, i + 1, value, strlen(value)), 0);
	}
	write_it();
	assert_int_equal(read_bytes(text, size), 0);
	assert_int_equal(in.n_pointers, N);
	has("jobs/00000", "value 0", 7, 1);
	has("jobs/09999", "value 29997", 11, N);
}

static void a_damaged_pointer_stays_known(void **state)
{
	(void)state;
	assert_int_equal(backup_put(&out, "jobs/a", 3, NULL, 0), 0);
	write_it();
	assert_int_equal(read_bytes(text, size), 0);
	assert_true(pointer_map_get(in.map, "jobs/a")->damaged);
	assert_int_equal(in.n_damaged, 1);
}

static void a_whole_map_gives_what_belongs_into_a_backup(void **state)
{
	struct pointer_map *map = pointer_map_new();
	static const char *const pairs[][2] = {
		{ "jobs/a", "1" },       { "~counter/x", "9" },
		{ "~term/1", "{}" },     { "~counter/no-number", "" },
		{ "~parked/y", "{}" },   { "jobs/lost", "" },
		{ "~counter/lost", "" },
	};
	enum { N = sizeof(pairs) / sizeof(pairs[0]) };

	(void)state;
	for (size_t i = 0; i < N; i++) {
		const struct record_change c = { .op = i < N - 2 ? RECORD_PUT : RECORD_LOST,
			                         .key = pairs[i][0],
			                         .key_size = (uint16_t)strlen(pairs[i][0]),
			                         .value = (const uint8_t *)pairs[i][1],
			                         .value_size = (uint32_t)strlen(pairs[i][1]) };

		assert_int_equal(pointer_map_apply(map, &c, i + 1, false), 0);
	}
	assert_int_equal(backup_put(&out, "jobs/of-before", 3, NULL, 0), 0);
	backup_adopt_map(&out, map);
	assert_int_equal(out.n_pointers, 2);
	assert_int_equal(out.n_damaged, 1);
	assert_int_equal(out.n_counters, 1); /* of those without a number nobody knows the next */
	write_it();
	assert_int_equal(read_bytes(text, size), 0);
	assert_null(strstr(text, "before"));
	assert_null(strstr(text, "term"));
	assert_null(strstr(text, "parked"));
	assert_non_null(strstr(text, "{\"counter\":\"x\",\"next\":9}"));
}

/* ---- what is refused */

static void three_lines(void)
{
	assert_int_equal(backup_put(&out, "jobs/a", 3, "one", 3), 0);
	assert_int_equal(backup_put(&out, "jobs/b", 4, "two", 3), 0);
	assert_int_equal(backup_put_counter(&out, "job", 42), 0);
	write_it();
}

/* Wherever the file ends too early, even within its last line. */
static void a_file_that_is_cut_off_is_refused(void **state)
{
	(void)state;
	three_lines();
	for (size_t n = 1; n < size; n++) {
		if (read_bytes(text, n) != -EBADMSG)
			fail_msg("%zu of %zu bytes were taken", n, size);
		backup_done(&in);
	}
	assert_int_equal(read_bytes(text, size), 0);
}

/* Each bit of each byte. */
static void a_file_with_a_flipped_bit_is_refused(void **state)
{
	(void)state;
	three_lines();
	for (size_t i = 0; i < size; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] ^= (char)(1 << bit);
			if (read_bytes(text, size) != -EBADMSG)
				fail_msg("byte %zu, bit %u", i, bit);
			text[i] ^= (char)(1 << bit);
			backup_done(&in);
		}
}

static void refused(const char *bytes, const char *why)
{
	backup_done(&in);
	assert_int_equal(read_bytes(bytes, strlen(bytes)), -EBADMSG);
	if (!strstr(said, why))
		fail_msg("\"%s\" does not say \"%s\"", said, why);
}

static void what_is_no_backup_is_named_by_its_line(void **state)
{
	char *double_end;

	(void)state;
	refused("hello\n", "line 1: is no JSON object");
	refused("{\"a\":1}\n", "line 1: is no beginning");
	refused("{\"version\":2}\n", "line 1: was written by a later version");
	three_lines();
	assert_true(asprintf(&double_end, "%s{\"end\":true}\n", text) > 0);
	refused(double_end, "line 6: stands behind the end");
	free(double_end);
}

/* What is not base64 to the last letter would be filled up with what lies in memory. */
static void base64_with_blanks_or_stray_padding_is_refused(void **state)
{
	static const char *const wrong[] = { "    ", "AAE ", " AAE", "AAE=    ", "A===",
		                             "====", "=AAA", "AA=A", "AAA\n",    "AA==AAAA" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (backup_put_base64(&out, "a", 1, wrong[i]) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(backup_put_base64(&out, "a", 1, ""), 0);
	assert_int_equal(backup_put_base64(&out, "b", 1, "+/8="), 0);
}

/* Nobody fills our memory with one line. */
static void a_line_longer_than_any_is_refused(void **state)
{
	enum { N = 4 * 1024 * 1024 };
	char *line = malloc(N + 1);

	(void)state;
	assert_non_null(line);
	memset(line, ' ', N);
	line[N] = '\0';
	refused(line, "line 1: is longer");
	free(line);
}

/* It is shown on a terminal. */
static void names_that_no_cluster_has_are_refused(void **state)
{
	(void)state;
	refused("{\"version\":1,\"cluster\":\"\\u001b[2J\",\"cluster_id\":null,\"epoch\":1,"
	        "\"sequence\":1,\"at_ms\":1,\"pointers\":0,\"counters\":0}\n",
	        "line 1: is no beginning");
	refused("{\"version\":1,\"cluster\":\"a\",\"cluster_id\":\"\\u001b[2J\",\"epoch\":1,"
	        "\"sequence\":1,\"at_ms\":1,\"pointers\":0,\"counters\":0}\n",
	        "line 1: is no beginning");
}

static void a_full_disk_is_called_one(void **state)
{
	FILE *f = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(f);
	(void)setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(backup_write(f, &out), -ENOSPC);
	(void)fclose(f);
}

static void keys_that_nobody_may_write_are_refused(void **state)
{
	(void)state;
	assert_int_equal(backup_put(&out, "~term/1", 1, "x", 1), -EINVAL);
	assert_int_equal(backup_put(&out, "", 1, "x", 1), -EINVAL);
	assert_int_equal(backup_put(&out, "a b", 1, "x", 1), -EINVAL);
	assert_int_equal(backup_put(&out, "a", 1, "x", RECORD_VALUE_MAX + 1), -EMSGSIZE);
	assert_int_equal(backup_put_counter(&out, "x", 0), -EINVAL);
	assert_int_equal(backup_put_base64(&out, "a", 1, "AAE"), -EINVAL);
	assert_int_equal(backup_put_base64(&out, "a", 1, "AA*="), -EINVAL);
	assert_int_equal(out.n_pointers, 0);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_value_comes_back_byte_for_byte),
		TEST(many_pointers_come_back),
		TEST(a_damaged_pointer_stays_known),
		TEST(a_whole_map_gives_what_belongs_into_a_backup),
		TEST(a_file_that_is_cut_off_is_refused),
		TEST(a_file_with_a_flipped_bit_is_refused),
		TEST(what_is_no_backup_is_named_by_its_line),
		TEST(keys_that_nobody_may_write_are_refused),
		TEST(base64_with_blanks_or_stray_padding_is_refused),
		TEST(a_line_longer_than_any_is_refused),
		TEST(names_that_no_cluster_has_are_refused),
		TEST(a_full_disk_is_called_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
