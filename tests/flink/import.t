#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Moving in: a job that ran with Flink's own ZooKeeper HA goes on under jmha from its last checkpoint, in
# the same storage directory, without a savepoint; and moves from host to host as one of jmha's own.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"

flink_jmha_jar=$("$top_srcdir/scripts/flink-library" 2>"$tap_dir/library") ||
	skip_all "the library cannot be built: $(tail -n 1 "$tap_dir/library")"

# ---- before: Flink's own

cluster_session_ms=8000 # a busy machine
flink_ha=zookeeper
scenario_zookeeper -n 1 -F
for name in jm-a jm-b; do
	flink_jobmanager_make "$name" >/dev/null && flink_start "$name"
done
scenario_job
until_ok 60 "no restore so far" flink_judge -r 0
import() { ctl "$1" store import --from-flink-zookeeper "$zk_connect" --yes "${@:2}" >"$tap_dir/said" 2>&1 </dev/null; }
nodes() { "$bin/zk-tool" "$zk_connect" tree /flink/default; }
like "$(nodes)" "/(jobgraphs|execution-plans)/$job/locks/" "its pointer is locked by the leader"

# All JobManagers, the waiting one first: nobody takes over.
old=$(flink_leader)
for name in jm-a jm-b; do [ "$name" = "$old" ] || ok "$name ends" flink_end "$name"; done
ok "$old, the leader, ends" flink_end "$old"
ok "the TaskManager ends" flink_end tm-1
like "$(nodes)" "/(jobgraphs|execution-plans)/$job/locks$" "the locks are gone, the pointer stays"
restored=$(flink_judge -r 0)
note "$restored"

# ---- after: jmha, the same storage

for name in jm-a jm-b tm-1; do
	mv "$(flink_log $name)" "$(flink_log $name).old"
	rm "$(flink_dir $name)/pid"
done
flink_ha=jmha
flink_members jm-a jm-b || give_up "the members cannot be made"
for name in jm-a jm-b; do member_start $name || give_up "$name does not start"; done
until_ok 120 "a member leads" leader_of jm-a jm-b || exit 1
lead=$(leader_of jm-a jm-b)
until_ok 120 "its JobManager, too" flink_leader || exit 1
import "$lead"
is $? 0 "the import" || { note "$(cat "$tap_dir/said")"; exit 1; }
note "$(cat "$tap_dir/said")"
ok "found the job's file" grep -E "$job .*job .*there .*new" "$tap_dir/said"
not_ok "nothing is absent" grep -E 'ABSENT|HAS [0-9]' "$tap_dir/said"
ok "told the leading JobManager" grep 'told to recover 1 of them' "$tap_dir/said"
flink_taskmanager_make tm-1 >/dev/null && flink_start tm-1
until_ok 120 "the job runs" flink_all_tasks_run "$job" || exit 1
ok "checkpoints complete" flink_more_checkpoints 3
ok "it went on from its last checkpoint, nothing lost, nothing counted twice" flink_judge -r 1
import "$lead"
is $? 1 "what ran on is not set back"
ok "and named" grep 'has run under jmha' "$tap_dir/said"

# A job of jmha's like any other.
ok "a switchover" ctl "$lead" switchover --yes
until_ok 120 "it runs there" flink_other_leader "$lead"
ok "checkpoints complete" flink_more_checkpoints 3
ok "it went on from its last checkpoint once more" flink_judge -r 2
done_testing
