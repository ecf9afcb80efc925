#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ZooKeeper's disks are slow (FAILURES 14): its servers answer pings at once and writes late.  Within
# tolerance_ms nothing changes, whatever the followers' disks do nothing does; when no write comes
# back in time the leader is killed at its deadline, and somebody leads by himself afterwards.
# Promises 1, 5, 6, 7.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 3 -P "$top_builddir/tests/lib/faults.so"

disk() { echo "$2 0" >"$cluster_dir/zk/$1/faults.new" && mv "$cluster_dir/zk/$1/faults.new" "$cluster_dir/zk/$1/faults"; }
disks() { for n in 1 2 3; do disk $n "$1"; done; }
old=$(leader)
remember_term "$old"
lead=$(ensemble leader)

begin=$(now_ms)
disk $((lead % 3 + 1)) 3000
sleep $((cluster_session_ms / 1000))
same_term "the disk of one follower takes 3 s"
matrix 14 "fsync of one ZooKeeper follower takes 3 s" "no transition" "none" "$(since "$begin")"
begin=$(now_ms)
disks 100
sleep $((cluster_session_ms / 1000 + 1))
same_term "the disks of all take 100 ms"
matrix 14 "fsync of every ZooKeeper server takes 100 ms" "no transition" "none" "$(since "$begin")"

job=$(jobmanager_pid "$old")
begin=$(now_ms)
disks 8000
until_ok 20 "the disks of all stand still: the JobManager is killed at the deadline" gone "$job"
killed=$(since "$begin")
not_ok "nobody says leader (P5)" leader
disks 0
until_ok 60 "they go on: somebody leads by himself (P6)" leader
matrix 14 "fsync of every ZooKeeper server takes 8 s" "killed at the deadline; leads by itself afterwards" \
	"killed after $killed ms, then $(leader) leads" "$(since "$begin")"
ok "all are eligible" settle
scenario_end 2
