#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGSTOP of the leader's elector (FAILURES 4, 5): the guard replaces it within the lease, no
# transition (A8).  Five deaths in a row without a renewed lease: the term ends, another leads
# (DESIGN 4).  Promises 1, 2, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F

old=$(leader)
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
elector=$(elector_pid "$old")
begin=$(now_ms)
kill -STOP "$elector"
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$elector" ]; }
until_ok 10 "the guard replaces an elector that does not beat" another_elector
until_ok 10 "which leads on" is_leader "$old"
note "after $(($(now_ms) - begin)) ms"
ok "the stopped one is gone" gone "$elector"
matrix 4,5 "SIGSTOP of the leader's elector" "replaced; no transition" "epoch $(status_field "$old" .epoch) as before" "$(since "$begin")"
is "$(status_field "$old" .epoch)" "$epoch" "in the same epoch"
is "$(jobmanager_pid "$old")" "$job" "with the same JobManager"
ok "which lives" kill -0 "$job"
ok "settled" settle

# Without ZooKeeper no new elector can renew the lease; each is killed as soon as it is there.
begin=$(now_ms)
member_cut "$old"
for _ in 1 2 3 4 5; do
	elector=$(cluster_until 3 elector_pid "$old") && kill -KILL "$elector" 2>/dev/null
	until gone "$elector"; do sleep 0.001; done
done
until_ok 5 "five deaths in a row end the term: the JobManager is killed" gone "$job"
killed=$(since "$begin")
note "after $(($(now_ms) - begin)) ms"
ok "the log says why" logged "$old" 'electors in a row died without renewing the lease'
member_heal "$old"
until_ok 20 "plugged in again, it hands over: another leads" other_leader "$old" "${members[@]}"
matrix 1 "five electors in a row die, cut off from ZooKeeper; plugged in again" "JobManager killed, another leads" \
	"killed after $killed ms, $(other_leader "$old" "${members[@]}") leads" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms; cause $(transition "$(other_leader "$old" "${members[@]}")")"
until_ok 30 "the old leader comes back as a standby" is_eligible "$old"
scenario_end 2
