#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Flink with its own ZooKeeper HA: that what jmha is measured by works and sees what it must.  The job
# goes on from its last checkpoint after kill -9 of the leading JobManager; a job that does not restore
# its state is found out.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"

cluster_tick_ms=1000
flink_ha=zookeeper
flink_conf='high-availability.zookeeper.client.session-timeout: 4s'
scenario_zookeeper -n 1 -F
for name in jm-a jm-b; do
	flink_jobmanager_make "$name" >/dev/null && flink_start "$name"
done
scenario_job
ok "no restore so far" flink_judge -r 0

take_over() { # sets old and since
	old=$(flink_leader)
	for name in jm-a jm-b; do
		[ "$name" = "$old" ] || until_ok 120 "$name stands by" flink_jobmanager_ready "$name"
	done
	since=$(now_ms)
	flink_kill "$old"
	until_ok 120 "another one than $old leads" flink_other_leader "$old"
	ok "checkpoints complete again" flink_more_checkpoints 3
}

take_over
ok "the job went on from its last checkpoint, nothing lost, nothing counted twice" flink_judge -r 1
is "$(flink_starts_since "$since")" 1 "its tasks were started once more"
granted=$(flink_any_event "$since" "$flink_granted")
running=$(flink_any_event "$since" "$flink_task_runs" last)
ok "the log knows when leadership was granted, and when all ran" \
	test "$since" -le "$granted" -a "$granted" -le "$running"
note "granted after $((granted - since)) ms, all tasks run after $((running - since)) ms"

where=$(flink_savepoint "$job" stop)
ok "a savepoint stops the job" test -s "${where#file:}/_metadata"
ok "its account adds up" flink_judge -r 1
until_ok 20 "it is finished" flink_job_is "$job" FINISHED

# The same, broken: the counter forgets.
rm "$(flink_ledger)"
flink_start "$old"
scenario_again() { job=$(flink_submit --fault forget-counter) && [ -n "$job" ]; }
ok "a job that forgets is submitted" scenario_again
until_ok 120 "it runs" flink_all_tasks_run "$job"
ok "it completes checkpoints" flink_more_checkpoints 3
ok "and counts well at first" flink_judge -r 0
take_over
not_ok "known bad: the job that forgets is found out" flink_judge -r 1
done_testing
