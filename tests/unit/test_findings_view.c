/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/findings_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct finding_kind left = { FINDING_ERROR, FINDING_UID, "left-behind",
	                                  "state would be lost", "give it its uid" };
static const struct finding_kind fine = { FINDING_FINE, FINDING_BACKEND, "backend-fine", NULL,
	                                  NULL };
static const struct finding_kind hint = { FINDING_ADVICE, FINDING_BACKEND, "a-hint", "because",
	                                  NULL };

static struct findings findings;

static int teardown(void **state)
{
	(void)state;
	findings_done(&findings);
	return 0;
}

/* To be freed. */
static char *tables(enum finding_severity least)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	findings_view_tables(f, &findings, least);
	assert_int_equal(fclose(f), 0);
	return text;
}

static const char *sum(void)
{
	static char text[128];
	FILE *f = fmemopen(text, sizeof(text), "w");

	findings_view_sum(f, &findings);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void says_the_worst_first_and_why_only_once(void **state)
{
	char *text;

	(void)state;
	findings_add(&findings, &hint, "job x", "seen %d", 1);
	findings_add(&findings, &left, "operator a", "%d bytes", 7);
	findings_add(&findings, &fine, "backend", "RocksDB");
	findings_add(&findings, &left, "operator \n", "%d bytes", 8);
	text = tables(FINDING_ADVICE);
	assert_string_equal(text, "2 errors:\n"
	                          "+-------------+------------+---------------+\n"
	                          "| Finding     | Where      | What was seen |\n"
	                          "+-------------+------------+---------------+\n"
	                          "| left-behind | operator a | 7 bytes       |\n"
	                          "| left-behind | operator ? | 8 bytes       |\n"
	                          "+-------------+------------+---------------+\n"
	                          "  left-behind: state would be lost\n"
	                          "    What to do: give it its uid\n"
	                          "1 piece of advice:\n"
	                          "+---------+-------+---------------+\n"
	                          "| Finding | Where | What was seen |\n"
	                          "+---------+-------+---------------+\n"
	                          "| a-hint  | job x | seen 1        |\n"
	                          "+---------+-------+---------------+\n"
	                          "  a-hint: because\n");
	free(text);
	text = tables(FINDING_FINE);
	assert_non_null(strstr(text, "1 check is fine:\n"));
	assert_non_null(strstr(text, "| backend-fine | backend | RocksDB"));
	free(text);
	assert_string_equal(sum(), "2 errors, 1 piece of advice");
}

static void says_nothing_where_there_is_nothing(void **state)
{
	char *text;

	(void)state;
	findings_add(&findings, &fine, "backend", "RocksDB");
	text = tables(FINDING_ADVICE);
	assert_string_equal(text, "");
	free(text);
	assert_string_equal(sum(), "nothing found");
}

static void of_very_many_the_first_are_shown(void **state)
{
	char *text;

	(void)state;
	for (int i = 0; i < 250; i++)
		findings_add(&findings, &left, "operator", "number %d", i);
	text = tables(FINDING_ADVICE);
	assert_non_null(strstr(text, "250 errors:\n"));
	assert_non_null(strstr(text, "number 99 "));
	assert_null(strstr(text, "number 100 "));
	assert_non_null(strstr(text, "and 150 more: --json shows all\n"));
	free(text);
}

static void programs_get_all_of_it(void **state)
{
	json_t *array;
	char *text;

	(void)state;
	findings_add(&findings, &left, "operator a", "7 bytes");
	findings_add(&findings, &fine, "backend", "RocksDB");
	array = findings_view_json(&findings);
	text = json_dumps(array, JSON_COMPACT);
	assert_string_equal(
	        text,
	        "[{\"severity\":\"error\",\"step\":2,\"code\":\"left-behind\","
	        "\"object\":\"operator a\",\"seen\":\"7 bytes\",\"why\":\"state would be lost\","
	        "\"advice\":\"give it its uid\"},"
	        "{\"severity\":\"fine\",\"step\":3,\"code\":\"backend-fine\",\"object\":"
	        "\"backend\","
	        "\"seen\":\"RocksDB\",\"why\":null,\"advice\":null}]");
	free(text);
	json_decref(array);
}

static void fails_on_what_was_asked_for(void **state)
{
	(void)state;
	assert_int_equal(findings_view_exit(&findings, FINDING_FINE), EXIT_DONE);
	findings_add(&findings, &fine, "backend", "RocksDB");
	assert_int_equal(findings_view_exit(&findings, FINDING_FINE), EXIT_DONE);
	findings_add(&findings, &hint, "job x", "seen");
	assert_int_equal(findings_view_exit(&findings, FINDING_ERROR), EXIT_DONE);
	assert_int_equal(findings_view_exit(&findings, FINDING_WARNING), EXIT_DONE);
	assert_int_equal(findings_view_exit(&findings, FINDING_ADVICE), EXIT_FAILED);
	assert_int_equal(findings_view_exit(&findings, FINDING_FINE), EXIT_FAILED);
	findings_add(&findings, &left, "operator a", "7 bytes");
	assert_int_equal(findings_view_exit(&findings, FINDING_ERROR), EXIT_FAILED);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(says_the_worst_first_and_why_only_once),
		T(says_nothing_where_there_is_nothing),
		T(of_very_many_the_first_are_shown),
		T(programs_get_all_of_it),
		T(fails_on_what_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
