/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a claim, and what a claim came to: a test for each rule. */
#include "tests/unit/core_feed.h"

/* ---- A1 ---- */

static void claims_when_the_second_answer_comes_a_tick_after_the_first(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	assert_string_equal(valid_chain(&m), "claim:1=new");
	assert_int_equal(sent(&m, CORE_CMD_CLAIM)->version, 5);
	assert_string_equal(sent(&m, CORE_CMD_CLAIM)->latch.s, OWN);
}

/* LX-chain1, LX-chain2 */
static void claims_nothing_on_one_answer_or_two_quick_ones(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(TICK, 1004), "heartbeat");
	expect(&m, BEAT(1005, CORE_OK, 1004), "");
	expect(&m, EV(TICK, 1500), "");
}

/* LX-chain-anyconn */
static void a_chain_begins_anew_after_a_lost_connection(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(DISCONNECTED, 1000), "");
	expect(&m, CONNECTED(1100), "observe+log heartbeat");
	expect(&m, SEEN(1101, fresh()), "");
	expect(&m, BEAT(3005, CORE_OK, 3004), "heartbeat");
	expect(&m, BEAT(3006, CORE_OK, 3005), "");
}

static void a_new_latch_has_a_chain_of_its_own(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(TICK, 1004), "heartbeat");
	expect(&m, BEAT(1005, CORE_LATCH_GONE, 1004), "observe");
	v.own = LATCH("");
	v.rank = -1;
	expect(&m, SEEN(1006, v), "enter");
	expect(&m, EV(ENTERED, 3000, .entered = { CORE_OK, LATCH(OWN2) }), "observe+log heartbeat");
	v = fresh();
	v.own = LATCH(OWN2);
	expect(&m, SEEN(3001, v), "");
	expect(&m, BEAT(3002, CORE_OK, 3001), "");
}

static void an_answer_for_a_latch_that_is_gone_counts_for_nothing(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(TICK, 1004), "heartbeat");
	v.own = LATCH("");
	v.rank = -1;
	expect(&m, EV(CHANGED, 1005), "observe+log");
	expect(&m, SEEN(1006, v), "observe"); /* the latch was removed by hand */
	expect(&m, SEEN(1007, v), "enter");
	expect(&m, EV(ENTERED, 1008, .entered = { CORE_OK, LATCH(OWN2) }), "observe+log");
	expect(&m, BEAT(1009, CORE_OK, 1004), "heartbeat");
	assert_int_equal(m.core.lease.chain, LEASE_NONE);
}

static void beats_every_half_tick_with_its_latch(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	assert_int_equal(core_next_tick(&m.core), MS(1004));
	expect(&m, EV(TICK, 1003), "");
	expect(&m, EV(TICK, 1004), "heartbeat");
	assert_string_equal(sent(&m, CORE_CMD_HEARTBEAT)->latch.s, OWN);
	expect(&m, EV(TICK, 2004), ""); /* one outstanding */
}

/* A11: a look that was asked for before the latch did not list the log first. */
static void claims_by_no_look_from_before_it_had_a_latch(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	assert_string_equal(valid_chain(&m), "claim:1=new");
	expect(&m, CLAIMED(3006, CORE_LATCH_GONE), "report-stopped:1 observe");
	expect(&m, EV(REPORTED, 3007, .result = CORE_OK), "");
	expect(&m, SEEN(3008, fresh()), "delete-extra enter");
	expect(&m, EV(CHANGED, 3009), "observe");
	expect(&m, EV(ENTERED, 3010, .entered = { CORE_OK, LATCH(OWN) }), "heartbeat");
	expect(&m, SEEN(3011, fresh()), "observe+log");
}

/* One that was under way before it was made does not show it: that is not its end. */
static void a_look_from_before_it_had_a_latch_does_not_end_it(void **state)
{
	struct core_view before = fresh();
	struct core_config c = config();
	struct member m;

	(void)state;
	before.own = LATCH("");
	before.rank = -1;
	init(&m, &c);
	expect(&m, CONNECTED(1), "join");
	feed(&m, EV(ELIGIBLE, 1, .reasons = REASON_BIT(REASON_NOT_CAUGHT_UP)));
	feed(&m, EV(JOINED, 2, .result = CORE_OK));
	expect(&m, SEEN(3, before), "");
	expect(&m, EV(TICK, 5003), "observe"); /* no watch has fired: to be sure */
	expect(&m, EV(ELIGIBLE, 5004, .reasons = 0), "enter publish");
	expect(&m, EV(ENTERED, 5005, .entered = { CORE_OK, LATCH(OWN) }), "heartbeat");
	expect(&m, SEEN(5006, before), "observe+log");
	assert_int_equal(m.core.phase, CORE_QUEUED);
	expect(&m, BEAT(5007, CORE_OK, 5005), "");
	expect(&m, SEEN(5008, before), "observe");
	assert_int_equal(m.core.phase, CORE_IDLE); /* but that one is */
}

