#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each member is a host of its own (a network namespace) on a bad line: packets are lost, doubled,
# overtaken, too large to pass, or pass one way only (FAILURES 49, 10).  TCP is the kernel's, nothing
# is simulated but the line.  Small troubles change nothing; of large ones the lease is the limit.
# Promises 1, 2, 3, 5, 6, 7.
if [ -z "${JMHA_TEST_NETNS-}" ]; then
	why=
	[ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null || why="network namespaces need root"
	[ -w /dev/net/tun ] || why=${why:-"no /dev/net/tun"}
	command -v ip >/dev/null || why=${why:-"ip is missing"}
	[ -z "$why" ] || { echo "1..0 # SKIP $why"; exit 0; }
	JMHA_TEST_NETNS=1 exec unshare -n "$0" "$@" # all of it: nobody else's network is touched
fi
. "$(dirname "$0")/../lib/scenario.sh"
ip link set lo up
JMHA_TEST_SEED=${SEED:-$RANDOM}
export JMHA_TEST_SEED
note "SEED=$JMHA_TEST_SEED"
cluster_links=no
scenario_zookeeper -n 3 -F
port=${zk_connect##*:}

started() { # NAME PID: ended with the test
	mkdir -p "$cluster_dir/$1"
	echo "$2" >"$cluster_dir/$1/other.pid"
	disown
}
host_make() { # NAME NUMBER: a namespace, its line, and ZooKeeper at its other end
	local dir=$cluster_dir/$1 n=$2 host
	mkdir -p "$dir"
	unshare -n sleep infinity &
	host=$!
	started "$1-host" $host
	cluster_until 10 eval '[ "$(readlink /proc/'$host'/ns/net)" != "$(readlink /proc/$$/ns/net)" ]'
	"$top_builddir/tests/lib/ip-link" "zk$n" $$ "jm$n" $host "$dir/line" >"$dir/line.out" 2>&1 &
	started "$1-line" $!
	cluster_until 10 grep -q ready "$dir/line.out" || give_up "no line: $(cat "$dir/line.out")"
	for i in 1 2 3; do ip address add "10.77.$n.$i/24" dev "zk$n"; done
	ip link set "zk$n" up
	nsenter -t $host -n sh -c "ip link set lo up; ip address add 10.77.$n.9/24 dev jm$n; ip link set jm$n up"
	"$bin/tcp-link" "10.77.$n.1:$port=127.0.0.1:$port" "10.77.$n.2:$port=127.0.0.2:$port" \
		"10.77.$n.3:$port=127.0.0.3:$port" >"$dir/zk.out" 2>&1 &
	started "$1-zk" $!
	cluster_until 10 grep -q ready "$dir/zk.out" || give_up "$(cat "$dir/zk.out")"
}
host_start() { # NAME
	local dir=$cluster_dir/$1
	nsenter -t "$(cat "$cluster_dir/$1-host/other.pid")" -n "$bin/jmhad" --config "$dir/jmhad.conf" \
		>>"$dir/log" 2>&1 </dev/null &
	echo $! >"$dir/guard.pid"
	disown
}
line() { # NAME LOSS DUPLICATE LATE LATE_MS MTU DEAF
	local dir=$cluster_dir/$1
	shift
	echo "$*" >"$dir/line.new" && mv "$dir/line.new" "$dir/line"
}
# What TCP on the host has seen of it: RetransSegs, TCPDSACKOldSent (what came twice).
tcp() { # NAME COUNTER
	nsenter -t "$(cat "$cluster_dir/$1-host/other.pid")" -n cat /proc/net/snmp /proc/net/netstat |
		awk -v counter="$2" '{ if (named == $1) { for (i = 2; i <= NF; i++) if (name[i] == counter) print $i; named = "" }
			else { named = $1; split($0, name) } }'
}
good() { rm -f "$cluster_dir/$1/line"; }

members=(jm-a jm-b)
number=0
for name in "${members[@]}"; do
	number=$((number + 1))
	host_make "$name" $number
	member_make "$name"
	sed -i "s|servers = \[[^]]*\]|servers = [\"10.77.$number.1:$port\", \"10.77.$number.2:$port\", \"10.77.$number.3:$port\"]|" \
		"$cluster_dir/$name/jmhad.conf"
	host_start "$name"
done
settle || give_up "not settled"
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
remember_term "$old"

begin=$(now_ms)
again=$(tcp "$old" RetransSegs)
line "$old" 4 0 0 0 0 0
sleep $((cluster_session_ms / 1000 + 2))
ok "packets were lost: $(($(tcp "$old" RetransSegs) - again)) were sent again" test "$(tcp "$old" RetransSegs)" -gt "$again"
same_term "4 % of the packets are lost, each way (P7)"
matrix 49 "4 % of the leader's packets are lost, each way" "no transition" "none" "$(since "$begin")"
begin=$(now_ms)
twice=$(tcp "$old" TCPDSACKOldSent)
line "$old" 0 20 30 40 0 0
sleep $((cluster_session_ms / 1000 + 1))
ok "packets came twice" test "$(tcp "$old" TCPDSACKOldSent)" -gt "$twice"
same_term "20 % are doubled, 30 % late (P7)"
matrix 49 "20 % of the leader's packets are doubled, 30 % 40 ms late" "no transition" "none" "$(since "$begin")"

# What is larger than 300 bytes vanishes: heartbeats pass, commits and releases do not.
begin=$(now_ms)
line "$old" 0 0 0 0 300 0
code=$(put "$old" large/one "$(printf 'x%.0s' $(seq 500))" 2>/dev/null)
until_ok 60 "packets of more than 300 bytes vanish: who can lead does" other_leader "$old" "${members[@]}"
took=$(since "$begin")
new=$(other_leader "$old" "${members[@]}")
good "$old"
until_ok 40 "a good line: all are eligible" settle
writable() { [ "$(put "$(leader)" large/two x)" = 200 ]; }
until_ok 20 "changes are taken again" writable
[ "$code" != 200 ] || is "$(get "$(leader)" large/one | wc -c)" 500 "what was acknowledged is there (P3)"
matrix 49 "the leader's packets of more than 300 bytes vanish (MTU black hole), under a write" \
	"requests end by a deadline; its term ends, another leads" "the write: ${code/000/no answer}; $new leads" "$took"

# One way only: what the leader sends arrives, acknowledgements of TCP and answers do not.
old=$(leader)
job=$(jobmanager_pid "$old")
begin=$(now_ms)
line "$old" 0 0 0 0 0 2
until_ok 20 "packets pass one way only: the JobManager is killed at the deadline" gone "$job"
killed=$(since "$begin")
until_ok 40 "another leads" other_leader "$old" "${members[@]}"
new=$(other_leader "$old" "${members[@]}")
matrix 10 "packets pass only from the leader, not to it" "killed at the deadline, another leads" \
	"killed after $killed ms, then $new leads" "$(since "$begin")"
good "$old"
until_ok 40 "a good line: it is a standby" is_eligible "$old"
ok "every pointer is there (P3)" same_all "$(leader)"
scenario_end 2
