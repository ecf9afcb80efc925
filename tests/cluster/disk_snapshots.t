#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk fails while snapshots are written, read back, named and cleaned behind (FAILURES 29, 30, 31,
# 33; B3, B8): no change is refused, no snapshot that is not whole is named, nothing is deleted in its
# name, status says why the log grows, and the next one is made when the disk works.  Promise 3.
cluster_storage='io_ms = 1500; snapshot_kib = 16;'
. "$(dirname "$0")/../lib/fault_storage.sh"
scenario_zookeeper -n 1 -F
fault_members 1
lead=jm-a
member_start "$lead" || give_up "$lead does not start"
settle || give_up "$lead does not lead"
put_all "$lead" >/dev/null || give_up "pointers cannot be stored"
value=$(printf '%02000d' 7)
n=0
much() { # TIMES: 2 kB each; fails with the first that is not taken
	local i
	for ((i = 0; i < $1; i++)); do
		n=$((n + 1))
		[ "$(put "$lead" "much/$((n % 4))" "$value$n")" = 200 ] || return 1
	done
}
named() { register_field '.snapshot.sequence // 0'; }
error() { status_field "$lead" '.store.snapshot.error // ""'; }
says() { [ -n "$(error)" ]; }
goes_on() { much 6 && [ "$(named)" -gt "$before" ] && ! says; } # until one is made
before=0
until_ok 30 "snapshots are written" goes_on
remember_term "$lead"

begin=$(now_ms)
while read -r rule; do
	before=$(named)
	fault "$lead" "$rule"
	# One may have been under way, and well.
	fails() { much 6 && before=$(named) && says; }
	until_ok 30 "$rule: changes are taken, status says that no snapshot is" fails
	ok "so it was" met "$lead" "${rule%% \**}"
	note "$(error)"
	like "$(error)" "/snapshot" "and where"
	fault_off "$lead"
	until_ok 30 "it is over: the next one is made, the error gone" goes_on
done <<'END'
create EDQUOT */snapshot/*
write EIO */snapshot/*
write half */snapshot/*
fsync EIO */snapshot/*
link EROFS */snapshot/*
write drop */snapshot/*
read flip */snapshot/*
read EIO */snapshot/*
END
same_term "whatever fails beside the log"
matrix 29,30,33 "each step of writing a snapshot fails, is lost, or is read back wrong" "changes go on, status says why the log grows, none is named that is not whole" "so, 8 faults" "$(since "$begin")"

# None can be read back, for long: what is left of those that failed does not fill the disk (B3).
snapshots() { find "$cluster_dir/store/$cluster_name/snapshot" -name '*.snap' | wc -l; }
fault "$lead" 'read EIO */snapshot/*'
failed_often() { much 6 && [ "$(member_log "$lead" | grep -c 'no snapshot was made')" -ge $((often + 5)) ]; }
often=$(member_log "$lead" | grep -c 'no snapshot was made')
until_ok 60 "five in a row cannot be read back: changes are taken" failed_often
ok "the last of them alone is there, beside what the register names: $(snapshots)" test "$(snapshots)" -le 4
fault_off "$lead"
until_ok 30 "it is over: the next one is made" goes_on

# It hangs: no change waits for it.
fault "$lead" 'any hang */snapshot/*'
stuck() { much 6 && met "$lead" hang; }
until_ok 30 "a snapshot hangs: changes are taken" stuck
until_ok 30 "status says so" fails
like "$(error)" 'no answer within io_ms|hangs' "that it hangs"
fault_off "$lead"
until_ok 30 "it wakes up: the next one is made" goes_on
# What cannot be deleted stays, and goes the next time.
fault "$lead" 'unlink EIO */log/*'
undeleted() { much 6 && logged "$lead" 'not all old files were deleted: cannot delete old files of .*/log/[0-9-]*.log: Input'; }
until_ok 30 "old files cannot be deleted: changes are taken, the log names one" undeleted
before=$(named)
fault_off "$lead"
until_ok 30 "it is over: snapshots are made" goes_on
small() { much 6 && [ "$(segments)" -le 8 ]; }
until_ok 30 "and the old files go" small
same_term "a snapshot that hangs, a file that stays"

last=$n
member_stop "$lead"
ok "the store on disk is whole" verified "$lead"
member_start "$lead"
until_ok 40 "who starts from it leads" is_leader "$lead"
until_ok 10 "and serves" serves "$lead"
is "$(get "$lead" "much/$((last % 4))")" "$value$last" "the last change (P3)"
ok "the pointers of Flink, too" same_all "$lead"
scenario_end 2
