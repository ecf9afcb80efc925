#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hot JobManagers and ZooKeeper outages: shorter than tolerance_ms nothing happens; longer, the
# JobManager is asked to revoke before the lease ends and survives as a standby; one that does not
# is killed at the deadline.  Promises 1, 2, 5, 7; D9.
scenario_hot=yes
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

job_is() { [ "$(status_field "$1" .jobmanager.state)" = "$2" ]; }

ok "tolerance_ms counts revoke_ms" [ "$(status_field "$(leader)" .tolerance_ms)" -lt 2000 ]
ok "cut off for less than tolerance_ms" short_outage 'member_cut "$who"' 'member_heal "$who"'
old=$who
pid=$(jobmanager_pid "$old")
same_term "after $outage ms without ZooKeeper (P7)"
ok "not the grant" job_is "$old" granted

not_leader() { status_field "$1" .state | grep -vx leader; }
member_cut "$old"
until_ok 10 "cut off for longer, $old is not leader any more" not_leader "$old"
until_ok 20 "another member leads" other_leader "$old" "${members[@]}"
is "$(jobmanager_pid "$old")" "$pid" "its JobManager has revoked in time, and lives"
ok "it lives" kill -0 "$pid"
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
ok "all servers silent for less than tolerance_ms" short_outage silence silence_ends
old=$who
pid=$(jobmanager_pid "$old")
same_term "after $outage ms of silence (P7)"
silence
until_ok 10 "for longer, the JobManager revokes" job_is "$old" waiting
is "$(jobmanager_pid "$old")" "$pid" "it is the same process"
ok "and lives" kill -0 "$pid"
silence_ends
until_ok 40 "when the ensemble is back, somebody leads" leader
matrix 13 "all ZooKeeper servers silent for longer than the lease, hot JobManagers" "revoked in time, its process lives; somebody leads later" "$(leader) leads"
scenario_end 4
