#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each file of ours names its licence in its first lines.
. "$(dirname "$0")/lib.sh"

without() { for f; do head -n 4 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f"; done; }

set -- $(c_files) $(scripts) configure.ac Makefile.am $(find base election storage daemon ctl docs \
	systemd tests -name '*.mk' | sort) $(find systemd -type f ! -name '*.mk' ! -name '*.service' \
	! -path '*.d/*' | sort) $(find docs -name '*.[1-8]' | sort)
saw $# 40 "files"
is "$(without "$@")" "" "all carry the SPDX line"
echo 'int x;' >"$tap_dir/bad.c"
is "$(without "$tap_dir/bad.c")" "$tap_dir/bad.c" "known bad: a file without"
done_testing
