/* SPDX-License-Identifier: Apache-2.0 */
/* Looks and watches: who is told of which change, and what is seen then. */
#include <errno.h>

#include "election/observe.h"
#include "tests/cluster/zookeeper_adapter.h"

static struct observation seen;
static bool looked;
static int look_error;
static unsigned changes, change_calls;

static void on_look(void *userdata, const struct zk_result *result, const struct observation *view)
{
	(void)userdata;
	looked = true;
	look_error = result->error;
	if (view != NULL)
		seen = *view; /* reg.extra is not used */
}

static void on_changed(void *userdata, unsigned changed)
{
	(void)userdata;
	changes |= changed;
	change_calls++;
}

static void look(struct observe *o, unsigned watches)
{
	looked = false;
	assert_int_equal(observe_look(o, watches, on_look, NULL), 0);
	assert_int_equal(observe_look(o, watches, on_look, NULL), -EALREADY);
	WAIT(looked);
	assert_int_equal(look_error, 0);
}

static void a_look_shows_register_latches_and_members(void **state)
{
	const struct member_node m = member_of("a", 1), n = member_of("b", 2);
	const struct nonce own = nonce_of(1);
	struct client *c = &clients[0], *d = &clients[1];
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct latch_name mine, other;

	(void)state;
	open_client(c);
	open_client(d);
	assert_int_equal(observe_new(c->s, &own, on_changed, NULL, &o), 0);
	look(o, OBSERVE_ALL); /* nothing is there yet */
	assert_int_equal(seen.register_error, -ENOENT);
	assert_int_equal(seen.n_latches, 0);
	join(c, &m);
	join(d, &n);
	other = enter(d, 2);
	mine = enter(c, 1);
	create_register(c);
	look(o, OBSERVE_ALL);
	assert_int_equal(seen.register_error, 0);
	assert_int_equal(seen.version, 0);
	assert_string_equal(seen.reg.cluster_id, cluster_id);
	assert_int_equal(seen.n_latches, 2);
	assert_true(latch_name_equal(&seen.own, &mine));
	assert_int_equal(seen.rank, 1);
	assert_int_equal(seen.n_own, 1);
	assert_int_equal(seen.n_members, 2);
	assert_true(observation_member(&seen, "a")->own);
	assert_false(observation_member(&seen, "b")->own);
	assert_string_equal(observation_holder(&seen, &other)->node.member, "b");
	assert_int_equal(seen.maintenance_version, -1);
	assert_true(seen.asked > 0);
}

static void the_end_of_the_predecessor_wakes_only_its_successor(void **state)
{
	const struct member_node m[3] = { member_of("a", 1), member_of("b", 2), member_of("c", 3) };
	const struct nonce b = nonce_of(2), third = nonce_of(3);
	struct client *c = clients;
	CLEANUP(observe_freep) struct observe *o = NULL;
	CLEANUP(observe_freep) struct observe *p = NULL;
	unsigned before;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		open_client(&c[i]);
		join(&c[i], &m[i]);
		(void)enter(&c[i], i + 1);
	}
	assert_int_equal(observe_new(c[1].s, &b, on_changed, NULL, &o), 0);
	assert_int_equal(observe_new(c[2].s, &third, on_changed, NULL, &p), 0);
	look(o, OBSERVE_LATCHES);
	look(p, OBSERVE_LATCHES);
	for (unsigned i = 0; i < 3; i++) /* looking again adds no watch */
		look(o, OBSERVE_LATCHES);
	assert_int_equal(seen.rank, 1);
	changes = change_calls = 0;
	close_client(&c[0]);
	WAIT(changes == OBSERVE_LATCHES);
	before = change_calls;
	look(o, OBSERVE_LATCHES);
	assert_int_equal(seen.rank, 0);
	for (unsigned i = 0; i < 10; i++)
		pump(NULL);
	assert_int_equal(before, 1);
	assert_int_equal(change_calls, 1); /* the third slept on */
}

