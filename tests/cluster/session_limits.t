#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One ZooKeeper server of three grants sessions too short for a lease (A7).  A member that has come to
# it is not eligible, says why, and needs no restart: its session, in which T never grows, is left
# for another one, sooner or later at another server.  Promises 1, 6.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 3 -F
leader=$(leader)
other=$(standbys "$leader")
has_session() { [ "$(status_field "$1" .zookeeper.session_ms)" = "$2" ]; } # NAME MS
remember_term "$leader"

member_link "$leader" refuse 1
sed -i '$a maxSessionTimeout=1000' "$cluster_dir/zk/1/zoo.cfg"
ok "a server comes back, and grants a second" eval 'ensemble kill-one 1 && ensemble start-one 1'
for n in 2 3; do member_link "$other" refuse $n; done
until_ok 40 "the standby has no other: lease-no-room" has_reason "$other" lease-no-room
until_ok 10 "it has what that server grants" has_session "$other" 1000
ok "explain names the key" eval 'ctl $other explain 2>&1 | grep maxSessionTimeout'

member_link "$other" heal
until_ok 60 "with all servers it is eligible again, by itself" is_eligible "$other"
ok "it has what it asked for" has_session "$other" 4000
member_link "$leader" heal
same_term "a standby whose sessions were too short"
scenario_end 1
