#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rest of steps.t: what a leader's elector does too late, and what it cannot know.
#   - The answer to the register's move is lost, or the request is: the register is read, the clients get
#     the true answer (B2; FAILURES 17).
#   - The move of a dead elector comes when the next one has begun (B1), or by a way that its session has
#     left (FAILURES 16).
#   - Latch or register are another's when the move arrives: it changes nothing.
#   - All of the leader's host stands still at a step of a commit, another leads, and the elector goes on
#     where it was: its append and its move change nothing of the next term's (FAILURES 5).
# Promises 1, 2, 3, 4.
#   - The same of one that takes over: the grant of before is none.
#   POINTS="append_torn move_sent" PASSES="1 2" tests/cluster/steps_late.t     where it stands still; or all
cluster_storage='snapshot_kib = 16;'
. "$(dirname "$0")/../lib/scenario.sh"
. "$top_srcdir/tests/lib/steps.sh"
passes=${PASSES:-1}
points=${POINTS:-append_asked move_asked clean_unlink}
claims=granted
[ "$points" != all ] || { points=$(points_of write) && claims=$(points_of takeover load); }
scenario_start 2 -n 3 -F

register_is() { [ "$(register)" = "$1" ]; }
register_is_not() { ! register_is "$1"; }
has_followed() { is_eligible "$1" && [ "$(status_field "$1" .store.sequence)" = "$(register_field .log.sequence)" ]; }
register_set() { zk set "$tree/register" <<<"$1" || wrong+="the register cannot be set; "; }
no_connection() { [ "$(status_field "$1" .zookeeper.connected)" = false ]; }
none_is_done() { [ "${answers[done]}" = 0 ] || wrong+="${answers[done]} changes were acknowledged; "; }
all_are_done() { [ "${answers[done]}" = 3 ] || wrong+="answers: $(declare -p answers); "; }

# A volley whose record is durable, and whose move is about to be sent; the elector stands still.
# Sets name, elector, term and before (the register).
stands_before_move() {
	name=$(leader) && elector=$(elector_pid "$name") && term=$(the_term "$name")
	before=$(register)
	guard_stop "$name"
	arm "$name" move_asked 1 stop
	begin_volley "$name"
	demand "come to the point" fired "$name"
	demand "standing still" stopped_state "$elector"
}

# ---- an unknown outcome

unknown() { # up|down POINT kill|note
	begin_step
	stands_before_move
	member_link "$name" swallow all "$1"
	arm "$name" "$2" 1 "$3"
	kill -CONT "$elector"
	if [ "$2" = read_asked ]; then # as soon as it has waited in vain
		demand "at $2" fired "$name"
	elif [ "$1" = up ]; then
		demand "without a connection" no_connection "$name"
	fi
	if [ "$1" = down ]; then
		demand "moved, unknown to the elector" register_is_not "$before"
	else
		register_is "$before" || wrong+="a request that was lost has moved the register; "
	fi
	guard_cont "$name"
	member_link "$name" reset
	member_link "$name" heal
	demand "at $2" fired "$name"
	if [ "$3" = note ]; then
		end_volley
		all_are_done
	fi
	goes_on "$name" "$term"
	[ "$1" = down ] && what="the answer to the move is lost" || what="the move is lost"
	[ "$3" = note ] && what+=", the clients are told the truth" || what+=", killed at $2"
	end_step "$what"
}
for point in $(points_of unknown); do
	for way in up down; do unknown $way "$point" kill; done
done
for way in up down; do unknown $way register_read note; done

# ---- a dead elector's move

