#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The health probe (jobmanager.health): a cold JobManager that does not answer any more is killed and
# the leadership handed over; one that stumbles is not.  The same for hot ones, leading and waiting.
# Promises 1, 2, 8, 9.
. "$(dirname "$0")/../lib/scenario.sh"
ln -s "$top_builddir/tests/lib/with-http" "$bin/with-http"
port=$((20000 + $$ % 10000))
failures=4

# Member $1 answers at an address of its own, as the file says/$1 tells.
mkdir "$tap_dir/says"
address_of() { echo "127.2.1.$(printf '%d' "'${1#jm-}")"; }
url_of() { echo "http://$(address_of "$1"):$port/overview"; }
says() { echo "$2" >"$tap_dir/says/$1.new" && mv "$tap_dir/says/$1.new" "$tap_dir/says/$1"; }
health() { status_field "$1" ".jobmanager.health$2"; }
health_is() { [ "$(health "$1" "$2")" = "$3" ]; }
job_is() { [ "$(status_field "$1" .jobmanager.state)" = "$2" ]; }

start() { # MODE WITNESS MEMBERS...
	local mode=$1 witness=$2 name
	shift 2
	for name; do
		cluster_command="\"$bin/with-http\", \"$(address_of "$name")\", \"$port\", \"$tap_dir/says/$name\", "
		cluster_command+="\"$bin/$witness\", \"$witnessed\""
		cluster_jobmanager="mode = \"$mode\"; revoke_ms = 300; ready_ms = 1000; health: { url = \"$(url_of "$name")\"; "
		cluster_jobmanager+="interval_ms = 500; timeout_ms = 500; failures = $failures; };"
		member_make "$name" || give_up "$name cannot be made"
		member_start "$name" || give_up "$name does not start"
		members+=("$name")
	done
	settle || give_up "the members do not settle"
}

# ---- cold
scenario_zookeeper -n 1 -F
start cold witness jm-a jm-b
old=$(leader)
epoch=$(status_field "$old" .epoch)
pid=$(jobmanager_pid "$old")
until_ok 10 "the leader's JobManager is asked, and answers" health_is "$old" .last 200
is "$(health "$old" '| "\(.ok) \(.failures)"')" "true 0" "and that is fine"
is "$(health "$(standbys "$old")" "")" null "nobody is asked at a standby"
like "$(ctl "$old" status)" "answers its health probe: 200" "jmhactl status says so"

# Stumbles: fewer failures than it takes.
says "$old" 503
until_ok 10 "503 is a failure" health_is "$old" .ok false
says "$old" 200
until_ok 10 "200 ends the row" health_is "$old" '| "\(.ok) \(.failures)"' "true 0"
is "$(status_field "$old" .epoch) $(jobmanager_pid "$old")" "$epoch $pid" "nothing else has happened"
ok "the log says that it did not answer" logged "$old" "JobManager does not answer $(url_of "$old"): 503 \(1 of $failures\)"
ok "and that it does again" logged "$old" "JobManager answers $(url_of "$old") again: 200"

# Another url by reload: there it is refused, and no more is asked when it is taken away.
conf=$(member_dir "$old")/jmhad.conf
cp "$conf" "$tap_dir/conf"
sed 's/url = "[^"]*"/url = ""/' "$tap_dir/conf" >"$conf"
kill -HUP "$(guard_pid "$old")"
until_ok 10 "without a url nobody is asked" health_is "$old" "" null
cp "$tap_dir/conf" "$conf"
kill -HUP "$(guard_pid "$old")"
until_ok 10 "with it, it is again" health_is "$old" .last 200

# Hangs: alive, but without an answer.
begin=$(now_ms)
says "$old" hang
until_ok 20 "a JobManager that does not answer costs its member the lead" other_leader "$old" "${members[@]}"
matrix 6 "the leader's JobManager answers no probe (4 x 500 ms)" "killed; another leads" "$(leader) leads" "$(since "$begin")"
new=$(leader)
is "$(transition "$new")" jobmanager-hung "cause jobmanager-hung"
is "$(status_field "$new" .epoch)" $((epoch + 1)) "one epoch higher"
ok "it was killed before that" gone "$pid"
ok "the log says why" logged "$old" "no answer in time \($failures of $failures\): it hangs"
until_ok 10 "the next one is asked, and answers" health_is "$new" .last 200

# An elector that is replaced goes on asking.
kill -KILL "$(elector_pid "$new")"
until_ok 10 "a new elector asks, too" health_is "$new" .last 200
is "$(status_field "$new" .epoch)" $((epoch + 1)) "in the same term"
for name in "${members[@]}"; do ok "$name stops" member_stop "$name"; done

# ---- hot
members=()
rm "$tap_dir/says"/*
start hot hot-witness jm-c jm-d
old=$(leader)
standby=$(standbys "$old")
epoch=$(status_field "$old" .epoch)
pid=$(jobmanager_pid "$standby")
until_ok 10 "the one that leads is asked" health_is "$old" .last 200
until_ok 10 "and the one that waits" health_is "$standby" .last 200
says "$standby" 503
until_ok 10 "which may answer anything" health_is "$standby" '| "\(.ok) \(.last)"' "true 503"
says "$standby" hang
until_ok 20 "but is killed when it does not answer" gone "$pid"
ok "the log says why" logged "$standby" "no answer in time \($failures of $failures\): it hangs"
says "$standby" 503
until_ok 20 "another one waits" job_is "$standby" waiting
is "$(status_field "$old" .epoch)" "$epoch" "the leader leads on"
settle || give_up "does not settle"
says "$standby" 200
pid=$(jobmanager_pid "$old")
says "$old" 503
until_ok 20 "a leader that answers with 503 alone hangs" other_leader "$old" "${members[@]}"
is "$(transition "$standby")" jobmanager-hung "cause jobmanager-hung"
ok "it was killed" gone "$pid"
scenario_end 4
