#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGSTOP of the leader's guard (FAILURES 4, 5).  Shorter or longer, the elector leads on: it holds
# the lease, and nothing is wrong but that nobody could kill it.  Cut off from ZooKeeper at the same
# time, the elector is the second line: it kills the JobManager by its pidfd at the deadline (A8).
# All of it: here the JobManager's work is done by a child.  Without systemd nobody ends the stopped guard; with it, WatchdogSec does.  Promise 1.
cluster_command='"/bin/sh", "-c", "$WITNESS & echo $! >$WITNESS_PIDS/$JMHA_MEMBER.witness; wait"'
. "$(dirname "$0")/../lib/scenario.sh"
export WITNESS="$bin/witness $witnessed" WITNESS_PIDS=$cluster_dir
scenario_start 2 -n 1 -F

old=$(leader)
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
child=$(cat "$cluster_dir/$old.witness")
guard=$(guard_pid "$old")
kill -STOP "$guard"
cluster_until 5 stopped_state "$guard"
sleep 1
kill -CONT "$guard"
is "$(status_field "$old" .epoch) $(status_field "$old" .state)" "$epoch leader" "a second's stop changes nothing"
ok "the JobManager lives" kill -0 "$job"
matrix 4 "SIGSTOP of the leader's guard for 1 s" "no transition" "none" 1000

kill -STOP "$guard"
sleep $((cluster_session_ms / 1000 + 1))
is "$(status_field "$old" .epoch) $(status_field "$old" .state)" "$epoch leader" \
	"stopped for longer than T: the elector renews, the term goes on"
ok "the JobManager lives, too" kill -0 "$job"
matrix 5 "SIGSTOP of the leader's guard for longer than T" "the elector leads on (systemd would end it: systemd.t)" "none"

begin=$(now_ms)
member_cut "$old"
until_ok 20 "cut off as well: the elector kills the JobManager itself" gone "$job"
until_ok 1 "and its child" gone "$child"
killed=$(since "$begin")
note "after $(($(now_ms) - begin)) ms"
until_ok 20 "another leads" other_leader "$old" "${members[@]}"
matrix 5 "the same, and cut off from ZooKeeper" "the elector kills the JobManager at the deadline; another leads" \
	"killed after $killed ms, another leads" "$(since "$begin")"
note "after $(($(now_ms) - begin)) ms"
kill -CONT "$guard"
member_heal "$old"
until_ok 40 "woken up and plugged in, the old leader is a standby" is_eligible "$old"
is "$(status_field "$old" .state)" standby "and says so"
scenario_end 2
