/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_leadership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_stream.h"
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
	fake.jobmanager = 4711;
	fake.leadership = (struct leadership){
		.settled = true,
		.epoch = { 7 },
		.leader_id = "8f14e45f-ceea-467f-0000-000000000007",
		.halt_after = 6990000,
		.cluster = "orders",
		.member = "jm-a",
	};
	return api_leadership_hub_new(&context.leadership);
}

static int teardown(void **state)
{
	(void)state;
	api_reply_done(&reply);
	api_hub_free(context.leadership);
	return 0;
}

static void get(pid_t pid)
{
	struct api_request req = fake_request(&context, "GET", "/v1/leadership");

	req.pid = pid;
	api_dispatch(&req, &reply);
}

static void put(pid_t pid, const char *body)
{
	struct api_request req = fake_request(&context, "PUT", "/v1/leadership");

	req.pid = pid;
	req.body = body;
	req.size = strlen(body);
	api_reply_done(&reply);
	api_dispatch(&req, &reply);
}

static void expect_error(unsigned http, const char *code, const char *part)
{
	json_t *o = NULL;

	assert_int_equal(reply.http, http);
	assert_string_equal(fake_error(&reply, &o), code);
	assert_non_null(strstr(json_string_value(json_object_get(o, "message")), part));
	json_decref(o);
}

static void expect_body(const char *text)
{
	assert_int_equal(reply.size, strlen(text));
	assert_memory_equal(reply.body, text, reply.size);
}

/* ---- the stream ---- */

static void the_stream_begins_with_the_whole_truth(void **state)
{
	(void)state;
	get(4711);
	assert_int_equal(reply.http, 200);
	assert_true(reply.stream);
	assert_ptr_equal(reply.hub, context.leadership);
	expect_body("{\"type\":\"state\",\"version\":1,\"epoch\":7,\"granted\":true,"
	            "\"leader_id\":\"8f14e45f-ceea-467f-0000-000000000007\","
	            "\"superseded\":false,\"halt_after_ms\":6990,"
	            "\"cluster\":\"orders\",\"member\":\"jm-a\"}\n");
}

static void a_standby_is_told_that_nothing_is_granted(void **state)
{
	(void)state;
	fake.leadership.epoch.v = 0;
	fake.leadership.leader_id[0] = '\0';
	get(4711);
	expect_body("{\"type\":\"state\",\"version\":1,\"epoch\":0,\"granted\":false,\"leader_id\":"
	            "null,"
	            "\"superseded\":false,\"halt_after_ms\":6990,"
	            "\"cluster\":\"orders\",\"member\":\"jm-a\"}\n");
}

/* D1 */
static void nothing_is_said_before_the_term_is_verified(void **state)
{
	(void)state;
	fake.leadership.settled = false;
	get(4711);
	assert_int_equal(reply.http, 200);
	assert_true(reply.stream);
	assert_int_equal(reply.size, 0);
}

static unsigned woken;

static void wake(void *cookie)
{
	(void)cookie;
	woken++;
}

static void a_newer_stream_ends_the_older(void **state)
{
	struct api_stream *first = NULL;

	(void)state;
	woken = 0;
	assert_int_equal(api_stream_open(context.leadership, strdup("x\n"), 2, wake, NULL, &first),
	                 0);
	get(4711);
	assert_true(api_stream_dropped(first));
	assert_int_equal(woken, 1);
	api_stream_close(first);
}

