/* SPDX-License-Identifier: Apache-2.0 */
/* What status says that a member waits for, on the way to leadership and off it. */
#include "election/core_wait.h"

#include "tests/unit/core_feed.h"

#define waits(m, ms, code, left)                                                            \
	do {                                                                                \
		usec_t until_;                                                              \
		enum core_wait wait_ = core_wait(&(m)->core, MS(ms), &until_);              \
		assert_string_equal(core_wait_code(wait_), code);                           \
		assert_int_equal(until_ == USEC_INFINITY ? -1 : (int64_t)(until_ - MS(ms)), \
		                 (left) < 0 ? -1 : (int64_t)MS(left));                      \
	} while (0)

static void the_way_to_a_latch(void **state)
{
	struct member m;
	struct core_config c = config();
	struct core_view v = fresh();

	(void)state;
	v.own = LATCH("");
	v.rank = -1;
	init(&m, &c);
	waits(&m, 0, "connection", -1);
	expect(&m, CONNECTED(1), "join");
	waits(&m, 1, "member-node", -1);
	expect(&m, EV(JOINED, 2, .result = CORE_OK), "observe publish");
	waits(&m, 2, "look", -1);
	expect(&m, EV(ELIGIBLE, 2, .reasons = REASON_BIT(REASON_NOT_CAUGHT_UP)), "publish");
	expect(&m, SEEN(3, v), "");
	waits(&m, 3, "eligible", -1);
	expect(&m, EV(ELIGIBLE, 4, .reasons = 0), "enter publish");
	waits(&m, 4, "latch", -1);
	expect(&m, EV(DISCONNECTED, 5), "");
	waits(&m, 5, "connection", -1);
}

static void the_way_from_latch_to_grant(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, fresh());
	waits(&m, 6, "chain", -1);
	assert_string_equal(valid_chain(&m), "claim:1=new");
	waits(&m, 3005, "claim", -1);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	waits(&m, 3006, "log", -1);
	expect(&m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
	waits(&m, 3007, "nothing", -1);
}

static void a_claim_that_was_read_waits_for_a_heartbeat(void **state)
{
	struct member m;
	struct core_view v = own_term(1);

	(void)state;
	v.asked = MS(3007);
	claiming(&m);
	expect(&m, CLAIMED(3006, CORE_UNKNOWN), "observe+log");
	expect(&m, SEEN(3007, v), "load:1 heartbeat");
	waits(&m, 3007, "log", -1);
	expect(&m, EV(LOADED, 3008, .result = CORE_OK), "");
	waits(&m, 3008, "heartbeat", -1);
}

static void the_owner_is_waited_for_and_its_time(void **state)
{
	struct member m;
	struct core_view v = owner_gone();

	(void)state;
	v.owner_alive = true;
	queue_up(&m, v);
	waits(&m, 6, "owner", -1);
	v.rank = 1;
	expect(&m, EV(CHANGED, 7), "observe+log");
	expect(&m, SEEN(8, v), "");
	waits(&m, 8, "turn", -1);
	expect(&m, EV(CHANGED, 9), "observe+log");
	expect(&m, SEEN(10, owner_gone()), "");
	waits(&m, 10, "owner-lease", 10000); /* A4: its T, since it was seen gone */
	waits(&m, 4010, "owner-lease", 6000);
	v = owner_gone();
	v.has_register = false;
	expect(&m, EV(CHANGED, 11), "observe+log");
	expect(&m, SEEN(12, v), "");
	waits(&m, 12, "register", -1);
}

static void a_designated_latch_is_waited_for(void **state)
{
	struct member m;
	struct core_view v = fresh();

	(void)state;
	v.designated = LATCH(OTHER);
	v.designated_alive = true;
	queue_up(&m, v);
	waits(&m, 6, "designated", 9997); /* T, since the first look */
	v.rank = 1;
	expect(&m, EV(CHANGED, 7), "observe+log");
	expect(&m, SEEN(8, v), "");
	waits(&m, 8, "turn", -1);
	v.designated = LATCH(OWN);
	expect(&m, EV(CHANGED, 9), "observe+log");
	expect(&m, SEEN(10, v), "");
	waits(&m, 10, "chain", -1);
}

static void a_pause_says_how_long(void **state)
{
	struct member m;

	(void)state;
	claiming(&m);
	m.core.failures = 3; /* C2: the fourth within ten minutes costs four seconds */
	m.core.last_failure = MS(3000);
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	(void)feed(&m, EV(LOADED, 3100, .result = CORE_FAILED));
	waits(&m, 3100, "release", -1);
	(void)feed(&m, EV(RELEASED, 3200, .result = CORE_OK));
	(void)feed(&m, SEEN(3201, fresh()));
	waits(&m, 3300, "pause", 3800);
}

static void a_restart_says_how_long(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	(void)feed(&m, EV(EXITED, 4000, .exited = { .epoch = { 1 }, .pause = MS(2000) }));
	waits(&m, 4000, "settle", -1);
	(void)feed(&m, EV(SETTLED, 4100, .result = CORE_OK));
	waits(&m, 4200, "restart", 1800);
}

static void the_way_off(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(STOP, 4000, .stop = { .cause = CAUSE_STEP_DOWN }), "revoke:1=step-down");
	waits(&m, 4000, "revoke", 5995); /* the page's deadline: 9995 */
	expect(&m, EXITED(4100, 1), "disarm:1 settle heartbeat");
	waits(&m, 4100, "settle", -1);
	expect(&m, EV(SETTLED, 4200, .result = CORE_OK), "release=step-down");
	waits(&m, 4200, "release", -1);
	(void)feed(&m, EV(DISCONNECTED, 4300));
	waits(&m, 4300, "connection", -1);
}

static void every_wait_has_a_code_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CORE_N_WAITS_; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(core_wait_code(i), core_wait_code(j));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_to_a_latch),
		cmocka_unit_test(the_way_from_latch_to_grant),
		cmocka_unit_test(a_claim_that_was_read_waits_for_a_heartbeat),
		cmocka_unit_test(the_owner_is_waited_for_and_its_time),
		cmocka_unit_test(a_designated_latch_is_waited_for),
		cmocka_unit_test(a_pause_says_how_long),
		cmocka_unit_test(a_restart_says_how_long),
		cmocka_unit_test(the_way_off),
		cmocka_unit_test(every_wait_has_a_code_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
