/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "election/endpoint_map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define JOB_A "job-0a000000000000000000000000000001"
#define JOB_B "job-0a000000000000000000000000000002"
#define JOB_F "job-ff000000000000000000000000000003"

static void each_component_has_its_node(void **state)
{
	char path[ENDPOINT_NODE_PATH];

	(void)state;
	assert_int_equal(endpoint_node_of("dispatcher"), ENDPOINT_PROCESS);
	assert_int_equal(endpoint_node_of("resource_manager"), ENDPOINT_PROCESS);
	assert_int_equal(endpoint_node_of("rest_server"), ENDPOINT_PROCESS);
	assert_int_equal(endpoint_node_of(JOB_A), 0x0a);
	assert_int_equal(endpoint_node_of(JOB_F), 0xff);
	endpoint_node_path(0x0a, path);
	assert_string_equal(path, "endpoints/0a");
	endpoint_node_path(ENDPOINT_PROCESS, path);
	assert_string_equal(path, "endpoints");
	assert_int_equal(endpoint_node_of_child("ff"), 0xff);
}

static void what_is_no_component_has_none(void **state)
{
	static const char *const wrong[] = {
		"",
		"rest",
		"job-",
		"job-0a",
		"job-0A000000000000000000000000000001",
		JOB_A "0",
		"JOB-0a000000000000000000000000000001",
		"dispatcher ",
	};
	static const char *const children[] = { "", "0", "0g", "00a", "FF", "a" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		assert_int_equal(endpoint_node_of(wrong[i]), -EINVAL);
	for (size_t i = 0; i < N_ELEMENTS(children); i++)
		assert_true(endpoint_node_of_child(children[i]) < 0);
}

static void an_address_is_visible_text_without_quotes(void **state)
{
	char longest[ENDPOINT_ADDRESS_MAX + 2];

	(void)state;
	assert_true(endpoint_address_valid("pekko.tcp://flink@[::1]:6123/user/rpc/dispatcher_0"));
	assert_false(endpoint_address_valid(""));
	assert_false(endpoint_address_valid("a b"));
	assert_false(endpoint_address_valid("a\"b"));
	assert_false(endpoint_address_valid("a\\b"));
	assert_false(endpoint_address_valid("a\nb"));
	assert_false(endpoint_address_valid("h\xc3\xb6st"));
	memset(longest, 'x', sizeof(longest));
	longest[ENDPOINT_ADDRESS_MAX] = '\0';
	assert_true(endpoint_address_valid(longest));
	longest[ENDPOINT_ADDRESS_MAX] = 'x';
	longest[ENDPOINT_ADDRESS_MAX + 1] = '\0';
	assert_false(endpoint_address_valid(longest));
}

static void the_last_address_set_is_the_one(void **state)
{
	struct endpoint_map m = { 0 };

	(void)state;
	assert_int_equal(endpoint_map_set(&m, JOB_B, "b"), 0);
	assert_int_equal(endpoint_map_set(&m, JOB_A, "a"), 0);
	assert_int_equal(endpoint_map_set(&m, JOB_A, "aa"), 0);
	assert_int_equal(m.n, 2);
	assert_string_equal(endpoint_map_get(&m, JOB_A), "aa");
	assert_string_equal(m.entry[1]->component, JOB_B);
	endpoint_map_remove(&m, JOB_F); /* not there: nothing */
	endpoint_map_remove(&m, JOB_A);
	assert_null(endpoint_map_get(&m, JOB_A));
	assert_int_equal(m.n, 1);
	endpoint_map_done(&m);
	assert_int_equal(m.bytes, 0);
}

static void a_difference_has_only_what_changed(void **state)
{
	struct endpoint_map before = { 0 }, after = { 0 }, changes = { 0 };

	(void)state;
	(void)endpoint_map_set(&before, "dispatcher", "same");
	(void)endpoint_map_set(&before, JOB_A, "old");
	(void)endpoint_map_set(&before, JOB_B, "gone");
	assert_int_equal(endpoint_map_copy(&before, &after), 0);
	(void)endpoint_map_set(&after, JOB_A, "new");
	endpoint_map_remove(&after, JOB_B);
	(void)endpoint_map_set(&after, JOB_F, "came");
	assert_int_equal(endpoint_map_diff(&before, &after, &changes), 0);
	assert_int_equal(changes.n, 3);
	assert_string_equal(endpoint_map_get(&changes, JOB_A), "new");
	assert_string_equal(endpoint_map_get(&changes, JOB_B), "");
	assert_string_equal(endpoint_map_get(&changes, JOB_F), "came");
	endpoint_map_done(&before);
	endpoint_map_done(&after);
	endpoint_map_done(&changes);
}

static void contents_are_the_documented_json(void **state)
{
	struct endpoint_contents c = { .epoch = { 4 }, .leader_id = "u" }, got;
	CLEANUP(freep) char *text = NULL;

	(void)state;
	(void)endpoint_map_set(&c.map, "rest_server", "http://h:8081");
	(void)endpoint_map_set(&c.map, "dispatcher", "d");
	assert_int_equal(endpoint_contents_encode(ENDPOINT_PROCESS, &c, &text), 0);
	assert_string_equal(text, "{\"version\":1,\"epoch\":4,\"leader_id\":\"u\",\"components\":{"
	                          "\"dispatcher\":\"d\",\"rest_server\":\"http://h:8081\"}}");
	assert_int_equal(endpoint_contents_size(ENDPOINT_PROCESS, &c), strlen(text));
	assert_int_equal(endpoint_contents_decode(ENDPOINT_PROCESS, text, strlen(text), &got), 0);
	assert_int_equal(got.epoch.v, 4);
	assert_string_equal(got.leader_id, "u");
	assert_string_equal(endpoint_map_get(&got.map, "rest_server"), "http://h:8081");
	endpoint_contents_done(&c);
	endpoint_contents_done(&got);
}

static void a_shard_has_no_leader_id_and_may_be_empty(void **state)
{
	struct endpoint_contents c = { .epoch = { 4 } };
	CLEANUP(freep) char *text = NULL;

	(void)state;
	assert_int_equal(endpoint_contents_encode(10, &c, &text), 0);
	assert_string_equal(text, "{\"version\":1,\"epoch\":4,\"components\":{}}");
	assert_int_equal(endpoint_contents_size(10, &c), strlen(text));
}

static int decode(unsigned node, const char *text, struct endpoint_contents *ret)
{
	return endpoint_contents_decode(node, text, strlen(text), ret);
}

static void nothing_is_read_as_epoch_0(void **state)
{
	struct endpoint_contents got = { .epoch = { 9 } };

	(void)state;
	assert_int_equal(decode(ENDPOINT_PROCESS, "", &got), 0);
	assert_int_equal(got.epoch.v, 0);
}

static void what_is_not_ours_is_left_out_what_is_wrong_is_refused(void **state)
{
	static const char *const wrong[] = {
		"{",
		"{\"version\":1,\"components\":{}}",
		"{\"version\":1,\"epoch\":-1,\"components\":{}}",
		"{\"version\":1,\"epoch\":1,\"components\":null}",
		"{\"version\":1,\"epoch\":1,\"components\":{\"" JOB_A "\":7}}",
		"{\"version\":1,\"epoch\":1,\"components\":{\"" JOB_A "\":\"a b\"}}",
	};
	/* What would need an escape when it is written again. */
	static const char *const wrong_ids[] = { "a\\\"b", "a b", "\\u0001", "\\\\", "\\u00e9" };
	struct endpoint_contents got;
	char text[128];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		assert_int_equal(decode(0x0a, wrong[i], &got), -EBADMSG);
	for (size_t i = 0; i < N_ELEMENTS(wrong_ids); i++) {
		(void)snprintf(text, sizeof(text),
		               "{\"version\":1,\"epoch\":1,\"leader_id\":\"%s\","
		               "\"components\":{}}",
		               wrong_ids[i]);
		assert_int_equal(decode(ENDPOINT_PROCESS, text, &got), -EBADMSG);
	}
	assert_int_equal(decode(0x0a, "{\"version\":2}", &got), -EPROTONOSUPPORT);
	assert_int_equal(decode(0x0a,
	                        "{\"version\":1,\"epoch\":1,\"more\":[],\"components\":{\"" JOB_A
	                        "\":\"a\",\"" JOB_F "\":\"f\",\"dispatcher\":\"d\",\"" JOB_B
	                        "\":null}}",
	                        &got),
	                 0);
	assert_int_equal(got.map.n, 1);
	assert_string_equal(endpoint_map_get(&got.map, JOB_A), "a");
	endpoint_contents_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_component_has_its_node),
		cmocka_unit_test(what_is_no_component_has_none),
		cmocka_unit_test(an_address_is_visible_text_without_quotes),
		cmocka_unit_test(the_last_address_set_is_the_one),
		cmocka_unit_test(a_difference_has_only_what_changed),
		cmocka_unit_test(contents_are_the_documented_json),
		cmocka_unit_test(a_shard_has_no_leader_id_and_may_be_empty),
		cmocka_unit_test(nothing_is_read_as_epoch_0),
		cmocka_unit_test(what_is_not_ours_is_left_out_what_is_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
