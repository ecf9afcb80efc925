/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/exit_code.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void every_code_of_the_api_has_the_exit_code_of_the_design(void **state)
{
	static const struct {
		unsigned http;
		const char *code;
		int exit;
	} table[] = {
		{ 200, "", 0 },
		{ 202, "", 0 },
		{ 400, "bad-request", 2 },
		{ 403, "forbidden", 1 },
		{ 404, "not-found", 1 },
		{ 405, "method-not-allowed", 1 },
		{ 409, "condition-failed", 1 },
		{ 409, "not-leader", 6 },
		{ 409, "not-eligible", 4 },
		{ 409, "unsafe", 4 },
		{ 410, "damaged", 1 },
		{ 412, "fenced", 1 },
		{ 413, "too-large", 2 },
		{ 428, "epoch-required", 2 },
		{ 429, "busy", 1 },
		{ 500, "internal", 1 },
		{ 503, "no-leader", 6 },
		{ 503, "aborted", 6 },
		{ 503, "storage-failed", 1 },
		{ 503, "not-ready", 1 },
		{ 503, "disconnected", 3 },
		{ 504, "outcome-unknown", 5 },
		{ 507, "storage-full", 1 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(table); i++)
		assert_int_equal(exit_code_of_reply(table[i].http, table[i].code), table[i].exit);
}

static void a_code_of_a_newer_daemon_goes_by_its_status(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of_reply(400, "new-thing"), EXIT_USAGE);
	assert_int_equal(exit_code_of_reply(504, "new-thing"), EXIT_UNKNOWN);
	assert_int_equal(exit_code_of_reply(409, "new-thing"), EXIT_FAILED);
	assert_int_equal(exit_code_of_reply(503, ""), EXIT_FAILED);
	assert_int_equal(exit_code_of_reply(418, ""), EXIT_FAILED);
	assert_int_equal(exit_code_of_reply(500, "ok"), EXIT_FAILED);
}

static void only_a_write_without_an_answer_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of_errno(-ENOENT, true), EXIT_UNREACHABLE);
	assert_int_equal(exit_code_of_errno(-ECONNREFUSED, true), EXIT_UNREACHABLE);
	assert_int_equal(exit_code_of_errno(-ETIMEDOUT, true), EXIT_UNKNOWN);
	assert_int_equal(exit_code_of_errno(-ECONNRESET, true), EXIT_UNKNOWN);
	assert_int_equal(exit_code_of_errno(-ETIMEDOUT, false), EXIT_UNREACHABLE);
	assert_int_equal(exit_code_of_errno(-ECONNRESET, false), EXIT_UNREACHABLE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_of_the_api_has_the_exit_code_of_the_design),
		cmocka_unit_test(a_code_of_a_newer_daemon_goes_by_its_status),
		cmocka_unit_test(only_a_write_without_an_answer_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
