#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-format would change nothing.
. "$(dirname "$0")/lib.sh"
command -v clang-format >/dev/null || skip_all "no clang-format (Debian: clang-format)"

formatted() { clang-format --dry-run -Werror --style=file:"$top_srcdir/.clang-format" "$@"; }

set -- $(c_files)
saw $# 20 "files"
for f; do
	formatted "$f" >"$tap_dir/out" 2>&1 || {
		fail "$f is formatted"
		note "$(grep -c error: "$tap_dir/out") places; run clang-format -i $f"
		note "$(head -n 3 "$tap_dir/out")"
	}
done
test $tap_failed -ne 0 || pass "all are formatted"

printf 'int  bad( void ){return 1;}\n' >"$tap_dir/bad.c"
not_ok "known bad: another style" formatted "$tap_dir/bad.c"
done_testing
