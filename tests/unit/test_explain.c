/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/explain_lease.h"
#include "election/core_wait.h"
#include "election/reason.h"

static void says(const char *status, const char *cluster, const char *expected)
{
	json_error_t error;
	json_auto_t *s = json_loads(status, 0, &error);
	json_auto_t *c = cluster ? json_loads(cluster, 0, &error) : NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!s || (cluster && !c))
		fail_msg("%s", error.text);
	explain(f, s, c);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

#define STATUS(member, state, eligible, reasons, leader)                                           \
	"{\"cluster\": \"orders\", \"member\": \"" member                                          \
	"\", \"role\": \"contender\", \"state\": \"" state                                         \
	"\", \"epoch\": 7, \"lease_ms\": 5120, \"eligible\": " eligible ", \"reasons\": [" reasons \
	"], \"leader\": " leader ", \"maintenance\": null, \"zookeeper\": {\"connected\": true, "  \
	"\"last_ack_ms\": 180}}"
#define MEMBER(name, state, eligible, reasons, self)                              \
	"{\"member\": \"" name "\", \"role\": \"contender\", \"state\": \"" state \
	"\", \"eligible\": " eligible ", \"reasons\": [" reasons "], \"self\": " self "}"

static void a_leader_says_how_long_and_who_could_follow(void **state)
{
	(void)state;
	says(STATUS("jm-a", "leader", "true", "", "{\"member\": \"jm-a\", \"epoch\": 7}"),
	     "{\"members\": [" MEMBER("jm-a", "leader", "true", "", "true") "," MEMBER(
	             "jm-b", "standby", "true", "", "false") "," MEMBER("jm-c", "standby", "false",
	                                                                "\"storage-full\"",
	                                                                "false") "]}",
	     "jm-a leads cluster orders with epoch 7.\n"
	     "Its lease runs for another 5.1 s and is renewed as long as ZooKeeper answers (last "
	     "180 "
	     "ms ago).\n"
	     "Other members that could take over: jm-b.\n"
	     "jm-c may not:\n"
	     "  storage-full: the shared directory is full. Make room.\n");
}

static void a_leader_says_that_its_log_grows(void **state)
{
	(void)state;
	says("{\"cluster\": \"orders\", \"member\": \"jm-a\", \"state\": \"leader\", \"epoch\": 7, "
	     "\"lease_ms\": 5120, \"eligible\": true, \"leader\": {\"member\": \"jm-a\", "
	     "\"epoch\": 7}, "
	     "\"zookeeper\": {\"connected\": true, \"last_ack_ms\": 180}, "
	     "\"store\": {\"snapshot\": {\"sequence\": 3, \"error\": \"no space\"}}}",
	     NULL,
	     "jm-a leads cluster orders with epoch 7.\n"
	     "Its lease runs for another 5.1 s and is renewed as long as ZooKeeper answers (last "
	     "180 ms ago).\n"
	     "Its last snapshot was not written, so the log in the storage grows until one is; it "
	     "is "
	     "tried again: no space.\n");
}

static void who_may_not_take_over_says_what_the_storage_said(void **state)
{
	(void)state;
	says("{\"cluster\": \"orders\", \"member\": \"jm-b\", \"state\": \"standby\", \"epoch\": "
	     "7, "
	     "\"eligible\": false, \"reasons\": [\"storage-full\"], "
	     "\"leader\": {\"member\": \"jm-a\", \"epoch\": 7}, "
	     "\"zookeeper\": {\"connected\": true, \"last_ack_ms\": 180}, "
	     "\"store\": {\"error\": \"cannot append to /mnt/x.log: Disk quota exceeded\"}}",
	     NULL,
	     "jm-b of cluster orders does not lead: it is a standby.\n"
	     "jm-a leads with epoch 7.\n"
	     "It may not take over at the moment:\n"
	     "  storage-full: the shared directory is full. Make room.\n"
	     "What the storage said last: cannot append to /mnt/x.log: Disk quota exceeded.\n");
}

static void without_zookeeper_it_does_not_tell_of_others(void **state)
{
	(void)state;
	says(STATUS("jm-b", "disconnected", "false", "\"storage-full\"", "null"),
	     "{\"members\": [" MEMBER("jm-a", "standby", "true", "", "false") "]}",
	     "jm-b of cluster orders does not lead: it has no connection to ZooKeeper.\n"
	     "Who leads is not known here; the leader of epoch 7 was the last one that was seen.\n"
	     "It may not take over at the moment:\n"
	     "  storage-full: the shared directory is full. Make room.\n"
	     "What the others do cannot be seen from here; ask them.\n");
}

