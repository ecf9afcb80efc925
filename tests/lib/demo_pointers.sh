# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# What ./demo --no-flink shows: pointers as Flink stores them, and what becomes of them when one part
# after the other dies.  Sourced by demo, whose functions it uses.

pointers=tests/data/flink-pointers

put_pointers() { # every file under a key of its own, as Flink would name them
	local file key n=0
	while read -r file; do
		key=jobs/$(basename "$(dirname "$file")")/$(basename "$file" .bin)
		api "$1" "/v1/pointers/$key" -X PUT --data-binary @"$file" -o /dev/null -f || return 1
		n=$((n + 1))
	done < <(find "$pointers" -name '*.bin' | sort)
	say "$n pointers stored, of $(find "$pointers" -name '*.bin' -printf '%s\n' | awk '{ s += $1 } END { print s }') bytes"
}

check_pointers() { # byte for byte, from that member
	local file key n=0
	while read -r file; do
		key=jobs/$(basename "$(dirname "$file")")/$(basename "$file" .bin)
		api "$1" "/v1/pointers/$key" -f | cmp -s - "$file" || die "pointer $key differs on $1"
		n=$((n + 1))
	done < <(find "$pointers" -name '*.bin' | sort)
	say "  all $n pointers are there, byte for byte"
}

# Waits until another than $1 leads; prints who, epoch and how long it took since $2 (ms).
report() {
	local old=$1 since=$2 new took
	new=$(cluster_until 60 other_leader "$old" "${members[@]}") || die "nobody took over from $old"
	# The daemon's own time of the grant: asking around takes longer than the take-over itself.
	took=$(($(date -d "$(status_field "$new" .last_transition.at)" +%s%3N) - since))
	say "  $new leads, epoch $(status_field "$new" .epoch), granted after $took ms;" \
		"cause: $(status_field "$new" .last_transition.cause)"
	check_pointers "$new"
}

title "Three ZooKeeper servers, three members"
cluster_zookeeper_start -n 3 || die "the ZooKeeper servers do not start"
say "ZooKeeper: $zk_connect (tick $cluster_tick_ms ms, session $cluster_session_ms ms)"
for name in "${members[@]}"; do
	member_make "$name"
	member_start "$name" || die "$name does not start"
done
first=$(leader) || die "nobody leads"
settle
show "$first"
put_pointers "$first" || die "pointers could not be stored"

title "kill -9 of the JobManager of $first"
settle
t=$(ms)
kill -KILL "$(jobmanager_pid "$first")"
report "$first" "$t"

old=$(leader)
title "kill -9 of the elector of $old: nobody notices"
epoch=$(status_field "$old" .epoch)
job=$(jobmanager_pid "$old")
elector=$(elector_pid "$old")
kill -KILL "$elector"
cluster_until 10 is_leader "$old" || die "$old no longer leads"
say "  elector $elector is now $(cluster_until 5 elector_pid "$old"); JobManager $job runs on: $(kill -0 "$job" && echo yes)"
say "  $old leads, epoch $(status_field "$old" .epoch) (before: $epoch); cause: $(status_field "$old" .last_transition.cause)"
[ "$(status_field "$old" .epoch)" = "$epoch" ] || die "the epoch has changed"
pointers_ready() { api "$old" /v1/pointers -f -o /dev/null; }
cluster_until 10 pointers_ready
check_pointers "$old"

title "kill -9 of the guard of $old, then \"jmhad --release\" as systemd runs it"
settle
t=$(ms)
kill -KILL "$(guard_pid "$old")"
member_release "$old" || die "the release failed"
report "$old" "$t"
member_start "$old"

settle
old=$(leader)
title "Power off: everything of $old at once, nothing handed over"
say "  nobody can know whether it still acts: the others wait until its session has ended"
settle
t=$(ms)
host_kill "$old"
report "$old" "$t"
member_start "$old"

settle
old=$(leader)
title "$old is cut off from ZooKeeper"
job=$(jobmanager_pid "$old")
t=$(ms)
member_cut "$old"
job_gone() { ! kill -0 "$job" 2>/dev/null; }
cluster_until 30 job_gone || die "the JobManager of $old still runs"
say "  its JobManager was killed after $(($(ms) - t)) ms, at the lease deadline; it says: $(status_field "$old" .state)"
report "$old" "$t"
member_heal "$old"
settle
say "  plugged in again, $old is $(status_field "$old" .state)"

title "A planned switchover"
old=$(leader)
ctl "$old" switchover --yes
settle
