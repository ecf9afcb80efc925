#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGHUP (FAILURES 38): what may be reloaded is, without a transition; other changes are named and
# wait for a restart; a broken file is refused and the old one stays.  Promises 7, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 1 -n 3 -F
conf=$(member_dir jm-a)/jmhad.conf
epoch=$(status_field jm-a .epoch)
job=$(jobmanager_pid jm-a)
same() { is "$(status_field jm-a '"\(.state) \(.epoch) \(.jobmanager.pid)"')" "leader $epoch $job" "$1: nothing has changed"; }
hup() { kill -HUP "$(guard_pid jm-a)"; }

cp "$conf" "$tap_dir/conf"
hup
sleep 0.5
same "no change"

sed -i 's/cluster = "demo"/cluster = demo/' "$conf"
hup
until_ok 5 "a broken file is refused, with file and line" logged jm-a 'jmhad\.conf:[0-9]+'
same "a broken file"
matrix 38 "a broken file on reload" "the old configuration stays" "no transition"

sed 's/session_ms = [0-9]*/session_ms = 5000/' "$tap_dir/conf" >"$conf"
hup
until_ok 5 "a key that waits for a restart is named" logged jm-a 'zookeeper\.session_ms.*restart|restart.*zookeeper\.session_ms'
same "session_ms"
matrix 38 "session_ms is changed on reload" "named; waits for a restart" "no transition"

# Other addresses of the same servers: once the old ones are silent, the new ones are used.
direct=$(echo "$zk_connect" | sed 's/,/", "/g')
sed "s|servers = \[[^]]*\]|servers = [\"$direct\"]|" "$tap_dir/conf" >"$conf"
hup
sleep 1
member_cut jm-a
server() { status_field jm-a .zookeeper.server | grep -q '^127\.0\.0\.'; }
until_ok 10 "changed servers are used" server
sleep "$(awk "BEGIN { print $cluster_session_ms / 1000 }")"
same "changed servers"
scenario_end 1
