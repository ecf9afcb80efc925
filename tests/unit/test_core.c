/* SPDX-License-Identifier: Apache-2.0 */
/* Terms, their ends, deadlines and resume: a test for each rule. */
#include "tests/unit/core_feed.h"

/* ---- A3: ends whose outcome is not known ---- */

static void stop(struct member *m, enum cause cause)
{
	expect(m, EV(STOP, 4000, .stop = { .cause = cause }),
	       cause == CAUSE_SHUTDOWN ? "revoke:1=shutdown" : "revoke:1=step-down");
	expect(m, EXITED(4001, 1), "disarm:1 settle");
}

static void nothing_beats_once_a_release_was_sent(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_STEP_DOWN);
	expect(&m, EV(SETTLED, 4002), "release=step-down");
	expect(&m, EV(TICK, 4500), "");
	expect(&m, EV(TICK, 5500), "");
}

/* A3: a heartbeat's "latch gone" is no answer to the release that is under way (seed 10353934). */
static void a_latch_that_is_gone_does_not_answer_the_release(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(STOP, 4000, .stop = { .cause = CAUSE_STEP_DOWN }), "revoke:1=step-down");
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, EXITED(4006, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 4007), "release=step-down");
	expect(&m, BEAT(4008, CORE_LATCH_GONE, 4004), "");
	assert_int_equal(m.core.phase, CORE_RELEASING);
	expect(&m, EV(RELEASED, 4009, .result = CORE_UNKNOWN), "connect-new");
	assert_true(m.core.old_session);
}

/* LX-mark-cleared */
static void after_an_unknown_release_the_session_is_only_ended(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_STEP_DOWN);
	feed(&m, EV(SETTLED, 4002));
	(void)sent(&m, CORE_CMD_RELEASE);
	expect(&m, EV(RELEASED, 4003, .result = CORE_UNKNOWN), "connect-new");
	expect(&m, EV(OBSERVED, 4003, .observed = { .result = CORE_UNKNOWN }), "");
	expect(&m, CONNECTED(4100), "end-old");
	expect(&m, EV(ENDED_OLD, 4101, .result = CORE_FAILED), "");
	expect(&m, EV(TICK, 5101), "end-old");
	expect(&m, EV(ENDED_OLD, 5102, .result = CORE_OK), "join");
}

static void a_restarted_elector_ends_the_session_it_finds_first(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	c.old_session = true;
	init(&m, &c);
	assert_string_equal(m.text, "connect-new");
	expect(&m, CONNECTED(1), "end-old");
	expect(&m, EV(DISCONNECTED, 2), "");
	expect(&m, EV(ENDED_OLD, 2, .result = CORE_UNKNOWN), "");
	expect(&m, CONNECTED(3), "end-old");
	expect(&m, EV(ENDED_OLD, 4, .result = CORE_OK), "join");
}

/* C7: EXPIRED may be a lie. */
static void after_expired_another_session_has_to_see_the_latch_gone(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(EXPIRED, 4000), "kill:1=session-expired");
	expect(&m, EXITED(4001, 1), "disarm:1 connect-new");
	expect(&m, CONNECTED(4002), "end-old");
}

static void a_session_that_is_silent_for_its_timeout_is_left(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	feed(&m, EV(DISCONNECTED, 5000));
	assert_int_equal(core_next_tick(&m.core), MS(5000 + 10000));
	expect(&m, EV(TICK, 5000 + 10000 - 1), "");
	expect(&m, EV(TICK, 5000 + 10000), "connect-new");
	expect(&m, CONNECTED(5000 + 10000 + 1), "end-old");
}

/* The guard has killed at the deadline; as long as that is not proven nothing is left. */
static void a_leaders_silent_session_is_left_once_its_jobmanager_is_dead(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	feed(&m, EV(DISCONNECTED, 4000));
	feed(&m, EV(TICK, 4000 + 10000)); /* kills */
	expect(&m, EV(TICK, 4001 + 10000), "");
	feed(&m, EXITED(4002 + 10000, 1));
	assert_int_equal(m.core.phase, CORE_DETACHED);
	assert_true(m.core.old_session);
}

