/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_counters.h"

#include <string.h>

#include "tests/unit/api_ask.h"

static const struct counter_view two[] = {
	{ "0a", 6, false },
	{ "0b", 0, true },
};

static void the_next_number_is_shown(void **state)
{
	struct api_request req = request("GET", "0a");

	(void)state;
	fake.counter_views = two;
	fake.n_counter_views = 2;
	expect(ask(api_counters_get, &req), 200, "{\"version\":1,\"value\":6}");
	assert_true(reply.has_sequence);
	assert_int_equal(reply.sequence, 99);
	req.tail = "absent";
	expect(ask(api_counters_get, &req), 200, "{\"version\":1,\"value\":1}");
	req.tail = "0b";
	expect_error(ask(api_counters_get, &req), 410, "damaged");
	fake.read_error = API_NOT_READY;
	expect_error(ask(api_counters_get, &req), 503, "not-ready");
}

static void all_are_listed(void **state)
{
	struct api_request req = request("GET", "");

	(void)state;
	fake.counter_views = two;
	fake.n_counter_views = 2;
	expect(ask(api_counters_list, &req), 200,
	       "{\"version\":1,\"counters\":[{\"key\":\"0a\",\"value\":6},{\"key\":\"0b\","
	       "\"damaged\":true}]}");
	fake.read_error = API_NOT_READY;
	expect_error(ask(api_counters_list, &req), 503, "not-ready");
}

static void a_post_hands_out_a_number(void **state)
{
	struct api_request req = request("POST", "0a");

	(void)state;
	fake.changed =
	        (struct change_result){ .epoch = { 7 }, .has_value = true, .value = INT64_MAX - 1 };
	expect(ask(api_counters_post, &req), 200,
	       "{\"version\":1,\"epoch\":7,\"value\":9223372036854775806}");
	assert_int_equal(fake.submitted.op, COUNTER_NEXT);
	assert_int_equal(fake.submitted.epoch.v, 7);
}

static void a_put_sets_the_next_number(void **state)
{
	static const char *const wrong[] = { "",
		                             "7",
		                             "{}",
		                             "{\"value\":0}",
		                             "{\"value\":-1}",
		                             "{\"value\":1.5}",
		                             "{\"value\":\"1\"}",
		                             "{\"value\":9223372036854775808}" };
	struct api_request req = request("PUT", "0a");

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set_body(&req, wrong[i]);
		expect_error(ask(api_counters_put, &req), 400, "bad-request");
	}
	assert_int_equal(fake.n_submitted, 0);
	set_body(&req, "{\"value\":9223372036854775807}");
	(void)ask(api_counters_put, &req);
	assert_int_equal(fake.submitted.op, COUNTER_SET);
	assert_true(fake.submitted.value == INT64_MAX);
}

static void a_delete_has_no_value(void **state)
{
	struct api_request req = request("DELETE", "0a");

	(void)state;
	expect(ask(api_counters_delete, &req), 200, "{\"version\":1,\"epoch\":7}");
	assert_int_equal(fake.submitted.op, COUNTER_DELETE);
	fake.changed = (struct change_result){ .error = API_NOT_FOUND };
	expect_error(ask(api_counters_delete, &req), 404, "not-found");
}

static void changes_need_the_epoch(void **state)
{
	struct api_request req = request("POST", "0a");

	(void)state;
	req.jmha_epoch = NULL;
	expect_error(ask(api_counters_post, &req), 428, "epoch-required");
	expect_error(ask(api_counters_put, &req), 428, "epoch-required");
	expect_error(ask(api_counters_delete, &req), 428, "epoch-required");
	assert_int_equal(fake.n_submitted, 0);
}

static void keys_are_those_of_pointers_and_a_little_shorter(void **state)
{
	char key[248] = "";
	struct api_request req = request("POST", key);

	(void)state;
	memset(key, 'k', sizeof(key));
	key[247] = '\0';
	expect_error(ask(api_counters_post, &req), 400, "bad-request");
	key[246] = '\0';
	assert_int_equal(ask(api_counters_post, &req)->http, 200);
	memcpy(key, "a~b", 4);
	expect_error(ask(api_counters_post, &req), 400, "bad-request");
	key[0] = '\0';
	expect_error(ask(api_counters_get, &req), 400, "bad-request");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_next_number_is_shown),
		T(all_are_listed),
		T(a_post_hands_out_a_number),
		T(a_put_sets_the_next_number),
		T(a_delete_has_no_value),
		T(changes_need_the_epoch),
		T(keys_are_those_of_pointers_and_a_little_shorter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
