# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# jmha in hot mode for tests/bench/flink/run: two members, each with a standing-by JobManager.  The same
# functions as zookeeper.sh; default: the session of 10 s that jmha has, tuned: 4 s, as there.

provider_start() { # default|tuned
	flink_ha=jmha
	flink_conf=
	cluster_session_ms=10000
	[ "$1" = tuned ] && cluster_session_ms=4000
	cluster_links=no
	for name in jm-a jm-b; do # the runtime directory on a tmpfs, as /run is
		mkdir -p "$cluster_dir/$name" "$runtime/$provider/$name" &&
			ln -s "$runtime/$provider/$name" "$cluster_dir/$name/run" || return 1
	done
	flink_members jm-a jm-b && member_start jm-a && member_start jm-b &&
		cluster_until 60 leader_of jm-a jm-b >/dev/null
}

provider_ready() { # NAME: it could take over
	[ "$(status_field "$1" '"\(.state) \(.eligible) \(.jobmanager.state)"')" = "standby true waiting" ]
}

provider_kill() { kill -KILL "$(jobmanager_pid "$1")"; } # the JobManager alone, kill -9
provider_stop_orderly() { member_stop "$1"; }            # as an administrator stops it
provider_switchover() { ctl "$1" switchover --yes >/dev/null; }
provider_freeze_host() { # nothing answers, no connection is closed
	kill -STOP "$(guard_pid "$1")" "$(elector_pid "$1")" "$(jobmanager_pid "$1")"
}
provider_bury_host() { host_kill "$1"; } # what was frozen, once another leads

provider_back() { member_running "$1" || member_start "$1"; } # after all these

provider_zookeeper_server() { # NAME: which ZooKeeper server is it connected to?
	status_field "$1" .zookeeper.server | sed -n 's/^127\.0\.0\.\([0-9]*\):.*/\1/p'
}

provider_has() { :; }
provider_end() { cluster_stop; }
