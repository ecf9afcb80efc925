/* SPDX-License-Identifier: Apache-2.0 */
/* A session: connecting, resuming, ending, and what it refuses to send. */
#include <errno.h>
#include <fcntl.h>

#include "tests/cluster/zookeeper_adapter.h"

static void connects_and_tells_what_was_negotiated(void **state)
{
	struct client *c = &clients[0];
	struct session_identity id;
	const struct session_config config = defaults(c);
	usec_t before = session_clock();

	(void)state;
	open_with(c, &config);
	assert_int_equal(session_identity(c->s, &id), -ENOTCONN);
	WAIT(c->connected == 1);
	assert_int_equal(c->last.timeout, session_time);
	assert_false(c->last.resumed);
	assert_true(c->last.connect_sent >= before && c->last.connect_sent <= session_clock());
	assert_int_equal(session_identity(c->s, &id), 0);
	assert_true(session_owns(c->s, id.id));
	assert_true((fcntl(session_fd(c->s), F_GETFD) & FD_CLOEXEC) != 0);
}

static void refuses_requests_while_not_connected(void **state)
{
	struct client *c = &clients[0];
	const struct session_config config = defaults(c);
	struct answer a = { .came = false };

	(void)state;
	open_with(c, &config);
	assert_int_equal(session_sync(c->s, on_answer, &a), -ENOTCONN);
	WAIT(c->connected == 1);
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	session_drop(c->s);
	memset(&a, 0, sizeof(a));
	assert_int_equal(session_sync(c->s, on_answer, &a), -ENOTCONN);
	assert_false(a.came);
}

static void an_expired_session_says_so_and_refuses_all(void **state)
{
	struct client *c = &clients[0], *d = &clients[1];
	struct session_identity id;
	struct session_config config;
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	assert_int_equal(session_identity(c->s, &id), 0);
	close_client(c);
	config = defaults(d);
	config.resume = &id;
	open_with(d, &config);
	WAIT(d->expired == 1);
	assert_int_equal(d->connected, 0);
	assert_true(session_dead(d->s));
	assert_int_equal(session_sync(d->s, on_answer, &a), -ENOTCONN);
	assert_int_equal(session_timeout(d->s), USEC_INFINITY);
}

static void a_saved_session_is_resumed_with_its_ephemerals(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct session_identity id;
	struct session_config config;
	struct latch_name latch;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(session_identity(c->s, &id), 0);
	kill_client(c);
	config = defaults(d);
	config.resume = &id;
	open_with(d, &config);
	WAIT(d->connected == 1);
	assert_true(d->last.resumed);
	assert_true(latch_exists(d, &latch));
}

static void wrong_lists_and_bases_are_refused(void **state)
{
	static const char *const bad[] = { "zk1", NULL };
	struct client *c = &clients[0];
	struct session_config config = defaults(c);
	struct session *s = NULL;

	(void)state;
	config.servers = bad;
	assert_int_equal(session_new(&config, &s), -EINVAL);
	config = defaults(c);
	config.base = "/jmha//x";
	assert_int_equal(session_new(&config, &s), -EINVAL);
	assert_null(s);
}

static void too_large_a_write_is_not_sent(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };
	static char big[SESSION_MAX_REQUEST];
	const struct zk_op op = {
		.type = ZK_OP_CREATE, .path = "/big", .data = big, .size = sizeof(big)
	};

	(void)state;
	open_client(c);
	assert_int_equal(session_write(c->s, &op, 1, on_answer, &a), -EMSGSIZE);
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	assert_int_equal(c->disconnected, 0);
}

static void bad_paths_are_refused_before_the_library_sees_them(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };
	struct zk_op op[2] = { { .type = ZK_OP_CHECK, .path = "a//b", .version = -1 },
		               { .type = ZK_OP_CHECK, .path = "register", .version = -1 } };

	(void)state;
	open_client(c);
	assert_int_equal(session_write(c->s, op, 2, on_answer, &a), -EINVAL);
	op[0].path = "../x";
	assert_int_equal(session_write(c->s, op, 2, on_answer, &a), -EINVAL);
	assert_int_equal(session_get(c->s, "register/", NULL, NULL, on_answer, &a), -EINVAL);
	assert_false(a.came);
}

static void closing_answers_what_is_outstanding(void **state)
{
	struct client *c = &clients[0];
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	assert_int_equal(session_sync(c->s, on_answer, &a), 0);
	lose_answer(c);
	kill_client(c);
	assert_true(a.came);
	assert_int_equal(a.r.outcome, ZK_UNKNOWN);
}

static void credentials_protect_the_tree(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct session_config config = defaults(c);
	struct answer a = { .came = false }, b = { .came = false };

	(void)state;
	config.auth = "jmha:secret";
	open_with(c, &config);
	WAIT(c->connected == 1);
	join(c, &m);
	create_register(c);
	open_client(d);
	assert_int_equal(session_sync(d->s, on_answer, &b), 0);
	assert_int_equal(session_get(d->s, "register", NULL, NULL, on_answer, &a), 0);
	(void)expect(&a, ZK_NOT_DONE, -EACCES);
	session_drop(c->s); /* and they go with each new connection */
	WAIT(c->connected == 2);
	assert_true(exists(c, "register"));
}

const struct CMUnitTest session_cases[] = {
	TEST(connects_and_tells_what_was_negotiated),
	TEST(refuses_requests_while_not_connected),
	TEST(an_expired_session_says_so_and_refuses_all),
	TEST(a_saved_session_is_resumed_with_its_ephemerals),
	TEST(wrong_lists_and_bases_are_refused),
	TEST(too_large_a_write_is_not_sent),
	TEST(bad_paths_are_refused_before_the_library_sees_them),
	TEST(closing_answers_what_is_outstanding),
	TEST(credentials_protect_the_tree),
	{ .name = NULL },
};
