/* SPDX-License-Identifier: Apache-2.0 */
/* A hot JobManager: waits, is granted, revokes, waits again; and all ways in which it does not. */
#include "tests/unit/core_feed.h"

#define SAID(ms, w, e) EV(SAID, ms, .said = { .word = CORE_##w, .epoch = { e } })

static struct core_config hot_config(void)
{
	struct core_config c = config();

	c.hot = true;
	c.lease.revoke = MS(1000);
	c.silence = MS(5000);
	c.ready = MS(120000);
	return c;
}

/* As the elector's timer does: whenever the core wants it. */
static void ticks_until(struct member *m, unsigned ms)
{
	while (core_next_tick(&m->core) < MS(ms))
		feed(m, EV(TICK, core_next_tick(&m->core) / 1000));
}

/* Listens, and does nothing else before. */
static void nothing_until(struct member *m, unsigned ms)
{
	while (core_next_tick(&m->core) < MS(ms))
		expect(m, EV(TICK, core_next_tick(&m->core) / 1000), "");
	assert_int_equal(core_next_tick(&m->core), MS(ms));
}

/* Started, connected, joined; the JobManager has not said anything yet. */
static void joined(struct member *m)
{
	struct core_config c = hot_config();
	struct core_view empty = fresh();

	empty.own = LATCH("");
	empty.rank = -1;
	init(m, &c);
	assert_string_equal(m->text, "start connect-new");
	expect(m, CONNECTED(1), "join");
	expect(m, EV(JOINED, 2, .result = CORE_OK), "observe publish");
	expect(m, SEEN(3, empty), "");
	assert_int_equal(core_reasons(&m->core), REASON_BIT(REASON_JOBMANAGER_NOT_WAITING));
}

static void queued(struct member *m)
{
	joined(m);
	expect(m, SAID(4, WAITING, 0), "enter publish");
	assert_int_equal(core_reasons(&m->core), 0);
	expect(m, EV(ENTERED, 4, .entered = { CORE_OK, LATCH(OWN) }), "observe+log heartbeat");
	expect(m, BEAT(5, CORE_OK, 4), "");
	expect(m, SEEN(6, fresh()), "");
}

static void hot_leader(struct member *m)
{
	queued(m);
	assert_string_equal(valid_chain(m), "claim:1=new");
	expect(m, CLAIMED(3006, CORE_OK), "load:1");
	expect(m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
	expect(m, SAID(3008, LEADS, 1), "");
	expect(m, EV(CHANGED, 3008), "observe");
	expect(m, SEEN(3008, own_term(1)), "");
}

static void with_successor(struct member *m, usec_t ms)
{
	struct core_view v = own_term(1);

	v.successors = 1;
	expect(m, EV(CHANGED, ms), "observe");
	expect(m, SEEN(ms, v), "");
}

static void with_successor_seen(struct member *m, usec_t ms)
{
	struct core_view v = own_term(1);

	v.successors = 1;
	expect(m, SEEN(ms, v), "release=jobmanager-hung");
}

/* ---- the way to the grant ---- */

static void makes_no_latch_before_the_jobmanager_waits(void **state)
{
	struct member m;

	(void)state;
	queued(&m);
}

static void a_standby_whose_jobmanager_dies_gives_its_latch_up_and_starts_another(void **state)
{
	struct member m;

	(void)state;
	queued(&m);
	expect(&m, EXITED(7, 0), "start release=not-eligible publish");
}

static void starts_another_only_after_the_pause(void **state)
{
	struct member m;

	(void)state;
	joined(&m);
	expect(&m, EV(EXITED, 7, .exited = { .pause = MS(2000) }), "");
	assert_int_equal(core_next_tick(&m.core), MS(2007));
	expect(&m, EV(TICK, 2006), "");
	expect(&m, EV(TICK, 2007), "start");
}

static void gives_a_claim_up_whose_jobmanager_has_died_meanwhile(void **state)
{
	struct member m;

	(void)state;
	queued(&m);
	assert_string_equal(valid_chain(&m), "claim:1=new");
	expect(&m, EXITED(3006, 0), "start publish");
	expect(&m, CLAIMED(3007, CORE_OK), "release=not-eligible");
	assert_true(sent(&m, CORE_CMD_RELEASE)->with_register);
}

static void an_observer_runs_no_jobmanager(void **state)
{
	struct core_config c = hot_config();
	struct member m;

	(void)state;
	c.observer = true;
	init(&m, &c);
	assert_string_equal(m.text, "connect-new");
	expect(&m, CONNECTED(1), "join");
	expect(&m, EV(JOINED, 2, .result = CORE_OK), "observe publish");
	assert_int_equal(core_reasons(&m.core), 0);
}

/* ---- revoke ---- */

static void a_switchover_waits_for_the_word_and_leaves_the_process_alone(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	with_successor(&m, 3009);
	expect(&m, EV(STOP, 3010, .stop = { .cause = CAUSE_SWITCHOVER }), "revoke:1=switchover");
	assert_int_equal(core_granted(&m.core).v, 0);
	expect(&m, SAID(3011, LEADS, 1), "");
	expect(&m, SAID(3100, REVOKED, 1), "disarm:1 settle publish");
	expect(&m, EV(SETTLED, 3101), "release=switchover");
	expect(&m, EV(RELEASED, 3102, .result = CORE_OK), "");
	expect(&m, SAID(3103, WAITING, 1), "publish");
	assert_true(m.core.process);
}

/* Its `revoked` came, the answer was lost with the elector's connection. */
static void waiting_after_the_term_says_revoked_too(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(STOP, 3010, .stop = { .cause = CAUSE_STEP_DOWN }), "revoke:1=step-down");
	expect(&m, SAID(3100, WAITING, 1), "disarm:1 settle");
}