# By hand, as in time no server does it: the move is taken back before the next elector sees it, and
# made again when that one has its segment.
comes_late() { # kill|note
	local standby moved
	begin_step
	name=$(leader) && elector=$(elector_pid "$name") && term=$(the_term "$name")
	standby=$(standbys "$name")
	member_stop "$standby" # it would have followed to where the register goes back from
	before=$(register)
	guard_stop "$name"
	arm "$name" move_sent 1 kill
	! removes $((last_change + 1)) || last_change=$((last_change + 1))
	begin_volley "$name" 1 # no other is to find the next elector
	demand "dead" gone "$elector"
	demand "moved" register_is_not "$before"
	moved=$(register)
	register_set "$before"
	note_files
	arm "$name" load_opened 1 note
	guard_cont "$name"
	demand "resumed" fired "$name"
	register_set "$moved"
	member_start "$standby"
	demand "back" has_followed "$standby"
	end_volley
	settle_changes "$standby" # what it serves is committed for good
	arm "$name" catch_up_asked 1 "$1"
	goes_on "$name" "$term"
	fired "$name" || wrong+="not at catch_up_asked; "
	settle_changes "$name"
	demand "followed" has_followed "$standby"
	end_step "the move of a dead elector comes when the next one has its segment ($1)"
}
comes_late note
comes_late kill

left_way() {
	local way revision=0 n what at
	begin_step
	name=$(leader) && elector=$(elector_pid "$name") && term=$(the_term "$name")
	way=$(status_field "$name" .zookeeper.server | sed 's/:.*//; s/.*\.//')
	arm "$name" move_sent 1 note
	member_link "$name" cut "$way" up
	begin_volley "$name"
	demand "sent" fired "$name"
	status_field "$name" .state >/dev/null # by then all that is to be answered is
	for n in "${!volley[@]}"; do
		[ ! -s "$changes/$n" ] || read -r what at <"$changes/$n"
		[ "${what-}" != "done" ] || [ "$at" -le $revision ] || revision=$at
	done
	# Its connection may be given up already, and the move made by another.
	[ "$(register_field .log.sequence)" -ge $revision ] || wrong+="$revision is acknowledged, and not in the register; "
	guard_stop "$name"
	kill -KILL "$elector"
	demand "dead" gone "$elector"
	note_files
	guard_cont "$name"
	goes_on "$name" "$term"
	member_link "$name" heal "$way"
	accepts "$name"
	settle_changes "$name"
	end_step "the move of a dead elector comes by a way that its session has left"
}
left_way

# ---- fenced

fenced() { # WHAT COMMAND: while it stands before the move
	local who
	begin_step
	stands_before_move
	"$2"
	kill -CONT "$elector"
	guard_cont "$name"
	end_volley
	none_is_done
	who=$(cluster_until 60 has_epoch_above_any "${term% *}") || wrong+="nobody leads; "
	accepts "$who"
	settle_changes "$who"
	for name in "${members[@]}"; do demand "$name back" is_eligible "$name"; done
	end_step "$1: the move changes nothing, and nothing is acknowledged"
}
has_epoch_above_any() {
	local name
	for name in "${members[@]}"; do has_epoch_above "$name" "$1" && echo "$name" && return 0; done
	return 1
}
latch_goes() { zk delete "$tree/latch/$(register_field .owner.latch)" || wrong+="the latch cannot be deleted; "; }
register_goes_on() { # a later term, which has ended
	register_set "$(jq -c '.epoch += 1 | .owner.member = "jm-x" | .owner.latch = "n-0123456789abcdef-0000000000" | .released = "shutdown"' <<<"$before")"
}
fenced "its latch is deleted" latch_goes
fenced "the register has a later term" register_goes_on

# ---- another leads meanwhile

# The files up to where they were: behind that a deposed leader may have written, into its own.
note_prefixes() { (cd "$log_dir" && stat -c '%s %n' -- *.log) >"$tap_dir/sizes" && prefixes >"$tap_dir/prefixes"; }
prefixes() {
	local size file
	while read -r size file; do
		[ ! -e "$log_dir/$file" ] || echo "$file $(head -c "$size" "$log_dir/$file" | sha256sum)"
	done <"$tap_dir/sizes"
}
same_prefixes() {
	[ -z "$(prefixes | grep -vxFf "$tap_dir/prefixes")" ] || wrong+="what was in a log file is another: $(prefixes | grep -vxFf "$tap_dir/prefixes")"
}
sees_deposed() { status_field "$1" .state | grep -qvE 'leader|claiming'; }