static void a_standby_says_what_it_waits_for(void **state)
{
	(void)state;
	says(STATUS("jm-b", "standby", "true", "",
	            "{\"member\": \"jm-a\", \"epoch\": 7, \"age_ms\": 120}"),
	     "{\"members\": []}",
	     "jm-b of cluster orders does not lead: it is a standby.\n"
	     "jm-a leads with epoch 7, as seen 120 ms ago.\n"
	     "It is eligible: it takes over when the leader ends, or on `jmhactl switchover "
	     "jm-b`.\n"
	     "No other member could take over now.\n");
}

static void a_member_that_may_not_says_why_and_what_to_do(void **state)
{
	(void)state;
	says(STATUS("jm-b", "standby", "false", "\"tick-mismatch\", \"new-reason\"", "null"), NULL,
	     "jm-b of cluster orders does not lead: it is a standby.\n"
	     "Nobody leads: the leader of epoch 7 is gone. The next one waits until its time is "
	     "over, at most the session timeout and a tick.\n"
	     "It may not take over at the moment:\n"
	     "  tick-mismatch: the ensemble's tickTime is not zookeeper.tick_ms. Set tick_ms to "
	     "the "
	     "servers' value and restart the daemon.\n"
	     "  new-reason: a newer jmhad's; this jmhactl does not know it.\n");
}

static void a_release_is_told_apart_from_a_loss(void **state)
{
	(void)state;
	says(STATUS("jm-b", "standby", "true", "", "null"),
	     "{\"released\": \"step-down\", \"members\": []}",
	     "jm-b of cluster orders does not lead: it is a standby.\n"
	     "Nobody leads: the leader of epoch 7 released (step-down).\n"
	     "It is eligible to take over.\n"
	     "No other member could take over now.\n");
}

static void a_member_that_has_not_read_the_register_does_not_guess(void **state)
{
	(void)state;
	says(STATUS("jm-b", "starting", "false", "\"zookeeper-auth\"", "null"), NULL,
	     "jm-b of cluster orders is starting: it has not read register and store yet.\n"
	     "Who leads is not known here yet; ask another member.\n"
	     "It may not take over at the moment:\n"
	     "  zookeeper-auth: ZooKeeper refuses the credentials. Check zookeeper.auth_file: all "
	     "members need the same.\n");
}

#define SEES(name, role, sees)                         \
	"{\"member\": \"" name "\", \"role\": \"" role \
	"\", \"state\": \"standby\", \"eligible\": "   \
	"false, \"reasons\": [], \"sees\": " sees ", \"self\": true}"

static void says_of_storage(const char *members, const char *expected)
{
	char cluster[1024], text[2048];

	(void)snprintf(cluster, sizeof(cluster), "{\"members\": [%s]}", members);
	(void)snprintf(text, sizeof(text),
	               "jm-b of cluster orders does not lead: it is a standby.\n"
	               "jm-a leads with epoch 7.\n"
	               "It is eligible: it takes over when the leader ends, or on `jmhactl "
	               "switchover "
	               "jm-b`.\n"
	               "No other member could take over now.\n%s",
	               expected);
	says(STATUS("jm-b", "standby", "true", "", "{\"member\": \"jm-a\", \"epoch\": 7}"), cluster,
	     text);
}

static void who_does_not_see_what_another_writes_is_named(void **state)
{
	(void)state;
	says_of_storage(
	        SEES("jm-a", "contender", "[\"jm-b\"]") "," SEES("jm-b", "contender", "[\"jm-a\"]"),
	        "");
	says_of_storage(SEES("jm-a", "contender", "[]") "," SEES("jm-b", "contender", "[\"jm-a\"]"),
	                "jm-a does not see what jm-b writes into storage.path: is the same file "
	                "system mounted on both?\n");
	says_of_storage(
	        SEES("jm-a", "contender", "[\"jm-b\"]") "," SEES(
	                "jm-b", "contender", "[\"jm-a\"]") "," SEES("jm-c", "contender", "[]"),
	        "jm-a does not see what jm-c writes into storage.path: is the same file system "
	        "mounted on both?\n"
	        "jm-b does not see what jm-c writes into storage.path: is the same file system "
	        "mounted on both?\n"
	        "jm-c does not see what jm-a, jm-b write into storage.path: is the same file "
	        "system "
	        "mounted on all of them?\n");
}