static void a_word_for_another_epoch_revokes_nothing(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(STOP, 3010, .stop = { .cause = CAUSE_STEP_DOWN }), "revoke:1=step-down");
	expect(&m, SAID(3100, REVOKED, 7), "");
	expect(&m, SAID(3101, WAITING, 0), "");
	assert_int_equal(m.core.phase, CORE_REVOKING);
}

static void is_killed_when_it_does_not_revoke_in_time(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(STOP, 3010, .stop = { .cause = CAUSE_SWITCHOVER }), "revoke:1=switchover");
	expect(&m, EV(DISCONNECTED, 3011), "");
	assert_int_equal(core_next_tick(&m.core), MS(8010));
	expect(&m, EV(TICK, 8009), "");
	expect(&m, EV(TICK, 8010), "kill:1=switchover");
	expect(&m, SAID(8011, REVOKED, 1), ""); /* of one that is being killed: its death counts */
	expect(&m, EXITED(8012, 0), "disarm:1 start settle");
}

static void is_killed_at_the_deadline_even_before(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(DISCONNECTED, 3500), "");
	expect(&m, SAID(7000, LEADS, 1), "");
	expect(&m, EV(STOP, 7001, .stop = { .cause = CAUSE_SWITCHOVER }), "revoke:1=switchover");
	assert_int_equal(core_next_tick(&m.core), MS(9995));
	expect(&m, EV(TICK, 9995), "kill:1=switchover");
}

/* D9: revoke_ms before the deadline, so that its JVM survives. */
static void is_asked_before_the_lease_ends_and_killed_at_its_end(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(DISCONNECTED, 3500), "");
	nothing_until(&m, 7000);
	expect(&m, SAID(7000, LEADS, 1), "");
	nothing_until(&m, 8995);
	expect(&m, EV(TICK, 8995), "revoke:1=lease-expired");
	expect(&m, EV(TICK, 9995), "kill:1=lease-expired");
}

static void a_lease_that_ends_costs_the_term_but_not_the_process(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(DISCONNECTED, 3500), "");
	expect(&m, SAID(8000, LEADS, 1), "");
	expect(&m, EV(TICK, 8995), "revoke:1=lease-expired");
	expect(&m, SAID(9100, REVOKED, 1), "disarm:1 settle");
	expect(&m, SAID(9101, WAITING, 1), "");
	expect(&m, EV(SETTLED, 9102), "");
	expect(&m, CONNECTED(9500), "release=lease-expired");
	assert_true(m.core.process && m.core.waiting);
}

static void what_is_certainly_lost_is_killed_at_once(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(EXPIRED, 3100), "kill:1=session-expired");
	assert_int_equal(core_next_tick(&m.core), USEC_INFINITY); /* until it is dead */
	expect(&m, EXITED(3101, 0), "disarm:1 start connect-new");
}

/* A10: one epoch, one grant. */
static void who_revoked_and_stays_is_granted_a_higher_epoch(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, SAID(3100, REVOKED, 1), "disarm:1 settle publish"); /* by itself */
	expect(&m, EV(SETTLED, 3101), "observe+log");
	expect(&m, SEEN(3102, own_term(1)), "");
	expect(&m, SAID(3103, WAITING, 1), "claim:2=restart-in-place publish");
}

