/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/flink_pointer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static unsigned char bytes[1024];
static size_t size;
static struct flink_pointer p;
static struct flink_error e;

/* From tests/data/flink-pointers: what real clusters wrote. */
static void load(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/flink-pointers/%s", top ? top : ".",
	               name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("cannot open %s", path);
	size = fread(bytes, 1, sizeof(bytes), f);
	assert_int_equal(fclose(f), 0);
	assert_true(size > 0);
}

/* A copy of exactly that size, so that the sanitizer sees each byte too far. */
static int parse(const void *from, size_t n)
{
	CLEANUP(freep) unsigned char *copy = malloc(n + 1);
	unsigned char *exact = malloc(n ? n : 1);
	int r;

	assert_non_null(copy);
	assert_non_null(exact);
	memcpy(exact, from, n);
	p = (struct flink_pointer){ 0 };
	e = (struct flink_error){ .offset = SIZE_MAX };
	r = flink_pointer_parse(exact, n, &p, &e);
	if (r == 0) { /* it points into what is freed here */
		p.target = (const char *)bytes + (p.target - (const char *)exact);
		assert_in_range(p.target_size, 1, n);
	} else {
		assert_int_equal(r, -EBADMSG);
		assert_true(e.offset <= n);
		assert_non_null(e.what);
	}
	free(exact);
	return r;
}

static const struct real {
	const char *file, *target;
	uint64_t bytes;
} reals[] = {
	{ "1.20.5/job-pointer.bin", "file:/mnt/ha/flink/c1/submittedJobGraph", 0 },
	{ "1.20.5/checkpoint-pointer.bin", "file:/mnt/ha/flink/c1/completedCheckpoint", 0 },
	{ "2.2.1/job-pointer.bin", "file:/mnt/ha/flink/c1/submittedExecutionPlanc91d844c5b65",
	  0x4994 },
	{ "2.2.1/checkpoint-pointer.bin", "file:/mnt/ha/flink/c1/completedCheckpoint", 0 },
};

static void what_real_clusters_wrote_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(reals); i++) {
		load(reals[i].file);
		assert_int_equal(parse(bytes, size), 0);
		assert_int_equal(p.target_size, size - 431);
		assert_memory_equal(p.target, reals[i].target, strlen(reals[i].target));
		assert_in_range(p.bytes, 1000, 100000);
		if (reals[i].bytes)
			assert_int_equal(p.bytes, reals[i].bytes);
	}
}

/* Where a stream of that size has its fixed bytes. */
static int is_fixed(size_t at)
{
	return at < 291 || (at >= 299 && at < 430) || at == size - 1;
}

static void every_fixed_byte_counts_and_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(reals); i++) {
		load(reals[i].file);
		for (size_t at = 0; at < size; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				bytes[at] ^= (unsigned char)(1u << bit);
				if (parse(bytes, size) == 0 && is_fixed(at))
					fail_msg("%s: byte %zu may be anything", reals[i].file, at);
				if (at < 291 || (at >= 299 && at < 428))
					assert_int_equal(e.offset, at);
				bytes[at] ^= (unsigned char)(1u << bit);
			}
	}
}

static void a_stream_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(reals); i++) {
		load(reals[i].file);
		for (size_t n = 0; n < size; n++) {
			assert_int_equal(parse(bytes, n), -EBADMSG);
			assert_int_equal(e.offset, n);
		}
		bytes[size] = 0;
		assert_int_equal(parse(bytes, size + 1), -EBADMSG);
		assert_int_equal(e.offset, size);
	}
}

static void sizes_and_texts_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t offset; /* in the text */
	} bad[] = {
		{ "\n", 0 },           { "\177", 0 },
		{ "a\200", 1 },        { "\300\200", 0 },
		{ "\355\240\200", 0 }, { "\340\200\200", 0 },
		{ "ab\303", 2 },       { "\360\237\230\200", 0 },
	};
	size_t n;

	(void)state;
	load("2.2.1/job-pointer.bin");
	bytes[291] = 0x80;
	assert_int_equal(parse(bytes, size), -EBADMSG);
	assert_int_equal(e.offset, 291);
	assert_non_null(strstr(e.what, "negative"));
	bytes[291] = 0;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		n = strlen(bad[i].text);
		bytes[428] = 0;
		bytes[429] = (unsigned char)n;
		memcpy(bytes + 430, bad[i].text, n);
		bytes[430 + n] = 0x78;
		assert_int_equal(parse(bytes, 431 + n), -EBADMSG);
		assert_int_equal(e.offset, 430 + bad[i].offset);
	}
	memcpy(bytes + 430, "r\303\244\342\202\254", 6);
	bytes[429] = 6;
	bytes[436] = 0x78;
	assert_int_equal(parse(bytes, 437), 0);
	bytes[429] = 0;
	bytes[430] = 0x78;
	assert_int_equal(parse(bytes, 431), -EBADMSG);
	assert_non_null(strstr(e.what, "empty"));
}