/* Each time it is connected, and each time what it asks for vanishes. */
static void a_session_in_which_nothing_is_seen_for_its_timeout_is_left(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	for (unsigned ms = 5000; ms < 15000; ms += 1000) {
		feed(&m, EV(DISCONNECTED, ms));
		feed(&m, EV(OBSERVED, ms, .observed = { .result = CORE_UNKNOWN }));
		feed(&m, BEAT(ms, CORE_UNKNOWN, ms));
		feed(&m, CONNECTED(ms + 10));
		feed(&m, EV(LISTED, ms + 10));
	}
	feed(&m, EV(TICK, 14999));
	assert_int_equal(m.core.phase, CORE_QUEUED);
	expect(&m, EV(TICK, 15000), "connect-new");
	assert_true(m.core.old_session);
}

/* Heartbeats pass, looks are refused: whoever sees nothing claims nothing, and must not stand in
 * the way of others. */
static void a_session_in_which_looks_are_refused_is_left(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	valid_chain(&m);
	feed(&m, EV(CLAIMED, 3010, .claimed = { .result = CORE_BAD_VERSION }));
	for (unsigned ms = 3010; ms < 12000; ms += 1000) {
		feed(&m, EV(LISTED, ms));
		feed(&m, EV(OBSERVED, ms + 1, .observed = { .result = CORE_FAILED }));
		feed(&m, BEAT(ms + 1, CORE_OK, ms + 1));
		assert_int_not_equal(m.core.phase, CORE_DETACHED);
		feed(&m, EV(TICK, ms + 1000));
	}
	expect(&m, EV(TICK, 13010), "connect-new");
	assert_true(m.core.old_session);
}

/* The store hangs, the session does not: its latch keeps its place. */
static void a_look_that_waits_for_the_store_costs_no_session(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	valid_chain(&m);
	feed(&m, EV(CLAIMED, 3010, .claimed = { .result = CORE_BAD_VERSION }));
	assert_int_equal(m.out.cmd[0].type, CORE_CMD_OBSERVE);
	for (unsigned ms = 4004; ms < 20000; ms += 1000) {
		feed(&m, EV(TICK, ms));
		feed(&m, BEAT(ms, CORE_OK, ms));
	}
	assert_int_equal(m.core.phase, CORE_CLAIMING);
	feed(&m, EV(LISTED, 20000)); /* from now on it is ZooKeeper that does not answer */
	feed(&m, EV(TICK, 29999));
	assert_int_equal(m.core.phase, CORE_CLAIMING);
	expect(&m, EV(TICK, 30000), "connect-new");
}

static void a_release_that_takes_longer_than_the_timeout_is_left_to_the_session(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_STEP_DOWN);
	feed(&m, EV(TICK, 4000 + 9999));
	assert_int_equal(m.core.phase, CORE_SETTLING);
	feed(&m, EV(TICK, 4010 + 10000));
	assert_int_equal(m.core.phase, CORE_DETACHED);
	assert_true(m.core.old_session);
}

static void a_left_handle_that_connects_again_ends_nothing(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_STEP_DOWN);
	feed(&m, EV(SETTLED, 4002));
	expect(&m, EV(OBSERVED, 4003, .observed = { .result = CORE_UNKNOWN }), "");
	/* What failed is waited with, a session that is only to be ended is not. */
	expect(&m, EV(RELEASED, 4003, .result = CORE_UNKNOWN), "connect-new");
}

static void refused_credentials_are_tried_again_after_a_while(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	init(&m, &c);
	expect(&m, EV(AUTH_FAILED, 1), "");
	assert_true(core_reasons(&m.core) & REASON_BIT(REASON_ZOOKEEPER_AUTH));
	expect(&m, CONNECTED(2), ""); /* of the handle that is dead */
	assert_int_equal(m.core.phase, CORE_DETACHED);
	expect(&m, EV(TICK, 1001), "connect-new");
}

static void a_standby_whose_session_expired_ends_it_too(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(EXPIRED, 1000), "connect-new");
	expect(&m, CONNECTED(1001), "end-old");
}