/* An observer writes nothing, an earlier release tells nothing, and who has gone is not missed. */
static void who_writes_or_tells_nothing_is_not_missed(void **state)
{
	(void)state;
	says_of_storage(
	        SEES("jm-a", "contender", "[\"jm-z\"]") "," SEES("jm-o", "observer", "[\"jm-a\"]"),
	        "");
	says_of_storage(SEES("jm-a", "contender", "null") "," SEES("jm-b", "contender", "[]"), "");
	says_of_storage(
	        MEMBER("jm-o", "standby", "false", "", "true") "," SEES("jm-b", "contender", "[]"),
	        "");
	says_of_storage(SEES("jm-a", "contender", "[]") "," SEES("jm-o", "observer", "[]"),
	                "jm-o does not see what jm-a writes into storage.path: is the same file "
	                "system mounted on both?\n");
}

#define NUMBERS(chain, revoke)                                                                  \
	"\"tolerance_ms\": 4990, \"lease_ms\": 5120, \"zookeeper\": {\"connected\": true, "     \
	"\"session_ms\": 10000, \"last_ack_ms\": 180}, \"lease\": {\"chain\": \"" chain         \
	"\", \"session_ms\": 10000, \"tick_ms\": 2000, \"heartbeat_ms\": 1000, \"jitter_ms\": " \
	"500, \"margin_ms\": "                                                                  \
	"2500, \"stop_ms\": 500, \"revoke_ms\": " revoke                                        \
	", \"answer_ms\": 1000, \"length_ms\": 6990}"
#define ARITHMETIC_TO_M                                                                  \
	"The lease, in ms:\n"                                                            \
	"  T = 10000 (session timeout, as negotiated), k = 2000 (tick_ms)\n"             \
	"  a heartbeat each h = k/2 = 1000; J = max(200, k/4) = 500\n"                   \
	"  M = k + J = 2500; the time since the last heartbeat that ZooKeeper's leader " \
	"knows of for certain, if that is longer\n"

/* What is said of these numbers alone. */
static char *said(void (*part)(FILE *f, const json_t *status), const char *status)
{
	json_error_t error;
	json_auto_t *s = json_loads(status, 0, &error);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!s)
		fail_msg("%s", error.text);
	part(f, s);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void the_arithmetic_of_a_leader_has_its_numbers(void **state)
{
	char *text = said(explain_lease, "{\"state\": \"leader\", " NUMBERS("valid", "0") "}");

	(void)state;
	assert_string_equal(text, ARITHMETIC_TO_M
	                    "  lease = 0.999 T - M - stop_ms 500 = 6990\n"
	                    "  A = max(300, T/10) = 1000; tolerance = lease - h - A = 4990: a "
	                    "ZooKeeper outage that is shorter changes nothing\n"
	                    "  left until the deadline: 5120\n");
	free(text);
}

static void a_leader_that_is_cut_off_counts_with_the_t_that_was_negotiated(void **state)
{
	char *text = said(explain_lease,
	                  "{\"state\": \"leader\", \"lease_ms\": 900, \"tolerance_ms\": 2146, "
	                  "\"zookeeper\": {\"connected\": false, \"session_ms\": 0}, \"lease\": "
	                  "{\"chain\": \"valid\", \"session_ms\": 4000, \"tick_ms\": 500, "
	                  "\"heartbeat_ms\": 250, \"jitter_ms\": 200, \"margin_ms\": 700, "
	                  "\"stop_ms\": 500, \"revoke_ms\": 0, \"answer_ms\": 400, "
	                  "\"length_ms\": 2796}}");

	(void)state;
	assert_non_null(strstr(text, "  T = 4000 (session timeout, as last negotiated, else as "
	                             "asked for), k = 500 (tick_ms)\n"));
	assert_non_null(strstr(text, " = 2796\n"));
	assert_non_null(strstr(text, "left until the deadline: 900\n"));
	free(text);
}

