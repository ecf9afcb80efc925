/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/api_status.h"

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

static unsigned ask(void (*handler)(const struct api_request *, struct api_reply *), json_t **ret)
{
	struct api_request req = fake_request(&context, "GET", "/");
	struct api_reply reply = { 0 };
	unsigned http;

	handler(&req, &reply);
	http = reply.http;
	*ret = fake_json(&reply);
	api_reply_done(&reply);
	return http;
}

static void expect(json_t *got, const char *text)
{
	json_t *want = json_loads(text, 0, NULL);
	char *shown = json_dumps(got, JSON_COMPACT | JSON_REAL_PRECISION(12));

	assert_non_null(want);
	if (!json_equal(want, got))
		fail_msg("got %s\nwant %s", shown, text);
	free(shown);
	json_decref(want);
	json_decref(got);
}

static void status_has_every_field_of_the_design(void **state)
{
	json_t *o;

	(void)state;
	assert_int_equal(ask(api_status_get, &o), 200);
	expect(o,
	       "{\"version\":1,\"cluster\":\"orders\",\"member\":\"jm-a\",\"role\":\"contender\","
	       "\"state\":\"leader\",\"epoch\":7,\"leader\":{\"member\":\"jm-a\",\"epoch\":7},"
	       "\"lease_ms\":5120,\"eligible\":true,\"reasons\":[],\"tolerance_ms\":4990,"
	       "\"lease\":{\"chain\":\"valid\",\"session_ms\":10000,\"tick_ms\":2000,"
	       "\"heartbeat_ms\":1000,"
	       "\"jitter_ms\":500,\"margin_ms\":2500,\"stop_ms\":500,\"revoke_ms\":0,"
	       "\"answer_ms\":1000,\"length_ms\":6990},"
	       "\"waits\":{\"for\":\"nothing\",\"left_ms\":null,\"latches_before\":0},"
	       "\"maintenance\":null,\"watchdog\":\"systemd\",\"guard_lacks\":[\"realtime\"],"
	       "\"zookeeper\":{\"connected\":true,"
	       "\"server\":\"10.0.0.1:2181\",\"session_ms\":10000,\"last_ack_ms\":180,\"servers\":"
	       "3},"
	       "\"jobmanager\":{\"mode\":\"cold\",\"state\":\"granted\",\"pid\":4711,"
	       "\"foreign_pid\":null,"
	       "\"restarts\":0,\"health\":null},\"store\":{\"sequence\":99,\"pointers\":12,"
	       "\"damaged\":0,"
	       "\"damaged_keys\":[],\"snapshot\":{\"sequence\":0,\"error\":null},\"error\":null,"
	       "\"log_error\":"
	       "null,\"path\":\"/mnt/"
	       "ha/jmha\",\"state\":\"ok\"},"
	       "\"parked_count\":0,\"parked\":[],"
	       "\"last_transition\":{\"from\":\"standby\",\"to\":\"leader\",\"cause\":"
	       "\"predecessor-gone\",\"epoch\":7,\"at\":\"2026-11-22T10:00:00.123Z\","
	       "\"detect_ms\":3.1,\"claim_ms\":2.2,\"grant_ms\":0.4}}");
}

static void status_of_another_member_tells_how_old_its_knowledge_is(void **state)
{
	json_t *o;

	(void)state;
	fake.status.state = "standby";
	fake.status.leader = (struct leader_view){ "jm-b", { 8 }, false, usec_from_ms(250) };
	(void)ask(api_status_get, &o);
	assert_int_equal(
	        json_integer_value(json_object_get(json_object_get(o, "leader"), "age_ms")), 250);
	json_decref(o);
}

static void what_is_not_there_is_null(void **state)
{
	json_t *o;

	(void)state;
	fake.status.leader.member = NULL;
	fake.status.jobmanager.pid = 0;
	fake.status.zookeeper.server = NULL;
	fake.status.zookeeper.last_ack = USEC_INFINITY;
	fake.status.has_transition = false;
	(void)ask(api_status_get, &o);
	assert_true(json_is_null(json_object_get(o, "leader")));
	assert_true(json_is_null(json_object_get(o, "last_transition")));
	assert_true(json_is_null(json_object_get(json_object_get(o, "jobmanager"), "pid")));
	assert_true(json_is_null(json_object_get(json_object_get(o, "zookeeper"), "server")));
	assert_true(json_is_null(json_object_get(json_object_get(o, "zookeeper"), "last_ack_ms")));
	json_decref(o);
}

