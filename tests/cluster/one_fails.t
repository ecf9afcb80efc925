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

# It is asked again and again, by name, as soon as it may: no pause after the first failure, then 1, 2, 4 s.
exits() { member_log jm-b | grep -c 'exited by itself'; }
failed() { [ "$(exits)" = "$failure" ]; }
another() { who=$(leader) && [ "$who" != jm-b ]; }
pause_left() { status_field jm-b 'select(.waits.for == "pause") | .waits.left_ms' | grep .; }
pauses=()
begin=$(now_ms)
for failure in 1 2 3 4; do
	settle || give_up "not settled"
	another || give_up "jm-b leads"
	ctl "$who" switchover --yes --timeout 5 jm-b >/dev/null 2>&1
	until_ok 20 "failure $failure: it was tried" failed
	[ $failure = 1 ] || pauses+=("$(cluster_until 5 pause_left)")
	until_ok 20 "failure $failure: another member leads" another
done
took=$(since "$begin")
terms=$(status_field "$who" .epoch)
note "pauses of which there were left when first seen: ${pauses[*]} ms; epoch $terms"
ok "the third failure cost more than a second" test "${pauses[1]:-0}" -gt 1000
ok "the fourth more than two" test "${pauses[2]:-0}" -gt 2000
is "$(ctl "$who" switchover --yes jm-b >/dev/null 2>&1; echo $?)" 4 "in a pause it is refused: exit 4"
is "$terms" 9 "two terms for each: its own, and the next one's"
remember_term "$(leader)"
sleep 2
same_term "left alone: no ping-pong"
matrix 42 "one of three members cannot start its JobManager, 4 switchovers to it" "others lead; it pauses longer each time; no ping-pong" \
	"$(leader) leads, pauses of ${pauses[*]} ms and more" "$took"
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
