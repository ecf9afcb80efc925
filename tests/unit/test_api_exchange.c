/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as bytes, and the bytes of their answers: headers, bodies, and what is no request. */
#include "tests/unit/api_wire.h"

static const struct pointer_result accepted = { .revision = 100, .epoch = { 7 } };

static void headers_carry_revision_and_sequence(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /v1/pointers/jobs/a HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\r\n\r\nalpha");
	expect("HTTP/1.1 200 ");
	expect("ETag: \"11\"\r\n");
	expect("Jmha-Sequence: 99\r\n");
	expect("Content-Type: application/octet-stream\r\n");
	close(fd);
}

static void conditions_and_fence_come_from_headers(void **state)
{
	int fd = client();

	(void)state;
	fake.at_once = true;
	fake.result = accepted;
	say(fd, "PUT /v1/pointers/jobs%2Fa HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
	        "If-Match: \"11\"\r\nJmha-Epoch: 7\r\n\r\nomega");
	hear(fd, "\"revision\":100");
	expect("ETag: \"100\"\r\n");
	expect("Jmha-Epoch: 7\r\n");
	assert_string_equal(fake.key, "jobs/a");
	assert_memory_equal(fake.value, "omega", 5);
	assert_true(fake.change.if_revision);
	assert_int_equal(fake.change.revision, 11);
	assert_int_equal(fake.change.epoch.v, 7);
	close(fd);
}

static void an_encoded_nul_does_not_cut_the_key_short(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "DELETE /v1/pointers/jobs/a%00b HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "bad-request");
	assert_int_equal(fake.n_submitted, 0);
	close(fd);
}

static void many_that_wait_are_answered_together(void **state)
{
	enum { N = 64 };
	int fd[N];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			if (round == 0)
				fd[i] = client();
			say(fd[i], "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\n"
			           "Content-Length: 1\r\n\r\nv");
		}
		wait_for(&fake.n_waiting, N);
		fake_complete(&fake, &accepted);
		for (unsigned i = 0; i < N; i++)
			hear(fd[i], "\"revision\":100"); /* and the connection is kept */
	}
	assert_int_equal(fake.n_submitted, 3 * N);
	for (unsigned i = 0; i < N; i++)
		close(fd[i]);
}

static void a_client_may_be_gone_before_its_answer(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv");
	wait_for(&fake.n_waiting, 1);
	close(fd);
	for (unsigned i = 0; i < 5; i++)
		turn();
	fake_complete(&fake, &accepted);
	expect_alive();
}

static void an_operator_that_waited_enough_gets_202(void **state)
{
	const struct operator_result named = { .state = OPERATOR_NEW,
		                               .id = "q-0000000001",
		                               .verb = "step-down" };
	int fd = client();
	time_t deadline = now() + 20;

	(void)state;
	say(fd, "POST /v1/step-down?wait_ms=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	while (!fake.progress) {
		assert_true(now() < deadline);
		turn();
	}
	fake.progress(fake.progress_cookie, &named);
	hear(fd, "\"id\":\"q-0000000001\"");
	expect("HTTP/1.1 202 ");
	close(fd);
}

static void a_wrong_method_gets_an_allow_header(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "POST /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	hear(fd, "method-not-allowed");
	expect("HTTP/1.1 405 ");
	expect("Allow: GET, PUT, DELETE\r\n");
	close(fd);
}

static void head_has_headers_only(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "HEAD /leader HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(fd, NULL);
	expect("HTTP/1.1 200 ");
	assert_null(strchr(got, '{'));
	close(fd);
}

static void requests_may_follow_each_other_without_waiting(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "GET /leader HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/pointers/jobs/a HTTP/1.1\r\n"
	        "Host: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "not-found");
	expect("\"state\":\"leader\"");
	expect("alpha");
	close(fd);
}

static void a_chunked_body_is_put_together(void **state)
{
	int fd = client();

	(void)state;
	fake.at_once = true;
	fake.result = accepted;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	        "3\r\nabc\r\n");
	turn();
	say(fd, "4\r\ndefg\r\n0\r\n\r\n");
	hear(fd, "\"revision\":100");
	assert_int_equal(fake.change.size, 7);
	assert_memory_equal(fake.value, "abcdefg", 7);
	close(fd);
}

