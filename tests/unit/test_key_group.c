/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/key_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The steps that Flink itself gave. */
static void default_maximum_is_that_of_flink(void **state)
{
	static const int32_t steps[][2] = {
		{ -1, 128 },      { 1, 128 },       { 85, 128 },     { 86, 256 },
		{ 171, 256 },     { 172, 512 },     { 342, 1024 },   { 684, 2048 },
		{ 1366, 4096 },   { 2732, 8192 },   { 5462, 16384 }, { 10923, 16384 },
		{ 10924, 32768 }, { 32768, 32768 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(key_group_default_max(steps[i][0]), steps[i][1]);
}

static void every_group_belongs_to_one_subtask(void **state)
{
	(void)state;
	for (int32_t max = 1; max <= 300; max++)
		for (int32_t p = 1; p <= max; p++) {
			struct key_group_spread s = key_group_spread(max, p);
			int32_t next = 0, most = 0;

			for (int32_t i = 0; i < p; i++) {
				struct key_group_range r = key_group_range(max, p, i);

				assert_int_equal(r.first, next);
				assert_in_range(r.n, s.fewest, s.most);
				/* KeyGroupRangeAssignment#computeOperatorIndexForKeyGroup */
				for (int32_t g = r.first; g < r.first + r.n; g++)
					assert_int_equal(g * p / max, i);
				most += r.n == s.most;
				next += r.n;
			}
			assert_int_equal(next, max);
			assert_int_equal(most, s.n_most);
		}
}

static void says_how_uneven_it_is(void **state)
{
	struct key_group_spread s = key_group_spread(128, 85);

	(void)state;
	assert_int_equal(s.fewest, 1);
	assert_int_equal(s.most, 2);
	assert_int_equal(s.n_most, 43);
	assert_in_range((int)(s.excess * 1000), 1328, 1329);
	assert_true(key_group_spread(128, 64).excess == 1);
}

static void advises_what_spreads_evenly(void **state)
{
	(void)state;
	for (int32_t p = 1; p <= KEY_GROUP_MAX / 8; p++) {
		int32_t max = key_group_advice(p, 2 * p);

		assert_in_range(max, KEY_GROUP_DEFAULT_MIN, KEY_GROUP_MAX);
		assert_int_equal(max % p, 0);
		assert_int_equal(max % (2 * p), 0);
		assert_true(max / (2 * p) >= 4 || max * 2 > KEY_GROUP_MAX);
	}
	assert_int_equal(key_group_advice(KEY_GROUP_MAX, KEY_GROUP_MAX), KEY_GROUP_MAX);
	assert_int_equal(key_group_advice(20000, 40000), 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_maximum_is_that_of_flink),
		cmocka_unit_test(every_group_belongs_to_one_subtask),
		cmocka_unit_test(says_how_uneven_it_is),
		cmocka_unit_test(advises_what_spreads_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
