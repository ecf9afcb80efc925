#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A minute of random kills, stops, cuts (short, and longer than T) and hand-overs (FAILURES 50), from a seed that is
# printed; a writer notes what was acknowledged.  Afterwards: all of it is there (P3), no two
# JobManagers lived at once (P1), epochs only grew (P2), somebody leads (P6).
#   SEED=N SECONDS_OF_IT=30 tests/cluster/torture.t
#   make soak-cluster MINUTES=10 SEED=N
. "$(dirname "$0")/../lib/scenario.sh"
seed=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
note "SEED=$seed"
RANDOM=$seed
scenario_start 3 -n 3
put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"

# Writes to whoever leads; a value may be found that was not acknowledged, never the other way.
writer() {
	local n=0 name
	while [ ! -e "$tap_dir/enough" ]; do
		n=$((n + 1))
		for name in "${members[@]}"; do
			[ "$(put "$name" "torture/$n" "value $n of $seed" 2>/dev/null)" = 200 ] || continue
			echo "$n" >>"$tap_dir/acknowledged"
			break
		done
	done
}
writer 2>/dev/null &

restart() { # NAME: as systemd does, once it is down
	cluster_until 10 member_stopped "$1"
	member_release "$1" >>"$tap_dir/releases" 2>&1
	member_start "$1"
}
stop_a_while() { # PID SECONDS
	kill -STOP "$1" 2>/dev/null || return 0
	sleep "$2"
	kill -CONT "$1" 2>/dev/null
	return 0
}
# Every kind once before any comes again.
deck=()
draw() {
	local i
	[ ${#deck[@]} -gt 0 ] || deck=({0..15})
	i=$((RANDOM % ${#deck[@]}))
	kind=${deck[i]}
	unset "deck[i]"
	deck=("${deck[@]}")
}
long_s=$((cluster_session_ms / 1000 + 2)) # another leads meanwhile, whatever this one thinks
fault() {
	local kind=$1 name=${2:-${members[RANDOM % 3]}} server=$((RANDOM % 3 + 1)) pid
	[ -n "${2-}" ] || [ $((RANDOM % 3)) = 0 ] || name=$(leader || echo "$name") # the leader is worth more
	printf '%s %s %s\n' "$(date +%T.%3N)" "$kind" "$name" >>"$tap_dir/faults"
	case $kind in
	0) pid=$(jobmanager_pid "$name") && [ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null ;;
	1) pid=$(elector_pid "$name") && kill -KILL "$pid" 2>/dev/null ;;
	2) kill -KILL "$(guard_pid "$name")" 2>/dev/null; restart "$name" ;;
	3) host_kill "$name"; member_start "$name" ;;
	4) member_cut "$name"; sleep "$((RANDOM % 4)).$((RANDOM % 10))"; member_heal "$name" ;;
	5) pid=$(elector_pid "$name") && stop_a_while "$pid" "0.$((RANDOM % 9 + 1))" ;;
	6) ctl "$name" switchover --yes --timeout 5 >/dev/null 2>&1 ;;
	7) kill -TERM "$(guard_pid "$name")" 2>/dev/null; restart "$name" ;;
	8) "$lib/zk-ensemble" pause-one "$cluster_dir/zk" $server
		sleep "$((RANDOM % 2)).$((RANDOM % 10))"
		"$lib/zk-ensemble" resume-one "$cluster_dir/zk" $server ;;
	9) member_link "$name" cut all "$([ $((RANDOM % 2)) = 0 ] && echo up || echo down)"
		sleep "$((RANDOM % 3)).$((RANDOM % 10))"
		member_link "$name" heal ;;
	10) member_link "$name" swallow all down; sleep "0.$((RANDOM % 5))"
		member_link "$name" reset; member_link "$name" heal ;;
	11) member_link "$name" half; member_link "$name" delay all both $((RANDOM % 150))
		sleep "0.$((RANDOM % 9))"; member_link "$name" heal ;;
	13) member_cut "$name"; sleep "$long_s.$((RANDOM % 10))"; member_heal "$name" ;;
	14) member_link "$name" cut all "$([ $((RANDOM % 2)) = 0 ] && echo up || echo down)"
		sleep "$long_s.$((RANDOM % 10))"
		member_link "$name" heal ;;
	15) pid=$(guard_pid "$name") # and cut off: the elector alone is left (A8)
		kill -STOP "$pid" && member_cut "$name"
		sleep "$long_s.$((RANDOM % 10))"
		member_heal "$name"
		kill -CONT "$pid" ;;
	12) ensemble kill-one $server 2>/dev/null && # down or starting already
			sleep "0.$((RANDOM % 9))" && ensemble start-one $server >/dev/null & ;;
	esac
	return 0
}
begin=$(now_ms)
end=$((begin + ${SECONDS_OF_IT:-30} * 1000))
n=0
while [ "$(now_ms)" -lt $end ] || [ $n -lt 16 ]; do
	draw
	case $kind in
	1[345]) name=$(cluster_until 20 leader) && fault $kind "$name" ;; # of nobody else it is one
	*) fault $kind ;;
	esac
	n=$((n + 1))
	sleep "0.$((RANDOM % 8 + 1))"
done
end_at=$(now_ms)
touch "$tap_dir/enough"
wait # the writer, and servers that start
note "$n faults (kind: how often): $(awk '{ n[$2]++ } END { for (k in n) printf "%s: %d  ", k, n[k] }' "$tap_dir/faults")"
until_ok 60 "everything settles (P6)" settle
who=$(leader)
until_ok 10 "$who serves" serves "$who"
acknowledged=$(wc -l <"$tap_dir/acknowledged")
note "$acknowledged writes acknowledged, epoch $(status_field "$who" .epoch)"
api "$who" '/v1/pointers?prefix=torture/' |
	jq -r '.pointers[] | .key + " " + (.value | @base64d)' | sort >"$tap_dir/found"
awk -v seed="$seed" '{ print "torture/" $1 " value " $1 " of " seed }' "$tap_dir/acknowledged" | sort >"$tap_dir/expected"
is "$(comm -23 "$tap_dir/expected" "$tap_dir/found" | head -n 5)" "" "every acknowledged write is there, byte for byte (P3)"
ok "some were acknowledged" test "$acknowledged" -gt 20
ok "so is every pointer of Flink" same_all "$who"
# How long nobody's JobManager ran: the gaps between terms.
downtime() {
	"$lib/witnesses" "$witnessed" | awk '{ if (NR > 1 && $4 > last) { gap = $4 - last; sum += gap; if (gap > most) most = gap }
		else if (NR == 1) first = $4
		last = $5 }
		END { printf "%d terms, nobody led for %d of %d ms, %d at most", NR, sum, last - first, most }'
}
took=$((end_at - begin))
matrix 50 "$n random faults of 16 kinds (make soak-cluster for longer)" "P1, P2, P3, P6" \
	"$(downtime); $acknowledged writes, all there" "$took"
scenario_end 1
