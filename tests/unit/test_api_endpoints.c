/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/api_stream.h"
#include "tests/unit/api_ask.h"

static int set_up(void **state)
{
	(void)setup(state);
	assert_int_equal(api_endpoints_hub_new(&context, &context.followers), 0);
	return 0;
}

static int tear_down(void **state)
{
	api_hub_free(context.followers);
	return teardown(state);
}

#define JOB "job-0a000000000000000000000000000001"

/* ---- reading */

static void the_answer_has_every_field_of_the_contract(void **state)
{
	struct api_request req = request("GET", "");

	(void)state;
	expect(ask(api_endpoints_get, &req), 200,
	       "{\"version\":1,\"epoch\":7,\"leader_id\":\"6b1f-7\",\"age_ms\":40,\"stale\":false,"
	       "\"components\":{\"dispatcher\":\"d:1\",\"" JOB "\":\"j:1\"}}");
	assert_false(reply.stream);
}

static void before_a_first_leader_there_is_nothing(void **state)
{
	struct api_request req = request("GET", "");

	(void)state;
	fake.endpoints = (struct endpoints_view){ .age = usec_from_ms(9000), .stale = true };
	expect(ask(api_endpoints_get, &req), 200,
	       "{\"version\":1,\"epoch\":0,\"leader_id\":null,\"age_ms\":9000,\"stale\":true,"
	       "\"components\":{}}");
}

static unsigned woken;

static void wake(void *cookie)
{
	(void)cookie;
	woken++;
}

static struct api_stream *follow(void)
{
	struct api_request req = request("GET", "");
	struct api_stream *s = NULL;
	const struct api_reply *r;

	req.follow = "1";
	r = ask(api_endpoints_get, &req);
	assert_int_equal(r->http, 200);
	assert_true(r->stream);
	assert_ptr_equal(r->hub, context.followers);
	assert_string_equal(r->type, "application/x-ndjson");
	assert_int_equal(api_stream_open(r->hub, strdup(r->body), r->size, wake, NULL, &s), 0);
	return s;
}

static const char *take(struct api_stream *s)
{
	static char buf[2000];
	ssize_t n = api_stream_read(s, buf, sizeof(buf) - 1);

	assert_true(n >= 0);
	buf[n] = '\0';
	return buf;
}

static void a_follower_gets_the_state_then_what_changed(void **state)
{
	const struct endpoint_view changes[] = { { "dispatcher", "d:2" }, { JOB, NULL } };
	struct api_stream *s = follow();

	(void)state;
	assert_string_equal(take(s), "{\"type\":\"state\",\"epoch\":7,\"leader_id\":\"6b1f-7\","
	                             "\"age_ms\":40,\"stale\":false,\"components\":{"
	                             "\"dispatcher\":\"d:1\",\"" JOB "\":\"j:1\"}}\n");
	fake.endpoints.age = 0;
	api_endpoints_publish(&context, changes, 2);
	assert_string_equal(take(s),
	                    "{\"type\":\"change\",\"epoch\":7,\"leader_id\":\"6b1f-7\",\"age_ms\":"
	                    "0,\"stale\":false,\"components\":{\"dispatcher\":\"d:2\",\"" JOB
	                    "\":null}}\n");
	api_stream_close(s);
}

static void another_epoch_is_a_state_again(void **state)
{
	struct api_stream *s = follow();

	(void)state;
	(void)take(s);
	fake.endpoints = (struct endpoints_view){ { 8 }, "6b1f-8", 0, false, 0 };
	api_endpoints_publish(&context, NULL, 0);
	assert_string_equal(take(s), "{\"type\":\"state\",\"epoch\":8,\"leader_id\":\"6b1f-8\","
	                             "\"age_ms\":0,\"stale\":false,\"components\":{}}\n");
	api_stream_close(s);
}

static void a_heartbeat_says_how_fresh_it_is(void **state)
{
	struct api_stream *s = follow();

	(void)state;
	(void)take(s);
	fake.endpoints.age = usec_from_ms(12000);
	fake.endpoints.stale = true;
	api_endpoints_heartbeat(&context);
	assert_string_equal(take(s), "{\"type\":\"heartbeat\",\"epoch\":7,\"leader_id\":"
	                             "\"6b1f-7\",\"age_ms\":12000,\"stale\":true}\n");
	api_stream_close(s);
}

static void nobody_follows_nothing_is_made(void **state)
{
	(void)state;
	fake.endpoints.n = 1000; /* more than there are: would be read */
	api_endpoints_publish(&context, NULL, 0);
	api_endpoints_heartbeat(&context);
}

static void readers_leave_some_places_to_admins(void **state)
{
	static struct api_stream *s[API_MAX_FOLLOWERS];
	struct api_request req = request("GET", "");
	unsigned n = 0;

	(void)state;
	req.follow = "1";
	for (req.privileged = false; n < API_MAX_FOLLOWERS; n++) {
		if (!ask(api_endpoints_get, &req)->stream)
			break;
		assert_int_equal(
		        api_stream_open(context.followers, strdup("x\n"), 2, wake, NULL, &s[n]), 0);
	}
	assert_int_equal(n, API_MAX_FOLLOWERS / 4 * 3);
	expect_error(&reply, 429, "busy");
	req.privileged = true;
	assert_true(ask(api_endpoints_get, &req)->stream);
	while (n > 0)
		api_stream_close(s[--n]);
}

