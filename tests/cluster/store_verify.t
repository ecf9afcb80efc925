#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# jmhactl store show and verify: what a store holds, seen without a daemon, beside one that works, and in
# a copy elsewhere; each thing that is wrong is named, and nothing is written.  Promise 4, B6.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
lead=$(leader)
conf=$(member_dir "$lead")/jmhad.conf
store() { "$bin/jmhactl" store "$@" >"$tap_dir/said" 2>&1 </dev/null; }
said() { grep -E -- "$1" "$tap_dir/said"; }
json() { jq -r "$1" "$tap_dir/said"; }
copy() { rm -rf "$tap_dir/copy" && mkdir "$tap_dir/copy" && cp -a "$cluster_dir/store/$cluster_name" "$tap_dir/copy/orders"; }
last_log() { find "$1/log" -name '*.log' | sort | tail -n 1; }
flip() { # FILE OFFSET
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "$(printf '\\x%02x' $((byte ^ 16)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

n=$(put_all "$lead") || give_up "pointers cannot be stored"
store show --config "$conf"
is $? 0 "show: exit 0"
note "$(cat "$tap_dir/said")"
ok "the pointers" said "^$n pointers"
ok "as the register says" said 'Committed at sequence'
store show --config "$conf" --json
is "$(json '"\(.pointers) \(.register.readable) \(.files[-1].state) \(.position.sequence)"')" \
	"$n true ok $(register_field .log.sequence)" "as JSON"
is "$(json .cluster_id)" "$(register_field .cluster_id)" "whose it is"

# Beside a leader that writes all the time.
sums=$(store_sums)
store verify --config "$conf"
is $? 0 "verify: exit 0"
ok "says so" said 'No error found'
is "$(store_sums)" "$sums" "nothing was written"
busy() { while :; do put "$lead" jobs/busy "$RANDOM" >/dev/null; done; }
busy &
busy=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	store verify --config "$conf" || break
done
is $? 0 "ten times beside a leader that writes: exit 0"
[ "$i" = 10 ] || note "$(cat "$tap_dir/said")"
kill $busy
wait $busy 2>/dev/null

# A directory or a configuration that is not there.
store verify --config /nonexistent/jmhad.conf
is $? 7 "no configuration: exit 7"
store show --storage /nonexistent -c orders
is $? 1 "no directory: exit 1"
ok "named" said '/nonexistent/orders'

# ---- targets

head -c 100 /dev/zero >"$tap_dir/short"
head -c 7 /dev/zero >"$tap_dir/right"
put "$lead" jobs/absent '{"target":"file:/nonexistent/plan","bytes":7}' >/dev/null
put "$lead" jobs/short "{\"target\":\"file:$tap_dir/short\",\"bytes\":101}" >/dev/null
put "$lead" jobs/right "{\"target\":\"file:$tap_dir/right\",\"bytes\":7}" >/dev/null
store verify --config "$conf"
is $? 1 "targets that are not there: exit 1"
ok "absent" said 'error jobs/absent: points to file:/nonexistent/plan, which is not there'
ok "short" said "error jobs/short: .* has 100 bytes and should have 101"
ok "no more than these" said '^2 errors'
for key in absent short right; do api "$lead" /v1/pointers/jobs/$key -X DELETE -o /dev/null; done
put "$lead" jobs/last x >/dev/null

# ---- damage, in a copy

copy
store verify --storage "$tap_dir/copy" -c orders
is $? 0 "a copy elsewhere: exit 0"
ok "says that ZooKeeper was not asked" said 'ZooKeeper was not asked'
log=$(last_log "$tap_dir/copy/orders")
at=$(grep -abo 'flink-pointers/1.20.5/job-pointer' "$log" | head -n 1 | cut -d: -f1)
flip "$log" "$at"
store verify --storage "$tap_dir/copy" -c orders
is $? 1 "a damaged key: exit 1"
note "$(cat "$tap_dir/said")"
ok "named by file and byte" said "error log/$(basename "$log"), byte [0-9]+: 1 changes of unknown keys"
ok "the rest is read" said "^$((n + 1)) pointers"
copy
log=$(last_log "$tap_dir/copy/orders")
# A value that no other has: its last byte lies right before the next record, or padding.
at=$(grep -abo 'completedCheckpoint' "$log" | head -n 1 | cut -d: -f1)
flip "$log" "$at"
store verify --storage "$tap_dir/copy" -c orders --json
is $? 1 "a damaged value: exit 1"
like "$(json '[.findings[] | select(.key)][0].key')" '^jobs/' "its key is named"
copy
log=$(last_log "$tap_dir/copy/orders")
cp "$log" "${log%?.log}9.log"
echo notes >"$tap_dir/copy/orders/log/README"
head -c 300 "$log" >"$tap_dir/copy/orders/log/00000000000000000099-00000000000000000001.log"
store verify --storage "$tap_dir/copy" -c orders
is $? 1 "copies and strangers: exit 1"
ok "a copy" said '9\.log: holds another file than its name says'
ok "a stranger" said 'README: its name is none'
copy
log=$(last_log "$tap_dir/copy/orders")
size=$(stat -c %s "$log")
truncate -s $((size - 4)) "$log"
store verify --storage "$tap_dir/copy" -c orders
is $? 0 "an append that was not finished is no error: exit 0"
ok "but is told" said 'note log/.* append that was not finished'
echo '{"version": 1, "cluster_id": "00112233445566778899aabbccddeeff"}' >"$tap_dir/copy/orders/CLUSTER"
store verify --storage "$tap_dir/copy" -c orders
is $? 1 "another cluster's files: exit 1"
ok "says so" said 'belongs to another cluster'

# The register knows more than the files.
ok "the standby stops" member_stop "$(standbys "$lead")"
ok "the leader stops" member_stop "$lead"
log=$(last_log "$cluster_dir/store/$cluster_name")
at=$(grep -abo JREC "$log" | tail -n 1 | cut -d: -f1)
flip "$log" $((at + 20))
store verify --config "$conf"
is $? 1 "a damaged record that the register says is committed: exit 1"
ok "and no torn append" said "error log/$(basename "$log"), byte $at: 1 changes of unknown keys"
flip "$log" $((at + 20))
truncate -s -8 "$log"
store verify --config "$conf"
is $? 1 "a file shorter than what is committed: exit 1"
ok "says so" said 'the store does not have what it says'
store verify --config "$conf" --offline
is $? 0 "which only ZooKeeper tells"
cluster_zookeeper_stop
store verify --config "$conf" --timeout 1
is $? 0 "ZooKeeper does not answer: the files alone"
ok "says so" said 'going on with the files alone'
scenario_end 1
