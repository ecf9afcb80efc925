#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ZooKeeper is silent for everybody (FAILURES 12, 13): for less than tolerance_ms nothing changes
# (promise 7); for longer than the lease the leader is revoked at its deadline, and somebody leads
# by himself when the quorum is back; a dead follower and a dead leader of the ensemble change
# nothing.  Promises 1, 5, 6, 7.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

ok "all servers stopped for less than tolerance_ms" short_outage silence silence_ends
old=$who
tolerance=$(status_field "$old" .tolerance_ms)
same_term "a silence shorter than tolerance_ms (P7)"
matrix 13 "all ZooKeeper servers silent for less than tolerance_ms ($tolerance ms)" "no transition" "none" "$outage"

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

# Its leader killed: what the JobManager notices is decided by how long the ensemble needs for another.
lead=$(ensemble leader)
remember_term "$old"
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
boottime_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; } # the witness's clock
begin=$(now_ms)
killed_at=$(boottime_ms)
ensemble kill-one "$lead"
another_lead() { now=$(ensemble leader) && [ "$now" != "$lead" ]; }
until_ok 30 "ZooKeeper's leader killed: the ensemble has another" another_lead
note "seen after $(($(now_ms) - begin)) ms"
until_ok 30 "somebody leads" leader
heard_again() { heard "$(leader)"; }
until_ok 30 "and hears of ZooKeeper" heard_again
now=$(leader)
note "$now leads, epoch $(status_field "$now" .epoch) (before: $old, $epoch)"
if [ "$now $(status_field "$now" .epoch)" = "$old $epoch" ]; then
	same_term "ZooKeeper's leader killed, another one in time"
	seen="none"
else # no sooner than an outage may last, and one term later
	last=$(awk -v job="$job" '$2 == job { last = $3 } END { print last }' "$witnessed")
	ok "the JobManager lived for tolerance_ms at least ($((last - killed_at)) ms)" test $((last - killed_at)) -ge "$tolerance"
	is "$(status_field "$now" .epoch)" $((epoch + 1)) "one epoch later"
	seen="killed after $((last - killed_at)) ms, then $now leads"
fi
matrix 12 "ZooKeeper's leader is killed" "no transition when there is another within tolerance_ms, else one" "$seen" "$(since "$begin")"
ensemble start-one "$lead" || fail "server $lead does not start"
ok "settled" settle

old=$(leader)
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
begin=$(now_ms)
silence
until_ok 20 "a long silence: the JobManager is killed at the deadline" gone "$job"
killed=$(since "$begin")
note "after $(($(now_ms) - begin)) ms"
not_ok "nobody says leader (P5)" leader
silence_ends
until_ok 40 "the quorum is back: somebody leads by himself (P6)" leader
matrix 13 "all ZooKeeper servers silent for longer than the lease" "killed at the deadline; somebody leads by himself later" \
	"killed after $killed ms, $(leader) leads" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms"
ok "under a higher epoch" has_epoch_above "$(leader)" "$epoch"
ok "all are eligible" settle
scenario_end 2
