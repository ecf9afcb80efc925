#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The oracle of tests/cluster (tests/lib/witnesses) sees what it is there for: two JobManagers at once,
# an epoch that goes back or is granted twice, and a file with nothing in it.
. "$(dirname "$0")/lib.sh"

oracle=$top_srcdir/tests/lib/witnesses
said() { printf '%s\n' "$@" >"$tap_dir/witnessed"; "$oracle" "$tap_dir/witnessed" "$terms" 2>&1; echo "exit $?"; }
terms=2

# epoch pid time member
is "$(said '1 10 100 jm-a' '1 10 105 jm-a' '2 20 300 jm-b' '2 20 305 jm-b')" \
	'1 10 jm-a 100 105 2
2 20 jm-b 300 305 2
exit 0' "one after the other: fine, with first and last time of each"
is "$(said '1 10.1 100 jm-a' '2 20.2 200 jm-b' '3 10.3 300 jm-a' | tail -n 1)" 'exit 0' \
	"a hot process that leads again, under a higher epoch: fine"

like "$(said '1 10 100 jm-a' '2 20 101 jm-b' '1 10 102 jm-a')" 'P1: at line 3 process 10@jm-a .*writes again' \
	"known bad: one that writes after its successor"
is "$(said '1 10 100 jm-a' '2 20 101 jm-b' '1 10 102 jm-a' | tail -n 1)" 'exit 1' "known bad: and it is an error"
like "$(said '2 10 100 jm-a' '1 20 200 jm-b')" 'P2: at line 2 .*epoch 1 after epoch 2' "known bad: an epoch that goes back"
like "$(said '1 10 100 jm-a' '1 20 200 jm-b')" 'P2: at line 2 .*epoch 1 after epoch 1' "known bad: an epoch that two had"
like "$(said '1 10 100 jm-a' '2 10 105 jm-a')" 'P2: at line 2 .*changed its epoch' "known bad: a process with two epochs"
like "$(said '1 10 100 jm-a' '2 20 105')" 'line 2 is torn' "known bad: a line that is torn"
like "$(said '1 10 100 jm-a')" 'only 1 JobManagers seen, 2 expected' "known bad: a term that nobody saw"
is "$(said | tail -n 1)" 'exit 1' "known bad: nothing was written"
is "$("$oracle" "$tap_dir/none" 1 >/dev/null 2>&1; echo $(($? != 0)))" 1 "known bad: there is no file"

# Lines of one write each, by processes that live at once: it is their order that tells.
terms=1
like "$(said '1 10 100 jm-a' '1 10 101 jm-b')" 'P2: .*epoch 1 after epoch 1' "known bad: the same pid on two members"
done_testing