static void counters_are_four_bytes_from_one(void **state)
{
	uint64_t n = 0;

	(void)state;
	load("1.20.5/checkpoint-id-counter.bin");
	assert_int_equal(flink_counter_parse(bytes, size, &n, &e), 0);
	assert_int_equal(n, 4);
	load("2.2.1/checkpoint-id-counter.bin");
	assert_int_equal(flink_counter_parse(bytes, size, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_int_equal(flink_counter_parse("\177\377\377\377", 4, &n, &e), 0);
	assert_int_equal(n, INT32_MAX);
	assert_int_equal(flink_counter_parse("\0\0\0\0", 4, &n, &e), -EBADMSG);
	assert_int_equal(flink_counter_parse("\200\0\0\1", 4, &n, &e), -EBADMSG);
	assert_int_equal(flink_counter_parse("\0\0\0\1\0", 5, &n, &e), -EBADMSG);
	assert_int_equal(e.offset, 4);
	assert_int_equal(flink_counter_parse("\0\0\1", 3, &n, &e), -EBADMSG);
	assert_int_equal(flink_counter_parse("", 0, &n, &e), -EBADMSG);
	assert_int_equal(n, INT32_MAX);
}

static void addresses_of_leaders_are_found(void **state)
{
	const char *text;
	size_t n;

	(void)state;
	load("2.2.1/connection-info-dispatcher.bin");
	assert_int_equal(flink_address_parse(bytes, size, &text, &n), 0);
	assert_int_equal(n, 55);
	assert_memory_equal(text, "pekko.tcp://flink@127.0.0.1:42543/user/rpc/dispatcher_1", n);
	for (size_t cut = 0; cut < 9 + 55 - 1; cut++)
		if (flink_address_parse(bytes, cut < size ? cut : size, &text, &n) == 0)
			assert_true(n + 8 <= cut);
	load("1.20.5/connection-info-rest_server.bin");
	assert_int_equal(flink_address_parse(bytes, size, &text, &n), 0);
	assert_memory_equal(text, "http://", 7);
	load("1.20.5/job-pointer.bin");
	assert_true(flink_address_parse(bytes, size, &text, &n) < 0);
}

static void names_are_exact(void **state)
{
	uint64_t id = 0;

	(void)state;
	assert_int_equal(flink_checkpoint_parse("0000000000000000017", &id), 0);
	assert_int_equal(id, 17);
	assert_int_equal(flink_checkpoint_parse("9223372036854775806", &id), 0);
	assert_int_equal(flink_checkpoint_parse("9223372036854775807", &id), -EINVAL);
	assert_int_equal(flink_checkpoint_parse("0000000000000000000", &id), -EINVAL);
	assert_int_equal(flink_checkpoint_parse("17", &id), -EINVAL);
	assert_int_equal(flink_checkpoint_parse("000000000000000001x", &id), -EINVAL);
	assert_int_equal(flink_job_id_check("8d0c6ab3c1f34f5a9f7e2b1d4c3a2b10"), 0);
	assert_int_equal(flink_job_id_check("8D0C6AB3C1F34F5A9F7E2B1D4C3A2B10"), -EINVAL);
	assert_int_equal(flink_job_id_check("8d0c"), -EINVAL);
	assert_int_equal(flink_job_id_check(""), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_real_clusters_wrote_is_understood),
		cmocka_unit_test(every_fixed_byte_counts_and_is_named),
		cmocka_unit_test(a_stream_cut_anywhere_is_refused),
		cmocka_unit_test(sizes_and_texts_that_make_no_sense_are_refused),
		cmocka_unit_test(counters_are_four_bytes_from_one),
		cmocka_unit_test(addresses_of_leaders_are_found),
		cmocka_unit_test(names_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
