# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Flink's own ZooKeeper HA for tests/bench/flink/run: two JobManagers, with default settings or tuned.
# The same functions as jmha.sh.

provider_start() { # default|tuned
	flink_ha=zookeeper
	flink_conf=
	[ "$1" = tuned ] && flink_conf='high-availability.zookeeper.client.session-timeout: 4s
high-availability.zookeeper.client.connection-timeout: 2s
high-availability.zookeeper.client.tolerate-suspended-connections: true'
	for name in jm-a jm-b; do
		flink_jobmanager_make "$name" >/dev/null && flink_start "$name" || return 1
	done
}

provider_ready() { # NAME: it could take over
	flink_running "$1" && flink_jobmanager_ready "$1"
}

# The JobManager alone, kill -9.  Started again at once, as a supervisor would and jmha does: on one
# machine that takes from the others' time.
provider_kill() { flink_kill "$1" && flink_start "$1"; }
provider_stop_orderly() { flink_end "$1"; } # as an administrator stops it
provider_freeze_host() { flink_signal STOP "$1"; } # nothing answers, no connection is closed
provider_bury_host() { flink_kill "$1"; }    # what was frozen, once another leads

provider_back() { flink_running "$1" || flink_start "$1"; } # after all these

provider_zookeeper_server() { # NAME: which ZooKeeper server is it connected to?
	ss -Htnp state established "dport = :$zk_port" | grep "pid=$(flink_pid "$1")," | awk '{ print $4 }' |
		sed -n 's/^.*127\.0\.0\.\([0-9]*\)\]*:.*/\1/p' | head -n 1
}

provider_has() { [ "$1" != switchover ]; } # SCENARIO: is there such a thing?
provider_end() { :; }
