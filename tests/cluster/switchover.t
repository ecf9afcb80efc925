#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Planned hand-overs (FAILURES 47; A5, D6): to a named member, asked anywhere, refused ones, repeated
# ones, step-down, and a target that dies meanwhile.  Exit codes are exact.  Promises 1, 2, 3, 6, 8.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3
put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
do_ctl() { ctl "$@" >"$tap_dir/said" 2>&1; echo $?; }

old=$(leader)
read -r one two <<<"$(standbys "$old" | tr '\n' ' ')"
epoch=$(status_field "$old" .epoch)
is "$(do_ctl "$old" switchover --yes "$two")" 0 "to a named member that is not next in line: exit 0"
note "$(cat "$tap_dir/said")"
is "$(leader)" "$two" "it leads"
is "$(status_field "$two" .epoch)" $((epoch + 1)) "one epoch higher"
is "$(transition "$two")" switchover "cause switchover"
ok "with every pointer (P3)" same_all "$two"
is "$(do_ctl "$old" switchover --yes "$two")" 0 "once more: done already, exit 0"
matrix 47 "a switchover, and the same again" "done once; exit 0 both times" "epoch $(status_field "$two" .epoch) after $epoch"
is "$(status_field "$two" .epoch)" $((epoch + 1)) "nothing happened"
settle

is "$(do_ctl "$old" switchover --yes "$one")" 0 "asked at a member that is neither: exit 0"
is "$(leader)" "$one" "$one leads"
settle
is "$(do_ctl "$two" switchover --yes --json "$one")" 0 "--json: exit 0"

is "$(do_ctl "$one" switchover --yes nobody)" 1 "to a member that is not there: exit 1"
note "$(cat "$tap_dir/said")"
is "$(do_ctl "$one" switchover </dev/null)" 2 "without --yes and terminal: exit 2"

# Not eligible: it sees no ZooKeeper.
member_cut "$two"
not_eligible() { ! is_eligible "$two"; }
cluster_until 10 not_eligible
is "$(leader)" "$one" "with $two cut off, $one leads"
code=$(do_ctl "$one" switchover --yes "$two")
note "to a member that is cut off: exit $code: $(cat "$tap_dir/said")"
until_ok 30 "a switchover to a member that is cut off ends with a leader" leader
now=$(leader)
case $code in
6) # the leader did not know yet
	like "$(cat "$tap_dir/said")" "$two did not take over, $now did" "which is not called done: exit 6, with both names"
	not_ok "another leads" test "$now" = "$one" ;;
*) # it did: refused
	like "$code" '^[14]$' "which is refused: exit 4, or 1 when the member is gone"
	is "$now" "$one" "$one leads on" ;;
esac
matrix 47 "a switchover to a member that is cut off" "somebody leads; the exit code says what happened" "exit $code, $now leads"
member_heal "$two"
settle

now=$(leader)
is "$(do_ctl "$now" step-down --yes)" 0 "step-down: exit 0"
not_ok "another leads" is_leader "$now"
is "$(transition "$(leader)")" step-down "cause step-down"
settle

# The target dies on the way.
now=$(leader)
target=$(standbys "$now" | head -n 1)
kill -STOP "$(guard_pid "$target")" "$(elector_pid "$target")" # or it would be faster than we
ctl "$now" switchover --yes "$target" >"$tap_dir/said" 2>&1 &
asking=$!
designated() { register_field .designated | grep '^n-'; }
until_ok 10 "the leader has released in favour of $target" designated
host_kill "$target"
wait $asking
is $? 6 "which died meanwhile: exit 6"
note "$(cat "$tap_dir/said")"
until_ok 30 "somebody leads all the same (P6)" leader
not_ok "it is not the dead one" test "$(leader)" = "$target"
matrix 47 "the target of a switchover dies meanwhile" "somebody leads; exit 6" "$(leader) leads, exit 6"
ok "with every pointer (P3)" same_all "$(leader)"
member_start "$target"
settle || fail "not settled"

for round in 1 2 3 4 5; do
	now=$(leader)
	is "$(do_ctl "$now" switchover --yes)" 0 "round $round: exit 0"
	not_ok "round $round: another leads" is_leader "$now"
done
ok "the history has every term with its cause (P8)" \
	eval 'api "$(leader)" /v1/history | jq -e "[.terms[] | select(.cause == null or .cause == \"\")] | length == 0"'
scenario_end 9
