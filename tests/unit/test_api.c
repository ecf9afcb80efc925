/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;

static int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	return 0;
}

/* Dispatches and returns the HTTP status; `error` is its code, "" if it is none. */
static unsigned answer(const struct api_request *req, char *error, char *allow)
{
	struct api_reply reply = { 0 };
	json_t *o;
	unsigned http;

	api_dispatch(req, &reply);
	error[0] = '\0';
	http = reply.http;
	if (http >= 400) {
		(void)snprintf(error, 64, "%s", fake_error(&reply, &o));
		json_decref(o);
	}
	(void)snprintf(allow, 64, "%s", reply.allow);
	api_reply_done(&reply);
	return http;
}

static void unknown_paths_are_answered_with_what_exists(void **state)
{
	struct api_request req = fake_request(&context, "GET", "/v1/nonsense");
	struct api_reply reply = { 0 };

	(void)state;
	api_dispatch(&req, &reply);
	assert_int_equal(reply.http, 404);
	assert_non_null(strstr(reply.body, "/v1/status"));
	assert_non_null(strstr(reply.body, "/v1/pointers/<name>"));
	assert_non_null(strstr(reply.body, "/metrics"));
	api_reply_done(&reply);
}

static void a_wrong_method_is_answered_with_those_allowed(void **state)
{
	struct api_request req = fake_request(&context, "PATCH", "/v1/pointers/jobs/a");
	char error[64], allow[64];

	(void)state;
	assert_int_equal(answer(&req, error, allow), 405);
	assert_string_equal(error, "method-not-allowed");
	assert_string_equal(allow, "GET, PUT, DELETE");
	req = fake_request(&context, "GET", "/v1/switchover");
	assert_int_equal(answer(&req, error, allow), 405);
	assert_string_equal(allow, "POST");
}

static void writes_are_for_the_privileged_only(void **state)
{
	static const char *const writes[][2] = {
		{ "PUT", "/v1/pointers/a" },
		{ "DELETE", "/v1/pointers/a" },
		{ "POST", "/v1/switchover" },
		{ "PUT", "/v1/endpoints/dispatcher" },
		{ "DELETE", "/v1/endpoints/dispatcher" },
		{ "POST", "/v1/counters/a" },
		{ "PUT", "/v1/counters/a" },
		{ "DELETE", "/v1/counters/a" },
		{ "POST", "/v1/jobs/a/parked" },
		{ "DELETE", "/v1/jobs/a/parked" },
		{ "POST", "/v1/jobs/a/recover" },
		{ "POST", "/v1/step-down" },
	};
	char error[64], allow[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		struct api_request req = fake_request(&context, writes[i][0], writes[i][1]);

		req.privileged = false;
		assert_int_equal(answer(&req, error, allow), 403);
		assert_string_equal(error, "forbidden");
	}
	assert_int_equal(fake.n_submitted, 0);
	assert_null(fake.progress);
}

static void everybody_reads(void **state)
{
	static const char *const reads[] = { "/v1/status",   "/v1/cluster", "/v1/history",
		                             "/v1/pointers", "/leader",     "/healthz",
		                             "/metrics" };
	char error[64], allow[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct api_request req = fake_request(&context, "GET", reads[i]);

		req.privileged = false;
		assert_int_equal(answer(&req, error, allow), 200);
	}
}

static void tcp_serves_no_pointers_and_no_writes(void **state)
{
	static const char *const refused[][2] = {
		{ "GET", "/v1/pointers" },
		{ "GET", "/v1/pointers/a" },
		{ "PUT", "/v1/pointers/a" },
		{ "DELETE", "/v1/pointers/a" },
		{ "POST", "/v1/switchover" },
		{ "POST", "/v1/step-down" },
		{ "GET", "/v1/requests/q-1" },
		{ "GET", "/v1/events" },
		{ "PUT", "/v1/endpoints/dispatcher" },
		{ "DELETE", "/v1/endpoints/dispatcher" },
		{ "POST", "/v1/counters/a" },
		{ "GET", "/v1/counters" },
		{ "GET", "/v1/counters/a" },
		{ "PUT", "/v1/counters/a" },
		{ "DELETE", "/v1/counters/a" },
		{ "GET", "/v1/jobs/parked" },
		{ "POST", "/v1/jobs/a/parked" },
		{ "DELETE", "/v1/jobs/a/parked" },
		{ "POST", "/v1/jobs/a/recover" },
	};
	char error[64], allow[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct api_request req = fake_request(&context, refused[i][0], refused[i][1]);

		req.tcp = true; /* and privileged all the same: the table has to be enough */
		assert_int_equal(answer(&req, error, allow), 403);
	}
	assert_int_equal(fake.n_submitted, 0);
}

