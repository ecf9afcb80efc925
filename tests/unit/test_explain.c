/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
	     "It is eligible and waits for its turn.\n"
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
		cmocka_unit_test(a_standby_says_what_it_waits_for),
		cmocka_unit_test(without_zookeeper_it_does_not_tell_of_others),
		cmocka_unit_test(a_member_that_may_not_says_why_and_what_to_do),
		cmocka_unit_test(a_release_is_told_apart_from_a_loss),
		cmocka_unit_test(a_member_that_has_not_read_the_register_does_not_guess),
		cmocka_unit_test(every_reason_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
