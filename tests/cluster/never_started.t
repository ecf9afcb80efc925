#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An elector that dies after it has armed the page and before it has said START (A6, C4): the next one
# finds an armed page and nothing that runs.  It must not lead on so, but end that term and begin
# anew.  Promises 6, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_zookeeper -n 1
members=(jm-a)
member_make jm-a
faults=$cluster_dir/jm-a/faults
echo "0 0 3" >"$faults" # GUARD_MESSAGE_START
export LD_PRELOAD=$top_builddir/tests/lib/faults.so JMHA_TEST_FAULTS=$faults
begin=$(now_ms)
member_start jm-a
unset LD_PRELOAD
has_died() { [ ! -e "$faults" ]; }
until_ok 20 "the elector dies before START" has_died
runs() { [ "$(status_field jm-a '"\(.state) \(.jobmanager.state)"')" = "leader granted" ]; }
until_ok 20 "a JobManager leads" runs
is "$(status_field jm-a .epoch)" 2 "in an epoch of its own: the first one was granted to nobody"
ok "it runs" kill -0 "$(jobmanager_pid jm-a)"
matrix 1 "kill -9 of the elector between page and START" "the term ends; the next one has a JobManager" \
	"epoch 2" "$(since "$begin")"
scenario_end 0
