/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void shows(void (*view)(FILE *f, const json_t *json), const char *json, const char *expected)
{
	json_error_t error;
	json_auto_t *o = json_loads(json, 0, &error);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!o)
		fail_msg("%s", error.text);
	view(f, o);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void status_of_a_leader(void **state)
{
	(void)state;
	/* The example of DESIGN section 8. */
	shows(view_status,
	      "{\"version\": 1, \"cluster\": \"orders\", \"member\": \"jm-a\", \"role\": "
	      "\"contender\", \"state\": \"leader\", \"epoch\": 7, \"leader\": {\"member\": "
	      "\"jm-a\", \"epoch\": 7}, \"lease_ms\": 5120, \"eligible\": true, \"reasons\": [], "
	      "\"tolerance_ms\": 3990, \"maintenance\": null, \"watchdog\": \"systemd\", "
	      "\"zookeeper\": {\"connected\": true, \"server\": \"10.0.0.1:2181\", \"session_ms\": "
	      "10000, \"last_ack_ms\": 180}, \"jobmanager\": {\"mode\": \"hot\", \"state\": "
	      "\"granted\", \"pid\": 4711, \"restarts\": 0, \"health\": {\"ok\": true, "
	      "\"failures\": 0, \"last\": \"200\"}}, \"store\": {\"sequence\": 99, "
	      "\"pointers\": 12, \"snapshot\": {\"sequence\": 90, \"error\": null}, "
	      "\"path\": \"/mnt/ha/jmha\", \"state\": \"ok\"}, "
	      "\"last_transition\": {\"from\": \"standby\", \"to\": \"leader\", \"cause\": "
	      "\"predecessor-gone\", \"at\": \"2026-11-22T10:00:00.123Z\", \"detect_ms\": 3.1, "
	      "\"claim_ms\": 2.2, \"grant_ms\": 0.4}}",
	      "Member jm-a of cluster orders\n"
	      "  State        leader (contender), lease for 5.1 s\n"
	      "  Leader       jm-a, epoch 7\n"
	      "  Epoch        7\n"
	      "  Eligible     yes\n"
	      "  Tolerance    4.0 s without ZooKeeper\n"
	      "  ZooKeeper    connected to 10.0.0.1:2181, session 10.0 s, last answer 180 ms ago\n"
	      "  JobManager   granted (hot)\n"
	      "               pid 4711, 0 restarts\n"
	      "               answers its health probe: 200\n"
	      "  Store        ok, 12 pointers, sequence 99, /mnt/ha/jmha\n"
	      "  Snapshot     of all up to sequence 90\n"
	      "  Last change  standby -> leader, predecessor-gone, 2026-11-22 10:00:00 UTC\n"
	      "               detected in 3.1 ms, claimed in 2.2 ms, granted in 0.4 ms\n");
}

static void status_of_a_standby_in_trouble(void **state)
{
	(void)state;
	shows(view_status,
	      "{\"cluster\": \"orders\", \"member\": \"jm-b\", \"role\": \"contender\", \"state\": "
	      "\"disconnected\", \"epoch\": 7, \"leader\": null, \"lease_ms\": 0, \"eligible\": "
	      "false, \"reasons\": [\"zookeeper-down\", \"storage-full\"], \"tolerance_ms\": 4990, "
	      "\"maintenance\": {\"until\": \"2026-11-22T10:00:00.123Z\", \"by\": \"eve\", "
	      "\"why\": \"disk\\u001b[2J\"}, \"zookeeper\": {\"connected\": false, \"server\": "
	      "null, \"session_ms\": 0, \"last_ack_ms\": 150000}, \"jobmanager\": {\"mode\": "
	      "\"cold\", \"state\": \"stopped\", \"pid\": null, \"restarts\": 0, \"health\": "
	      "{\"ok\": false, \"failures\": 2, \"last\": \"Connection refused\"}}, \"store\": "
	      "{\"sequence\": 99, \"pointers\": 12, \"damaged\": 2, \"damaged_keys\": [\"jobs/a\", "
	      "\"jobs/b\"], \"snapshot\": {\"sequence\": 7, \"error\": \"no space\"}, "
	      "\"path\": \"/p\", \"state\": \"storage-full\"}, \"last_transition\": "
	      "null}",
	      "Member jm-b of cluster orders\n"
	      "  State        disconnected (contender)\n"
	      "  Leader       none\n"
	      "  Epoch        7\n"
	      "  Eligible     no: zookeeper-down, storage-full\n"
	      "  Tolerance    5.0 s without ZooKeeper\n"
	      "  ZooKeeper    not connected, last answer 2 min ago\n"
	      "  JobManager   stopped (cold)\n"
	      "               does not answer its health probe: Connection refused, 2 in a row\n"
	      "  Store        storage-full, 12 pointers, sequence 99, /p\n"
	      "  Snapshot     not written, the log grows: no space\n"
	      "  Damaged      2: jobs/a, jobs/b\n"
	      "  Maintenance  until 2026-11-22 10:00:00 UTC, by eve: disk?[2J\n");
}

