#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The leader's cable to ZooKeeper is cut (FAILURES 9): its JobManager is dead before another one is
# granted, it never says leader past its deadline, and comes back as a standby.  Promises 1, 5, 6.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
job=$(jobmanager_pid "$old")
# What it says of itself, all the time: state, lease left.
watch_status() {
	while [ ! -e "$tap_dir/enough" ]; do
		printf '%s %s\n' "$(date +%s%3N)" "$(status_field "$old" '"\(.state) \(.lease_ms) \(.leader.member)"' 2>/dev/null)"
		sleep 0.02
	done
}
watch_status >"$tap_dir/watched" &
watcher=$!
begin=$(now_ms)
member_cut "$old"
until_ok 20 "its JobManager is killed" gone "$job"
note "after $(($(now_ms) - begin)) ms"
killed=$(since "$begin")
not_ok "nobody else leads yet" other_leader "$old" "${members[@]}"
until_ok 20 "another leads" other_leader "$old" "${members[@]}"
new=$(other_leader "$old" "${members[@]}")
matrix 9 "the leader is cut off from ZooKeeper" "killed at the deadline, then another leads" "killed after $killed ms, then $new leads" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms"
not_ok "the old one does not say leader" is_leader "$old"
is "$(put "$old" cut/off x | sed 's/409/refused/;s/503/refused/')" refused "and takes no write"
ok "every pointer is there (P3)" same_all "$new"
until_ok 20 "it says disconnected" test_state "$old" disconnected
member_heal "$old"
until_ok 40 "plugged in again, it may lead again" is_eligible "$old"
is "$(status_field "$old" .state)" standby "as a standby"
touch "$tap_dir/enough"
wait $watcher
is "$(awk '$2 == "leader" && $3 <= 0' "$tap_dir/watched")" "" "P5: it never said leader without a lease"
died=$("$lib/witnesses" "$witnessed" | awk -v m="$old" '$3 == m { print $5; exit }')
is "$(awk '$2 == "leader" { said = 1 } said && $2 != "leader" { over = 1 } over && $2 == "leader"' "$tap_dir/watched")" "" \
	"P5: once it was over it did not say so again"
ok "some of it was seen" test "$(grep -c ' leader ' "$tap_dir/watched")" -gt 3
note "its witness ended at $died ms"
scenario_end 2
