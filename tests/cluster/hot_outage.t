#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hot JobManagers and ZooKeeper outages: shorter than tolerance_ms nothing happens; longer, the
# JobManager is asked to revoke before the lease ends and survives as a standby; one that does not
# is killed at the deadline.  Promises 1, 2, 5, 7; D9.
scenario_hot=yes
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

job_is() { [ "$(status_field "$1" .jobmanager.state)" = "$2" ]; }

old=$(leader)
epoch=$(status_field "$old" .epoch)
pid=$(jobmanager_pid "$old")
tolerance=$(status_field "$old" .tolerance_ms)
ok "tolerance_ms counts revoke_ms" [ "$tolerance" -lt 2000 ]
member_cut "$old"
sleep "$(awk "BEGIN { print ($tolerance - 300) / 1000 }")"
member_heal "$old"
sleep 2
is "$(status_field "$old" .epoch)" "$epoch" "an outage shorter than tolerance_ms changes nothing (P7)"
is "$(jobmanager_pid "$old")" "$pid" "not the process"
ok "not the grant" job_is "$old" granted

member_cut "$old"
until_ok 10 "cut off for longer, $old is not leader any more" sh -c "! curl -sSf --unix-socket '$(member_socket "$old")' http://localhost/leader"
until_ok 20 "another member leads" other_leader "$old" "${members[@]}"
is "$(jobmanager_pid "$old")" "$pid" "its JobManager has revoked in time, and lives"
ok "and waits" job_is "$old" waiting
member_heal "$old"
until_ok 20 "healed, it may lead again" is_eligible "$old"
is "$(jobmanager_pid "$old")" "$pid" "with the same process"

# ---- one that does not revoke
settle || give_up "does not settle"
old=$(leader)
pid=$(jobmanager_pid "$old")
kill -USR1 "$pid"
member_cut "$old"
until_ok 20 "a stubborn one is killed at the deadline" gone "$pid"
until_ok 20 "another member leads" other_leader "$old" "${members[@]}"
member_heal "$old"

# ---- all of ZooKeeper is silent, for less and for longer
settle || give_up "does not settle"
old=$(leader)
epoch=$(status_field "$old" .epoch)
pid=$(jobmanager_pid "$old")
for n in 1 2 3; do "$lib/zk-ensemble" pause-one "$cluster_dir/zk" $n; done
sleep "$(awk "BEGIN { print ($tolerance - 400) / 1000 }")"
for n in 1 2 3; do "$lib/zk-ensemble" resume-one "$cluster_dir/zk" $n; done
sleep 2
is "$(status_field "$old" .epoch)" "$epoch" "a silent ensemble changes nothing within tolerance_ms"
for n in 1 2 3; do "$lib/zk-ensemble" pause-one "$cluster_dir/zk" $n; done
until_ok 10 "for longer, the JobManager revokes" job_is "$old" waiting
is "$(jobmanager_pid "$old")" "$pid" "and lives"
for n in 1 2 3; do "$lib/zk-ensemble" resume-one "$cluster_dir/zk" $n; done
until_ok 40 "when the ensemble is back, somebody leads" leader
matrix 13 "all ZooKeeper servers silent for longer than the lease, hot JobManagers" "revoked in time, its process lives; somebody leads later" "$(leader) leads"
scenario_end 4
