#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# zookeeper.auth_file: with the right credentials the tree is ours alone; a member with wrong ones is
# not eligible and says so, the others go on (FAILURES 21).  Passwords reach no log.  Promises 1, 6.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_zookeeper -n 1 -F
echo "jmha:Right-Pass-7431" >"$tap_dir/right"
echo "jmha:Wrong-Pass-9920" >"$tap_dir/wrong"
chmod 600 "$tap_dir/right" "$tap_dir/wrong"
for name in jm-a jm-b jm-c; do
	members+=("$name")
	member_make "$name"
	file=right
	[ $name != jm-c ] || file=wrong
	sed -i "s|zookeeper: {|zookeeper: { auth_file = \"$tap_dir/$file\";|" "$(member_dir $name)/jmhad.conf"
	[ $name = jm-c ] || member_start $name
done
members=(jm-a jm-b)
zk_auth=jmha:Right-Pass-7431
ok "two with the right credentials: one leads" settle
ok "with them, one reads the register" zk get "$tree/register"
not_ok "without, nobody does" "$zk_tool" "$zk_connect" get "$tree/register"
not_ok "and nobody removes it" "$zk_tool" "$zk_connect" delete "$tree/register"
old=$(leader)
epoch=$(status_field "$old" .epoch)
member_start jm-c
says_auth() { logged jm-c 'credentials|auth_file|[Nn]ot authenticated|Permission denied'; }
until_ok 20 "with the wrong ones: the log says so" says_auth
note "$(last_error jm-c 3)"
not_ok "it is not eligible" is_eligible jm-c
ok "it answers" api jm-c /v1/status -f
note "$(reasons jm-c)"
until_ok 10 "its reason is zookeeper-auth" has_reason jm-c zookeeper-auth
ok "the message names what to correct" logged jm-c 'auth_file'
is "$(leader) $(status_field "$old" .epoch)" "$old $epoch" "the others go on"
matrix 21 "one member has wrong credentials for ZooKeeper" "not eligible, zookeeper-auth; the others go on" "$(reasons jm-c)"
member_stop jm-c
chmod 644 "$tap_dir/wrong"
timeout 10 "$bin/jmhad" --config "$(member_dir jm-c)/jmhad.conf" >"$tap_dir/out" 2>&1
is $? 7 "credentials that others may read are refused, exit 7"
like "$(cat "$tap_dir/out")" 'chmod 0600' "with the remedy"
members=(jm-a jm-b jm-c)
not_ok "no password in any log" grep -rE 'Pass-7431|Pass-9920' "$cluster_dir"/*/log
scenario_look
not_ok "nor in status or explain" grep -rE 'Pass-7431|Pass-9920' "$tap_dir/seen"
members=(jm-a jm-b)
scenario_end 1
