/* SPDX-License-Identifier: Apache-2.0 */
/* When the core is woken, what it does again after a while, and what it says of it afterwards. */
#include "tests/unit/core_feed.h"

static void wakes_when_a_pause_ends(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	m.core.pause_until = MS(700); /* before anything else is due */
	(void)feed(&m, EV(CHANGED, 20));
	assert_int_equal(core_next_tick(&m.core), MS(700));
}

static void wakes_when_the_owners_session_would_have_ended(void **state)
{
	struct core_view v = owner_gone();
	struct member m;

	(void)state;
	v.owner_session = MS(900);
	queue_up(&m, fresh());
	for (unsigned ms = 1004; ms <= 2004; ms += 1000) {
		expect(&m, EV(TICK, ms), "heartbeat");
		expect(&m, BEAT(ms + 1, CORE_OK, ms), "");
	}
	(void)feed(&m, EV(CHANGED, 2010));
	expect(&m, SEEN(2011, v), "");
	assert_int_equal(core_next_tick(&m.core), MS(2011) + MS(900));
}

static void wakes_to_start_the_jobmanager_again(void **state)
{
	struct member m;
	struct core_event exited = EXITED(4000, 1);

	(void)state;
	leader(&m);
	exited.exited.pause = MS(2); /* before the next heartbeat */
	expect(&m, exited, "disarm:1 settle");
	(void)feed(&m, EV(SETTLED, 4001));
	assert_int_equal(m.core.phase, CORE_RESTARTING);
	assert_int_equal(core_next_tick(&m.core), MS(4002));
}

/* P8 */
static void a_grant_says_how_the_term_before_ended(void **state)
{
	struct core_view v = owner_gone();
	struct member m;

	(void)state;
	v.owner_member = false;
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "claim:2=predecessor-gone");
	expect(&m, CLAIMED(3006, CORE_OK), "load:2");
	m.core.cause = CAUSE_NEW;
	expect(&m, EV(LOADED, 3007, .result = CORE_OK), "arm:2@9995 grant:2");
	assert_int_equal(m.core.cause, CAUSE_PREDECESSOR_GONE);
}

/* A11: refused, named, and led on; only another term in it is the end. */
static void a_register_that_is_missing_ends_no_term(void **state)
{
	struct core_view none = { .own = LATCH(OWN) };
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(CHANGED, 3100), "observe");
	expect(&m, SEEN(3101, none), "");
	assert_int_equal(m.core.phase, CORE_LEADING);
}

/* C2 */
static void a_log_that_failed_is_loaded_again_after_a_while(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(LOADED, 3100, .result = CORE_FAILED), "");
	expect(&m, EV(TICK, 3500), "");
	(void)feed(&m, EV(TICK, 4100));
	assert_non_null(strstr(m.text, "load:1"));
}

static void a_look_that_failed_is_repeated_after_a_while(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(CHANGED, 3100), "observe");
	expect(&m, EV(OBSERVED, 3101, .observed = { .result = CORE_FAILED }), "");
	expect(&m, EV(CHANGED, 3200), "");
	(void)feed(&m, EV(TICK, 4101));
	assert_non_null(strstr(m.text, "observe"));
}

static void a_release_that_failed_is_repeated_after_a_while(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(ELIGIBLE, 20, .reasons = 1), "release=not-eligible publish");
	(void)feed(&m, EV(RELEASED, 21, .result = CORE_FAILED));
	assert_null(strstr(m.text, "release"));
	if (strstr(m.text, "observe") != NULL)
		(void)feed(&m, SEEN(22, fresh()));
	assert_null(strstr(m.text, "release"));
	(void)feed(&m, EV(TICK, 1021));
	if (strstr(m.text, "release") == NULL)
		(void)feed(&m, SEEN(1022, fresh()));
	assert_non_null(strstr(m.text, "release=not-eligible"));
}

