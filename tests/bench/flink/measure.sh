# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The scenarios of tests/bench/flink/run: what is done to the cluster, what is read from the logs then.
# All times count from the moment before the deed, in milliseconds:
#
#   grant        the (last) JobManager was granted leadership
#   dispatcher   its Dispatcher stands in the directory of leaders
#   running      the last task of the job runs
#   standstill   from the deed to the first record that counts (or 0: nothing stood still)
#   restarts     how often the job's tasks were started anew
#   checkpoint_gap  longest time between two completed checkpoints
#   exact        1: nothing lost, nothing counted twice, by the job's own account
#   load         of the machine, as it says itself: times under a foreign load are longer

row() { printf '%s\t%s\t%s\t%s\t%s\n' "$provider" "$scenario" "$run" "$1" "$2" >>"$table"; }

# Everything as before the first failure: the job runs, whoever does not lead could, checkpoints
# complete.
flink_settle() {
	local name leader
	cluster_until 120 flink_all_tasks_run "$job" || return 1
	leader=$(cluster_until 60 flink_leader) || return 1
	for name in $(flink_jobmanagers); do
		[ "$name" = "$leader" ] || cluster_until 120 provider_ready "$name" || return 1
	done
	flink_more_checkpoints 6
}

deed() { # SCENARIO LEADER
	local server
	case $1 in
	killed) provider_kill "$2" ;;
	stopped) provider_stop_orderly "$2" ;;
	host-lost) provider_freeze_host "$2" ;;
	switchover) provider_switchover "$2" ;;
	zookeeper-silent)
		for server in 1 2 3; do "$lib/zk-ensemble" pause-one "$cluster_dir/zk" $server; done
		sleep 3 # as long as the outage is
		for server in 1 2 3; do "$lib/zk-ensemble" resume-one "$cluster_dir/zk" $server; done
		;;
	zookeeper-server-lost)
		lost_server=$(provider_zookeeper_server "$2")
		[ -n "$lost_server" ] && "$lib/zk-ensemble" kill-one "$cluster_dir/zk" "$lost_server"
		;;
	esac
}

measure() { # SCENARIO
	local old since
	[ "$1" = cost ] && { measure_cost; return; }
	flink_settle || return 1
	old=$(flink_leader)
	since=$(date +%s%3N)
	deed "$1" "$old" || return 1
	case $1 in
	killed | stopped | host-lost | switchover) cluster_until 180 flink_other_leader "$old" >/dev/null || return 1 ;;
	esac
	flink_more_checkpoints 6 || return 1
	case $1 in
	host-lost) provider_bury_host "$old" && provider_back "$old" ;;
	killed | stopped) provider_back "$old" ;;
	zookeeper-server-lost) "$lib/zk-ensemble" start-one "$cluster_dir/zk" "$lost_server" ;;
	esac
	measured "$since"
}

measured() { # SINCE
	local at
	at=$(flink_any_event "$1" "$flink_granted" last)
	[ -n "$at" ] && row grant $((at - $1))
	at=$(flink_any_event "$1" "$flink_dispatcher" last)
	[ -n "$at" ] && row dispatcher $((at - $1))
	at=$(flink_any_event "$1" "$flink_task_runs" last)
	[ -n "$at" ] && row running $((at - $1))
	row restarts "$(flink_starts_since "$1")"
	row standstill "$(standstill "$1")"
	row checkpoint_gap "$(checkpoint_gap "$1")"
	if flink_judge >/dev/null; then row exact 1; else row exact 0; fi
	row load "$(cut -d' ' -f1 /proc/loadavg)"
}

# Until the last restarted life of the job counted its first record.
standstill() {
	awk -v since="$1" '
		$1 < since { next }
		$3 == "start" { life = $2 }
		$3 == "count" && $2 == life { at = $1; life = "" }
		END { print at == "" ? 0 : at - since }' "$(flink_ledger)"
}
checkpoint_gap() {
	awk -v since="$1" '
		$3 != "complete" { next }
		$1 >= since && before != "" && $1 - before > gap { gap = $1 - before }
		{ before = $1 }
		END { print gap + 0 }' "$(flink_ledger)"
}

# ---- what it costs ZooKeeper

zk_ask() { # SERVER WORD
	exec 8<>"/dev/tcp/127.0.0.$1/$zk_port" || return
	printf '%s' "$2" >&8
	cat <&8
	exec 8>&-
}
zk_sum() { # FIELD of mntr, over the servers
	local server
	for server in 1 2 3; do zk_ask $server mntr; done | awk -v field="$1" '$1 == field { sum += $2 } END { print sum + 0 }'
}
zk_zxid() { # the last transaction within the quorum's epoch
	echo $((0x$(zk_ask "$("$lib/zk-ensemble" leader "$cluster_dir/zk")" srvr | sed -n 's/^Zxid: 0x//p') & 0xffffffff))
}

measure_cost() {
	cost_of followers-1 || return 1
	flink_followers_make followers 19 "$job" >/dev/null && flink_start followers || return 1
	cluster_until 60 flink_followers_ready followers || return 1
	cost_of followers-20 # and those of 20 TaskManagers, less the TaskManager itself
	flink_kill followers
}

cost_of() { # NAME of the scenario
	local scenario=$1 zxid packets completed since
	flink_settle || return 1
	zxid=$(zk_zxid) packets=$(zk_sum zk_packets_received) completed=$(flink_completed) since=$(date +%s%3N)
	sleep "${BENCH_COST_S:-60}" # what is measured is a time
	since=$(($(date +%s%3N) - since))
	row sessions "$(zk_ask "$("$lib/zk-ensemble" leader "$cluster_dir/zk")" mntr | awk '$1 == "zk_global_sessions" { print $2 }')"
	row watches "$(zk_sum zk_watch_count)"
	row writes_a_minute $((($(zk_zxid) - zxid) * 60000 / since))
	row packets_a_minute $((($(zk_sum zk_packets_received) - packets) * 60000 / since))
	row checkpoints_a_minute $((($(flink_completed) - completed) * 60000 / since))
}
