/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void takes_decimal_numbers_within_the_range(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(parse_uint64("0", 0, 10, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(parse_uint64("0010", 0, 10, &v), 0);
	assert_int_equal(v, 10);
	assert_int_equal(parse_uint64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_uint64_n("123junk", 3, 0, 1000, &v), 0);
	assert_int_equal(v, 123);
}

static void rejects_junk_and_leaves_the_result_alone(void **state)
{
	static const char *const junk[] = { "",    " 1",  "1 ",
		                            "-1",  "+1",  "0x1",
		                            "1.0", "1e3", "99999999999999999999x" };
	uint64_t v = 42;

	(void)state;
	for (unsigned i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		assert_int_equal(parse_uint64(junk[i], 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(v, 42);
}

static void tells_out_of_range_from_junk(void **state)
{
	uint64_t v = 42;

	(void)state;
	assert_int_equal(parse_uint64("11", 0, 10, &v), -ERANGE);
	assert_int_equal(parse_uint64("4", 5, 10, &v), -ERANGE);
	assert_int_equal(parse_uint64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(parse_uint64("99999999999999999999999", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(v, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_decimal_numbers_within_the_range),
		cmocka_unit_test(rejects_junk_and_leaves_the_result_alone),
		cmocka_unit_test(tells_out_of_range_from_junk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
