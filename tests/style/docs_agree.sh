#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual names every key, verb and option that there is, and none that there is not.
. "$(dirname "$0")/lib.sh"

schema=$top_builddir/print_schema
jmhactl=$top_builddir/jmhactl

# differ FILE-A FILE-B: what stands in only one of two lists, "<" in the first, ">" in the second.
differ() { diff "$1" "$2" | grep '^[<>]'; }

# agree NAME LEAST FILE-A FILE-B: both lists are the same, and long enough to mean something.
agree()
{
	saw "$(count <"$3")" "$2" "$1"
	is "$(differ "$3" "$4")" "" "$1: tables and manual agree"
}

# ---- keys of the configuration

man_keys() { sed -n 's/^\.It Ic //p' "$1" | sort; }
man_schema() { sed -n '/^\.\\" schema: begin/,/^\.\\" schema: end/p' "$1" | sed '1d;$d'; }

"$schema" schema | cut -f 1 | sort >"$tap_dir/keys"
man_keys docs/jmhad.conf.5 >"$tap_dir/man-keys"
agree "keys of jmhad.conf(5)" 20 "$tap_dir/keys" "$tap_dir/man-keys"
"$schema" mdoc >"$tap_dir/section"
man_schema docs/jmhad.conf.5 >"$tap_dir/man-section"
agree "types, defaults and ranges of jmhad.conf(5) (make update-docs)" 60 "$tap_dir/section" "$tap_dir/man-section"
"$schema" sample >"$tap_dir/sample"
agree "the sample file (make update-docs)" 60 "$tap_dir/sample" docs/jmhad.conf.example

# ---- verbs and options of jmhactl

# "pointers get KEY" -> "pointers get"
help_verbs() { sed -n '/^Common/q; s/^  \([a-z].*\)/\1/p' | sed 's/  .*//; s/ *[[A-Z].*//' | sort; }
man_verbs() { sed -n 's/^\.It Cm //p' "$1" | sed 's/ *\(Op \)\{0,1\}Ar .*//' | sort; }
help_options() { sed -n 's/^  *\(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort -u; }
man_options() { sed -n 's/^\.It Fl \([a-zA-Z] , \)\{0,1\}-\([a-z-]*\).*/--\2/p' "$1" | sort -u; }

"$jmhactl" --help | help_verbs >"$tap_dir/verbs"
man_verbs docs/jmhactl.1 >"$tap_dir/man-verbs"
agree "verbs of jmhactl(1)" 12 "$tap_dir/verbs" "$tap_dir/man-verbs"
# shellcheck disable=SC2086
while read -r verb; do
	"$jmhactl" $verb --help
done <"$tap_dir/verbs" | help_options >"$tap_dir/options"
man_options docs/jmhactl.1 >"$tap_dir/man-options"
agree "options of jmhactl(1)" 13 "$tap_dir/options" "$tap_dir/man-options"

# ---- options of jmhad: the table in main.c; behind the remark are the guard's own

main_options()
{
	sed -n '/^static const struct option /,/^};/p' "$1" |
		sed -n "/the guard's own/q; s/^.*{ \"\([a-z-]*\)\".*/--\1/p" | sort
}
main_options daemon/main.c >"$tap_dir/jmhad"
man_options docs/jmhad.8 >"$tap_dir/man-jmhad"
agree "options of jmhad(8)" 6 "$tap_dir/jmhad" "$tap_dir/man-jmhad"

# ---- exit codes: the same in every page and in the help

man_codes() { sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]\)$/\1/p' "$1" | tr '\n' ' '; }
is "$(man_codes docs/jmhactl.1)" "0 1 2 3 4 5 6 7 " "jmhactl(1) names all exit codes"

# ---- the pages are well formed

if command -v mandoc >/dev/null; then
	for page in docs/*.[158]; do
		is "$(mandoc -T lint "$page" | grep -v 'referenced manual not found')" "" "mandoc has no remark on $page"
	done
else
	skip "mandoc has no remark" "no mandoc (Debian: mandoc)"
fi

# ---- known bad, both ways

sed 's/^\.It Ic cluster$/.It Ic klaster/' docs/jmhad.conf.5 >"$tap_dir/bad.5"
man_keys "$tap_dir/bad.5" >"$tap_dir/bad"
is "$(differ "$tap_dir/keys" "$tap_dir/bad" | tr '\n' ' ')" "< cluster > klaster " "known bad: a key missing and one too many"
sed 's/^Default: 10000\.$/Default: 9000./' docs/jmhad.conf.5 >"$tap_dir/bad.5"
man_schema "$tap_dir/bad.5" >"$tap_dir/bad"
is "$(differ "$tap_dir/section" "$tap_dir/bad" | count)" 2 "known bad: another default"
grep -v '^\.It Cm step-down' docs/jmhactl.1 | sed 's/^\.It Fl -watch$/.It Fl -wetch/' >"$tap_dir/bad.1"
man_verbs "$tap_dir/bad.1" >"$tap_dir/bad"
is "$(differ "$tap_dir/verbs" "$tap_dir/bad")" "< step-down" "known bad: a verb that is missing"
man_options "$tap_dir/bad.1" >"$tap_dir/bad"
is "$(differ "$tap_dir/options" "$tap_dir/bad" | tr '\n' ' ')" "< --watch > --wetch " "known bad: an option that does not exist"
sed "s/{ \"debug\",/{ \"verbose\",/" daemon/main.c >"$tap_dir/bad.c"
main_options "$tap_dir/bad.c" >"$tap_dir/bad"
is "$(differ "$tap_dir/bad" "$tap_dir/man-jmhad" | count)" 2 "known bad: an option of jmhad without its line"
done_testing
