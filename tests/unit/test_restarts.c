/* SPDX-License-Identifier: Apache-2.0 */
/* C2: the pauses before a next start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/restarts.h"

#define S USEC_PER_SEC

static void the_first_failure_costs_no_pause(void **state)
{
	struct restarts r = { .n = 0 };

	(void)state;
	assert_int_equal(restarts_add(&r, 100 * S), 0);
}

static void pauses_double_up_to_a_minute(void **state)
{
	static const unsigned expected[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60 };
	struct restarts r = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(expected); i++)
		assert_int_equal(restarts_add(&r, 100 * S + i), expected[i] * S);
}

static void failures_are_forgotten_after_ten_minutes(void **state)
{
	struct restarts r = { .n = 0 };

	(void)state;
	(void)restarts_add(&r, 100 * S);
	(void)restarts_add(&r, 200 * S);
	assert_int_equal(restarts_count(&r, 699 * S), 2);
	assert_int_equal(restarts_count(&r, 700 * S), 1);
	assert_int_equal(restarts_add(&r, 750 * S), 1 * S);
	assert_int_equal(restarts_add(&r, 2000 * S), 0);
	assert_int_equal(restarts_count(&r, 2000 * S), 1);
}

static void more_failures_than_fit_drop_the_oldest(void **state)
{
	struct restarts r = { .n = 0 };

	(void)state;
	for (unsigned i = 0; i < 3 * RESTARTS_MAX; i++)
		(void)restarts_add(&r, 100 * S + i);
	assert_int_equal(restarts_count(&r, 101 * S), RESTARTS_MAX);
	assert_int_equal(restarts_add(&r, 101 * S), 60 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_costs_no_pause),
		cmocka_unit_test(pauses_double_up_to_a_minute),
		cmocka_unit_test(failures_are_forgotten_after_ten_minutes),
		cmocka_unit_test(more_failures_than_fit_drop_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