/* A10: it forks, and the process that was granted is replaced by another one of it. */
static void another_process_of_it_is_not_granted_the_same_epoch(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(SAID, 3100, .said = { .word = CORE_LEADS, .epoch = { 1 }, .by = 10 }), "");
	assert_int_equal(core_granted_to(&m.core, 10).v, 1);
	assert_int_equal(core_granted_to(&m.core, 11).v, 0);
	assert_true(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 1 }, 11));
	expect(&m, EV(SAID, 3200, .said = { .word = CORE_REVOKED, .epoch = { 1 }, .by = 11 }), "");
	expect(&m, EV(SAID, 3300, .said = { .word = CORE_WAITING, .by = 11 }), "");
	assert_int_equal(m.core.heard_at, MS(3100)); /* silent, until it is killed for that */
	assert_int_equal(m.core.phase, CORE_LEADING);
	assert_false(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 1 }, 10));
}

/* C2: else a JobManager that cannot lead uses up epochs as fast as the disk allows. */
static void who_revokes_by_itself_again_waits_longer_each_time(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, SAID(3100, REVOKED, 1), "disarm:1 settle publish");
	expect(&m, EV(SETTLED, 3101), "observe+log");
	expect(&m, SEEN(3102, own_term(1)), "");
	expect(&m, SAID(3103, WAITING, 1), "claim:2=restart-in-place publish");
	expect(&m, CLAIMED(3104, CORE_OK), "load:2");
	expect(&m, EV(LOADED, 3105, .result = CORE_OK), "arm:2@10093 grant:2");
	expect(&m, SAID(3106, LEADS, 2), "");
	expect(&m, SAID(3107, REVOKED, 2), "disarm:2 settle publish");
	expect(&m, EV(SETTLED, 3108), "observe+log");
	expect(&m, SEEN(3109, own_term(2)), "");
	expect(&m, SAID(3110, WAITING, 2), "publish"); /* not eligible: pause */
	assert_int_equal(core_reasons(&m.core), REASON_BIT(REASON_PAUSE));
	assert_int_equal(m.core.phase, CORE_RESTARTING);
	nothing_until(&m, 4004);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(4005, CORE_OK, 4004), "");
	nothing_until(&m, 4107);
	expect(&m, EV(TICK, 4107), "claim:3=restart-in-place publish");
}

/* ---- the process ends, or hangs ---- */

static void a_crash_without_a_successor_waits_for_the_next_process_then_claims_again(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EXITED(3100, 0), "disarm:1 start settle publish");
	expect(&m, EV(SETTLED, 3101), "observe+log");
	expect(&m, SEEN(3102, own_term(1)), "");
	assert_int_equal(m.core.phase, CORE_RESTARTING);
	nothing_until(&m, 4004);
	expect(&m, EV(TICK, 4004), "heartbeat");
	expect(&m, BEAT(4005, CORE_OK, 4004), "");
	expect(&m, SAID(6000, WAITING, 0), "claim:2=restart-in-place heartbeat publish");
}

static void a_crash_with_a_successor_hands_over_at_once(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	with_successor(&m, 3010);
	expect(&m, EXITED(3100, 0), "disarm:1 start settle publish");
	expect(&m, EV(SETTLED, 3101), "release=jobmanager-exited");
}

/* A6, A10: what starts while the page is armed could be taken for the granted one. */
static void nothing_starts_while_the_page_is_armed(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	feed(&m, EXITED(3100, 0));
	assert_int_equal(m.out.cmd[0].type, CORE_CMD_DISARM);
	assert_int_equal(m.out.cmd[1].type, CORE_CMD_START);
}

static void a_silent_leader_hangs(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	with_successor(&m, 3010);
	for (unsigned t = 4004; t < 9000; t += 1000) {
		ticks_until(&m, t);
		expect(&m, EV(TICK, t), "heartbeat");
		feed(&m, BEAT(t, CORE_OK, t));
	}
	expect(&m, EV(TICK, 8008), "kill:1=jobmanager-hung");
	assert_true(sent(&m, CORE_CMD_KILL)->failed);
	expect(&m, EXITED(8009, 0), "disarm:1 start settle publish");
	expect(&m, EV(SETTLED, 8010), "release=jobmanager-hung");
}

