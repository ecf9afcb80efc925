/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_jobs.h"

#include <string.h>

#include "tests/unit/api_ask.h"

#define JOB "0a000000000000000000000000000001"

static void parked_jobs_are_listed_with_why_and_since_when(void **state)
{
	static const struct parked_job parked[] = { { JOB, "file gone", 1795341600000000 },
		                                    { JOB, "?", 0 },
		                                    { JOB, NULL, 0 } };
	struct api_request req = request("GET", "");

	(void)state;
	expect(ask(api_jobs_parked, &req), 200, "{\"version\":1,\"parked\":[]}");
	fake.parked = parked;
	fake.n_parked = 3;
	expect(ask(api_jobs_parked, &req), 200,
	       "{\"version\":1,\"parked\":[{\"jobid\":\"" JOB "\",\"why\":\"file gone\",\"since\":"
	       "\"2026-11-22T10:00:00.000Z\"},{\"jobid\":\"" JOB
	       "\",\"why\":\"?\",\"since\":null},{\"jobid\":\"" JOB "\"}]}");
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
