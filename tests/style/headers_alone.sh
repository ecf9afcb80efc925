#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone: who includes it needs to include nothing before.
. "$(dirname "$0")/lib.sh"

alone() { echo "#include \"$1\"" | compile -Wall -Wextra -Werror -fsyntax-only -x c -; }

set -- $(product_files | grep '\.h$')
saw $# 10 "headers"
for h; do
	ok "$h" alone "$h"
	if ! grep -q '^#pragma once' "$h"; then
		fail "$h has #pragma once"
	fi
done

mkdir "$tap_dir/x"
echo 'uint64_t needs_stdint(void);' >"$tap_dir/x/bad.h"
not_ok "known bad: a header that needs another first" alone "$tap_dir/x/bad.h"
done_testing
