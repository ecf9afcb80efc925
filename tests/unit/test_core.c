/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the election, one test each.  Times are milliseconds; T 10 s, k 2 s: h 1000, lease
 * 6990 (test_lease.c). */
#include "election/core.h"

#include "election/core_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS(n)    ((usec_t)(n)*1000)
#define OWN      "n-aaaaaaaaaaaaaaaa-0000000007"
#define OWN2     "n-aaaaaaaaaaaaaaaa-0000000009"
#define OTHER    "n-bbbbbbbbbbbbbbbb-0000000003"
#define LATCH(s) ((struct latch_name){ s })

/* EV(TICK, 5), EV(JOINED, 5, .result = CORE_OK) */
#define EV(name, ms, ...) \
	((struct core_event){ .type = CORE_EV_##name, .now = MS(ms), __VA_ARGS__ })
#define BEAT(ms, r, at) EV(HEARTBEAT, ms, .heartbeat = { .result = (r), .sent = MS(at) })
#define SEEN(ms, v)     EV(OBSERVED, ms, .observed = { .result = CORE_OK, .view = (v) })
#define CONNECTED(ms)   EV(CONNECTED, ms, .connected = { .sent = MS(ms) - 500, .session = MS(10000) })
#define CLAIMED(ms, r) \
	EV(CLAIMED, ms, .claimed = { .result = (r), .sent = MS(ms) - 1000, .version = 6 })
#define EXITED(ms, e) EV(EXITED, ms, .exited = { .epoch = { e } })

struct member {
	struct core core;
	struct core_out out;
	char text[600];
};

static const char *feed(struct member *m, struct core_event ev)
{
	core_step(&m->core, &ev, &m->out);
	return core_trace(&m->out, m->text, sizeof(m->text));
}

#define expect(m, ev, text) assert_string_equal(feed(m, ev), text)

static const struct core_command *sent(const struct member *m, enum core_command_type type)
{
	for (unsigned i = 0; i < m->out.n; i++)
		if (m->out.cmd[i].type == type)
			return &m->out.cmd[i];
	fail_msg("%s was not sent", core_command_name(type));
	return &m->out.cmd[0]; /* not reached */
}

/* A new cluster; our latch is the lowest. */
static struct core_view fresh(void)
{
	return (struct core_view){ .has_register = true,
		                   .version = 5,
		                   .released = true,
		                   .released_as = CAUSE_NEW,
		                   .own = LATCH(OWN) };
}

/* Epoch 1 is another member's, whose latch has gone without a release. */
static struct core_view owner_gone(void)
{
	struct core_view v = fresh();

	v.released = false;
	v.epoch.v = 1;
	v.owner = LATCH(OTHER);
	v.owner_session = MS(10000);
	v.owner_member = true;
	return v;
}

static struct core_view own_term(uint64_t epoch)
{
	struct core_view v = fresh();

	v.version = 6;
	v.released = false;
	v.epoch.v = epoch;
	v.owner = LATCH(OWN);
	v.owner_session = MS(10000);
	v.owner_alive = v.owner_member = true;
	return v;
}

static struct core_config config(void)
{
	return (struct core_config){
		.lease = { .session = MS(10000), .tick = MS(2000), .stop = MS(500) },
		.takeover = MS(30000),
	};
}

static void init(struct member *m, const struct core_config *c)
{
	core_init(&m->core, c, 0, &m->out);
	(void)core_trace(&m->out, m->text, sizeof(m->text));
}

/* Joined, with a latch, looked once: the first answer came at 5. */
static void queue_up(struct member *m, struct core_view v)
{
	struct core_config c = config();
	struct core_view empty = v;

	empty.own = LATCH("");
	empty.rank = -1;
	init(m, &c);
	assert_string_equal(m->text, "connect-new");
	expect(m, CONNECTED(1), "join");
	expect(m, EV(JOINED, 2, .result = CORE_OK), "observe publish");
	expect(m, SEEN(3, empty), "enter");
	expect(m, EV(ENTERED, 4, .entered = { CORE_OK, LATCH(OWN) }), "observe+log heartbeat");
	expect(m, BEAT(5, CORE_OK, 4), "");
	expect(m, SEEN(6, v), "");
}

/* The chain of queue_up() becomes valid at 3005. */
static const char *valid_chain(struct member *m)
{
	expect(m, EV(TICK, 1004), "heartbeat");
	expect(m, BEAT(1005, CORE_OK, 1004), "");
	expect(m, EV(TICK, 2004), "heartbeat");
	expect(m, BEAT(2005, CORE_OK, 2004), "");
	expect(m, EV(TICK, 3004), "heartbeat");
	return feed(m, BEAT(3005, CORE_OK, 3004));
}

static void claiming(struct member *m)
{
	queue_up(m, fresh());
	assert_string_equal(valid_chain(m), "claim:1=new");
}

/* Granted at 3007 under epoch 1, until 9995; a look at 3008. */
static void leader(struct member *m)
{
	claiming(m);
	expect(m, CLAIMED(3006, CORE_OK), "load:1");
	expect(m, EV(LOADED, 3007, .result = CORE_OK), "arm:1@9995 grant:1");
	expect(m, EV(CHANGED, 3007), "observe");
	expect(m, SEEN(3008, own_term(1)), "");
	assert_int_equal(core_state(&m->core, MS(3008)), CORE_STATE_LEADER);
}

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
	expect(&m, BEAT(5005, CORE_OK, 5004), "extend@10995");
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
	expect(&m, CLAIMED(3006, CORE_OK), "load:1");
	assert_int_equal(m.core.lease.deadline, MS(3005 + 6990));
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
	expect(&m, EV(SETTLED, 4002), "release=step-down observe");
	expect(&m, EV(TICK, 4500), "");
	expect(&m, EV(TICK, 5500), "");
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

/* ---- A5 ---- */

static struct core_view designated(void)
{
	struct core_view v = fresh();

	v.designated = LATCH(OTHER);
	v.designated_alive = true;
	return v;
}

static void the_lowest_steps_back_behind_the_designated_latch(void **state)
{
	struct member m;

	(void)state;
	queue_up(&m, designated());
	assert_string_equal(valid_chain(&m), "step-back");
	assert_string_equal(sent(&m, CORE_CMD_STEP_BACK)->latch.s, OWN);
}

static void steps_back_once_for_each_version_of_the_register(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	queue_up(&m, v);
	valid_chain(&m);
	expect(&m, EV(STEPPED_BACK, 3006, .entered = { CORE_OK, LATCH(OWN2) }),
	       "observe+log heartbeat");
	assert_int_equal(m.core.lease.chain, LEASE_NONE);
	v.own = LATCH(OWN2);
	expect(&m, SEEN(3007, v), "");
	expect(&m, BEAT(3008, CORE_OK, 3006), "");
	expect(&m, EV(TICK, 4006), "heartbeat");
	expect(&m, BEAT(4007, CORE_OK, 4006), "");
	expect(&m, EV(TICK, 5008), "heartbeat");
	expect(&m, BEAT(5009, CORE_OK, 5008), "claim:1=new");
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

static void the_designated_one_itself_claims(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	v.designated = LATCH(OWN);
	queue_up(&m, v);
	assert_string_equal(valid_chain(&m), "claim:1=new");
}

static void a_lost_answer_to_a_step_back_is_looked_up(void **state)
{
	struct member m;
	struct core_view v = designated();

	(void)state;
	queue_up(&m, v);
	valid_chain(&m);
	expect(&m, EV(STEPPED_BACK, 3006, .entered = { .result = CORE_UNKNOWN }), "observe");
	v.own = LATCH(OWN2);
	feed(&m, SEEN(3007, v));
	assert_int_equal(m.core.phase, CORE_QUEUED);
	assert_string_equal(m.core.latch.s, OWN2);
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
	expect(&m, EV(SETTLED, 4007), "release=switchover observe");
	assert_true(sent(&m, CORE_CMD_RELEASE)->with_register);
	assert_string_equal(sent(&m, CORE_CMD_RELEASE)->designated.s, OTHER);
	expect(&m, EV(RELEASED, 4008, .result = CORE_OK), "");
	assert_int_equal(m.core.phase, CORE_IDLE);
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
	expect(&m, SEEN(4001, v), "kill:1=latch-removed");
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
	expect(&m, EV(TICK, 9994), "");
	expect(&m, EV(TICK, 9995), "kill:1=lease-expired");
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
	expect(&m, BEAT(9001, CORE_OK, 9000), "extend@10995"); /* 9000 + 9990 - 1000 - 500 -
	                                                        * 5995 - 500: the gap counts */
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
	expect(&m, EV(SETTLED, 3602), "release=jobmanager-exited observe");
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
	expect(&m, EV(SETTLED, 4002), "release=shutdown+member observe");
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
		cmocka_unit_test(claims_when_the_second_answer_comes_a_tick_after_the_first),
		cmocka_unit_test(claims_nothing_on_one_answer_or_two_quick_ones),
		cmocka_unit_test(a_chain_begins_anew_after_a_lost_connection),
		cmocka_unit_test(a_new_latch_has_a_chain_of_its_own),
		cmocka_unit_test(an_answer_for_a_latch_that_is_gone_counts_for_nothing),
		cmocka_unit_test(beats_every_half_tick_with_its_latch),
		cmocka_unit_test(
		        waits_for_the_owners_session_timeout_from_when_it_saw_its_latch_gone),
		cmocka_unit_test(waits_no_longer_when_the_owner_says_stopped),
		cmocka_unit_test(an_older_stopped_is_none),
		cmocka_unit_test(needs_no_wait_when_the_owners_session_has_ended),
		cmocka_unit_test(needs_no_wait_after_a_release),
		cmocka_unit_test(never_claims_while_the_owners_latch_lives),
		cmocka_unit_test(only_the_lowest_latch_claims),
		cmocka_unit_test(nothing_is_claimed_when_storage_knows_a_later_register),
		cmocka_unit_test(a_member_that_was_stopped_says_so_before_it_queues_again),
		cmocka_unit_test(stopped_is_reported_until_it_is_known_to_be_written),
		cmocka_unit_test(makes_a_vanished_member_node_again_before_it_renews),
		cmocka_unit_test(a_claim_that_was_read_back_needs_a_heartbeat_sent_after_the_read),
		cmocka_unit_test(a_heartbeat_from_before_the_read_is_not_enough),
		cmocka_unit_test(a_register_of_an_earlier_latch_is_not_our_mark),
		cmocka_unit_test(the_same_claim_is_sent_again_when_the_register_did_not_move),
		cmocka_unit_test(makes_no_new_latch_while_a_claim_is_unanswered),
		cmocka_unit_test(decides_anew_when_the_register_had_moved_on),
		cmocka_unit_test(the_claims_own_answer_counts_as_a_heartbeat),
		cmocka_unit_test(starts_over_when_the_latch_was_gone_at_the_claim),
		cmocka_unit_test(nothing_beats_once_a_release_was_sent),
		cmocka_unit_test(after_an_unknown_release_the_session_is_only_ended),
		cmocka_unit_test(a_restarted_elector_ends_the_session_it_finds_first),
		cmocka_unit_test(after_expired_another_session_has_to_see_the_latch_gone),
		cmocka_unit_test(a_left_handle_that_connects_again_ends_nothing),
		cmocka_unit_test(refused_credentials_are_tried_again_after_a_while),
		cmocka_unit_test(a_standby_whose_session_expired_ends_it_too),
		cmocka_unit_test(the_lowest_steps_back_behind_the_designated_latch),
		cmocka_unit_test(steps_back_once_for_each_version_of_the_register),
		cmocka_unit_test(a_designated_latch_that_is_gone_binds_nobody),
		cmocka_unit_test(the_designated_one_itself_claims),
		cmocka_unit_test(a_lost_answer_to_a_step_back_is_looked_up),
		cmocka_unit_test(grants_only_after_register_log_and_page),
		cmocka_unit_test(releases_only_when_the_jobmanager_is_dead_and_the_page_off),
		cmocka_unit_test(the_exit_of_an_earlier_jobmanager_ends_nothing),
		cmocka_unit_test(grants_nothing_on_a_lease_that_has_passed_meanwhile),
		cmocka_unit_test(an_ended_page_is_followed_by_a_kill),
		cmocka_unit_test(the_register_that_names_another_is_the_end_of_the_term),
		cmocka_unit_test(the_register_that_only_moved_on_ends_nothing),
		cmocka_unit_test(a_late_tick_revokes_before_good_news),
		cmocka_unit_test(never_says_leader_at_or_past_the_deadline),
		cmocka_unit_test(wakes_at_the_deadline),
		cmocka_unit_test(leads_on_without_a_connection_until_the_deadline),
		cmocka_unit_test(a_smaller_session_lowers_the_page_at_once),
		cmocka_unit_test(a_smaller_session_without_room_ends_the_term),
		cmocka_unit_test(a_jobmanager_that_exits_is_started_again_only_under_a_new_epoch),
		cmocka_unit_test(a_restart_waits_for_its_pause),
		cmocka_unit_test(a_jobmanager_that_exits_is_handed_over_when_another_member_can),
		cmocka_unit_test(a_late_load_of_an_earlier_term_is_asked_for_again),
		cmocka_unit_test(a_takeover_that_takes_too_long_is_given_up),
		cmocka_unit_test(a_log_that_cannot_be_read_gives_the_takeover_up),
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
