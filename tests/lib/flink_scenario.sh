# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# A scenario of tests/flink: a private ensemble, a real Flink of the line $FLINK (1.20) and the counting
# job; TAP.  Skipped where Flink cannot be had.
#
#   . "$top_srcdir/tests/lib/flink_scenario.sh"
#   flink_ha=zookeeper               or jmha, none; see flink.sh
#   scenario_zookeeper -n 1 -F       options of zk-ensemble
#   ... flink_jobmanager_make / flink_members, flink_start / member_start ...
#   scenario_job [arguments]         two TaskManagers' worth of patience: sets $job
#   ...
#   done_testing
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
lib=$top_srcdir/tests/lib
. "$lib/tap.sh"

FLINK=${FLINK:-1.20}
why=$("$lib/zk-ensemble" check) || skip_all "$why"
for program in curl jq ss javac; do
	command -v $program >/dev/null || skip_all "$program is missing"
done
flink_home=$("$top_srcdir/scripts/fetch-flink" "$FLINK" 2>"$tap_dir/fetch") ||
	skip_all "Flink $FLINK cannot be fetched: $(tail -n 1 "$tap_dir/fetch")"

cluster_dir=$tap_dir/c
bin=$tap_dir/bin
mkdir -p "$bin" "$cluster_dir"
for program in jmhad jmhactl tests/lib/tcp-link tests/lib/zk-tool; do
	[ -x "$top_builddir/$program" ] && ln -s "$top_builddir/$program" "$bin/${program##*/}"
done
. "$lib/cluster.sh"
. "$lib/flink.sh"
note "Flink $(cat "$flink_home/VERSION")"

at_exit() {
	flink_end_all
	cluster_stop
	[ -z "${KEEP-}" ] || cp -r "$cluster_dir" "$KEEP"
	[ "$tap_failed" = 0 ] && [ -n "$tap_done" ] || show_logs
	return 0
}

show_logs() { # their ends, as comments
	local log
	for log in "$cluster_dir"/*/log "$cluster_dir"/flink/*/log "$cluster_dir"/flink/*/out; do
		[ -s "$log" ] || continue
		note "-- $log"
		tail -n "${LOG_LINES:-15}" "$log" | cut -c 1-300 | sed 's/^/#   /'
	done
}

give_up() { # what makes going on pointless
	fail "$*"
	exit 1
}

scenario_zookeeper() { # options of zk-ensemble
	cluster_zookeeper_start "$@" >/dev/null || give_up "ZooKeeper does not start"
	flink_setup || give_up "the job cannot be compiled"
}

# A TaskManager and the job, until some checkpoints are complete.
scenario_job() { # arguments of the job
	flink_taskmanager_make tm-1 >/dev/null && flink_start tm-1
	cluster_until 120 flink_taskmanagers_are 1 || give_up "the TaskManager finds no JobManager"
	job=$(flink_submit "$@") || give_up "the job is not accepted"
	cluster_until 120 flink_all_tasks_run "$job" || give_up "the job does not run"
	flink_more_checkpoints 3 || give_up "no checkpoint completes"
}
