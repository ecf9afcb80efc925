#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts that cannot work yet, or never (FAILURES 38, 41, 45; C7, D3): ZooKeeper unreachable, refusing,
# or an HTTP server in its place; wrong configurations; two members with one name.  One clear error
# each; what can get better gets better by itself.  Promises 1, 6.
. "$(dirname "$0")/../lib/scenario.sh"

zk_connect=127.0.0.1:9
members=(jm-a)
member_make jm-a
conf=$(member_dir jm-a)/jmhad.conf
cluster_links=no

# Configurations: exit 7, file and line.
bad() { # WHAT SED-EXPRESSION REGEX
	sed "$2" "$conf" >"$cluster_dir/bad.conf"
	timeout 10 "$bin/jmhad" --config "$cluster_dir/bad.conf" >"$tap_dir/out" 2>&1
	is $? 7 "$1: exit 7"
	like "$(cat "$tap_dir/out")" "bad\\.conf:[0-9]+.*$3" "$1: file, line and what is wrong"
}
bad "an unknown key" 's/member = /membre = "x"; member = /' membre
bad "a wrong type" 's/stop_ms = [0-9]*/stop_ms = "soon"/' stop_ms
bad "out of range" 's/tick_ms = [0-9]*/tick_ms = 5/' tick_ms
bad "no room for a lease" 's/session_ms = [0-9]*/session_ms = 2000/' 'no room'
bad "a syntax error" 's/cluster = "demo";/cluster = demo/' syntax
timeout 10 "$bin/jmhad" --config "$cluster_dir/none.conf" >"$tap_dir/out" 2>&1
is $? 7 "no file: exit 7"
matrix 38 "configurations that are wrong" "refused at the start, exit 7, with file and line" "refused"
like "$(cat "$tap_dir/out")" 'none\.conf' "no file: it is named"

# Nobody there: the port refuses.  It starts, answers and waits.
scenario_zookeeper -n 1 -F
port=${zk_connect##*:}
"$lib/zk-ensemble" kill-one "$cluster_dir/zk" 1
member_make jm-a
member_start jm-a
until_ok 10 "ZooKeeper refuses: the member answers all the same" api jm-a /v1/status -f
until_ok 10 "and says zookeeper-down" has_reason jm-a zookeeper-down
is "$(status_field jm-a .zookeeper.connected)" false "not connected"
not_ok "explain is not silent" eval '! ctl jm-a explain 2>&1 | grep -iE zookeeper'
is "$(put jm-a a/b x)" 503 "a write is refused: nobody leads"
is "$(ctl jm-a leader >/dev/null 2>&1; echo $?)" 6 "jmhactl leader: exit 6"

# An HTTP server in its place.
if command -v python3 >/dev/null; then
	python3 -c 'import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()' \
		"$port" >"$cluster_dir/http.log" 2>&1 &
	mkdir -p "$cluster_dir/http" && echo $! >"$cluster_dir/http/other.pid"
	disown
	asked() { curl -s -o /dev/null "http://127.0.0.1:$port/"; }
	cluster_until 10 asked
	sleep 3
	ok "an HTTP server in its place: the member answers" api jm-a /v1/status -f
	not_ok "and does not lead" is_leader jm-a
	like "$(reasons jm-a)" 'zookeeper-down' "and says zookeeper-down"
	n=$(member_log jm-a | wc -l)
	ok "without flooding the log ($n lines)" test "$n" -lt 200
	kill -KILL "$(cat "$cluster_dir/http/other.pid")"
else
	skip "an HTTP server in its place" "python3 is missing"
fi
server_starts() { "$lib/zk-ensemble" start-one "$cluster_dir/zk" 1; }
until_ok 20 "ZooKeeper comes" server_starts
until_ok 40 "somebody leads, by itself" is_leader jm-a
matrix 45 "ZooKeeper refuses, or is an HTTP server, at the start" "answers, zookeeper-down; leads when it comes" "leads"

# Another jmhad with the same name.
other=$cluster_dir/twin
mkdir -p "$other/run"
sed "s|$(member_dir jm-a)/run|$other/run|" "$conf" >"$other/jmhad.conf"
"$bin/jmhad" --config "$other/jmhad.conf" >"$other/log" 2>&1 </dev/null &
echo $! >"$other/guard.pid"
disown
twin_reason() { curl -s --unix-socket "$other/run/api.sock" http://localhost/v1/status | jq -r '.reasons | join(" ")' | grep -w name-taken; }
until_ok 10 "a second jmhad with one name: name-taken (D3)" twin_reason
like "$(cat "$other/log")" 'members/jm-a belongs to another session' "the log says so"
like "$(cat "$other/log")" "$(hostname)" "and names the host of the other"
is "$(status_field jm-a .state)" leader "the first one leads on"
is "$(zk list "$tree/members")" jm-a "there is one member node"
matrix 41 "two members of one name" "the second is not eligible, name-taken" "$(twin_reason)"
# And one in the very same runtime directory.
timeout 10 "$bin/jmhad" --config "$conf" >"$tap_dir/said" 2>&1
is $? 1 "a second jmhad in one runtime directory ends at once, exit 1"
like "$(cat "$tap_dir/said")" "$(member_dir jm-a)/run" "and names the directory"
note "$(cat "$tap_dir/said")"
is "$(status_field jm-a .state)" leader "the first one still leads"
member_stop twin
scenario_end 1
