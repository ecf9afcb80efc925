#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The leader's open log file is replaced by another one (FAILURES 32, 33; B4): what it appends there
# would be read by nobody.  The change is refused, the next one is taken, a snapshot holds what was
# in the old file, status says who was touched; and who leads next has everything.  Promises 1, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
newest_log() { find "$cluster_dir/store/$cluster_name/log" -name '*.log' | sort | tail -n 1; }
snapshot_of() { [ "$(register_field '.snapshot | "\(.epoch) \(.sequence)"')" = "$1 $(register_field .log.sequence)" ]; } # EPOCH
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
remember_term "$old"
log=$(newest_log)
cp "$log" "$tap_dir/copy" && mv "$tap_dir/copy" "$log.new" && mv "$log.new" "$log"
put "$old" jobs/refused x >"$tap_dir/code"
like "$(cat "$tap_dir/code")" '^50[0-9]$' "the change that would go into the old file is refused"
like "$(member_log "$old")" "${log##*/} was (deleted|replaced)" "the log names the file"
like "$(status_field "$old" .store.log_error)" "${log##*/} was " "status, too"
like "$(ctl "$old" explain 2>&1 | tr -s ' \n' ' ')" 'file that it leads by is gone, changed or unreadable' "and explain"
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

# A leader that has nothing to write notices by itself, within some seconds: nothing is refused.
settle || give_up "not settled"
old=$(leader)
is "$(put "$old" jobs/kept z)" 200 "a change"
remember_term "$old"
log=$(newest_log)
mv "$log" "$log.away"
epoch=$(status_field "$old" .epoch)
begin=$(now_ms)
until_ok 30 "an idle leader's file is moved away: a snapshot holds what was in it" snapshot_of "$epoch"
like "$(status_field "$old" .store.log_error)" "${log##*/}: absent or shorter" "status names the file"
like "$(ctl "$old" explain 2>&1 | tr -s ' \n' ' ')" 'file that it leads by is gone, changed or unreadable' "explain, too"
matrix 32 "an idle leader's log file is moved away" "noticed, a snapshot is written; nothing refused or lost" "so" "$(since "$begin")"
is "$(put "$old" jobs/kept zz)" 200 "the next change is taken, into another file"
same_term "what was moved away"

# Its last snapshot: what is behind it in the log does not tell what was before.
named() { find "$cluster_dir/store/$cluster_name/snapshot" -name "$(printf '%020d-%020d.snap' "$(register_field .snapshot.epoch)" "$(register_field .snapshot.sequence)")"; }
moved_away() { snapshot=$(named) && mv "$snapshot" "$snapshot.away"; }
says() { status_field "$old" .store.log_error | grep -q "${snapshot##*/}: absent"; }
another() { [ -n "$(named)" ] && [ "$(named)" != "$snapshot" ]; }
moved_away
until_ok 30 "the snapshot that the register names is moved away, with changes since: there is another one" another
ok "status says which" says
until_ok 10 "it has all" snapshot_of "$epoch"
moved_away
until_ok 30 "the next one, too, and nothing was changed since: status names it" says
is "$(put "$old" jobs/kept zz2)" 200 "a change"
until_ok 30 "with which there is another one" another
same_term "a snapshot that was moved away"
matrix 32 "a leader's last snapshot is moved away" "noticed; another one is written, with the next change where nothing was changed since; nothing refused or lost" "so"

# Its successor, which has all of it in memory, does the same: the predecessor had no time to.
is "$(put "$old" jobs/kept zzz)" 200 "a change"
log=$(newest_log)
standby=$(standbys "$old")
caught_up() { [ "$(status_field "$standby" .store.sequence)" = "$(register_field .log.sequence)" ]; }
until_ok 10 "the standby has it" caught_up
host_kill "$old"
mv "$log" "$log.away"
until_ok 30 "the leader's host is lost, and its file: another one leads" is_leader "$standby"
until_ok 30 "and writes a snapshot" eval '[ "$(register_field .snapshot.epoch)" = "$(status_field "$standby" .epoch)" ]'
matrix 32 "the leader's host is lost, and then its log file" "who leads next writes what it holds into a snapshot" "so"
member_stop "$standby"
member_start "$standby"
until_ok 40 "without the files somebody leads" is_leader "$standby"
until_ok 10 "and serves" serves "$standby"
is "$(get "$standby" jobs/kept)" zzz "all that was acknowledged (P3)"
ok "and the rest of it" same_all "$standby"
scenario_end 4
