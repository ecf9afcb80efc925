/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_error.h"

#include <string.h>

static void every_code_has_status_exit_and_text_of_the_design(void **state)
{
	static const struct {
		const char *code;
		unsigned http;
		int exit;
	} design[] = {
		{ "bad-request", 400, 2 },
		{ "forbidden", 403, 1 },
		{ "not-found", 404, 1 },
		{ "method-not-allowed", 405, 1 },
		{ "condition-failed", 409, 1 },
		{ "not-leader", 409, 6 },
		{ "not-eligible", 409, 4 },
		{ "unsafe", 409, 4 },
		{ "damaged", 410, 1 },
		{ "fenced", 412, 1 },
		{ "too-large", 413, 2 },
		{ "epoch-required", 428, 2 },
		{ "busy", 429, 1 },
		{ "internal", 500, 1 },
		{ "no-leader", 503, 6 },
		{ "aborted", 503, 6 },
		{ "storage-failed", 503, 1 },
		{ "not-ready", 503, 1 },
		{ "disconnected", 503, 3 },
		{ "outcome-unknown", 504, 5 },
		{ "storage-full", 507, 1 },
	};
	enum { N = sizeof(design) / sizeof(design[0]) };

	(void)state;
	assert_int_equal(N, API_N_ERRORS_ - 1);
	for (unsigned i = 0; i < N; i++) {
		enum api_error e = api_error_parse(design[i].code);

		assert_int_not_equal(e, API_N_ERRORS_);
		assert_string_equal(api_error_code(e), design[i].code);
		assert_int_equal(api_error_http(e), design[i].http);
		assert_int_equal(api_error_exit(e), design[i].exit);
		assert_true(strlen(api_error_text(e)) > 0);
	}
}

static void nothing_but_fenced_uses_412(void **state)
{
	(void)state;
	for (int e = 0; e < API_N_ERRORS_; e++)
		if (api_error_http((enum api_error)e) == 412)
			assert_int_equal(e, API_FENCED);
}

static void unknown_codes_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(api_error_parse("no-such-code"), API_N_ERRORS_);
	assert_int_equal(api_error_parse(""), API_N_ERRORS_);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_status_exit_and_text_of_the_design),
		cmocka_unit_test(nothing_but_fenced_uses_412),
		cmocka_unit_test(unknown_codes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
