/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void hex_goes_out_and_back(void **state)
{
	uint8_t in[256], out[256];
	char text[513];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	text_hex(in, sizeof(in), text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_int_equal(text_unhex(text, out, sizeof(out)), 0);
	assert_memory_equal(in, out, sizeof(in));
}

static void hex_of_another_form_is_refused_whole(void **state)
{
	static const char *const bad[] = { "", "0", "abc", "0g", "AB", "0 ", "abcd" };
	uint8_t b = 42;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_unhex(bad[i], &b, 1), -EINVAL);
	assert_int_equal(b, 42);
}

static void format_tells_when_it_did_not_fit(void **state)
{
	char text[4];

	(void)state;
	assert_int_equal(text_format(text, sizeof(text), "%s", "abc"), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(text_format(text, sizeof(text), "%s", "abcd"), -ENOBUFS);
	assert_string_equal(text, "abc");
}

static void a_line_stays_one(void **state)
{
	char text[] = "a\nb\033[1m\177 \303\244~";

	(void)state;
	text_one_line(text);
	assert_string_equal(text, "a?b?[1m? \303\244~");
}

static void bytes_have_the_unit_that_suits(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0 bytes" },
		{ 1023, "1023 bytes" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 10 * 1024 + 1, "10 KiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" },
		{ UINT64_C(5) << 30, "5.0 GiB" },
		{ UINT64_MAX, "16 EiB" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[TEXT_BYTES_SIZE];

		text_bytes(cases[i].n, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_goes_out_and_back),
		cmocka_unit_test(hex_of_another_form_is_refused_whole),
		cmocka_unit_test(format_tells_when_it_did_not_fit),
		cmocka_unit_test(a_line_stays_one),
		cmocka_unit_test(bytes_have_the_unit_that_suits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