/* ---- A6: the order of page, grant, revoke and release ---- */

static void grants_only_after_register_log_and_page(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	expect(&m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
}

static void releases_only_when_the_jobmanager_is_dead_and_the_page_off(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(STOP, 4000, .stop = { .cause = CAUSE_SWITCHOVER, .to = LATCH(OTHER) }),
	       "revoke:1=switchover");
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(4005, CORE_OK, 4004), "");
	expect(&m, EXITED(4006, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 4007), "release=switchover");
	assert_true(sent(&m, CORE_CMD_RELEASE)->with_register);
	assert_string_equal(sent(&m, CORE_CMD_RELEASE)->designated.s, OTHER);
	expect(&m, EV(RELEASED, 4008, .result = CORE_OK), "");
	assert_int_equal(m.core.phase, CORE_IDLE);
}

static void who_has_handed_over_lets_the_next_claim_first(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(STOP, 4000, .stop.cause = CAUSE_STEP_DOWN), "revoke:1=step-down");
	expect(&m, EXITED(4001, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 4002), "release=step-down");
	expect(&m, EV(RELEASED, 4003, .result = CORE_OK), "");
	expect(&m, EV(CHANGED, 4010), "");
	assert_int_equal(core_next_tick(&m.core), MS(4053));
	expect(&m, EV(TICK, 4053), "observe");
}

static void the_exit_of_an_earlier_jobmanager_ends_nothing(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EXITED(4000, 7), "");
	assert_int_equal(core_state(&m.core, MS(4000)), CORE_STATE_LEADER);
}

static void grants_nothing_on_a_lease_that_has_passed_meanwhile(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	feed(&m, EV(LOADED, 9995, .result = CORE_OK));
	assert_int_equal(m.core.phase, CORE_LOADING);
	assert_false(m.core.armed);
}

static void an_ended_page_is_followed_by_a_kill(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(PAGE_ENDED, 4000), "kill:1=lease-expired");
	expect(&m, EV(PAGE_ENDED, 4001), "");
}

static void the_register_that_names_another_is_the_end_of_the_term(void **state)
{
	struct member m;
	struct core_view v = own_term(2);

	(void)state;
	leader(&m);
	expect(&m, EV(CHANGED, 4000), "observe");
	v.owner = LATCH(OTHER);
	v.asked = MS(4000);
	expect(&m, SEEN(4001, v), "kill:1=latch-removed");
}

/* Its register was read before the claim, its other half answered after the grant. */
static void a_look_from_before_the_claim_ends_nothing(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	expect(&m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
	expect(&m, EV(CHANGED, 3007), "observe");
	v.asked = MS(3005);
	expect(&m, SEEN(3008, v), "observe");
	v.asked = MS(3008);
	expect(&m, SEEN(3009, v), "kill:1=latch-removed");
}

/* B1: other versions of the own term are the own commits. */
static void the_register_that_only_moved_on_ends_nothing(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	leader(&m);
	expect(&m, EV(CHANGED, 4000), "observe");
	v.version = 77;
	expect(&m, SEEN(4001, v), "");
}

/* ---- P5, promise 1: the deadline ---- */

static void a_late_tick_revokes_before_good_news(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 4004), "heartbeat");
	/* Stopped for 6 s; the first thing it reads is a good answer. */
	expect(&m, BEAT(9995, CORE_OK, 4004), "kill:1=lease-expired observe heartbeat");
	assert_int_equal(core_state(&m.core, MS(9995)), CORE_STATE_STOPPING);
}

static void never_says_leader_at_or_past_the_deadline(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	assert_int_equal(core_state(&m.core, MS(9995) - 1), CORE_STATE_LEADER);
	assert_int_equal(core_lease_left(&m.core, MS(9995) - 1), 1);
	assert_int_equal(core_state(&m.core, MS(9995)), CORE_STATE_STOPPING);
	assert_int_equal(core_lease_left(&m.core, MS(9995)), 0);
}

static void wakes_at_the_deadline(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(DISCONNECTED, 4000), "");
	assert_int_equal(core_next_tick(&m.core), MS(9995));
	expect(&m, EV(TICK, 9993), "");
	expect(&m, EV(TICK, 9995), "kill:1=lease-expired");
}

