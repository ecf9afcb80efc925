/* SPDX-License-Identifier: Apache-2.0 */
#include "election/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_cause_has_a_code_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = CAUSE_NONE + 1; i < CAUSE_N_CAUSES_; i++) {
		assert_true(strlen(cause_code((enum cause)i)) > 0);
		assert_int_equal(cause_parse(cause_code((enum cause)i)), i);
	}
	assert_string_equal(cause_code(CAUSE_NONE), "");
}

static void an_unknown_code_is_no_cause(void **state)
{
	(void)state;
	assert_int_equal(cause_parse("of-a-newer-member"), CAUSE_NONE);
	assert_int_equal(cause_parse(""), CAUSE_NONE);
}

/* PROTOCOL section 5: these five, and nothing else. */
static void planned_are_new_switchover_step_down_shutdown_and_resumed(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned i = CAUSE_NONE + 1; i < CAUSE_N_CAUSES_; i++)
		n += cause_planned((enum cause)i);
	assert_int_equal(n, 5);
	assert_true(cause_planned(CAUSE_NEW));
	assert_true(cause_planned(CAUSE_SWITCHOVER));
	assert_true(cause_planned(CAUSE_STEP_DOWN));
	assert_true(cause_planned(CAUSE_SHUTDOWN));
	assert_true(cause_planned(CAUSE_RESUMED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cause_has_a_code_of_its_own),
		cmocka_unit_test(an_unknown_code_is_no_cause),
		cmocka_unit_test(planned_are_new_switchover_step_down_shutdown_and_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