/* ---- A4: when the owner may still act ---- */

static void waits_for_the_owners_session_timeout_from_when_it_saw_its_latch_gone(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, owner_gone());
	assert_string_equal(valid_chain(&m), "");
	for (unsigned t = 4004; t < 10000; t += 1000) { /* keep chain and look alive */
		feed(&m, EV(TICK, t));
		feed(&m, BEAT(t, CORE_OK, t));
		if (m.core.outstanding & (1u << CORE_CMD_OBSERVE))
			feed(&m, SEEN(t, owner_gone()));
	}
	/* Seen gone at 3; T is 10000. */
	expect(&m, EV(TICK, 10002), "");
	expect(&m, EV(TICK, 10003), "claim:2=predecessor-gone");
}

static void waits_no_longer_when_the_owner_says_stopped(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
	expect(&m, EV(CHANGED, 3100), "observe+log");
	v.owner_stopped.v = 1;
	expect(&m, SEEN(3101, v), "claim:2=predecessor-gone");
}

/* LX-naive-stop: the absence of a grant, or an older word, is no `stopped`. */
static void an_older_stopped_is_none(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.epoch.v = 7;
	v.owner_stopped.v = 6;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
}

static void needs_no_wait_when_the_owners_session_has_ended(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.owner_member = false;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "claim:2=predecessor-gone");
}

static void needs_no_wait_after_a_release(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.released = true;
	v.released_as = CAUSE_DAEMON_DIED;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "claim:2=daemon-died");
}

static void never_claims_while_the_owners_latch_lives(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.owner_alive = true;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
}

/* A5: it may lead from behind; that its member node was removed by hand proves nothing. */
static void the_owners_latch_counts_without_its_member_node(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.owner_alive = true;
	v.owner_member = false;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
}

static void only_the_lowest_latch_claims(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	v.rank = 1;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
	expect(&m, EV(CHANGED, 3100), "observe+log");
	expect(&m, SEEN(3101, fresh()), "claim:1=new");
}

static void nothing_is_claimed_when_storage_knows_a_later_register(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	v.rolled_back = true; /* A11 */
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
}

static void a_member_that_was_stopped_says_so_before_it_queues_again(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(4005, CORE_LATCH_GONE, 4004), "kill:1=latch-removed");
	v.own = LATCH("");
	v.rank = -1;
	expect(&m, EXITED(4010, 1), "disarm:1 report-stopped:1 observe");
	expect(&m, SEEN(4011, v), "");
	expect(&m, EV(REPORTED, 4012, .result = CORE_OK), "enter");
}

static void stopped_is_reported_until_it_is_known_to_be_written(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	leader(&m);
	feed(&m, EV(TICK, 4004));
	feed(&m, BEAT(4005, CORE_LATCH_GONE, 4004));
	v.own = LATCH("");
	v.rank = -1;
	feed(&m, SEEN(4006, v));
	feed(&m, EXITED(4010, 1));
	expect(&m, SEEN(4011, v), "");
	expect(&m, EV(REPORTED, 4012, .result = CORE_UNKNOWN), "");
	expect(&m, EV(TICK, 5012), "report-stopped:1");
}

/* Latch and member node deleted by hand: without this nothing is ever reported, nor a latch made.
 */
static void a_member_node_that_is_gone_is_made_again_to_say_stopped(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	leader(&m);
	feed(&m, EV(TICK, 4004));
	feed(&m, BEAT(4005, CORE_LATCH_GONE, 4004));
	v.own = LATCH("");
	v.rank = -1;
	feed(&m, SEEN(4006, v));
	feed(&m, EXITED(4010, 1));
	expect(&m, SEEN(4011, v), "");
	expect(&m, EV(REPORTED, 4012, .result = CORE_MEMBER_GONE), "join");
	expect(&m, EV(JOINED, 4013, .result = CORE_OK), "report-stopped:1 publish");
	expect(&m, EV(REPORTED, 4014, .result = CORE_OK), "enter");
}