/* An answer that does not come is looked for each 100 ms: what is due before that is not put off.
 */
static void wakes_at_the_deadline_also_while_an_answer_is_overdue(void **state)
{
	struct member m;
	usec_t next;

	(void)state;
	leader(&m);
	while ((next = core_next_tick(&m.core)) < MS(9995))
		feed(&m, EV(TICK, next / 1000)); /* its heartbeats and looks are not answered */
	assert_int_equal(next, MS(9995));
}

static void leads_on_without_a_connection_until_the_deadline(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(5004, CORE_UNKNOWN, 4004), "heartbeat");
	expect(&m, BEAT(5004, CORE_FAILED, 5004), "");
	expect(&m, EV(DISCONNECTED, 5005), "");
	assert_int_equal(core_state(&m.core, MS(9000)), CORE_STATE_LEADER);
	expect(&m, CONNECTED(9000), "observe heartbeat");
	expect(&m, BEAT(9001, CORE_OK, 9000), "extend@15990"); /* the connect counts */
}

/* ---- A7 ---- */

static void a_smaller_session_lowers_the_page_at_once(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(DISCONNECTED, 4000), "");
	expect(&m, EV(CONNECTED, 4010, .connected = { .sent = MS(4005), .session = MS(8500) }),
	       "extend@9496 observe heartbeat");
}

static void a_smaller_session_without_room_ends_the_term(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(DISCONNECTED, 4000), "");
	feed(&m, EV(CONNECTED, 4010, .connected = { .sent = MS(4005), .session = MS(2000) }));
	feed(&m, EV(TICK, 4011));
	assert_int_equal(m.core.phase, CORE_REVOKING);
	assert_true(core_reasons(&m.core) & REASON_BIT(REASON_LEASE_NO_ROOM));
}

/* ---- C2 ---- */

static void a_standby_that_is_not_eligible_gives_its_latch_up(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(ELIGIBLE, 100, .reasons = REASON_BIT(REASON_STORAGE_FAILED)),
	       "release=not-eligible publish");
	assert_false(sent(&m, CORE_CMD_RELEASE)->with_register);
	assert_false(sent(&m, CORE_CMD_RELEASE)->with_member);
}

static void a_leader_that_is_not_eligible_leads_on_when_nobody_else_can(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(ELIGIBLE, 3100, .reasons = REASON_BIT(REASON_STORAGE_FAILED)), "publish");
	assert_int_equal(core_state(&m.core, MS(3100)), CORE_STATE_LEADER);
}

static void a_leader_that_is_not_eligible_hands_over_when_another_can(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	leader(&m);
	v.successors = 1;
	expect(&m, EV(CHANGED, 3050), "observe");
	expect(&m, SEEN(3051, v), "");
	expect(&m, EV(ELIGIBLE, 3100, .reasons = REASON_BIT(REASON_STORAGE_FAILED)),
	       "revoke:1=not-eligible publish");
}

static void failures_are_followed_by_growing_pauses(void **state)
{
	static const unsigned pauses[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60 };
	struct member m;
	usec_t now = 3006;

	(void)state;
	claiming(&m);
	for (unsigned i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		m.core.phase = CORE_LOADING;
		m.core.epoch.v = 1;
		m.core.load_epoch.v = 1;
		feed(&m, EV(LOADED, now, .result = CORE_FAILED));
		assert_int_equal(m.core.pause_until, MS(now) + pauses[i] * USEC_PER_SEC);
		assert_int_equal((core_reasons(&m.core) & REASON_BIT(REASON_PAUSE)) != 0,
		                 pauses[i] != 0);
	}
}

/* ---- C4, B1: resume ---- */

static struct core_config resumed_config(void)
{
	struct core_config c = config();

	c.resume = true;
	c.page_epoch.v = 4;
	c.page_deadline = MS(5000);
	c.latch = LATCH(OWN);
	return c;
}

