/* SPDX-License-Identifier: Apache-2.0 */
/* Every finding about a cluster, from what daemons say, and a cluster that is right. */
#include "readiness/cluster_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "readiness/cluster_rest.h"
#include "tests/unit/job_bench.h"

#define STATUS                                                                          \
	"{\"cluster\":\"orders\",\"tolerance_ms\":2146,\"lease\":{\"session_ms\":8000," \
	"\"tick_ms\":500,\"length_ms\":2796},\"zookeeper\":{\"servers\":3}}"
#define MEMBER(name, host, role, eligible, sees)                          \
	"{\"member\":\"" name "\",\"host\":\"" host "\",\"role\":\"" role \
	"\",\"state\":\"standby\",\"eligible\":" eligible ",\"sees\":" sees "}"
#define MEMBERS(list) "{\"members\":[" list "]}"
#define TWO                                                        \
	MEMBER("jm-a", "hosta", "contender", "true", "[\"jm-b\"]") \
	"," MEMBER("jm-b", "hostb", "contender", "true", "[\"jm-a\"]")
#define HISTORY                                                                                 \
	"{\"terms\":[{\"epoch\":1,\"leader\":\"jm-a\",\"start\":\"2026-11-24T13:05:03.292Z\"}," \
	"{\"epoch\":2,\"leader\":\"jm-b\",\"start\":\"2026-11-25T13:05:03.292Z\",\"cause\":"    \
	"\"switchover\",\"detect_ms\":1.2,\"fence_ms\":2.3,\"recover_ms\":10.1}]}"

#define FINE_SHARE "storage-shared-fine= "
#define FINE_REST  "zookeeper-servers-fine= lease-fine= last-failover="

static struct findings f;

static int teardown(void **state)
{
	(void)state;
	findings_done(&f);
	return 0;
}

static const char *look(const char *status, const char *members, const char *history)
{
	int (*const read[])(const json_t *, struct cluster_facts *) = { cluster_rest_status,
		                                                        cluster_rest_members,
		                                                        cluster_rest_history };
	const char *const texts[] = { status, members, history };
	struct cluster_facts c = cluster_facts_none;

	for (size_t i = 0; i < 3; i++) {
		json_auto_t *o = json_loads(texts[i], 0, NULL);

		assert_non_null(o);
		assert_int_equal(read[i](o, &c), 0);
	}
	findings_done(&f);
	cluster_check(&c, &f);
	assert_false(findings_failed(&f));
	cluster_facts_done(&c);
	return bench_codes(&f);
}

static void says(size_t n, const char *object, const char *seen)
{
	assert_true(n < f.n);
	assert_string_equal(f.item[n].object, object);
	if (!strstr(f.item[n].seen, seen))
		fail_msg("\"%s\" is not in: %s", seen, f.item[n].seen);
}

static void a_right_cluster_is_clean(void **state)
{
	(void)state;
	assert_string_equal(look(STATUS, MEMBERS(TWO), HISTORY),
	                    "members-fine= " FINE_SHARE FINE_REST);
	says(0, "cluster orders", "2 members may lead, on 2 hosts");
	says(3, "cluster orders", "session 8000 ms; a leader gets over 2146 ms without ZooKeeper");
	says(4, "cluster orders",
	     "jm-b took over at 2026-11-25T13:05:03.292Z (switchover), in 14 ms");
}

static void what_no_daemon_says_is_not_found_wrong(void **state)
{
	(void)state;
	assert_string_equal(look("{}", "{}", "{}"), "");
}

static void too_few_that_could_lead(void **state)
{
	(void)state;
	assert_string_equal(
	        look(STATUS, MEMBERS(MEMBER("jm-a", "hosta", "contender", "true", "[]")), HISTORY),
	        "members-eligible! " FINE_REST);
	says(0, "cluster orders", "1 of 1 members may lead");
	/* Neither an observer nor one that is not eligible counts. */
	assert_string_equal(
	        look(STATUS,
	             MEMBERS(MEMBER("jm-a", "hosta", "contender", "true", "[\"jm-b\"]") "," MEMBER(
	                     "jm-b", "hostb", "contender", "false",
	                     "[\"jm-a\"]") "," MEMBER("ob", "hostc", "observer", "true", "[]")),
	             HISTORY),
	        "members-eligible! " FINE_SHARE FINE_REST);
	says(0, "cluster orders", "1 of 2 members may lead");
}

static void all_on_one_host(void **state)
{
	(void)state;
	assert_string_equal(
	        look(STATUS,
	             MEMBERS(MEMBER("jm-a", "hosta", "contender", "true", "[\"jm-b\"]") "," MEMBER(
	                     "jm-b", "hosta", "contender", "true", "[\"jm-a\"]")),
	             HISTORY),
	        "members-eligible " FINE_SHARE FINE_REST);
}