/* No beat is due any more: nothing to wake for until the next look. */
static void a_release_under_way_wakes_nobody_for_a_heartbeat(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(ELIGIBLE, 20, .reasons = 1), "release=not-eligible publish");
	expect(&m, EV(TICK, 1500), "");
	assert_int_equal(core_next_tick(&m.core), MS(5006));
}

static void a_member_node_that_cannot_be_made_is_tried_after_a_while(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(TICK, 1004), "heartbeat");
	expect(&m, BEAT(1005, CORE_MEMBER_GONE, 1004), "rejoin");
	expect(&m, EV(JOINED, 1006, .result = CORE_FAILED), "");
	expect(&m, EV(TICK, 1500), "");
	(void)feed(&m, EV(TICK, 2006));
	assert_non_null(strstr(m.text, "rejoin"));
}

static void a_session_that_ends_before_it_began_is_no_loop(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	init(&m, &c);
	expect(&m, EV(EXPIRED, 5), "");
	expect(&m, EV(TICK, 500), "");
	expect(&m, EV(TICK, 1005), "connect-new");
}

/* The handle that is left may still answer. */
static void a_look_that_comes_without_a_session_shows_nothing(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(CHANGED, 20), "observe+log");
	(void)feed(&m, EV(DISCONNECTED, 21));
	expect(&m, SEEN(22, fresh()), "");
	assert_false(m.core.seen);
}

/* Who leaves does not start its JobManager again, though nobody else can lead. */
static void who_leaves_restarts_nothing(void **state)
{
	struct member m;
	struct core_event leave = EV(STOP, 4001);

	(void)state;
	leader(&m);
	expect(&m, EXITED(4000, 1), "disarm:1 settle");
	leave.stop.cause = CAUSE_SHUTDOWN;
	(void)feed(&m, leave);
	(void)feed(&m, EV(SETTLED, 4002));
	assert_int_equal(m.core.phase, CORE_RELEASING);
}

static void a_log_that_is_loaded_too_late_opens_nothing(void **state)
{
	struct core_event stop = EV(STOP, 3100);
	struct member m;

	(void)state;
	leader(&m);
	stop.stop.cause = CAUSE_STEP_DOWN;
	(void)feed(&m, stop);
	m.core.loaded = false;
	(void)feed(&m, EV(LOADED, 3101, .result = CORE_OK));
	assert_false(m.core.loaded);
}

/* Resumed and not yet verified: an orderly stop still ends what acts. */
static void a_resumed_elector_can_be_stopped(void **state)
{
	struct core_config c = config();
	struct core_event leave = EV(STOP, 200);
	struct member m;

	(void)state;
	c.resume = true;
	c.page_epoch.v = 3;
	c.page_deadline = MS(6000);
	c.latch = LATCH(OWN);
	init(&m, &c);
	leave.stop.cause = CAUSE_SHUTDOWN;
	(void)feed(&m, leave);
	assert_int_equal(m.core.phase, CORE_REVOKING);
}

/* What else is said beside the reasons is no word about them. */
static void a_change_makes_nobody_eligible(void **state)
{
	struct core_config c = config();
	struct core_view v = fresh();
	struct member m;

	(void)state;
	v.own = LATCH("");
	v.rank = -1;
	init(&m, &c);
	(void)feed(&m, EV(ELIGIBLE, 1, .reasons = 4));
	(void)feed(&m, CONNECTED(1));
	(void)feed(&m, EV(JOINED, 2, .result = CORE_OK));
	(void)feed(&m, SEEN(3, v));
	(void)feed(&m, EV(CHANGED, 4));
	(void)feed(&m, SEEN(5, v));
	assert_int_equal(m.core.phase, CORE_IDLE);
	assert_int_equal(m.core.reasons, 4);
}

/* Each event is one thing: what is said of a member node is nothing about a latch .. */
static void a_member_node_made_again_is_no_latch(void **state)
{
	struct core_config c = config();
	struct core_view v = fresh();
	struct member m;

	(void)state;
	v.own = LATCH("");
	v.rank = -1;
	init(&m, &c);
	(void)feed(&m, CONNECTED(1));
	(void)feed(&m, EV(JOINED, 2, .result = CORE_OK));
	expect(&m, SEEN(3, v), "enter");
	(void)feed(&m, EV(JOINED, 4, .result = CORE_OK));
	assert_int_equal(m.core.phase, CORE_ENTERING);
}

