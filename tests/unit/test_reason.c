/* SPDX-License-Identifier: Apache-2.0 */
#include "election/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_reason_has_a_code_of_its_own(void **state)
{
	reasons_t all = 0;

	(void)state;
	for (unsigned i = 0; i < REASON_N_REASONS_; i++) {
		assert_true(strlen(reason_code((enum reason)i)) > 0);
		assert_int_equal(reason_parse(reason_code((enum reason)i)), REASON_BIT(i));
		all |= REASON_BIT(i);
	}
	assert_int_equal(all, REASON_BIT(REASON_N_REASONS_) - 1);
}

static void codes_are_those_of_the_documents(void **state)
{
	(void)state;
	assert_string_equal(reason_code(REASON_NOT_CAUGHT_UP), "not-caught-up");
	assert_string_equal(reason_code(REASON_REGISTER_ROLLED_BACK), "register-rolled-back");
	assert_string_equal(reason_code(REASON_LEASE_NO_ROOM), "lease-no-room");
}

static void an_unknown_code_is_no_reason(void **state)
{
	(void)state;
	assert_int_equal(reason_parse("of-a-newer-member"), 0);
	assert_int_equal(reason_parse(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_a_code_of_its_own),
		cmocka_unit_test(codes_are_those_of_the_documents),
		cmocka_unit_test(an_unknown_code_is_no_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
