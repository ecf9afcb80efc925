#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two jobs, of which one has a broken pointer: the other one runs, the broken one is named, and comes back
# without a restart when its file is put right.  DELETE /cluster takes nothing away.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"
scenario_jmha jm-a jm-b
scenario_job
other_ledger=$cluster_dir/flink/other
other=$(flink_submit --ledger "$other_ledger") || give_up "the second job is not accepted"
until_ok 120 "both run" flink_all_tasks_run "$other"
completed_by_other() { [ "$(grep -c ' complete ' "$other_ledger")" -ge 2 ]; }
until_ok 120 "both complete checkpoints" completed_by_other

# ---- its job file is gone when the next leader looks for it
target() { api "$(leader)" "/v1/pointers/$1" | jq -r .target | sed 's,^file:/*,/,'; } # KEY
ready
file=$(target "jobs/$other")
ok "a job's pointer names its file" test -s "$file"
mv "$file" "$file.away"
kill -KILL "$(jobmanager_pid "$old")"
taken_over "the next leader, with one broken pointer"
parked() { api "$new" /v1/jobs/parked | jq -e --arg id "$other" '.parked[] | select(.jobid == $id)' >"$tap_dir/parked"; }
until_ok 30 "the broken job is reported" parked
like "$(jq -r .why "$tap_dir/parked")" "$(basename "$file")" "with the file that is missing"
like "$(ctl "$new" status)" "$other" "jmhactl status names it"
not_ok "it does not run" flink_all_tasks_run "$other"
starts=$(grep -c ' start ' "$(flink_ledger)")
mv "$file.away" "$file"
ok "put right, an operator asks for it" ctl "$new" recover "$other"
until_ok 90 "it runs again" flink_all_tasks_run "$other"
until_ok 30 "and is reported no more" sh -c "! curl -sS --unix-socket '$(member_socket "$new")' http://localhost/v1/jobs/parked | grep -q $other"
is "$(grep -c ' start ' "$(flink_ledger)")" "$starts" "the other job was not touched"
ok "it went on from its checkpoint" "$lib/../flink/ledger" "$other_ledger" -r 1

# ---- the newest checkpoint's file is gone; it comes back by itself when that is put right
ready
newest=$(api "$(leader)" "/v1/pointers?prefix=checkpoints/$other/" | jq -r '.pointers[-1].key')
flink_rest "$(flink_leader)" "/jobs/$other/status" >/dev/null
file=$(target "$newest")
# Checkpoints go on while we look: hide whatever is the newest of it when the leader dies.
kill -STOP "$(flink_pid tm-1)"
sleep 1
newest=$(api "$(leader)" "/v1/pointers?prefix=checkpoints/$other/" | jq -r '.pointers[-1].key')
file=$(target "$newest")
ok "its newest checkpoint's pointer names its file" test -s "$file"
mv "$file" "$file.away"
kill -KILL "$(jobmanager_pid "$old")"
kill -CONT "$(flink_pid tm-1)"
taken_over "the next leader, with one broken checkpoint"
until_ok 30 "the broken job is reported" parked
mv "$file.away" "$file"
until_ok 90 "put right, it comes back by itself" flink_all_tasks_run "$other"
ok "it went on from its checkpoint" "$lib/../flink/ledger" "$other_ledger" -r 2

# ---- DELETE /cluster shuts a JobManager down and would clean up: refused, everything is kept
ready
jobs=$(pointers "$old" jobs/)
is "$jobs" 2 "two jobs are stored"
flink_rest "$old" /cluster -X DELETE -o /dev/null
taken_over "DELETE /cluster"
is "$(pointers "$new" jobs/)" 2 "their pointers are still there"
until_ok 90 "the second job runs, too" flink_all_tasks_run "$other"
ok "with its state" "$lib/../flink/ledger" "$other_ledger" -r 3
done_testing
