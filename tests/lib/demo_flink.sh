# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# What ./demo shows with a real Flink: three members, each with a JobManager standing by, and a job that
# counts and knows when it counted wrongly (tests/flink/job).  Sourced by demo, whose functions it uses.

title "Flink $flink"
[ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -ge 2500000 ] ||
	die "three JobManagers, two TaskManagers and ZooKeeper need 2.5 GB of free memory; try ./demo --no-flink"
flink_jmha_jar=$(scripts/flink-library) || die "the library for Flink is not built; ./demo --no-flink does without"
flink_home=$(scripts/fetch-flink "$flink") || die "no Flink; ./demo --no-flink does without"
flink_ha=jmha
# shellcheck source=tests/lib/flink.sh
. tests/lib/flink.sh
say "Flink $(cat "$flink_home/VERSION") in $flink_home"

restores=0 # of the job, so far

# The JobManager of everybody else waits, warm, for its turn.
stand_by() {
	local name who
	settle
	who=$(leader)
	for name in "${members[@]}"; do
		[ "$name" = "$who" ] || cluster_until 120 jobmanager_waits "$name" ||
			die "the JobManager of $name does not come up: $cluster_dir/flink/$name/log"
	done
}
jobmanager_waits() { [ "$(status_field "$1" .jobmanager.state)" = waiting ]; }

# Says what became of leadership and job since the moment $2 (ms), when $1 led.
flink_report() {
	local old=$1 since=$2 new grant running restarts judged
	new=$(cluster_until 60 other_leader "$old" "${members[@]}") || die "nobody took over from $old"
	cluster_until 120 job_restarted "$since" || die "the job does not run again: $cluster_dir/flink/$new/log"
	flink_more_checkpoints 3 || die "no checkpoint completes: $cluster_dir/flink/$new/log"
	grant=$(flink_event "$new" "$since" "$flink_granted")
	running=$(flink_event "$new" "$since" "$flink_task_runs" last)
	say "  $new leads, epoch $(status_field "$new" .epoch); cause: $(status_field "$new" .last_transition.cause)"
	say "  leadership in its JobManager's hands after $((grant - since)) ms, the job runs again after" \
		"$((running - since)) ms"
	restarts=$(flink_starts_since "$since")
	[ "$restarts" = 1 ] || say "  its tasks were started $restarts times"
	restores=$((restores + restarts))
	judged=$(flink_judge -r "$restores") || die "the job counted wrongly: $(flink_judge -r "$restores" 2>&1 | head -n 3)"
	eval "$(printf '%s\n' $judged | sed 's/^/judged_/')"
	say "  it went on from checkpoint $judged_restored, the last completed one, at $judged_count_restored," \
		"and is at $judged_count: nothing lost, nothing counted twice"
}
job_restarted() { [ "$(flink_starts_since "$1")" -gt 0 ]; }

title "Three ZooKeeper servers, three members, three JobManagers"
cluster_zookeeper_start -n 3 || die "the ZooKeeper servers do not start"
say "ZooKeeper: $zk_connect (tick $cluster_tick_ms ms, session $cluster_session_ms ms)"
flink_setup || die "the job could not be compiled"
flink_members "${members[@]}" || die "the members cannot be configured"
for name in "${members[@]}"; do
	member_start "$name" || die "$name does not start"
done
first=$(leader) || die "nobody leads: $(ctl "${members[0]}" explain)"
stand_by
show "$first"

title "Two TaskManagers, one job"
for name in tm-1 tm-2; do
	flink_taskmanager_make "$name" >/dev/null && flink_start "$name" || die "$name does not start"
done
cluster_until 120 flink_taskmanagers_are 2 || die "the TaskManagers do not find the JobManager: $cluster_dir/flink/tm-1/log"
flink_parallelism=2
job=$(flink_submit) || die "the job was not accepted: $cluster_dir/flink/$first/log"
cluster_until 120 flink_all_tasks_run "$job" || die "the job does not run: $cluster_dir/flink/$first/log"
flink_more_checkpoints 4 || die "no checkpoint completes: $cluster_dir/flink/$first/log"
say "job $job counts $flink_rate records a second; a checkpoint each $flink_interval ms, $(flink_completed) so far"

title "kill -9 of the JobManager that leads, $first"
stand_by
t=$(ms)
kill -KILL "$(jobmanager_pid "$first")"
flink_report "$first" "$t"

stand_by
old=$(leader)
title "Power off: $old with its JobManager, everything at once"
say "  nobody can know whether it still acts: the others wait until its session has ended"
t=$(ms)
host_kill "$old"
flink_report "$old" "$t"
member_start "$old"

for turn in first second; do
	stand_by
	old=$(leader)
	title "A planned switchover, the $turn"
	t=$(ms)
	ctl "$old" switchover --yes || die "refused"
	flink_report "$old" "$t"
done

title "The job"
say "$(flink_judge -r "$restores" | tr ' ' '\n' | sed 's/^/  /')"