static void parked_jobs_have_a_way_back(void **state)
{
	(void)state;
	shows(view_status,
	      "{\"cluster\": \"orders\", \"member\": \"jm-a\", \"role\": \"observer\", \"state\": "
	      "\"observer\", \"epoch\": 7, \"leader\": null, \"tolerance_ms\": 4990, "
	      "\"zookeeper\": {\"connected\": false}, \"jobmanager\": {\"mode\": \"hot\", "
	      "\"state\": \"stopped\"}, \"store\": {\"sequence\": 1, \"pointers\": 2, \"path\": "
	      "\"/p\", \"state\": \"ok\"}, \"parked_count\": 3, \"parked\": [{\"jobid\": \"0a\", "
	      "\"why\": \"gone\"}, {\"jobid\": \"0b\", \"why\": \"short\\n\"}]}",
	      "Member jm-a of cluster orders\n"
	      "  State        observer (observer)\n"
	      "  Leader       none\n"
	      "  Epoch        7\n"
	      "  Tolerance    5.0 s without ZooKeeper\n"
	      "  ZooKeeper    not connected\n"
	      "  JobManager   stopped (hot)\n"
	      "  Store        ok, 2 pointers, sequence 1, /p\n"
	      "  Parked       0a: gone\n"
	      "               put the file back; the job comes back by itself, or: jmhactl recover "
	      "0a\n"
	      "  Parked       0b: short?\n"
	      "               put the file back; the job comes back by itself, or: jmhactl recover "
	      "0b\n"
	      "               and 1 more\n");
}

#define MEMBER(name, role, state, eligible, reasons, sequence, self)                          \
	"{\"member\": \"" name "\", \"host\": \"h-" name "\", \"role\": \"" role              \
	"\", \"state\": \"" state "\", \"eligible\": " eligible ", \"reasons\": [" reasons    \
	"], \"sequence\": " sequence ", \"stopped\": 0, \"jmha\": \"0.1.0\", \"api\": null, " \
	"\"self\": " self "}"