/* The member node is in the heartbeat's multi: nothing is renewed without it. */
static void makes_a_vanished_member_node_again_before_it_renews(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(4005, CORE_MEMBER_GONE, 4004), "rejoin");
	assert_int_equal(m.core.lease.deadline, MS(9995));
	expect(&m, EV(JOINED, 4006, .result = CORE_OK), "publish");
	expect(&m, EV(TICK, 5004), "heartbeat");
	expect(&m, BEAT(5005, CORE_OK, 5004), "extend@11994");
}

/* ---- A2, D12, D17: claims whose outcome is not known ---- */

static void a_claim_that_was_read_back_needs_a_heartbeat_sent_after_the_read(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_UNKNOWN), "observe+log");
	v.asked = MS(3006);
	expect(&m, SEEN(3007, v), "load:1 heartbeat");
	expect(&m, EV(LOADED, 3008, .result = CORE_OK), "");
	expect(&m, BEAT(3009, CORE_OK, 3007), "arm:1@9997 grant:1");
}

static void a_heartbeat_from_before_the_read_is_not_enough(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	claiming(&m);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, CLAIMED(4005, CORE_UNKNOWN), "observe+log");
	v.asked = MS(4005);
	expect(&m, SEEN(4006, v), "load:1");
	expect(&m, EV(LOADED, 4007, .result = CORE_OK), "");
	expect(&m, BEAT(4008, CORE_OK, 4004), "heartbeat");
	expect(&m, BEAT(4009, CORE_OK, 4008), "arm:1@10998 grant:1");
}

/* Its connection is gone, and the shell will say so next: sent again at once, it would be answered
 * at once, for ever. */
static void a_heartbeat_that_is_owed_waits_for_its_time_after_an_unknown_one(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_UNKNOWN), "observe+log");
	v.asked = MS(3006);
	expect(&m, SEEN(3007, v), "load:1 heartbeat");
	expect(&m, BEAT(3009, CORE_UNKNOWN, 3007), "");
	expect(&m, EV(DISCONNECTED, 3010), "");
	expect(&m, EV(CONNECTED, 3020, .connected = { MS(3015), MS(10000) }), "observe heartbeat");
}

/* LX-relatch: same member, other latch: not our mark. */
static void a_register_of_an_earlier_latch_is_not_our_mark(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_UNKNOWN), "observe+log");
	v.owner = LATCH(OWN2);
	expect(&m, SEEN(3007, v), "");
	assert_int_equal(m.core.phase, CORE_QUEUED);
	assert_int_equal(m.core.epoch.v, 0);
}

static void the_same_claim_is_sent_again_when_the_register_did_not_move(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_UNKNOWN), "observe+log");
	expect(&m, SEEN(3007, fresh()), "claim:1=new");
	assert_int_equal(sent(&m, CORE_CMD_CLAIM)->version, 5);
}

static void makes_no_new_latch_while_a_claim_is_unanswered(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	claiming(&m);
	v.own = LATCH("");
	v.rank = -1;
	expect(&m, EV(CHANGED, 3006), "observe+log");
	expect(&m, SEEN(3007, v), "report-stopped:1 observe");
	expect(&m, EV(REPORTED, 3008, .result = CORE_OK), "");
	expect(&m, SEEN(3009, v), "");
	expect(&m, CLAIMED(3010, CORE_UNKNOWN), "enter");
}

static void decides_anew_when_the_register_had_moved_on(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_BAD_VERSION), "observe+log");
	v.version = 8;
	v.epoch.v = 3;
	expect(&m, SEEN(3007, v), "claim:4=new");
}

static void the_claims_own_answer_counts_as_a_heartbeat(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3606, CORE_OK), "load:1");
	assert_int_equal(m.core.lease.deadline, MS(3605 + 6990));
}

static void starts_over_when_the_latch_was_gone_at_the_claim(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_LATCH_GONE), "report-stopped:1 observe");
	v.own = LATCH("");
	v.rank = -1;
	expect(&m, SEEN(3007, v), "");
	expect(&m, EV(REPORTED, 3008, .result = CORE_OK), "enter");
}

