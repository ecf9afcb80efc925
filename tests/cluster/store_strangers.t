#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Somebody puts files into the store (FAILURES 33; A11, B8): copies of its own, some of another cluster,
# folders, pipes, links, huge and empty ones, with names of all kinds, while members work and before a
# takeover.  Beside the files that the register names they are harmless, in place of one they are
# named.  Promises 2, 3, 4, 6.  (Each kind under each name: test_strangers.)
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
standby=$(standbys "$old")
store=$cluster_dir/store/$cluster_name
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
is "$(put "$old" jobs/before 1)" 200 "a change"
own=$(find "$store/log" -name '*.log' | sort | tail -n 1)
epoch=$(status_field "$old" .epoch)
segment() { printf '%s/log/%020d-%020d.log' "$store" "$1" "$2"; } # EPOCH NUMBER

strangers() { # EPOCH: of the leader; what its next files would be called, and others
	cp "$own" "$(segment "$1" 2)"
	mkdir "$(segment "$1" 3)"
	mkfifo "$(segment "$1" 4)"
	ln -s /dev/zero "$(segment "$1" 5)"
	ln -s nowhere "$(segment "$1" 6)"
	truncate -s 1T "$(segment "$1" 7)"
	: >"$(segment "$1" 8)"
	head -c 3000 /dev/urandom >"$(segment "$1" 9)"
	cp "$own" "$own.copy"
	cp "$own" "$store/snapshot/${own##*/}"
	cp "$own" "$store/log/$(printf '\001\033[31m\n').log"
	mkdir "$store/snapshot/$(printf '%020d-%020d.snap' "$1" 1)" "$store/lost+found"
	mkfifo "$store/CLUSTER.$standby.1.tmp" "$store/log/.nfs0001"
	touch "$store/quarantine/notes" "$cluster_dir/store/notes"
}
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$elector" ] && is_leader "$old"; }
follows() { [ "$(status_field "$1" .store.sequence)" = "$(register_field .log.sequence)" ]; } # NAME

remember_term "$old"
ok "strangers, while members work" strangers "$epoch"
is "$(put "$old" jobs/beside 2)" 200 "a change is taken"
elector=$(elector_pid "$old")
kill -KILL "$elector"
until_ok 10 "another elector, which begins a file, leads on" another_elector
same_term "strangers where its file would be"
is "$(put "$old" jobs/behind 3)" 200 "it takes changes"
until_ok 20 "the standby follows" follows "$standby"
for name in "${members[@]}"; do is "$(get "$name" jobs/behind)" 3 "$name has it"; done
said=$(timeout 60 "$bin/jmhactl" store verify --config "$(member_dir "$old")/jmhad.conf" 2>&1)
for n in 3 4 5 6 7 9; do like "$said" "$(basename "$(segment "$epoch" $n)")" "store verify names number $n"; done

is "$(ctl "$old" switchover --yes "$standby" >/dev/null 2>&1; echo $?)" 0 "a switchover beside them"
until_ok 10 "it leads" is_leader "$standby"
for name in "${members[@]}"; do member_stop "$name"; done
ok "more of them, before a takeover" eval 'rm -rf "$(segment "$epoch" 3)" && strangers $((epoch + 2)) 2>/dev/null; true'
for name in "${members[@]}"; do member_start "$name"; done
# Those of the next epoch are there before it began: as after a backup of ZooKeeper (A11).
for name in "${members[@]}"; do
	until_ok 30 "files of an epoch that never was: $name is not eligible, register-rolled-back" has_reason "$name" register-rolled-back
	not_ok "$name does not lead" is_leader "$name"
done
like "$(member_log "$old")" "register-rolled-back.*$(basename "$(segment $((epoch + 2)) 9)")" "the log names the last one"
find "$store/log" -name "$(printf '%020d' $((epoch + 2)))-*" -exec rm -rf {} +
until_ok 60 "they are removed: somebody leads, by itself" leader
new=$(leader)
until_ok 10 "and serves" serves "$new"
ok "every pointer is there (P3)" same_all "$new"
for key in before:1 beside:2 behind:3; do is "$(get "$new" jobs/${key%:*})" "${key#*:}" "jobs/${key%:*}, too"; done
is "$(status_field "$new" .store.damaged)" 0 "nothing is damaged"
matrix 33 "strangers of all kinds beside the files of the store" "harmless; named by store verify; of a later epoch: register-rolled-back with the file's name" "so"

# In place of a file that the register names.
for name in "${members[@]}"; do member_stop "$name"; done
file=$(register_field '.log | "\(.epoch) \(.segment)"')
# shellcheck disable=SC2086
file=$(segment $file)
mv "$file" "$cluster_dir/away"
mkfifo "$file"
for name in "${members[@]}"; do member_start "$name"; done
for name in "${members[@]}"; do
	until_ok 30 "a pipe in place of the log: $name is not eligible" has_reason "$name" storage-failed
	like "$(status_field "$name" .store.error)" "${file##*/}: is no regular file" "status names it"
	like "$(ctl "$name" explain 2>&1 | tr -s ' \n' ' ')" "${file##*/}: is no regular file; remove it" "explain says what to do"
done
rm "$file" && mv "$cluster_dir/away" "$file"
until_ok 60 "it is there again: somebody leads" leader
new=$(leader)
until_ok 10 "and serves" serves "$new"
ok "every pointer is there (P3)" same_all "$new"
matrix 33 "a pipe in place of the log file that the register names" "not eligible, named; leads when the file is back" "so"
scenario_end 3