static void the_cluster_as_a_table(void **state)
{
	(void)state;
	shows(view_cluster,
	      "{\"version\": 1, \"cluster\": \"orders\", \"epoch\": 7, \"leader\": {\"member\": "
	      "\"jm-a\", \"epoch\": 7}, \"released\": null, \"age_ms\": 120, \"members\": [" MEMBER(
	              "jm-a", "contender", "leader", "true", "", "99",
	              "true") "," MEMBER("jm-b", "contender", "standby", "false",
	                                 "\"pause\", \"not-caught-up\"", "90",
	                                 "false") "," MEMBER("jm-o", "observer", "observer",
	                                                     "false", "", "99", "false") "]}",
	      "Cluster orders, epoch 7, leader jm-a, as of 120 ms ago\n"
	      "+--------+--------+-----------+----------+----------+----------+-----+---------+----"
	      "------------------+\n"
	      "| Member | Host   | Role      | State    | Eligible | Sequence | Lag | Version | "
	      "Reasons              |\n"
	      "+--------+--------+-----------+----------+----------+----------+-----+---------+----"
	      "------------------+\n"
	      "| jm-a * | h-jm-a | contender | leader   | yes      |       99 |   0 | 0.1.0   |    "
	      "                  |\n"
	      "| jm-b   | h-jm-b | contender | standby  | no       |       90 |   9 | 0.1.0   | "
	      "pause, not-caught-up |\n"
	      "| jm-o   | h-jm-o | observer  | observer | -        |       99 |   0 | 0.1.0   |    "
	      "                  |\n"
	      "+--------+--------+-----------+----------+----------+----------+-----+---------+----"
	      "------------------+\n");
	shows(view_cluster,
	      "{\"cluster\": \"orders\", \"epoch\": 7, \"leader\": null, \"released\": "
	      "\"step-down\", \"age_ms\": 0, \"members\": []}",
	      "Cluster orders, epoch 7, no leader (released: step-down), as of 0.0 ms ago\n"
	      "+--------+------+------+-------+----------+----------+-----+---------+---------+----"
	      "----------+\n"
	      "| Member | Host | Role | State | Eligible | Sequence | Lag | Version | Reasons | "
	      "Does not see |\n"
	      "+--------+------+------+-------+----------+----------+-----+---------+---------+----"
	      "----------+\n");
}

/* A column that is empty is left out. */
static void who_does_not_see_another_is_named_in_a_column(void **state)
{
	(void)state;
	shows(view_cluster,
	      "{\"cluster\": \"orders\", \"epoch\": 7, \"leader\": null, \"members\": ["
	      "{\"member\": \"a\", \"role\": \"contender\", \"sees\": [\"b\"]}, {\"member\": "
	      "\"b\", "
	      "\"role\": \"contender\", \"sees\": []}]}",
	      "Cluster orders, epoch 7, no leader\n"
	      "+--------+-----------+----------+----------+-----+--------------+\n"
	      "| Member | Role      | Eligible | Sequence | Lag | Does not see |\n"
	      "+--------+-----------+----------+----------+-----+--------------+\n"
	      "| a      | contender | no       |        0 |   0 |              |\n"
	      "| b      | contender | no       |        0 |   0 | a            |\n"
	      "+--------+-----------+----------+----------+-----+--------------+\n");
}

static void history_as_a_table(void **state)
{
	(void)state;
	shows(view_history,
	      "{\"version\": 1, \"terms\": [{\"epoch\": 6, \"leader\": \"jm-b\", \"start\": "
	      "\"2026-11-22T10:00:00.123Z\", \"end\": \"2026-11-22T11:00:00.000Z\", \"cause\": "
	      "\"switchover\", \"detect_ms\": 0.25, \"fence_ms\": 2.0, \"recover_ms\": null}, "
	      "{\"epoch\": 7, \"leader\": \"jm-a\", \"start\": \"2026-11-22T11:00:00.012Z\", "
	      "\"end\": null, \"cause\": null, \"detect_ms\": null, \"fence_ms\": null, "
	      "\"recover_ms\": null}]}",
	      "+-------+--------+---------------------+---------------------+------------+---------"
	      "--+----------+\n"
	      "| Epoch | Leader | Start (UTC)         | End (UTC)           | Began by   | Detect "
	      "ms | Fence ms |\n"
	      "+-------+--------+---------------------+---------------------+------------+---------"
	      "--+----------+\n"
	      "|     6 | jm-b   | 2026-11-22 10:00:00 | 2026-11-22 11:00:00 | switchover |       "
	      "0.2 |      2.0 |\n"
	      "|     7 | jm-a   | 2026-11-22 11:00:00 |                     |            |         "
	      "  |          |\n"
	      "+-------+--------+---------------------+---------------------+------------+---------"
	      "--+----------+\n");
}

/* `parts`: an array of the parts of a list. */
static void view_pointers(FILE *f, const json_t *parts)
{
	CLEANUP(table_freep) struct table *t = view_pointers_begin();
	const json_t *part;
	size_t i;

	assert_non_null(t);
	json_array_foreach(parts, i, part)
	{
		assert_int_equal(view_pointers_add(t, part), 0);
	}
	view_pointers_end(f, t, 9);
}

