#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The file is being edited while the member leads.  An elector that dies meanwhile is replaced by one
# of the guard's configuration: broken text and keys that wait for a restart are no reason to lose
# the lease, and what SIGHUP has reloaded stays.  Promises 1, 8, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 1 -n 1

who=$(leader)
file=$(member_dir "$who")/jmhad.conf
epoch=$(status_field "$who" .epoch)
job=$(jobmanager_pid "$who")
another_elector() { now=$(elector_pid "$who") && [ -n "$now" ] && [ "$now" != "$1" ]; }
# In one question: what a new elector says first is that it does not know yet.
leads_on() { [ "$(status_field "$who" '"\(.state) \(.epoch)"')" = "leader $epoch" ]; }
replaced() { # WHAT: kill the elector; the next one leads on
	local elector
	elector=$(elector_pid "$who")
	kill -KILL "$elector"
	until_ok 10 "$1: another elector is started" another_elector "$elector"
	until_ok 10 "$1: it leads on, in the same epoch" leads_on
	is "$(jobmanager_pid "$who")" "$job" "$1: same JobManager"
}

cp "$file" "$tap_dir/good"
echo 'api: { admin_group = "root"; };' >>"$file"
kill -HUP "$(guard_pid "$who")"
until_ok 10 "a key is reloaded" logged "$who" 'api.admin_group was reloaded'
reloads() { [ "$(member_log "$who" | grep -c 'api.admin_group was reloaded')" -ge "$1" ]; }
replaced "after a reload"
until_ok 10 "the next elector reloads it, too" reloads 2

echo 'cluster = ' >>"$file"
kill -HUP "$(guard_pid "$who")"
until_ok 10 "a broken file is named" logged "$who" 'the running configuration stays'
replaced "broken file"
matrix 38 "a broken file, and the elector is killed" "replaced by the old configuration; no transition" "none"

sed 's/^member = .*/member = "somebody-else";/' "$tap_dir/good" >"$file"
replaced "key that waits for a restart"
is "$(status_field "$who" .member)" "$who" "it is still the same member"
cp "$tap_dir/good" "$file"
scenario_end 1
