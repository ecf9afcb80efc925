#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files of at most 800 lines, functions of at most 80: where to split, not what to aim at.  Tests,
# which are read case by case, may have 1500.
. "$(dirname "$0")/lib.sh"

long_files()
{
	awk -v most="$1" 'FNR == 1 && NR > 1 { if (n > most) print file ": " n " lines" }
		{ n = FNR; file = FILENAME }
		END { if (n > most) print file ": " n " lines" }' $2
}
# In our layout a function body is what stands between braces in the first column.
functions()
{
	awk -v most="$1" '/^\{/ { start = FNR } /^[A-Za-z].*\)$/ || /^[A-Za-z].*\($/ { name = $0 }
		/^\}/ { if (start) { seen++; n = FNR - start - 1
				if (n > most) print FILENAME ":" start ": " n " lines: " name } start = 0 }
		END { print seen + 0 >"/dev/stderr" }' $2
}

saw "$(c_files | count)" 20 "C files"
is "$(long_files 800 "$(product_files | tr '\n' ' ') $(scripts | tr '\n' ' ')")" "" "no file over 800 lines"
is "$(long_files 400 "$(product_files | grep '\.h$' | tr '\n' ' ')")" "" "no header over 400 lines"
is "$(long_files 1500 "$(c_files | grep ^tests/ | tr '\n' ' ')")" "" "no test over 1500 lines"
functions 80 "$(c_files | tr '\n' ' ')" >"$tap_dir/long" 2>"$tap_dir/seen"
saw "$(cat "$tap_dir/seen")" 100 "functions"
is "$(cat "$tap_dir/long")" "" "no function over 80 lines"

awk 'BEGIN { print "int f(void)"; print "{"; for (i = 0; i < 81; i++) print "\tx();"; print "}" }' >"$tap_dir/bad.c"
is "$(functions 80 "$tap_dir/bad.c" 2>/dev/null | count)" 1 "known bad: 81 lines in a function"
is "$(long_files 80 "$tap_dir/bad.c" | count)" 1 "known bad: a file that is too long"
done_testing