static void each_kind_of_line_has_its_fields(void **state)
{
	static const struct {
		enum leadership_line line;
		const char *text;
	} lines[] = {
		{ LEADERSHIP_GRANT, "{\"type\":\"grant\",\"epoch\":7,\"leader_id\":"
		                    "\"8f14e45f-ceea-467f-0000-000000000007\"}" },
		{ LEADERSHIP_REVOKE, "{\"type\":\"revoke\",\"epoch\":7,\"superseded\":true}" },
		{ LEADERSHIP_RECOVER, "{\"type\":\"recover\",\"jobid\":\"0a1b\"}" },
		{ LEADERSHIP_HEARTBEAT, "{\"type\":\"heartbeat\",\"lease_ms\":5120}" },
	};

	(void)state;
	fake.leadership.superseded = true;
	fake.leadership.lease = 5120999;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		json_t *o = api_leadership_line(lines[i].line, &fake.leadership, "0a1b");
		char *text = json_dumps(o, JSON_COMPACT);

		assert_string_equal(text, lines[i].text);
		free(text);
		json_decref(o);
	}
}

/* ---- what it says ---- */

static void each_word_reaches_the_backend(void **state)
{
	(void)state;
	put(4711, "{\"epoch\":6,\"state\":\"waiting\"}");
	assert_int_equal(reply.http, 200);
	assert_int_equal(fake.said, LEADERSHIP_WAITING);
	assert_int_equal(fake.said_epoch.v, 6);
	put(4711, "{\"epoch\":7,\"state\":\"leading\"}");
	assert_int_equal(fake.said, LEADERSHIP_LEADING);
	put(4711, "{\"epoch\":7,\"state\":\"revoked\",\"why\":\"later fields are fine\"}");
	assert_int_equal(fake.said, LEADERSHIP_REVOKED);
	expect_body("{\"version\":1,\"epoch\":7}\n");
}

static void who_leads_another_epoch_is_fenced(void **state)
{
	(void)state;
	put(4711, "{\"epoch\":6,\"state\":\"leading\"}");
	expect_error(412, "fenced", "epoch 6 is not granted");
	assert_int_equal(fake.n_said, 0);
}

static void what_is_no_word_is_refused(void **state)
{
	static const char *const bodies[] = { "",
		                              "[]",
		                              "{\"epoch\":7}",
		                              "{\"state\":\"leading\"}",
		                              "{\"epoch\":-1,\"state\":\"leading\"}",
		                              "{\"epoch\":\"7\",\"state\":\"leading\"}",
		                              "{\"epoch\":7,\"state\":\"dancing\"}",
		                              "{\"epoch\":7,\"state\":7}",
		                              "{\"epoch\":7,\"epoch\":7,\"state\":\"leading\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		put(4711, bodies[i]);
		expect_error(400, "bad-request", "\"waiting\"");
	}
	assert_int_equal(fake.n_said, 0);
}

/* ---- who may ---- */

static void nobody_else_may(void **state)
{
	(void)state;
	get(4712);
	expect_error(403, "forbidden", "process 4712 is not the JobManager of member jm-a");
	assert_false(reply.stream);
	put(4712, "{\"epoch\":7,\"state\":\"revoked\"}");
	expect_error(403, "forbidden", "cluster orders");
	put(0, "{\"epoch\":7,\"state\":\"revoked\"}");
	expect_error(403, "forbidden", "stop this one");
	assert_int_equal(fake.n_said, 0);
}

static void a_cold_member_has_none(void **state)
{
	(void)state;
	fake.jobmanager = 0;
	get(4711);
	expect_error(404, "not-found", "\"cold\"");
}

static void not_by_tcp(void **state)
{
	struct api_request req = fake_request(&context, "GET", "/v1/leadership");

	(void)state;
	req.tcp = true;
	req.privileged = false;
	api_dispatch(&req, &reply);
	expect_error(403, "forbidden", "not served over TCP");
}

#define t(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(the_stream_begins_with_the_whole_truth),
		t(a_standby_is_told_that_nothing_is_granted),
		t(nothing_is_said_before_the_term_is_verified),
		t(a_newer_stream_ends_the_older),
		t(each_kind_of_line_has_its_fields),
		t(each_word_reaches_the_backend),
		t(who_leads_another_epoch_is_fenced),
		t(what_is_no_word_is_refused),
		t(nobody_else_may),
		t(a_cold_member_has_none),
		t(not_by_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
