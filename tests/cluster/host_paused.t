#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Everything on the leader's host stops for longer than T and goes on later (FAILURES 5, 25): a virtual
# machine that was paused, but for its clock; or comes back with the files of an earlier moment.  Another leads meanwhile.  On waking the first thing is the
# deadline: the JobManager is dead before anything is asked of ZooKeeper, nobody says leader, and what it
# sent under its epoch is refused.  Its own processes wake last here: what they may do until guard or
# elector runs is the limit that docs/failure-model.md names.  Promises 1, 2, 5.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F

old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
guard=$(guard_pid "$old")
elector=$(elector_pid "$old")
begin=$(now_ms)
kill -STOP "$job" "$guard" "$elector"
until_ok 30 "all of a host stands still: another leads" other_leader "$old" "${members[@]}"
new=$(other_leader "$old" "${members[@]}")
took=$(since "$begin")
ok "the JobManager of before is still there" kill -0 "$job"
not_ok "and not dead" gone "$job"

# Cut off as well, so that it is not ZooKeeper that tells them.
member_cut "$old"
kill -CONT "$guard" "$elector"
said=$(cluster_until 10 status_field "$old" .state)
not_ok "they go on: the first thing that it says is not leader (P5), but $said" test "$said" = leader
until_ok 10 "the JobManager is killed" gone "$job"
ok "it was for its deadline" logged "$old" 'its lease has ended|was killed at the lease deadline|cause=lease-expired'
is "$(put "$new" late/word x -H "Jmha-Epoch: $epoch")" 412 "what it sent under its epoch is refused (P2)"
is "$(status_field "$new" '"\(.state) \(.epoch)"')" "leader $((epoch + 1))" "the other one leads on"
member_heal "$old"
until_ok 60 "with ZooKeeper it is a standby" is_eligible "$old"
is "$(status_field "$old" .state)" standby "and says so"
ok "every pointer is there (P3)" same_all "$new"
matrix 5,25 "all of the leader's host stands still for longer than T, then goes on" \
	"another leads; on waking the JobManager is killed at once, its epoch is refused" "$new leads, killed, refused" "$took"

# Its disk of an earlier moment, as of a snapshot that was reverted to: a session that nobody has any more.
run=$(member_dir "$old")/run
cp -p "$run/session" "$tap_dir/session"
begin=$(now_ms)
host_kill "$old"
forgotten() { ! zk get "$tree/members/$old"; }
until_ok 20 "its session has ended" forgotten
cp -p "$tap_dir/session" "$run/session"
member_start "$old"
until_ok 60 "back with the session file of before, it is eligible" is_eligible "$old"
is "$(status_field "$old" .state)" standby "as a standby"
not_ok "with a session of its own" cmp "$tap_dir/session" "$run/session"
is "$(status_field "$new" '"\(.state) \(.epoch)"')" "leader $((epoch + 1))" "the other one leads on"
matrix 25 "a host comes back with the session file of an earlier moment" "that session is nobody's: a standby" \
	"$(status_field "$old" .state)" "$(since "$begin")"
scenario_end 2
