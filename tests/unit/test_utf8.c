/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void knows_where_a_character_ends(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} known[] = {
		{ "a", 1 },
		{ "\177", 1 },
		{ "\303\244b", 2 },
		{ "\302\200", 2 },
		{ "\342\202\254", 3 },
		{ "\355\237\277", 3 },     /* before the surrogates */
		{ "\356\200\200", 3 },     /* and behind them */
		{ "\360\220\200\200", 4 }, /* U+10000 */
		{ "\364\217\277\277", 4 }, /* U+10FFFF */
		{ "", 0 },
		{ "\200", 0 },
		{ "\301\277", 0 },     /* longer than needed */
		{ "\340\237\277", 0 }, /* the same */
		{ "\360\217\277\277", 0 },
		{ "\355\240\200", 0 }, /* a surrogate */
		{ "\364\220\200\200", 0 },
		{ "\365\200\200\200", 0 },
		{ "\303", 0 }, /* cut off */
		{ "\303a", 0 },
		{ "\342\202", 0 },
		{ "\342\202a", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (utf8_character(known[i].bytes, strlen(known[i].bytes)) != known[i].n)
			fail_msg("number %zu", i);
	assert_int_equal(utf8_character("\0a", 2), 0);
}

static void what_is_no_character_becomes_a_question_mark(void **state)
{
	char text[] = "a\200\303\244\342\202z\303";

	(void)state;
	utf8_clean(text);
	assert_string_equal(text, "a?\303\244??z?");
}

static void from_java(const char *bytes, size_t size, const char *expected, bool exact)
{
	bool is_exact = !exact;
	char *text = utf8_of_java((struct input_text){ bytes, size }, &is_exact);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(is_exact, exact);
	for (size_t i = 0; text[i];) {
		size_t n = utf8_character(text + i, strlen(text + i));

		assert_true(n > 0);
		i += n;
	}
	free(text);
}

static void java_writes_pairs_by_halves(void **state)
{
	(void)state;
	from_java("", 0, "", true);
	from_java("r\303\244ksm\303\266rg\303\245s", 13, "r\303\244ksm\303\266rg\303\245s", true);
	/* U+1F600 and U+10FFFF */
	from_java("\355\240\275\355\270\200", 6, "\360\237\230\200", true);
	from_java("a\355\257\277\355\277\277z", 8, "a\364\217\277\277z", true);
	/* two bytes where one does */
	from_java("\301\201", 2, "A", true);
}

static void what_utf8_cannot_hold_is_replaced(void **state)
{
	(void)state;
	from_java("a\300\200b", 4, "a\357\277\275b", false);
	from_java("\0\0", 2, "\357\277\275\357\277\275", false);
	from_java("\355\240\275", 3, "\357\277\275", false);
	from_java("\355\240\275x", 4, "\357\277\275x", false);
	from_java("\355\270\200\355\240\275", 6, "\357\277\275\357\277\275", false);
	from_java("\355\240\275\355\240\275\355\270\200", 9, "\357\277\275\360\237\230\200", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_where_a_character_ends),
		cmocka_unit_test(what_is_no_character_becomes_a_question_mark),
		cmocka_unit_test(java_writes_pairs_by_halves),
		cmocka_unit_test(what_utf8_cannot_hold_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
