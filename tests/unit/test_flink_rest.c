/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a JobManager, and what is made of those that are none. */
#include "readiness/flink_rest.h"

#include <curl/curl.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/scripted_server.h"

static struct {
	struct scripted_server server;
	char url[64], error[FLINK_REST_ERROR_SIZE];
	char *body;
	size_t size;
} b;

/* Asks a server that answers so. */
static int ask(const char *answer, usec_t timeout)
{
	CLEANUP(flink_rest_closep) struct flink_rest *r = NULL;
	static const char *script[1];
	int result;

	script[0] = answer;
	scripted_server_start_tcp(&b.server, script, 1);
	(void)snprintf(b.url, sizeof(b.url), "http://user:secret@127.0.0.1:%u/", b.server.port);
	assert_int_equal(flink_rest_open(b.url, timeout, &r), 0);
	free(b.body);
	result = flink_rest_get(r, "/jobs/overview", &b.body, &b.size, b.error);
	return result;
}

static void finish(void)
{
	scripted_server_done(&b.server);
	free(b.body);
	b.body = NULL;
}

static void says(const char *text)
{
	if (!strstr(b.error, text))
		fail_msg("\"%s\" is not in: %s", text, b.error);
	assert_null(strstr(b.error, "secret"));
}

static void an_answer(void **state)
{
	(void)state;
	assert_int_equal(ask(HTTP("200 OK", "{\"jobs\":[]}"), 10 * USEC_PER_SEC), 0);
	assert_string_equal(b.body, "{\"jobs\":[]}");
	assert_int_equal(b.size, 11);
	scripted_server_finish(&b.server);
	assert_non_null(strstr(b.server.asked[0], "GET /jobs/overview HTTP/1.1\r\n"));
	finish();
	assert_int_equal(ask(HTTP("200 OK", ""), 10 * USEC_PER_SEC), 0);
	assert_string_equal(b.body, "");
	finish();
}

static void nobody_leads(void **state)
{
	(void)state;
	assert_int_equal(ask(HTTP("503 Unavailable", "{\"errors\":[\"Service temporarily "
	                                             "unavailable\"]}"),
	                     10 * USEC_PER_SEC),
	                 -EAGAIN);
	says("answers, but no JobManager leads (503): Service temporarily unavailable");
	assert_null(b.body);
	finish();
}

static void an_error_of_flink_is_one_line(void **state)
{
	(void)state;
	assert_int_equal(ask(HTTP("404 Not Found", "{\"errors\":[\"Job 7 not found\\n\\tat x\"]}"),
	                     10 * USEC_PER_SEC),
	                 -ENOENT);
	says("answered GET /jobs/overview with status 404: Job 7 not found");
	assert_null(strchr(b.error, '\n'));
	finish();
	assert_int_equal(ask(HTTP("302 Found", "\"\\u001b\""), 10 * USEC_PER_SEC), -EPROTO);
	says("with status 302");
	finish();
}

static void no_answer_in_time_or_at_all(void **state)
{
	CLEANUP(flink_rest_closep) struct flink_rest *r = NULL;

	(void)state;
	assert_int_equal(ask(SILENCE, USEC_PER_SEC / 5), -EHOSTUNREACH);
	says("no answer from http://127.0.0.1:");
	finish();
	assert_int_equal(ask(NULL, 10 * USEC_PER_SEC), -EHOSTUNREACH);
	says("no answer from http://127.0.0.1:");
	finish();
	/* Nobody listens there any more. */
	assert_int_equal(flink_rest_open(b.url, USEC_PER_SEC, &r), 0);
	assert_int_equal(flink_rest_get(r, "/", &b.body, &b.size, b.error), -EHOSTUNREACH);
	says("no answer from http://127.0.0.1:");
}

static void what_is_no_url(void **state)
{
	static const char *const bad[] = { "",        "hosta:8081", "file:///etc/passwd",
		                           "http://", "http://a b", "http://a/?x",
		                           "HTTP" };
	struct flink_rest *r = NULL;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(flink_rest_open(bad[i], USEC_PER_SEC, &r), -EINVAL);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer),
		cmocka_unit_test(nobody_leads),
		cmocka_unit_test(an_error_of_flink_is_one_line),
		cmocka_unit_test(no_answer_in_time_or_at_all),
		cmocka_unit_test(what_is_no_url),
	};
	int failed;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
