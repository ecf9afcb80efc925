/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks one handler of the API after the other, as root on the Unix socket and under epoch 7, of a
 * backend that answers at once (api_fake.h).  The reply to one ends the one before.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "daemon/api_request.h"
#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;
static struct api_reply reply;

static inline int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	fake.at_once = true;
	memset(&reply, 0, sizeof(reply));
	return 0;
}

static inline void end_reply(void)
{
	if (reply.pending)
		api_pending_client_done(reply.pending);
	reply.pending = NULL;
	api_reply_done(&reply);
}

static inline int teardown(void **state)
{
	(void)state;
	end_reply();
	assert_true(LIST_EMPTY(&context.pending));
	return 0;
}

static inline struct api_request request(const char *method, const char *tail)
{
	struct api_request req = fake_request(&context, method, "/");

	req.tail = tail;
	req.jmha_epoch = "7";
	return req;
}

static inline const struct api_reply *
ask(void (*handler)(const struct api_request *, struct api_reply *), const struct api_request *req)
{
	end_reply();
	handler(req, &reply);
	if (!reply.pending)
		return &reply;
	assert_true(reply.pending->answered);
	return &reply.pending->reply;
}

static inline void set_body(struct api_request *req, const char *text)
{
	req->body = text;
	req->size = strlen(text);
}

static inline void expect(const struct api_reply *r, unsigned http, const char *text)
{
	json_t *got = fake_json(r), *want = json_loads(text, 0, NULL);

	assert_int_equal(r->http, http);
	assert_non_null(want);
	if (!json_equal(got, want))
		fail_msg("got %s", r->body);
	json_decref(got);
	json_decref(want);
}

static inline void expect_error(const struct api_reply *r, unsigned http, const char *code)
{
	json_t *o;

	assert_string_equal(fake_error(r, &o), code);
	assert_int_equal(r->http, http);
	json_decref(o);
}