static void pointers_show_sizes_and_damage(void **state)
{
	(void)state;
	shows(view_pointers,
	      "[{\"pointers\": [{\"key\": \"jobs/a\", \"revision\": 3, \"value\": \"aGFsbG8=\"}]}, "
	      "{\"pointers\": [{\"key\": \"jobs/b\", \"revision\": 9, \"value\": \"\"}, {\"key\": "
	      "\"jobs/c\", \"revision\": 8, \"value\": null, \"damaged\": true}]}]",
	      "+--------+----------+---------+\n"
	      "| Key    | Revision |   Bytes |\n"
	      "+--------+----------+---------+\n"
	      "| jobs/a |        3 |       5 |\n"
	      "| jobs/b |        9 |       0 |\n"
	      "| jobs/c |        8 | damaged |\n"
	      "+--------+----------+---------+\n"
	      "3 pointers, sequence 9\n");
}

static void events_are_a_line_each(void **state)
{
	(void)state;
	shows(view_event,
	      "{\"type\": \"state\", \"status\": {\"member\": \"jm-a\", \"state\": "
	      "\"standby\", \"epoch\": 3}}",
	      "state       jm-a is standby, epoch 3\n");
	shows(view_event,
	      "{\"type\": \"transition\", \"from\": \"standby\", \"to\": \"claiming\", \"cause\": "
	      "\"switchover\", \"epoch\": 4, \"at\": \"2026-11-22T10:00:00.123Z\"}",
	      "transition  standby -> claiming, epoch 4, switchover, 2026-11-22 10:00:00 UTC\n");
	shows(view_event,
	      "{\"type\": \"leader\", \"leader\": {\"member\": \"jm-b\", \"epoch\": 4}}",
	      "leader      jm-b, epoch 4\n");
	shows(view_event, "{\"type\": \"leader\", \"leader\": null}", "leader      none\n");
	shows(view_event,
	      "{\"type\": \"pointer\", \"change\": \"put\", \"key\": \"jobs/a\", \"revision\": 7, "
	      "\"epoch\": 4}",
	      "pointer     put jobs/a, revision 7, epoch 4\n");
	shows(view_event, "{\"type\": \"heartbeat\", \"at\": \"x\"}", "");
	shows(view_event, "{\"type\": \"new\"}", "new\n");
}

static void a_hand_over_is_told_with_its_times(void **state)
{
	(void)state;
	shows(view_operator,
	      "{\"leader\": \"jm-b\", \"epoch\": 8, \"from\": \"jm-a\", \"stop_ms\": 8.25, "
	      "\"release_ms\": 1.5, \"grant_ms\": 2.25, \"total_ms\": 12.0}",
	      "Done: jm-b leads with epoch 8, after jm-a, in 12.0 ms (stop 8.2 ms, release 1.5 ms, "
	      "grant 2.2 ms)\n");
	shows(view_operator,
	      "{\"leader\": \"jm-b\", \"epoch\": 8, \"from\": null, \"total_ms\": null}",
	      "Done: jm-b leads with epoch 8\n");
}

static void durations_read_well_at_any_size(void **state)
{
	static const struct {
		double ms;
		const char *text;
	} table[] = {
		{ -1, "" },        { 0, "0.0 ms" },     { 99.94, "99.9 ms" }, { 250, "250 ms" },
		{ 6990, "7.0 s" }, { 90000, "90.0 s" }, { 600000, "10 min" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(table); i++) {
		view_format_ms(table[i].ms, text, sizeof(text));
		assert_string_equal(text, table[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_of_a_leader),
		cmocka_unit_test(status_of_a_standby_in_trouble),
		cmocka_unit_test(parked_jobs_have_a_way_back),
		cmocka_unit_test(the_cluster_as_a_table),
		cmocka_unit_test(who_does_not_see_another_is_named_in_a_column),
		cmocka_unit_test(history_as_a_table),
		cmocka_unit_test(pointers_show_sizes_and_damage),
		cmocka_unit_test(events_are_a_line_each),
		cmocka_unit_test(a_hand_over_is_told_with_its_times),
		cmocka_unit_test(durations_read_well_at_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
