/* SPDX-License-Identifier: Apache-2.0 */
#include "election/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS(n) ((usec_t)(n)*1000)

/* h 1000, J 500, M 2500, lease 6990, A 1000: the example of the design. */
static const struct lease_params defaults = {
	.session = MS(10000),
	.tick = MS(2000),
	.stop = MS(500),
};

static void the_defaults_give_the_times_of_the_design(void **state)
{
	struct lease_params hot = defaults;

	(void)state;
	hot.revoke = MS(1000);
	assert_int_equal(lease_heartbeat_period(&defaults), MS(1000));
	assert_int_equal(lease_jitter(&defaults), MS(500));
	assert_int_equal(lease_answer_timeout(&defaults), MS(1000));
	assert_int_equal(lease_length(&defaults), MS(6990));
	assert_int_equal(lease_tolerance(&defaults), MS(4990));
	assert_int_equal(lease_tolerance(&hot), MS(3990));
	assert_true(lease_has_room(&defaults));
}

static void jitter_and_answer_timeout_have_a_least_value(void **state)
{
	struct lease_params small = { .session = MS(2000), .tick = MS(200), .stop = MS(50) };

	(void)state;
	assert_int_equal(lease_jitter(&small), MS(200));
	assert_int_equal(lease_answer_timeout(&small), MS(300));
}

static void no_room_is_said_and_never_wraps_around(void **state)
{
	struct lease_params p = defaults;

	(void)state;
	p.session = MS(2000);
	assert_int_equal(lease_length(&p), 0);
	assert_int_equal(lease_tolerance(&p), 0);
	assert_false(lease_has_room(&p));
	p.session = MS(5000);
	p.stop = MS(1000);
	assert_false(lease_has_room(&p));
}

/* With T 6600 the tolerance is h and more, but no second answer could come in time. */
static void a_lease_in_which_no_chain_gets_valid_has_no_room(void **state)
{
	struct lease_params p = defaults;

	(void)state;
	p.session = MS(6600);
	assert_true(lease_tolerance(&p) >= lease_heartbeat_period(&p));
	assert_false(lease_has_room(&p));
	p.session = MS(8100);
	assert_true(lease_has_room(&p));
}

/* A chain that is valid since 3.020, the last heartbeat sent at 4.000. */
static struct lease valid(void)
{
	struct lease l;

	lease_init(&l, &defaults);
	assert_false(lease_answered(&l, MS(1000), MS(1010)));
	assert_false(lease_answered(&l, MS(2000), MS(2010)));
	assert_true(lease_answered(&l, MS(3010), MS(3020)));
	assert_true(lease_answered(&l, MS(4000), MS(4010)));
	assert_true(lease_valid(&l, MS(4010)));
	return l;
}

static void the_first_answer_only_begins_a_chain(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	assert_false(lease_valid(&l, 0));
	assert_false(lease_answered(&l, MS(1000), MS(1010)));
	assert_int_equal(l.chain, LEASE_TENTATIVE);
	assert_false(lease_valid(&l, MS(1010)));
	/* Its deadline counts with 3k/2 + J (A1). */
	assert_int_equal(l.deadline, MS(1000 + 10000 - 10 - 3000 - 500 - 500));
}

static void two_quick_answers_make_no_valid_chain(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	lease_answered(&l, MS(1000), MS(1010));
	assert_false(lease_answered(&l, MS(2000), MS(2010)));
	assert_false(lease_answered(&l, MS(3009), MS(3020)));
	assert_false(lease_valid(&l, MS(3020)));
	assert_true(lease_answered(&l, MS(3010), MS(3021)));
	assert_true(lease_valid(&l, MS(3021)));
}

/* LX-chain3: the second answer has to come before the tentative deadline. */
static void a_second_answer_after_the_tentative_deadline_begins_anew(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	lease_answered(&l, MS(1000), MS(1010));
	assert_int_equal(l.deadline, MS(6990));
	assert_false(lease_answered(&l, MS(6000), MS(6990)));
	assert_int_equal(l.chain, LEASE_TENTATIVE);
	assert_int_equal(l.first_answered, MS(6990));
}

static void a_first_answer_after_its_own_deadline_is_no_beginning(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	assert_false(lease_answered(&l, MS(1000), MS(6990)));
	assert_int_equal(l.chain, LEASE_NONE);
}

/* LX-chain-anyconn */
static void a_lost_connection_ends_a_tentative_chain(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	lease_answered(&l, MS(1000), MS(1010));
	lease_disconnected(&l);
	assert_int_equal(l.chain, LEASE_NONE);
	assert_false(lease_answered(&l, MS(4000), MS(4010)));
}

static void a_lost_connection_leaves_a_valid_chain(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_disconnected(&l);
	assert_true(lease_valid(&l, MS(4010)));
}

/* The page counts in milliseconds: who goes on for less than one after it ended says "leader" too
 * long. */
