#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The leader's host is gone at once, nothing handed over (FAILURES 7, 8): another leads after T to
# T + k, when nobody can act under the old session any more; the host comes back as a standby.
# Promises 1, 2, 3, 6.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
begin=$(now_ms)
host_kill "$old"
member_start "$old" # the reboot was quick: its old session still lives (C4, D3)
until_ok 30 "another leads" other_leader "$old" "${members[@]}"
new=$(other_leader "$old" "${members[@]}")
note "$new leads after $(($(now_ms) - begin)) ms (T = $cluster_session_ms, k = $cluster_tick_ms)"
matrix 7 "the leader's host is gone at once" "another leads after T to T + k" "$new leads" "$(since "$begin")"
is "$(transition "$new")" predecessor-gone "cause predecessor-gone"
ok "every pointer is there (P3)" same_all "$new"
until_ok 30 "the host comes back as a standby" is_eligible "$old"
ok "its name was its own again" logged "$old" 'members/.* belongs to another session'
matrix 8 "it is back before its session has ended" "standby, once that has ended" "$(status_field "$old" .state)" "$(since "$begin")"
scenario_end 2
