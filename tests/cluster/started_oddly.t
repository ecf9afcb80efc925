#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that was started without stdin, stdout and stderr: nothing of it may take their place, or
# the log would be written into it (C4: lock, page and store).  Promises 1, 4.
. "$(dirname "$0")/../lib/scenario.sh"

scenario_zookeeper -n 1
members=(jm-a)
member_make jm-a || give_up "jm-a cannot be made"
link_start jm-a || give_up "its link does not start"
: >"$(member_dir jm-a)/log"
(exec "$bin/jmhad" --config "$(member_dir jm-a)/jmhad.conf" <&- >&- 2>&-) &
echo $! >"$(member_dir jm-a)/guard.pid"
disown
until_ok 30 "it leads" is_leader jm-a

standard() { for fd in 0 1 2; do readlink "/proc/$1/fd/$fd"; done | sort -u | tr '\n' ' '; }
is "$(standard "$(guard_pid jm-a)")" "/dev/null " "the guard's are /dev/null"
is "$(standard "$(elector_pid jm-a)")" "/dev/null " "the elector's"
is "$(standard "$(jobmanager_pid jm-a)")" "/dev/null " "the JobManager's"
is "$(stat -c %s "$(member_dir jm-a)/run/lock")" 0 "the lock is empty"
is "$(put jm-a some/key value)" 200 "pointers can be stored"
member_stop jm-a
ok "and it stops" member_stopped jm-a
scenario_end 1