static void storage_that_is_not_the_same(void **state)
{
	(void)state;
	assert_string_equal(
	        look(STATUS,
	             MEMBERS(MEMBER("jm-a", "hosta", "contender", "true", "[]") "," MEMBER(
	                     "jm-b", "hostb", "contender", "true", "[\"jm-a\"]")),
	             HISTORY),
	        "members-fine= storage-not-shared! " FINE_REST);
	says(1, "member jm-a", "it does not see the sign of jm-b in the storage");
	assert_string_equal(
	        look(STATUS,
	             MEMBERS(MEMBER("jm-a", "hosta", "contender", "true", "null") "," MEMBER(
	                     "jm-b", "hostb", "contender", "true", "[\"jm-a\"]")),
	             HISTORY),
	        "members-fine= storage-sharing-not-known? " FINE_REST);
	/* An older one has no sign to be seen. */
	assert_string_equal(
	        look(STATUS,
	             MEMBERS(MEMBER("jm-a", "hosta", "contender", "true",
	                            "[]") "," MEMBER("jm-b", "hostb", "contender", "true", "null")),
	             HISTORY),
	        "members-fine= storage-sharing-not-known? " FINE_REST);
}

static const char *with_servers(const char *n)
{
	char status[256];

	(void)snprintf(status, sizeof(status), "{\"cluster\":\"o\",\"zookeeper\":{\"servers\":%s}}",
	               n);
	return look(status, "{}", "{}");
}

static void how_many_servers(void **state)
{
	(void)state;
	assert_string_equal(with_servers("1"), "zookeeper-servers");
	says(0, "cluster o", "1 ZooKeeper server");
	assert_string_equal(with_servers("2"), "zookeeper-servers");
	assert_string_equal(with_servers("3"), "zookeeper-servers-fine=");
	assert_string_equal(with_servers("4"), "zookeeper-servers?");
	assert_string_equal(with_servers("5"), "zookeeper-servers-fine=");
}

static const char *with_lease(int session_ms, int tolerance_ms)
{
	char status[256];

	(void)snprintf(status, sizeof(status),
	               "{\"tolerance_ms\":%d,\"lease\":{\"session_ms\":%d}}", tolerance_ms,
	               session_ms);
	return look(status, "{}", "{}");
}

static void how_long_the_lease(void **state)
{
	(void)state;
	assert_string_equal(with_lease(4000, 1000), "lease-fine=");
	assert_string_equal(with_lease(3999, 1000), "session-short");
	assert_string_equal(with_lease(4000, 999), "lease-short");
	says(0, "cluster ?", "a leader gets over 999 ms without ZooKeeper, less than 1000");
	assert_string_equal(with_lease(2000, 0), "session-short lease-short");
}

static void nobody_has_tried_it(void **state)
{
	(void)state;
	assert_string_equal(look("{}", "{}", "{\"terms\":[]}"), "no-failover-seen?");
	assert_string_equal(
	        look("{}", "{}", "{\"terms\":[{\"leader\":\"jm-a\",\"start\":\"2026\"}]}"),
	        "no-failover-seen?");
	/* It has led twice, and nobody else. */
	assert_string_equal(look("{}", "{}",
	                         "{\"terms\":[{\"leader\":\"jm-a\",\"start\":\"2026\"},"
	                         "{\"leader\":\"jm-a\",\"start\":\"2027\"}]}"),
	                    "no-failover-seen?");
	assert_string_equal(look("{}", "{}",
	                         "{\"terms\":[{\"leader\":\"jm-a\",\"start\":\"2026\"},"
	                         "{\"leader\":\"jm-b\",\"start\":\"2027\"},"
	                         "{\"leader\":\"jm-b\",\"start\":\"2028\"}]}"),
	                    "last-failover=");
	says(0, "cluster ?", "jm-b took over at 2027 (?)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_right_cluster_is_clean, teardown),
		cmocka_unit_test_teardown(what_no_daemon_says_is_not_found_wrong, teardown),
		cmocka_unit_test_teardown(too_few_that_could_lead, teardown),
		cmocka_unit_test_teardown(all_on_one_host, teardown),
		cmocka_unit_test_teardown(storage_that_is_not_the_same, teardown),
		cmocka_unit_test_teardown(how_many_servers, teardown),
		cmocka_unit_test_teardown(how_long_the_lease, teardown),
		cmocka_unit_test_teardown(nobody_has_tried_it, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
