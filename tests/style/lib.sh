# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# Shared by the tests of this folder: which files there are, how they are compiled, and the code
# without its comments.  Each test proves that it saw something, and on a known-bad case that it
# can fail.

# shellcheck source=tests/lib/tap.sh
. "${top_srcdir:?run it by make check, or set top_srcdir and top_builddir}/tests/lib/tap.sh"
: "${CC:=gcc}" "${NM:=nm}" "${READELF:=readelf}"
cd "$top_srcdir" || exit 1

product='base election storage daemon migrate repair ctl readiness'

# Folders of the arguments that exist (a later issue brings readiness/).
existing() { for d; do if test -d "$d"; then echo "$d"; fi; done; }

# C files of the product; and with the tests.
# shellcheck disable=SC2046,SC2086
product_files() { find $(existing $product) -name '*.[ch]' | LC_ALL=C sort; }
# shellcheck disable=SC2046,SC2086
c_files() { find $(existing $product) tests -name '*.[ch]' | LC_ALL=C sort; }

# Every script: by suffix, or by its first line.
scripts()
{
	find demo check .ci scripts tests completion -type f ! -name '*.[ch]' ! -name '*.log' \
		! -name '*.trs' ! -path 'tests/data/*' ! -path '*/corpus/*' 2>/dev/null |
		LC_ALL=C sort | while read -r f; do
		case $f in
		*.sh | *.t | *.bash) echo "$f" ;;
		*) if head -n 1 "$f" 2>/dev/null | grep -aq '^#!/bin/\(ba\)\{0,1\}sh'; then echo "$f"; fi ;;
		esac
	done
}

count() { awk 'END { print NR }'; }

# saw NUMBER LEAST WHAT: fails when there was nothing to look at.
saw()
{
	if test "$1" -ge "$2"; then
		pass "looks at $3 ($1)"
	else
		fail "looks at $3 (saw $1, expected at least $2)"
	fi
}

# compile ARGUMENT...: the compiler as the build calls it.
# shellcheck disable=SC2086
compile() { $CC -I"$top_srcdir" -I"$top_builddir" -include build_config.h ${TEST_CPPFLAGS-} "$@"; }

# code FILE...: "file:line:text" with comments and the insides of strings taken out.
code()
{
	awk '
	FNR == 1 { comment = 0 }
	{
		line = $0; out = ""
		while (line != "") {
			if (comment) {
				end = index(line, "*/")
				if (!end) { line = ""; break }
				line = substr(line, end + 2); comment = 0
			} else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047/)) {
				what = substr(line, RSTART, 2)
				out = out substr(line, 1, RSTART - 1)
				rest = substr(line, RSTART + RLENGTH)
				if (what == "/*") comment = 1
				else if (what == "//") rest = ""
				else out = out "\"\""
				line = rest
			} else { out = out line; line = "" }
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}
