#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Half of the leader's cable is dead: first it hears ZooKeeper and is not heard, then it is heard and
# hears nothing (FAILURES 10); each time its JobManager is dead before another is granted, and
# another is, though the deaf one could keep its session alive.  A link that flaps, that is slow, or
# whose far end vanishes without a word (FAILURES 14, 49) changes nothing.  Promises 1, 5, 6, 7.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

one_way() { # WAY WHAT
	local old new job begin killed
	old=$(leader)
	job=$(jobmanager_pid "$old")
	begin=$(now_ms)
	member_link "$old" cut all "$1"
	until_ok 20 "$2: the JobManager is killed at the deadline" gone "$job"
	killed=$(since "$begin")
	not_ok "$2: $old does not say leader" is_leader "$old"
	until_ok 30 "$2: another leads" other_leader "$old" "${members[@]}"
	new=$(other_leader "$old" "${members[@]}")
	matrix 10 "$2" "killed at the deadline, then another leads" "killed after $killed ms, then $new leads" "$(since "$begin")"
	member_link "$old" heal
	until_ok 40 "$2: plugged in again, $old is a standby" is_eligible "$old"
	settle || give_up "not settled"
}
one_way up "leader is not heard by ZooKeeper"
one_way down "leader hears nothing from ZooKeeper"

old=$(leader)
remember_term "$old"
begin=$(now_ms)
for _ in 1 2 3 4 5 6; do
	member_link "$old" cut
	sleep 0.3
	member_link "$old" heal
	sleep 0.5
done
same_term "a link that flaps (P7)"
matrix 10 "leader's link flaps: 6 times 300 ms away" "no transition" "none" "$(since "$begin")"

begin=$(now_ms)
member_link "$old" delay all both 120
asked=$(now_ms)
is "$(put "$old" far/away x)" 200 "a change is made"
ok "which takes a round trip at least" test "$(since "$asked")" -ge 240
sleep $((cluster_session_ms / 1000 + 1))
same_term "a quarter of a second from question to answer, for longer than T"
matrix 14 "240 ms between leader and ZooKeeper" "no transition" "none" "$(since "$begin")"
member_link "$old" heal

# The server's side of every connection is gone, the member is not told: what it asks goes nowhere.
losses() { member_log "$old" | grep -c 'lost the connection.*timed out'; }
lost_more() { [ "$(losses)" -gt "$before" ]; }
cluster_until 10 heard "$old"
before=$(losses)
begin=$(now_ms)
member_link "$old" half
until_ok 10 "connections that are half open: no answer within A, it leaves the connection" lost_more
until_ok 10 "and has another one" heard "$old"
took=$(since "$begin")
same_term "half-open connections (P7)"
matrix 49 "leader's connection half open" "left after A, no transition" "none, heard again" "$took"

begin=$(now_ms)
for _ in 1 2 3; do
	member_link "$old" reset
	sleep 0.4
done
same_term "connections that are reset (P7)"
matrix 10 "leader's connection reset 3 times" "no transition" "none" "$(since "$begin")"
scenario_end 3
