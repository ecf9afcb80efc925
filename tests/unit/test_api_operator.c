/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_operator.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;
static struct api_reply reply;

static int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	memset(&reply, 0, sizeof(reply));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (reply.pending)
		api_pending_client_done(reply.pending);
	reply.pending = NULL;
	api_reply_done(&reply);
	api_pending_end_all(&context);
	return 0;
}

static void post(const char *body)
{
	struct api_request req = fake_request(&context, "POST", "/v1/switchover");

	req.body = body;
	req.size = strlen(body);
	api_operator_switchover(&req, &reply);
}

static const struct operator_result done = {
	.state = OPERATOR_DONE,
	.id = "q-0000000012",
	.verb = "switchover",
	.leader = "jm-b",
	.from = "jm-a",
	.epoch = { 8 },
	.stop = 40200,
	.release = 2500,
	.grant = 3000,
	.total = USEC_INFINITY,
};

static void progress(enum operator_state state, const char *id)
{
	const struct operator_result r = { .state = state, .id = id, .verb = "switchover" };

	fake.progress(fake.progress_cookie, &r);
}

static void expect_error(const struct api_reply *r, unsigned http, const char *code)
{
	json_t *o;

	assert_int_equal(r->http, http);
	assert_string_equal(fake_error(r, &o), code);
	json_decref(o);
}

static void an_empty_body_means_any_eligible_member(void **state)
{
	(void)state;
	post("");
	assert_non_null(reply.pending);
	assert_int_equal(fake.asked.verb, OPERATOR_SWITCHOVER);
	assert_null(fake.asked.to);
	assert_false(fake.asked.force);
	assert_string_equal(fake.asked.by, "uid 0");
}

static void all_fields_reach_the_backend(void **state)
{
	(void)state;
	post("{\"to\":\"jm-b\",\"force\":true,\"by\":\"ann\",\"why\":\"new kernel\"}");
	assert_string_equal(fake.asked.to, "jm-b");
	assert_true(fake.asked.force);
	assert_string_equal(fake.asked.by, "ann");
	assert_string_equal(fake.asked.why, "new kernel");
}

static void malformed_bodies_are_refused_unsent(void **state)
{
	static const char *const bodies[] = {
		"{",
		"[]",
		"\"jm-b\"",
		"{\"to\":1}",
		"{\"to\":\"\"}",
		"{\"to\":\".b\"}",
		"{\"to\":\"a/b\"}",
		"{\"force\":\"yes\"}",
		"{\"too\":\"jm-b\"}",
		"{\"to\":\"a\",\"to\":\"b\"}",
		"{\"by\":7}",
		"{\"to\":\"0123456789012345678901234567890123456789012345678901234567890123\"}",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post(bodies[i]);
		expect_error(&reply, 400, "bad-request");
		api_reply_done(&reply);
	}
	assert_null(fake.progress);
}

static void a_step_down_has_no_destination(void **state)
{
	struct api_request req = fake_request(&context, "POST", "/v1/step-down");

	(void)state;
	req.body = "{\"to\":\"jm-b\"}";
	req.size = strlen(req.body);
	api_operator_step_down(&req, &reply);
	expect_error(&reply, 400, "bad-request");
	api_reply_done(&reply);
	req.size = 0;
	api_operator_step_down(&req, &reply);
	assert_int_equal(fake.asked.verb, OPERATOR_STEP_DOWN);
}

static void wait_ms_has_a_range(void **state)
{
	static const char *const waits[] = { "", "x", "-1", "600001", "1.5" };
	struct api_request req = fake_request(&context, "POST", "/v1/switchover");

	(void)state;
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		req.wait_ms = waits[i];
		api_operator_switchover(&req, &reply);
		expect_error(&reply, 400, "bad-request");
		api_reply_done(&reply);
	}
	assert_null(fake.progress);
}

