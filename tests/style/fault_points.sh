#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The steps at which tests let an elector die (base/fault_point.h): each is somewhere in the code and in
# docs/failure-model.md, and in no program that is installed.
. "$(dirname "$0")/lib.sh"

header=base/fault_point.h
page=docs/failure-model.md

points() { sed -n 's/^[ 	]*X(\([a-z_]*\), .*/\1/p' "$1" | sort; }
# Where the code comes to one; those of a reply lie where libmicrohttpd sends it.
passed()
{
	cat "$@" | grep -oE 'FAULT_POINT(_TORN)?\([a-z_]+|(due|fault_point)\(FAULT_[a-z_]+' |
		sed 's/.*(\(FAULT_\)\{0,1\}//' | sort
}
# shellcheck disable=SC2046
passed $(product_files | grep -vx $header) tests/lib/fault_point.c >"$tap_dir/passed"
points $header >"$tap_dir/points"
saw "$(count <"$tap_dir/points")" 30 "points of $header"
is "$(uniq -d "$tap_dir/points")" "" "none stands there twice"
is "$(comm -3 "$tap_dir/points" "$tap_dir/passed")" "" "each is in the code, once"
printf 'append_torn\nmove_asked\n' >"$tap_dir/known"
printf 'FAULT_POINT_TORN(append_torn, fd);\n\tFAULT_POINT(move_asked);\n\tif (due(FAULT_move_asked, a))\n' >"$tap_dir/twice.c"
is "$(passed "$tap_dir/twice.c" | comm -3 "$tap_dir/known" - | tr -d '\t')" "move_asked" \
	"known bad: one that is in the code twice"

in_table() { sed -n '/^## A commit, step by step/,/^## /s/^|\([^|]*\)|.*/\1/p' "$1" | grep -o '`[a-z_]*`' | tr -d '`' | sort; }
is "$(in_table $page | comm -3 "$tap_dir/points" -)" "" "$page says of each what a crash there leaves"
sed 's/`move_sent`//' $page >"$tap_dir/page"
is "$(in_table "$tap_dir/page" | comm -3 "$tap_dir/points" -)" "move_sent" "known bad: one that is missing there"

# ---- not in what is installed
calls_points() { $NM "$1" | grep -w 'fault_point\|fault_point_torn'; }
saw "$(echo ${PROGRAMS-} | wc -w)" 1 "programs that get installed"
for program in ${PROGRAMS-}; do
	saw "$($NM "$top_builddir/$program" | count)" 100 "symbols of $program"
	not_ok "$program has no such point" calls_points "$top_builddir/$program"
done
ok "without -DJMHA_FAULT_POINTS it is nothing" compile -c -o "$tap_dir/without.o" storage/segment.c
not_ok "nothing at all" calls_points "$tap_dir/without.o"
ok "with it" compile -DJMHA_FAULT_POINTS -c -o "$tap_dir/with.o" storage/segment.c
ok "known bad: it is found" calls_points "$tap_dir/with.o"
done_testing
