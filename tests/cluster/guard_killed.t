#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the leader's guard (FAILURES 1, 3): nothing of it survives; jmhad --release hands over
# with proof (A3, A12), is refused while the guard lives, and harmless when repeated or after an
# orderly stop.  Promises 1, 2, 3, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3

old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
elector=$(elector_pid "$old")

not_ok "a release while the guard lives is refused" member_release "$old"
like "$(cat "$tap_dir/out")" 'lock|runs|running' "and says why"
note "$(cat "$tap_dir/out")"
is "$(status_field "$old" .epoch) $(status_field "$old" .state)" "$epoch leader" "nothing was done"
ok "its JobManager lives" kill -0 "$job"

begin=$(now_ms)
kill -KILL "$(guard_pid "$old")"
killed_at=$begin
until_ok 5 "the elector dies with it" gone "$elector"
until_ok 5 "the JobManager too" gone "$job"
note "after $(($(now_ms) - begin)) ms"
begin=$(now_ms)
ok "jmhad --release hands over, exit 0" member_release "$old"
note "$(cat "$tap_dir/out")"
note "after $(($(now_ms) - begin)) ms"
until_ok 10 "another leads" other_leader "$old" "${members[@]}"
new=$(other_leader "$old" "${members[@]}")
note "$new leads, seen $(($(now_ms) - begin)) ms after the release was started"
matrix 1,3 "kill -9 of the leader's guard, then jmhad --release as ExecStopPost" "all of it dead; another leads" "$new leads" "$(since "$killed_at")"
is "$(transition "$new")" daemon-died "cause daemon-died"
ok "every pointer is there (P3)" same_all "$new"
epoch=$(status_field "$new" .epoch)
ok "a second release is harmless, exit 0" member_release "$old"
is "$(status_field "$new" .epoch) $(status_field "$new" .state)" "$epoch leader" "and changes nothing"
is "$(zk list "$tree/latch" | wc -l)" 2 "the dead member's latch is gone"
not_ok "its member node too" zk get "$tree/members/$old"

member_start "$old"
until_ok 30 "started again, it is a standby" is_eligible "$old"
member_stop "$old"
ok "a release after an orderly stop is harmless, exit 0" member_release "$old"
is "$(status_field "$new" .epoch) $(status_field "$new" .state)" "$epoch leader" "and changes nothing"
scenario_end 2
