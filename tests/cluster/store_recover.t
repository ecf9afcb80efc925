#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# jmhactl store recover: ZooKeeper without its data, ZooKeeper from an old backup, the store from an old
# backup (A11, D11).  Members refuse and name the command; it shows, writes one znode, and the cluster
# leads with every pointer under a higher epoch.  Refused while somebody leads.  Promises 1, 2, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 3 -F
zk_restart_with() { # [FROM]: as an operator would, with the daemons running
	ensemble kill-all && ensemble restore "$@" && ensemble start-all
}
recover() { # OPTION...: as on the host of jm-a; what it says in $tap_dir/said
	"$bin/jmhactl" store recover --config "$(member_dir jm-a)/jmhad.conf" "$@" \
		>"$tap_dir/said" 2>&1 </dev/null
}
said() { grep -E -- "$1" "$tap_dir/said"; }
no_jobs() { # nobody's JobManager is left
	local name
	for name in "${members[@]}"; do gone "$(jobmanager_pid "$name")" || return 1; done
}
all_have() { # REASON
	local name
	for name in "${members[@]}"; do has_reason "$name" "$1" || return 1; done
}
next_number() { api "$1" /v1/counters/checkpoints -X POST -H "Jmha-Epoch: $(status_field "$1" .epoch)" -f | jq .value; }

# ---- a history to be kept

put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
is "$(next_number "$(leader)")" 1 "a counter"
recover --yes
is $? 0 "nothing is wrong: exit 0"
ok "and says so" said 'register and store agree'
ensemble kill-all
ensemble save "$tap_dir/old"
ensemble start-all
ok "the ensemble was stopped for a backup" settle
cp -a "$cluster_dir/store" "$tap_dir/old-store"
ok "a hand-over" ctl "$(leader)" switchover --yes
settle || give_up "not settled"
is "$(put "$(leader)" after/backup x)" 200 "a pointer that no backup has"
epoch=$(status_field "$(leader)" .epoch)

# ---- ZooKeeper without its data

begin=$(now_ms)
ok "the data is wiped" zk_restart_with
until_ok 60 "register-lost on every member" all_have register-lost
until_ok 20 "no JobManager runs any more" no_jobs
ok "explain names the command" eval 'ctl jm-a explain 2>&1 | grep -F "store recover"'
ok "status and log, too" logged jm-a 'store recover'
sums=$(store_sums)
recover
is $? 2 "without a terminal it does not ask: exit 2"
recover --dry-run
is $? 0 "a dry run: exit 0"
ok "says what was lost" said 'no register of this cluster'
ok "and the epoch to come, above any that an older store may not know" said "register of epoch [0-9]{6,},"
ok "what nobody can know" said 'Not known: whether this is the newest copy of the store\. Its log was last written at 20'
not_ok "members remember what was acknowledged: nothing is unsure" said 'perhaps never acknowledged'
not_ok "no register was made" register
recover --dry-run --json
is "$(jq -r '"\(.verdict) \(.epoch > 100000) \(.written) \(.store.pointers > 10)"' "$tap_dir/said")" \
	"ready true false true" "the same as JSON"

# Killed while it waits: nothing is half done.
recover --yes &
run=$!
until_ok 20 "it waits for the time of a session" said 'Waiting'
kill -KILL "$(pgrep -P $run -f 'store recover')"
wait $run 2>/dev/null
not_ok "killed: no register was made" register

began=$(now_ms)
recover --yes
is $? 0 "it writes: exit 0"
note "$(cat "$tap_dir/said")"
ok "not before a session's timeout was over (D11)" test "$(since "$began")" -ge "$cluster_session_ms"
is "$(store_sums)" "$sums" "not a byte of the store has changed"
until_ok 60 "somebody leads" settle
matrix 20 "ZooKeeper without its data, then store recover" "somebody leads, higher epoch, nothing lost" \
	"$(leader) leads" "$(since "$begin")"
ok "under a higher epoch (P2)" has_epoch_above "$(leader)" "$epoch"
ok "every pointer is there (P3)" same_all "$(leader)"
is "$(get "$(leader)" after/backup)" x "the last one, too"
is "$(next_number "$(leader)")" 2 "the counter goes on"
version=$(register_field .epoch)
recover --yes
is $? 0 "once more: exit 0"
ok "nothing to do" said 'register and store agree'
is "$(register_field .epoch)" "$version" "the register is as it was"

# ---- a leader lives

