/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the traps in libzookeeper: one session of the adapter on the real library, up to
 * three scripted servers, and the C library between them under control.  All in one thread; a test
 * waits by condition.
 */
#pragma once

#include "tests/cluster/zk_client.h"
#include "tests/unit/zk_fake.h"
#include "tests/unit/zk_seams.h"

enum { WORLD_MAX_FAKES = 3 };

static const usec_t world_session = 6 * USEC_PER_SEC;
static const usec_t world_answer = 600 * USEC_PER_MSEC;

static struct zk_fake fakes[WORLD_MAX_FAKES];
static unsigned n_fakes;
static struct client one; /* the session */

static inline struct zk_fake *add_fake(const char *host)
{
	assert_true(n_fakes < WORLD_MAX_FAKES);
	zk_fake_open(&fakes[n_fakes], host);
	return &fakes[n_fakes++];
}

static inline int world_setup(void **state)
{
	(void)state;
	zk_seams_reset();
	memset(&one, 0, sizeof(one));
	n_fakes = 0;
	return 0;
}

static inline int world_teardown(void **state)
{
	(void)state;
	session_close(one.s, false);
	while (n_fakes > 0)
		zk_fake_close(&fakes[--n_fakes]);
	zk_seams_reset();
	return 0;
}

static inline void open_on(const char *const *servers, const struct session_identity *resume,
                           const char *auth)
{
	const struct session_config config = { .servers = servers,
		                               .base = "/jmha/orders",
		                               .auth = auth,
		                               .timeout = world_session,
		                               .answer_timeout = world_answer,
		                               .resume = resume,
		                               .on_event = on_event,
		                               .userdata = &one };

	assert_int_equal(session_new(&config, &one.s), 0);
}

static inline void serve_all(void)
{
	for (unsigned i = 0; i < n_fakes; i++)
		zk_fake_serve(&fakes[i]);
}

/* One turn of the loop and of all servers; waits a moment for the socket. */
static inline void world_turn(void)
{
	struct pollfd p = { .fd = session_fd(one.s), .events = session_events(one.s) };

	serve_all();
	(void)poll(&p, 1, 2);
	session_dispatch(one.s);
	serve_all();
}

#define UNTIL(condition)                                                   \
	do {                                                               \
		for (unsigned turns_ = 0; !(condition); turns_++) {        \
			if (turns_ == 5000)                                \
				fail_msg("does not come: %s", #condition); \
			world_turn();                                      \
		}                                                          \
	} while (0)

/* A server, and a session on it that is connected. */
static inline struct zk_fake *connected(void)
{
	struct zk_fake *f = add_fake("127.0.0.1");
	const char *servers[] = { f->address, NULL };

	open_on(servers, NULL, NULL);
	UNTIL(one.connected == 1);
	return f;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
