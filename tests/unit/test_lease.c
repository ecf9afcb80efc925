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

/* A chain that is valid: heartbeats sent at 1.000 and 4.000. */
static struct lease valid(void)
{
	struct lease l;

	lease_init(&l, &defaults);
	assert_false(lease_answered(&l, MS(1000), MS(1010)));
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
	/* Its deadline counts with k for the first (A1). */
	assert_int_equal(l.deadline, MS(1000 + 10000 - 10 - 1000 - 2000 - 500 - 500));
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
	assert_int_equal(l.deadline, MS(8500 + 6990 - 2500));
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

/* LX-resume-gap-k: the gap of a resumed elector runs from its connect. */
static void a_resumed_chain_is_valid_until_the_deadline_of_the_page(void **state)
{
	struct lease l;

	(void)state;
	lease_init(&l, &defaults);
	lease_resume(&l, MS(20000), MS(15000));
	assert_true(lease_valid(&l, MS(19999)));
	assert_false(lease_valid(&l, MS(20000)));
	assert_true(lease_answered(&l, MS(18000), MS(18010)));
	assert_int_equal(l.deadline, MS(18000 + 6990 - 2000));
}

/* LX-smaller-T */
static void a_smaller_session_lowers_the_deadline_at_once(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_answered(&l, MS(5000), MS(5010));
	lease_renegotiated(&l, MS(8000), MS(6000));
	assert_int_equal(l.deadline, MS(6000 + 8000 - 8 - 2500 - 500));
}

static void a_larger_session_moves_no_deadline(void **state)
{
	struct lease l = valid();

	(void)state;
	lease_answered(&l, MS(5000), MS(5010));
	lease_renegotiated(&l, MS(12000), MS(6000));
	assert_int_equal(l.deadline, MS(11990));
	lease_answered(&l, MS(6000), MS(6010));
	assert_int_equal(l.deadline, MS(6000 + 12000 - 12 - 2500 - 500));
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
	lease_renegotiated(&l, MS(2000), MS(6000));
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
		cmocka_unit_test(a_renewal_runs_from_the_sending),
		cmocka_unit_test(a_long_gap_shortens_the_lease),
		cmocka_unit_test(a_renewal_never_moves_the_deadline_back),
		cmocka_unit_test(an_answer_at_the_old_deadline_breaks_the_chain),
		cmocka_unit_test(a_resumed_chain_is_valid_until_the_deadline_of_the_page),
		cmocka_unit_test(a_smaller_session_lowers_the_deadline_at_once),
		cmocka_unit_test(a_larger_session_moves_no_deadline),
		cmocka_unit_test(a_change_of_zookeepers_leader_is_outlasted_or_not),
		cmocka_unit_test(a_smaller_session_with_no_room_ends_the_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
