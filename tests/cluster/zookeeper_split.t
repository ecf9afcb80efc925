#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The leader is attached to a ZooKeeper follower that is cut off from ZooKeeper's leader (FAILURES
# 11).  For ten seconds that follower answers pings as if nothing was wrong.  With another server
# within reach the leader moves there and leads on; with no other it is killed at its deadline, long
# before the follower notices, and another leads.  A lease by pings would have two.  Promises 1, 5,
# 6, 7; A1.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 3 -l 20 -L "$bin/tcp-link"

lead=$(ensemble leader)
attached() { # NAME: to which server
	local address
	address=$(status_field "$1" .zookeeper.server)
	address=${address%:*}
	echo "${address##*.}"
}
attached_to() { [ "$(attached "$1")" = "$2" ]; }
split() { server_link "$1" "$2" "$lead"; } # FOLLOWER cut|heal: what it and ZooKeeper's leader say

old=$(leader)
follower=$((lead % 3 + 1))
for n in 1 2 3; do [ $n = $follower ] || member_link "$old" refuse $n; done
until_ok 20 "$old is attached to server $follower, a follower" attached_to "$old" $follower
member_link "$old" heal
settle || give_up "not settled"
remember_term "$old"
begin=$(now_ms)
split $follower cut
away() { ! attached_to "$old" $follower; }
until_ok 10 "the follower is cut off from server $lead, the leader: $old moves to another" away
took=$(since "$begin")
sleep $((cluster_session_ms / 1000))
same_term "the leader's server is cut off (P7)"
matrix 11 "the leader's ZooKeeper server is cut off from ZooKeeper's leader" "another server after A, no transition" \
	"server $(attached "$old") instead of $follower, none" "$took"
split $follower heal
settle || give_up "not settled"

old=$(leader)
job=$(jobmanager_pid "$old")
for n in 1 2 3; do [ $n = $follower ] || member_link "$old" cut $n; done
until_ok 20 "$old is attached to server $follower, with no other in reach" attached_to "$old" $follower
begin=$(now_ms)
split $follower cut
connected=$(status_field "$old" .zookeeper.connected)
until_ok 20 "cut off in the second row: the JobManager is killed" gone "$job"
killed=$(since "$begin")
note "$old said connected: $connected, server $follower says $(ensemble status | sed -n "${follower}s/.* //p")"
until_ok 20 "another leads" other_leader "$old" "${members[@]}"
matrix 11 "the same, no other server in reach" "killed at the deadline, another leads" \
	"killed after $killed ms, then $(other_leader "$old" "${members[@]}") leads" "$(since "$begin")"
split $follower heal
member_link "$old" heal
until_ok 40 "healed, $old is a standby" is_eligible "$old"
scenario_end 2