static void a_head_or_a_0_is_no_stream(void **state)
{
	struct api_request req = request("HEAD", "");

	(void)state;
	req.follow = "1";
	assert_false(ask(api_endpoints_get, &req)->stream);
	req.method = "GET";
	req.follow = "0";
	assert_false(ask(api_endpoints_get, &req)->stream);
	req.follow = "yes";
	expect_error(ask(api_endpoints_get, &req), 400, "bad-request");
}

/* ---- publishing */

static void an_address_is_handed_on_with_its_epoch(void **state)
{
	struct api_request req = request("PUT", JOB);

	(void)state;
	set_body(&req, "{\"address\":\"pekko.tcp://flink@h:6123/user/rpc/jobmanager_2\",\"x\":1}");
	expect(ask(api_endpoints_put, &req), 200, "{\"version\":1,\"epoch\":7}");
	assert_string_equal(fake.submitted.what, "endpoint");
	assert_string_equal(fake.submitted.key, JOB);
	assert_string_equal(fake.submitted.text, "pekko.tcp://flink@h:6123/user/rpc/jobmanager_2");
	assert_int_equal(fake.submitted.epoch.v, 7);
}

static void removing_has_no_address(void **state)
{
	struct api_request req = request("DELETE", "rest_server");

	(void)state;
	expect(ask(api_endpoints_delete, &req), 200, "{\"version\":1,\"epoch\":7}");
	assert_false(fake.submitted.has_text);
}

static void without_the_epoch_nothing_is_done(void **state)
{
	struct api_request req = request("PUT", "dispatcher");

	(void)state;
	set_body(&req, "{\"address\":\"d\"}");
	req.jmha_epoch = NULL;
	expect_error(ask(api_endpoints_put, &req), 428, "epoch-required");
	expect_error(ask(api_endpoints_delete, &req), 428, "epoch-required");
	req.jmha_epoch = "0";
	expect_error(ask(api_endpoints_put, &req), 400, "bad-request");
	req.jmha_epoch = "seven";
	expect_error(ask(api_endpoints_put, &req), 400, "bad-request");
	assert_int_equal(fake.n_submitted, 0);
}

static void other_components_are_refused(void **state)
{
	static const char *const wrong[] = { "",
		                             "dispatchers",
		                             "job-0a",
		                             "webmonitor",
		                             "job-0A000000000000000000000000000001",
		                             JOB "0" };

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct api_request req = request("PUT", wrong[i]);

		set_body(&req, "{\"address\":\"d\"}");
		expect_error(ask(api_endpoints_put, &req), 400, "bad-request");
		expect_error(ask(api_endpoints_delete, &req), 400, "bad-request");
	}
	assert_int_equal(fake.n_submitted, 0);
}

static void other_bodies_are_refused(void **state)
{
	static const char *const wrong[] = { "",
		                             "d",
		                             "[]",
		                             "{}",
		                             "{\"address\":7}",
		                             "{\"address\":\"\"}",
		                             "{\"address\":\"a b\"}",
		                             "{\"address\":\"a\\\"b\"}",
		                             "{\"address\":\"\\u00f6\"}",
		                             "{\"address\":\"a\",\"address\":\"b\"}" };
	struct api_request req = request("PUT", "dispatcher");

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set_body(&req, wrong[i]);
		expect_error(ask(api_endpoints_put, &req), 400, "bad-request");
	}
	assert_int_equal(fake.n_submitted, 0);
}

static void a_refusal_says_why_and_who_leads(void **state)
{
	struct api_request req = request("DELETE", "dispatcher");

	(void)state;
	fake.changed = (struct change_result){ .error = API_NOT_LEADER, .leader = "jm-b" };
	expect(ask(api_endpoints_delete, &req), 409,
	       "{\"error\":\"not-leader\",\"message\":\"this member does not lead; ask the leader, "
	       "nothing was changed\",\"leader\":\"jm-b\"}");
	fake.changed = (struct change_result){ .error = API_FENCED };
	expect_error(ask(api_endpoints_delete, &req), 412, "fenced");
	fake.changed = (struct change_result){ .error = API_TOO_LARGE, .message = "131073 bytes" };
	expect_error(ask(api_endpoints_delete, &req), 413, "too-large");
	fake.changed = (struct change_result){ .error = API_OUTCOME_UNKNOWN };
	expect_error(ask(api_endpoints_delete, &req), 504, "outcome-unknown");
}

static void the_answer_may_come_later_or_find_nobody(void **state)
{
	struct api_request req = request("DELETE", "dispatcher");

	(void)state;
	fake.at_once = false;
	api_endpoints_delete(&req, &reply);
	assert_false(reply.pending->answered);
	fake_change(&fake, &fake.changed);
	assert_true(reply.pending->answered);
	api_pending_client_done(reply.pending);
	reply.pending = NULL;
	api_endpoints_delete(&req, &reply);
	api_pending_client_done(reply.pending); /* gone before the answer */
	reply.pending = NULL;
	fake_change(&fake, &fake.changed);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_answer_has_every_field_of_the_contract),
		T(before_a_first_leader_there_is_nothing),
		T(a_follower_gets_the_state_then_what_changed),
		T(another_epoch_is_a_state_again),
		T(a_heartbeat_says_how_fresh_it_is),
		T(nobody_follows_nothing_is_made),
		T(readers_leave_some_places_to_admins),
		T(a_head_or_a_0_is_no_stream),
		T(an_address_is_handed_on_with_its_epoch),
		T(removing_has_no_address),
		T(without_the_epoch_nothing_is_done),
		T(other_components_are_refused),
		T(other_bodies_are_refused),
		T(a_refusal_says_why_and_who_leads),
		T(the_answer_may_come_later_or_find_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
