/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/uid_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct uid_names names;
static struct uid_names_error e;

static int teardown(void **state)
{
	(void)state;
	uid_names_done(&names);
	return 0;
}

static int take(const char *text)
{
	uid_names_done(&names);
	return uid_names_read(text, strlen(text), &names, &e);
}

static const struct uid_name *find(const char *uid)
{
	uint8_t id[UID_HASH_SIZE];

	uid_hash(uid, strlen(uid), id);
	return uid_names_find(&names, id);
}

static void finds_an_operator_by_the_id_of_its_uid(void **state)
{
	(void)state;
	assert_int_equal(take("# the job\n\n  counter\t\r\nenrich-v2 = Enrichment of orders\n"
	                      "#sink\nsink=x\na =\n= b\nr\303\244ksm\303\266rg\303\245s"),
	                 0);
	assert_int_equal(names.n, 6);
	assert_string_equal(find("counter")->uid, "counter");
	assert_null(find("counter")->name);
	assert_int_equal(find("counter")->line, 3);
	assert_string_equal(find("enrich-v2")->name, "Enrichment of orders");
	assert_null(find("sink"));
	assert_null(find("sink=x")->name);
	assert_null(find("a =")->name);
	assert_null(find("= b")->name);
	assert_non_null(find("r\303\244ksm\303\266rg\303\245s"));
	assert_null(find("enrich-v2 = Enrichment of orders"));
	assert_null(find("nobody"));
}

static void an_equals_sign_counts_between_blanks_only(void **state)
{
	(void)state;
	assert_int_equal(take("a=b = c = d\nx\t=\ty"), 0);
	assert_string_equal(find("a=b")->name, "c = d");
	assert_string_equal(find("x")->name, "y");
}

static void a_uid_twice_is_told_by_both_lines(void **state)
{
	size_t n = 0;

	(void)state;
	assert_int_equal(take("a\nb\na = A\nc\na"), 0);
	assert_int_equal(names.n, 5);
	assert_int_equal(find("a")->line, 1);
	assert_int_equal(find("a")->before, 0);
	for (size_t i = 0; i < names.n; i++)
		if (names.item[i].before > 0) {
			assert_int_equal(names.item[i].before, 1);
			assert_string_equal(names.item[i].uid, "a");
			n += names.item[i].line;
		}
	assert_int_equal(n, 3 + 5);
}

static void an_empty_list_has_nobody(void **state)
{
	(void)state;
	assert_int_equal(take(""), 0);
	assert_null(find("a"));
	assert_int_equal(take("\357\273\277a\n"), 0); /* with a byte order mark */
	assert_non_null(find("a"));
	assert_int_equal(take("\357\273\277"), 0);
	assert_int_equal(names.n, 0);
}

static void what_is_no_text_is_refused_by_its_line(void **state)
{
	(void)state;
	assert_int_equal(take("a\nb\n\377\n"), -EBADMSG);
	assert_int_equal(e.line, 3);
	assert_non_null(strstr(e.text, "no UTF-8"));
	assert_int_equal(take("a\033[1m\n"), -EBADMSG);
	assert_int_equal(e.line, 1);
	uid_names_done(&names);
	assert_int_equal(uid_names_read("a\n\0", 3, &names, &e), -EBADMSG);
	assert_int_equal(e.line, 2);
	/* a comment may be anything */
	assert_int_equal(take("# \377\na"), 0);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(finds_an_operator_by_the_id_of_its_uid),
		T(an_equals_sign_counts_between_blanks_only),
		T(a_uid_twice_is_told_by_both_lines),
		T(an_empty_list_has_nobody),
		T(what_is_no_text_is_refused_by_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
