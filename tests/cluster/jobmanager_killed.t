#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the leader's JobManager (FAILURES 2): another member leads at once, all pointers byte
# for byte; with nobody else there, it is started again here under a new epoch (A10).  Promises 1,
# 2, 3, 8, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1

old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
epoch=$(status_field "$old" .epoch)
begin=$(now_ms)
kill -KILL "$(jobmanager_pid "$old")"
until_ok 20 "another member leads" other_leader "$old" "${members[@]}"
new=$(leader)
note "$new leads after $(($(now_ms) - begin)) ms"
matrix 2 "kill -9 of the leader's JobManager" "another leads at once" "$new leads" "$(since "$begin")"
is "$(status_field "$new" .epoch)" $((epoch + 1)) "under the next epoch"
is "$(transition "$new")" jobmanager-exited "which names the cause"
ok "with every pointer, byte for byte (P3)" same_all "$new"
is "$(api "$new" /v1/history | jq -r '.terms[] | select(.epoch == 2) | .cause')" jobmanager-exited \
	"the history says why the second term began"
ok "the old leader may lead again" settle

member_stop "$old"
only_one() { [ "$(api "$new" /v1/cluster | jq '.members | length')" = 1 ]; }
until_ok 10 "$new is the last one" only_one
epoch=$(status_field "$new" .epoch)
job=$(jobmanager_pid "$new")
begin=$(now_ms)
kill -KILL "$job"
until_ok 20 "the only survivor starts it again here, under a new epoch (A10)" has_epoch_above "$new" "$epoch"
matrix 2 "the same, no other member" "started again here, new epoch" "epoch $(status_field "$new" .epoch) instead of $epoch" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms"
is "$(status_field "$new" .epoch)" $((epoch + 1)) "one epoch higher"
is "$(transition "$new")" restart-in-place "cause restart-in-place"
not_ok "it is another process" test "$(jobmanager_pid "$new")" = "$job"
is "$(status_field "$new" .jobmanager.restarts | awk '{ print ($1 > 0) }')" 1 "status counts the restarts"
ok "every pointer is still there (P3)" same_all "$new"
is "$(put "$new" after/restart x)" 200 "and can be changed"
is "$(put "$new" after/restart y -H "Jmha-Epoch: $epoch")" 412 "but not by the dead one's epoch (P2)"
is "$(body_field .error)" fenced "which is said"
scenario_end 3
