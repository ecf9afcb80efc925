/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "election/ensemble.h"

static struct ensemble with(unsigned n, uint32_t seed)
{
	struct ensemble_address list[ENSEMBLE_MAX + 2];
	struct ensemble e;

	for (unsigned i = 0; i < n; i++)
		(void)snprintf(list[i].s, sizeof(list[i].s), "10.0.0.%u:2181", i + 1);
	ensemble_init(&e, seed);
	ensemble_set(&e, list, n);
	return e;
}

/* ZOOKEEPER-2466 in one line: with an even number half of them were never tried. */
static void every_address_is_tried_in_each_round(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 6; n++) {
		struct ensemble e = with(n, n * 7);
		unsigned tried[6] = { 0 };

		for (unsigned i = 0; i < 5 * n; i++) {
			tried[atoi(ensemble_next(&e)->s + strlen("10.0.0.")) - 1]++;
			(void)ensemble_failed(&e);
		}
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(tried[i], 5);
	}
}

static void the_first_round_makes_no_pause(void **state)
{
	struct ensemble e = with(3, 0);

	(void)state;
	assert_int_equal(ensemble_failed(&e), 0);
	assert_int_equal(ensemble_failed(&e), 0);
	assert_int_equal(ensemble_failed(&e), 50 * USEC_PER_MSEC);
}

static void pauses_grow_to_a_second_and_no_further(void **state)
{
	struct ensemble e = with(1, 0);
	static const unsigned expected_ms[] = { 50, 100, 200, 400, 800, 1000, 1000, 1000 };

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(ensemble_failed(&e), expected_ms[i] * USEC_PER_MSEC);
	for (unsigned i = 0; i < 100000; i++)
		assert_true(ensemble_failed(&e) <= USEC_PER_SEC);
}

static void a_success_makes_the_next_loss_cheap(void **state)
{
	struct ensemble e = with(3, 0);

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		(void)ensemble_failed(&e);
	ensemble_succeeded(&e);
	assert_int_equal(ensemble_failed(&e), 0);
}

static void members_begin_at_different_servers(void **state)
{
	bool first[3] = { false };

	(void)state;
	for (uint32_t seed = 0; seed < 3; seed++) {
		struct ensemble e = with(3, seed);

		first[atoi(ensemble_next(&e)->s + strlen("10.0.0.")) - 1] = true;
	}
	assert_true(first[0] && first[1] && first[2]);
}

static void a_new_list_goes_on_behind_the_last_one_tried(void **state)
{
	struct ensemble e = with(3, 0);
	struct ensemble_address list[3] = { { "10.0.0.9:2181" },
		                            { "10.0.0.1:2181" },
		                            { "10.0.0.8:2181" } };

	(void)state;
	assert_string_equal(ensemble_next(&e)->s, "10.0.0.1:2181");
	ensemble_set(&e, list, 3);
	assert_string_equal(ensemble_next(&e)->s, "10.0.0.8:2181");
	assert_string_equal(ensemble_next(&e)->s, "10.0.0.9:2181");
}

static void doubles_and_too_many_are_dropped(void **state)
{
	struct ensemble e = with(ENSEMBLE_MAX + 2, 5);
	struct ensemble_address list[3] = { { "a:1" }, { "a:1" }, { "b:1" } };

	(void)state;
	assert_int_equal(e.n, ENSEMBLE_MAX);
	ensemble_set(&e, list, 3);
	assert_int_equal(e.n, 2);
}

static void an_empty_list_has_nothing_to_try(void **state)
{
	struct ensemble e = with(0, 1);

	(void)state;
	assert_null(ensemble_next(&e));
	assert_int_equal(ensemble_failed(&e), USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_is_tried_in_each_round),
		cmocka_unit_test(the_first_round_makes_no_pause),
		cmocka_unit_test(pauses_grow_to_a_second_and_no_further),
		cmocka_unit_test(a_success_makes_the_next_loss_cheap),
		cmocka_unit_test(members_begin_at_different_servers),
		cmocka_unit_test(a_new_list_goes_on_behind_the_last_one_tried),
		cmocka_unit_test(doubles_and_too_many_are_dropped),
		cmocka_unit_test(an_empty_list_has_nothing_to_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
