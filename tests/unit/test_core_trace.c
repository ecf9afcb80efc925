/* SPDX-License-Identifier: Apache-2.0 */
#include "election/core_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct core_out two(void)
{
	struct core_out out = { .n = 2 };

	out.cmd[0].type = CORE_CMD_ARM;
	out.cmd[0].epoch.v = 7;
	out.cmd[0].deadline = 1200 * USEC_PER_MSEC;
	out.cmd[1].type = CORE_CMD_GRANT;
	out.cmd[1].epoch.v = 7;
	return out;
}

static void commands_are_told_in_their_order(void **state)
{
	struct core_out out = two();
	char text[80];

	(void)state;
	assert_string_equal(core_trace(&out, text, sizeof(text)), "arm:7@1200 grant:7");
}

static void nothing_is_an_empty_text(void **state)
{
	struct core_out out = { 0 };
	char text[4] = "xxx";

	(void)state;
	assert_string_equal(core_trace(&out, text, sizeof(text)), "");
}

static void cause_and_flags_are_told(void **state)
{
	struct core_out out = { .n = 2 };
	char text[80];

	(void)state;
	out.cmd[0].type = CORE_CMD_RELEASE;
	out.cmd[0].cause = CAUSE_SHUTDOWN;
	out.cmd[0].with_member = true;
	out.cmd[1].type = CORE_CMD_OBSERVE;
	out.cmd[1].list_log = true;
	assert_string_equal(core_trace(&out, text, sizeof(text)),
	                    "release=shutdown+member observe+log");
}

static void a_text_that_does_not_fit_is_cut_off(void **state)
{
	struct core_out out = two();
	char text[80];

	(void)state;
	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		core_trace(&out, text, size);
		assert_true(strlen(text) < size);
		assert_true(size == sizeof(text) || text[size] == 'x');
		assert_memory_equal(text, "arm:7@1200 grant:7", strlen(text));
	}
}

static void every_command_event_and_phase_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CORE_N_COMMANDS_; i++)
		assert_non_null(core_command_name((enum core_command_type)i));
	for (unsigned i = 0; i < CORE_N_EVENTS_; i++)
		assert_non_null(core_event_name((enum core_event_type)i));
	for (unsigned i = 0; i < CORE_N_PHASES_; i++)
		assert_non_null(core_phase_name((enum core_phase)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_told_in_their_order),
		cmocka_unit_test(nothing_is_an_empty_text),
		cmocka_unit_test(cause_and_flags_are_told),
		cmocka_unit_test(a_text_that_does_not_fit_is_cut_off),
		cmocka_unit_test(every_command_event_and_phase_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
