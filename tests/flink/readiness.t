#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Jobs of a real Flink that are set up wrong in each way: `jmhactl readiness` finds each by its code.  One
# that is set up well is clean.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
flink_slots=10
. "$top_srcdir/tests/lib/flink_scenario.sh"
scenario_jmha jm-a jm-b
jar=$cluster_dir/flink/readiness.jar
"$top_srcdir/tests/flink/job/build" "$flink_home" "$jar" "$top_srcdir/tests/flink/readiness" ||
	give_up "the jobs cannot be compiled"

# A file system that could be shared: a directory of this host's own is found wrong.
faultfs=$top_builddir/tests/lib/faultfs
shared=$cluster_dir/shared
eval "scenario_$(declare -f at_exit)"
at_exit() { # its server ends with the mount
	mountpoint -q "$shared" && umount -l "$shared"
	[ -z "${faultfs_pid-}" ] || kill "$faultfs_pid" 2>/dev/null
	scenario_at_exit
}
mkdir "$shared" "$cluster_dir/behind"
if [ -x "$faultfs" ] && [ "$(id -u)" = 0 ] && [ -e /dev/fuse ]; then
	"$faultfs" "$cluster_dir/behind" "$shared" "$cluster_dir/rules" >"$cluster_dir/faultfs.out" 2>&1 </dev/null &
	faultfs_pid=$!
	disown
	cluster_until 10 mountpoint -q "$shared" || note "FUSE cannot mount here"
fi

flink_taskmanager_make tm-1 >/dev/null && flink_start tm-1
cluster_until 120 flink_taskmanagers_are 1 || give_up "the TaskManager finds no JobManager"
uploaded=$(flink_rest "$(flink_leader)" /jars/upload -F "jarfile=@$jar" | jq -er .filename) ||
	give_up "the jar is not accepted"

submit() { # ARGUMENT of the job...
	flink_any_rest "/jars/${uploaded##*/}/run" -H 'Content-Type: application/json' \
		--data "{\"programArgsList\": $(printf '%s\n' "$@" | jq -Rn '[inputs]')}" | jq -er .jobid
}
rocksdb=(--set state.backend.type=rocksdb --set execution.checkpointing.incremental=true)
right=$(submit --name right --max-parallelism 120 --parallelism 2 "${rocksdb[@]}" \
	--set "execution.checkpointing.dir=file://$shared")
careless=$(submit --name careless --no-uid --parallelism 3 --set execution.checkpointing.storage=jobmanager \
	--set execution.checkpointing.externalized-checkpoint-retention=NO_EXTERNALIZED_CHECKPOINTS)
crowded=$(submit --name crowded --max-parallelism 2 --parallelism 2 --bytes 100000 --set state.backend.type=hashmap)
stateless=$(submit --name stateless --max-parallelism 120 --no-checkpoints)
changed=$(submit --name changed --max-parallelism 60 "${rocksdb[@]}")
[ -n "$right" ] && [ -n "$careless" ] && [ -n "$crowded" ] && [ -n "$stateless" ] && [ -n "$changed" ] ||
	give_up "a job is not accepted"
completed() { [ "$(flink_job_field "$1/checkpoints" .counts.completed)" -ge "$2" ]; } # JOB NUMBER
for job in "$right" "$careless" "$crowded" "$stateless" "$changed"; do
	cluster_until 120 flink_all_tasks_run "$job" || give_up "a job does not run"
	[ "$job" = "$stateless" ] || cluster_until 120 completed "$job" 3 || give_up "no checkpoint completes"
done

# The codes of a job's findings that are worse than fine, and the exit code.
leader=$(cluster_until 60 leader) || give_up "nobody leads"
look() { # arguments of readiness
	local code=0
	ctl "$leader" readiness "$@" --json >"$tap_dir/report" 2>"$tap_dir/says" || code=$?
	jq -r '[.findings[] | select(.severity != "fine") | .code] | unique | join(" ")' "$tap_dir/report" 2>/dev/null
	return $code
}
severity() { jq -r --arg code "$1" '[.findings[] | select(.code == $code)][0].severity' "$tap_dir/report"; } # CODE
seen() { jq -r --arg code "$1" '[.findings[] | select(.code == $code)][0].seen' "$tap_dir/report"; }         # CODE
fails() { look "$@" >/dev/null; [ $? = 1 ]; }

