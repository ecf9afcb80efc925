#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The leader's open log file is replaced by another one (FAILURES 32, 33; B4): what it appends there
# would be read by nobody.  The change is refused, the next one is taken, a snapshot holds what was
# in the old file, status says who was touched; and who leads next has everything.  Promises 1, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
remember_term "$old"
log=$(find "$cluster_dir/store/$cluster_name/log" -name '*.log' | sort | tail -n 1)
cp "$log" "$tap_dir/copy" && mv "$tap_dir/copy" "$log.new" && mv "$log.new" "$log"
put "$old" jobs/refused x >"$tap_dir/code"
like "$(cat "$tap_dir/code")" '^50[0-9]$' "the change that would go into the old file is refused"
like "$(member_log "$old")" "${log##*/} was (deleted|replaced)" "the log names the file"
like "$(status_field "$old" .store.log_error)" "${log##*/} was " "status, too"
like "$(ctl "$old" explain 2>&1 | tr -s ' \n' ' ')" 'a log file was touched' "and explain"
taken() { [ "$(put "$old" jobs/taken y)" = 200 ]; }
until_ok 20 "the next one is taken" taken
snapshot() { [ "$(register_field .snapshot.epoch)" != null ]; }
until_ok 20 "a snapshot holds what was in the file" snapshot
same_term "a file that was touched is no reason to hand over"
rm "$log" # all of it
for name in "${members[@]}"; do member_stop "$name"; done
for name in "${members[@]}"; do member_start "$name"; done
until_ok 40 "without that file somebody leads" leader
new=$(leader)
until_ok 10 "and serves" serves "$new"
ok "every pointer is there (P3)" same_all "$new"
is "$(get "$new" jobs/taken)" y "and what was taken since"
is "$(get_code "$new" jobs/refused)" 404 "and not what was refused"
matrix 32 "the leader's open log file is replaced, then removed" "the change is refused, the next one taken; nothing lost" "so"
scenario_end 2