/* .. and a probe that failed nothing about an old session. */
static void an_unhealthy_jobmanager_ends_no_session(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	c.old_session = true;
	init(&m, &c);
	expect(&m, CONNECTED(1), "end-old");
	expect(&m, EV(UNHEALTHY, 2), "");
	assert_int_equal(m.core.phase, CORE_ENDING);
}

static void a_late_load_settles_nothing(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EXITED(4000, 1), "disarm:1 settle");
	(void)feed(&m, EV(LOADED, 4001, .result = CORE_FAILED));
	assert_int_equal(m.core.phase, CORE_SETTLING);
}

/* C1: given up while the claim is under way; whether it is ours has to be read first. */
static void a_claim_without_answer_is_looked_up_before_the_release(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	(void)feed(&m, EV(ELIGIBLE, 3006, .reasons = 1));
	if (m.core.phase == CORE_CLAIMING) /* given up at the latest with the takeover's time */
		(void)feed(&m, EV(TICK, 3005 + 30000));
	assert_int_equal(m.core.phase, CORE_RELEASING);
	assert_null(strstr(m.text, "release"));
	(void)feed(&m, EV(CLAIMED, 33006, .claimed = { .result = CORE_UNKNOWN }));
	assert_null(strstr(m.text, "release"));
	(void)feed(&m, SEEN(33007, own_term(1)));
	assert_true(sent(&m, CORE_CMD_RELEASE)->with_register);
}

static void a_claim_that_failed_for_certain_is_made_again(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	expect(&m, EV(CLAIMED, 3006, .claimed = { .result = CORE_FAILED }), "observe+log");
	assert_int_equal(m.core.phase, CORE_QUEUED);
	expect(&m, SEEN(3007, fresh()), "claim:1=new");
}

/* C1 counts the time in which it could have claimed, not what it waited for by rule. */
static void who_has_to_wait_again_is_not_late(void **state)
{
	struct core_view behind = fresh();
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	assert_int_equal(m.core.takeover_since, MS(6));
	behind.rank = 1;
	(void)feed(&m, EV(CHANGED, 20));
	(void)feed(&m, SEEN(21, behind));
	assert_int_equal(m.core.takeover_since, 0);
}

/* The answer to a member node that was asked for with a latch of before. */
static void a_late_answer_about_a_latch_finds_nothing_to_end(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	expect(&m, EV(TICK, 1004), "heartbeat");
	expect(&m, BEAT(1005, CORE_MEMBER_GONE, 1004), "rejoin");
	(void)feed(&m, EV(ELIGIBLE, 1006, .reasons = 1));
	(void)feed(&m, EV(RELEASED, 1007, .result = CORE_OK));
	assert_int_equal(m.core.phase, CORE_IDLE);
	(void)feed(&m, EV(JOINED, 1008, .result = CORE_LATCH_GONE));
	assert_int_equal(m.core.phase, CORE_IDLE);
}

static void a_latch_that_cannot_be_made_is_tried_after_a_while(void **state)
{
	struct core_config c = config();
	struct core_view v = fresh();
	struct member m;

	(void)state;
	v.own = LATCH("");
	v.rank = -1;
	init(&m, &c);
	(void)feed(&m, CONNECTED(1));
	(void)feed(&m, EV(JOINED, 2, .result = CORE_OK));
	expect(&m, SEEN(3, v), "enter");
	expect(&m, EV(ENTERED, 4, .entered = { CORE_FAILED, LATCH("") }), "");
	assert_int_equal(m.core.phase, CORE_IDLE);
	expect(&m, EV(TICK, 900), "");
	expect(&m, EV(TICK, 1004), "enter");
}