# ---- jobs

printf '%s\n' numbers some counter >"$tap_dir/uids" # for Flink 1.20, which tells none
uids=(--uids "$tap_dir/uids")
if mountpoint -q "$shared"; then
	is "$(look "$right" --no-cluster "${uids[@]}" --fail-on advice)" "" "the right job is clean"
	ok "and ready" ctl "$leader" readiness right --no-cluster "${uids[@]}" --fail-on advice
else
	is "$(look "$right" --no-cluster "${uids[@]}")" "checkpoint-dir-local" \
		"of the right job nothing is wrong but this host's disk"
fi
is "$(jq -r '[.ready, .version, .jobs[0].name, (.jobs[0].operators | length)] | join(" ")' "$tap_dir/report")" \
	"true 1 right 4" "its checkpoint was looked at"

# Without the list: an ID that Flink has made up is known by itself.
is "$(look careless --no-cluster)" \
	"checkpoint-storage-jobmanager checkpoints-not-retained max-parallelism-default uid-missing" \
	"no uid, the default maximum, state in the JobManager, nothing retained"
is "$(severity uid-missing) $(severity max-parallelism-default)" "error warning" "the one is worse than the other"
like "$(seen max-parallelism-default)" "Flink took 128 for a parallelism of 3" "with the numbers"
is "$(jq '[.findings[] | select(.code == "uid-missing")] | length' "$tap_dir/report")" 2 \
	"source and counter have state and no uid"
ok "exit code 1" fails careless --no-cluster

is "$(look crowded --no-cluster "${uids[@]}" --hashmap-limit 1)" \
	"backend-hashmap-large checkpoint-dir-local parallelism-near-max" \
	"large state in the heap, a local directory, a parallelism that cannot grow"
ok "these are warnings: ready" ctl "$leader" readiness crowded --no-cluster --hashmap-limit 1
ok "but not with --fail-on warning" fails crowded --no-cluster --hashmap-limit 1 --fail-on warning
is "$(look crowded --no-cluster "${uids[@]}")" "checkpoint-dir-local parallelism-near-max" "the limit is that of the option"

is "$(look stateless --no-cluster)" "checkpoints-off uid-not-known" "no checkpoints at all"

# ---- against a savepoint

job=$right
where=$(flink_savepoint "$right") || give_up "no savepoint"
is "$(look changed --no-cluster "${uids[@]}" --savepoint "$where")" "checkpoint-dir-local max-parallelism-differs" \
	"another maximum parallelism than the savepoint has"
like "$(seen max-parallelism-differs)" "120 in the state, 60 in the job" "with the numbers"
ok "exit code 1" fails changed --no-cluster --savepoint "$where"
look right --no-cluster --savepoint "$where" >/dev/null
is "$?" 0 "its own job would start from it"

# ---- the cluster, and what cannot be had

cluster_until 120 all_stand_by "$leader" || give_up "the other one does not stand by"
like "$(look "$right")" "members-eligible" "both members run on one host"
is "$(severity members-eligible) $(severity zookeeper-servers)" "warning warning" "and there is one ZooKeeper server"
is "$(look >/dev/null; jq '.jobs | length' "$tap_dir/report")" 5 "without a name it looks at all jobs"
like "$(ctl "$leader" readiness careless --html "$tap_dir/page.html" 2>&1)" "Not ready: " "the table has a verdict"
like "$(cat "$tap_dir/page.html")" "<h3>Key groups of counter -&gt; sink: Writer</h3>" "the page has its pictures"
address=$(flink_rest_address "$leader")
"$bin/jmhactl" readiness c --rest "http://$address" --no-cluster >"$tap_dir/out" 2>"$tap_dir/says"
is "$?" 2 "two jobs begin with c"
"$bin/jmhactl" readiness nothing --rest "http://$address" --no-cluster >"$tap_dir/out" 2>"$tap_dir/says"
is "$?" 1 "no job of that name"
"$bin/jmhactl" readiness --rest http://127.0.0.1:9 --no-cluster >"$tap_dir/out" 2>"$tap_dir/says"
is "$?" 3 "no answer there"
like "$(cat "$tap_dir/says")" "no answer from http://127.0.0.1:9" "and it says so"
done_testing
