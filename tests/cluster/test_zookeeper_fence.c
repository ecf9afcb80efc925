/* SPDX-License-Identifier: Apache-2.0 */
/* What only the owner of the latch may write, and requests to it. */
#include <errno.h>

#include "tests/cluster/zookeeper_adapter.h"

static void a_claim_is_fenced_by_latch_and_version(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a[5] = { { .came = false } };
	struct register_node r;
	struct latch_name latch, none;
	int32_t version;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	r = claimed_by("a", &latch);
	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a[0]), 0);
	assert_int_equal(expect(&a[0], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_REGISTER);
	create_register(c);
	assert_int_equal(fence_claim(c->s, &r, 5, on_answer, &a[1]), 0);
	assert_int_equal(expect(&a[1], ZK_NOT_DONE, -ESTALE).failed_op, FENCE_OP_REGISTER);
	none = latch;
	none.s[LATCH_NAME_LEN - 1] = none.s[LATCH_NAME_LEN - 1] == '9' ? '8' : '9';
	r.owner.latch = none;
	assert_int_equal(fence_claim(c->s, &r, 0, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
	claim(c, "a", &latch);
	r = read_register(c, &version);
	assert_true(register_is_term(&r, (struct epoch){ 1 }, &latch));

	r.log.sequence = 7;
	assert_int_equal(fence_set_register(c->s, &latch, &r, version, on_answer, &a[3]), 0);
	assert_int_equal(expect(&a[3], ZK_DONE, 0).version, version + 1);
	assert_int_equal(fence_set_register(c->s, &latch, &r, version, on_answer, &a[4]), 0);
	assert_int_equal(expect(&a[4], ZK_NOT_DONE, -ESTALE).failed_op, FENCE_OP_REGISTER);
}

static void endpoints_are_fenced_by_latch_and_version(void **state)
{
	static const char text[] = "{\"version\":1,\"epoch\":1,\"components\":{}}";
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0];
	struct answer a[6] = { { .came = false } };
	struct latch_name latch, none;

	(void)state;
	open_client(c);
	latch = lead_as(c, &m);
	none = latch;
	none.s[LATCH_NAME_LEN - 1] = none.s[LATCH_NAME_LEN - 1] == '9' ? '8' : '9';
	assert_int_equal(fence_write_endpoints(c->s, &none, 10, text, -1, on_answer, &a[0]), 0);
	assert_int_equal(expect(&a[0], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, 0, on_answer, &a[1]), 0);
	assert_int_equal(expect(&a[1], ZK_NOT_DONE, -ENOENT).failed_op, 1);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, -1, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_DONE, 0).version, 0);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, -1, on_answer, &a[3]), 0);
	assert_int_equal(expect(&a[3], ZK_NOT_DONE, -EEXIST).failed_op, 1);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, 0, on_answer, &a[4]), 0);
	assert_int_equal(expect(&a[4], ZK_DONE, 0).version, 1);
	assert_int_equal(fence_write_endpoints(c->s, &latch, 10, text, 0, on_answer, &a[5]), 0);
	assert_int_equal(expect(&a[5], ZK_NOT_DONE, -ESTALE).failed_op, 1);
}

static void a_release_is_all_or_nothing(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct latch_name anyone = { .s = "" };
	struct client *c = &clients[0];
	struct answer a[3] = { { .came = false } };
	struct register_node r;
	struct latch_name latch;
	int32_t version;

	(void)state;
	open_client(c);
	latch = lead_as(c, &m);
	r = read_register(c, &version);
	register_release(&r, CAUSE_SHUTDOWN, &anyone);

	assert_int_equal(fence_release(c->s, &latch, &r, version, "nobody", on_answer, &a[0]), 0);
	assert_int_equal(expect(&a[0], ZK_NOT_DONE, -ENOENT).failed_op,
	                 fence_release_member_op(true));
	assert_true(latch_exists(c, &latch));
	assert_int_equal(fence_release(c->s, &latch, &r, version, "a", on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_false(latch_exists(c, &latch));
	assert_false(exists(c, "members/a"));
	r = read_register(c, &version);
	assert_int_equal(r.released, CAUSE_SHUTDOWN);
	assert_int_equal(fence_release(c->s, &latch, NULL, 0, NULL, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
}

static void requests_travel_from_member_to_leader_and_back(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct request_node q = { .verb = "switchover", .by = "root", .member = "b" }, got;
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a[6] = { { .came = false } };
	struct latch_name latch;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(fence_request_create(d->s, NULL, &q, on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);
	assert_int_equal(session_sync(c->s, on_answer, &a[5]), 0);
	assert_int_equal(fence_request_list(c->s, NULL, NULL, on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_int_equal(a[1].n_children, 1);
	assert_string_equal(a[1].child[0], a[0].name);
	assert_int_equal(fence_request_get(c->s, a[0].name, NULL, NULL, on_answer, &a[2]), 0);
	assert_true(expect(&a[2], ZK_DONE, 0).czxid > 0);
	assert_int_equal(znode_json_decode_request(a[2].data, strlen(a[2].data), &got), 0);
	assert_string_equal(got.verb, "switchover");
	got.state = REQUEST_DONE;
	got.epoch.v = 3;
	assert_int_equal(fence_request_set(c->s, &latch, a[0].name, &got, 0, on_answer, &a[3]), 0);
	(void)expect(&a[3], ZK_DONE, 0);
	assert_int_equal(fence_request_delete(d->s, a[0].name, on_answer, &a[4]), 0);
	(void)expect(&a[4], ZK_DONE, 0);
}

static void a_leader_takes_a_request_only_while_its_latch_lives(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct request_node q = { .verb = "switchover", .by = "root", .member = "a" };
	struct client *c = &clients[0];
	struct answer a[3] = { { .came = false } };
	struct latch_name latch;

	(void)state;
	q.state = REQUEST_TAKEN;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(fence_request_create(c->s, &latch, &q, on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);
	assert_int_equal(strncmp(a[0].name, "q-", 2), 0);
	assert_int_equal(latch_delete(c->s, &latch, on_answer, &a[1]), 0);
	(void)expect(&a[1], ZK_DONE, 0);
	assert_int_equal(fence_request_create(c->s, &latch, &q, on_answer, &a[2]), 0);
	assert_int_equal(expect(&a[2], ZK_NOT_DONE, -ENOENT).failed_op, FENCE_OP_LATCH);
}

const struct CMUnitTest fence_cases[] = {
	TEST(a_claim_is_fenced_by_latch_and_version),
	TEST(endpoints_are_fenced_by_latch_and_version),
	TEST(a_release_is_all_or_nothing),
	TEST(requests_travel_from_member_to_leader_and_back),
	TEST(a_leader_takes_a_request_only_while_its_latch_lives),
	{ .name = NULL },
};
