#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/failure-model.md names tests that exist, at least one for each promise; comments cite rules of
# docs/PROTOCOL.md, and no others; links between the pages lead somewhere.
. "$(dirname "$0")/lib.sh"

model=docs/failure-model.md

# ---- tests that the failure model names

# What looks like a test in backquotes: file/case, or a script.
named() { grep -o '`[A-Za-z0-9_./-]*`' "$1" | tr -d '`' | grep -E '^(test_[a-z0-9_]+/|(sim|model)/[A-Za-z])|\.t$' | grep -v '^tests/model/' | sort -u; }

# "name expected rule" of each run of the models, once for each rule; A1-A3 is three.
model_runs()
{
	sed 's/[[:space:]]*#.*//; /^$/d' "$1" | awk '{
		n = split($3, rules, ",")
		for (i = 1; i <= n; i++) {
			if (split(rules[i], range, "-") == 2 && range[1] ~ /^[A-Z][0-9]+$/ && range[2] != "") {
				letter = substr(range[1], 1, 1)
				for (k = substr(range[1], 2) + 0; k <= substr(range[2], 2) + 0; k++) print $1, $4, letter k
			} else print $1, $4, rules[i]
		}
	}'
}

# "file/case" of every case that a test program runs, not of those that are only defined.
cases()
{
	for f in tests/unit/test_*.c tests/cluster/test_*.c; do
		name=${f##*/}
		# A name too long for its line stands on the next one.
		tr '\n' ' ' <"$f" |
			grep -oE '(TEST|[^A-Za-z_]T|[^a-z_]t|in_a(_hot)?_world|cmocka_unit_test[a-z_]*)\([ 	]*[a-z][a-z0-9_]*' |
			sed "s|.*([ 	]*|${name%.c}/|"
	done
	sed -n '/ cases\[\] = {/,/^};/p' tests/sim/cases.c | grep -oE '\{ "[A-Za-z0-9-]+"' | sed 's|.*{ "|sim/|; s|"||'
	model_runs tests/model/runs | sed 's|^\([^ ]*\) .*|model/\1|'
	find tests -name '*.t' | sed 'p; s|.*/||'
}
missing() { named "$1" | LC_ALL=C sort | LC_ALL=C comm -23 - "$tap_dir/cases"; }

cases | LC_ALL=C sort -u >"$tap_dir/cases"
saw "$(count <"$tap_dir/cases")" 300 "cases of test programs"
saw "$(named $model | count)" 60 "tests that $model names"
is "$(missing $model)" "" "every test that $model names exists"

# ---- each promise has a test

# "promise number-of-tests"
promises()
{
	awk '/^### P[1-9]\. / { p = substr($2, 2, 1); n[p] += 0 }
		/^## / { p = "" }
		p { n[p] += gsub(/`(test_[a-z0-9_]+\/[a-z0-9_]+|sim\/[A-Za-z0-9-]+|[a-z0-9_\/]+\.t)`/, "") }
		END { for (p = 1; p <= 9; p++) print p, n[p] + 0 }' "$1"
}
is "$(promises $model | awk '$2 < 1 { print $1 }')" "" "each promise from 1 to 9 has a test"

# ---- each rule of election, storage and processes has a test, and each run that breaks one is in its row

# The rows of "Rules and their tests": "rule test", each test once.
table()
{
	sed -n '/^## Rules and their tests/,/^## /p' "$1" | awk -F ' *[|] *' '$2 ~ /^[A-D][0-9]+b?$/ {
		print $2, "-" # there is a row
		n = split($0, word, "`")
		for (i = 2; i <= n; i += 2)
			if (word[i] ~ /^(test_[a-z0-9_]+|sim|model)\/[A-Za-z]|\.t$/) print $2, word[i]
	}'
}
required() { sed -n 's/^\*\*\([ABC][0-9]*b\{0,1\}\) .*/\1/p' docs/PROTOCOL.md; }
# A run of the models alone is no test of the code.
without_test() { table "$1" | awk '$2 ~ /^test_|\.t$/ { print $1 }' >"$tap_dir/tested"; required | grep -vxFf "$tap_dir/tested"; }
# A run in which a rule is left out, and that its row does not name; and one in a row of another rule.
model_runs tests/model/runs | awk '$2 != "clean" && $2 != "open" && $3 ~ /^[AC][0-9]+b?$/ { print $3, "model/" $1 }' | LC_ALL=C sort -u >"$tap_dir/broken"
model_runs tests/model/runs | awk '{ print $3, "model/" $1 }' | LC_ALL=C sort -u >"$tap_dir/runs"
unnamed_runs() { table "$1" | LC_ALL=C sort -u | LC_ALL=C comm -13 - "$tap_dir/broken"; }
misplaced_runs() { table "$1" | grep ' model/' | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$tap_dir/runs"; }
saw "$(required | count)" 31 "rules A, B and C"
saw "$(count <"$tap_dir/broken")" 40 "runs of the models that leave one of them out"
is "$(without_test $model)" "" "each rule A1 .. A12, B1 .. B10, C1 .. C8 has a test in the table of $model"
is "$(unnamed_runs $model)" "" "each run of the models that leaves one out stands in its row"
is "$(misplaced_runs $model)" "" "and no run in the row of another rule"

# ---- rules that are cited

rules() # those that PROTOCOL.md states
{
	{
		grep -oE '^\*\*[ABC][0-9]+b? ' "$1" | tr -d '* '
		grep -oE '^\| D[0-9]+ \|' "$1" | tr -d '| '
		grep -oE '^\| N[0-9]+b? \|' "$1" | tr -d '| '
	} | LC_ALL=C sort -u
}
# "file:line rule", of comments alone: what stands in strings and code is something else.
cited()
{
	awk '{
		line = $0; text = ""
		if (comment) { end = index(line, "*/"); if (end) { text = substr(line, 1, end); line = substr(line, end + 2); comment = 0 } else { text = line; line = "" } }
		while ((at = index(line, "/*"))) {
			line = substr(line, at + 2); end = index(line, "*/")
			if (end) { text = text " " substr(line, 1, end); line = substr(line, end + 2) } else { text = text " " line; line = ""; comment = 1 }
		}
		while (match(text, /(^|[^A-Za-z0-9_])[ABCDN][0-9][0-9]?b?($|[^A-Za-z0-9_])/)) {
			rule = substr(text, RSTART, RLENGTH); gsub(/[^A-Za-z0-9]/, "", rule)
			print FILENAME ":" FNR, rule
			text = substr(text, RSTART + RLENGTH - 1)
		}
		if (FNR == 1 && NR > 1) comment = comment && 1
	}' "$@"
}
unknown() { cited "$@" | awk 'NR == FNR { known[$1]; next } !($2 in known)' "$tap_dir/rules" -; }

