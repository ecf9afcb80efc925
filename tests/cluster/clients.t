#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Clients that stall, flood, talk garbage or never read (FAILURES 36, 37), and a wall clock that steps
# an hour back and forth (FAILURES 23): the leader's lease is renewed in time, the next client is
# answered.  Promises 5, 7.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_zookeeper -n 1 -F
address=127.3.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
port=$((20000 + RANDOM % 10000))
members=(jm-a)
member_make jm-a "api: { listen = \"$address:$port\"; };"
export LD_PRELOAD=$top_builddir/tests/lib/faults.so JMHA_TEST_FAULTS=$cluster_dir/jm-a/faults
member_start jm-a
unset LD_PRELOAD
settle || give_up "not settled"
remember_term jm-a
lease=$(status_field jm-a .lease_ms)

# The least that was left of the lease while something was done to it.
watch_lease() { # until enough
	while [ ! -e "$tap_dir/enough" ]; do
		status_field jm-a '"\(.state) \(.lease_ms)"' >>"$tap_dir/leases" 2>/dev/null
		sleep 0.05
	done
}
watched() { # WHAT COMMAND...: the lease while it runs
	local what=$1 watcher
	shift
	rm -f "$tap_dir/enough" "$tap_dir/leases"
	watch_lease &
	watcher=$!
	begin=$(now_ms)
	"$@"
	touch "$tap_dir/enough"
	wait $watcher
	least=$(awk '{ print $2 }' "$tap_dir/leases" | sort -n | head -n 1)
	same_term "$what"
	ok "$what: it was asked all the time" test "$(wc -l <"$tap_dir/leases")" -gt 3
	is "$(awk '$1 != "leader"' "$tap_dir/leases" | head -n 1)" "" "$what: it always said leader"
	note "$what: at least $least ms of the lease were left"
}

# ---- 36: events that nobody reads
slow_follower() {
	curl -sN --unix-socket "$(member_socket jm-a)" http://localhost/v1/events >/dev/null &
	follower=$!
	sleep 0.3
	kill -STOP $follower
	for n in $(seq 300); do echo "url = \"http://localhost/v1/pointers/slow/$n-$(printf 'k%.0s' $(seq 200))\""; done >"$tap_dir/urls"
	for _ in $(seq 20); do
		curl -s --parallel --parallel-max 100 --unix-socket "$(member_socket jm-a)" -X PUT --data-binary x \
			-K "$tap_dir/urls" >/dev/null
		streams && break
	done
}
streams() { api jm-a /metrics | awk '$1 == "jmha_api_streams" { exit $2 != 0 }'; }
watched "a follower of the events that does not read" slow_follower
until_ok 10 "it is dropped" streams
kill -KILL $follower
matrix 36 "a follower of the events does not read, thousands of changes" "dropped; lease unaffected" \
	"dropped, at least $least of $lease ms left" "$(since "$begin")"

# ---- 37
stalled() { # connections that say nothing, or half a request
	local n fd fds=()
	for n in $(seq 200); do
		exec {fd}<>"/dev/tcp/$address/$port" || break
		fds+=("$fd")
		[ $((n % 2)) = 0 ] || printf 'GET /v1/sta' >&"$fd"
	done 2>/dev/null
	opened=${#fds[@]}
	sleep 3
	for fd in "${fds[@]}"; do exec {fd}>&-; done
}
watched "200 clients that stall" stalled
matrix 37 "$opened clients stall in the middle of a request" "lease unaffected, others answered" \
	"at least $least of $lease ms left" "$(since "$begin")"
garbage() {
	local n
	for n in $(seq 120); do
		head -c 20000 /dev/urandom >"/dev/tcp/$address/$port"
		printf 'GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n' >"/dev/tcp/$address/$port"
	done 2>/dev/null
}
watched "garbage" garbage
matrix 37 "240 requests of garbage" "lease unaffected, others answered" "at least $least of $lease ms left" "$(since "$begin")"
flood() {
	local n pids=()
	for n in 1 2 3 4; do
		timeout 4 sh -c "while :; do curl -s 'http://$address:$port/v1/cluster?[1-400]' >/dev/null; done" &
		pids+=($!)
	done
	wait "${pids[@]}"
}
watched "four clients that ask without a pause" flood
matrix 37 "four clients ask without a pause" "lease unaffected, others answered" "at least $least of $lease ms left" "$(since "$begin")"
ok "the TCP listener still answers" curl -sf --max-time 5 "http://$address:$port/v1/status"

# ---- 23
clock() { echo "0 $1" >"$JMHA_TEST_FAULTS.new" && mv "$JMHA_TEST_FAULTS.new" "$JMHA_TEST_FAULTS"; }
at() { member_log jm-a | tail -n 1 | cut -c 12-13; } # the hour in its log
stepping() {
	local before
	echo 'cluster = ' >>"$(member_dir jm-a)/jmhad.conf" # refused with a line in the log, each time
	for step in 3600 -3600 86400 0; do
		clock $step
		sleep 1.2
		before=$(member_log jm-a | wc -l)
		kill -HUP "$(guard_pid jm-a)" 
		cluster_until 5 eval '[ "$(member_log jm-a | wc -l)" -gt '"$before"' ]'
		echo "$step $(at) $(date -u -d "$step seconds" +%H)" >>"$tap_dir/hours"
	done
}
watched "a wall clock that steps by an hour and a day" stepping
is "$(awk '$2 != $3' "$tap_dir/hours" | head -n 1)" "" "the daemon did see the steps"
matrix 23 "the wall clock steps an hour forth, two back, a day forth, and back" "no effect" \
	"none, at least $least of $lease ms left" "$(since "$begin")"
is "$(put jm-a after/steps x)" 200 "pointers can be changed"
scenario_end 1