static void a_value_of_64_kib_passes_and_one_byte_more_does_not(void **state)
{
	static char value[API_MAX_VALUE + 1];
	int fd = client();

	(void)state;
	fake.at_once = true;
	fake.result = accepted;
	memset(value, 'v', sizeof(value));
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
	put(fd, value, API_MAX_VALUE);
	hear(fd, "\"revision\":100");
	assert_int_equal(fake.change.size, API_MAX_VALUE);
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
	put(fd, value, API_MAX_VALUE + 1);
	hear(fd, "too-large");
	expect("HTTP/1.1 413 ");
	assert_int_equal(fake.n_submitted, 1);
	close(fd);
}

static void an_announced_body_over_the_limit_is_refused_unread(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
	hear(fd, "too-large");
	expect("HTTP/1.1 413 ");
	hear(fd, NULL);
	close(fd);
	expect_alive();
}

static void a_chunked_body_without_end_is_refused(void **state)
{
	static char chunk[65536 + 10];
	int fd = client();

	(void)state;
	memset(chunk, 'v', sizeof(chunk));
	memcpy(chunk, "10000\r\n", 7);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = 0; i < 12; i++)
		put(fd, chunk, 7 + 65536 + 2);
	say(fd, "0\r\n\r\n");
	hear(fd, "too-large");
	expect("HTTP/1.1 413 ");
	close(fd);

	fd = client(); /* and one that never ends is cut off */
	say(fd, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = 0; i < 80; i++)
		put(fd, chunk, 7 + 65536 + 2);
	hear(fd, NULL);
	close(fd);
	assert_int_equal(fake.n_submitted, 0);
	expect_alive();
}

static void malformed_requests_hurt_nobody_else(void **state)
{
	static const char *const bad[] = {
		"\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /v1/status HTTP/1.1\r\n\r\n",
		"GET /v1/status HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabc",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nabcde",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		"chunked\r\n\r\nzz\r\n",
		"PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"FFFFFFFFFFFFFFFFFFFF\r\nabc\r\n",
		"GET /%zz%2 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/pointers?prefix=%00&&&=&x HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = client();

		say(fd, bad[i]);
		for (unsigned k = 0; k < 3; k++)
			turn();
		expect_alive();
		close(fd);
		turn();
	}
	assert_int_equal(fake.n_submitted, 0);
	assert_int_equal(fake.n_waiting, 0);
}

static void endless_headers_are_refused(void **state)
{
	static char line[4096];
	int fd = client();

	(void)state;
	memset(line, 'h', sizeof(line));
	memcpy(line, "A: ", 3);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	say(fd, "GET /v1/status HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 0; i < 64; i++)
		put(fd, line, sizeof(line));
	hear(fd, NULL);
	if (n_got > 0)
		expect("HTTP/1.1 431 ");
	close(fd);
	expect_alive();
}

static void half_a_request_holds_up_nobody(void **state)
{
	int half = client(), body = client();

	(void)state;
	say(half, "GET /v1/sta");
	say(body, "PUT /v1/pointers/k HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
	expect_alive();
	assert_int_equal(fake.n_submitted, 0);
	say(half, "tus HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(half, "\"version\":1");
	close(half);
	close(body);
	expect_alive();
	assert_int_equal(fake.n_submitted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(headers_carry_revision_and_sequence),
		T(conditions_and_fence_come_from_headers),
		T(an_encoded_nul_does_not_cut_the_key_short),
		T(many_that_wait_are_answered_together),
		T(a_client_may_be_gone_before_its_answer),
		T(an_operator_that_waited_enough_gets_202),
		T(a_wrong_method_gets_an_allow_header),
		T(head_has_headers_only),
		T(requests_may_follow_each_other_without_waiting),
		T(a_chunked_body_is_put_together),
		T(a_value_of_64_kib_passes_and_one_byte_more_does_not),
		T(an_announced_body_over_the_limit_is_refused_unread),
		T(a_chunked_body_without_end_is_refused),
		T(malformed_requests_hurt_nobody_else),
		T(endless_headers_are_refused),
		T(half_a_request_holds_up_nobody),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