rules docs/PROTOCOL.md >"$tap_dir/rules"
saw "$(count <"$tap_dir/rules")" 50 "rules of docs/PROTOCOL.md"
# shellcheck disable=SC2046
cited $(product_files) >"$tap_dir/cited"
saw "$(count <"$tap_dir/cited")" 200 "rules cited in comments"
# shellcheck disable=SC2046
is "$(unknown $(product_files))" "" "every rule cited in a comment stands in docs/PROTOCOL.md"

# The table of docs/ARCHITECTURE.md has each rule (N: notes, not rules).
in_table() # expands "A1, A7" and nothing else
{
	sed -n '/^## Where each rule lives/,$p' "$1" | sed -n 's/^| \([A-D][0-9][^|]*\) |.*/\1/p' |
		tr -d ' ' | tr ',' '\n' | LC_ALL=C sort -u
}
is "$(in_table docs/ARCHITECTURE.md | LC_ALL=C comm -3 - "$tap_dir/rules" | grep -v 'N[0-9]')" "" \
	"docs/ARCHITECTURE.md says of each rule where it lives"

# ---- files and pages that are named

files_named() { grep -oE '`(base|election|storage|daemon|ctl|tests|docs|scripts|systemd)/[a-z0-9_/@.-]+[*]?`' "$1" | tr -d '`' | sort -u; }
absent_files()
{
	files_named "$1" | while read -r f; do
		case $f in
		*\*) set -- "$f"* ;; # the pattern itself
		*) set -- "$f" "$f.c" "$f.h" ;;
		esac
		found=
		# shellcheck disable=SC2086
		for g in $f "$f.c" "$f.h"; do if test -e "$g"; then found=yes; fi; done
		test -n "$found" || echo "$f"
	done
}
saw "$(files_named docs/ARCHITECTURE.md | count)" 40 "files that docs/ARCHITECTURE.md names"
is "$(absent_files docs/ARCHITECTURE.md)" "" "every file that docs/ARCHITECTURE.md names exists"