static void the_result_has_leader_epoch_and_times(void **state)
{
	(void)state;
	post("");
	progress(OPERATOR_NEW, "q-0000000012");
	progress(OPERATOR_TAKEN, "q-0000000012");
	assert_false(reply.pending->answered);
	fake.progress(fake.progress_cookie, &done);
	assert_true(reply.pending->answered);
	assert_int_equal(reply.pending->reply.http, 200);
	assert_string_equal(reply.pending->reply.body,
	                    "{\"version\":1,\"result\":\"done\",\"id\":\"q-0000000012\",\"verb\":"
	                    "\"switchover\",\"leader\":\"jm-b\",\"epoch\":8,\"from\":\"jm-a\","
	                    "\"stop_ms\":40.2,\"release_ms\":2.5,\"grant_ms\":3.0,"
	                    "\"total_ms\":null}\n");
}

static void a_refusal_keeps_its_code(void **state)
{
	const struct operator_result refused = { .state = OPERATOR_DONE,
		                                 .id = "q-0000000012",
		                                 .verb = "switchover",
		                                 .error = API_NOT_ELIGIBLE,
		                                 .message = "jm-b is not caught up" };

	(void)state;
	post("{\"to\":\"jm-b\"}");
	fake.progress(fake.progress_cookie, &refused);
	expect_error(&reply.pending->reply, 409, "not-eligible");
	assert_non_null(strstr(reply.pending->reply.body, "jm-b is not caught up"));
}

/* As the timer would; there is none without a loop. */
static bool time_out(void)
{
	struct api_pending *p = reply.pending;

	if (!p->on_timeout(p))
		return false;
	api_pending_answer(p);
	return true;
}

static void who_waited_enough_gets_an_id(void **state)
{
	(void)state;
	post("");
	progress(OPERATOR_NEW, "q-0000000012");
	assert_true(time_out());
	assert_int_equal(reply.pending->reply.http, 202);
	assert_string_equal(reply.pending->reply.body,
	                    "{\"version\":1,\"id\":\"q-0000000012\",\"verb\":\"switchover\","
	                    "\"result\":\"new\"}\n");
	fake.progress(fake.progress_cookie, &done); /* too late for this client */
	assert_int_equal(reply.pending->reply.http, 202);
}

static void an_id_that_comes_late_is_waited_for(void **state)
{
	(void)state;
	post("");
	assert_false(time_out());
	progress(OPERATOR_NEW, "q-0000000013");
	assert_true(reply.pending->answered);
	assert_int_equal(reply.pending->reply.http, 202);
	assert_non_null(strstr(reply.pending->reply.body, "q-0000000013"));
}

static void no_id_at_all_is_an_unknown_outcome(void **state)
{
	(void)state;
	post("");
	assert_false(time_out());
	assert_true(time_out());
	expect_error(&reply.pending->reply, 504, "outcome-unknown");
}

static void the_client_may_be_gone_before_the_end(void **state)
{
	(void)state;
	post("");
	api_pending_client_done(reply.pending);
	reply.pending = NULL;
	progress(OPERATOR_TAKEN, "q-0000000012");
	fake.progress(fake.progress_cookie, &done);
	assert_true(LIST_EMPTY(&context.pending));
}

static void a_request_is_found_by_its_id(void **state)
{
	struct api_request req = fake_request(&context, "GET", "/v1/requests/");

	(void)state;
	fake.request = done;
	req.tail = "q-0000000012";
	api_operator_request(&req, &reply);
	assert_int_equal(reply.http, 200);
	api_reply_done(&reply);
	fake.request.state = OPERATOR_TAKEN;
	api_operator_request(&req, &reply);
	assert_int_equal(reply.http, 202);
	assert_non_null(strstr(reply.body, "\"taken\""));
	api_reply_done(&reply);
	req.tail = "q-0000000099";
	api_operator_request(&req, &reply);
	expect_error(&reply, 404, "not-found");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_body_means_any_eligible_member),
		T(all_fields_reach_the_backend),
		T(malformed_bodies_are_refused_unsent),
		T(a_step_down_has_no_destination),
		T(wait_ms_has_a_range),
		T(the_result_has_leader_epoch_and_times),
		T(a_refusal_keeps_its_code),
		T(who_waited_enough_gets_an_id),
		T(an_id_that_comes_late_is_waited_for),
		T(no_id_at_all_is_an_unknown_outcome),
		T(the_client_may_be_gone_before_the_end),
		T(a_request_is_found_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