static void tcp_serves_what_load_balancers_need(void **state)
{
	static const char *const served[] = { "/leader", "/metrics", "/v1/status", "/v1/cluster",
		                              "/v1/endpoints" };
	char error[64], allow[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(served) / sizeof(served[0]); i++) {
		struct api_request req = fake_request(&context, "GET", served[i]);

		req.tcp = true;
		req.privileged = false;
		assert_int_equal(answer(&req, error, allow), 200);
		req.method = "HEAD";
		assert_int_equal(answer(&req, error, allow), 200);
	}
}

static void a_stream_is_not_asked_for_by_head(void **state)
{
	struct api_request req = fake_request(&context, "HEAD", "/v1/events");
	char error[64], allow[64];

	(void)state;
	assert_int_equal(answer(&req, error, allow), 405);
}

static void an_unknown_parameter_is_an_error(void **state)
{
	struct api_request req = fake_request(&context, "GET", "/v1/pointers");
	char error[64], allow[64];

	(void)state;
	req.unknown_query = "prefx";
	assert_int_equal(answer(&req, error, allow), 400);
	req.path = "/leader"; /* load balancers append what they like */
	assert_int_equal(answer(&req, error, allow), 200);
}

static void a_part_of_the_path_may_be_the_job(void **state)
{
	struct api_request req = fake_request(&context, "DELETE", "");
	char error[64], allow[64];

	(void)state;
	req.jmha_epoch = "7";
	fake.at_once = true;
	req.path = "/v1/jobs/0123456789abcdef0123456789abcdef/parked";
	assert_int_equal(answer(&req, error, allow), 0); /* taken */
	assert_string_equal(fake.submitted.key, "0123456789abcdef0123456789abcdef");
	api_pending_client_done(LIST_FIRST(&context.pending));
	req.path = "/v1/jobs/0123456789abcdef0123456789abcdef/parker";
	assert_int_equal(answer(&req, error, allow), 404);
	req.path = "/v1/jobs/01/23/parked";
	assert_int_equal(answer(&req, error, allow), 404);
	req.path = "/v1/jobs//parked";
	assert_int_equal(answer(&req, error, allow), 400);
	req.path = "/v1/jobs/parked";
	assert_int_equal(answer(&req, error, allow), 405);
	assert_string_equal(allow, "GET");
	req.path = "/v1/jobs/0123456789abcdef0123456789abcdef/recover";
	assert_int_equal(answer(&req, error, allow), 405);
	assert_string_equal(allow, "POST");
	assert_int_equal(fake.n_submitted, 1);
}

static void the_table_prints_every_route_once(void **state)
{
	char *text = NULL;
	size_t size = 0;
	unsigned lines = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	api_print_routes(f);
	assert_int_equal(fclose(f), 0);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 29);
	assert_non_null(strstr(text, "PUT\t/v1/pointers/\tadmin\t"));
	assert_non_null(strstr(text, "GET\t/leader\teverybody,tcp\t"));
	assert_non_null(strstr(text, "GET\t/v1/pointers\teverybody\t"));
	free(text);
}

/* What grows with the number of jobs is made one at a time: 200 at once cost the elector its beat.
 */
static void lists_are_heavy(void **state)
{
	(void)state;
	assert_true(api_is_heavy("/v1/pointers"));
	assert_true(api_is_heavy("/v1/endpoints"));
	assert_true(api_is_heavy("/v1/counters"));
	assert_true(api_is_heavy("/v1/jobs/parked"));
	assert_false(api_is_heavy("/v1/counters/a"));
	assert_false(api_is_heavy("/v1/leadership"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(unknown_paths_are_answered_with_what_exists, setup),
		cmocka_unit_test_setup(a_wrong_method_is_answered_with_those_allowed, setup),
		cmocka_unit_test_setup(writes_are_for_the_privileged_only, setup),
		cmocka_unit_test_setup(everybody_reads, setup),
		cmocka_unit_test_setup(tcp_serves_no_pointers_and_no_writes, setup),
		cmocka_unit_test_setup(tcp_serves_what_load_balancers_need, setup),
		cmocka_unit_test_setup(a_stream_is_not_asked_for_by_head, setup),
		cmocka_unit_test_setup(an_unknown_parameter_is_an_error, setup),
		cmocka_unit_test_setup(a_part_of_the_path_may_be_the_job, setup),
		cmocka_unit_test_setup(the_table_prints_every_route_once, setup),
		cmocka_unit_test(lists_are_heavy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