links() { grep -oE '\]\([^)#]+' "$1" | sed 's/^](//' | grep -v '^https\{0,1\}:' | sort -u; }
dead_links()
{
	links "$1" | while read -r to; do
		test -e "$(dirname "$1")/$to" || echo "$1 -> $to"
	done
}
pages='README.md CONTRIBUTING.md docs/ARCHITECTURE.md docs/DESIGN.md docs/PROTOCOL.md docs/api.md docs/failure-model.md docs/fault-matrix.md docs/flink.md'
saw "$(for p in $pages; do links "$p"; done | count)" 12 "links between pages"
is "$(for p in $pages; do dead_links "$p"; done)" "" "every link leads somewhere"

# ---- calls of the API

api_routes() { sed -n '/ routes\[\] = {/,/^};/s/^	{ "\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' daemon/api.c | sort; }
# **`GET /v1/pointers/<key>`** -> GET /v1/pointers/; `POST /v1/jobs/<jobid>/parked` -> POST /v1/jobs/*/parked
api_described()
{
	grep -oE '\*\*`(GET|PUT|POST|DELETE) [^`]*`\*\*' "$1" | tr -d '*`' | sed 's/<[^>]*>$//; s/<[^>]*>/*/; s/?.*//' | sort
}
api_routes >"$tap_dir/routes"
saw "$(count <"$tap_dir/routes")" 12 "calls of the API"
api_described docs/api.md >"$tap_dir/described"
is "$(diff "$tap_dir/routes" "$tap_dir/described")" "" "docs/api.md describes every call, and none that there is not"

# ---- known bad

sed 's|`test_cause/every_cause_has_a_code_of_its_own`|`test_cause/no_such_case`|' $model >"$tap_dir/bad.md"
is "$(missing "$tap_dir/bad.md")" "test_cause/no_such_case" "known bad: a test that does not exist"
sed '/^### P5/,/^### P6/{/^- /d; /^  `/d}' $model >"$tap_dir/bad.md"
is "$(promises "$tap_dir/bad.md" | awk '$2 < 1 { print $1 }')" 5 "known bad: a promise without a test"
sed 's/^### P9\./### P0./' $model >"$tap_dir/bad.md"
is "$(promises "$tap_dir/bad.md" | awk '$2 < 1 { print $1 }')" 9 "known bad: a promise that is missing"
printf '%s\n' '/* A1: known.  B99: not. */' 'int x = D77; /* of' ' * C42 and E1 */ char *s = "A55";' >"$tap_dir/bad.c"
is "$(unknown "$tap_dir/bad.c" | sed 's/.*://' | tr '\n' ' ')" "1 B99 3 C42 " "known bad: rules that there are not"
grep -v '^| B3 |' docs/ARCHITECTURE.md >"$tap_dir/bad.md"
is "$(in_table "$tap_dir/bad.md" | LC_ALL=C comm -3 - "$tap_dir/rules" | grep -v 'N[0-9]' | tr -d '\t')" B3 \
	"known bad: a rule without its files"
# shellcheck disable=SC2016
echo 'see `election/corr`, `daemon/api*` and [this](nowhere.md)' >"$tap_dir/bad.md"
is "$(absent_files "$tap_dir/bad.md")" election/corr "known bad: a file that is not there"
is "$(dead_links "$tap_dir/bad.md" | sed 's/.* //')" nowhere.md "known bad: a link that leads nowhere"
sed 's|POST /v1/step-down|POST /v1/step-up|' docs/api.md >"$tap_dir/bad.md"
api_described "$tap_dir/bad.md" >"$tap_dir/bad"
is "$(diff "$tap_dir/routes" "$tap_dir/bad" | grep -c '^[<>]')" 2 "known bad: a call that is not described, and one that is not there"
sed 's/^| C5 |.*/| C5 | 6 | | `sim\/chain3` | |/' $model >"$tap_dir/bad.md"
is "$(without_test "$tap_dir/bad.md")" C5 "known bad: a rule without a test"
sed '/^| A12 |/d' $model >"$tap_dir/bad.md"
is "$(without_test "$tap_dir/bad.md")" A12 "known bad: a rule without a row"
sed 's|`model/two-quick`, ||' $model | sed 's/^| C2 | 6, 7 | /&`model\/relatch`, /' >"$tap_dir/bad.md"
is "$(unnamed_runs "$tap_dir/bad.md")" "A1 model/two-quick" "known bad: a run that is not named"
is "$(misplaced_runs "$tap_dir/bad.md")" "C2 model/relatch" "known bad: a run of another rule"
sed 's|`model/two-quick`|`model/two-quack`|; s|`sim/chain3`|`sim/chain9`|' $model >"$tap_dir/bad.md"
is "$(missing "$tap_dir/bad.md" | tr '\n' ' ')" "model/two-quack sim/chain9 " "known bad: a run and a case that do not exist"
done_testing
