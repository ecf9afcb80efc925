#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ZooKeeper without its data, and the store from an old backup: all that is left agrees.  Members that run
# remember what they have read, so recover knows what is missing; without them it says what it cannot know,
# and takes an epoch that was not granted before (A11, D11).  Promises 2, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
recover() { # OPTION...: as on the host of jm-a; what it says in $tap_dir/said
	"$bin/jmhactl" store recover --config "$(member_dir jm-a)/jmhad.conf" "$@" >"$tap_dir/said" 2>&1 </dev/null
}
said() { grep -E -- "$1" "$tap_dir/said"; }
all_have() { # REASON
	local name
	for name in "${members[@]}"; do has_reason "$name" "$1" || return 1; done
}

put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
cp -a "$cluster_dir/store" "$tap_dir/old-store"
for i in 1 2; do
	ok "hand-over $i" ctl "$(leader)" switchover --yes
	settle || give_up "not settled"
done
is "$(put "$(leader)" after/backup x)" 200 "a pointer that the backup does not have"
who=$(leader)
epoch=$(status_field "$who" .epoch)
other=$(standbys "$who")
caught_up() { [ "$(status_field "$other" .store.sequence)" = "$(status_field "$who" .store.sequence)" ]; }
until_ok 10 "the standby has read it" caught_up
sequence=$(register_field .log.sequence)

ensemble kill-all && ensemble restore && ensemble start-all
mv "$cluster_dir/store" "$tap_dir/new-store"
cp -a "$tap_dir/old-store" "$cluster_dir/store"
until_ok 60 "register-lost on every member" all_have register-lost
recover --yes
is $? 4 "members remember more than the store has: exit 4"
note "$(cat "$tap_dir/said")"
ok "how much" said "members have read up to sequence $sequence, where the store ends at"
ok "and what is missing" said "Missing: acknowledged changes [0-9]+ to $sequence, not in the store"
ok "and how to save it" said 'have in memory what they have read: save it first'
ctl "$other" store export "$tap_dir/saved" >"$tap_dir/said" 2>&1
is $? 0 "which can be done: exit 0"
is "$(jq -r 'select(.key == "after/backup") | .value' "$tap_dir/saved")" x "the pointer is in it"

for name in "${members[@]}"; do member_stop "$name"; done
recover --yes
is $? 0 "nobody is left who remembers: exit 0"
note "$(cat "$tap_dir/said")"
ok "a warning" said 'Not known: whether this is the newest copy of the store\. Its log was last written at 20'
for name in "${members[@]}"; do member_start "$name"; done
until_ok 60 "somebody leads" settle
ok "under no epoch that was granted before (P2)" has_epoch_above "$(leader)" "$epoch"
ok "what the backup has is there" same_all "$(leader)"
is "$(get_code "$(leader)" after/backup)" 404 "what it has not is not"
ctl "$(leader)" store import "$tap_dir/saved" --yes >"$tap_dir/said" 2>&1 </dev/null
is "$? $(get "$(leader)" after/backup)" "0 x" "until it is imported from what was saved"
scenario_end 4
