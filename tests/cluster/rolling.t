#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Five members start at once, are restarted one after the other, and are stopped and started before
# they have got anywhere (FAILURES 44, 45): one leader, as many terms as there were stops of a leader,
# nothing left behind.  Promises 1, 2, 6, 8.
. "$(dirname "$0")/../lib/scenario.sh"
begin=$(now_ms)
scenario_zookeeper -n 1 -F
scenario_members 5
until_ok 60 "five start at once: somebody leads" leader
took=$(since "$begin")
ok "all become eligible" settle
is "$(status_field "$(leader)" .epoch)" 1 "one term"
is "$(for name in "${members[@]}"; do status_field "$name" .state; done | sort | uniq -c | awk '{ print $1 $2 }' | tr '\n' ' ')" \
	"1leader 4standby " "one leader, four standbys"
put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
matrix 44 "five members start at once" "one leader, one term" "$(leader) leads, epoch $(status_field "$(leader)" .epoch)" "$took"

# A rolling restart; the leader's turn comes once, perhaps twice (its successor's after it).
begin=$(now_ms)
led=0
for name in "${members[@]}"; do
	if is_leader "$name"; then led=$((led + 1)); fi
	member_stop "$name" || fail "$name does not stop"
	until_ok 20 "$name stopped: somebody leads" leader
	member_start "$name"
	until_ok 40 "$name started: it is eligible" is_eligible "$name"
done
epoch=$(status_field "$(leader)" .epoch)
is "$epoch" $((1 + led)) "a term for each stop of a leader, no more"
matrix 44 "rolling restart of five members" "one transition for each stop of a leader" \
	"$((epoch - 1)) transitions, $led stops of a leader" "$(since "$begin")"
ok "every pointer is there (P3)" same_all "$(leader)"

# Stopped while it starts, at whatever moment.
settle || give_up "not settled"
remember_term "$(leader)"
standby=$(standbys "$(leader)" | head -n 1)
begin=$(now_ms)
member_stop "$standby"
for wait in 0.00 0.01 0.03 0.06 0.10 0.15 0.30 0.50; do
	member_start "$standby"
	sleep $wait
	kill -TERM "$(guard_pid "$standby")"
	cluster_until 20 member_stopped "$standby" || fail "stopped after $wait s, it does not end"
	cluster_until 10 eval '[ "$(zk list "$tree/latch" | wc -l)" = 4 ]' || fail "stopped after $wait s, it leaves a latch behind"
	cluster_until 10 eval '! zk get "$tree/members/$standby"' || fail "stopped after $wait s, it leaves its member node behind"
done
pass "stopped 8 times while it starts, it ends and leaves nothing behind"
# A reload in the middle of a start is none, or one: no end.
waits_for_signals() { [ $((0x$(awk '/^SigBlk/ { print $2 }' "/proc/$(guard_pid "$standby")/status") & 1)) = 1 ]; } # SIGHUP
conf=$(member_dir "$standby")/jmhad.conf
cp "$conf" "$tap_dir/conf"
for wait in 0.03 0.06 0.10 0.20; do
	cp "$tap_dir/conf" "$conf"
	member_start "$standby"
	cluster_until 5 waits_for_signals # before that, it would be ended as any program
	sleep $wait
	echo 'api: { admin_group = "root"; };' >>"$conf"
	kill -HUP "$(guard_pid "$standby")"
	until_ok 40 "a reload $wait s after the start: it is eligible all the same" is_eligible "$standby"
	member_stop "$standby"
done
cp "$tap_dir/conf" "$conf"
member_start "$standby"
until_ok 40 "started for good it is eligible" is_eligible "$standby"
same_term "starts that are stopped"
matrix 45 "a member is stopped 8 times while it starts, reloaded 4 times" "ends, leaves nothing behind; starts" "so" "$(since "$begin")"
scenario_end 2