static void a_resumed_elector_leads_on_after_latch_and_register_are_verified(void **state)
{
	struct core_config c = resumed_config();
	struct member m;

	(void)state;
	init(&m, &c);
	assert_string_equal(m.text, "connect-resume");
	assert_int_equal(core_state(&m.core, MS(1)), CORE_STATE_LEADER);
	expect(&m, CONNECTED(10), "observe");
	expect(&m, SEEN(11, own_term(4)), "load:4 heartbeat publish");
	expect(&m, BEAT(12, CORE_OK, 11), "extend@7001");
	assert_int_equal(m.core.phase, CORE_LEADING);
	expect(&m, EV(LOADED, 13, .result = CORE_OK), "");
}

/* LX-naive-resume */
static void a_resumed_elector_renews_nothing_before_it_has_verified(void **state)
{
	struct core_config c = resumed_config();
	struct member m;

	(void)state;
	init(&m, &c);
	expect(&m, CONNECTED(10), "observe");
	expect(&m, EV(TICK, 1500), "");
}

static void a_resumed_elector_kills_when_the_register_names_another(void **state)
{
	struct core_config c = resumed_config();
	struct member m;

	(void)state;
	init(&m, &c);
	expect(&m, CONNECTED(10), "observe");
	expect(&m, SEEN(11, own_term(5)), "kill:4=latch-removed");
	expect(&m, EXITED(12, 4), "disarm:4 connect-new");
	expect(&m, CONNECTED(13), "end-old");
}

static void a_resumed_elector_kills_when_its_latch_is_gone(void **state)
{
	struct core_config c = resumed_config();
	struct member m;
	struct core_view v = own_term(4);

	(void)state;
	v.own = LATCH("");
	v.rank = -1;
	init(&m, &c);
	expect(&m, CONNECTED(10), "observe");
	expect(&m, SEEN(11, v), "kill:4=latch-removed");
}

static void a_resumed_elector_kills_at_the_deadline_of_the_page(void **state)
{
	struct core_config c = resumed_config();
	struct member m;

	(void)state;
	init(&m, &c);
	assert_int_equal(core_next_tick(&m.core), MS(5000));
	expect(&m, EV(TICK, 5000), "kill:4=lease-expired");
	expect(&m, EXITED(5001, 4), "disarm:4 connect-new");
}

static void a_jobmanager_may_exit_before_the_resumed_elector_beats(void **state)
{
	struct core_config c = resumed_config();
	struct member m;

	(void)state;
	init(&m, &c);
	feed(&m, CONNECTED(10));
	expect(&m, SEEN(11, own_term(4)), "load:4 heartbeat publish");
	expect(&m, EXITED(12, 4), "disarm:4 settle");
}

static void a_jobmanager_that_died_before_anything_was_verified_is_handed_over(void **state)
{
	struct core_config c = resumed_config();
	struct member m;

	(void)state;
	init(&m, &c);
	expect(&m, EXITED(5, 4), "disarm:4 connect-new");
	expect(&m, CONNECTED(10), "end-old");
}

/* ---- D7, shutdown, P7 ---- */

static void an_orderly_stop_settles_releases_and_leaves(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_SHUTDOWN);
	expect(&m, EV(SETTLED, 4002), "release=shutdown+member");
	expect(&m, EV(RELEASED, 4003, .result = CORE_OK), "exit");
	assert_int_equal(m.core.phase, CORE_EXITED);
}

static void a_release_is_repeated_without_the_member_node_that_is_missing(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_SHUTDOWN);
	feed(&m, EV(SETTLED, 4002));
	feed(&m, SEEN(4003, own_term(1)));
	feed(&m, EV(RELEASED, 4004, .result = CORE_MEMBER_GONE));
	assert_false(sent(&m, CORE_CMD_RELEASE)->with_member);
	assert_true(sent(&m, CORE_CMD_RELEASE)->with_register);
}

static void a_release_that_met_an_own_late_write_is_repeated_after_a_look(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	stop(&m, CAUSE_STEP_DOWN);
	feed(&m, EV(SETTLED, 4002));
	feed(&m, SEEN(4003, own_term(1)));
	expect(&m, EV(RELEASED, 4004, .result = CORE_BAD_VERSION), "observe");
	expect(&m, SEEN(4005, own_term(1)), "release=step-down");
}

