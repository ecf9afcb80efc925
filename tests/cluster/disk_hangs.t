#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk does not answer (FAILURES 31; B4, D13, D18): to the leader alone, to a standby, to all, and
# under an elector that is killed or stopped meanwhile.  Who asks is answered at io_ms, everything
# else goes on, nobody's lease suffers, and what the disk does when it wakes up harms nothing.
# Promises 1, 3, 4, 6, 7, 9.
cluster_storage='io_ms = 700;'
. "$(dirname "$0")/../lib/fault_storage.sh"
scenario_zookeeper -n 1 -F
fault_members 2
all=("${members[@]}")
lead=jm-a
standby=jm-b
members=("$lead")
member_start "$lead" || give_up "$lead does not start"
settle || give_up "$lead does not lead"
put_all "$lead" >/dev/null || give_up "pointers cannot be stored"
taken "$lead" || give_up "changes are not taken"
remember_term "$lead"

# Whatever hangs: who asks for something else is answered.  Each within two seconds, a busy machine's.
answers() { # NAME
	api "$1" /v1/status -f --max-time 2 -o /dev/null && ctl "$1" leader >/dev/null
}
change_beside() { change "$1" >"$tap_dir/code.$1" & pending=$!; }
stuck() { met "$1" hang; }

# ---- alone: the log hangs in a write, an fsync, a create, then everything

for rule in 'write hang */log/*' 'fsync hang */log/*' 'any hang *'; do
	begin=$(now_ms)
	fault "$lead" "$rule"
	change_beside "$lead"
	until_ok 10 "$rule: it hangs" stuck "$lead"
	for i in 1 2 3; do ok "meanwhile it answers ($i)" answers "$lead"; done
	ok "and serves what there is" serves "$lead"
	wait "$pending"
	is "$(cat "$tap_dir/code.$lead")" 503 "the change is refused, storage-failed (after $(since "$begin") ms)"
	like "$(last_error "$lead")" 'no answer within io_ms' "the log says what it waits for"
	fault_off "$lead"
	until_ok 20 "it wakes up: changes are taken" taken "$lead"
	same_term "$rule"
done
# More and more of them: at last each is refused at once, and no thread is begun for it.
fault "$lead" 'any hang *'
for i in 1 2 3 4 5 6; do change "$lead"; done >"$tap_dir/codes"
is "$(sort -u "$tap_dir/codes")" 503 "six that hang: each is refused"
ok "no more threads than the store has" test "$(ls "/proc/$(elector_pid "$lead")/task" | wc -l)" -lt 16
like "$(member_log "$lead")" 'earlier operations still hang' "the last ones at once"
ok "it answers" answers "$lead"
fault_off "$lead"
until_ok 20 "they wake up: changes are taken" taken "$lead"
same_term "six that hang"
matrix 31 "the leader's storage hangs, nobody else can lead" "requests fail at io_ms, leads on; works again by itself" "none" "$(since "$begin")"
ok "all is there that should, and nothing else (P3)" holds_what_it_should "$lead"
ok "the store on disk is whole" verified "$lead"

# ---- a standby

members=("${all[@]}")
member_start "$standby"
ok "a standby that reads all of it is there" settle
fault "$standby" 'any hang *'
taken "$lead"
until_ok 20 "a standby's storage hangs: not eligible" has_reason "$standby" storage-failed
ok "it answers" answers "$standby"
is "$(change "$lead")" 200 "the leader is not touched"
same_term "a standby's storage hangs"
fault_off "$standby"
until_ok 30 "it wakes up: eligible" is_eligible "$standby"
ok "with all of it (P3)" eval 'cluster_until 10 holds_what_it_should "$standby"'
matrix 31 "a standby's storage hangs" "not eligible; the leader is not touched" "so"

# ---- the leader, and somebody who can take over: what hangs is written when it is deposed

ok "settled" settle
fault "$lead" 'write hang */log/*'
begin=$(now_ms)
change_beside "$lead"
until_ok 20 "the leader's storage hangs: it hands over to whose works (C2)" is_leader "$standby"
matrix 31 "the leader's storage hangs, another member's works" "hands over at io_ms" "$standby leads" "$(since "$begin")"
wait "$pending"
is "$(cat "$tap_dir/code.$lead")" 503 "the change was refused"
is "$(transition "$standby")" not-eligible "cause not-eligible"
until_ok 10 "the new leader takes changes" taken "$standby"
sums=$(sha256sum <"$(newest_segment)")
fault_off "$lead" # the late write lands
until_ok 60 "it wakes up: eligible again" is_eligible "$lead"
is "$(sha256sum <"$(newest_segment)")" "$sums" "what landed late is not in the new leader's file (B4)"
ok "all is there that should, and nothing else (P3)" holds_what_it_should "$standby"

# ---- the elector is killed while a thread of it hangs: nothing ends that but the disk (D18)

ok "settled" settle
elector=$(elector_pid "$standby")
fault "$standby" 'write hang */log/*'
change_beside "$standby"
until_ok 10 "a write hangs" stuck "$standby"
begin=$(now_ms)
kill -KILL "$elector"
until_ok 20 "the elector is killed in it: another member leads" is_leader "$lead"
matrix 31 "the leader's elector is killed while its storage hangs" "its JobManager is killed by the deadline, another leads" "$lead leads" "$(since "$begin")"
wait "$pending"
until_ok 10 "which takes changes" taken "$lead"
fault_off "$standby"
until_ok 60 "it wakes up: eligible again" is_eligible "$standby"
ok "all is there that should, and nothing else (P3)" holds_what_it_should "$lead"

# ---- all of them

ok "settled" settle
remember_term "$lead"
for name in "${members[@]}"; do fault "$name" 'any hang *'; done
until_ok 30 "all storage hangs: the standby is not eligible" has_reason "$standby" storage-failed
is "$(change "$lead")" 503 "a change is refused"
for name in "${members[@]}"; do ok "$name answers" answers "$name"; done
same_term "all storage hangs"
fault_off "${members[@]}"
until_ok 30 "all of it wakes up: changes are taken" taken "$lead"
same_term "when it wakes up"
matrix 31 "all members' storage hangs" "the leader leads on, changes are refused; works again by itself" "none"

# ---- a stop does not wait for it

settle || give_up "not settled"
fault "$lead" 'any hang *'
change_beside "$lead"
until_ok 10 "a write hangs" stuck "$lead"
begin=$(now_ms)
kill -TERM "$(guard_pid "$lead")"
until_ok 20 "stopped while it hangs: the other one leads" is_leader "$standby"
matrix 31 "the leader is stopped while its storage hangs" "another leads" "$standby leads" "$(since "$begin")"
fault_off "$lead"
wait "$pending"
until_ok 20 "it ends" member_stopped "$lead"
until_ok 10 "the new leader serves" serves "$standby"
ok "all that was acknowledged, and nothing that was refused (P3)" holds_what_it_should "$standby"
ok "the pointers of Flink, too" same_all "$standby"
ok "the store on disk is whole" verified "$standby"
scenario_end 4
