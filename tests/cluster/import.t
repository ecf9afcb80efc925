#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# jmhactl store import: the znodes of real Flink clusters, in a real ZooKeeper, into the store of a
# real cluster.  Refused while one of their JobManagers lives, and when something is broken; a job goes
# in whole, and a second time changes nothing.  Promises 3, 4.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
fixtures=$top_srcdir/tests/data/flink-pointers
lead=$(leader)
other=$(standbys "$lead")
job_a=8d0c6ab3c1f34f5a9f7e2b1d4c3a2b10
job_b=00000000000000000000000000000b0b
flink=/flink/default

# node PATH [FILE]: with all parents.
node() {
	local path="" part
	for part in $(echo "${1%/*}" | tr / ' '); do
		path=$path/$part
		"$zk_tool" "$zk_connect" create "$path" </dev/null >/dev/null 2>&1
	done
	"$zk_tool" "$zk_connect" create "$1" <"${2:-/dev/null}"
}
# pointer PATH FILE: as it stands when no JobManager lives.
pointer() { node "$1" "$2" && node "$1/locks"; }
# A pointer to a file that is there: the template, its size, its path.
pointer_to() { # PATH
	local size=$(($(wc -c <"$1"))) n=${#1}
	head -c 291 "$fixtures/2.2.1/job-pointer.bin"
	printf "$(printf '\\0\\0\\0\\0\\x%02x\\x%02x\\x%02x\\x%02x' $((size >> 24)) $((size >> 16 & 255)) $((size >> 8 & 255)) $((size & 255)))"
	tail -c +300 "$fixtures/2.2.1/job-pointer.bin" | head -c 129
	printf "$(printf '\\x%02x\\x%02x' $(((n + 5) >> 8)) $(((n + 5) & 255)))file:%sx" "$1"
}
# import MEMBER OPTION...: output in $tap_dir/said, what it says of errors too.
import() {
	local member=$1
	shift
	ctl "$member" store import --from-flink-zookeeper "$zk_connect" --yes "$@" >"$tap_dir/said" 2>&1 </dev/null
}
said() { grep -E -- "$1" "$tap_dir/said"; }
count_pointers() { api "$lead" '/v1/pointers?prefix=' | jq '.pointers | length'; }
counter() { api "$lead" "/v1/counters/$1" | jq .value; }

import "$lead"
is $? 1 "without a Flink cluster: exit 1"
ok "and says which settings name it" said 'no Flink cluster below /flink/default.*path.root'

pointer $flink/execution-plans/$job_a "$fixtures/2.2.1/job-pointer.bin"
pointer $flink/jobs/$job_a/checkpoints/0000000000000000003 "$fixtures/2.2.1/checkpoint-pointer.bin"
node $flink/jobs/$job_a/checkpoint_id_counter "$fixtures/2.2.1/checkpoint-id-counter.bin"
node $flink/leader/latch
head -c 1234 /dev/zero >"$tap_dir/plan"
pointer_to "$tap_dir/plan" >"$tap_dir/b.bin"
pointer $flink/execution-plans/$job_b "$tap_dir/b.bin"
# Flink had decided to delete this one: no node `locks`.
node $flink/jobs/$job_a/checkpoints/0000000000000000002 "$fixtures/2.2.1/checkpoint-pointer.bin"

# ---- refusals

import "$lead" --from-flink-zookeeper 127.0.0.1:9 --timeout 1
is $? 3 "no ZooKeeper there: exit 3"
ok "and names it" said '127\.0\.0\.1:9'
import "$lead" --from-flink-zookeeper nonsense
is $? 2 "no address: exit 2"
import "$other"
is $? 6 "a member that does not lead: exit 6"
ok "and names the leader" said "run this on the host of $lead"
echo secret:word >"$tap_dir/auth"
chmod 644 "$tap_dir/auth"
import "$lead" --auth-file "$tap_dir/auth"
is $? 7 "credentials that all may read: exit 7"
chmod 600 "$tap_dir/auth"

latch=$flink/leader/latch/_c_0815-latch-0000000001
"$zk_tool" "$zk_connect" hold $latch </dev/null >/dev/null 2>&1 &
holder=$!
mkdir -p "$cluster_dir/holder" && echo $holder >"$cluster_dir/holder/other.pid"
latch_there() { "$zk_tool" "$zk_connect" list $flink/leader/latch | grep -q _c_0815; }
until_ok 10 "a JobManager with a latch" latch_there
import "$lead"
is $? 4 "one of Flink's JobManagers lives: exit 4"
ok "and is named" said "$latch"
import "$other" --dry-run
is $? 4 "nor is it shown to be possible"
kill -KILL $holder
wait $holder 2>/dev/null
latch_gone() { ! latch_there; }
until_ok 30 "its session ends" latch_gone

node $flink/leader/rest_server/connection_info "$fixtures/2.2.1/connection-info-rest_server.bin"
import "$lead"
is $? 4 "a leader's address: exit 4"
ok "with the address" said 'rest_server/connection_info names http://'
zk delete $flink/leader/rest_server/connection_info

head -c 400 "$fixtures/1.20.5/job-pointer.bin" >"$tap_dir/cut"
pointer $flink/jobgraphs/0000000000000000000000000000dead "$tap_dir/cut"
import "$lead" --dry-run
is $? 1 "a broken pointer: exit 1"
ok "named with the byte" said 'jobgraphs/0+dead: byte 400 of 400'
import "$lead"
is $? 1 "it ends the whole import"
is "$(count_pointers)" 0 "nothing was written"

# ---- looking

import "$other" --dry-run --skip-broken
is $? 1 "a dry run of the rest, at any member; still exit 1"
ok "the job's file is seen to be there" said "$job_b .* 1234 .*there .*new"
ok "that of the other is not" said "$job_a .*job .* 4 .* 18836 .*ABSENT .*new"
ok "its newest checkpoint" said "$job_a .*checkpoint 3 "
ok "what Flink had marked for deletion is named" said 'skipped: .*0000000000000000002: Flink had marked it'
is "$(count_pointers)" 0 "nothing was written"

# ---- writing

import "$lead" --skip-broken --auth-file "$tap_dir/auth"
is $? 1 "the import of what is whole"
note "$(cat "$tap_dir/said")"
ok "says how much" said 'Imported 2 jobs, 3 pointers'
is "$(get "$other" jobs/$job_a)" '{"target":"file:/mnt/ha/flink/c1/submittedExecutionPlanc91d844c5b65","bytes":18836}' \
	"the job's pointer, read at the other member"
is "$(get "$lead" jobs/$job_b)" "{\"target\":\"file:$tap_dir/plan\",\"bytes\":1234}" "the other job's"
like "$(get "$lead" checkpoints/$job_a/0000000000000000003)" 'completedCheckpoint' "the checkpoint's"
is "$(get_code "$lead" checkpoints/$job_a/0000000000000000002)" 404 "not that which was to be deleted"
is "$(get_code "$lead" jobs/0000000000000000000000000000dead)" 404 "not the broken job"
is "$(counter $job_a)" 4 "the next checkpoint's number lies behind the newest"
zk tree $flink | grep -c . >"$tap_dir/nodes"
n=$(count_pointers)

import "$lead" --skip-broken
is $? 1 "a second time"
ok "finds all there" said '2 jobs .*: 0 pointers to write, 3 there already'
is "$(count_pointers)" "$n" "and writes nothing"
pointer_gone() { zk delete $flink/jobgraphs/0000000000000000000000000000dead/locks && zk delete $flink/jobgraphs/0000000000000000000000000000dead; }
ok "the broken one is removed" pointer_gone
import "$lead"
is $? 0 "now it is all done: exit 0"

# A job that has ended since then stays ended.
api "$lead" /v1/pointers/jobs/$job_b -X DELETE -o /dev/null
import "$lead"
is $? 4 "an ended job is not brought back: exit 4"
is "$(get_code "$lead" jobs/$job_b)" 404 "it is not there"
import "$lead" --force
is $? 0 "but with --force"
is "$(get_code "$lead" jobs/$job_b)" 200 "it is"

# A job that has gone on since then is not set back.
is "$(put "$lead" checkpoints/$job_a/0000000000000000004 x)" 200 "a checkpoint made under jmha"
import "$lead"
is $? 1 "its job is in the way: exit 1"
ok "and named" said "checkpoints/$job_a/0000000000000000004 is in the store and not in"
is "$(put "$lead" jobs/$job_b other)" 200 "a job with another value"
import "$lead" --force
is $? 1 "is not overwritten: exit 1"
ok "and named" said "jobs/$job_b stands in the store with another value"
is "$(get "$lead" jobs/$job_b)" other "it stays"

# ---- a store whose list is refused as a whole

head -c 65536 /dev/zero >"$tap_dir/big"
n=$(count_pointers)
many=400
api "$lead" "/v1/pointers/checkpoints/0/[1-$many]" -f -X PUT --data-binary @"$tap_dir/big" -o /dev/null
is $? 0 "$many values of 64 KiB"
is "$(api "$lead" /v1/pointers -o /dev/null -w '%{http_code}')" 413 "all at once: too-large"
ctl "$lead" pointers list --json >"$tap_dir/list"
is $? 0 "jmhactl pointers list --json: exit 0"
is "$(jq -c '[(.pointers | length), (.pointers | map(.key) | unique | length)]' "$tap_dir/list")" \
	"[$((n + many)),$((n + many))]" "has all of them, once each, in one document"
is "$(ctl "$lead" pointers list checkpoints/ | awk '{ print length($0) }' | sort -u | wc -l)" 2 \
	"the table: all lines but the last are of one length"
like "$(ctl "$lead" pointers list checkpoints/0/ | tail -n 1)" "^$many pointers, sequence " "and counts those below a prefix"
import "$lead"
is $? 1 "an import sees the job that is in the way behind them: exit 1"
ok "and names it" said "checkpoints/$job_a/0000000000000000004 is in the store and not in"

# Flink's nodes are as they were, less the one removed here by hand.
is "$(zk tree $flink | grep -c .)" "$(($(cat "$tap_dir/nodes") - 2))" "nothing was changed in Flink's tree"
scenario_end 1
