/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "election/znode_json.h"

#define set(field, size, text) assert_true(text_format(field, size, "%s", text) > 0)

static void a_member_is_written_as_agreed_and_read_again(void **state)
{
	static const char expected[] =
	        "{\"version\":1,\"member\":\"jm-a\",\"host\":\"h1\",\"nonce\":\"0123456789abcdef\","
	        "\"role\":\"contender\",\"jmha\":\"0.1.0\",\"eligible\":false,"
	        "\"reasons\":[\"not-caught-up\",\"storage-full\"],\"sequence\":12,\"stopped\":3,"
	        "\"config\":\"0011aabb\",\"api\":null,"
	        "\"sign\":\"00112233445566778899aabbccddeeff\",\"sees\":[\"jm-b\",\"jm-c\"]}";
	struct member_node m = { .member = "jm-a",
		                 .host = "h1",
		                 .nonce = { "0123456789abcdef" },
		                 .jmha = "0.1.0",
		                 .reasons = REASON_BIT(REASON_NOT_CAUGHT_UP) |
		                            REASON_BIT(REASON_STORAGE_FULL),
		                 .sequence = 12,
		                 .stopped = { 3 },
		                 .config = "0011aabb",
		                 .sign = "00112233445566778899aabbccddeeff",
		                 .tells_sees = true,
		                 .sees = "jm-b jm-c" },
	                   got;
	CLEANUP(freep) char *text = NULL;

	(void)state;
	assert_int_equal(znode_json_encode_member(&m, &text), 0);
	assert_string_equal(text, expected);
	assert_int_equal(znode_json_decode_member(text, strlen(text), &got), 0);
	assert_memory_equal(&got, &m, sizeof(m));
}

#define MEMBER_WITH(more)                                                                        \
	"{\"version\":1,\"member\":\"jm-a\",\"host\":\"h\",\"nonce\":\"0123456789abcdef\","      \
	"\"role\":\"contender\",\"jmha\":\"9\",\"eligible\":true,\"reasons\":[],\"sequence\":0," \
	"\"stopped\":0,\"config\":\"\",\"api\":null" more "}"

static void read_member(const char *text, struct member_node *ret)
{
	memset(ret, 0xff, sizeof(*ret));
	assert_int_equal(znode_json_decode_member(text, strlen(text), ret), 0);
}

static void who_sees_nobody_and_who_does_not_tell_are_two(void **state)
{
	CLEANUP(freep) char *nobody = NULL;
	CLEANUP(freep) char *untold = NULL;
	struct member_node m;

	(void)state;
	read_member(MEMBER_WITH(",\"sign\":null,\"sees\":[]"), &m);
	assert_true(m.tells_sees && m.sees[0] == '\0' && m.sign[0] == '\0');
	assert_int_equal(znode_json_encode_member(&m, &nobody), 0);
	assert_string_equal(nobody, MEMBER_WITH(",\"sign\":null,\"sees\":[]"));
	read_member(MEMBER_WITH(""), &m); /* of an earlier release */
	assert_true(!m.tells_sees && m.sees[0] == '\0' && m.sign[0] == '\0');
	assert_int_equal(znode_json_encode_member(&m, &untold), 0);
	assert_string_equal(untold, MEMBER_WITH(",\"sign\":null,\"sees\":null"));
}

/* What is only shown must not keep a member from being read (A4 asks it whether it has stopped). */
static void signs_of_another_form_are_not_told(void **state)
{
	static const char *const bad[] = {
		MEMBER_WITH(",\"sign\":7,\"sees\":{}"),
		MEMBER_WITH(",\"sign\":\"0011\",\"sees\":\"jm-b\""),
		MEMBER_WITH(",\"sign\":\"00112233445566778899AABBCCDDEEFF\",\"sees\":[1]"),
		MEMBER_WITH(",\"sign\":[],\"sees\":[\"jm-b\",\"a b\"]"),
		MEMBER_WITH(",\"sign\":{},\"sees\":[\"jm-b\",\"\"]"),
	};
	struct member_node m;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		read_member(bad[i], &m);
		assert_string_equal(m.member, "jm-a");
		assert_true(!m.tells_sees && m.sees[0] == '\0' && m.sign[0] == '\0');
	}
}

