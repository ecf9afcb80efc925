/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const char *const headings[] = { "Member", ">Lag", "Reasons" };

static void prints(const struct table *t, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	table_print(t, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	CLEANUP(table_freep) struct table *t = table_new(headings, 3);
	static const char *const a[] = { "jm-a", "0", "not-caught-up" }, *const b[] = { "jm-long-b",
		                                                                        "1234",
		                                                                        NULL };

	(void)state;
	assert_int_equal(table_add(t, a), 0);
	assert_int_equal(table_add(t, b), 0);
	prints(t, "+-----------+------+---------------+\n"
	          "| Member    |  Lag | Reasons       |\n"
	          "+-----------+------+---------------+\n"
	          "| jm-a      |    0 | not-caught-up |\n"
	          "| jm-long-b | 1234 |               |\n"
	          "+-----------+------+---------------+\n");
}

static void a_column_without_any_text_is_left_out(void **state)
{
	CLEANUP(table_freep) struct table *t = table_new(headings, 3);
	static const char *const a[] = { "jm-a", "0", "" };

	(void)state;
	assert_int_equal(table_add(t, a), 0);
	prints(t, "+--------+-----+\n"
	          "| Member | Lag |\n"
	          "+--------+-----+\n"
	          "| jm-a   |   0 |\n"
	          "+--------+-----+\n");
}

static void an_empty_table_shows_its_headings(void **state)
{
	CLEANUP(table_freep) struct table *t = table_new(headings, 3);

	(void)state;
	prints(t, "+--------+-----+---------+\n"
	          "| Member | Lag | Reasons |\n"
	          "+--------+-----+---------+\n");
}

static void characters_count_not_bytes_and_controls_are_harmless(void **state)
{
	CLEANUP(table_freep) struct table *t = table_new(headings, 1);
	static const char *const a[] = { "j\xc3\xa4m" }, *const b[] = { "x\033[2J\n" };

	(void)state;
	assert_int_equal(table_add(t, a), 0);
	assert_int_equal(table_add(t, b), 0);
	prints(t, "+--------+\n"
	          "| Member |\n"
	          "+--------+\n"
	          "| j\xc3\xa4m    |\n"
	          "| x?[2J? |\n"
	          "+--------+\n");
}

static void too_many_columns_are_refused(void **state)
{
	static const char *const many[TABLE_MAX_COLUMNS + 1] = { "" };

	(void)state;
	assert_null(table_new(many, TABLE_MAX_COLUMNS + 1));
}

static void a_table_has_as_many_rows_as_were_added(void **state)
{
	static const char *const one[] = { ">N" };
	CLEANUP(table_freep) struct table *t = table_new(one, 1);
	char text[16];

	(void)state;
	assert_int_equal(table_rows(t), 0);
	for (unsigned i = 0; i < 1000; i++) {
		const char *const cells[] = { text };

		(void)snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(table_add(t, cells), 0);
	}
	assert_int_equal(table_rows(t), 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(a_column_without_any_text_is_left_out),
		cmocka_unit_test(an_empty_table_shows_its_headings),
		cmocka_unit_test(characters_count_not_bytes_and_controls_are_harmless),
		cmocka_unit_test(too_many_columns_are_refused),
		cmocka_unit_test(a_table_has_as_many_rows_as_were_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
