#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A log that would grow without end: snapshots are written beside the traffic, what lies before the
# last but one goes, and the disk's use stays within a bound (B3, B9).  Who starts, or comes back
# after its log is gone, begins with a snapshot (C5); a damaged one gives way to the one before (B6).
# Promises 3, 4.
cluster_storage='snapshot_kib = 16;'
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
store=$cluster_dir/store/$cluster_name
old=$(leader)
standby=$(standbys "$old")

value() { printf '%s-%02000d' "$1" "$1"; } # NUMBER: 2 kB that tell it
write_on() { # NAME FROM TO: four keys in turn
	local i
	for ((i = $2; i <= $3; i++)); do
		api "$1" "/v1/pointers/much/$((i % 4))" -f -X PUT --data-binary "$(value "$i")" -o /dev/null || return 1
	done
}
holds_to() { # NAME LAST
	local i
	for ((i = $2 - 3; i <= $2; i++)); do [ "$(get "$1" "much/$((i % 4))")" = "$(value "$i")" ] || return 1; done
}
snapshots_named() { register_field '[.snapshot, .previous] | map(select(.)) | length'; }
has_snapshots() { [ "$(snapshots_named)" = "$1" ]; }
file_of() { register_field ".$1 | \"\(.epoch) \(.sequence)\"" | { read -r e s && printf '%s/snapshot/%020d-%020d.snap' "$store" "$e" "$s"; }; }
disk() { du -sb "$store/log" "$store/snapshot" | awk '{ n += $1 } END { print n }'; }
# DESIGN 6: three spans of the log, each of twice a snapshot and what comes while that is written
# (here: a few commits), three snapshots, and the directories.
small() {
	local S
	S=$(stat -c %s "$(file_of snapshot)") && bound=$((3 * (3 * S + 3 * 2200) + 2 * 4096)) && [ "$(disk)" -le $bound ]
}

put_all "$old" >/dev/null || give_up "pointers cannot be stored"
ok "200 changes of 2 kB" write_on "$old" 1 200
until_ok 20 "the register names two snapshots" has_snapshots 2
until_ok 20 "the disk's use is bounded" small
note "$(disk) bytes after 400 kB of changes, at most $bound; $(ls "$store/log" | wc -l) segments, $(ls "$store/snapshot" | wc -l) snapshots"
for which in snapshot previous; do ok "the $which one is there" test -s "$(file_of $which)"; done
not_ok "the first segment is gone" test -e "$store/log/$(printf '%020d-%020d.log' "$(status_field "$old" .epoch)" 1)"
until_ok 20 "the standby follows" holds_to "$standby" 200

# While no snapshot can be written the log grows, and nothing else happens.
mv "$store/snapshot" "$store/away" && : >"$store/snapshot"
ok "100 more where no snapshot can be written" write_on "$old" 201 300
says_why() { status_field "$old" .store.snapshot.error | grep -q "$store/snapshot: Not a directory"; }
until_ok 20 "which status says" says_why
no_error() { [ "$(status_field "$old" .store.snapshot.error)" = null ]; }
rm "$store/snapshot" && mv "$store/away" "$store/snapshot"
ok "100 more where one can" write_on "$old" 301 400
until_ok 20 "the error is gone" no_error
until_ok 20 "and the disk's use is bounded" small
ok "it leads all the time" test "$(leader)" = "$old"

# Bytes get damaged that the leader has in memory, and a standby reads them before the next snapshot.
member_stop "$standby"
put "$old" marked/one "this-value-will-be-damaged" >/dev/null
log=$(grep -l this-value-will "$store/log"/*.log)
at=$(LC_ALL=C grep -abo this-value-will "$log" | cut -d: -f1)
printf 'that-value-was-' | dd of="$log" bs=1 seek="$at" conv=notrunc status=none # in place: the leader has it open
member_start "$standby"
damaged_here() { [ "$(status_field "$standby" .store.damaged)" = "$1" ]; }
until_ok 30 "a standby finds a value damaged" damaged_here 1
ok "the leader has it" test "$(get "$old" marked/one)" = this-value-will-be-damaged
ok "and writes on" write_on "$old" 401 404
until_ok 20 "the standby follows" holds_to "$standby" 404
ok "what is damaged stays so" damaged_here 1
ok "up to the next snapshot" write_on "$old" 405 440
until_ok 20 "which makes it good for the standby (B6)" damaged_here 0
is "$(get "$standby" marked/one)" this-value-will-be-damaged "whole"

# A standby that was away for longer than its log is kept.
member_stop "$standby"
ok "200 more while a standby is away" write_on "$old" 401 600
until_ok 20 "the disk's use is bounded still" small
member_start "$standby"
until_ok 30 "it comes back" settle
until_ok 20 "with what is there now" holds_to "$standby" 600

# Another leader.
host_kill "$old"
until_ok 40 "it takes over" is_leader "$standby"
until_ok 10 "and serves" serves "$standby"
ok "all that was acknowledged (P3)" holds_to "$standby" 600
ok "and the rest of it, byte for byte (P4)" same_all "$standby"
ok "it writes on" write_on "$standby" 601 700
until_ok 20 "and cleans, too" small
member_stop "$standby"

# The newest one is damaged.
damaged=$(file_of snapshot)
LC_ALL=C sed -i 's/-00000000000000/-00000000000001/' "$damaged"
member_start "$standby"
until_ok 60 "a damaged snapshot: it leads all the same" is_leader "$standby"
until_ok 10 "and serves" serves "$standby"
ok "all, from the one before (B6)" holds_to "$standby" 700
ok "and says so" logged "$standby" "newest snapshot cannot be used.*${damaged##*/}"
quarantined() { cmp -s "$damaged" "$store/quarantine/${damaged##*/}"; }
until_ok 10 "a copy lies in quarantine (B3)" quarantined
done_testing