/* The grant never reached it: it goes on waiting. */
static void a_leader_that_only_says_waiting_hangs(void **state)
{
	struct member m;

	(void)state;
	queued(&m);
	assert_string_equal(valid_chain(&m), "claim:1=new");
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	expect(&m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
	ticks_until(&m, 4000);
	expect(&m, SAID(4000, WAITING, 0), "");
	ticks_until(&m, 7000);
	expect(&m, SAID(7000, WAITING, 0), "");
	expect(&m, SAID(7001, LEADS, 7), ""); /* nor is that the grant (and it is told to halt) */
	ticks_until(&m, 8007);
	expect(&m, EV(TICK, 8007), "kill:1=jobmanager-hung");
}

/* The host stood still, or the elector alone: the JobManager had no more time to speak than we to
 * hear.  With what is due next (nothing but the verdict, without a connection) this has nothing to
 * do. */
static void a_standstill_of_our_own_is_not_its_silence(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	m.core.config.silence = MS(3000);
	expect(&m, EV(DISCONNECTED, 3500), "");
	expect(&m, SAID(4000, LEADS, 1), "");
	expect(&m, EV(TICK, 7001), ""); /* just behind what would have been too long */
	expect(&m, SAID(7002, LEADS, 1), "");
}

/* Where each step comes late, as on a host that swaps, a JobManager that is dead still hangs. */
static void standstills_without_end_do_not_hide_a_silence(void **state)
{
	struct member m;
	unsigned now = 3008;

	(void)state;
	hot_leader(&m);
	while (m.core.phase == CORE_LEADING && now < 60000) {
		now = (unsigned)(core_next_tick(&m.core) / 1000) + 250;
		if (strstr(feed(&m, EV(TICK, now)), "heartbeat"))
			feed(&m, BEAT(now, CORE_OK, now));
	}
	assert_int_equal(m.core.cause, CAUSE_JOBMANAGER_HUNG);
	assert_in_range(now, 3008 + 5000, 3008 + 2 * 5000 + 500);
}

static void a_silent_standby_is_not_eligible_and_later_started_anew(void **state)
{
	struct member m;

	(void)state;
	queued(&m);
	ticks_until(&m, 5004);
	assert_int_equal(core_reasons(&m.core), 0);
	feed(&m, EV(TICK, 5004));
	assert_int_equal(core_reasons(&m.core), REASON_BIT(REASON_JOBMANAGER_NOT_WAITING));
	assert_int_equal(m.core.phase, CORE_RELEASING);
	feed(&m, EV(RELEASED, 5005, .result = CORE_OK));
	feed(&m, SAID(6000, WAITING, 0)); /* it was stopped for a while */
	assert_int_equal(core_reasons(&m.core), 0);
	ticks_until(&m, 126000);
	assert_false(m.core.ended);
	feed(&m, EV(TICK, 126000));
	assert_true(sent(&m, CORE_CMD_KILL)->failed);
}

static void a_leader_that_fails_its_probe_is_killed(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	expect(&m, EV(UNHEALTHY, 3100), "kill:1=jobmanager-hung");
}

static void a_cold_leader_that_fails_its_probe_is_killed_too(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EV(UNHEALTHY, 3100), "kill:1=jobmanager-hung");
	expect(&m, EXITED(3101, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 3102), "observe+log");
	assert_int_equal(m.core.phase, CORE_RESTARTING);
	/* What was seen before may be some seconds old: somebody may be there by now. */
	with_successor_seen(&m, 3103);
	assert_int_equal(m.core.phase, CORE_RELEASING);
}

static void nobody_to_hand_over_to_is_seen_before_a_restart_here(void **state)
{
	struct member m;

	(void)state;
	leader(&m);
	expect(&m, EXITED(3100, 1), "disarm:1 settle");
	expect(&m, EV(SETTLED, 3101), "observe+log");
	expect(&m, SEEN(3102, own_term(1)), "claim:2=restart-in-place");
}

static void a_standby_that_fails_its_probe_is_started_anew(void **state)
{
	struct member m;

	(void)state;
	queued(&m);
	expect(&m, EV(UNHEALTHY, 100), "kill=jobmanager-hung release=not-eligible publish");
	expect(&m, EV(UNHEALTHY, 101), "");
}

/* ---- D1: a resumed elector ---- */

static void init_resumed(struct member *m)
{
	struct core_config c = hot_config();

	c.resume = true;
	c.page_epoch.v = 1;
	c.page_deadline = MS(6000);
	c.latch = LATCH(OWN);
	init(m, &c);
	assert_string_equal(m->text, "connect-resume");
}

