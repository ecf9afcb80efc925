#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real Flink under jmha in hot mode, whose leading JobManager is lost in one way after the other: the
# job goes on from its last checkpoint each time, and each costs its tasks one restart.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"
scenario_jmha jm-a jm-b
scenario_job

ready
kill -KILL "$(jobmanager_pid "$old")"
taken_over "kill -9 of the JobManager"
is "$(status_field "$new" .last_transition.cause)" jobmanager-exited "cause jobmanager-exited"

ready
pid=$(jobmanager_pid "$old")
kill -KILL "$(guard_pid "$old")"
until_ok 10 "the JobManager dies with its guard" gone "$pid"
ok "--release hands over" member_release "$old"
taken_over "kill -9 of the guard"
ok "the member starts again" member_start "$old"

# Stopped for longer than it may be silent: killed before it could go on.
ready
pid=$(jobmanager_pid "$old")
kill -STOP "$pid"
taken_over "JobManager stopped (SIGSTOP)"
is "$(status_field "$new" .last_transition.cause)" jobmanager-hung "cause jobmanager-hung"
ok "it does not go on" gone "$pid"

# Stopped for less: nobody notices.
ready
kill -STOP "$(jobmanager_pid "$old")"
sleep 1.5
kill -CONT "$(jobmanager_pid "$old")"
untouched "JobManager stopped and continued"

ready
host_kill "$old"
taken_over "host lost"
is "$(status_field "$new" .last_transition.cause)" predecessor-gone "cause predecessor-gone"
member_start "$old"

ready
ok "SIGTERM of the daemon ends it" member_stop "$old"
taken_over "orderly stop"
is "$(status_field "$new" .last_transition.cause)" shutdown "cause shutdown"
not_ok "no file of a stopped member is left to release" test -e "$(member_dir "$old")/run/session"
done_testing