/* ---- A5 ---- */

static struct core_view designated(void)
{
	struct core_view v = fresh();

	v.designated = LATCH(OTHER);
	v.designated_alive = true;
	return v;
}

/* From 3005 on with a valid chain, whose heartbeats go on; what it sent that is neither beat nor
 * look. */
static const char *beats_on(struct member *m, struct core_view v, unsigned from, unsigned to)
{
	for (unsigned t = from; t < to; t += 1000) {
		feed(m, EV(TICK, t));
		if (m->core.phase != CORE_QUEUED)
			return m->text;
		feed(m, BEAT(t, CORE_OK, t));
		if (m->core.outstanding & (1u << CORE_CMD_OBSERVE))
			feed(m, SEEN(t, v));
	}
	return "";
}

static void others_hold_back_while_the_designated_latch_lives(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
	assert_int_equal(m.core.takeover_since, 0); /* C1 does not count it */
	v.designated_alive = false;
	expect(&m, EV(CHANGED, 3100), "observe+log");
	expect(&m, SEEN(3104, v), "claim:1=new");
}

static void others_hold_back_for_the_session_timeout_at_most(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	queue_up(&m, v); /* the first look at 3 */
	valid_chain(&m);
	assert_string_equal(beats_on(&m, v, 4004, 10000), "");
	assert_int_equal(core_next_tick(&m.core), MS(10003));
	expect(&m, EV(TICK, 10002), "");
	expect(&m, EV(TICK, 10003), "claim:1=new");
}

static void the_time_to_hold_back_begins_anew_with_a_new_register(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	queue_up(&m, v);
	valid_chain(&m);
	v.version = 8;
	expect(&m, EV(CHANGED, 3100), "observe+log");
	expect(&m, SEEN(3104, v), "");
	assert_string_equal(beats_on(&m, v, 4004, 13100), "");
	expect(&m, EV(TICK, 13103), "");
	expect(&m, EV(TICK, 13104), "claim:1=new");
}

static void a_designated_latch_that_is_gone_binds_nobody(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	v.designated_alive = false;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "claim:1=new");
}

static void the_designated_one_claims_from_any_rank(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	v.designated = LATCH(OWN);
	v.rank = 2;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "claim:1=new");
}

static void the_designated_one_waits_for_the_owners_latch(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.designated = LATCH(OWN);
	v.rank = 1;
	v.designated_alive = v.owner_alive = true;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "");
	v.owner_alive = v.owner_member = false;
	expect(&m, EV(CHANGED, 3100), "observe+log");
	expect(&m, SEEN(3104, v), "claim:2=predecessor-gone");
}

/* C1 */
static void a_designated_one_that_does_not_get_to_a_claim_gives_up(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	v.designated = LATCH(OWN);
	v.rank = 1;
	queue_up(&m, v);
	assert_int_equal(m.core.takeover_since, MS(6)); /* the guard's word, too */
	feed(&m, EV(TICK, 30006));                      /* no chain: no heartbeat was answered */
	assert_int_equal(m.core.phase, CORE_RELEASING);
	assert_int_equal(m.core.cause, CAUSE_TAKEOVER_TIMEOUT);
}

static void a_designated_one_that_is_not_eligible_gives_up(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	v.designated = LATCH(OWN);
	v.rank = 1;
	queue_up(&m, v);
	feed(&m, EV(ELIGIBLE, 7, .reasons = 1));
	assert_int_equal(sent(&m, CORE_CMD_RELEASE)->cause, CAUSE_NOT_ELIGIBLE);
}

/* ---- A10 ---- */

static void a_jobmanager_that_exits_is_started_again_only_under_a_new_epoch(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 3600), "");
	expect(&m, EXITED(3601, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 3602), "observe+log");
	expect(&m, SEEN(3603, own_term(1)), "claim:2=restart-in-place");
	expect(&m, CLAIMED(3604, CORE_OK), "load:2");
	expect(&m, EV(LOADED, 3605, .result = CORE_OK), "arm:2@10593 grant:2");
}

/* A5: who was designated leads from behind; the lowest waits for its latch. */
static void the_owner_claims_again_from_any_rank(void **state)
{
	struct core_view v = own_term(1);
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 3600), "");
	expect(&m, EXITED(3601, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 3602), "observe+log");
	v.rank = 1;
	expect(&m, SEEN(3603, v), "claim:2=restart-in-place");
}