static void a_deadline_is_a_full_millisecond(void **state)
{
	struct lease l = valid();

	(void)state;
	assert_true(lease_answered(&l, MS(5000) + 999, MS(5900)));
	assert_int_equal(l.deadline, MS(5000 + 6990));
	lease_connected(&l, MS(8000), MS(5000) + 999);
	assert_int_equal(l.deadline, MS(5000 + 8000 - 8 - 2500 - 500));
}

static void a_renewal_runs_from_the_sending(void **state)
{
	struct lease l = valid();

	(void)state;
	assert_true(lease_answered(&l, MS(5000), MS(5900)));
	assert_int_equal(l.deadline, MS(5000 + 6990));
}

/* LX-gap-fixed: a touch that was never relayed may be as old as the heartbeat before. */
static void a_long_gap_shortens_the_lease(void **state)
{
	struct lease l = valid();

	(void)state;
	assert_true(lease_answered(&l, MS(5000), MS(5010)));
	assert_true(lease_answered(&l, MS(8500), MS(8510)));
	/* 5.000 is relayed when 8.500 is sent. */
	assert_int_equal(l.deadline, MS(5000 + 10000 - 10 - 500));
}

/* count-gap: two heartbeats served between two pings; what counts is the touch before them. */
static void two_heartbeats_after_a_long_gap_count_from_before_it(void **state)
{
	struct lease l = valid();

	(void)state;
	assert_true(lease_answered(&l, MS(5000), MS(5010)));
	assert_true(lease_answered(&l, MS(9000), MS(9990)));
	assert_true(lease_answered(&l, MS(10000), MS(10010)));
	assert_int_equal(l.deadline, MS(5000 + 10000 - 10 - 500));
	assert_true(lease_answered(&l, MS(11000), MS(11010)));
	assert_int_equal(l.deadline, MS(5000 + 10000 - 10 - 500));
	assert_true(lease_answered(&l, MS(12000), MS(12010))); /* both are relayed */
	assert_int_equal(l.deadline, MS(12000 + 6990));
}

/* A touch is relayed k/2 + J after its answer, not at that very time. */
static void a_touch_counts_when_its_ping_is_certainly_over(void **state)
{
	struct lease l = valid();

	(void)state;
	assert_true(lease_answered(&l, MS(5000), MS(6000)));
	assert_true(lease_answered(&l, MS(7500), MS(7510)));
	assert_int_equal(l.deadline, MS(4000 + 10000 - 10 - 500));
	l = valid();
	assert_true(lease_answered(&l, MS(5000), MS(6000)));
	assert_true(lease_answered(&l, MS(7501), MS(7510)));
	assert_int_equal(l.deadline, MS(5000 + 10000 - 10 - 500));
}

/* What was noted may be lost with the connection; the handshake's touch is not. */
static void a_new_connection_counts_from_its_handshake(void **state)
{
	struct lease l = valid();

	(void)state;
	assert_true(lease_answered(&l, MS(5000), MS(5010)));
	lease_disconnected(&l);
	lease_connected(&l, MS(10000), MS(5500));
	assert_true(lease_answered(&l, MS(9000), MS(9010)));
	assert_int_equal(l.deadline, MS(5500 + 10000 - 10 - 500));
}

static void a_renewal_never_moves_the_deadline_back(void **state)
{
	struct lease l = valid();
	usec_t before;

	(void)state;
	lease_answered(&l, MS(5000), MS(5010));
	before = l.deadline;
	assert_int_equal(before, MS(11990));
	/* Sent 4 s later with a gap of 4 s: no gain at all, and nothing lost. */
	assert_true(lease_answered(&l, MS(9000), MS(9010)));
	assert_true(l.deadline >= before);
}

static void an_answer_at_the_old_deadline_breaks_the_chain(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_answered(&l, MS(5000), MS(5010));
	assert_false(lease_valid(&l, MS(11990)));
	assert_false(lease_answered(&l, MS(11000), MS(11990)));
	assert_false(lease_valid(&l, MS(11990)));
	assert_int_equal(l.chain, LEASE_TENTATIVE);
}

/* LX-resume-gap-k: a resumed elector counts from its connect. */
static void a_resumed_chain_is_valid_until_the_deadline_of_the_page(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	lease_resume(&l, MS(20000));
	lease_connected(&l, MS(10000), MS(15000));
	assert_true(lease_valid(&l, MS(19999)));
	assert_false(lease_valid(&l, MS(20000)));
	assert_true(lease_answered(&l, MS(18000), MS(18010)));
	assert_int_equal(l.deadline, MS(15000 + 10000 - 10 - 500));
}

/* LX-smaller-T */
static void a_smaller_session_lowers_the_deadline_at_once(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_answered(&l, MS(5000), MS(5010));
	lease_connected(&l, MS(8000), MS(6000));
	assert_int_equal(l.deadline, MS(6000 + 8000 - 8 - 2500 - 500));
}

