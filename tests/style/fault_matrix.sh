#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/fault-matrix.md has a line for each fault that has to be tested, names tests that exist, and
# has every line that a scenario prints (make fault-matrix).
. "$(dirname "$0")/lib.sh"

page=docs/fault-matrix.md
# Processes, network, ZooKeeper, clocks, clients, configuration, storage; 34 and 46 are beside it.
required=$(seq 1 33; seq 35 45; seq 47 50)

rows() { sed -n 's/^| \([0-9][0-9, ]*\) |.*/\1/p' "$1" | tr -d ' ' | tr ',' '\n' | sort -nu; }
absent() { rows "$1" | sort >"$tap_dir/rows"; echo "$required" | sort | comm -23 - "$tap_dir/rows"; }
saw "$(rows $page | count)" 40 "rows of $page"
is "$(absent $page)" "" "each fault that has to be tested has a line"
is "$(grep -c 'FAILED' $page)" 0 "no line says that its test failed"

# ---- the tests that it names
tests() { grep -o '`[a-z_0-9]*\(\.t\|/[a-z_0-9]*\)` |$' "$1" | tr -d '`| ' | sort -u; }
unknown_tests()
{
	tests "$1" | while read -r t; do
		case $t in
		*.t) find tests -name "$t" | grep -q . ;;
		*) grep -q "[^a-z_]${t#*/}[^a-z_]" "tests/unit/${t%/*}.c" "tests/cluster/${t%/*}.c" 2>/dev/null ;;
		esac || echo "$t"
	done
}
saw "$(tests $page | count)" 25 "tests that $page names"
is "$(unknown_tests $page)" "" "each test that it names exists"

# ---- the lines of the scenarios and of those elsewhere: test|rows|fault
printed()
{
	for f in tests/cluster/*.t; do
		sed -n "s/^[ 	]*matrix \([0-9,]*\) \"\([^\"]*\)\".*/${f##*/}|\1|\2/p" "$f"
	done | sort -u
}
elsewhere() { sed -n '/^#/d; /|/p' tests/cluster/elsewhere | awk -F ' *[|] *' '{ print ($4 == "-" ? "" : $4) "|" $1 "|" $2 }'; }
shown()
{
	awk -F ' [|] ' '/^\| [0-9]/ {
		sub(/^\| /, "", $1); gsub(/ /, "", $1)
		test = $NF; gsub(/[`|]/, "", test); gsub(/^ +| +$/, "", test)
		print test "|" $1 "|" $2
	}' "$1" | sort -u
}
# Lines of the first file that match none of the second; a variable in a fault ($2) is anything.
unmatched()
{
	awk 'function pattern(text) {
		gsub(/[][\\.^*+?(){}|\/]/, "[&]", text); gsub(/\[\\\]/, "\\\\", text); gsub(/[$][a-z0-9]+/, ".*", text)
		return "^" text "$"
	}
	NR == FNR { have[n++] = $0; next }
	{
		found = 0
		for (i = 0; i < n && !found; i++)
			found = index($0, "$") ? have[i] ~ pattern($0) : index(have[i], "$") ? $0 ~ pattern(have[i]) : $0 == have[i]
		if (!found) print
	}' "$2" "$1"
}
printed >"$tap_dir/printed"
{ printed; elsewhere; } >"$tap_dir/all"
missing() { shown "$1" >"$tap_dir/shown"; unmatched "$tap_dir/all" "$tap_dir/shown"; }
stale() { shown "$1" >"$tap_dir/shown"; unmatched "$tap_dir/shown" "$tap_dir/all"; }
saw "$(count <"$tap_dir/printed")" 70 "lines that scenarios print"
is "$(missing $page)" "" "each stands in $page (make check-cluster check-cluster-long fault-matrix)"
is "$(stale $page)" "" "which has none that nothing prints"

# ---- known bad
grep -v '^| 11 |' $page >"$tap_dir/bad.md"
is "$(absent "$tap_dir/bad.md")" 11 "known bad: a fault without a line"
is "$(missing "$tap_dir/bad.md" | cut -d'|' -f1,2 | sort -u)" "zookeeper_split.t|11" "known bad: a scenario's line that is left out"
sed 's/| the leader is cut off from ZooKeeper |/| the leader is cut off |/' $page >"$tap_dir/bad.md"
is "$(missing "$tap_dir/bad.md")" "leader_cut_off.t|9|the leader is cut off from ZooKeeper" "known bad: another fault than the scenario's"
is "$(stale "$tap_dir/bad.md")" "leader_cut_off.t|9|the leader is cut off" "known bad: a line that nothing prints"
sed 's/`host_lost\.t`/`host_found.t`/' $page >"$tap_dir/bad.md"
is "$(unknown_tests "$tap_dir/bad.md")" host_found.t "known bad: a test that does not exist"

# ---- make fault-matrix: logs that saw nothing, or not all, make no page
made() { tests/cluster/fault-matrix tests/cluster/elsewhere "$tap_dir/one.log" >"$tap_dir/made" 2>"$tap_dir/said"; echo $?; }
printf 'ok 1 - a\n# matrix: 1,3 | fault | expected | seen | 5\n1..1\n' >"$tap_dir/one.log"
is "$(made)" 0 "a whole log makes a page"
like "$(cat "$tap_dir/made")" '^\| 1, 3 \| fault \| expected \| seen \| 5 \| `one.t` \|$' "with its line"
is "$(sed -n 's/^| \([0-9]*\).*/\1/p' "$tap_dir/made" | sort -nc 2>&1)" "" "in the order of rows"
sed 's/^ok/not ok/' "$tap_dir/one.log" >"$tap_dir/bad.log" && cp "$tap_dir/bad.log" "$tap_dir/one.log"
is "$(made) $(grep -c '| FAILED: seen |' "$tap_dir/made")" "1 1" "known bad: a case that failed"
echo '1..0 # SKIP not root' >"$tap_dir/one.log"
is "$(made) $(wc -c <"$tap_dir/made")" "1 0" "known bad: a scenario that was skipped"
printf 'ok 1 - a\nok 2 - b # SKIP no cgroup\n1..2\n' >"$tap_dir/one.log"
is "$(made) $(wc -c <"$tap_dir/made")" "1 0" "known bad: one that was skipped in part"
printf 'ok 1 - a\n# matrix: 1 | fault | expected | seen | 5\n' >"$tap_dir/one.log"
is "$(made) $(wc -c <"$tap_dir/made")" "1 0" "known bad: one that broke off"
done_testing
