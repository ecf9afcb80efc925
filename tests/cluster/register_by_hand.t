#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The register is deleted, damaged, or of a higher version while a cluster runs, and the whole tree is
# deleted (FAILURES 18, 20; A11): never a new register beside an old log; one clear reason on each
# member; put back, all is as before.  Promises 1, 2, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
other=$(standbys "$old")
says() { ctl "$1" explain 2>&1 | grep -Eq "$2"; }

# What an operator would keep: the register as it is when nobody leads.
member_stop "$other"
member_stop "$old"
register >"$tap_dir/register"
stored=$(store_sums)
put_back() { zk set "$tree/register" <"$tap_dir/register"; }

try() { # WHAT REASON
	for name in "${members[@]}"; do
		until_ok 20 "$1: $name is not eligible, $2" has_reason "$name" "$2"
		not_ok "$1: $name does not lead" is_leader "$name"
		ok "$1: $name answers" api "$name" /v1/status -f
		ok "$1: explain on $name names it" says "$name" "$2|store recover|register"
		note "$(member_log "$name" | grep -E 'error' | tail -n 1 | cut -c 1-300)"
	done
	is "$(store_sums)" "$stored" \
		"$1: not a byte of the store has changed"
	matrix 18,20 "$1" "refused with the reason; nobody leads" "$(reasons jm-a) on every member"
}

echo garbage | zk set "$tree/register"
for name in "${members[@]}"; do member_start "$name"; done
try "garbage in the register" register-lost
is "$(register)" garbage "nobody has written over it"
jq '.version = 99' "$tap_dir/register" | zk set "$tree/register"
try "a register of a higher version" version
ok "put back" put_back
until_ok 30 "somebody leads again" settle
ok "every pointer is there (P3)" same_all "$(leader)"

# Deleted under a leader: it must not be made anew; whoever restarts must not start at epoch 1.
old=$(leader)
other=$(standbys "$old")
epoch=$(status_field "$old" .epoch)
register >"$tap_dir/register.led"
ok "the register is deleted while $old leads" zk delete "$tree/register"
sleep 3
note "$old says: $(status_field "$old" '.state + " " + (.epoch | tostring) + " " + (.reasons | tostring)')"
not_ok "no new one is made (A11)" register
is "$(put "$old" jobs/lost x | sed 's/50[0-9]/refused/')" refused "a change is not acknowledged"
note "$(cat "$tap_dir/body")"
for name in "${members[@]}"; do member_stop "$name"; done
stored=$(store_sums)
for name in "${members[@]}"; do member_start "$name"; done
try "no register" register-lost

# The whole tree, parents and all.
for name in "${members[@]}"; do member_stop "$name"; done
for path in $(zk tree /jmha | tac); do zk delete "$path"; done
for name in "${members[@]}"; do member_start "$name"; done
try "no tree at all" register-lost
ok "the register is put back as it was" zk create "$tree/register" <"$tap_dir/register.led"
until_ok 40 "somebody leads again" settle
ok "under a higher epoch than before" has_epoch_above "$(leader)" "$epoch"
ok "every pointer is there (P3)" same_all "$(leader)"

# The tree deleted under everybody: latch and member nodes vanish as well (A9 is not at stake, both are alive).
for path in $(zk tree /jmha | tac); do zk delete "$path"; done 2>/dev/null
for name in "${members[@]}"; do
	until_ok 30 "tree deleted while running: $name is not eligible, register-lost" has_reason "$name" register-lost
	not_ok "$name does not lead" is_leader "$name"
done
not_ok "no register is made" register
matrix 18 "the whole tree is deleted under running members" "refused with the reason; no register is made" "$(reasons jm-a)"
scenario_end 2
