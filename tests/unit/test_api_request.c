/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_request.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;
static unsigned woken;

static int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	woken = 0;
	return 0;
}

static void on_wake(void *cookie)
{
	(void)cookie;
	woken++;
}

static struct api_pending *pending(void)
{
	struct api_pending *p = api_pending_new(&context);

	assert_non_null(p);
	p->wake = on_wake;
	return p;
}

static void an_answer_wakes_the_client_once(void **state)
{
	struct api_pending *p = pending();

	(void)state;
	assert_true(api_pending_wanted(p));
	api_reply_error(&p->reply, API_BUSY, NULL);
	api_pending_answer(p);
	api_pending_backend_done(p);
	assert_int_equal(woken, 1);
	assert_false(api_pending_wanted(p));
	api_pending_client_done(p);
	assert_true(LIST_EMPTY(&context.pending));
}

static void whoever_leaves_last_turns_off_the_light(void **state)
{
	struct api_pending *p = pending();

	(void)state;
	api_pending_client_done(p);
	assert_false(LIST_EMPTY(&context.pending));
	assert_false(api_pending_wanted(p));
	api_pending_backend_done(p);
	assert_true(LIST_EMPTY(&context.pending));
	assert_int_equal(woken, 0);
}

static void the_end_takes_all_that_wait(void **state)
{
	(void)state;
	(void)pending();
	api_pending_client_done(pending());
	api_pending_end_all(&context);
	assert_true(LIST_EMPTY(&context.pending));
	assert_int_equal(woken, 0);
}

static bool on_timeout(struct api_pending *p)
{
	api_reply_error(&p->reply, API_OUTCOME_UNKNOWN, NULL);
	return true;
}

static void a_timeout_answers_and_the_backend_may_come_later(void **state)
{
	struct api_pending *p;
	sd_event *loop = NULL;

	(void)state;
	assert_true(sd_event_new(&loop) >= 0);
	context.event = loop;
	p = pending();
	assert_true(api_pending_set_timeout(p, 0, on_timeout) >= 0);
	assert_true(sd_event_run(loop, 20 * USEC_PER_SEC) > 0);
	assert_true(p->answered);
	assert_int_equal(woken, 1);
	assert_int_equal(p->reply.http, 504);
	api_pending_client_done(p);
	assert_false(LIST_EMPTY(&context.pending));
	api_pending_backend_done(p);
	assert_true(LIST_EMPTY(&context.pending));
	sd_event_unref(loop);
}

static void an_error_has_code_message_and_more_fields(void **state)
{
	struct api_reply reply = { 0 };
	json_t *extra = json_object();

	(void)state;
	json_object_set_new(extra, "leader", json_string("jm-b"));
	json_object_set_new(extra, "error", json_string("never"));
	api_reply_error_with(&reply, API_NOT_LEADER, "jm-b leads", extra);
	assert_int_equal(reply.http, 409);
	assert_string_equal(reply.body, "{\"error\":\"not-leader\",\"message\":\"jm-b leads\","
	                                "\"leader\":\"jm-b\"}\n");
	api_reply_done(&reply);
}

static void an_error_replaces_what_was_there(void **state)
{
	struct api_reply reply = { 0 };

	(void)state;
	api_reply_take(&reply, "text/plain", strdup("old"), 3);
	reply.revision = 7;
	api_reply_errorf(&reply, API_NOT_FOUND, "no %s", "key");
	assert_int_equal(reply.http, 404);
	assert_int_equal(reply.revision, 0);
	assert_string_equal(reply.body, "{\"error\":\"not-found\",\"message\":\"no key\"}\n");
	api_reply_done(&reply);
}

static void without_memory_it_is_an_internal_error(void **state)
{
	struct api_reply reply = { 0 };

	(void)state;
	api_reply_json(&reply, NULL);
	assert_int_equal(reply.http, 500);
	assert_non_null(reply.type);
	assert_null(reply.body);
	assert_int_equal(reply.size, 0);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_answer_wakes_the_client_once),
		T(whoever_leaves_last_turns_off_the_light),
		T(the_end_takes_all_that_wait),
		T(a_timeout_answers_and_the_backend_may_come_later),
		T(an_error_has_code_message_and_more_fields),
		T(an_error_replaces_what_was_there),
		T(without_memory_it_is_an_internal_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