static void a_standby_leaves_with_its_latch_and_member_node(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(STOP, 100, .stop = { .cause = CAUSE_SHUTDOWN }), "release=shutdown+member");
	expect(&m, EV(RELEASED, 101, .result = CORE_OK), "exit");
}

static void beats_at_once_when_the_connection_is_back(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(4500, CORE_UNKNOWN, 4004), "");
	expect(&m, EV(DISCONNECTED, 4500), "");
	expect(&m, CONNECTED(4600), "observe heartbeat");
}

/* ---- D3, observers, states ---- */

static void a_taken_name_is_said_and_tried_again(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	init(&m, &c);
	feed(&m, CONNECTED(1));
	expect(&m, EV(JOINED, 2, .result = CORE_NAME_TAKEN), "");
	assert_true(core_reasons(&m.core) & REASON_BIT(REASON_NAME_TAKEN));
	expect(&m, EV(TICK, 1002), "join");
	expect(&m, EV(JOINED, 1003, .result = CORE_OK), "observe publish");
	assert_false(core_reasons(&m.core) & REASON_BIT(REASON_NAME_TAKEN));
}

static void an_observer_makes_no_latch(void **state)
{
	struct core_config c = config();
	struct core_view v = fresh();
	struct member m;

	(void)state;
	c.observer = true;
	v.own = LATCH("");
	v.rank = -1;
	init(&m, &c);
	feed(&m, CONNECTED(1));
	expect(&m, EV(JOINED, 2, .result = CORE_OK), "observe publish");
	expect(&m, SEEN(3, v), "");
	assert_int_equal(core_state(&m.core, MS(3)), CORE_STATE_OBSERVER);
}

static void a_latch_whose_answer_was_lost_is_found_again(void **state)
{
	struct core_config c = config();
	struct core_view v = fresh();
	struct member m;

	(void)state;
	init(&m, &c);
	v.own = LATCH("");
	v.rank = -1;
	feed(&m, CONNECTED(1));
	feed(&m, EV(JOINED, 2, .result = CORE_OK));
	expect(&m, SEEN(3, v), "enter");
	expect(&m, EV(ENTERED, 4, .entered = { .result = CORE_UNKNOWN }), "observe");
	v = fresh();
	v.own_extra = true;
	feed(&m, SEEN(5, v));
	assert_int_equal(m.core.phase, CORE_QUEUED);
	assert_string_equal(m.core.latch.s, OWN);
}

