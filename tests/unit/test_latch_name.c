/* SPDX-License-Identifier: Apache-2.0 */
#include "election/latch_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LATCH(s) ((struct latch_name){ s })

static void takes_the_names_that_zookeeper_makes(void **state)
{
	struct latch_name name;

	(void)state;
	assert_true(latch_name_parse("n-0123456789abcdef-0000000042", &name));
	assert_string_equal(name.s, "n-0123456789abcdef-0000000042");
}

static void refuses_what_is_no_latch_and_leaves_the_result_alone(void **state)
{
	static const char *const wrong[] = {
		"",
		"n-",
		"n-0123456789abcdef-000000004",
		"n-0123456789abcdef-00000000042",
		"n-0123456789ABCDEF-0000000042",
		"n-0123456789abcdeg-0000000042",
		"m-0123456789abcdef-0000000042",
		"n_0123456789abcdef-0000000042",
		"n-0123456789abcdef_0000000042",
		"n-0123456789abcdef--000000042",
		"n-0123456789abcdef-00000000x2",
	};
	struct latch_name name = LATCH("unchanged");

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(latch_name_parse(wrong[i], &name));
	assert_string_equal(name.s, "unchanged");
}

static void a_nonce_is_sixteen_lower_case_hex_digits(void **state)
{
	struct nonce nonce = { "unchanged" };

	(void)state;
	assert_false(nonce_parse("0123456789abcde", &nonce));
	assert_false(nonce_parse("0123456789abcdef0", &nonce));
	assert_false(nonce_parse("0123456789abcdeF", &nonce));
	assert_string_equal(nonce.s, "unchanged");
	assert_true(nonce_parse("0123456789abcdef", &nonce));
	assert_string_equal(nonce.s, "0123456789abcdef");
}

static void a_latch_carries_its_sessions_nonce(void **state)
{
	struct latch_name name = LATCH("n-0123456789abcdef-0000000042"), none = { "" };
	struct nonce nonce = latch_name_nonce(&name), other = { "0123456789abcdee" };

	(void)state;
	assert_string_equal(nonce.s, "0123456789abcdef");
	assert_true(latch_name_has_nonce(&name, &nonce));
	assert_false(latch_name_has_nonce(&name, &other));
	assert_string_equal(latch_name_nonce(&none).s, "");
	assert_false(latch_name_has_nonce(&none, &nonce));
}

static int compare(const void *a, const void *b)
{
	return latch_name_compare(a, b);
}

static void the_number_alone_makes_the_order(void **state)
{
	struct latch_name q[] = { LATCH("n-00000000000000aa-0000000010"),
		                  LATCH("n-ffffffffffffffff-0000000009"),
		                  LATCH("n-7777777777777777-0000000100") };

	(void)state;
	qsort(q, 3, sizeof(q[0]), compare);
	assert_string_equal(q[0].s + 19, "0000000009");
	assert_string_equal(q[1].s + 19, "0000000010");
	assert_string_equal(q[2].s + 19, "0000000100");
}

static void the_rank_names_the_predecessor(void **state)
{
	const struct latch_name q[] = { LATCH("n-ffffffffffffffff-0000000009"),
		                        LATCH("n-00000000000000aa-0000000010"),
		                        LATCH("n-7777777777777777-0000000100") };
	struct latch_name stranger = LATCH("n-7777777777777777-0000000101"), none = { "" };
	struct latch_rank rank;

	(void)state;
	rank = latch_name_rank(q, 3, &q[0]);
	assert_int_equal(rank.index, 0);
	assert_false(latch_name_set(&rank.predecessor));
	rank = latch_name_rank(q, 3, &q[2]);
	assert_int_equal(rank.index, 2);
	assert_true(latch_name_equal(&rank.predecessor, &q[1]));
	assert_int_equal(latch_name_rank(q, 3, &stranger).index, -1);
	assert_int_equal(latch_name_rank(q, 3, &none).index, -1);
	assert_int_equal(latch_name_rank(q, 0, &q[0]).index, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_names_that_zookeeper_makes),
		cmocka_unit_test(refuses_what_is_no_latch_and_leaves_the_result_alone),
		cmocka_unit_test(a_nonce_is_sixteen_lower_case_hex_digits),
		cmocka_unit_test(a_latch_carries_its_sessions_nonce),
		cmocka_unit_test(the_number_alone_makes_the_order),
		cmocka_unit_test(the_rank_names_the_predecessor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