static void a_restart_waits_for_its_pause(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(EXITED, 3601, .exited = { .epoch = { 1 }, .pause = MS(2000) }),
	       "disarm:1 settle");
	expect(&m, EV(SETTLED, 3602), "observe+log");
	assert_int_equal(m.core.phase, CORE_RESTARTING);
	expect(&m, SEEN(3603, own_term(1)), "");
	feed(&m, EV(TICK, 4004));
	feed(&m, BEAT(4005, CORE_OK, 4004));
	feed(&m, EV(TICK, 5004));
	feed(&m, BEAT(5005, CORE_OK, 5004));
	assert_int_equal(m.core.phase, CORE_RESTARTING);
	expect(&m, EV(TICK, 5601), "claim:2=restart-in-place");
}

static void who_gives_way_during_its_pause_keeps_it(void **state)
{
	struct core_view v = own_term(1);
	struct member m;

	(void)state;
	leader(&m);
	feed(&m, EV(EXITED, 3601, .exited = { .epoch = { 1 }, .pause = MS(2000) }));
	feed(&m, EV(SETTLED, 3602));
	v.successors = 1; /* its own pause has ended */
	expect(&m, SEEN(3603, v), "release=jobmanager-exited");
	feed(&m, EV(RELEASED, 3604, .result = CORE_OK));
	assert_true(core_reasons(&m.core) & REASON_BIT(REASON_PAUSE));
	feed(&m, EV(TICK, 5600));
	assert_true(core_reasons(&m.core) & REASON_BIT(REASON_PAUSE));
	feed(&m, EV(TICK, 5601));
	assert_false(core_reasons(&m.core) & REASON_BIT(REASON_PAUSE));
}

static void a_jobmanager_that_exits_is_handed_over_when_another_member_can(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	leader(&m);
	v.successors = 1;
	expect(&m, EV(CHANGED, 3500), "observe");
	expect(&m, SEEN(3501, v), "");
	expect(&m, EXITED(3601, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 3602), "release=jobmanager-exited");
}

static void a_late_load_of_an_earlier_term_is_asked_for_again(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	c.resume = true;
	c.page_epoch.v = 1;
	c.page_deadline = MS(6000);
	c.latch = LATCH(OWN);
	init(&m, &c);
	feed(&m, CONNECTED(1));
	expect(&m, SEEN(2, own_term(1)), "load:1 heartbeat publish");
	expect(&m, BEAT(3, CORE_OK, 2), "extend@6992");
	expect(&m, EXITED(10, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 11), "observe+log");
	expect(&m, SEEN(12, own_term(1)), "claim:2=restart-in-place");
	expect(&m, CLAIMED(1500, CORE_OK), "heartbeat");
	expect(&m, EV(LOADED, 1501, .result = CORE_OK), "load:2");
	feed(&m, BEAT(1502, CORE_OK, 1500));
	feed(&m, EV(LOADED, 1503, .result = CORE_OK));
	assert_int_equal(sent(&m, CORE_CMD_GRANT)->epoch.v, 2);
}

/* ---- C1 ---- */

static void a_takeover_that_takes_too_long_is_given_up(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	for (unsigned t = 4004; t < 30000; t += 1000) {
		feed(&m, EV(TICK, t));
		feed(&m, BEAT(t, CORE_OK, t));
		if (m.core.outstanding & (1u << CORE_CMD_OBSERVE))
			feed(&m, SEEN(t, own_term(1)));
	}
	assert_int_equal(m.core.phase, CORE_LOADING); /* free to claim since 6 */
	feed(&m, EV(TICK, 30006));
	assert_int_equal(sent(&m, CORE_CMD_RELEASE)->cause, CAUSE_TAKEOVER_TIMEOUT);
	assert_true(sent(&m, CORE_CMD_RELEASE)->with_register);
}

static void a_log_that_cannot_be_read_gives_the_takeover_up(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	expect(&m, EV(LOADED, 3007, .result = CORE_FAILED), "release=not-eligible");
}

