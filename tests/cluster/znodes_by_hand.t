#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Somebody removes znodes under a running cluster (FAILURES 18): the leader's latch, its member node.
# One clear line, another term at most, nothing lost (A2, A4).  Promises 1, 2, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"

epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
begin=$(now_ms)
ok "the leader's member node is deleted" zk delete "$tree/members/$old"
back() { zk get "$tree/members/$old"; }
until_ok 10 "it is made again (A4)" back
sleep "$(awk "BEGIN { print $cluster_session_ms / 1000 }")"
is "$(leader) $(status_field "$old" .epoch) $(jobmanager_pid "$old")" "$old $epoch $job" "the term goes on, longer than a lease"
matrix 18 "the leader's member node is deleted" "made again; no transition" "none" "$(since "$begin")"

latch=$(register_field .owner.latch)
begin=$(now_ms)
ok "the leader's latch is deleted" zk delete "$tree/latch/$latch"
until_ok 20 "somebody leads under a higher epoch" cluster_until 1 eval 'for m in "${members[@]}"; do has_epoch_above $m '"$epoch"' && break; done'
note "$(leader) leads after $(($(now_ms) - begin)) ms"
matrix 18 "the leader's latch is deleted" "JobManager killed; another term" "$(leader) leads" "$(since "$begin")"
ok "the JobManager of before is dead" gone "$job"
ok "the log of the old leader says that its latch is gone" logged "$old" 'from=leader cause=latch-removed'
not_ok "it was not killed at its deadline" logged "$old" 'its lease has ended'
ok "settled" settle
new=$(leader)
note "$(member_log "$old" | grep -iE 'latch' | tail -n 3 | cut -c 1-300)"
ok "every pointer is there (P3)" same_all "$new"

# A standby's nodes.
standby=$(standbys "$new" | head -n 1)
epoch=$(status_field "$new" .epoch)
latch=$(zk list "$tree/latch" | grep -v "$(register_field .owner.latch)" | head -n 1)
ok "a standby's latch is deleted" zk delete "$tree/latch/$latch"
until_ok 20 "it makes another" queue_is_full 2
ok "a standby's member node is deleted" zk delete "$tree/members/$standby"
both() { [ "$(zk list "$tree/members" | wc -l)" = 2 ]; }
until_ok 20 "it is made again" both
ok "settled" settle
is "$(status_field "$new" .epoch)" "$epoch" "the term goes on"

# Access is taken away by hand: a standby that may not look cannot take over, and says so.
latch=$(zk list "$tree/latch" | grep -v "$(register_field .owner.latch)" | head -n 1)
begin=$(now_ms)
ok "nobody may list the latches any more" zk forbid "$tree/latch"
until_ok 30 "a standby is not eligible, zookeeper-auth" has_reason "$standby" zookeeper-auth
# Itself it may still be read; a look with the right given back would let the standby in again.
out_of_the_queue() { zk get "$tree/latch/$latch" 2>&1 | grep -q 'no node'; }
until_ok 30 "it has left the queue" out_of_the_queue
ok "the log names what to look at" logged "$standby" 'zookeeper-auth'
is "$(leader) $(status_field "$new" .epoch)" "$new $epoch" "the term goes on"
why=$(reasons "$standby")
ok "everybody may again" zk allow "$tree/latch"
until_ok 30 "the standby is eligible" is_eligible "$standby"
matrix 18 "nobody may list the latches (ACL)" "the leader leads on; standbys are not eligible, zookeeper-auth" "$new leads on; $why" "$(since "$begin")"

# A leader that is cut off does not see that its latch is deleted: its successor waits for its T (A4).
epoch=$(status_field "$new" .epoch)
job=$(jobmanager_pid "$new")
begin=$(now_ms)
member_cut "$new"
ok "cut off, the leader's latch is deleted" zk delete "$tree/latch/$(register_field .owner.latch)"
ok "its JobManager lives until the deadline" kill -0 "$job"
until_ok 20 "another leads" has_epoch_above "$standby" "$epoch"
matrix 18 "the latch of a leader that is cut off is deleted" "its successor waits for its T" "$standby leads" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms"
ok "the JobManager of before is dead" gone "$job"
member_heal "$new"
until_ok 40 "plugged in again, it is a standby" is_eligible "$new"
ok "every pointer is there (P3)" same_all "$standby"
scenario_end 3
