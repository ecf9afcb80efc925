/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/api_fake.h"

static struct api_hub *hub;
static unsigned woken;

static int setup(void **state)
{
	(void)state;
	woken = 0;
	assert_int_equal(api_hub_new_events(NULL, &hub), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	api_hub_free(hub);
	return 0;
}

static void wake(void *cookie)
{
	(void)cookie;
	woken++;
}

static struct api_stream *stream(void)
{
	struct api_stream *s = NULL;

	assert_int_equal(api_stream_open(hub, strdup("first\n"), 6, wake, NULL, &s), 0);
	return s;
}

static void publish(uint64_t revision)
{
	const struct api_event ev = {
		.type = API_EVENT_POINTER,
		.pointer = { "jobs/a", revision, { 7 }, false },
	};

	api_hub_publish(hub, &ev);
}

static const char *take(struct api_stream *s, size_t max)
{
	static char buf[200000];
	ssize_t n = api_stream_read(s, buf, max < sizeof(buf) ? max : sizeof(buf) - 1);

	assert_true(n >= 0);
	buf[n] = '\0';
	return buf;
}

static void the_first_line_comes_before_all_events(void **state)
{
	struct api_stream *s = stream();

	(void)state;
	publish(1);
	assert_string_equal(take(s, 1000),
	                    "first\n{\"type\":\"pointer\",\"change\":\"put\",\"key\":\"jobs/a\","
	                    "\"revision\":1,\"epoch\":7}\n");
	assert_string_equal(take(s, 1000), "");
	assert_int_equal(woken, 1);
	api_stream_close(s);
}

static void lines_may_be_read_in_pieces(void **state)
{
	struct api_stream *s = stream();
	char all[400] = "";

	(void)state;
	publish(1);
	publish(2);
	for (size_t n = 0;;) {
		const char *piece = take(s, 7);
		size_t size = strlen(piece);

		if (size == 0)
			break;
		assert_true(n + size < sizeof(all));
		memcpy(all + n, piece, size);
		n += size;
	}
	assert_non_null(strstr(all, "first\n{"));
	assert_non_null(strstr(all, "\"revision\":1,\"epoch\":7}\n{"));
	assert_non_null(strstr(all, "\"revision\":2,\"epoch\":7}\n"));
	api_stream_close(s);
}

static void every_stream_has_its_own_place(void **state)
{
	struct api_stream *a = stream(), *b;

	(void)state;
	publish(1);
	b = stream();
	publish(2);
	assert_string_equal(take(a, 6), "first\n");
	assert_non_null(strstr(take(a, 1000), "\"revision\":1,"));
	assert_string_equal(take(b, 6), "first\n");
	assert_null(strstr(take(b, 1000), "\"revision\":1,"));
	api_stream_close(a);
	api_stream_close(b);
}

static void who_falls_behind_is_dropped_alone(void **state)
{
	struct api_stream *slow = stream(), *quick = stream();
	char buf[16];

	(void)state;
	for (unsigned i = 0; i < API_STREAM_BACKLOG; i++) {
		publish(i);
		(void)take(quick, 100000);
	}
	assert_false(api_stream_dropped(slow));
	publish(API_STREAM_BACKLOG);
	assert_true(api_stream_dropped(slow));
	assert_int_equal(api_stream_read(slow, buf, sizeof(buf)), -EPIPE);
	assert_false(api_stream_dropped(quick));
	assert_non_null(strstr(take(quick, 1000), "\"revision\":1024,"));
	api_stream_close(slow);
	api_stream_close(quick);
}

/* Few lines, but long ones. */
static void who_falls_behind_in_bytes_is_dropped_too(void **state)
{
	struct api_stream *slow = stream(), *quick = stream();
	enum { SIZE = API_STREAM_BYTES / 4 };
	char *text = malloc(SIZE + 1), *got = malloc(2 * SIZE);

	(void)state;
	assert_non_null(text);
	assert_non_null(got);
	memset(text, 'x', SIZE);
	text[SIZE] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		api_hub_publish_json(hub, json_pack("{ss}", "text", text));
		assert_true(api_stream_read(quick, got, (size_t)2 * SIZE) > SIZE);
	}
	assert_false(api_stream_dropped(slow));
	api_hub_publish_json(hub, json_pack("{ss}", "text", text));
	assert_true(api_stream_dropped(slow));
	assert_false(api_stream_dropped(quick));
	assert_true(api_stream_read(quick, got, (size_t)2 * SIZE) > SIZE);
	api_stream_close(slow);
	api_stream_close(quick);
	free(text);
	free(got);
}

