#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A member sees the storage as it was a while ago (FAILURES 32; B5, C5): sizes, names and listings of a
# client of NFS that caches them, and handles that have gone stale.  It follows later, never wrongly;
# a takeover waits for what is committed, or is none.  Promises 3, 4, 6.
cluster_storage='io_ms = 2000; snapshot_kib = 32;'
. "$(dirname "$0")/../lib/fault_storage.sh"
scenario_zookeeper -n 1 -F
fault_members 2
for name in "${members[@]}"; do member_start "$name" || give_up "$name does not start"; done
settle || give_up "not settled"
lead=$(leader)
standby=$(standbys "$lead")
put_all "$lead" >/dev/null || give_up "pointers cannot be stored"
follows() { [ "$(status_field "$1" .store.sequence)" = "$(register_field .log.sequence)" ]; } # NAME
value_of() { get "$1" faults/grows 2>/dev/null; }
count_to() { # NAME FROM TO: one key, that grows
	local i
	for ((i = $2; i <= $3; i++)); do [ "$(put "$1" faults/grows "$i")" = 200 ] || return 1; done
}
# Reads the key at NAME until it is TO: never less than before, never anything else.
only_grows() { # NAME TO
	local last=0 now limit=$(($(now_ms) + 30000))
	while [ "$last" != "$2" ]; do
		[ "$(now_ms)" -lt $limit ] || { echo "still $last"; return 1; }
		now=$(value_of "$1")
		case $now in
		'' | *[!0-9]*) continue ;; # not caught up: it says nothing, which is no wrong word
		esac
		[ "$now" -ge "$last" ] || { echo "$last, then $now"; return 1; }
		last=$now
	done
}
another_segment() { # NAME: by another elector, with no transition
	local elector
	elector=$(elector_pid "$1")
	kill -KILL "$elector"
	cluster_until 10 is_leader "$1" && cluster_until 10 taken "$1"
}

# ---- an ordinary mount: old attributes, but opening looks anew

ok "first" count_to "$lead" 1 1
until_ok 10 "the standby follows" follows "$standby"
fault "$standby" 'getattr stale:60000 *' 'readdir stale:60000 *'
ok "20 changes" count_to "$lead" 2 20
until_ok 20 "attributes of a minute ago: it follows all the same" follows "$standby"
ok "into another file" another_segment "$lead"
ok "20 changes more" count_to "$lead" 21 40
until_ok 20 "and there, too" follows "$standby"
is "$(value_of "$standby")" 40 "with what is there"
ok "and is eligible" is_eligible "$standby"
is "$(ctl "$lead" switchover --yes "$standby" >/dev/null 2>&1; echo $?)" 0 "a switchover to it"
until_ok 10 "it leads" is_leader "$standby"
until_ok 10 "and serves" serves "$standby"
is "$(value_of "$standby")" 40 "all that was acknowledged (P3)"
ok "byte for byte" holds_what_it_should "$standby"
matrix 32 "a standby's attributes, names and listings are a minute old, opening looks anew (NFS)" "follows; a switchover to it loses nothing" "so"
fault_off "$standby"

# The same at the leader, which knows its own changes: no file is given up for what is seen late.
settle || give_up "not settled"
lead=$(leader)
standby=$(standbys "$lead")
fault "$lead" 'getattr nocto:600000 *' 'readdir nocto:600000 *'
n=$(segments)
ok "a leader that sees nothing new: 10 changes" eval 'for i in 1 2 3 4 5 6 7 8 9 10; do taken "$lead" || exit 1; done'
is "$(segments)" "$n" "in the same file"
ok "and in another one" another_segment "$lead"
until_ok 20 "the standby follows" follows "$standby"
fault_off "$lead"

# ---- worse than that: opening does not help (nocto, or a file system that is late)

