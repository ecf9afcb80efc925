#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hot JobManagers that hang, do not obey, or give up by themselves; and who is not one.  Promises 1,
# 2, 9; A10, C2.
scenario_hot=yes
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1

job_is() { [ "$(status_field "$1" .jobmanager.state)" = "$2" ]; }

# ---- stopped (SIGSTOP, a long garbage collection): silent for a second
old=$(leader)
epoch=$(status_field "$old" .epoch)
pid=$(jobmanager_pid "$old")
begin=$(now_ms)
kill -STOP "$pid"
until_ok 10 "a silent JobManager costs its member the lead" other_leader "$old" "${members[@]}"
matrix 6 "SIGSTOP of the leader's hot JobManager" "killed after 2 s of silence; another leads" "$(leader) leads" "$(since "$begin")"
new=$(leader)
is "$(transition "$new")" jobmanager-hung "cause jobmanager-hung"
is "$(status_field "$new" .epoch)" $((epoch + 1)) "one epoch higher"
ok "it was killed before that" gone "$pid"
until_ok 10 "another one waits at $old" job_is "$old" waiting
is "$(status_field "$old" .jobmanager.restarts)" 1 "which counts as a restart"

# ---- a standby's is stopped: not eligible, until it goes on
settle || give_up "does not settle"
standby=$(standby)
pid=$(jobmanager_pid "$standby")
kill -STOP "$pid"
until_ok 10 "a silent standby is not eligible" has_reason "$standby" jobmanager-not-waiting
ok "jmhactl explain says why" sh -c "'$bin/jmhactl' --socket '$(member_socket "$standby")' explain | grep -i jobmanager"
kill -CONT "$pid"
until_ok 10 "and is, when it goes on" is_eligible "$standby"
is "$(jobmanager_pid "$standby")" "$pid" "it was not killed for that"

# ---- does not revoke when asked to: killed after revoke_ms
settle || give_up "does not settle"
old=$(leader)
pid=$(jobmanager_pid "$old")
kill -USR1 "$pid"
sleep 0.1 # the signal is taken
ok "a switchover succeeds all the same" ctl "$old" switchover "$(standby)" --yes
ok "the stubborn one was killed" gone "$pid"
matrix 47 "a switchover, and the old hot JobManager does not revoke" "killed after revoke_ms; the target leads" "$(leader) leads"
not_ok "$old leads no more" is_leader "$old"

# ---- gives up by itself: hands over; alone, it is granted a higher epoch
settle || give_up "does not settle"
old=$(leader)
pid=$(jobmanager_pid "$old")
kill -USR2 "$pid"
until_ok 10 "who gives up by himself is succeeded" other_leader "$old" "${members[@]}"
is "$(jobmanager_pid "$old")" "$pid" "and not killed"
settle || give_up "does not settle"
new=$(leader)
ok "one member stops" member_stop "$(standbys "$new")"
only_one() { [ "$(api "$new" /v1/cluster | jq '.members | length')" = 1 ]; }
until_ok 10 "$new is the last one" only_one
epoch=$(status_field "$new" .epoch)
pid=$(jobmanager_pid "$new")
kill -USR2 "$pid"
until_ok 10 "alone, it is granted a higher epoch" has_epoch_above "$new" "$epoch"
is "$(jobmanager_pid "$new")" "$pid" "the same process (A10)"
is "$(transition "$new")" restart-in-place "cause restart-in-place"

# ---- who is not the daemon's own JobManager
code() { curl -sS --max-time 5 --unix-socket "$(member_socket "$new")" -o "$tap_dir/body" -w '%{http_code}' "$@"; }
is "$(code http://localhost/v1/leadership)" 403 "a foreign process gets no stream"
like "$(body_field .message)" "not the JobManager of member $new.*stop this one" "and hears why"
is "$(code -X PUT -d '{"epoch":1,"state":"leading"}' http://localhost/v1/leadership)" 403 "and may say nothing"
ok "status names it" sh -c "curl -sS --unix-socket '$(member_socket "$new")' http://localhost/v1/status | jq -e '.jobmanager.foreign_pid > 0'"
ok "the log does, too" logged "$new" "is not the JobManager of this daemon"
ok "nobody lost the lead by that" is_leader "$new"
scenario_end 5