static void health_is_shown_when_somebody_is_asked(void **state)
{
	json_t *o, *health;

	(void)state;
	fake.status.jobmanager.health.asked = true;
	fake.status.jobmanager.health.ok = true;
	(void)ask(api_status_get, &o);
	health = json_object_get(json_object_get(o, "jobmanager"), "health");
	assert_true(json_is_true(json_object_get(health, "ok")));
	assert_true(json_is_null(json_object_get(health, "last")));
	json_decref(o);
	fake.status.jobmanager.health.ok = false;
	fake.status.jobmanager.health.failures = 2;
	fake.status.jobmanager.health.last = "Connection refused";
	(void)ask(api_status_get, &o);
	health = json_object_get(json_object_get(o, "jobmanager"), "health");
	assert_true(json_is_false(json_object_get(health, "ok")));
	assert_int_equal(json_integer_value(json_object_get(health, "failures")), 2);
	assert_string_equal(json_string_value(json_object_get(health, "last")),
	                    "Connection refused");
	json_decref(o);
}

static void reasons_damaged_keys_and_maintenance_are_named(void **state)
{
	json_t *o, *store;

	(void)state;
	fake.status.eligible = false;
	fake.status.reasons = (struct reason_list){ 2, { "pause", "storage-full" } };
	fake.status.store.n_damaged = 12;
	fake.status.store.damaged[0] = "jobs/a";
	fake.status.store.snapshot = 31;
	fake.status.store.snapshot_error = "no space";
	fake.status.maintenance = true;
	fake.status.maintenance_until = 1795341600000000;
	fake.status.maintenance_by = "uid 0";
	fake.status.maintenance_why = "move";
	(void)ask(api_status_get, &o);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "reasons"), 1)),
	                    "storage-full");
	store = json_object_get(o, "store");
	assert_int_equal(json_integer_value(json_object_get(store, "damaged")), 12);
	assert_int_equal(json_array_size(json_object_get(store, "damaged_keys")), 1);
	expect(json_incref(json_object_get(store, "snapshot")),
	       "{\"sequence\":31,\"error\":\"no space\"}");
	assert_string_equal(
	        json_string_value(json_object_get(json_object_get(o, "maintenance"), "until")),
	        "2026-11-22T10:00:00.000Z");
	json_decref(o);
}

static void parked_jobs_are_shown_and_all_of_them_counted(void **state)
{
	json_t *o, *parked;

	(void)state;
	fake.status.n_parked = 40;
	for (unsigned i = 0; i < BACKEND_MAX_PARKED; i++)
		fake.status.parked[i] = (struct parked_job){ "0a", "gone", 1795341600000000 };
	(void)ask(api_status_get, &o);
	assert_int_equal(json_integer_value(json_object_get(o, "parked_count")), 40);
	parked = json_object_get(o, "parked");
	assert_int_equal(json_array_size(parked), BACKEND_MAX_PARKED);
	expect(json_incref(json_array_get(parked, 15)),
	       "{\"jobid\":\"0a\",\"why\":\"gone\",\"since\":\"2026-11-22T10:00:00.000Z\"}");
	json_decref(o);
}

static void bytes_that_are_no_text_do_not_break_status(void **state)
{
	json_t *o;

	(void)state;
	fake.status.store.path = "/mnt/\xff\xfe/ha";
	assert_int_equal(ask(api_status_get, &o), 200);
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "store"), "path")),
	                    "/mnt/?\?/ha");
	json_decref(o);
}

static void cluster_lists_all_members_and_the_leader(void **state)
{
	json_t *o;

	(void)state;
	assert_int_equal(ask(api_status_cluster, &o), 200);
	expect(o,
	       "{\"version\":1,\"cluster\":\"orders\",\"epoch\":7,\"leader\":{\"member\":"
	       "\"jm-a\",\"epoch\":7},\"released\":null,\"age_ms\":40,\"members\":[{\"member\":"
	       "\"jm-a\",\"host\":\"a\",\"role\":\"contender\",\"state\":\"leader\",\"eligible\":"
	       "true,\"reasons\":[],\"sequence\":99,\"stopped\":0,\"jmha\":\"0.1.0\",\"api\":"
	       "null,\"sees\":[\"jm-b\",\"jm-c\"],\"self\":true},{\"member\":\"jm-b\",\"host\":"
	       "\"b\",\"role\":\"contender\","
	       "\"state\":\"standby\",\"eligible\":false,\"reasons\":[\"pause\","
	       "\"not-caught-up\"],\"sequence\":98,\"stopped\":6,\"jmha\":\"0.1.0\",\"api\":"
	       "\"127.0.0.1:9180\",\"sees\":null,\"self\":false}]}");
}

