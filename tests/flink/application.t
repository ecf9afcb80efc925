#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Application mode: the JobManagers of all members are of one job, which starts when the first one leads,
# goes on from its last checkpoint under the next, and ends.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"
flink_application=(CountingJob --ledger "$(flink_ledger)" --interval 500 --rate 200)
flink_conf='high-availability.cluster-id: counting'
scenario_jmha jm-a jm-b

flink_taskmanager_make tm-1 >/dev/null && flink_start tm-1
until_ok 120 "the job runs without being submitted" flink_completed_are 3
job=$(flink_any_rest /jobs | jq -r '.jobs[0].id')
ok "no restore so far" flink_judge -r 0

ready
kill -KILL "$(jobmanager_pid "$old")"
taken_over "kill -9 of the JobManager"
is "$(flink_any_rest /jobs | jq -r '.jobs[0].id')" "$job" "the job has the same id"

ready
ctl "$old" switchover --yes >/dev/null
taken_over "switchover"

test_events() { [ "$(flink_count_events "$since" "$2")" -ge "$1" ]; } # N REGEX
# ---- the job ends: so does the application, and nothing of it is stored
since=$(now_ms) starts=$(flink_starts_since 0)
ok "the job is cancelled" flink_cancel "$job"
nothing_stored() { [ "$(pointers jm-a jobs/)" = 0 ] && [ "$(pointers jm-a checkpoints/)" = 0 ]; }
until_ok 60 "nothing is stored of it any more" nothing_stored
# Its JobManager ends with it; the next one that is granted runs main() and finds that the job has ended.
until_ok 90 "the next leader sees that the job has ended" \
	test_events 1 "submission .* because the job already reached a globally-terminal state"
is "$(flink_starts_since 0)" "$starts" "and does not run it again"
done_testing