/* A5: it has no predecessor, and waits for the owner, or for the one that is designated. */
static void the_lowest_is_woken_by_the_latch_that_it_waits_for(void **state)
{
	const struct member_node m[3] = { member_of("a", 1), member_of("b", 2), member_of("c", 3) };
	const struct nonce lowest = nonce_of(1);
	struct client *c = clients;
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct answer a = { .came = false };
	struct latch_name latch[3];
	struct register_node r;
	int32_t version;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		open_client(&c[i]);
		join(&c[i], &m[i]);
		latch[i] = enter(&c[i], i + 1);
	}
	create_register(&c[1]);
	claim(&c[1], "b", &latch[1]);
	assert_int_equal(observe_new(c[0].s, &lowest, on_changed, NULL, &o), 0);
	look(o, OBSERVE_LATCHES);
	assert_int_equal(seen.rank, 0);

	changes = 0;
	r = read_register(&c[1], &version);
	register_release(&r, CAUSE_SWITCHOVER, &latch[2]);
	assert_int_equal(fence_release(c[1].s, &latch[1], &r, version, NULL, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	WAIT(changes == OBSERVE_LATCHES);
	look(o, OBSERVE_LATCHES);
	assert_true(latch_name_equal(&seen.reg.designated, &latch[2]));

	changes = 0;
	close_client(&c[2]);
	WAIT(changes == OBSERVE_LATCHES);
}

static void every_kind_of_change_is_told(void **state)
{
	struct member_node m = member_of("a", 1), n = member_of("b", 2);
	struct maintenance_node pause = { .until_ms = 1, .by = "root", .why = "test" };
	const struct nonce own = nonce_of(1);
	struct client *c = &clients[0], *d = &clients[1];
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct answer a[4] = { { .came = false } };
	struct latch_name latch;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(observe_new(c->s, &own, on_changed, NULL, &o), 0);
	look(o, OBSERVE_ALL);
	changes = 0;
	create_register(d); /* was not there at the look */
	WAIT((changes & OBSERVE_REGISTER) != 0);
	look(o, OBSERVE_ALL);
	changes = 0;
	join(d, &n);
	WAIT((changes & OBSERVE_MEMBERS) != 0);
	look(o, OBSERVE_ALL);
	changes = 0;
	n.sequence = 5;
	assert_int_equal(latch_set_member(d->s, &n, 0, on_answer, &a[0]), 0);
	(void)expect(&a[0], ZK_DONE, 0);
	WAIT((changes & OBSERVE_MEMBERS) != 0);
	look(o, OBSERVE_ALL);
	assert_int_equal(observation_member(&seen, "b")->node.sequence, 5);
	changes = 0;
	assert_int_equal(fence_set_maintenance(d->s, &pause, -1, on_answer, &a[1]), 0);
	WAIT((changes & OBSERVE_MAINTENANCE) != 0);
	look(o, OBSERVE_ALL);
	assert_int_equal(seen.maintenance.until_ms, 1);
	changes = 0;
	assert_int_equal(latch_delete(d->s, &latch, on_answer, &a[2]), 0); /* by hand */
	WAIT((changes & OBSERVE_LATCHES) != 0);
	look(o, OBSERVE_ALL & ~OBSERVE_REGISTER);
	assert_int_equal(seen.rank, -1);
}

static void a_follower_sees_each_commit_by_one_read(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct nonce other = nonce_of(2);
	struct client *c = &clients[0], *d = &clients[1];
	CLEANUP(observe_freep) struct observe *o = NULL;
	struct answer a[3] = { { .came = false } };
	struct register_node r;
	struct latch_name latch;
	int32_t version;

	(void)state;
	open_client(c);
	open_client(d);
	latch = lead_as(c, &m);
	r = read_register(c, &version);
	assert_int_equal(observe_new(d->s, &other, on_changed, NULL, &o), 0);
	looked = false;
	assert_int_equal(observe_register(o, on_look, NULL), 0);
	WAIT(looked);
	for (unsigned i = 0; i < 3; i++) {
		changes = 0;
		r.log.sequence++;
		assert_int_equal(fence_set_register(c->s, &latch, &r, version++, on_answer, &a[i]),
		                 0);
		WAIT(changes == OBSERVE_REGISTER);
		looked = false;
		assert_int_equal(observe_register(o, on_look, NULL), 0);
		WAIT(looked);
		assert_int_equal(seen.reg.log.sequence, r.log.sequence);
		assert_int_equal(seen.version, version);
	}
}

const struct CMUnitTest observe_cases[] = {
	TEST(a_look_shows_register_latches_and_members),
	TEST(the_end_of_the_predecessor_wakes_only_its_successor),
	TEST(the_lowest_is_woken_by_the_latch_that_it_waits_for),
	TEST(every_kind_of_change_is_told),
	TEST(a_follower_sees_each_commit_by_one_read),
	{ .name = NULL },
};
