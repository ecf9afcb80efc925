#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a job under jmha must not notice: electors that die every second, a ZooKeeper that is silent for
# less than tolerance_ms, the daemon of a TaskManager's address gone.  And what costs it one restart and
# no JVM: a ZooKeeper that is silent for longer than the lease.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"
scenario_jmha jm-a jm-b
scenario_job

# ---- the leader's elector, every second for a minute (P9)
ready
pid=$(jobmanager_pid "$old")
killed=0
for _ in $(seq 60); do
	kill -KILL "$(elector_pid "$old")" 2>/dev/null && killed=$((killed + 1))
	sleep 1
done
note "$killed electors killed"
ok "electors were killed" test $killed -ge 30
until_ok 20 "another one leads on" is_leader "$old"
untouched "electors killed"
is "$(jobmanager_pid "$old")" "$pid" "electors killed: the same JobManager"

# ---- ZooKeeper, for less than tolerance_ms (P7)
ready
tolerance=$(status_field "$old" .tolerance_ms)
"$lib/zk-ensemble" pause-one "$cluster_dir/zk" 1
sleep "$(awk "BEGIN { print ($tolerance - 900) / 1000 }")"
"$lib/zk-ensemble" resume-one "$cluster_dir/zk" 1
sleep 2
untouched "ZooKeeper silent for less than tolerance_ms ($tolerance)"

# ---- the daemon that a TaskManager follows is gone; there is another one
ready
followed=$(cluster_until 20 flink_followed tm-1 "${members[@]}") || give_up "the TaskManager follows nobody"
if [ "$followed" = "$old" ]; then
	ctl "$old" switchover --yes >/dev/null
	taken_over "a switchover, so that it follows a standby"
	ready
	followed=$(cluster_until 20 flink_followed tm-1 "${members[@]}")
fi
is "$followed" "$new" "the TaskManager follows the daemon of a standby"
ok "which stops" member_stop "$new"
follows() { [ "$(flink_followed tm-1 "${members[@]}")" = "$1" ]; }
until_ok 20 "it follows the other one" follows "$old"
untouched "the daemon of the TaskManager's address gone"
member_start "$new"

# ---- ZooKeeper, for longer than the lease: revoked in time, and granted again when it is back
ready
pid=$(jobmanager_pid "$old")
"$lib/zk-ensemble" pause-one "$cluster_dir/zk" 1
revoked() { [ "$(status_field "$old" .jobmanager.state)" = waiting ]; }
until_ok 30 "ZooKeeper silent for longer: the JobManager revokes" revoked
is "$(jobmanager_pid "$old")" "$pid" "and lives"
"$lib/zk-ensemble" resume-one "$cluster_dir/zk" 1
until_ok 60 "when it is back, somebody leads" leader
ok "checkpoints complete again" flink_more_checkpoints 2
ok "nothing lost, nothing counted twice, one restore" flink_judge -r $((restores + 1))
done_testing
