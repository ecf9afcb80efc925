/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/api_request.h"
#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;
static struct api_reply reply;

static int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	fake.at_once = true;
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
	assert_true(LIST_EMPTY(&context.pending));
	return 0;
}

static struct api_request request(const char *method, const char *tail)
{
	struct api_request req = fake_request(&context, method, "/");

	req.tail = tail;
	req.jmha_epoch = "7";
	return req;
}

/* The reply to `handler`; the one before is ended. */
static const struct api_reply *ask(void (*handler)(const struct api_request *, struct api_reply *),
                                   const struct api_request *req)
{
	if (reply.pending)
		api_pending_client_done(reply.pending);
	reply.pending = NULL;
	api_reply_done(&reply);
	handler(req, &reply);
	if (!reply.pending)
		return &reply;
	assert_true(reply.pending->answered);
	return &reply.pending->reply;
}

static void set_body(struct api_request *req, const char *text)
{
	req->body = text;
	req->size = strlen(text);
}

static void expect(const struct api_reply *r, unsigned http, const char *text)
{
	json_t *got = fake_json(r), *want = json_loads(text, 0, NULL);

	assert_int_equal(r->http, http);
	assert_non_null(want);
	if (!json_equal(got, want))
		fail_msg("got %s", r->body);
	json_decref(got);
	json_decref(want);
}

static void expect_error(const struct api_reply *r, unsigned http, const char *code)
{
	json_t *o;

	assert_string_equal(fake_error(r, &o), code);
	assert_int_equal(r->http, http);
	json_decref(o);
}

#define JOB "0a000000000000000000000000000001"

static void parked_jobs_are_listed_with_why_and_since_when(void **state)
{
	static const struct parked_job parked[] = { { JOB, "file gone", 1795341600000000 },
		                                    { JOB, "?", 0 } };
	struct api_request req = request("GET", "");

	(void)state;
	expect(ask(api_jobs_parked, &req), 200, "{\"version\":1,\"parked\":[]}");
	fake.parked = parked;
	fake.n_parked = 2;
	expect(ask(api_jobs_parked, &req), 200,
	       "{\"version\":1,\"parked\":[{\"jobid\":\"" JOB "\",\"why\":\"file gone\",\"since\":"
	       "\"2026-11-22T10:00:00.000Z\"},{\"jobid\":\"" JOB
	       "\",\"why\":\"?\",\"since\":null}]}");
	fake.read_error = API_NOT_READY;
	expect_error(ask(api_jobs_parked, &req), 503, "not-ready");
}

static void parking_needs_a_reason_and_the_epoch(void **state)
{
	char long_why[1100] = "{\"why\":\"";
	struct api_request req = request("POST", JOB);

	(void)state;
	set_body(&req, "{\"why\":\"file gone\"}");
	expect(ask(api_jobs_park, &req), 200, "{\"version\":1,\"epoch\":7}");
	assert_int_equal(fake.submitted.op, JOB_PARK);
	assert_string_equal(fake.submitted.text, "file gone");
	assert_string_equal(fake.submitted.key, JOB);
	set_body(&req, "{}");
	expect_error(ask(api_jobs_park, &req), 400, "bad-request");
	set_body(&req, "{\"why\":\"\"}");
	expect_error(ask(api_jobs_park, &req), 400, "bad-request");
	memset(long_why + 8, 'x', 1001);
	memcpy(long_why + 8 + 1001, "\"}", 3);
	set_body(&req, long_why);
	expect_error(ask(api_jobs_park, &req), 400, "bad-request");
	set_body(&req, "{\"why\":\"file gone\"}");
	req.jmha_epoch = NULL;
	expect_error(ask(api_jobs_park, &req), 428, "epoch-required");
	expect_error(ask(api_jobs_unpark, &req), 428, "epoch-required");
	assert_int_equal(fake.n_submitted, 1);
}

static void a_job_that_is_back_is_taken_off_the_list(void **state)
{
	struct api_request req = request("DELETE", JOB);

	(void)state;
	expect(ask(api_jobs_unpark, &req), 200, "{\"version\":1,\"epoch\":7}");
	assert_int_equal(fake.submitted.op, JOB_UNPARK);
	fake.changed = (struct change_result){ .error = API_NOT_FOUND };
	expect_error(ask(api_jobs_unpark, &req), 404, "not-found");
}

static void an_operator_recovers_without_an_epoch(void **state)
{
	struct api_request req = request("POST", JOB);

	(void)state;
	req.jmha_epoch = NULL;
	expect(ask(api_jobs_recover, &req), 200, "{\"version\":1,\"epoch\":7}");
	assert_int_equal(fake.submitted.op, JOB_RECOVER);
	fake.changed = (struct change_result){ .error = API_NOT_LEADER, .leader = "jm-b" };
	expect_error(ask(api_jobs_recover, &req), 409, "not-leader");
}

static void a_job_has_32_hex_digits(void **state)
{
	static const char *const wrong[] = { "", "0a", "0A000000000000000000000000000001",
		                             JOB "1" };

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct api_request req = request("POST", wrong[i]);

		set_body(&req, "{\"why\":\"x\"}");
		expect_error(ask(api_jobs_park, &req), 400, "bad-request");
		expect_error(ask(api_jobs_unpark, &req), 400, "bad-request");
		expect_error(ask(api_jobs_recover, &req), 400, "bad-request");
	}
	assert_int_equal(fake.n_submitted, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(parked_jobs_are_listed_with_why_and_since_when),
		T(parking_needs_a_reason_and_the_epoch),
		T(a_job_that_is_back_is_taken_off_the_list),
		T(an_operator_recovers_without_an_epoch),
		T(a_job_has_32_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
