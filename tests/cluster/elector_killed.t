#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the leader's elector (FAILURES 1): nobody notices - same epoch, same JobManager, lease
# unbroken, pointers writable again; several times in a row, and with a write under way (B1).
# Promises 1, 2, 3, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$1" ]; }

for round in 1 2 3; do
	elector=$(elector_pid "$old")
	begin=$(now_ms)
	kill -KILL "$elector"
	until_ok 10 "$round: the guard starts another elector" another_elector "$elector"
	until_ok 10 "$round: it leads on" is_leader "$old"
	took=$(since "$begin")
	note "after $(($(now_ms) - begin)) ms"
	writable() { [ "$(put "$old" "round/$round" "value $round")" = 200 ]; }
	until_ok 10 "$round: pointers can be changed again" writable
	note "after $(($(now_ms) - begin)) ms"
	is "$(status_field "$old" .epoch)" "$epoch" "$round: in the same epoch"
	is "$(transition "$old")" resumed "$round: cause resumed"
	is "$(jobmanager_pid "$old")" "$job" "$round: the JobManager is the same"
	ok "$round: and lives" kill -0 "$job"
	is "$(zk list "$tree/latch" | wc -l)" 3 "$round: no new latch"
done
matrix 1 "kill -9 of the leader's elector, 3 times" "replaced; same epoch, same JobManager" \
	"epoch $(status_field "$old" .epoch) as before" "$took"
ok "every pointer is there (P3)" same_all "$old"

# While somebody writes: what was acknowledged is there, whatever the elector was doing (B1, B2).
write_on() {
	local n=0
	while [ ! -e "$tap_dir/enough" ]; do
		n=$((n + 1))
		[ "$(put "$old" "under/fire/$n" "value $n" 2>/dev/null)" = 200 ] && echo "$n" >>"$tap_dir/acknowledged"
	done
}
write_on &
writer=$!
sleep 0.5
for round in 1 2 3; do
	elector=$(elector_pid "$old")
	kill -KILL "$elector"
	cluster_until 10 another_elector "$elector" || fail "no other elector"
	cluster_until 10 serves "$old" || fail "the store is not served again"
	sleep 1.2
done
touch "$tap_dir/enough"
wait $writer
lost=0
while read -r n; do
	[ "$(get "$old" "under/fire/$n")" = "value $n" ] || lost=$((lost + 1))
done <"$tap_dir/acknowledged"
note "$(wc -l <"$tap_dir/acknowledged") acknowledged under fire"
is $lost 0 "every acknowledged pointer is there (P3)"
matrix 1 "the same 3 times, under writes" "nothing acknowledged is lost; no transition" \
	"$(wc -l <"$tap_dir/acknowledged") acknowledged, $lost lost"
is "$(status_field "$old" .epoch)" "$epoch" "still the same epoch"
is "$(api "$old" /v1/history | jq '.terms | length')" 1 "the history knows one term"
scenario_end 1
