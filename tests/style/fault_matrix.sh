#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/fault-matrix.md has a line for each fault that has to be tested, names tests that exist, and
# has every line that a scenario prints (make fault-matrix).
. "$(dirname "$0")/lib.sh"

page=docs/fault-matrix.md
# Processes, network, ZooKeeper, clocks, clients, configuration; storage (29 to 34, 46) is beside it.
required=$(seq 1 28; seq 35 45; seq 47 50)

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

# ---- the lines of the scenarios: file and rows
printed()
{
	for f in tests/cluster/*.t; do
		sed -n "s|^[ 	]*matrix \([0-9,]*\) \"\([^\"\$]*\).*|${f##*/}:\1|p" "$f"
	done | sort -u
}
shown() { sed -n 's/^| \([0-9, ]*\) |.*| `\([a-z_]*\.t\)` |$/\2:\1/p' "$1" | tr -d ' ' | sort -u; }
missing() { shown "$1" >"$tap_dir/shown"; printed | comm -23 - "$tap_dir/shown"; }
saw "$(printed | count)" 40 "lines that scenarios print"
is "$(missing $page)" "" "each stands in $page (make check-cluster check-cluster-long fault-matrix)"

# ---- known bad
grep -v '^| 11 |' $page >"$tap_dir/bad.md"
is "$(absent "$tap_dir/bad.md")" 11 "known bad: a fault without a line"
is "$(missing "$tap_dir/bad.md")" "zookeeper_split.t:11" "known bad: a scenario's line that is left out"
sed 's/`host_lost\.t`/`host_found.t`/' $page >"$tap_dir/bad.md"
is "$(unknown_tests "$tap_dir/bad.md")" host_found.t "known bad: a test that does not exist"
done_testing