/* grow-at-once, grow-after-break: a touch with the smaller T may still be relayed by the server of
 * before, and a new ZooKeeper leader gives the session the T that it was made with. */
static void a_larger_session_never_counts_in_the_same_session(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_connected(&l, MS(10000), MS(4500));
	lease_answered(&l, MS(5000), MS(5010));
	lease_connected(&l, MS(12000), MS(6000));
	assert_int_equal(l.deadline, MS(11990));
	lease_answered(&l, MS(6000), MS(6010));
	assert_int_equal(l.deadline, MS(6000 + 10000 - 10 - 2500 - 500));
	lease_break(&l);
	lease_connected(&l, MS(12000), MS(8000));
	lease_answered(&l, MS(8000), MS(8010));
	assert_int_equal(l.deadline, MS(8000 + 10000 - 10 - 3500 - 500));
}

static void a_new_session_counts_as_it_was_negotiated(void **state)
{
	struct lease_params p = { .session = MS(10000), .tick = MS(2000), .stop = MS(500) };
	struct lease l;

	(void)state;
	lease_init(&l, &p);
	lease_connected(&l, MS(12000), MS(1000));
	assert_int_equal(l.params.session, MS(12000));
	lease_connected(&l, MS(8000), MS(2000));
	lease_connected(&l, MS(12000), MS(3000));
	assert_int_equal(l.params.session, MS(8000));
	lease_init(&l, &p);
	lease_connected(&l, MS(12000), MS(4000));
	assert_int_equal(l.params.session, MS(12000));
}

/* T-forgotten: the file's T is one of this session. */
static void a_resumed_lease_believes_no_larger_session(void **state)
{
	struct lease_params p = { .session = MS(8000), .tick = MS(2000), .stop = MS(500) };
	struct lease l;

	(void)state;
	lease_init(&l, &p);
	lease_resume(&l, MS(5000));
	lease_connected(&l, MS(12000), MS(4000));
	lease_break(&l);
	lease_connected(&l, MS(12000), MS(5000));
	assert_int_equal(l.params.session, MS(8000));
}

/* T - M > syncLimit k + 1.5 s, D_stop aside: T 10 s, k 2 s, M 2.5 s. */
static void a_change_of_zookeepers_leader_is_outlasted_or_not(void **state)
{
	struct lease_params p = { .session = MS(10000), .tick = MS(2000), .stop = MS(500) };

	(void)state;
	assert_true(lease_outlasts_leader_change(&p, 2));
	assert_false(lease_outlasts_leader_change(&p, 5));
}

static void a_smaller_session_with_no_room_ends_the_lease(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_connected(&l, MS(2000), MS(6000));
	assert_false(lease_valid(&l, MS(6000)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_give_the_times_of_the_design),
		cmocka_unit_test(jitter_and_answer_timeout_have_a_least_value),
		cmocka_unit_test(no_room_is_said_and_never_wraps_around),
		cmocka_unit_test(a_lease_in_which_no_chain_gets_valid_has_no_room),
		cmocka_unit_test(the_first_answer_only_begins_a_chain),
		cmocka_unit_test(two_quick_answers_make_no_valid_chain),
		cmocka_unit_test(a_second_answer_after_the_tentative_deadline_begins_anew),
		cmocka_unit_test(a_first_answer_after_its_own_deadline_is_no_beginning),
		cmocka_unit_test(a_lost_connection_ends_a_tentative_chain),
		cmocka_unit_test(a_lost_connection_leaves_a_valid_chain),
		cmocka_unit_test(a_deadline_is_a_full_millisecond),
		cmocka_unit_test(a_renewal_runs_from_the_sending),
		cmocka_unit_test(a_long_gap_shortens_the_lease),
		cmocka_unit_test(two_heartbeats_after_a_long_gap_count_from_before_it),
		cmocka_unit_test(a_touch_counts_when_its_ping_is_certainly_over),
		cmocka_unit_test(a_new_connection_counts_from_its_handshake),
		cmocka_unit_test(a_renewal_never_moves_the_deadline_back),
		cmocka_unit_test(an_answer_at_the_old_deadline_breaks_the_chain),
		cmocka_unit_test(a_resumed_chain_is_valid_until_the_deadline_of_the_page),
		cmocka_unit_test(a_smaller_session_lowers_the_deadline_at_once),
		cmocka_unit_test(a_larger_session_never_counts_in_the_same_session),
		cmocka_unit_test(a_new_session_counts_as_it_was_negotiated),
		cmocka_unit_test(a_resumed_lease_believes_no_larger_session),
		cmocka_unit_test(a_change_of_zookeepers_leader_is_outlasted_or_not),
		cmocka_unit_test(a_smaller_session_with_no_room_ends_the_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
