#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bytes of the log are wrong (FAILURES 33; B5, B6): the key whose value is damaged is named and
# answered with 410, the rest is served, a copy lies in quarantine.  A log that is cut short or away
# is never "damaged": not eligible until it is back.  A segment of a higher epoch proves a register
# that was rolled back (A11).  Promises 3, 4.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
put "$old" marked/one "this-value-will-be-damaged" >/dev/null
put "$old" marked/two "this-one-stays" >/dev/null
epoch=$(status_field "$old" .epoch)
for name in "${members[@]}"; do member_stop "$name"; done
log=$(grep -l this-value-will "$cluster_dir/store/$cluster_name/log"/*.log)
cp "$log" "$tap_dir/whole"
start_all() { for name in "${members[@]}"; do member_start "$name"; done; }
stop_all() { for name in "${members[@]}"; do member_stop "$name"; done; }

# Cut short, and away.
truncate -s $(($(stat -c %s "$log") - 40)) "$log"
start_all
for name in "${members[@]}"; do
	until_ok 30 "log cut short: $name is not eligible, log-missing" has_reason "$name" log-missing
	not_ok "$name does not lead" is_leader "$name"
done
note "$(last_error jm-a)"
is "$(find "$cluster_dir/store/$cluster_name/quarantine" -type f 2>/dev/null | wc -l)" 0 "nothing is called damaged (B5)"
mv "$log" "$log.away"
sleep 2
for name in "${members[@]}"; do ok "log gone: $name says log-missing" has_reason "$name" log-missing; done
rm "$log.away"
cp "$tap_dir/whole" "$log"
until_ok 60 "restored: all are eligible by themselves" settle
ok "every pointer is there (P3)" same_all "$(leader)"
stop_all

# A file of an epoch that the register does not know.
future=$(printf '%s/%020d-%020d.log' "${log%/*}" 9999 1)
cp "$tap_dir/whole" "$future"
start_all
for name in "${members[@]}"; do
	until_ok 30 "a log of a higher epoch: $name is not eligible, register-rolled-back" has_reason "$name" register-rolled-back
	not_ok "$name does not lead" is_leader "$name"
done
ok "explain names it" eval 'ctl jm-a explain 2>&1 | grep -iE "rolled.back|older|backup"'
note "$(ctl jm-a explain 2>&1)"
rm "$future"
stop_all

# Damaged.
LC_ALL=C sed -i 's/this-value-will-be-damaged/this-value-was-not-so-good/' "$log"
is "$(stat -c %s "$log")" "$(stat -c %s "$tap_dir/whole")" "bytes of a value are changed, none added"
start_all
until_ok 40 "somebody leads all the same" leader
new=$(leader)
until_ok 10 "and serves" serves "$new"
is "$(get_code "$new" marked/one)" 410 "the damaged key is answered with 410"
matrix 33 "bytes of a stored value are damaged" "410 for that key, the rest is served" "so"
is "$(body_field .error)" damaged "as damaged"
is "$(get "$new" marked/two)" this-one-stays "its neighbour is served"
ok "so are all others (P4)" same_all "$new"
is "$(status_field "$new" '.store.damaged_keys | join(" ")')" marked/one "status names the key"
like "$(member_log "$new")" 'is damaged at byte [0-9]+: the value of marked/one' "the log, too, with file and offset"
quarantined() { grep -rl was-not-so-good "$cluster_dir/store/$cluster_name/quarantine"; }
until_ok 10 "a copy lies in quarantine (B3)" quarantined
ok "the log itself is still there" test -e "$log"
is "$(register_field .snapshot.epoch)" "$(status_field "$new" .epoch)" "the register names a snapshot of this term"
before_grant() { grep -nE 'wrote a snapshot|state=leader' <(member_log "$new") | tail -n 2 | head -n 1 | grep -q 'wrote a snapshot'; }
ok "it was written before the grant (B5)" before_grant
stop_all

# Nobody finds the damage again: the snapshot lists what is lost.
start_all
until_ok 40 "all start anew, and somebody leads" leader
new=$(leader)
until_ok 10 "and serves" serves "$new"
is "$(get_code "$new" marked/one)" 410 "the lost key is still answered with 410"
is "$(status_field "$new" '.store.damaged_keys | join(" ")')" marked/one "and named by status"
is "$(status_field "$new" .store.damaged)" 1 "and counted"
ok "all others are there (P4)" same_all "$new"
is "$(register_field '.previous')" null "no second snapshot was needed"
is "$(put "$new" marked/one "a-new-value")" 200 "the key can be written again"
is "$(get "$new" marked/one)" a-new-value "and is whole then"
is "$(status_field "$new" .store.damaged)" 0 "and no longer damaged"
scenario_end 2
