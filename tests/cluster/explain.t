#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `jmhactl explain` on a running cluster: the arithmetic of the lease with its numbers, why this member
# leads or does not, and what it waits for, as it happens.  Promises 5 and 6, in words.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
new=$(standbys "$old" | head -n 1)
explains() { ctl "$1" explain 2>&1 | grep -Eq -- "$2"; } # NAME REGEX

ctl "$old" explain >"$tap_dir/leader"
note "$(cat "$tap_dir/leader")"
session=$cluster_session_ms
tick=$cluster_tick_ms
h=$((tick / 2))
margin=$((tick + 200)) # k + J
lease=$((session * 999 / 1000 - margin - cluster_stop_ms))
tolerance=$((lease - h - 400))
like "$(cat "$tap_dir/leader")" "^$old leads cluster" "the leader says that it leads"
like "$(cat "$tap_dir/leader")" "T = $session .*k = $tick " "T and k are this cluster's"
like "$(cat "$tap_dir/leader")" "h = k/2 = $h; J = max\(200, k/4\) = 200" "h and J"
like "$(cat "$tap_dir/leader")" "M = k \+ J = $margin;" "M"
like "$(cat "$tap_dir/leader")" "stop_ms $cluster_stop_ms = $lease\$" "the lease"
like "$(cat "$tap_dir/leader")" "= 400; tolerance = .* = $tolerance: " "A and the tolerance"
left=$(sed -n 's/.*left until the deadline: //p' "$tap_dir/leader")
ok "left: $left, more than nothing and not more than the lease" test "$left" -gt 0 -a "$left" -le "$lease"
not_ok "it waits for nothing" grep -q '^It waits' "$tap_dir/leader"
is "$(status_field "$old" '"\(.tolerance_ms) \(.lease.length_ms)"')" "$tolerance $lease" "status has the same numbers"

until_ok 20 "the standby waits for its turn" explains "$new" '^It waits for its turn'
ok "one latch stands before its own" explains "$new" '^1 latch stands before its own'
until_ok 20 "its chain is valid" explains "$new" 'valid chain'

# Cut off: it says so, and the leader that a lease is all it has.
member_cut "$old"
until_ok 10 "cut off, the leader says how long" explains "$old" 'no ZooKeeper connection: without one it stops leading in'
until_ok 20 "then it has stopped, and waits for ZooKeeper" explains "$old" '^It waits for a ZooKeeper server that answers'
until_ok 20 "the other one leads" is_leader "$new"
member_heal "$old"
ok "settled" settle

# A latch removed by hand under a leader that cannot hear of it: its time is waited out, and told (A4).
member_cut "$new"
ok "the leader's latch is deleted" zk delete "$tree/latch/$(register_field .owner.latch)"
until_ok 10 "the standby waits for the owner's time" explains "$old" '^It waits until the last leader can no longer act.*another [0-9.]+ m?s'
note "$(ctl "$old" explain 2>&1 | head -n 8)"
until_ok 20 "and leads then" is_leader "$old"
member_heal "$new"
ok "settled again" settle
scenario_end 3