static void a_resumed_elector_tells_nothing_before_it_has_verified(void **state)
{
	struct member m;

	(void)state;
	init_resumed(&m);
	assert_false(core_settled(&m.core));
	expect(&m, SAID(1, LEADS, 1), ""); /* and is not told that it is superseded */
	assert_false(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 1 }, 0));
	expect(&m, CONNECTED(2), "observe");
	expect(&m, SEEN(3, own_term(1)), "load:1 heartbeat publish");
	expect(&m, BEAT(4, CORE_OK, 3), "extend@6993");
	assert_true(core_settled(&m.core));
	assert_int_equal(core_granted(&m.core).v, 1);
}

/* Its elector died between page and grant: it had nothing to speak of, however long that took. */
static void silence_counts_from_when_a_resumed_elector_has_told(void **state)
{
	struct member m;

	(void)state;
	init_resumed(&m);
	m.core.config.silence = MS(3000);
	expect(&m, SAID(1, WAITING, 0), "");
	assert_int_equal(core_next_tick(&m.core), MS(5000)); /* to revoke; no tick for silence */
	expect(&m, CONNECTED(4000), "observe");
	expect(&m, SEEN(4001, own_term(1)), "load:1 heartbeat publish");
	expect(&m, BEAT(4002, CORE_OK, 4001), "extend@10991");
	assert_int_equal(m.core.phase, CORE_LEADING);
	expect(&m, EV(LOADED, 4003, .result = CORE_OK), "");
	for (unsigned t = 5001; t < 8000; t += 1000) {
		nothing_until(&m, t);
		expect(&m, EV(TICK, t), "heartbeat");
		feed(&m, BEAT(t, CORE_OK, t));
	}
	expect(&m, EV(TICK, 7002), "kill:1=jobmanager-hung");
}

/* Connected too late to verify its term, it beats no more: nor is it woken for that. */
static void a_resumed_elector_that_gives_up_waits_for_the_word_only(void **state)
{
	struct member m;

	(void)state;
	init_resumed(&m);
	expect(&m, EV(TICK, 5000), "revoke:1=lease-expired");
	expect(&m, CONNECTED(5100), "observe");
	expect(&m, SEEN(5101, own_term(1)), "");
	assert_int_equal(core_next_tick(&m.core), MS(6000)); /* killed then */
}

static void a_jobmanager_that_died_with_the_elector_is_not_granted_again(void **state)
{
	struct member m;

	(void)state;
	init_resumed(&m);
	expect(&m, EXITED(1, 0), "disarm:1 start connect-new");
	assert_int_equal(core_granted(&m.core).v, 0);
}

static void an_elector_that_resumes_nothing_takes_a_waiting_process_over(void **state)
{
	struct core_config c = hot_config();
	struct member m;

	(void)state;
	c.process = true;
	init(&m, &c);
	assert_string_equal(m.text, "connect-new");
	expect(&m, SAID(1, WAITING, 3), "");
	assert_true(m.core.waiting);
}

/* ---- who must halt ---- */

static void who_leads_what_is_not_granted_is_superseded(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	assert_false(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 1 }, 0));
	assert_true(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 2 }, 0));
	expect(&m, EV(STOP, 3010, .stop = { .cause = CAUSE_STEP_DOWN }), "revoke:1=step-down");
	assert_false(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 1 }, 0));
	expect(&m, SAID(3100, REVOKED, 1), "disarm:1 settle publish");
	assert_true(core_superseded(&m.core, CORE_LEADS, (struct epoch){ 1 }, 0));
	assert_false(core_superseded(&m.core, CORE_WAITING, (struct epoch){ 1 }, 0));
	assert_false(core_superseded(&m.core, CORE_REVOKED, (struct epoch){ 1 }, 0));
}

/* ---- the orderly stop ---- */

static void a_shutdown_hands_over_first_and_then_ends_the_process(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	with_successor(&m, 3009);
	expect(&m, EV(STOP, 3010, .stop = { .cause = CAUSE_SHUTDOWN }), "revoke:1=shutdown");
	expect(&m, SAID(3011, REVOKED, 1), "disarm:1 settle publish");
	expect(&m, EV(SETTLED, 3012), "release=shutdown+member");
	expect(&m, EV(RELEASED, 3013, .result = CORE_OK), "terminate");
	expect(&m, EXITED(3400, 0), "exit");
}