static void an_old_session_is_not_ended_without_a_connection(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	c.old_session = true;
	init(&m, &c);
	expect(&m, CONNECTED(1), "end-old");
	expect(&m, EV(ENDED_OLD, 2, .result = CORE_FAILED), "");
	expect(&m, EV(DISCONNECTED, 3), "");
	expect(&m, EV(TICK, 5000), "");
}

/* What is left of a look is old when the latch has gone. */
static void who_has_released_looks_before_it_queues_again(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	(void)feed(&m, EV(ELIGIBLE, 20, .reasons = 1));
	(void)feed(&m, EV(RELEASED, 21, .result = CORE_OK));
	assert_false(m.core.seen);
}

/* C2: after ten minutes a failure is the first again. */
static void a_failure_of_long_ago_costs_no_pause(void **state)
{
	struct core_config c = config();
	struct core_view empty = fresh();
	struct member m;

	(void)state;
	empty.own = LATCH("");
	empty.rank = -1;
	init(&m, &c);
	m.core.failures = 3;
	m.core.last_failure = MS(1);
	(void)feed(&m, CONNECTED(700001));
	(void)feed(&m, EV(JOINED, 700002, .result = CORE_OK));
	expect(&m, SEEN(700003, empty), "enter");
	(void)feed(&m, EV(ENTERED, 700004, .entered = { CORE_OK, LATCH(OWN) }));
	(void)feed(&m, BEAT(700005, CORE_OK, 700004));
	(void)feed(&m, SEEN(700006, fresh()));
	for (unsigned ms = 701004; ms <= 703004; ms += 1000) {
		expect(&m, EV(TICK, ms), "heartbeat");
		(void)feed(&m, BEAT(ms + 1, CORE_OK, ms));
	}
	expect(&m, CLAIMED(703006, CORE_OK), "load:1");
	(void)feed(&m, EV(LOADED, 703007, .result = CORE_FAILED));
	assert_int_equal(m.core.failures, 1);
	assert_int_equal(m.core.pause_until, MS(703007));
}

/* A leader that goes says stopping until it has gone; a standby that gives its latch up does not.
 */
static void stopping_is_said_of_a_term_alone(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EXITED(4000, 1), "disarm:1 settle");
	assert_int_equal(core_state(&m.core, MS(4000)), CORE_STATE_STOPPING);
	queue_up(&m, fresh());
	(void)feed(&m, EV(ELIGIBLE, 20, .reasons = 1));
	assert_int_equal(m.core.phase, CORE_RELEASING);
	assert_int_not_equal(core_state(&m.core, MS(20)), CORE_STATE_STOPPING);
}

/* ---- A7: a session with too small a T ---- */

static struct core_event short_session(usec_t ms)
{
	return EV(CONNECTED, ms, .connected = { .sent = MS(ms), .session = MS(2000) });
}

/* Another server may grant the next one more; to come back to one with more is of no use. */
static void a_session_without_room_is_left_when_nothing_hangs_on_it(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	init(&m, &c);
	(void)feed(&m, short_session(1));
	(void)feed(&m, EV(JOINED, 2, .result = CORE_OK));
	(void)feed(&m, SEEN(3, fresh()));
	assert_int_equal(m.core.phase, CORE_IDLE);
	(void)feed(&m, EV(DISCONNECTED, 6000));
	(void)feed(&m, CONNECTED(6500));
	(void)feed(&m, SEEN(6501, fresh()));
	assert_int_equal(core_next_tick(&m.core), MS(10001));
	expect(&m, EV(TICK, 10000), "");
	expect(&m, EV(TICK, 10001), "connect-new");
	expect(&m, CONNECTED(10002), "end-old");
	(void)feed(&m, EV(ENDED_OLD, 10003, .result = CORE_OK));
	(void)feed(&m, EV(JOINED, 10004, .result = CORE_OK));
	(void)feed(&m, SEEN(10005, fresh()));
	assert_int_equal(m.core.phase, CORE_ENTERING);
}

