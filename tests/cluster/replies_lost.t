#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ZooKeeper answers is lost, what it is asked comes late by another way, watches do not fire
# (FAILURES 16, 17, 19): every change is done once or said to be unknown, nobody has two latches, the
# term goes on.  At the end an administrator closes the leader's session (FAILURES 15): that is the
# end of the term, at once.  Promises 1, 2, 3, 6, 7.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3 -F
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
remember_term "$old"

write_on() {
	local n=0 code
	while [ ! -e "$tap_dir/enough" ]; do
		n=$((n + 1))
		code=$(put "$old" "lost/$n" "value $n" 2>/dev/null)
		echo "$n ${code:-none}" >>"$tap_dir/written"
	done
}
one_latch_each() { # a latch's name ends with its number: nonces, each once
	[ "$(zk list "$tree/latch" | cut -d- -f2 | sort | uniq -d)" = "" ] && queue_is_full 3 &&
		[ "$(zk list "$tree/latch" | wc -l)" = 3 ]
}

# Answers to claims, heartbeats and commits.
write_on &
writer=$!
begin=$(now_ms)
for _ in 1 2 3 4 5 6; do
	member_link "$old" swallow all down
	sleep "0.0$((RANDOM % 9 + 1))"
	member_link "$old" reset
	member_link "$old" heal
	sleep 0.4
done
took=$(since "$begin")
touch "$tap_dir/enough"
wait $writer
same_term "six times what ZooKeeper answered the leader was lost"
lost=0
while read -r n code; do
	[ "$code" != 200 ] || [ "$(get "$old" "lost/$n")" = "value $n" ] || lost=$((lost + 1))
done <"$tap_dir/written"
is $lost 0 "every acknowledged pointer is there (P3)"
note "answers: $(awk '{ n[$2]++ } END { for (c in n) print c ": " n[c] }' "$tap_dir/written" | tr '\n' ' ')"
writable() { [ "$(put "$old" lost/after x)" = 200 ]; }
until_ok 10 "pointers can be changed" writable
matrix 17 "the leader's answers are lost 6 times, under writes" "each change done once or unknown, no transition" \
	"$(awk '$2 == 200' "$tap_dir/written" | wc -l) acknowledged, all there; no transition" "$took"

# Requests that arrive when the session has moved on.
attached() { status_field "$old" .zookeeper.server | sed 's/:.*//; s/.*\.//'; }
moved() { [ "$(status_field "$old" .zookeeper.connected)" = true ] && [ "$(attached)" != "$1" ]; }
begin=$(now_ms)
moves=0
for _ in 1 2 3 4; do
	n=$(attached)
	member_link "$old" cut "$n" up
	cluster_until 10 moved "$n" && moves=$((moves + 1))
	member_link "$old" heal "$n" # the heartbeat of before arrives at the server of before
	sleep 0.2
done
is $moves 4 "the leader's session moved four times"
same_term "late requests by the way of before (P7)"
matrix 16 "the session moves 4 times, requests arrive late by the old way" "no transition" "none" "$(since "$begin")"

# The answer to "make a latch" is lost.
standby=$(standby)
begin=$(now_ms)
for wait in 0.00 0.03 0.06 0.09 0.12; do
	host_kill "$standby" # nothing is left that could tell what it had
	member_start "$standby"
	connected() { [ "$(status_field "$standby" .zookeeper.connected 2>/dev/null)" = true ]; }
	cluster_until 10 connected
	sleep $wait
	member_link "$standby" swallow all down
	sleep 0.1
	member_link "$standby" reset
	member_link "$standby" heal
done
until_ok 40 "starts whose answers are lost: it is eligible in the end" is_eligible "$standby"
until_ok 20 "each member has exactly one latch" one_latch_each
matrix 17 "answers are lost at the start of a standby, 5 times" "exactly one latch" \
	"$(zk list "$tree/latch" | wc -l) latches of 3 members" "$(since "$begin")"
same_term "all of it"

# Who is next does not hear that the leader leaves.
next=$(zk list "$tree/latch" | sort -t- -k3 | sed -n 2p)
for name in $(standbys "$old"); do grep -q "^latch $next" "$(member_dir "$name")/run/session" && standby=$name; done
settle || give_up "not settled"
begin=$(now_ms)
member_link "$standby" swallow all down
ctl "$old" step-down --yes >/dev/null 2>&1 &
asking=$!
until_ok 20 "the leader leaves, the next in line does not hear of it: somebody leads" other_leader "$old" "${members[@]}"
took=$(since "$begin")
member_link "$standby" reset
member_link "$standby" heal
wait $asking
matrix 19 "watches and answers of the next in line are lost when the leader leaves" "somebody leads" \
	"$(leader) leads ($standby was next)" "$took"
settle || give_up "not settled"

# The end of a session, as an administrator can do it; with nobody beside (A9).
old=$(leader)
for name in $(standbys "$old"); do member_stop "$name"; done
job=$(jobmanager_pid "$old")
epoch=$(status_field "$old" .epoch)
begin=$(now_ms)
ok "the leader's session is closed by hand" zk close "$(member_dir "$old")/run/session"
until_ok 10 "its JobManager is killed at once" gone "$job"
killed=$(since "$begin")
until_ok 10 "not at its deadline: the log names the end of the session" \
	logged "$old" 'from=leader cause=session-expired'
not_ok "no lease has run out" logged "$old" 'its lease has ended'
until_ok 20 "it leads again with another session, under a higher epoch" has_epoch_above "$old" "$epoch"
matrix 15 "the leader's session is closed on the server" "killed at once; new latch, new epoch" \
	"killed after $killed ms, epoch $(status_field "$old" .epoch) instead of $epoch" "$(since "$begin")"
ok "every pointer is there (P3)" same_all "$old"
scenario_end 3
