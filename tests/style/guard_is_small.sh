#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guard includes no header of a big library and nothing of election/ or storage/ (STYLE 2.2):
# it must go on when those hang or crash.
. "$(dirname "$0")/lib.sh"

# What the guard is made of: its archive, and the files the rule names.
guard_files()
{
	for f in daemon/guard.c daemon/jobmanager.c daemon/lease_page.c daemon/guard_link.c \
		daemon/notify.c daemon/restarts.c ${GUARD_FILES-}; do
		case $f in *.c) echo "$f" ;; esac
	done | sort -u
}

headers() { compile -M "$@" | tr -d '\\' | tr ' ' '\n' | grep '\.h$' | sed "s|^$top_srcdir/||"; }
forbidden() { grep -E '(^|/)(zookeeper|microhttpd|jansson|curl|systemd)[./]|^(storage|election)/'; }

seen=0
for f in $(guard_files); do
	if headers "$f" >"$tap_dir/headers" 2>"$tap_dir/error"; then
		seen=$((seen + $(grep -c '^base/' "$tap_dir/headers")))
		is "$(forbidden <"$tap_dir/headers" | tr '\n' ' ')" "" "$f stays small"
	else
		fail "$f stays small"
		note "$(cat "$tap_dir/error")"
	fi
done
saw "$seen" 1 "headers of base/ behind them"

for h in zookeeper/zookeeper.h jansson.h; do
	echo "#include <$h>" >"$tap_dir/bad.c"
	like "$(headers "$tap_dir/bad.c" | forbidden)" "${h%.h}" "known bad: <$h> is found"
done
echo '#include "election/lease.h"' >"$tap_dir/bad.c"
like "$(headers "$tap_dir/bad.c" | forbidden)" "^election/lease.h" "known bad: election/ is found"
done_testing
