/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_json.h"

#include <stdlib.h>
#include <string.h>

static void expect(json_t *o, const char *want)
{
	size_t size = 0;
	char *line = api_json_line(o, &size);

	assert_non_null(line);
	assert_string_equal(line, want);
	assert_int_equal(size, strlen(want));
	free(line);
	json_decref(o);
}

static void durations_are_milliseconds(void **state)
{
	json_t *o = json_object();

	(void)state;
	assert_true(api_json_ms(o, "a", 5120999));
	assert_true(api_json_ms(o, "b", USEC_INFINITY));
	assert_true(api_json_fine_ms(o, "c", 3100));
	assert_true(api_json_fine_ms(o, "d", 86400123456));
	assert_true(api_json_fine_ms(o, "e", USEC_INFINITY));
	expect(o, "{\"a\":5120,\"b\":null,\"c\":3.1,\"d\":86400123.456,\"e\":null}\n");
}

static void times_are_utc_with_milliseconds(void **state)
{
	json_t *o = json_object();

	(void)state;
	assert_true(api_json_time(o, "a", 1795341600123999));
	assert_true(api_json_time(o, "b", 0));
	assert_true(api_json_time(o, "c", USEC_INFINITY));
	expect(o, "{\"a\":\"2026-11-22T10:00:00.123Z\",\"b\":null,\"c\":null}\n");
}

static void the_leader_has_an_age_only_at_others(void **state)
{
	const struct leader_view self = { "jm-a", { 7 }, true, 5000 };
	const struct leader_view other = { "jm-a", { 7 }, false, 5000 };
	const struct leader_view none = { NULL, { 7 }, false, 5000 };
	json_t *o = json_object();

	(void)state;
	assert_true(api_json_leader(o, "a", &self));
	assert_true(api_json_leader(o, "b", &other));
	assert_true(api_json_leader(o, "c", &none));
	expect(o, "{\"a\":{\"member\":\"jm-a\",\"epoch\":7},"
	          "\"b\":{\"member\":\"jm-a\",\"epoch\":7,\"age_ms\":5},\"c\":null}\n");
}

static void text_is_escaped_and_made_utf8(void **state)
{
	json_t *o = json_object();

	(void)state;
	assert_true(api_json_text(o, "a", "x\"\\\n"));
	assert_true(api_json_text(o, "b", "caf\xe9"));
	assert_true(api_json_text(o, "c", NULL));
	expect(o, "{\"a\":\"x\\\"\\\\\\n\",\"b\":\"caf?\",\"c\":null}\n");
}

static void without_an_object_every_field_fails(void **state)
{
	(void)state;
	assert_false(api_json_text(NULL, "a", "x"));
	assert_false(api_json_number(NULL, "a", 1));
	assert_false(api_json_bool(NULL, "a", true));
	assert_false(api_json_ms(NULL, "a", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_milliseconds),
		cmocka_unit_test(times_are_utc_with_milliseconds),
		cmocka_unit_test(the_leader_has_an_age_only_at_others),
		cmocka_unit_test(text_is_escaped_and_made_utf8),
		cmocka_unit_test(without_an_object_every_field_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