static void more_names_than_there_is_room_for_are_not_told(void **state)
{
	char text[4096] = MEMBER_WITH(",\"sees\":[\"a\"");
	struct member_node m;
	size_t len = strlen(text) - 1;

	(void)state;
	for (unsigned i = 0; i < 16; i++) { /* 1 + 16 * (1 + 63) = 1025 */
		text[len] = '\0';
		assert_true(text_format(text + len, sizeof(text) - len, ",\"%063u\"]}", i) > 0);
		read_member(text, &m);
		assert_true(m.tells_sees == (i < 15));
		assert_int_equal(strlen(m.sees), i < 15 ? 1 + 64 * (i + 1) : 0);
		len = strlen(text) - 2;
	}
}

static void a_newer_members_reasons_are_skipped(void **state)
{
	static const char text[] =
	        "{\"version\":1,\"member\":\"a\",\"host\":\"h\",\"nonce\":\"0123456789abcdef\","
	        "\"role\":\"observer\",\"jmha\":\"9\",\"eligible\":true,\"extra\":1,"
	        "\"reasons\":[\"moon\",\"pause\"],\"sequence\":0,\"stopped\":0,"
	        "\"config\":\"\",\"api\":\"h:1\"}";
	struct member_node got;

	(void)state;
	assert_int_equal(znode_json_decode_member(text, strlen(text), &got), 0);
	assert_int_equal(got.reasons, REASON_BIT(REASON_PAUSE));
	assert_true(got.observer);
	assert_string_equal(got.api, "h:1");
}

static void damaged_members_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"null",
		"{",
		"{\"version\":1}",
		"{\"version\":0}",
		"{\"version\":1,\"member\":\"a\",\"host\":\"h\",\"nonce\":\"0123456789abcdef\","
		"\"role\":\"king\",\"jmha\":\"9\",\"eligible\":true,"
		"\"reasons\":[],\"sequence\":0,\"stopped\":0,\"config\":\"\",\"api\":null}",
		"{\"version\":1,\"member\":\"a\",\"host\":\"h\",\"nonce\":\"0123456789ABCDEF\","
		"\"role\":\"observer\",\"jmha\":\"9\",\"eligible\":true,"
		"\"reasons\":[],\"sequence\":0,\"stopped\":0,\"config\":\"\",\"api\":null}",
		"{\"version\":1,\"member\":\"a\",\"host\":\"h\",\"nonce\":\"0123456789abcdef\","
		"\"role\":\"observer\",\"jmha\":\"9\",\"eligible\":1,"
		"\"reasons\":[],\"sequence\":0,\"stopped\":0,\"config\":\"\",\"api\":null}",
	};
	struct member_node got = { .member = "untouched" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(znode_json_decode_member(bad[i], strlen(bad[i]), &got), -EBADMSG);
	assert_string_equal(got.member, "untouched");
	assert_int_equal(znode_json_decode_member("{\"version\":2}", 13, &got), -EPROTONOSUPPORT);
}

static void a_latch_goes_there_and_back(void **state)
{
	struct latch_node l = { .member = "jm-a", .host = "h", .started_ms = 1700000000123 }, got;
	CLEANUP(freep) char *text = NULL;

	(void)state;
	assert_int_equal(znode_json_encode_latch(&l, &text), 0);
	assert_string_equal(text, "{\"version\":1,\"member\":\"jm-a\",\"host\":\"h\","
	                          "\"started_ms\":1700000000123}");
	assert_int_equal(znode_json_decode_latch(text, strlen(text), &got), 0);
	assert_memory_equal(&got, &l, sizeof(l));
}