static void a_shutdown_that_ends_nothing_begins_nothing(void **state)
{
	struct member m;

	(void)state;
	joined(&m);
	expect(&m, EV(STOP, 10, .stop = { .cause = CAUSE_SHUTDOWN }), "terminate");
	expect(&m, SAID(11, WAITING, 0), ""); /* no latch any more */
	expect(&m, EV(TICK, 200000), "observe");
	expect(&m, EXITED(200001, 0), "exit");
}

/* It does not answer its probe since it is only just starting. */
static void who_is_still_starting_is_not_unhealthy(void **state)
{
	struct member m;

	(void)state;
	joined(&m);
	expect(&m, EV(UNHEALTHY, 4), "");
	assert_false(m.core.ended);
}

/* The page is over, the process not yet: nothing is released before it is dead. */
static void an_ended_page_is_no_exit(void **state)
{
	struct member m;

	(void)state;
	hot_leader(&m);
	(void)feed(&m, EV(PAGE_ENDED, 4000));
	assert_int_equal(m.core.phase, CORE_REVOKING);
	assert_true(m.core.process);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_still_starting_is_not_unhealthy),
		cmocka_unit_test(an_ended_page_is_no_exit),
		cmocka_unit_test(makes_no_latch_before_the_jobmanager_waits),
		cmocka_unit_test(
		        a_standby_whose_jobmanager_dies_gives_its_latch_up_and_starts_another),
		cmocka_unit_test(starts_another_only_after_the_pause),
		cmocka_unit_test(gives_a_claim_up_whose_jobmanager_has_died_meanwhile),
		cmocka_unit_test(an_observer_runs_no_jobmanager),
		cmocka_unit_test(a_switchover_waits_for_the_word_and_leaves_the_process_alone),
		cmocka_unit_test(waiting_after_the_term_says_revoked_too),
		cmocka_unit_test(a_word_for_another_epoch_revokes_nothing),
		cmocka_unit_test(is_killed_when_it_does_not_revoke_in_time),
		cmocka_unit_test(is_killed_at_the_deadline_even_before),
		cmocka_unit_test(is_asked_before_the_lease_ends_and_killed_at_its_end),
		cmocka_unit_test(a_lease_that_ends_costs_the_term_but_not_the_process),
		cmocka_unit_test(what_is_certainly_lost_is_killed_at_once),
		cmocka_unit_test(who_revoked_and_stays_is_granted_a_higher_epoch),
		cmocka_unit_test(who_revokes_by_itself_again_waits_longer_each_time),
		cmocka_unit_test(another_process_of_it_is_not_granted_the_same_epoch),
		cmocka_unit_test(
		        a_crash_without_a_successor_waits_for_the_next_process_then_claims_again),
		cmocka_unit_test(a_crash_with_a_successor_hands_over_at_once),
		cmocka_unit_test(nothing_starts_while_the_page_is_armed),
		cmocka_unit_test(a_silent_leader_hangs),
		cmocka_unit_test(a_standstill_of_our_own_is_not_its_silence),
		cmocka_unit_test(standstills_without_end_do_not_hide_a_silence),
		cmocka_unit_test(a_leader_that_only_says_waiting_hangs),
		cmocka_unit_test(a_silent_standby_is_not_eligible_and_later_started_anew),
		cmocka_unit_test(a_leader_that_fails_its_probe_is_killed),
		cmocka_unit_test(a_cold_leader_that_fails_its_probe_is_killed_too),
		cmocka_unit_test(nobody_to_hand_over_to_is_seen_before_a_restart_here),
		cmocka_unit_test(a_standby_that_fails_its_probe_is_started_anew),
		cmocka_unit_test(a_resumed_elector_tells_nothing_before_it_has_verified),
		cmocka_unit_test(silence_counts_from_when_a_resumed_elector_has_told),
		cmocka_unit_test(a_resumed_elector_that_gives_up_waits_for_the_word_only),
		cmocka_unit_test(a_jobmanager_that_died_with_the_elector_is_not_granted_again),
		cmocka_unit_test(an_elector_that_resumes_nothing_takes_a_waiting_process_over),
		cmocka_unit_test(who_leads_what_is_not_granted_is_superseded),
		cmocka_unit_test(a_shutdown_hands_over_first_and_then_ends_the_process),
		cmocka_unit_test(a_shutdown_that_ends_nothing_begins_nothing),
	};

	return cmocka_run_group_tests_name("core_hot", tests, NULL, NULL);
}
