/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/api_fake.h"

static struct fake fake;
static struct api_context context;

static int setup(void **state)
{
	(void)state;
	fake_init(&fake);
	fake_context(&fake, &context);
	return 0;
}

static char *metrics(void)
{
	struct api_request req = fake_request(&context, "GET", "/metrics");
	struct api_reply reply = { 0 };
	char *text;

	api_metrics_get(&req, &reply);
	assert_int_equal(reply.http, 200);
	assert_int_equal(reply.size, strlen(reply.body));
	text = strdup(reply.body);
	api_reply_done(&reply);
	return text;
}

static void a_leader_shows_its_lease_and_epoch(void **state)
{
	char *text = metrics();

	(void)state;
	assert_non_null(strstr(text, "\njmha_leader 1\n"));
	assert_non_null(strstr(text, "\njmha_epoch 7\n"));
	assert_non_null(strstr(text, "\njmha_lease_seconds 5.120000\n"));
	assert_non_null(strstr(text, "\njmha_state{state=\"leader\"} 1\n"));
	assert_non_null(strstr(text, "\njmha_zookeeper_connected 1\n"));
	assert_non_null(strstr(text, "\njmha_pointers 12\n"));
	assert_non_null(strstr(text, "\njmha_parked_jobs 0\n"));
	assert_non_null(strstr(text, "\njmha_endpoints 2\n"));
	assert_non_null(strstr(text, "\njmha_endpoints_epoch 7\n"));
	assert_non_null(strstr(text, "\njmha_endpoints_age_seconds 0.040000\n"));
	assert_non_null(strstr(text, "\njmha_endpoints_stale 0\n"));
	free(text);
}

static void a_snapshot_that_failed_is_shown(void **state)
{
	char *text = metrics();

	(void)state;
	assert_non_null(strstr(text, "\njmha_snapshot_sequence 0\n"));
	assert_non_null(strstr(text, "\njmha_snapshot_failed 0\n"));
	free(text);
	fake.status.store.snapshot = 31;
	fake.status.store.snapshot_error = "no space";
	text = metrics();
	assert_non_null(strstr(text, "\njmha_snapshot_sequence 31\n"));
	assert_non_null(strstr(text, "\njmha_snapshot_failed 1\n"));
	free(text);
}

static void members_whose_writing_is_not_seen_are_counted(void **state)
{
	char *text;

	(void)state;
	fake.status.store.n_unseen = 2;
	text = metrics();
	assert_non_null(strstr(text, "\njmha_storage_unseen_members 2\n"));
	free(text);
}

static void a_standby_that_may_not_lead_says_why(void **state)
{
	char *text;

	(void)state;
	fake.status.state = "standby";
	fake.status.lease = 0;
	fake.status.eligible = false;
	fake.status.reasons = (struct reason_list){ 1, { "not-caught-up" } };
	text = metrics();
	assert_non_null(strstr(text, "\njmha_leader 0\n"));
	assert_non_null(strstr(text, "\njmha_eligible 0\n"));
	assert_non_null(strstr(text, "\njmha_not_eligible{reason=\"not-caught-up\"} 1\n"));
	free(text);
}

static void labels_are_escaped(void **state)
{
	char *text;

	(void)state;
	fake.status.cluster = "a\"b\\c\nd";
	text = metrics();
	assert_non_null(strstr(text, "cluster=\"a\\\"b\\\\c\\nd\","));
	free(text);
}

static void counters_and_replies_by_status_are_shown(void **state)
{
	char *text;

	(void)state;
	fake.counters.commits = 41;
	fake.counters.transitions = 3;
	context.replies[200] = 17;
	context.replies[409] = 2;
	text = metrics();
	assert_non_null(strstr(text, "\njmha_commits_total 41\n"));
	assert_non_null(strstr(text, "\njmha_transitions_total 3\n"));
	assert_non_null(strstr(text, "\njmha_api_requests_total{code=\"200\"} 17\n"));
	assert_non_null(strstr(text, "\njmha_api_requests_total{code=\"409\"} 2\n"));
	assert_null(strstr(text, "code=\"404\""));
	free(text);
}

static void late_heartbeats_are_counted_by_bounds(void **state)
{
	char *text;

	(void)state;
	memset(&fake.counters, 0, sizeof(fake.counters));
	lateness_add(&fake.counters.late, 0);
	lateness_add(&fake.counters.late, 1000);
	lateness_add(&fake.counters.late, 1001);
	lateness_add(&fake.counters.late, 2 * USEC_PER_SEC);
	text = metrics();
	assert_non_null(strstr(text, "\njmha_heartbeat_late_seconds_bucket{le=\"0.001\"} 2\n"));
	assert_non_null(strstr(text, "\njmha_heartbeat_late_seconds_bucket{le=\"0.002\"} 3\n"));
	assert_non_null(strstr(text, "\njmha_heartbeat_late_seconds_bucket{le=\"1.000\"} 3\n"));
	assert_non_null(strstr(text, "\njmha_heartbeat_late_seconds_bucket{le=\"+Inf\"} 4\n"));
	assert_non_null(strstr(text, "\njmha_heartbeat_late_seconds_sum 2.002001\n"));
	assert_non_null(strstr(text, "\njmha_heartbeat_late_seconds_count 4\n"));
	free(text);
}

/* Of a histogram: its samples are named after it. */
static bool belongs(const char *line, const char *family)
{
	static const char *const parts[] = { "", "_bucket", "_sum", "_count" };
	size_t n = strlen(family), whole = strcspn(line, " {");

	if (strncmp(line, family, n) != 0)
		return false;
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (whole == n + strlen(parts[i]) &&
		    strncmp(line + n, parts[i], strlen(parts[i])) == 0)
			return true;
	return false;
}

/* Every sample belongs to the family whose HELP and TYPE stand before it. */
static void every_sample_has_help_and_type(void **state)
{
	char *text = metrics(), *rest = text, *line, family[80] = "";
	unsigned samples = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			size_t n = strcspn(line + 7, " ");

			assert_true(n < sizeof(family));
			memcpy(family, line + 7, n);
			family[n] = '\0';
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			assert_memory_equal(line + 7, family, strlen(family));
		} else {
			assert_true(belongs(line, family));
			samples++;
		}
	}
	assert_true(samples > 15);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_leader_shows_its_lease_and_epoch, setup),
		cmocka_unit_test_setup(a_snapshot_that_failed_is_shown, setup),
		cmocka_unit_test_setup(members_whose_writing_is_not_seen_are_counted, setup),
		cmocka_unit_test_setup(a_standby_that_may_not_lead_says_why, setup),
		cmocka_unit_test_setup(labels_are_escaped, setup),
		cmocka_unit_test_setup(counters_and_replies_by_status_are_shown, setup),
		cmocka_unit_test_setup(late_heartbeats_are_counted_by_bounds, setup),
		cmocka_unit_test_setup(every_sample_has_help_and_type, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
