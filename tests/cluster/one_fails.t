#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One of three members cannot be promoted: its JobManager ends as soon as it starts (FAILURES 42).  The
# others lead, it pauses longer each time, and the leadership does not come and go; put right, it can
# lead.  When no member can lead (FAILURES 43) nobody does, and each says why.  Promises 1, 2, 6.
cluster_command='"/bin/sh", "-c", "test ! -e $BROKEN/$JMHA_MEMBER || exit 3; exec $WITNESS"'
. "$(dirname "$0")/../lib/scenario.sh"
export WITNESS="$bin/witness $witnessed" BROKEN=$tap_dir/broken
mkdir "$BROKEN"
touch "$BROKEN/jm-b"
scenario_start 3 -n 1 -F

# It is asked again and again, by name.
who=$(leader)
tries=0
refused=0
pauses=0
begin=$(now_ms)
while [ $tries -lt 5 ]; do
	tries=$((tries + 1))
	who=$(cluster_until 20 leader) || break
	[ "$who" = jm-b ] || ctl "$who" switchover --yes --timeout 5 jm-b >/dev/null 2>&1 || refused=$((refused + 1))
	ok_leader() { who=$(leader) && [ "$who" != jm-b ]; }
	until_ok 20 "try $tries: another member leads" ok_leader
	paused() { has_reason jm-b pause; } # none after the first failure, then 1, 2, 4 s
	! cluster_until 1 paused || pauses=$((pauses + 1))
	sleep 0.3
done
terms=$(status_field "$who" .epoch)
note "$tries switchovers to it, $refused refused or failed, epoch $terms"
ok "it was in a pause in between ($pauses times)" test $pauses -gt 0
took=$(since "$begin")
remember_term "$(leader)"
sleep 2
same_term "left alone: no ping-pong"
matrix 42 "one of three members cannot start its JobManager, 5 switchovers to it" "others lead; it pauses longer each time; no ping-pong" \
	"$(leader) leads, $refused of $tries refused, epoch $terms" "$took"
rm "$BROKEN/jm-b"
until_ok 60 "put right, it is eligible after its pause" is_eligible jm-b
settle || give_up "not settled"
is "$(ctl "$(leader)" switchover --yes jm-b >/dev/null 2>&1; echo $?)" 0 "a switchover to it succeeds"
is "$(leader)" jm-b "it leads"

# Nobody can: the storage of all is gone.
begin=$(now_ms)
for name in "${members[@]}"; do member_stop "$name"; done
mv "$cluster_dir/store/$cluster_name" "$cluster_dir/store/away"
for name in "${members[@]}"; do member_start "$name"; done
for name in "${members[@]}"; do
	until_ok 20 "no storage for anybody: $name says why" has_reason "$name" storage-missing
	ok "so does explain" eval 'ctl $name explain 2>&1 | grep -i storage'
done
not_ok "nobody leads" leader
is "$(ctl jm-a leader >/dev/null 2>&1; echo $?)" 6 "jmhactl leader: exit 6"
matrix 43 "no member is eligible" "no leader; each says why" "$(for m in "${members[@]}"; do reasons "$m"; done | sort -u | tr '\n' ' ')" "$(since "$begin")"
mv "$cluster_dir/store/away" "$cluster_dir/store/$cluster_name"
until_ok 40 "it is back: somebody leads by himself" leader
scenario_end 3
