#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Three members of a new cluster start at once (PROTOCOL 6, FAILURES 44): one leader, one transition
# each, epoch 1.  Promises 1, 2, 6, 8.
. "$(dirname "$0")/../lib/scenario.sh"

begin=$(now_ms)
scenario_zookeeper -n 3
scenario_members 3
until_ok 40 "somebody leads" leader
first=$(leader)
note "$first leads after $(($(now_ms) - begin)) ms, ZooKeeper's start included"
ok "all become eligible" settle
matrix 44 "three members of a new cluster start at once" "one leader, epoch 1" "$first leads, epoch $(status_field "$first" .epoch)"
is "$(for name in "${members[@]}"; do status_field "$name" .state; done | sort | tr '\n' ' ')" \
	"leader standby standby " "one leader, two standbys"
is "$(status_field "$first" .epoch)" 1 "the first epoch is 1"
is "$(transition "$first")" new "the cause of the first term"
is "$(register_field .owner.member)" "$first" "the register names the leader"
like "$(register_field .cluster_id)" '^[0-9a-f]{32}$' "the register has a cluster id"
is "$(jq -r .cluster_id "$cluster_dir/store/$cluster_name/CLUSTER")" "$(register_field .cluster_id)" \
	"storage and register have the same cluster id (A11)"
for name in "${members[@]}"; do
	is "$(ctl "$name" leader)" "$first" "$name names the leader"
	is "$(status_field "$name" .jobmanager.state)" "$([ "$name" = "$first" ] && echo granted || echo stopped)" \
		"$name: JobManager runs only where it was granted"
done
is "$(api "$first" /v1/history | jq '.terms | length')" 1 "one term in the history"
is "$(zk list "$tree/latch" | wc -l)" 3 "three latches"
is "$(stat -c %a "$(member_dir "$first")/run/session")" 600 "the session file is for its owner alone"

n=$(put_all "$first")
note "$n pointers"
until_ok 10 "a standby serves them too" same_all "$(standby)"
sequence=$(status_field "$first" .store.sequence)
caught_up() { [ "$(api "$1" /v1/pointers -o /dev/null -D - | tr -d '\r' | sed -n 's/^Jmha-Sequence: //Ip')" = "$sequence" ]; }
until_ok 10 "its answers say which sequence they are from" caught_up "$(standby)"

for name in "${members[@]}"; do kill -TERM "$(guard_pid "$name")"; done
for name in "${members[@]}"; do until_ok 20 "$name stops when asked" member_stopped "$name"; done
is "$(zk list "$tree/latch" | wc -l)" 0 "no latch is left"
is "$(zk list "$tree/members" | wc -l)" 0 "no member node is left"
is "$(register_field .released)" shutdown "the last leader has released"
for name in "${members[@]}"; do member_start "$name"; done
ok "all come back" settle
is "$(status_field "$(leader)" .epoch | awk '{ print ($1 >= 2) }')" 1 "under a higher epoch"
ok "with every pointer, byte for byte (P3)" same_all "$(leader)"
scenario_end 2