static void who_sees_nobody_is_told_from_who_does_not_tell(void **state)
{
	json_t *o;

	(void)state;
	fake.members[0].sees = NULL;
	fake.members[1].sees = "";
	assert_int_equal(ask(api_status_cluster, &o), 200);
	assert_true(json_is_null(
	        json_object_get(json_array_get(json_object_get(o, "members"), 0), "sees")));
	assert_int_equal(json_array_size(json_object_get(
	                         json_array_get(json_object_get(o, "members"), 1), "sees")),
	                 0);
	assert_true(json_is_array(
	        json_object_get(json_array_get(json_object_get(o, "members"), 1), "sees")));
	json_decref(o);
}

static void history_leaves_open_what_goes_on(void **state)
{
	json_t *o;

	(void)state;
	assert_int_equal(ask(api_status_history, &o), 200);
	expect(o, "{\"version\":1,\"terms\":[{\"epoch\":6,\"leader\":\"jm-b\",\"start\":"
	          "\"2026-11-22T09:59:59.000Z\",\"end\":\"2026-11-22T10:00:00.000Z\",\"cause\":"
	          "\"predecessor-gone\",\"detect_ms\":3.1,\"fence_ms\":2.2,\"recover_ms\":4.0},"
	          "{\"epoch\":7,\"leader\":\"jm-a\",\"start\":\"2026-11-22T10:00:00.000Z\","
	          "\"end\":null,\"cause\":null,\"detect_ms\":3.1,\"fence_ms\":2.2,"
	          "\"recover_ms\":null}]}");
}

/* P5: the backend is asked each time, nothing is remembered. */
static void the_answer_to_leader_changes_with_the_state(void **state)
{
	json_t *o;

	(void)state;
	assert_int_equal(ask(api_status_leader, &o), 200);
	json_decref(o);
	assert_int_equal(ask(api_status_standby, &o), 503);
	json_decref(o);
	fake.status.state = "stopping";
	assert_int_equal(ask(api_status_leader, &o), 503);
	json_decref(o);
	fake.status.state = "standby";
	assert_int_equal(ask(api_status_leader, &o), 503);
	json_decref(o);
	assert_int_equal(ask(api_status_standby, &o), 200);
	json_decref(o);
}

static void healthy_is_who_is_in_touch_or_leads(void **state)
{
	static const struct {
		const char *state;
		unsigned http;
	} cases[] = {
		{ "starting", 503 }, { "disconnected", 503 }, { "standby", 200 },
		{ "leader", 200 },   { "observer", 200 },     { "stopping", 200 },
	};
	json_t *o;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.status.state = cases[i].state;
		assert_int_equal(ask(api_status_health, &o), cases[i].http);
		json_decref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(status_has_every_field_of_the_design, setup),
		cmocka_unit_test_setup(status_of_another_member_tells_how_old_its_knowledge_is,
		                       setup),
		cmocka_unit_test_setup(what_is_not_there_is_null, setup),
		cmocka_unit_test_setup(health_is_shown_when_somebody_is_asked, setup),
		cmocka_unit_test_setup(reasons_damaged_keys_and_maintenance_are_named, setup),
		cmocka_unit_test_setup(parked_jobs_are_shown_and_all_of_them_counted, setup),
		cmocka_unit_test_setup(bytes_that_are_no_text_do_not_break_status, setup),
		cmocka_unit_test_setup(cluster_lists_all_members_and_the_leader, setup),
		cmocka_unit_test_setup(who_sees_nobody_is_told_from_who_does_not_tell, setup),
		cmocka_unit_test_setup(history_leaves_open_what_goes_on, setup),
		cmocka_unit_test_setup(the_answer_to_leader_changes_with_the_state, setup),
		cmocka_unit_test_setup(healthy_is_who_is_in_touch_or_leads, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