settle || give_up "not settled"
lead=$(leader)
standby=$(standbys "$lead")
until_ok 10 "the standby follows" follows "$standby"
fault "$standby" 'getattr nocto:600 *' 'readdir nocto:600 *'
count_to "$lead" 41 80 &
ok "sizes of a moment ago: it follows late, and never back" only_grows "$standby" 80
wait $!
ok "so it was" met "$standby" 'getattr nocto'
begin=$(now_ms)
for i in 1 2 3 4 5; do change "$lead"; done >/dev/null
is "$(ctl "$lead" switchover --yes "$standby" >/dev/null 2>&1; echo $?)" 0 "a switchover right after a change"
until_ok 10 "it leads" is_leader "$standby"
until_ok 10 "and serves" serves "$standby"
matrix 32 "a switchover right after a change, to who sees sizes of 0.6 s ago" "it waits for what is committed" "$standby leads" "$(since "$begin")"
ok "all that was acknowledged, byte for byte (P3)" holds_what_it_should "$standby"
is "$(value_of "$standby")" 80 "and the last of the others"
fault_off "$standby"

# It sees nothing new at all, and is the only one left.
settle || give_up "not settled"
lead=$(leader)
standby=$(standbys "$lead")
until_ok 10 "the standby follows" follows "$standby"
fault "$standby" 'getattr nocto:600000 *' 'readdir nocto:600000 *'
taken "$lead"
until_ok 20 "it sees a last change" follows "$standby"
taken "$lead" # and no other
until_ok 20 "sizes that do not change: not eligible, log-missing" has_reason "$standby" log-missing
ok "10 changes" count_to "$lead" 81 90
taken "$lead"
host_kill "$lead"
begin=$(now_ms)
ended() { [ "$(zk list "$tree/latch" | wc -l)" -le 1 ]; }
until_ok 20 "the leader's host is lost" ended
sleep 1
not_ok "who sees an old log does not lead (B5)" is_leader "$standby"
like "$(ctl "$standby" explain 2>&1 | tr -s ' \n' ' ')" 'log-missing.*absent or shorter' "explain says which file, and why"
fault_off "$standby"
until_ok 40 "it sees the log as it is: it leads" is_leader "$standby"
matrix 32 "the only member left sees an old size of the log" "does not lead until it sees what is committed; nothing lost" "so"
until_ok 10 "and serves" serves "$standby"
is "$(value_of "$standby")" 90 "all that was acknowledged (P3)"
ok "byte for byte" holds_what_it_should "$standby"

# ---- handles that are stale, and a log that is cleaned away meanwhile

member_start "$lead"
settle || give_up "not settled"
lead=$(leader)
standby=$(standbys "$lead")
fault "$standby" 'read ESTALE */log/* 1 2'
ok "a change" count_to "$lead" 91 91
until_ok 20 "a handle is stale twice: it follows" follows "$standby"
ok "so it was" met "$standby" 'read ESTALE'
not_ok "and no word of a log that is missing" logged "$standby" 'was deleted meanwhile'
fault "$standby" 'open ESTALE */log/*' 'read ESTALE */log/*'
value=$(printf '%02000d' 7)
for i in $(seq 100); do put "$lead" "much/$((i % 4))" "$value$i"; done >/dev/null
until_ok 20 "handles that stay stale: not eligible" has_reason "$standby" log-missing
cleaned() { [ "$(register_field .previous.epoch)" != null ] && logged "$lead" 'deleted [1-9][0-9]* files'; }
until_ok 20 "meanwhile the log is cleaned away" cleaned
fault_off "$standby"
until_ok 20 "it begins anew with the snapshot" follows "$standby"
is "$(get "$standby" much/0)" "${value}100" "and has what is there"
ok "byte for byte" holds_what_it_should "$standby"
ok "the pointers of Flink, too" same_all "$standby"
matrix 32 "stale handles, while the log is cleaned away" "retried; then read from the snapshot" "so"
ok "the store on disk is whole" verified "$lead"
scenario_end 4