who=$(leader)
register >"$tap_dir/register"
zk delete "$tree/register"
ok "the register is deleted by hand, $who leads on" is_leader "$who"
recover --yes
is $? 4 "a leader lives: exit 4"
ok "and is named" said "$who holds a latch|the member of this host leads"
not_ok "no register was made" register
zk create "$tree/register" <"$tap_dir/register"
until_ok 60 "with it back all is well" settle
is "$(put "$(leader)" after/register y)" 200 "changes are taken"
epoch=$(status_field "$(leader)" .epoch)

# ---- a configuration that names another place than the others do

who=$(standbys "$(leader)")
sed 's|session_ms =|root = "/elsewhere"; session_ms =|' "$(member_dir "$who")/jmhad.conf" >"$tap_dir/elsewhere.conf"
busy() { while :; do put "$(leader)" jobs/busy "$RANDOM" >/dev/null; done; }
busy &
busy=$!
recover --yes --config "$tap_dir/elsewhere.conf"
is $? 4 "somebody writes to the store: exit 4"
ok "and what may be wrong is said" said 'are zookeeper.servers and zookeeper.root in'
kill $busy
wait $busy 2>/dev/null
not_ok "no second register was made" zk get "/elsewhere/$cluster_name/register"
is "$(get_code "$(leader)" jobs/busy)" 200 "the leader has written"
epoch=$(status_field "$(leader)" .epoch)

# ---- ZooKeeper from an old backup

begin=$(now_ms)
ok "an old backup is restored" zk_restart_with "$tap_dir/old"
until_ok 60 "register-rolled-back on every member" all_have register-rolled-back
until_ok 20 "no JobManager runs any more" no_jobs
ok "explain names the command" eval 'ctl jm-b explain 2>&1 | grep -F "store recover"'
recover --yes
is $? 0 "it writes: exit 0"
note "$(cat "$tap_dir/said")"
ok "says what was found" said 'is older than the store'
ok "and where the store ends" said 'Ends at sequence .*, by the files alone'
until_ok 60 "somebody leads" settle
matrix 20 "ZooKeeper from an older backup, then store recover" "somebody leads, higher epoch, nothing lost" \
	"$(leader) leads" "$(since "$begin")"
ok "under a higher epoch (P2)" has_epoch_above "$(leader)" "$epoch"
ok "every pointer is there (P3)" same_all "$(leader)"
is "$(get "$(leader)" after/backup) $(get "$(leader)" after/register)" "x y" "the last ones, too"
epoch=$(status_field "$(leader)" .epoch)

# ---- the store from an old backup

for name in "${members[@]}"; do member_stop "$name"; done
newest=$(register_field .log.sequence)
mv "$cluster_dir/store" "$tap_dir/new-store"
cp -a "$tap_dir/old-store" "$cluster_dir/store"
for name in "${members[@]}"; do member_start "$name"; done
until_ok 60 "an old store: log-missing on every member" all_have log-missing
ok "the log names the command" logged jm-a 'log-missing.*store recover'
ok "explain names the command" eval 'ctl jm-a explain 2>&1 | grep -F "store recover"'
recover --yes
is $? 4 "acknowledged changes are missing: exit 4"
note "$(cat "$tap_dir/said")"
ok "they are named by their numbers" said "Missing: acknowledged changes [0-9]+ to $newest, not in the store"
is "$(register_field .log.sequence)" "$newest" "the register is as it was"
recover --yes --accept-loss
is $? 0 "accepted: exit 0"
until_ok 60 "somebody leads" settle
ok "under a higher epoch (P2)" has_epoch_above "$(leader)" "$epoch"
ok "what the backup has is there" same_all "$(leader)"
is "$(get_code "$(leader)" after/backup)" 404 "what it has not is not"
is "$(put "$(leader)" after/loss z)" 200 "changes are taken"
ok "and the store is whole" "$bin/jmhactl" store verify --config "$(member_dir jm-a)/jmhad.conf"

# ---- whose store it is

mv "$cluster_dir/store/$cluster_name/CLUSTER" "$tap_dir/CLUSTER"
id=$(register_field .cluster_id)
recover --yes
is $? 1 "without CLUSTER: exit 1"
ok "the id to write is named" said "$id"
echo '{"version": 1, "cluster_id": "00112233445566778899aabbccddeeff"}' >"$cluster_dir/store/$cluster_name/CLUSTER"
recover --yes --accept-loss
is $? 1 "another cluster's: exit 1"
ok "says so" said 'another cluster'
mv "$tap_dir/CLUSTER" "$cluster_dir/store/$cluster_name/CLUSTER"
scenario_end 5
