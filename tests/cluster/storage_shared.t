#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each member proves that it sees what the others write into storage.path.  One on a copy of the store, with
# the same CLUSTER, the same log and the same signs, has nothing against it but that; it is found out,
# and said by everybody.  Promise 6: nothing of this changes who leads.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 1 -F
store=$cluster_dir/store/$cluster_name
leader=$(leader)
odd=$(standbys "$leader" | tail -n 1)
others=$(for name in "${members[@]}"; do [ "$name" = "$odd" ] || echo "$name"; done)
put_all "$leader" >/dev/null || give_up "pointers cannot be stored"

sees() { # ASKED NAME: whom NAME sees, as ASKED tells it
	api "$1" /v1/cluster | jq -r --arg name "$2" \
		'.members[] | select(.member == $name) | .sees | if . == null then "not told" else join(" ") end'
}
sees_just() { [ "$(sees "$1" "$2")" = "$3" ]; } # ASKED NAME NAMES
all_but() { for name in "${members[@]}"; do [ "$name" = "$1" ] || echo "$name"; done | paste -sd ' '; }
all_see_each_other() { # WHEN
	local asked name
	for name in "${members[@]}"; do
		for asked in "${members[@]}"; do
			until_ok 60 "$1: $name sees $(all_but "$name"), says $asked" sees_just "$asked" "$name" "$(all_but "$name")"
		done
	done
	# One that was seen above may have missed a sign a second time since, before it was written again.
	for name in "${members[@]}"; do until_ok 60 "$1: explain at $name misses nobody" explains_no "$name" 'does not see'; done
}
explains_no() { ! explains "$@"; }
explains() { ctl "$1" explain 2>&1 | tr -s ' \n' ' ' | grep -Eq -- "$2"; } # NAME REGEX
unseen() { api "$1" /metrics | awk '$1 == "jmha_storage_unseen_members" { print $2 }'; }
misses() { [ "$(unseen "$1")" = "$2" ]; } # NAME NUMBER
sign_in() { jq -r .sign "$1/sign-$2"; } # STORE NAME
move() { # NAME PATH: of a stopped one
	sed -i "s|storage: { path = \"[^\"]*\"|storage: { path = \"$2\"|" "$(member_dir "$1")/jmhad.conf"
	member_start "$1"
}

all_see_each_other "at the start"
for name in "${members[@]}"; do
	is "$(zk get "$tree/members/$name" | jq -r .sign)" "$(sign_in "$store" "$name")" "$name has one sign in its node and in the storage"
	is "$(unseen "$name")" 0 "$name counts nobody as missed"
done
not_ok "the API shows no sign" eval 'api "$leader" /v1/cluster | grep -F "$(sign_in "$store" "$odd")"'

# An observer looks and leaves no trace.
member_make jm-o 'role = "observer";'
member_start jm-o
until_ok 60 "an observer sees all that write" sees_just "$leader" jm-o "${members[*]}"
all_see_each_other "beside an observer"
not_ok "it has written nothing" test -e "$store/sign-jm-o"
is "$(zk get "$tree/members/jm-o" | jq -c .sign)" null "and has no sign"
member_stop jm-o

# Left in peace, nobody writes: neither files nor nodes.
writes() { # what any write would change
	stat -c '%n %i %Y' "$store"/sign-*
	for name in "${members[@]}"; do zk version "$tree/members/$name"; done
}
all_see_each_other "before a while"
before=$(writes)
note "$before"
sleep 22 # two rounds: what does not happen cannot be waited for
is "$(writes)" "$before" "in two rounds no sign and no member node was written"

# ---- a copy
remember_term "$leader"
begin=$(now_ms)
member_stop "$odd"
mkdir "$cluster_dir/copy"
cp -a "$store" "$cluster_dir/copy/$cluster_name"
move "$odd" "$cluster_dir/copy"
for name in $others; do
	rest=$(for other in $others; do [ "$other" = "$name" ] || echo "$other"; done)
	until_ok 60 "$name does not see $odd" sees_just "$leader" "$name" "$rest"
	until_ok 60 "its metrics count one" misses "$name" 1
done
until_ok 60 "$odd, on a copy with their signs, sees nobody" sees_just "$leader" "$odd" ""
matrix 39 "one member's storage is a copy of the others'" "named by all members: who does not see what whom writes" \
	"so; it has $(reasons "$odd" | grep . || echo nothing) against it else" "$(since "$begin")"
ok "it has found the others' signs" test -s "$cluster_dir/copy/$cluster_name/sign-$leader"
until_ok 20 "its metrics count both" misses "$odd" 2
until_ok 20 "its log says so" logged "$odd" 'warning .*storage.path is not to be seen here: .*same file system'
for name in "${members[@]}"; do
	for other in $others; do
		until_ok 20 "explain at $name: $other" explains "$name" \
			"$other does not see what $odd writes into storage.path: is the same file system mounted on both\\?"
	done
	ok "explain at $name: $odd" explains "$name" \
		"$odd does not see what $(echo $others | sed 's/ /, /') write into storage.path: is the same file system mounted on all of them\\?"
	ok "list at $name has the column" eval 'ctl "$name" list | grep -q "Does not see"'
done
same_term "a copy of the storage"

# ---- healed
member_stop "$odd"
move "$odd" "$cluster_dir/store"
all_see_each_other "healed"
for name in "${members[@]}"; do
	until_ok 20 "$name misses nobody" misses "$name" 0
	not_ok "list at $name has no such column" eval 'ctl "$name" list | grep -q "Does not see"'
done
same_term "the same storage again"
# ---- the power switch: another session, and another sign for all
was=$(sign_in "$store" "$leader")
host_kill "$odd"
member_start "$odd"
until_ok 40 "$odd is back" is_eligible "$odd"
drawn_anew() { [ "$(sign_in "$store" "$leader")" != "$was" ]; }
until_ok 40 "$leader, which has met its new session, draws another sign" drawn_anew
all_see_each_other "in another session"

# ---- who could not write or read tells nothing, instead of missing everybody
rm "$store/sign-$odd"
mkdir "$store/sign-$odd"
until_ok 60 "a folder in place of its sign: $odd does not tell whom it sees" sees_just "$leader" "$odd" "not told"
ok "its log says why" logged "$odd" "the members' signs: storage-failed cannot write this member's sign in $store"
for name in "${members[@]}"; do not_ok "explain at $name says nothing of $odd" explains "$name" "$odd does not see"; done
is "$(unseen "$odd")" 0 "it counts nobody as missed"
rmdir "$store/sign-$odd"
all_see_each_other "the folder is gone"
same_term "a sign that cannot be written"
ok "every pointer is there (P3)" same_all "$odd"
scenario_end 1
