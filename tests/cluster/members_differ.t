#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Members that do not agree (FAILURES 39): a tick_ms that is not the ensemble's, another storage,
# other timings; and members of other versions (FAILURES 40): what a later release adds to znodes is
# kept, what an earlier one leaves out is not needed, a format that is not known is refused.
# Promises 1, 2, 3, 6.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
other=$(standbys "$old")
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
remember_term "$old"
configured() { # NAME SED-EXPRESSION: stopped, changed, started
	member_stop "$1"
	cp "$(member_dir "$1")/jmhad.conf" "$tap_dir/conf"
	sed -i "$2" "$(member_dir "$1")/jmhad.conf"
	member_start "$1"
}
as_before() { # NAME
	member_stop "$1"
	cp "$tap_dir/conf" "$(member_dir "$1")/jmhad.conf"
	member_start "$1"
	cluster_until 40 is_eligible "$1" || fail "$1 does not come back"
}

# ---- 39
begin=$(now_ms)
configured "$other" 's/tick_ms = 500/tick_ms = 400/'
until_ok 20 "a tick_ms that is not the ensemble's: not eligible, tick-mismatch" has_reason "$other" tick-mismatch
ok "explain names the key" eval 'ctl $other explain 2>&1 | grep tick_ms'
matrix 39 "one member's tick_ms is not the ensemble's" "not eligible, tick-mismatch; the others go on" "$(reasons "$other")" "$(since "$begin")"
as_before "$other"
begin=$(now_ms)
mkdir "$cluster_dir/other-store"
configured "$other" "s|path = \"$cluster_dir/store\"|path = \"$cluster_dir/other-store\"|"
until_ok 20 "another storage: not eligible, storage-missing" has_reason "$other" storage-missing
matrix 39 "one member's storage is another folder" "not eligible, storage-missing; the others go on" "$(reasons "$other")" "$(since "$begin")"
as_before "$other"
same_term "a standby whose configuration differs"

# Timings may differ: each lease counts with its own, the successor with the owner's (A4).
begin=$(now_ms)
configured "$other" 's/session_ms = [0-9]*/session_ms = 7000/; s/stop_ms = [0-9]*/stop_ms = 900/'
cluster_until 30 is_eligible "$other"
settle || give_up "not settled"
is "$(ctl "$old" switchover --yes "$other" >/dev/null 2>&1; echo $?)" 0 "a member with a longer session takes over"
is "$(register_field .owner.session_ms)" 7000 "the register says for how long to wait for it"
settle || give_up "not settled"
job=$(jobmanager_pid "$other")
zk delete "$tree/latch/$(register_field .owner.latch)" # nobody can see that it stops: cut off
member_cut "$other"
until_ok 30 "cut off and its latch deleted, the other one leads" is_leader "$old"
ok "after the JobManager of before was dead" gone "$job"
matrix 39 "members with session_ms 4000 and 7000" "each waits for the other's T" "hand-overs both ways" "$(since "$begin")"
member_heal "$other"
as_before "$other"
settle || give_up "not settled"

# ---- 40: a register and member nodes as a later 0.x would write them
old=$(leader)
other=$(standbys "$old")
put_all "$old" >/dev/null
member_stop "$other"
member_stop "$old"
begin=$(now_ms)
register | jq -c '. + {"later": {"a": [1, 2]}} | .log += {"hint": 7}' | zk set "$tree/register"
member_start "$old"
until_ok 40 "a register with fields that are not known: it leads" is_leader "$old"
is "$(put "$old" after/later x)" 200 "pointers can be changed"
is "$(register_field '.later.a[1]')" 2 "and the fields are kept when it is rewritten"
zk create "$tree/members/jm-z" <<-END
	{"version": 1, "member": "jm-z", "host": "later", "nonce": "0123456789abcdef", "role": "contender",
	 "jmha": "9.9.9", "eligible": true, "reasons": [], "sequence": 0, "stopped": 0, "config": "00000000",
	 "api": null, "mood": "good"}
END
seen() { api "$old" /v1/cluster | jq -e --arg name "$1" --arg version "$2" '.members[] | select(.member == $name and .jmha == $version)'; }
until_ok 10 "a member of a later release is shown with its version" seen jm-z 9.9.9
until_ok 10 "which is configured otherwise, and could lead: a warning says so (39)" \
	logged "$old" 'warning .*member jm-z of host later is configured otherwise: zookeeper.tick_ms'
not_ok "it is not said of those that agree" logged "$old" 'member jm-[ab] .*is configured otherwise'
matrix 39 "a member that may lead has another tick_ms, and the servers do not tell theirs" "said in the log of the others" "so"
zk set "$tree/members/jm-z" <<-END
	{"version": 2, "member": "jm-z", "form": "unknown"}
END
member_start "$other"
until_ok 30 "a member node of a version that is not known disturbs nobody" is_eligible "$other"
ok "members answer" api "$old" /v1/cluster -f
zk delete "$tree/members/jm-z"
matrix 40 "znodes with the fields of a later release" "read, kept when rewritten; unknown members shown or left out" \
	"leads, fields kept" "$(since "$begin")"
settle || give_up "not settled"

# The least that an earlier one could have left in a register.
begin=$(now_ms)
for name in "${members[@]}"; do member_stop "$name"; done
register >"$tap_dir/whole"
register | jq -c 'del(.handovers, .designated, .snapshot, .previous, .later)' >"$tap_dir/lean"
zk set "$tree/register" <"$tap_dir/lean"
for name in "${members[@]}"; do member_start "$name"; done
for name in "${members[@]}"; do
	until_ok 40 "a register without what has to be there: $name refuses it whole" has_reason "$name" register-lost
	not_ok "$name does not lead" is_leader "$name"
	ok "its log says what is wrong with it" logged "$name" 'register.*(handovers|designated|snapshot|previous)'
done
register >"$tap_dir/now"
ok "nobody has written over it" cmp "$tap_dir/now" "$tap_dir/lean"
matrix 40 "a register without some of its fields" "refused with the reason, nothing lost" "refused: $(reasons "$old")" "$(since "$begin")"
zk set "$tree/register" <"$tap_dir/whole"
until_ok 40 "put back whole: somebody leads" leader
ok "every pointer is there (P3)" same_all "$(leader)"
scenario_end 3