deposed() { # POINT PASS
	local name new job elector now
	begin_step
	name=$(leader)
	demand "eligible" others_eligible "$name"
	elector=$(elector_pid "$name") && job=$(jobmanager_pid "$name")
	kill -STOP "$job" "$(guard_pid "$name")"
	arm "$name" "$1" "$2" stop
	write_until "$name" fired "$name" && demand "standing still" stopped_state "$elector"
	new=$(cluster_until 60 other_leader "$name" "${members[@]}") || wrong+="nobody else leads; "
	leave_volley "$new"
	accepts "$new"
	settle_changes "$new"
	now="$(the_term "$new") $(register_field '"\(.epoch) \(.owner.latch)"')"
	note_prefixes
	kill -CONT "$elector"
	demand "deposed" sees_deposed "$name"
	demand "its JobManager dead" gone "$job"
	guard_cont "$name"
	demand "back" others_eligible "$new"
	end_late
	accepts "$new"
	[ "$(the_term "$new") $(register_field '"\(.epoch) \(.owner.latch)"')" = "$now" ] || wrong+="another term than $now: $(register)"
	same_prefixes
	settle_changes "$new"
	end_step "$1, pass $2: stands still until $new leads"
}
for point in $points; do
	for pass in $passes; do deposed "$point" "$pass"; done
done

# A member that takes over stands still until the other leads again.
deposed_claiming() { # POINT
	local name other elector asking now
	begin_step
	name=$(leader) && other=$(standbys "$name")
	demand "eligible" others_eligible "$name"
	elector=$(elector_pid "$other")
	guard_stop "$other"
	arm "$other" "$1" 1 stop
	ctl "$name" step-down --yes >/dev/null 2>&1 &
	asking=$!
	demand "come to the point" fired "$other"
	demand "standing still" stopped_state "$elector"
	demand "leading again" is_leader "$name"
	wait $asking
	accepts "$name"
	settle_changes "$name"
	now=$(the_term "$name")
	note_prefixes
	kill -CONT "$elector"
	demand "deposed" sees_deposed "$other"
	guard_cont "$other"
	demand "back" others_eligible "$name" # what it says itself may be of before
	accepts "$name"
	[ "$(the_term "$name")" = "$now" ] || wrong+="another term: $(the_term "$name"), not $now; "
	same_prefixes
	settle_changes "$name"
	end_step "$1: stands still when it takes over, until $name leads again"
}
for point in $claims; do deposed_claiming "$point"; done

read_anew

# What the dead elector's late move has committed is damaged when the next one reads it: named, by the
# log and by a snapshot, as when it is read at a start (B6).
names_damage() { member_log "$1" | grep -q 'the value of steps/damaged'; }
named_since() { [ "$(register_field .snapshot.sequence)" -ge "$1" ]; }
late_and_damaged() {
	local standby moved sequence at
	begin_step
	name=$(leader) && elector=$(elector_pid "$name") && term=$(the_term "$name")
	standby=$(standbys "$name")
	member_stop "$standby"
	before=$(register)
	guard_stop "$name"
	arm "$name" move_sent 1 kill
	put "$name" steps/damaged "$(printf 'damage-me-%0900d' 0)" >/dev/null 2>&1
	demand "dead" gone "$elector"
	demand "moved" register_is_not "$before"
	moved=$(register)
	sequence=$(register_field .log.sequence)
	register_set "$before"
	at=$(cd "$log_dir" && grep -aboH damage-me -- *.log | tail -n 1)
	printf x | dd of="$log_dir/${at%%:*}" bs=1 conv=notrunc seek="$(cut -d: -f2 <<<"$at")" status=none
	arm "$name" load_opened 1 note
	guard_cont "$name"
	demand "resumed" fired "$name"
	register_set "$moved"
	accepts "$name" # its move finds the other one
	demand "naming what is damaged" names_damage "$name"
	demand "in a snapshot" named_since "$sequence"
	[ "$(the_term "$name")" = "$term" ] || wrong+="another term; "
	[ "$(get_code "$name" steps/damaged)" != 200 ] || wrong+="damaged bytes are served; "
	[ "$(put "$name" steps/damaged new)" = 200 ] || wrong+="no new value is taken; "
	[ "$(get "$name" steps/damaged)" = new ] || wrong+="the new value is not served; "
	end_step "what a dead elector's late move has committed is damaged: named, by a snapshot, too"
}
late_and_damaged
scenario_end 2
