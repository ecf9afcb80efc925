/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/scripted_server.h"

#define PLAY(s, ...)                                          \
	static const char *const script_[] = { __VA_ARGS__ }; \
	scripted_server_start(s, script_, N_ELEMENTS(script_))

static int call(const struct scripted_server *s, const struct client_request *req,
                struct client_reply *ret)
{
	CLEANUP(client_closep) struct client *c = NULL;

	assert_int_equal(client_open(s->socket, &c), 0);
	assert_string_equal(client_socket(c), s->socket);
	return client_call(c, req, ret);
}

static const struct client_request get_status = {
	.method = "GET",
	.path = "/v1/status",
	.timeout = 10 * USEC_PER_SEC,
};

static void an_answer_comes_whole_whatever_its_status(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	CLEANUP(client_reply_done) struct client_reply refused = { 0 };

	(void)state;
	PLAY(&s, HTTP("200 OK", "{\"a\":1}"), HTTP("409 Conflict", "{}"));
	assert_int_equal(call(&s, &get_status, &reply), 0);
	assert_int_equal(reply.http, 200);
	assert_string_equal(reply.body, "{\"a\":1}");
	assert_int_equal(reply.size, 7);
	assert_string_equal(reply.etag, "7");
	assert_int_equal(call(&s, &get_status, &refused), 0);
	assert_int_equal(refused.http, 409);
	assert_int_equal(strncmp(s.asked[0], "GET /v1/status HTTP/1.1\r\n", 25), 0);
}

static void a_body_and_conditions_are_sent_as_given(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	const struct client_request req = {
		.method = "PUT",
		.path = "/v1/pointers/jobs/a",
		.body = "x\0y",
		.size = 3,
		.header = "If-Match: \"7\"",
		.header2 = "Jmha-Epoch: 3",
		.timeout = 10 * USEC_PER_SEC,
	};
	const char *end;

	(void)state;
	PLAY(&s, HTTP("200 OK", ""));
	assert_int_equal(call(&s, &req, &reply), 0);
	assert_int_equal(reply.size, 0);
	assert_non_null(strstr(s.asked[0], "PUT /v1/pointers/jobs/a HTTP/1.1\r\n"));
	assert_non_null(strstr(s.asked[0], "\r\nIf-Match: \"7\"\r\n"));
	assert_non_null(strstr(s.asked[0], "\r\nJmha-Epoch: 3\r\n"));
	assert_non_null(strstr(s.asked[0], "\r\nContent-Length: 3\r\n"));
	assert_null(strstr(s.asked[0], "Expect:"));
	end = strstr(s.asked[0], "\r\n\r\n");
	assert_memory_equal(end + 4, "x\0y", 3);
}

static void nobody_there_is_certainly_not_done(void **state)
{
	CLEANUP(client_closep) struct client *c = NULL;
	CLEANUP(scripted_server_done) struct scripted_server s;
	struct client_reply reply;

	(void)state;
	PLAY(&s, NULL);
	scripted_server_finish(&s);
	assert_int_equal(call(&s, &get_status, &reply), -ENOENT);
	assert_false(client_outcome_unknown(-ENOENT));
	assert_false(client_outcome_unknown(-ECONNREFUSED));
	assert_int_equal(
	        client_open("/a-path-that-is-longer-than-a-socket-may-be-0123456789-0123456789"
	                    "0123456789-0123456789-0123456789-0123456789-0123456789",
	                    &c),
	        -ENAMETOOLONG);
}

static void silence_and_a_broken_answer_leave_the_outcome_unknown(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;
	struct client_request hurry = get_status;
	struct client_reply reply;
	int r;

	(void)state;
	PLAY(&s, SILENCE, NULL, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "nonsense");
	hurry.timeout = USEC_PER_SEC / 20;
	r = call(&s, &hurry, &reply);
	assert_int_equal(r, -ETIMEDOUT);
	assert_true(client_outcome_unknown(r));
	for (int i = 0; i < 3; i++) {
		r = call(&s, &get_status, &reply);
		assert_true(r < 0);
		assert_true(client_outcome_unknown(r));
		assert_null(reply.body);
	}
}

struct lines {
	char text[256];
	int most;
};

static bool on_line(void *userdata, char *line)
{
	struct lines *l = userdata;

	strcat(l->text, line);
	strcat(l->text, "|");
	return --l->most > 0;
}

static void a_stream_is_cut_into_lines_and_ends_when_told(void **state)
{
	CLEANUP(scripted_server_done) struct scripted_server s;
	CLEANUP(client_closep) struct client *c = NULL;
	struct lines all = { .most = 9 }, two = { .most = 2 }, none = { .most = 9 };
	unsigned http = 0;

	(void)state;
	PLAY(&s, HTTP("200 OK", "{1}\n{2}\n{3}\n{4"), HTTP("200 OK", "{1}\n{2}\n{3}\n"),
	     HTTP("503 Service Unavailable", "{1}\n"));
	assert_int_equal(client_open(s.socket, &c), 0);
	assert_int_equal(client_follow(c, "/v1/events", on_line, &all, &http), 0);
	assert_string_equal(all.text, "{1}|{2}|{3}|");
	assert_int_equal(client_follow(c, "/v1/events", on_line, &two, &http), 0);
	assert_string_equal(two.text, "{1}|{2}|");
	assert_int_equal(client_follow(c, "/v1/events", on_line, &none, &http), -EPROTO);
	assert_int_equal(http, 503);
	assert_string_equal(none.text, "");
}

static bool on_long_line(void *userdata, char *line)
{
	size_t *len = userdata;

	*len = strlen(line);
	return true;
}

static void a_line_that_comes_in_pieces_is_put_together(void **state)
{
	enum { LEN = 100000 };
	static char answer[LEN + 128];
	static const char *const script[] = { answer };
	CLEANUP(scripted_server_done) struct scripted_server s;
	CLEANUP(client_closep) struct client *c = NULL;
	size_t len = 0, head;
	unsigned http;

	(void)state;
	strcpy(answer, HTTP("200 OK", ""));
	head = strlen(answer);
	memset(answer + head, 'x', LEN);
	strcpy(answer + head + LEN, "\n");
	scripted_server_start(&s, script, 1);
	assert_int_equal(client_open(s.socket, &c), 0);
	assert_int_equal(client_follow(c, "/v1/events", on_long_line, &len, &http), 0);
	assert_int_equal(len, LEN);
}

static void what_is_no_plain_character_is_escaped(void **state)
{
	CLEANUP(freep) char *plain = client_escape("jobs/0a-._~Z");
	CLEANUP(freep) char *other = client_escape("a b?#%\xc3\xa4\n");

	(void)state;
	assert_string_equal(plain, "jobs/0a-._~Z");
	assert_string_equal(other, "a%20b%3F%23%25%C3%A4%0A");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_whole_whatever_its_status),
		cmocka_unit_test(a_body_and_conditions_are_sent_as_given),
		cmocka_unit_test(nobody_there_is_certainly_not_done),
		cmocka_unit_test(silence_and_a_broken_answer_leave_the_outcome_unknown),
		cmocka_unit_test(a_stream_is_cut_into_lines_and_ends_when_told),
		cmocka_unit_test(a_line_that_comes_in_pieces_is_put_together),
		cmocka_unit_test(what_is_no_plain_character_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
