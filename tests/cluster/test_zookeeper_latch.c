/* SPDX-License-Identifier: Apache-2.0 */
/* A member's node, its latch, and the heartbeat. */
#include <errno.h>

#include "tests/cluster/zookeeper_adapter.h"

static void joining_twice_is_fine_and_a_taken_name_is_told(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	join(c, &m);
	assert_int_equal(latch_join(d->s, &m, on_answer, &a), 0);
	(void)expect(&a, ZK_NOT_DONE, -EEXIST);
}

static void heartbeat_tells_latch_gone_from_member_gone(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a[7] = { { .came = false } };
	const struct zk_op drop = { .type = ZK_OP_DELETE, .path = "members/a", .version = -1 };
	struct latch_name latch;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(latch_heartbeat(c->s, &latch, "a", on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);

	assert_int_equal(session_write(c->s, &drop, 1, on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_int_equal(latch_heartbeat(c->s, &latch, "a", on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, 1);

	assert_int_equal(latch_rejoin(c->s, &latch, &m, on_answer, &a[3]), 0);
	assert_int_equal(expect(&a[3], ZK_DONE, 0).version, 0);

	assert_int_equal(latch_delete(c->s, &latch, on_answer, &a[4]), 0);
	(void)expect(&a[4], ZK_DONE, 0);
	assert_int_equal(latch_heartbeat(c->s, &latch, "a", on_answer, &a[5]), 0);
	assert_int_equal(expect(&a[5], ZK_NOT_DONE, -ENOENT).failed_op, 0);
	assert_int_equal(latch_rejoin(c->s, &latch, &m, on_answer, &a[6]), 0);
	assert_int_equal(expect(&a[6], ZK_NOT_DONE, -ENOENT).failed_op, 0);
}

static struct latch_found found;
static bool found_any;
static int found_error;

static void on_found(void *userdata, const struct zk_result *result, const struct latch_found *f)
{
	(void)userdata;
	found_any = true;
	found_error = result->error;
	if (f != NULL)
		found = *f;
}

static void an_unanswered_latch_is_found_by_its_nonce(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct latch_node content = { .member = "a", .host = "h" };
	const struct nonce n = nonce_of(1);
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a = { .came = false };

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	(void)enter(d, 1); /* the same nonce by another session: not ours (CURATOR-696) */
	assert_int_equal(latch_enter(c->s, &n, &content, on_answer, &a), 0);
	lose_answer(c); /* as a process that is killed between the two */
	session_drop(c->s);
	WAIT(a.came);
	assert_int_equal(a.r.outcome, ZK_UNKNOWN);
	WAIT(c->connected == 2);
	found_any = false;
	assert_int_equal(latch_find(c->s, &n, on_found, NULL), 0);
	WAIT(found_any);
	assert_int_equal(found_error, 0);
	assert_int_equal(found.n, 1);
	assert_true(latch_name_has_nonce(&found.latch[0], &n));
}

const struct CMUnitTest latch_cases[] = {
	TEST(joining_twice_is_fine_and_a_taken_name_is_told),
	TEST(heartbeat_tells_latch_gone_from_member_gone),
	TEST(an_unanswered_latch_is_found_by_its_nonce),
	{ .name = NULL },
};
