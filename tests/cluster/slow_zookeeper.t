#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ZooKeeper is far away: every question takes longer than a tenth of a second.  An operator whose
# switchover is refused hears so all the same (D6: after a look that began after the order; one that
# had only to be young was looked for again and again, and the order never answered).
cluster_session_ms=8000 cluster_tick_ms=1000
. "$(dirname "$0")/../lib/scenario.sh"
export TCP_LINK_DELAY_MS=40
scenario_start 2 -n 1

# An observer never leads.
member_make jm-o 'role = "observer";' && member_start jm-o || fail "the observer does not start"
old=$(leader)
listed() { api "$1" /v1/cluster | jq -e '.members[] | select(.member == "jm-o")'; }
until_ok 20 "the leader knows the observer" listed "$old"
until_ok 20 "a standby does, too" listed "$(standbys "$old")"

refused() { # NAME: the exit code
	ctl "$1" switchover --yes --timeout 20 jm-o >"$tap_dir/said" 2>&1
	local code=$?
	note "$(cat "$tap_dir/said")"
	echo "$code"
}
is "$(refused "$old" | tail -n 1)" 4 "the leader refuses a switchover to it: exit 4"
is "$(refused "$(standbys "$old")" | tail -n 1)" 4 "asked by a standby, too"
matrix 14,47 "ZooKeeper is 80 ms away, a switchover that is refused" "answered, exit 4; no transition" "$(leader) leads"
is "$(leader)" "$old" "$old leads on"
ok "the observer ends" member_stop jm-o
scenario_end 1
