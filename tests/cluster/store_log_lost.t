#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The log is lost, its newest file or all of it, and snapshots are left: nobody claims, store recover
# refuses and names the way: store export --offline --from-snapshot, then store import into a new cluster.
# There is every pointer of the snapshot, and what came after it was named as missing.  Promise 3.
cluster_storage='snapshot_kib = 16;'
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 1 -n 1 -F
store=$cluster_dir/store/$cluster_name
conf=$(member_dir jm-a)/jmhad.conf
store() { "$bin/jmhactl" store "$@" >"$tap_dir/said" 2>&1 </dev/null; }
said() { grep -E -- "$1" "$tap_dir/said"; }
files() { (cd "$store" && sha256sum CLUSTER snapshot/*); }
newest() { find "$store/$1" -type f | sort | tail -n 1; }
lines() { grep -v '"version":1,\|"end":true' "$1"; } # FILE: pointers and counters
next_number() { api "$1" /v1/counters/job -X POST -H "Jmha-Epoch: $(status_field "$1" .epoch)" -f | jq .value; }

put_all jm-a >/dev/null || give_up "pointers cannot be stored"
is "$(next_number jm-a) $(next_number jm-a)" "1 2" "a counter"
value() { printf '%s-%02000d' "$1" "$1"; }
two_snapshots() { [ "$(register_field '[.snapshot, .previous] | map(select(.)) | length')" = 2 ]; }
i=0
while ! two_snapshots && [ $i -lt 400 ]; do
	i=$((i + 1))
	put jm-a "much/$((i % 4))" "$(value $i)" >/dev/null
done
ok "two snapshots" two_snapshots
is "$(put jm-a after/one x) $(put jm-a after/two y)" "200 200" "changes that no snapshot has"
store export --offline --config "$conf" "$tap_dir/all"
is $? 0 "all of it is exported"
ok "the member stops" member_stop jm-a
snapshot=$(register_field .snapshot.sequence)
last=$(register_field .log.sequence)

# ---- the newest file of the log

rm "$(newest log)"
store recover --config "$conf" --yes
is $? 4 "the newest log file is gone: recover refuses, exit 4"
note "$(cat "$tap_dir/said")"
ok "it names what is missing" said "Missing: acknowledged changes [0-9]+ to $last"
store export --offline --config "$conf" "$tap_dir/less"
is $? 0 "what is left of the log is exported"
not_ok "no snapshot has more" said 'from-snapshot'

# ---- what lies behind the snapshot before, too

find "$store/log" -type f | sort | tail -n +2 | xargs -r rm
store recover --config "$conf" --yes
is $? 4 "the log ends before the newest snapshot: exit 4"
ok "recover names the way" said "is later than the log .sequence $snapshot.: .jmhactl store export --offline --from-snapshot newest FILE"
store export --offline --config "$conf" "$tap_dir/lesser"
is $? 0 "what is left of the log is exported"
ok "and that there is more" said "as of sequence $snapshot, which is later: --from-snapshot newest"

# ---- all of it

rm -rf "$store/log"
was=$(files)
store recover --config "$conf" --yes --accept-loss
is $? 1 "the whole log is gone: recover refuses, exit 1"
note "$(cat "$tap_dir/said")"
ok "it names the way" said "as of sequence $snapshot; .jmhactl store export --offline --from-snapshot newest FILE"
store export --offline --config "$conf" "$tap_dir/none"
is $? 1 "there is no log to export: exit 1"
ok "it names the way, too" said "has the pointers as of sequence $snapshot: --from-snapshot newest"
not_ok "no file was written" test -e "$tap_dir/none"
store export --offline --config "$conf" --from-snapshot 1 "$tap_dir/none"
is $? 1 "a snapshot that is not there: exit 1"
ok "says so" said "no whole snapshot of sequence 1;"

store export --offline --config "$conf" --from-snapshot newest "$tap_dir/saved"
is $? 0 "the newest snapshot is exported: exit 0"
note "$(cat "$tap_dir/said")"
ok "as of which sequence" said "as of sequence $snapshot\$"
ok "what is not in it" said "what was changed after sequence $snapshot is not in it"
is "$(jq -r 'select(.version) | "\(.cluster) \(.sequence) \(.cluster_id)"' "$tap_dir/saved")" \
	"$cluster_name $snapshot $(register_field .cluster_id)" "whose it is, and its sequence"
lines "$tap_dir/all" | jq -c "select(.key and .revision <= $snapshot)" | sort >"$tap_dir/expected"
lines "$tap_dir/saved" | jq -c 'select(.key)' | sort >"$tap_dir/got"
is "$(comm -23 "$tap_dir/expected" "$tap_dir/got" | wc -l)" 0 \
	"all $(wc -l <"$tap_dir/expected") that have not changed since then are in it"
is "$(jq -r .key "$tap_dir/got")" "$(lines "$tap_dir/all" | jq -r 'select(.key) | .key' | grep -v ^after/ | sort)" \
	"and no other keys than those of then"
is "$(files)" "$was" "nothing of the store was written"

# The newest one damaged, too: the one before.
file=$(newest snapshot)
size=$(stat -c %s "$file")
printf '\377' | dd of="$file" bs=1 seek=$((size / 2)) conv=notrunc status=none
store export --offline --config "$conf" --from-snapshot "$snapshot" "$tap_dir/none"
is $? 1 "that one is damaged: exit 1"
store export --offline --storage "$cluster_dir/store" -c "$cluster_name" --from-snapshot newest "$tap_dir/before"
is $? 0 "the newest whole one is the one before"
ok "that of sequence $(register_field .previous.sequence)" said "as of sequence $(register_field .previous.sequence)\$"
ok "it is known that changes are missing" said "acknowledged were changes up to $snapshot at least"

# ---- a new cluster

cluster_command="\"$bin/witness\", \"$cluster_dir/witnessed-by-the-new-one\""
member_make jm-b || give_up "jm-b cannot be made"
mkdir "$cluster_dir/new-store"
sed -i "s|\"$cluster_dir/store\"|\"$cluster_dir/new-store\"|; s|session_ms =|root = \"/new\"; session_ms =|" \
	"$(member_dir jm-b)/jmhad.conf"
member_start jm-b
until_ok 40 "a new cluster" is_leader jm-b
ctl jm-b store import "$tap_dir/saved" --yes >"$tap_dir/said" 2>&1 </dev/null
is $? 0 "import: exit 0"
note "$(cat "$tap_dir/said")"
ok "every pointer is there, byte for byte" same_all jm-b
ctl jm-b store export "$tap_dir/again" >/dev/null 2>&1
is "$(lines "$tap_dir/again" | jq -c 'del(.revision)')" "$(lines "$tap_dir/saved" | jq -c 'del(.revision)')" \
	"the snapshot's are all that are there"
is "$(next_number jm-b)" 3 "the counter goes on"
is "$(get_code jm-b after/one)" 404 "what came after the snapshot is lost, as was said"
scenario_end 1