static void there_is_a_limit_on_streams(void **state)
{
	struct api_stream *s[API_MAX_STREAMS], *more = NULL;
	char line[] = "first\n";

	(void)state;
	for (unsigned i = 0; i < API_MAX_STREAMS; i++)
		s[i] = stream();
	assert_int_equal(api_stream_open(hub, line, 6, wake, NULL, &more), -EBUSY);
	assert_null(more);
	for (unsigned i = 0; i < API_MAX_STREAMS; i++)
		api_stream_close(s[i]);
	assert_int_equal(api_hub_n_streams(hub), 0);
}

static void transitions_leaders_and_heartbeats_have_their_lines(void **state)
{
	struct api_stream *s = stream();
	struct api_event ev = {
		.type = API_EVENT_TRANSITION,
		.transition = { "leader",
		                "stopping",
		                "step-down",
		                { 7 },
		                1795341600123000,
		                USEC_INFINITY,
		                USEC_INFINITY,
		                USEC_INFINITY },
	};

	(void)state;
	(void)take(s, 6);
	api_hub_publish(hub, &ev);
	assert_string_equal(take(s, 1000),
	                    "{\"type\":\"transition\",\"from\":\"leader\",\"to\":\"stopping\","
	                    "\"cause\":\"step-down\",\"epoch\":7,\"at\":"
	                    "\"2026-11-22T10:00:00.123Z\",\"detect_ms\":null,\"claim_ms\":null,"
	                    "\"grant_ms\":null}\n");
	ev = (struct api_event){ .type = API_EVENT_LEADER, .leader = { .member = NULL } };
	api_hub_publish(hub, &ev);
	assert_string_equal(take(s, 1000), "{\"type\":\"leader\",\"leader\":null}\n");
	api_hub_heartbeat(hub, 1795341600000000);
	assert_string_equal(take(s, 1000),
	                    "{\"type\":\"heartbeat\",\"at\":\"2026-11-22T10:00:00.000Z\"}\n");
	api_stream_close(s);
}

static void the_call_begins_with_the_present_state(void **state)
{
	static struct fake fake;
	struct api_context context;
	struct api_request req;
	struct api_reply reply = { 0 };

	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	context.hub = hub;
	req = fake_request(&context, "GET", "/v1/events");
	api_stream_events(&req, &reply);
	assert_true(reply.stream);
	assert_non_null(strstr(reply.body, "{\"type\":\"state\",\"status\":{\"version\":1,"));
	assert_int_equal(reply.body[reply.size - 1], '\n');
	api_reply_done(&reply);
}

static void readers_leave_some_streams_to_admins(void **state)
{
	static struct fake fake;
	struct api_stream *s[API_MAX_STREAMS];
	struct api_context context;
	struct api_request req;
	struct api_reply reply = { 0 };
	unsigned n = 0;

	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	context.hub = hub;
	req = fake_request(&context, "GET", "/v1/events");
	for (req.privileged = false; n < API_MAX_STREAMS; n++) {
		api_stream_events(&req, &reply);
		if (!reply.stream)
			break;
		api_reply_done(&reply);
		s[n] = stream();
	}
	assert_true(n > 0 && n < API_MAX_STREAMS);
	assert_int_equal(reply.http, 429);
	api_reply_done(&reply);
	req.privileged = true;
	api_stream_events(&req, &reply);
	assert_true(reply.stream);
	api_reply_done(&reply);
	while (n > 0)
		api_stream_close(s[--n]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_first_line_comes_before_all_events),
		T(lines_may_be_read_in_pieces),
		T(every_stream_has_its_own_place),
		T(who_falls_behind_is_dropped_alone),
		T(who_falls_behind_in_bytes_is_dropped_too),
		T(there_is_a_limit_on_streams),
		T(transitions_leaders_and_heartbeats_have_their_lines),
		T(readers_leave_some_streams_to_admins),
		T(the_call_begins_with_the_present_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
