#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk of the member that is next fails or hangs as it takes over (FAILURES 30, 31, 42; A11, C1): it
# never leads by what it cannot read or write, gives way, says why, and one whose disk works leads.
# Promises 1, 2, 3, 6.
cluster_storage='io_ms = 1000;'
. "$(dirname "$0")/../lib/fault_storage.sh"
scenario_zookeeper -n 1 -F
fault_members 3
for name in "${members[@]}"; do member_start "$name" || give_up "$name does not start"; done
settle || give_up "not settled"
put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
queue() { # members, in the order of their latches
	zk list "$tree/latch" | sed 's/.*-\([0-9]*\)$/\1 &/' | sort -n | while read -r _ latch; do
		zk get "$tree/latch/$latch" | jq -r .member
	done
}
next_one() { queue | grep -vx "$1" | head -n 1; } # LEADER
# Who leads is neither of these.
third_leads() { who=$(leader) && [ "$who" != "$1" ] && [ "$who" != "$2" ] && echo "$who"; }

# ---- the host of the leader is lost; the next one's disk
while read -r what; do
	old=$(leader)
	for i in 1 2 3; do change "$old"; done >/dev/null
	next=$(next_one "$old")
	epoch=$(status_field "$old" .epoch)
	IFS=';' read -ra rules <<<"$what"
	fault "$next" "${rules[@]}"
	begin=$(now_ms)
	host_kill "$old"
	until_ok 40 "$what: $next is next, and gives way to one whose disk works" third_leads "$old" "$next"
	new=$(leader)
	matrix 30,31,42 "the leader's host is lost, the next one's disk: $what" "it gives way, another one leads" "$new leads" "$(since "$begin")"
	ok "$what: it came to that" test -s "$(member_dir "$next")/rules.met"
	until_ok 20 "$what: $next says so" has_reason "$next" storage-failed
	ok "$what: $next answers" api "$next" /v1/status -f --max-time 2 -o /dev/null
	until_ok 10 "the new one serves" serves "$new"
	ok "all that was acknowledged, and nothing else (P3)" holds_what_it_should "$new"
	until_ok 20 "and takes changes" taken "$new"
	fault_off "$next"
	member_start "$old"
	until_ok 60 "all are there again" settle
done <<'END'
any hang *
create EIO *;write EIO *
readdir EIO */log
END
who=$(leader)
ok "the pointers of Flink, too" same_all "$who"
ok "the store on disk is whole" verified "$who"
scenario_end 3