/* P8: detection runs from the watch that fired, not from the look that it led to. */
static void detection_begins_when_the_watch_fires(void **state)
{
	struct core_view behind = fresh();
	struct member m;

	(void)state;
	behind.rank = 1;
	queue_up(&m, behind);
	assert_string_equal(valid_chain(&m), "");
	expect(&m, EV(CHANGED, 3100), "observe+log");
	expect(&m, SEEN(3104, fresh()), "claim:1=new");
	assert_int_equal(m.core.claim_sent - m.core.detected, MS(4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_when_the_second_answer_comes_a_tick_after_the_first),
		cmocka_unit_test(detection_begins_when_the_watch_fires),
		cmocka_unit_test(claims_nothing_on_one_answer_or_two_quick_ones),
		cmocka_unit_test(a_chain_begins_anew_after_a_lost_connection),
		cmocka_unit_test(a_new_latch_has_a_chain_of_its_own),
		cmocka_unit_test(an_answer_for_a_latch_that_is_gone_counts_for_nothing),
		cmocka_unit_test(beats_every_half_tick_with_its_latch),
		cmocka_unit_test(claims_by_no_look_from_before_it_had_a_latch),
		cmocka_unit_test(a_look_from_before_it_had_a_latch_does_not_end_it),
		cmocka_unit_test(
		        waits_for_the_owners_session_timeout_from_when_it_saw_its_latch_gone),
		cmocka_unit_test(waits_no_longer_when_the_owner_says_stopped),
		cmocka_unit_test(an_older_stopped_is_none),
		cmocka_unit_test(needs_no_wait_when_the_owners_session_has_ended),
		cmocka_unit_test(needs_no_wait_after_a_release),
		cmocka_unit_test(never_claims_while_the_owners_latch_lives),
		cmocka_unit_test(the_owners_latch_counts_without_its_member_node),
		cmocka_unit_test(only_the_lowest_latch_claims),
		cmocka_unit_test(nothing_is_claimed_when_storage_knows_a_later_register),
		cmocka_unit_test(a_member_that_was_stopped_says_so_before_it_queues_again),
		cmocka_unit_test(stopped_is_reported_until_it_is_known_to_be_written),
		cmocka_unit_test(a_member_node_that_is_gone_is_made_again_to_say_stopped),
		cmocka_unit_test(makes_a_vanished_member_node_again_before_it_renews),
		cmocka_unit_test(a_claim_that_was_read_back_needs_a_heartbeat_sent_after_the_read),
		cmocka_unit_test(a_heartbeat_from_before_the_read_is_not_enough),
		cmocka_unit_test(a_heartbeat_that_is_owed_waits_for_its_time_after_an_unknown_one),
		cmocka_unit_test(a_register_of_an_earlier_latch_is_not_our_mark),
		cmocka_unit_test(the_same_claim_is_sent_again_when_the_register_did_not_move),
		cmocka_unit_test(makes_no_new_latch_while_a_claim_is_unanswered),
		cmocka_unit_test(decides_anew_when_the_register_had_moved_on),
		cmocka_unit_test(the_claims_own_answer_counts_as_a_heartbeat),
		cmocka_unit_test(starts_over_when_the_latch_was_gone_at_the_claim),
		cmocka_unit_test(others_hold_back_while_the_designated_latch_lives),
		cmocka_unit_test(others_hold_back_for_the_session_timeout_at_most),
		cmocka_unit_test(the_time_to_hold_back_begins_anew_with_a_new_register),
		cmocka_unit_test(a_designated_latch_that_is_gone_binds_nobody),
		cmocka_unit_test(the_designated_one_claims_from_any_rank),
		cmocka_unit_test(the_designated_one_waits_for_the_owners_latch),
		cmocka_unit_test(a_designated_one_that_does_not_get_to_a_claim_gives_up),
		cmocka_unit_test(a_designated_one_that_is_not_eligible_gives_up),
		cmocka_unit_test(the_owner_claims_again_from_any_rank),
		cmocka_unit_test(a_jobmanager_that_exits_is_started_again_only_under_a_new_epoch),
		cmocka_unit_test(a_restart_waits_for_its_pause),
		cmocka_unit_test(who_gives_way_during_its_pause_keeps_it),
		cmocka_unit_test(a_jobmanager_that_exits_is_handed_over_when_another_member_can),
		cmocka_unit_test(a_late_load_of_an_earlier_term_is_asked_for_again),
		cmocka_unit_test(a_takeover_that_takes_too_long_is_given_up),
		cmocka_unit_test(a_log_that_cannot_be_read_gives_the_takeover_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
