#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ZooKeeper is silent for everybody (FAILURES 12, 13): for less than tolerance_ms nothing changes
# (promise 7); for longer than the lease the leader is revoked at its deadline, and somebody leads
# by himself when the quorum is back; a dead follower and a dead leader of the ensemble change
# nothing.  Promises 1, 5, 6, 7.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

old=$(leader)
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
tolerance=$(status_field "$old" .tolerance_ms)
same_term() {
	is "$(leader) $(status_field "$old" .epoch) $(jobmanager_pid "$old")" "$old $epoch $job" "$1: leader, epoch and JobManager are the same"
	ok "$1: the JobManager lives" kill -0 "$job"
}

note "tolerance_ms $tolerance"
servers=$(ensemble status | awk '{ print $3 }')
silence() { # MS: prints how long it was in truth, on a busy machine
	local begin
	begin=$(now_ms)
	kill -STOP $servers
	sleep "$(awk "BEGIN { print $1 / 1000 }")"
	kill -CONT $servers
	since "$begin"
}
for _ in 1 2 3; do
	old=$(leader)
	epoch=$(status_field "$old" .epoch)
	job=$(jobmanager_pid "$old")
	silent=$(silence $((tolerance - 500)))
	note "all servers stopped for $silent ms"
	settle || give_up "not settled"
	[ "$silent" -ge "$tolerance" ] || break # else it was no test of that
done
same_term "a silence shorter than tolerance_ms (P7)"
matrix 13 "all ZooKeeper servers silent for less than tolerance_ms ($tolerance ms)" "no transition" "none" "$silent"

follower=$(ensemble status | awk '$4 == "follower" { print $1; exit }')
ensemble kill-one "$follower"
sleep 2
same_term "one server killed (P7)"
ensemble start-one "$follower" || fail "server $follower does not start"
ensemble pause-one "$follower"
sleep 2
same_term "one server stopped (P7)"
matrix 12 "a ZooKeeper follower is killed, then stopped" "no transition" "none"
ensemble resume-one "$follower"
ok "settled" settle

lead=$(ensemble leader)
begin=$(now_ms)
ensemble kill-one "$lead"
sleep 0.2
another_lead() { now=$(ensemble leader) && [ "$now" != "$lead" ]; }
until_ok 30 "ZooKeeper's leader killed: the ensemble has another" another_lead
note "ZooKeeper had a new leader after $(($(now_ms) - begin)) ms"
until_ok 30 "somebody leads" leader
note "$(leader) leads, epoch $(status_field "$(leader)" .epoch) (before: $old, $epoch)"
matrix 12 "ZooKeeper's leader is killed" "no transition when there is another within the lease, else one" \
	"$(leader) leads, epoch $(status_field "$(leader)" .epoch) after $epoch" "$(since "$begin")"
ensemble start-one "$lead" || fail "server $lead does not start"
ok "settled" settle

old=$(leader)
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
begin=$(now_ms)
all_servers pause-one
until_ok 20 "a long silence: the JobManager is killed at the deadline" gone "$job"
killed=$(since "$begin")
note "after $(($(now_ms) - begin)) ms"
not_ok "nobody says leader (P5)" leader
sleep 1
all_servers resume-one
until_ok 40 "the quorum is back: somebody leads by himself (P6)" leader
matrix 13 "all ZooKeeper servers silent for longer than the lease" "killed at the deadline; somebody leads by himself later" \
	"killed after $killed ms, $(leader) leads" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms"
ok "under a higher epoch" has_epoch_above "$(leader)" "$epoch"
ok "all are eligible" settle
scenario_end 2
