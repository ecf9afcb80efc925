# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# A scenario of tests/flink: a private ensemble, a real Flink of the line $FLINK (1.20) and the counting
# job; TAP.  Skipped where Flink cannot be had.
#
#   . "$top_srcdir/tests/lib/flink_scenario.sh"
#   flink_ha=zookeeper               or jmha, none; see flink.sh
#   scenario_zookeeper -n 1 -F       options of zk-ensemble
#   ... flink_jobmanager_make, flink_start ...
#   scenario_job [arguments]         two TaskManagers' worth of patience: sets $job
#   ...
#   done_testing
#
# With jmha:
#
#   scenario_jmha jm-a jm-b          ensemble, members in hot mode; then scenario_job
#   ready                            sets old (leads), new (stands by, the last one), epoch, since
#   ... what happens to $old ...
#   taken_over "what happened"       all that holds after it
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

# ---- with jmha

# Longer than those of tests/cluster: a JVM takes the processors away for some hundred milliseconds.
scenario_jmha() { # MEMBER...
	flink_jmha_jar=$("$top_srcdir/scripts/flink-library" 2>"$tap_dir/library") ||
		skip_all "no library for Flink: $(tail -n 1 "$tap_dir/library")"
	flink_ha=jmha
	cluster_session_ms=8000 cluster_tick_ms=1000
	members=("$@")
	scenario_zookeeper -n 1 -t $cluster_tick_ms -F
	flink_members "${members[@]}" || give_up "the members cannot be configured"
	scenario_start_members
}
scenario_start_members() {
	local name
	for name in "${members[@]}"; do
		member_start "$name" || give_up "$name does not start"
	done
}

leader() { leader_of "${members[@]}"; }
stands_by() { [ "$(status_field "$1" '"\(.state) \(.eligible) \(.jobmanager.state)"')" = "standby true waiting" ]; }
all_stand_by() { # but $1, the leader, which sees them so
	local name n=0
	for name in "${members[@]}"; do
		member_stopped "$name" && continue
		n=$((n + 1))
		[ "$name" = "$1" ] || stands_by "$name" || return 1
	done
	[ "$(api "$1" /v1/cluster | jq '[.members[] | select(.eligible)] | length')" = $n ]
}
ready() {
	local name
	old=$(cluster_until 60 leader) || give_up "nobody leads"
	for name in "${members[@]}"; do [ "$name" = "$old" ] || new=$name; done
	cluster_until 120 all_stand_by "$old" || give_up "$new does not stand by: $(status_field "$new" .)"
	flink_more_checkpoints 2 || give_up "no checkpoints"
	epoch=$(status_field "$old" .epoch)
	# Checkpoints that were due before all tasks ran again count as failed, too.
	failed=$(failed_checkpoints)
	since=$(now_ms)
}
failed_checkpoints() { flink_job_field "$job/checkpoints" .counts.failed; }
restores=0
taken_over() { # WHAT
	local granted running
	until_ok 90 "$1: $new leads in a higher epoch" has_epoch_above "$new" "$epoch"
	ok "$1: checkpoints complete again" flink_more_checkpoints 2
	restores=$((restores + 1))
	ok "$1: nothing lost, nothing counted twice, one restore" flink_judge -r $restores
	is "$(flink_leader)" "$new" "$1: Flink and the daemons name the same leader"
	granted=$(flink_event "$new" "$since" "$flink_granted")
	running=$(flink_event "$new" "$since" "$flink_task_runs" last)
	note "$1: granted after $((granted - since)) ms, all tasks run after $((running - since)) ms"
}
# untouched WHAT: nobody noticed: same leader, same epoch, no restore, no failed checkpoint.
untouched() {
	ok "$1: checkpoints complete" flink_more_checkpoints 2
	is "$(leader) $(status_field "$old" .epoch)" "$old $epoch" "$1: same leader, same epoch"
	ok "$1: nothing lost, nothing counted twice, no restore" flink_judge -r $restores
	is "$(failed_checkpoints)" "$failed" "$1: no checkpoint failed"
}
pointers() { api "$1" "/v1/pointers?prefix=$2" | jq '.pointers | length'; } # MEMBER PREFIX

# A TaskManager and the job, until some checkpoints are complete.
scenario_job() { # arguments of the job
	flink_taskmanager_make tm-1 >/dev/null && flink_start tm-1
	cluster_until 120 flink_taskmanagers_are 1 || give_up "the TaskManager finds no JobManager"
	job=$(flink_submit "$@") || give_up "the job is not accepted"
	cluster_until 120 flink_all_tasks_run "$job" || give_up "the job does not run"
	flink_more_checkpoints 3 || give_up "no checkpoint completes"
}