/* The next one has its time, too. */
static void a_session_without_room_is_not_left_at_once(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	init(&m, &c);
	(void)feed(&m, short_session(1));
	(void)feed(&m, EV(TICK, 20000));
	(void)feed(&m, EV(JOINED, 20001, .result = CORE_OK));
	assert_int_equal(m.core.phase, CORE_DETACHED);
	(void)feed(&m, short_session(20100));
	(void)feed(&m, EV(ENDED_OLD, 20101, .result = CORE_OK));
	(void)feed(&m, EV(JOINED, 20102, .result = CORE_OK));
	(void)feed(&m, SEEN(20103, fresh()));
	(void)feed(&m, EV(TICK, 25200));
	(void)feed(&m, SEEN(25201, fresh()));
	(void)feed(&m, EV(TICK, 30099));
	assert_int_equal(m.core.phase, CORE_IDLE);
	expect(&m, EV(TICK, 30100), "connect-new");
}

static void an_observer_needs_no_room(void **state)
{
	struct core_config c = config();
	struct member m;

	(void)state;
	c.observer = true;
	init(&m, &c);
	(void)feed(&m, short_session(1));
	(void)feed(&m, EV(JOINED, 2, .result = CORE_OK));
	(void)feed(&m, SEEN(3, fresh()));
	(void)feed(&m, EV(TICK, 9000));
	(void)feed(&m, SEEN(9001, fresh()));
	(void)feed(&m, EV(TICK, 10001));
	assert_int_equal(m.core.phase, CORE_IDLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wakes_when_a_pause_ends),
		cmocka_unit_test(wakes_when_the_owners_session_would_have_ended),
		cmocka_unit_test(wakes_to_start_the_jobmanager_again),
		cmocka_unit_test(a_grant_says_how_the_term_before_ended),
		cmocka_unit_test(a_register_that_is_missing_ends_no_term),
		cmocka_unit_test(a_log_that_failed_is_loaded_again_after_a_while),
		cmocka_unit_test(a_look_that_failed_is_repeated_after_a_while),
		cmocka_unit_test(a_release_that_failed_is_repeated_after_a_while),
		cmocka_unit_test(a_release_under_way_wakes_nobody_for_a_heartbeat),
		cmocka_unit_test(a_member_node_that_cannot_be_made_is_tried_after_a_while),
		cmocka_unit_test(a_session_that_ends_before_it_began_is_no_loop),
		cmocka_unit_test(a_look_that_comes_without_a_session_shows_nothing),
		cmocka_unit_test(who_leaves_restarts_nothing),
		cmocka_unit_test(a_log_that_is_loaded_too_late_opens_nothing),
		cmocka_unit_test(a_resumed_elector_can_be_stopped),
		cmocka_unit_test(a_change_makes_nobody_eligible),
		cmocka_unit_test(a_member_node_made_again_is_no_latch),
		cmocka_unit_test(an_unhealthy_jobmanager_ends_no_session),
		cmocka_unit_test(a_late_load_settles_nothing),
		cmocka_unit_test(a_claim_without_answer_is_looked_up_before_the_release),
		cmocka_unit_test(a_claim_that_failed_for_certain_is_made_again),
		cmocka_unit_test(who_has_to_wait_again_is_not_late),
		cmocka_unit_test(a_late_answer_about_a_latch_finds_nothing_to_end),
		cmocka_unit_test(a_latch_that_cannot_be_made_is_tried_after_a_while),
		cmocka_unit_test(an_old_session_is_not_ended_without_a_connection),
		cmocka_unit_test(who_has_released_looks_before_it_queues_again),
		cmocka_unit_test(a_failure_of_long_ago_costs_no_pause),
		cmocka_unit_test(stopping_is_said_of_a_term_alone),
		cmocka_unit_test(a_session_without_room_is_left_when_nothing_hangs_on_it),
		cmocka_unit_test(a_session_without_room_is_not_left_at_once),
		cmocka_unit_test(an_observer_needs_no_room),
	};

	return cmocka_run_group_tests_name("core_pace", tests, NULL, NULL);
}
