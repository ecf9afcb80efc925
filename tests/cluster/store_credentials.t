#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# jmhactl store recover with zookeeper.auth_file, while no member runs and ZooKeeper has nothing at all:
# what it makes is as the members would have made it, readable by them alone.  Promises 1, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_zookeeper -n 1 -F
echo "jmha:Right-Pass-7431" >"$tap_dir/right"
echo "jmha:Wrong-Pass-9920" >"$tap_dir/wrong"
chmod 600 "$tap_dir/right" "$tap_dir/wrong"
for name in jm-a jm-b; do
	members+=("$name")
	member_make "$name"
	sed -i "s|zookeeper: {|zookeeper: { auth_file = \"$tap_dir/right\";|" "$(member_dir $name)/jmhad.conf"
	member_start $name
done
zk_auth=jmha:Right-Pass-7431
settle || give_up "the members do not settle"
put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
conf=$(member_dir jm-a)/jmhad.conf
sed "s|$tap_dir/right|$tap_dir/wrong|" "$conf" >"$tap_dir/wrong.conf"
store() { "$bin/jmhactl" store "$@" >"$tap_dir/said" 2>&1 </dev/null; }
said() { grep -E -- "$1" "$tap_dir/said"; }

store show --config "$tap_dir/wrong.conf"
is $? 1 "with the wrong credentials: exit 1"
ok "the file is named" said "auth_file \\($tap_dir/wrong\\)"
not_ok "no password is printed" said 'Pass'
for name in "${members[@]}"; do member_stop "$name"; done
wipe() { ensemble kill-all && ensemble restore && ensemble start-all; }
ok "ZooKeeper's data is wiped while no member runs" wipe
store recover --yes --config "$conf"
is $? 0 "recover: exit 0"
ok "says that none is connected" said 'Members that are connected: none'
not_ok "without the credentials nobody reads the register" "$zk_tool" "$zk_connect" get "$tree/register"
ok "with them one does" register
for name in "${members[@]}"; do member_start "$name"; done
ok "the members start, one leads" settle
ok "every pointer is there (P3)" same_all "$(leader)"
scenario_end 2