static void all_seven_states_are_shown(void **state)
{
	struct core_config c = config();
	struct core_view v = fresh();
	struct member m;

	(void)state;
	init(&m, &c);
	assert_int_equal(core_state(&m.core, 0), CORE_STATE_STARTING);
	assert_false(core_started(&m.core));
	v.own = LATCH("");
	v.rank = -1;
	feed(&m, CONNECTED(1));
	feed(&m, EV(JOINED, 2, .result = CORE_OK));
	feed(&m, SEEN(3, v));
	assert_true(core_started(&m.core));
	assert_int_equal(core_state(&m.core, MS(3)), CORE_STATE_STANDBY);
	feed(&m, EV(DISCONNECTED, 10));
	assert_int_equal(core_state(&m.core, MS(1009)), CORE_STATE_STANDBY);
	assert_int_equal(core_state(&m.core, MS(1010)), CORE_STATE_DISCONNECTED);
	claiming(&m);
	assert_int_equal(core_state(&m.core, MS(3005)), CORE_STATE_CLAIMING);
	leader(&m);
	assert_int_equal(core_state(&m.core, MS(3008)), CORE_STATE_LEADER);
	feed(&m, EV(STOP, 4000, .stop = { .cause = CAUSE_STEP_DOWN }));
	assert_int_equal(core_state(&m.core, MS(4000)), CORE_STATE_STOPPING);
	assert_string_equal(core_state_name(CORE_STATE_STANDBY), "standby");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_beats_once_a_release_was_sent),
		cmocka_unit_test(a_latch_that_is_gone_does_not_answer_the_release),
		cmocka_unit_test(after_an_unknown_release_the_session_is_only_ended),
		cmocka_unit_test(a_restarted_elector_ends_the_session_it_finds_first),
		cmocka_unit_test(after_expired_another_session_has_to_see_the_latch_gone),
		cmocka_unit_test(a_session_that_is_silent_for_its_timeout_is_left),
		cmocka_unit_test(a_leaders_silent_session_is_left_once_its_jobmanager_is_dead),
		cmocka_unit_test(a_session_in_which_nothing_is_seen_for_its_timeout_is_left),
		cmocka_unit_test(a_session_in_which_looks_are_refused_is_left),
		cmocka_unit_test(a_look_that_waits_for_the_store_costs_no_session),
		cmocka_unit_test(
		        a_release_that_takes_longer_than_the_timeout_is_left_to_the_session),
		cmocka_unit_test(a_left_handle_that_connects_again_ends_nothing),
		cmocka_unit_test(refused_credentials_are_tried_again_after_a_while),
		cmocka_unit_test(a_standby_whose_session_expired_ends_it_too),
		cmocka_unit_test(grants_only_after_register_log_and_page),
		cmocka_unit_test(releases_only_when_the_jobmanager_is_dead_and_the_page_off),
		cmocka_unit_test(who_has_handed_over_lets_the_next_claim_first),
		cmocka_unit_test(the_exit_of_an_earlier_jobmanager_ends_nothing),
		cmocka_unit_test(grants_nothing_on_a_lease_that_has_passed_meanwhile),
		cmocka_unit_test(an_ended_page_is_followed_by_a_kill),
		cmocka_unit_test(the_register_that_names_another_is_the_end_of_the_term),
		cmocka_unit_test(a_look_from_before_the_claim_ends_nothing),
		cmocka_unit_test(the_register_that_only_moved_on_ends_nothing),
		cmocka_unit_test(a_late_tick_revokes_before_good_news),
		cmocka_unit_test(never_says_leader_at_or_past_the_deadline),
		cmocka_unit_test(wakes_at_the_deadline),
		cmocka_unit_test(wakes_at_the_deadline_also_while_an_answer_is_overdue),
		cmocka_unit_test(leads_on_without_a_connection_until_the_deadline),
		cmocka_unit_test(a_smaller_session_lowers_the_page_at_once),
		cmocka_unit_test(a_smaller_session_without_room_ends_the_term),
		cmocka_unit_test(a_standby_that_is_not_eligible_gives_its_latch_up),
		cmocka_unit_test(a_leader_that_is_not_eligible_leads_on_when_nobody_else_can),
		cmocka_unit_test(a_leader_that_is_not_eligible_hands_over_when_another_can),
		cmocka_unit_test(failures_are_followed_by_growing_pauses),
		cmocka_unit_test(a_resumed_elector_leads_on_after_latch_and_register_are_verified),
		cmocka_unit_test(a_resumed_elector_renews_nothing_before_it_has_verified),
		cmocka_unit_test(a_resumed_elector_kills_when_the_register_names_another),
		cmocka_unit_test(a_resumed_elector_kills_when_its_latch_is_gone),
		cmocka_unit_test(a_resumed_elector_kills_at_the_deadline_of_the_page),
		cmocka_unit_test(a_jobmanager_may_exit_before_the_resumed_elector_beats),
		cmocka_unit_test(
		        a_jobmanager_that_died_before_anything_was_verified_is_handed_over),
		cmocka_unit_test(an_orderly_stop_settles_releases_and_leaves),
		cmocka_unit_test(a_release_is_repeated_without_the_member_node_that_is_missing),
		cmocka_unit_test(a_release_that_met_an_own_late_write_is_repeated_after_a_look),
		cmocka_unit_test(a_standby_leaves_with_its_latch_and_member_node),
		cmocka_unit_test(beats_at_once_when_the_connection_is_back),
		cmocka_unit_test(a_taken_name_is_said_and_tried_again),
		cmocka_unit_test(an_observer_makes_no_latch),
		cmocka_unit_test(a_latch_whose_answer_was_lost_is_found_again),
		cmocka_unit_test(all_seven_states_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
