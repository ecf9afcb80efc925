/* SPDX-License-Identifier: Apache-2.0 */
/* Ending the term of one that died. */
#include "election/handover.h"
#include "tests/cluster/zookeeper_adapter.h"

static bool handed_over;
static int handover_error;

static void on_handover(void *userdata, int error, const char *message)
{
	(void)userdata;
	(void)message;
	handed_over = true;
	handover_error = error;
}

static void run_handover(struct client *c, const struct handover_config *config)
{
	CLEANUP(handover_freep) struct handover *h = NULL;

	handed_over = false;
	assert_int_equal(handover_start(c->s, config, on_handover, NULL, &h), 0);
	WAIT_WITH(handover_second(h), handed_over);
	assert_int_equal(handover_error, 0);
}

static struct handover_config handover_of(const struct session_identity *old)
{
	return (struct handover_config){ .nonce = nonce_of(1),
		                         .old = *old,
		                         .old_timeout = session_time,
		                         .member = "a",
		                         .cause = CAUSE_DAEMON_DIED,
		                         .servers = servers,
		                         .answer_timeout = answer_time };
}

static void a_killed_leader_is_handed_over_in_one_step(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1];
	struct handover_config config;
	struct session_identity id;
	struct register_node r;
	struct latch_name latch;
	int32_t version;

	(void)state;
	open_client(c);
	latch = lead_as(c, &m);
	assert_int_equal(session_identity(c->s, &id), 0);
	kill_client(c);
	open_client(d);
	config = handover_of(&id);
	config.latch = latch;
	run_handover(d, &config);
	assert_false(latch_exists(d, &latch));
	assert_false(exists(d, "members/a"));
	r = read_register(d, &version);
	assert_int_equal(r.released, CAUSE_DAEMON_DIED);
	assert_int_equal(version, 2);
	run_handover(d, &config); /* again: nothing to do, proven all the same */
}

static void a_handover_spares_the_member_node_of_another_session(void **state)
{
	const struct member_node m = member_of("a", 1);
	const struct zk_op drop = { .type = ZK_OP_DELETE, .path = "members/a", .version = -1 };
	struct client *c = &clients[0], *d = &clients[1];
	struct answer a = { .came = false };
	struct handover_config config;
	struct session_identity id;

	(void)state;
	open_client(c);
	open_client(d);
	join(c, &m);
	assert_int_equal(session_identity(c->s, &id), 0);
	config = handover_of(&id);
	config.latch = enter(c, 1);
	assert_int_equal(session_write(d->s, &drop, 1, on_answer, &a), 0);
	(void)expect(&a, ZK_DONE, 0);
	join(d, &m);
	kill_client(c);
	run_handover(d, &config);
	assert_false(latch_exists(d, &config.latch));
	assert_true(exists(d, "members/a"));
}

static void an_unknown_latch_is_found_and_the_session_ended(void **state)
{
	const struct member_node m = member_of("a", 1);
	struct client *c = &clients[0], *d = &clients[1], *e = &clients[2];
	struct handover_config config;
	struct session_config again;
	struct session_identity id;
	struct latch_name latch;

	(void)state;
	open_client(c);
	join(c, &m);
	latch = enter(c, 1);
	assert_int_equal(session_identity(c->s, &id), 0);
	kill_client(c);
	open_client(d);
	config = handover_of(&id);
	run_handover(d, &config);
	assert_false(latch_exists(d, &latch));
	assert_false(exists(d, "members/a"));
	again = defaults(e);
	again.resume = &id;
	open_with(e, &again);
	WAIT(e->expired == 1); /* nothing of it can land any more */
}

const struct CMUnitTest handover_cases[] = {
	TEST(a_killed_leader_is_handed_over_in_one_step),
	TEST(a_handover_spares_the_member_node_of_another_session),
	TEST(an_unknown_latch_is_found_and_the_session_ended),
	{ .name = NULL },
};