static void a_request_grows_a_result(void **state)
{
	struct request_node q = { .verb = "switchover",
		                  .args = "{\"to\":\"jm-b\"}",
		                  .by = "root",
		                  .member = "jm-a",
		                  .at_ms = 5 },
	                    got;
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *done = NULL;

	(void)state;
	assert_int_equal(znode_json_encode_request(&q, &text), 0);
	assert_string_equal(text, "{\"version\":1,\"verb\":\"switchover\",\"args\":{\"to\":"
	                          "\"jm-b\"},\"by\":\"root\",\"member\":\"jm-a\",\"at_ms\":5,"
	                          "\"state\":\"new\",\"result\":null}");
	assert_int_equal(znode_json_decode_request(text, strlen(text), &got), 0);
	assert_memory_equal(&got, &q, sizeof(q));
	q.state = REQUEST_DONE;
	q.epoch.v = 9;
	set(q.error, sizeof(q.error), "aborted");
	set(q.message, sizeof(q.message), "leader changed");
	set(q.timings, sizeof(q.timings), "{\"grant_ms\":2.5}");
	assert_int_equal(znode_json_encode_request(&q, &done), 0);
	assert_non_null(strstr(done, "\"result\":{\"error\":\"aborted\",\"message\":\"leader "
	                             "changed\",\"epoch\":9,\"grant_ms\":2.5}"));
	assert_int_equal(znode_json_decode_request(done, strlen(done), &got), 0);
	assert_memory_equal(&got, &q, sizeof(q));
	set(q.args, sizeof(q.args), "no object");
	assert_int_equal(znode_json_encode_request(&q, &text), -EINVAL);
}

static void a_request_without_sense_is_refused(void **state)
{
	static const char text[] = "{\"version\":1,\"verb\":\"v\",\"args\":{},\"by\":\"b\","
	                           "\"member\":\"m\",\"at_ms\":1,\"state\":\"lost\","
	                           "\"result\":null}";
	static const char half[] = "{\"version\":1,\"verb\":\"v\",\"args\":{},\"by\":\"b\","
	                           "\"member\":\"m\",\"at_ms\":1,\"state\":\"done\","
	                           "\"result\":null}";
	struct request_node got;

	(void)state;
	assert_int_equal(znode_json_decode_request(text, strlen(text), &got), -EBADMSG);
	assert_int_equal(znode_json_decode_request(half, strlen(half), &got), -EBADMSG);
}

static void maintenance_goes_there_and_back(void **state)
{
	struct maintenance_node m = { .until_ms = 7, .by = "root", .why = "disk \"x\"" }, got;
	CLEANUP(freep) char *text = NULL;

	(void)state;
	assert_int_equal(znode_json_encode_maintenance(&m, &text), 0);
	assert_int_equal(znode_json_decode_maintenance(text, strlen(text), &got), 0);
	assert_memory_equal(&got, &m, sizeof(m));
}

static void text_that_is_not_utf8_is_refused(void **state)
{
	struct maintenance_node m = { .by = "root", .why = "\xff" };
	char *text = NULL;

	(void)state;
	assert_int_equal(znode_json_encode_maintenance(&m, &text), -EINVAL);
	assert_null(text);
}

static void names_have_a_form(void **state)
{
	static const char *const good[] = { "a", "jm-a", "_x", "-x", "A.b_c-9" };
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "a b", "\xc3\xa4" };
	char name[65];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		assert_true(znode_json_valid_name(good[i]));
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_false(znode_json_valid_name(bad[i]));
	memset(name, 'x', 64);
	name[64] = '\0';
	assert_false(znode_json_valid_name(name));
	name[63] = '\0';
	assert_true(znode_json_valid_name(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_written_as_agreed_and_read_again),
		cmocka_unit_test(who_sees_nobody_and_who_does_not_tell_are_two),
		cmocka_unit_test(signs_of_another_form_are_not_told),
		cmocka_unit_test(more_names_than_there_is_room_for_are_not_told),
		cmocka_unit_test(a_newer_members_reasons_are_skipped),
		cmocka_unit_test(damaged_members_are_refused),
		cmocka_unit_test(a_latch_goes_there_and_back),
		cmocka_unit_test(a_request_grows_a_result),
		cmocka_unit_test(a_request_without_sense_is_refused),
		cmocka_unit_test(maintenance_goes_there_and_back),
		cmocka_unit_test(text_that_is_not_utf8_is_refused),
		cmocka_unit_test(names_have_a_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
