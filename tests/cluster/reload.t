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
until_ok 5 "a reload without a change is said" logged jm-a 'was read again and says the same'
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
member_heal jm-a
cp "$tap_dir/conf" "$conf"

# In the middle of a hand-over, at both ends.
members+=(jm-b)
member_make jm-b && member_start jm-b
settle || give_up "not settled"
for name in "${members[@]}"; do echo 'api: { admin_group = "root"; };' >>"$(member_dir "$name")/jmhad.conf"; done
ctl jm-a switchover --yes jm-b >"$tap_dir/said" 2>&1 &
asking=$!
for _ in 1 2 3 4 5; do
	for name in "${members[@]}"; do kill -HUP "$(guard_pid "$name")"; done
	sleep 0.02
done
wait $asking
is $? 0 "reloads while it hands over: exit 0"
note "$(cat "$tap_dir/said")"
is "$(leader)" jm-b "the other one leads"
is "$(status_field jm-b .epoch)" $((epoch + 1)) "one epoch later"
for name in "${members[@]}"; do until_ok 10 "$name has reloaded" logged "$name" 'api.admin_group was reloaded'; done
matrix 38 "both members reload during a hand-over" "handed over once" "jm-b leads, epoch $(status_field jm-b .epoch) after $epoch"
scenario_end 2
