#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The runtime directory is full or read-only, the log is full, or nobody reads it (FAILURES 35): the
# leader leads on and hands over as ever, its elector is replaced as ever, and what cannot be written
# is said where it can be.  Promises 1, 2, 6, 7, 9.
. "$(dirname "$0")/../lib/scenario.sh"
[ "$(id -u)" = 0 ] || skip_all "mounts need root"
mounted=()
at_exit_too() { for m in "${mounted[@]}"; do umount -l "$m"; done 2>/dev/null; }
scenario_zookeeper -n 1 -F
members=(jm-a jm-b)
for name in "${members[@]}"; do
	member_make "$name"
	mount -t tmpfs -o size=256k,mode=0755 jmha-test "$(member_dir "$name")/run" 2>/dev/null ||
		skip_all "no tmpfs can be mounted here"
	mounted+=("$(member_dir "$name")/run")
	member_start "$name"
done
settle || give_up "not settled"
fill() { head -c 1000000 /dev/zero >"$(member_dir "$1")/run/junk" 2>/dev/null; }
room() { rm -f "$(member_dir "$1")/run/junk"; }
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$elector" ]; }

# ---- /run is full
old=$(leader)
remember_term "$old"
begin=$(now_ms)
fill "$old"
sleep 2
same_term "a full runtime directory"
elector=$(elector_pid "$old")
kill -KILL "$elector"
until_ok 10 "the elector is replaced all the same" another_elector
until_ok 10 "and leads on" is_leader "$old"
same_term "its elector killed as well (P9)"
is "$(put "$old" full/run x)" 200 "pointers can be changed"
matrix 35 "the leader's runtime directory is full, its elector is killed" "replaced, no transition" "none" "$(since "$begin")"
begin=$(now_ms)
fill "$old" # the new elector has given some room back
ctl "$old" step-down --yes >"$tap_dir/said" 2>&1
note "step-down: exit $?: $(cat "$tap_dir/said")"
until_ok 20 "another leads after a step-down" other_leader "$old" "${members[@]}"
matrix 35 "the leader's runtime directory is full, step-down" "another leads" "$(leader) leads" "$(since "$begin")"
room "$old"
until_ok 40 "room again: it is eligible by itself" is_eligible "$old"
settle || give_up "not settled"

# A standby has to note the latch that it makes (C4).
old=$(leader)
standby=$(standbys "$old")
remember_term "$old"
fill "$standby"
zk delete "$tree/latch/$(sed -n 's/^latch //p' "$(member_dir "$standby")/run/session")"
begin=$(now_ms)
until_ok 20 "a standby that needs a new latch: the log names what cannot be written" \
	logged "$standby" 'Failed to write .*run/session.*No space'
note "$standby: $(status_field "$standby" .state) $(reasons "$standby"), $(zk list "$tree/latch" | wc -l) latches"
same_term "a standby without room"
room "$standby"
until_ok 40 "room again: it is in the queue by itself" queue_is_full
matrix 35 "a standby's runtime directory is full when it needs a new latch" "said in the log; in the queue when there is room" \
	"so" "$(since "$begin")"
settle || give_up "not settled"

# ---- /run is read-only
old=$(leader)
remember_term "$old"
elector=$(elector_pid "$old")
begin=$(now_ms)
run=$(member_dir "$old")/run
read_only() { mount --bind "$run" "$run" && mounted+=("$run") && mount -o remount,ro,bind "$run"; }
ok "the leader's runtime directory becomes read-only" read_only
not_ok "nothing can be made there" touch "$run/new"
kill -KILL "$elector"
until_ok 10 "read-only: the elector is replaced all the same" another_elector
until_ok 10 "and leads on" is_leader "$old"
same_term "a read-only runtime directory (P9)"
ctl "$old" step-down --yes >"$tap_dir/said" 2>&1
note "step-down: exit $?: $(cat "$tap_dir/said")"
until_ok 20 "another leads after a step-down" other_leader "$old" "${members[@]}"
matrix 35 "the leader's runtime directory is read-only, its elector is killed, step-down" "replaced, no transition; then another leads" \
	"none, then $(leader) leads" "$(since "$begin")"
ok "writable again" umount "$run"
until_ok 40 "it is eligible by itself" is_eligible "$old"
settle || give_up "not settled"

# ---- the log: a disk that is full, and a pipe that nobody reads
with_log() { # NAME FILE: restarted, its log goes there
	member_stop "$1"
	"$bin/jmhad" --config "$(member_dir "$1")/jmhad.conf" >"$2" 2>&1 </dev/null &
	echo $! >"$(member_dir "$1")/guard.pid"
	disown
}
mkfifo "$tap_dir/pipe"
exec 8<>"$tap_dir/pipe" # somebody has it open, nobody reads
head -c 65536 /dev/zero >&8
begin=$(now_ms)
with_log jm-a /dev/full
with_log jm-b "$tap_dir/pipe"
ok "a log that is full, one that nobody reads: both members work" settle
old=$(leader)
remember_term "$old"
elector=$(elector_pid "$old")
kill -KILL "$elector"
until_ok 10 "the elector of one is replaced" another_elector
until_ok 10 "and leads on" is_leader "$old"
same_term "a log that cannot be written (P9)"
for _ in 1 2; do
	old=$(leader)
	is "$(ctl "$old" switchover --yes >/dev/null 2>&1; echo $?)" 0 "a switchover from $old"
	settle || give_up "not settled"
done
matrix 35 "one member's log disk is full, nobody reads the other's log" "all goes on" \
	"elector replaced, 2 switchovers" "$(since "$begin")"
lost() { api "$1" /metrics | awk '$1 == "jmha_log_lines_lost_total" { exit !($2 > 0) }'; }
for name in "${members[@]}"; do ok "$name counts the lines that were lost" lost "$name"; done
for name in "${members[@]}"; do ok "$name stops" member_stop "$name"; done
scenario_end 3