static void a_lease_without_room_is_no_arithmetic_that_is_wrong(void **state)
{
	char *text = said(explain_lease,
	                  "{\"state\": \"standby\", \"lease_ms\": 0, \"tolerance_ms\": 0, "
	                  "\"zookeeper\": {\"connected\": true, \"session_ms\": 1000}, \"lease\": "
	                  "{\"chain\": \"none\", \"session_ms\": 1000, \"tick_ms\": 500, "
	                  "\"heartbeat_ms\": 250, \"jitter_ms\": 200, \"margin_ms\": 700, "
	                  "\"stop_ms\": 500, \"revoke_ms\": 0, \"answer_ms\": 300, "
	                  "\"length_ms\": 0}}");

	(void)state;
	assert_non_null(strstr(text, "stop_ms 500 = 0: no room\n"));
	assert_non_null(strstr(text, "h - A = 0: no room for any ZooKeeper outage\n"));
	free(text);
}

static void the_arithmetic_of_a_standby_says_what_its_chain_is_worth(void **state)
{
	char *text =
	        said(explain_lease, "{\"state\": \"standby\", " NUMBERS("tentative", "1000") "}");

	(void)state;
	assert_string_equal(text, ARITHMETIC_TO_M
	                    "  lease = 0.999 T - M - stop_ms 500 = 6990, if it led\n"
	                    "  A = max(300, T/10) = 1000; tolerance = lease - h - A - revoke_ms "
	                    "1000 = 4990: a ZooKeeper outage that is shorter changes nothing\n"
	                    "  its chain of heartbeats is not valid yet: k after the first\n");
	free(text);
}

static void a_wait_says_for_what_and_how_long(void **state)
{
	char *text =
	        said(explain_waits, "{\"waits\": {\"for\": \"owner-lease\", \"left_ms\": 3200, "
	                            "\"latches_before\": 0}}");
	char *turn = said(explain_waits, "{\"waits\": {\"for\": \"turn\", \"left_ms\": null, "
	                                 "\"latches_before\": 2}}");
	char *none = said(explain_waits, "{\"waits\": {\"for\": \"nothing\", \"left_ms\": null}}");
	char *older = said(explain_waits, "{}");

	(void)state;
	assert_string_equal(text,
	                    "It waits until the last leader can no longer act: it did not say "
	                    "that it stopped, so its session timeout has to pass since its "
	                    "latch was seen gone; at most for another 3.2 s.\n");
	assert_string_equal(turn, "It waits for its turn.\n2 latches stand before its own.\n");
	assert_string_equal(none, "");
	assert_string_equal(older, "");
	free(text);
	free(turn);
	free(none);
	free(older);
}

static void every_wait_is_explained(void **state)
{
	(void)state;
	for (unsigned i = CORE_WAIT_NOTHING + 1; i < CORE_N_WAITS_; i++)
		if (!explain_wait(core_wait_code((enum core_wait)i)))
			fail_msg("%s is not explained", core_wait_code((enum core_wait)i));
	assert_null(explain_wait("nonsense"));
}

static void every_reason_is_explained(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_N_REASONS_; i++)
		if (!explain_reason(reason_code((enum reason)i)))
			fail_msg("%s is not explained", reason_code((enum reason)i));
	assert_null(explain_reason("nonsense"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leader_says_how_long_and_who_could_follow),
		cmocka_unit_test(a_leader_says_that_its_log_grows),
		cmocka_unit_test(who_may_not_take_over_says_what_the_storage_said),
		cmocka_unit_test(a_standby_says_what_it_waits_for),
		cmocka_unit_test(without_zookeeper_it_does_not_tell_of_others),
		cmocka_unit_test(a_member_that_may_not_says_why_and_what_to_do),
		cmocka_unit_test(a_release_is_told_apart_from_a_loss),
		cmocka_unit_test(who_does_not_see_what_another_writes_is_named),
		cmocka_unit_test(who_writes_or_tells_nothing_is_not_missed),
		cmocka_unit_test(a_member_that_has_not_read_the_register_does_not_guess),
		cmocka_unit_test(the_arithmetic_of_a_leader_has_its_numbers),
		cmocka_unit_test(a_leader_that_is_cut_off_counts_with_the_t_that_was_negotiated),
		cmocka_unit_test(a_lease_without_room_is_no_arithmetic_that_is_wrong),
		cmocka_unit_test(the_arithmetic_of_a_standby_says_what_its_chain_is_worth),
		cmocka_unit_test(a_wait_says_for_what_and_how_long),
		cmocka_unit_test(every_wait_is_explained),
		cmocka_unit_test(every_reason_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
