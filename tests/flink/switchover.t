#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Leadership goes to and fro between the same two JVMs, ten times; a savepoint is taken and restored; a
# job that is cancelled leaves nothing behind but what Flink keeps on purpose.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"
scenario_jmha jm-a jm-b
scenario_job

declare -A pid
slow=0
for name in "${members[@]}"; do pid[$name]=$(jobmanager_pid "$name"); done
for round in $(seq 10); do
	ready
	ctl "$old" switchover --yes >/dev/null || fail "$round: refused"
	cluster_until 90 has_epoch_above "$new" "$epoch" || give_up "$round: $new does not take over"
	flink_more_checkpoints 2 || give_up "$round: no checkpoint completes"
	restores=$((restores + 1))
	flink_judge -r $restores >"$tap_dir/judged" 2>&1 || give_up "$round: $(cat "$tap_dir/judged")"
	# On a busy machine it may take longer to let go than revoke_ms, and is killed then.
	[ "$(jobmanager_pid "$old")" = "${pid[$old]}" ] || { slow=$((slow + 1)); pid[$old]=$(jobmanager_pid "$old"); }
done
pass "ten switchovers, each one restore, nothing lost, nothing counted twice"
note "$slow of ten JobManagers were too slow to let go, and killed"
ok "most of them live on as standbys" test $slow -le 5
is "$(status_field "$(leader)" .epoch)" 11 "epoch 11"

# ---- a savepoint, restored by the next leader's job
where=$(flink_savepoint "$job" stop)
ok "a savepoint stops the job" test -s "${where#file:}/_metadata"
# A JVM that has led before does not show what became of a finished job, whatever its HA services are.
no_job_runs() { [ "$(flink_any_rest /jobs/overview | jq '[.jobs[] | select(.state == "RUNNING")] | length')" = 0 ]; }
until_ok 30 "it runs no more" no_job_runs
ok "its account adds up" flink_judge -r $restores
stored() { [ "$(pointers "$(leader)" jobs/)" = "$1" ] && [ "$(pointers "$(leader)" checkpoints/)" = "$2" ]; }
until_ok 30 "nothing is stored of it any more" stored 0 0
flink_submit_extra="\"savepointPath\": \"$where\""
job=$(flink_submit) || give_up "the job is not accepted with its savepoint"
flink_submit_extra=
until_ok 120 "it runs from the savepoint" flink_all_tasks_run "$job"
ok "and completes checkpoints" flink_more_checkpoints 2
restores=$((restores + 1))
ok "it went on from the savepoint" flink_judge -r $restores
ready
ctl "$old" switchover --yes >/dev/null
taken_over "a switchover after it"

# ---- cancelled
until_ok 30 "one job is stored" sh -c "test $(pointers "$(leader)" jobs/) = 1"
ok "the job is cancelled" flink_cancel "$job"
until_ok 30 "it is" no_job_runs
until_ok 30 "nothing is stored of it any more" stored 0 0
is "$(api "$(leader)" /v1/counters | jq '.counters | length')" 0 "its counter is gone"
no_address() { api "$(leader)" /v1/endpoints | jq -e '[.components | keys[] | select(startswith("job-"))] == []' >/dev/null; }
until_ok 30 "its address is not published any more" no_address
left() { find "$cluster_dir/flink/ha" -type f ! -path '*/job-result-store/*'; }
nothing_left() { [ -z "$(left)" ]; }
until_ok 30 "no file of it is left in storageDir" nothing_left
note "$(left | head -n 5)"
ok "its last checkpoint is kept on purpose" find "$cluster_dir/flink/checkpoints/$job" -name _metadata
done_testing
