#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hot JobManagers run and wait on every member; leadership goes round among them, and only what is
# certain costs one its process.  Promises 1, 2, 8, 9; A6, A10, D1.
scenario_hot=yes
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 1

job_state() { status_field "$1" .jobmanager.state; }
job_is() { [ "$(job_state "$1")" = "$2" ]; }

old=$(leader)
is "$(job_state "$old")" granted "the leader's JobManager is granted"
is "$(status_field "$old" .jobmanager.mode)" hot "in hot mode"
for name in $(standbys "$old"); do
	ok "that of $name waits" job_is "$name" waiting
	ok "and runs" kill -0 "$(jobmanager_pid "$name")"
done
declare -A job
for name in "${members[@]}"; do job[$name]=$(jobmanager_pid "$name"); done

# ---- planned: no process ends
for round in 1 2 3; do
	old=$(leader)
	epoch=$(status_field "$old" .epoch)
	ok "$round: a switchover" ctl "$old" switchover "$(standby)" --yes
	new=$(cluster_until 10 leader)
	not_ok "$round: from $old to another" [ "$new" = "$old" ]
	is "$(status_field "$new" .epoch)" $((epoch + 1)) "$round: one epoch higher"
	until_ok 10 "$round: the JobManager of $old waits again" job_is "$old" waiting
	for name in "${members[@]}"; do
		is "$(jobmanager_pid "$name")" "${job[$name]}" "$round: that of $name is the same process"
	done
	settle || give_up "does not settle"
done

# ---- the elector dies: nobody notices, the stream comes again
old=$(leader)
epoch=$(status_field "$old" .epoch)
elector=$(elector_pid "$old")
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$1" ]; }
kill -KILL "$elector"
until_ok 10 "another elector" another_elector "$elector"
until_ok 10 "leads on" is_leader "$old"
sleep 2.5 # longer than silence is allowed to be
ok "and still does" is_leader "$old"
is "$(status_field "$old" .epoch)" "$epoch" "in the same epoch"
is "$(jobmanager_pid "$old")" "${job[$old]}" "with the same process"
is "$(job_state "$old")" granted "which is granted"

# ---- a standby's elector dies: its JobManager is taken over
standby=$(standby)
elector=$(elector_pid "$standby")
old=$standby
kill -KILL "$elector"
until_ok 10 "another elector at a standby" another_elector "$elector"
until_ok 10 "its JobManager waits" job_is "$standby" waiting
is "$(jobmanager_pid "$standby")" "${job[$standby]}" "the same process"
settle || give_up "does not settle"

# ---- the JobManager dies
old=$(leader)
epoch=$(status_field "$old" .epoch)
begin=$(now_ms)
kill -KILL "${job[$old]}"
until_ok 10 "kill -9 of the leading one: another member leads" other_leader "$old" "${members[@]}"
new=$(leader)
note "after $(($(now_ms) - begin)) ms"
is "$(status_field "$new" .epoch)" $((epoch + 1)) "one epoch higher"
is "$(transition "$new")" jobmanager-exited "which names the cause"
until_ok 10 "the next one waits at $old" job_is "$old" waiting
not_ok "it is another process" test "$(jobmanager_pid "$old")" = "${job[$old]}"

# ---- the guard dies
settle || give_up "does not settle"
old=$(leader)
kill -KILL "$(guard_pid "$old")"
until_ok 10 "kill -9 of the guard takes the JobManager along" gone "$(jobmanager_pid "$old")"
ok "--release hands over" member_release "$old"
until_ok 10 "another member leads" other_leader "$old" "${members[@]}"
is "$(transition "$(leader)")" daemon-died "cause daemon-died"
ok "the member starts again" member_start "$old"
until_ok 20 "and its JobManager waits" job_is "$old" waiting

# ---- SIGTERM of the daemon: handed over first, then the process ends
settle || give_up "does not settle"
old=$(leader)
pid=$(jobmanager_pid "$old")
ok "an orderly stop" member_stop "$old"
ok "leaves no JobManager" gone "$pid"
until_ok 10 "another member leads" other_leader "$old" "${members[@]}"
is "$(transition "$(leader)")" shutdown "cause shutdown"
scenario_end 7
