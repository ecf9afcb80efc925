#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# zookeeper.servers are names, and the name service fails (FAILURES 22): who is connected notices
# nothing, a server that has moved is found by its new address, a name that nobody answers for delays
# nobody, and who starts without a name service waits for it.  Promises 6, 7.
. "$(dirname "$0")/../lib/scenario.sh"
[ "$(id -u)" = 0 ] || skip_all "mounts need root"
unshare -m true 2>/dev/null || skip_all "no mount namespaces here"
scenario_zookeeper -n 3 -F
port=${zk_connect##*:}

# Members see a hosts file of the test's, and a name server that hears all and says nothing.
command -v python3 >/dev/null || skip_all "python3 is missing"
hosts=$tap_dir/hosts
silent=127.8.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
mkdir "$cluster_dir/silent"
python3 -c 'import signal, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
signal.pause()' $silent >"$cluster_dir/silent/log" 2>&1 &
echo $! >"$cluster_dir/silent/other.pid"
disown
addresses() { printf '127.0.0.1 localhost\n' >"$hosts"; printf '%s\n' "$@" >>"$hosts"; }
printf 'nameserver %s\noptions timeout:5 attempts:2\n' $silent >"$tap_dir/resolv.conf"
member_start_named() { # NAME
	local dir
	dir=$(member_dir "$1")
	link_start "$1"
	unshare -m --propagation private sh -c "
		mount --bind '$hosts' /etc/hosts && mount --bind '$tap_dir/resolv.conf' /etc/resolv.conf &&
		exec '$bin/jmhad' --config '$dir/jmhad.conf'" >>"$dir/log" 2>&1 </dev/null &
	echo $! >"$dir/guard.pid"
	disown
}
addresses "127.1.1.1 zk1" "127.1.1.2 zk2" "127.1.1.3 zk3"
members=(jm-a)
member_make jm-a
sed -i "s|servers = \[[^]]*\]|servers = [\"zk1:$port\", \"zk2:$port\", \"zk3:$port\"]|" "$(member_dir jm-a)/jmhad.conf"
member_start_named jm-a
until_ok 30 "servers by name: it leads" is_leader jm-a
settle || give_up "not settled"
remember_term jm-a

# Nobody answers for names any more: the file is empty, the resolver silent.
begin=$(now_ms)
addresses
for _ in 1 2 3; do
	member_link jm-a reset
	sleep 1
done
same_term "no name service, and connections that are reset (P7)"
ok "it is connected" test "$(status_field jm-a .zookeeper.connected)" = true
matrix 22 "no name service, connections are reset 3 times" "no transition" "none" "$(since "$begin")"

# The servers move: the old addresses are dead.
addresses "127.0.0.1 zk1" "127.0.0.2 zk2" "127.0.0.3 zk3"
begin=$(now_ms)
moved() { status_field jm-a .zookeeper.server | grep -q '^127\.0\.0\.' && is_leader jm-a; }
sleep 2
member_cut jm-a
until_ok 40 "servers at other addresses are found by their names" moved
took=$(since "$begin")
member_heal jm-a
matrix 22 "the servers' names have new addresses" "they are used, leads on or again" \
	"server $(status_field jm-a .zookeeper.server), epoch $(status_field jm-a .epoch)" "$took"

# One name that nobody answers for beside two that are known; and a start without any.
addresses "127.0.0.2 zk2" "127.0.0.3 zk3"
member_stop jm-a
begin=$(now_ms)
member_start_named jm-a
until_ok 10 "one name hangs: the member answers" api jm-a /v1/status -f
until_ok 60 "and leads by the others" is_leader jm-a
matrix 22 "one of three names cannot be resolved at the start" "leads by the others" "leads" "$(since "$begin")"
member_stop jm-a
addresses
member_start_named jm-a
until_ok 10 "no name at all: the member answers" api jm-a /v1/status -f
until_ok 10 "and says zookeeper-down" has_reason jm-a zookeeper-down
begin=$(now_ms)
addresses "127.0.0.1 zk1" "127.0.0.2 zk2" "127.0.0.3 zk3"
until_ok 120 "the names are back: it leads by itself" is_leader jm-a
matrix 22 "no name service at the start, until later" "answers meanwhile, then leads" "leads" "$(since "$begin")"
ok "it stops" member_stop jm-a
scenario_end 2
