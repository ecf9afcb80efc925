#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The storage of a member is missing, read-only, full or somebody else's (FAILURES 29, 31, 41; B5,
# C2): a standby is not eligible and says why; a leader hands over once, and when nobody can take
# over, leads on and fails what it cannot do.  Nothing is lost.  Promises 1, 2, 3, 4, 6.
. "$(dirname "$0")/../lib/scenario.sh"
[ "$(id -u)" = 0 ] || skip_all "mounts need root"
unshare -m true 2>/dev/null || skip_all "no mount namespaces here"
# Each member sees the storage through a mount of its own.
member_start_mounts() { # NAME: in a mount namespace of its own, at the member's own path
	local dir
	dir=$(member_dir "$1")
	sed -i "s|path = \"$cluster_dir/store\"|path = \"$dir/mnt\"|" "$dir/jmhad.conf"
	mkdir -p "$dir/mnt"
	link_start "$1"
	unshare -m --propagation private sh -c "
		mount --bind '$cluster_dir/store' '$dir/mnt' &&
		exec '$bin/jmhad' --config '$dir/jmhad.conf'" >>"$dir/log" 2>&1 </dev/null &
	echo $! >"$dir/guard.pid"
	disown
}
inside() { # NAME COMMAND...: in its mount namespace
	local name=$1
	shift
	nsenter -t "$(guard_pid "$name")" -m "$@"
}

# Under a leader, which holds a file open: another mount over it, and an elector that has to open anew.
read_only() { # NAME
	local elector
	elector=$(elector_pid "$1")
	inside "$1" mount --bind "$cluster_dir/store" "$(member_dir "$1")/mnt" &&
		inside "$1" mount -o remount,ro,bind "$(member_dir "$1")/mnt" || return 1
	kill -KILL "$elector"
	another_elector() { now=$(elector_pid "$1") && [ -n "$now" ] && [ "$now" != "$elector" ] && api "$1" /v1/status -f; }
	cluster_until 5 another_elector "$1" >/dev/null
}

scenario_zookeeper -n 1 -F
mkdir -p "$cluster_dir/store"
members=(jm-a jm-b)
for name in "${members[@]}"; do member_make "$name" && member_start_mounts "$name"; done
settle || give_up "the members do not settle"
old=$(leader)
other=$(standbys "$old")
put_all "$old" >/dev/null || give_up "pointers cannot be stored"

# A standby's.
ok "the storage of the standby becomes read-only" inside "$other" mount -o remount,ro,bind "$(member_dir "$other")/mnt"
until_ok 30 "it is not eligible: storage-failed" has_reason "$other" storage-failed
note "$(last_error "$other")"
is "$(ctl "$old" switchover --yes "$other" >/dev/null 2>&1; echo $?)" 4 "a switchover to it is refused, exit 4"
is "$(put "$old" jobs/meanwhile x)" 200 "the leader's is not touched"
ok "writable again" inside "$other" mount -o remount,rw,bind "$(member_dir "$other")/mnt"
until_ok 30 "it is eligible again" is_eligible "$other"
ok "settled" settle

# The leader's, with somebody else to take over.
epoch=$(status_field "$old" .epoch)
begin=$(now_ms)
ok "the storage of the leader becomes read-only" read_only "$old"
until_ok 30 "it hands over (C2)" other_leader "$old" "${members[@]}"
new=$(other_leader "$old" "${members[@]}")
note "after $(($(now_ms) - begin)) ms; $(last_error "$old")"
matrix 31 "the leader's storage becomes read-only" "hands over once" "$new leads" "$(since "$begin")"
is "$(transition "$new")" not-eligible "cause not-eligible"
is "$(status_field "$new" .epoch)" $((epoch + 1)) "once"
ok "every pointer is there (P3)" same_all "$new"
ok "writable again" inside "$old" umount "$(member_dir "$old")/mnt"
until_ok 90 "the old leader is eligible again" is_eligible "$old"
settle || fail "not settled"

# Nobody to take over: lead on, refuse, go on when it is back.
old=$(leader)
member_stop "$(standbys "$old")"
alone() { [ "$(api "$old" /v1/cluster | jq '.members | length')" = 1 ]; }
cluster_until 10 alone
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
read_only "$old"
put "$old" jobs/alone x >"$tap_dir/code"
like "$(cat "$tap_dir/code")" '^50[0-9]$' "alone: a change is refused"
sleep 3
is "$(status_field "$old" '"\(.state) \(.epoch)"')" "leader $epoch" "alone: it leads on (C2)"
ok "alone: its JobManager lives" kill -0 "$job"
ok "alone: it serves every pointer" same_all "$old"
ok "alone: writable again" inside "$old" umount "$(member_dir "$old")/mnt"
works() { [ "$(put "$old" jobs/alone x)" = 200 ]; }
until_ok 30 "alone: writable again, changes are taken" works
is "$(status_field "$old" .epoch)" "$epoch" "in the same epoch"

# Not mounted at all, and somebody else's, at a start.
other=$(standbys "$old")
dir=$(member_dir "$other")
sed -i "s|path = \"$dir/mnt\"|path = \"$dir/absent\"|" "$dir/jmhad.conf"
member_start "$other"
until_ok 20 "no such folder: storage-missing or storage-failed" eval 'has_reason "$other" storage-missing || has_reason "$other" storage-failed'
note "$(reasons "$other") $(last_error "$other")"
member_stop "$other"
mkdir "$dir/absent"
member_start "$other"
until_ok 20 "an empty folder, as when it is not mounted: storage-missing (B5)" has_reason "$other" storage-missing
note "$(last_error "$other")"
is "$(find "$dir/absent" -type f | wc -l)" 0 "nothing is made in it (A11)"
member_stop "$other"
mkdir -p "$dir/absent/$cluster_name/log"
printf '{"version": 1, "cluster_id": "00112233445566778899aabbccddeeff"}\n' >"$dir/absent/$cluster_name/CLUSTER"
member_start "$other"
until_ok 20 "the storage of another cluster: foreign-storage" has_reason "$other" foreign-storage
note "$(last_error "$other")"
is "$(status_field "$old" '"\(.state) \(.epoch)"')" "leader $epoch" "the leader leads on"
scenario_end 2
