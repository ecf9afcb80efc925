/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "election/signs.h"

#define B1 "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"
#define B2 "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define C1 "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"

static struct signs s;
static char text[ZNODE_SEES_MAX + 1];

static int setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	return 0;
}

/* jm-b and jm-c say that, and this is in the storage. */
static const char *compare(const char *b, const char *c, const char *read_b, const char *read_c)
{
	struct member_sign told[2] = { { .member = "jm-b" }, { .member = "jm-c" } }, read[2];

	memcpy(read, told, sizeof(read));
	(void)snprintf(told[0].sign, sizeof(told[0].sign), "%s", b);
	(void)snprintf(told[1].sign, sizeof(told[1].sign), "%s", c);
	(void)snprintf(read[0].sign, sizeof(read[0].sign), "%s", read_b);
	(void)snprintf(read[1].sign, sizeof(read[1].sign), "%s", read_c);
	signs_compare(&s, told, read, 2);
	assert_false(signs_news(&s, told, 2));
	assert_true(signs_seen(&s, text, sizeof(text)));
	return text;
}

static const char *unseen(unsigned n)
{
	static char names[ZNODE_SEES_MAX + 1];

	assert_int_equal(signs_unseen(&s, names, sizeof(names)), n);
	return names;
}

static void seen_is_whose_present_sign_is_there(void **state)
{
	(void)state;
	assert_string_equal(compare(B1, C1, B1, C1), "jm-b jm-c");
	assert_string_equal(unseen(0), "");
	setup(state);
	assert_string_equal(compare(B1, C1, "", C1), "jm-c");
	setup(state);
	assert_string_equal(compare(B2, C1, B1, C1), "jm-c"); /* an old one, of a copy */
	setup(state);
	assert_string_equal(compare("", "", "", ""), "");
}

static void a_sign_that_does_not_agree_is_believed_the_second_time(void **state)
{
	(void)state;
	assert_string_equal(compare(B1, C1, B1, C1), "jm-b jm-c");
	assert_string_equal(compare(B2, C1, B1, C1), "jm-b jm-c"); /* drawn anew, seen late */
	assert_string_equal(unseen(0), "");
	assert_string_equal(compare(B2, C1, B2, C1), "jm-b jm-c");
	assert_string_equal(compare(B2, C1, B1, C1), "jm-b jm-c"); /* counted from the start */
	assert_string_equal(compare(B2, C1, B1, C1), "jm-c");
	assert_string_equal(unseen(1), "jm-b");
	assert_string_equal(compare(B2, C1, "", ""), "jm-c");
	assert_string_equal(compare(B2, C1, "", ""), "");
	assert_string_equal(unseen(2), "jm-b jm-c");
	assert_string_equal(compare(B2, C1, B2, ""), "jm-b"); /* and seen again at once */
	assert_string_equal(unseen(1), "jm-c");
}

static void who_was_never_seen_is_not_believed_to_be(void **state)
{
	(void)state;
	assert_string_equal(compare(B1, C1, B1, ""), "jm-b");
	assert_string_equal(unseen(0), ""); /* it may have come just now */
	assert_string_equal(compare(B1, C1, B1, ""), "jm-b");
	assert_string_equal(unseen(1), "jm-c");
}

static void who_is_gone_is_forgotten(void **state)
{
	struct member_sign c = { "jm-c", C1 };

	(void)state;
	assert_string_equal(compare(B1, C1, B1, C1), "jm-b jm-c");
	signs_compare(&s, &c, &c, 1);
	assert_true(signs_seen(&s, text, sizeof(text)));
	assert_string_equal(text, "jm-c");
	assert_string_equal(compare(B1, C1, "", C1), "jm-c"); /* back, and somewhere else */
}

static void a_new_member_and_a_new_sign_are_news(void **state)
{
	struct member_sign told[3] = { { "jm-b", B1 }, { "jm-c", C1 }, { "jm-d", C1 } };

	(void)state;
	assert_true(signs_news(&s, told, 1));
	assert_false(signs_news(&s, told, 0));
	(void)compare(B1, C1, "", "");
	assert_false(signs_news(&s, told, 2)); /* nothing new: in its turn */
	assert_false(signs_news(&s, told, 1));
	assert_true(signs_news(&s, told, 3));
	memcpy(told[0].sign, B2, sizeof(B2));
	assert_true(signs_news(&s, told, 2));
}

static void a_sign_lasts_until_somebody_new_is_met(void **state)
{
	const struct nonce met[] = { { "000000000000000a" }, { "000000000000000b" } };
	const struct nonce later[] = { { "000000000000000b" }, { "000000000000000c" } };

	(void)state;
	assert_true(signs_outdated(&s, met, 0)); /* none was drawn */
	signs_drawn(&s, B1, met, 2);
	assert_string_equal(s.own, B1);
	assert_false(signs_outdated(&s, met, 2));
	assert_false(signs_outdated(&s, met, 1)); /* who goes takes nothing along */
	assert_false(signs_outdated(&s, met, 0));
	assert_true(signs_outdated(&s, later, 2));
	signs_drawn(&s, B2, later, 2);
	assert_false(signs_outdated(&s, later, 2));
	assert_true(signs_outdated(&s, met, 1)); /* back: it may be elsewhere now */
}

static void the_longest_names_of_a_full_cluster(void **state)
{
	static struct member_sign told[SIGNS_MAX];
	static struct nonce present[SIGNS_MAX];
	char roomy[SIGNS_MAX * (MEMBER_NAME_MAX + 1)];

	(void)state;
	for (unsigned i = 0; i < SIGNS_MAX; i++) {
		(void)snprintf(told[i].member, sizeof(told[i].member), "%063u", i);
		(void)snprintf(told[i].sign, sizeof(told[i].sign), "%032u", i);
		(void)snprintf(present[i].s, sizeof(present[i].s), "%016u", i);
	}
	signs_drawn(&s, B1, present, SIGNS_MAX);
	assert_false(signs_outdated(&s, present, SIGNS_MAX));
	signs_compare(&s, told, told, SIGNS_MAX);
	assert_false(signs_seen(&s, text, sizeof(text)));
	assert_true(signs_seen(&s, roomy, sizeof(roomy)));
	assert_int_equal(strlen(roomy), sizeof(roomy) - 1);
	for (unsigned i = 0; i < SIGNS_MAX; i++)
		told[i].sign[0] = 'x';
	for (unsigned i = 0; i < 2; i++) {
		static const struct member_sign nothing[SIGNS_MAX];

		signs_compare(&s, told, nothing, SIGNS_MAX);
	}
	assert_int_equal(signs_unseen(&s, text, sizeof(text)), SIGNS_MAX); /* all are counted, */
	assert_int_equal(strlen(text), 15 * 64 + 63);                      /* some are named */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(seen_is_whose_present_sign_is_there, setup),
		cmocka_unit_test_setup(a_sign_that_does_not_agree_is_believed_the_second_time,
		                       setup),
		cmocka_unit_test_setup(who_was_never_seen_is_not_believed_to_be, setup),
		cmocka_unit_test_setup(who_is_gone_is_forgotten, setup),
		cmocka_unit_test_setup(a_new_member_and_a_new_sign_are_news, setup),
		cmocka_unit_test_setup(a_sign_lasts_until_somebody_new_is_met, setup),
		cmocka_unit_test_setup(the_longest_names_of_a_full_cluster, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
