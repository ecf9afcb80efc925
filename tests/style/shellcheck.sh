#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No error and no warning of shellcheck in the scripts.
. "$(dirname "$0")/lib.sh"
command -v shellcheck >/dev/null || skip_all "no shellcheck (Debian: shellcheck)"

# SC1090, SC1091: sourced files are checked themselves.  SC2034: variables for who sources.
# SC2046, SC2086: lists of words are split on purpose.  SC2154: variables from tap.sh and callers.
# SC3043: "local", which every shell that can be /bin/sh here knows.
clean()
{
	shellcheck -S warning -e SC1090,SC1091,SC2034,SC2046,SC2086,SC2154,SC3043 -f gcc "$@"
}

set -- $(scripts)
saw $# 20 "scripts"
for f; do
	ok "$f" clean "$f"
done
printf '#!/bin/sh\ncd /tmp\nread x < $1 | [[ a == b ]]\n' >"$tap_dir/bad.sh"
not_ok "known bad: a bashism" clean "$tap_dir/bad.sh"
done_testing
