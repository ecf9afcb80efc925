# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Real Flink on this machine: JobManagers, TaskManagers and the counting job, for demo, end-to-end
# tests and benchmarks.  Source it after cluster.sh (cluster_dir, lib, cluster_until) and set
#
#   flink_home       from scripts/fetch-flink
#   flink_ha         zookeeper (Flink's own), jmha or none
#   zk_connect       zookeeper: the servers
#   flink_jmha_jar   jmha: the library, first in every class path
#   flink_api        jmha: host:port,... of the daemons' TCP listeners, for TaskManagers; flink_members sets it
#   flink_conf       more lines for every config.yaml
#
# Everything lies below $cluster_dir/flink: one folder for each process, and what they share.  All is on
# 127.0.0.1, on ports of its own: Flink sends its blob server's address by the name that belongs to it,
# which is localhost for every loopback address.  Times are read from the logs, whose lines begin with
# the wall clock in milliseconds: Flink's REST answers are up to 3 s old.  Only processes started here are
# ever ended, by their pids.

flink_ha=${flink_ha:-none}
flink_conf=${flink_conf:-}
flink_jobmanager_heap=${flink_jobmanager_heap:-384m}
flink_slots=${flink_slots:-2}
flink_interval=${flink_interval:-500} # ms between checkpoints
flink_rate=${flink_rate:-200}         # records a second
flink_parallelism=${flink_parallelism:-1}

flink_dir() { echo "$cluster_dir/flink/$1"; }
flink_log() { echo "$cluster_dir/flink/$1/log"; }
flink_ledger() { echo "$cluster_dir/flink/ledger"; }

# Folders, ports and the job's jar.
flink_setup() {
	mkdir -p "$cluster_dir/flink/ha" "$cluster_dir/flink/checkpoints" "$cluster_dir/flink/savepoints" || return 1
	flink_port=$(flink_free_ports)
	flink_job_jar=$cluster_dir/flink/counting.jar
	"$lib/../flink/job/build" "$flink_home" "$flink_job_jar"
}

# The first of 16 ports below the range the kernel hands out itself.
flink_free_ports() {
	local base
	while :; do
		base=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 1200 * 16))
		ss -Htln | awk -v base=$base '{ n = split($4, a, ":") } a[n] >= base && a[n] < base + 16 { taken = 1 }
			END { exit taken }' && break
	done
	echo $base
}

# The N-th of its kind, kept: its ports must not change when it is started again.
flink_number() { # KIND NAME
	local file=$cluster_dir/flink/$1.names
	grep -qx -- "$2" "$file" 2>/dev/null || echo "$2" >>"$file"
	grep -nx -- "$2" "$file" | cut -d: -f1
}
flink_jobmanagers() { cat "$cluster_dir/flink/jobmanager.names" 2>/dev/null; }
flink_taskmanagers() { cat "$cluster_dir/flink/taskmanager.names" 2>/dev/null; }
flink_rpc_port() { echo $((flink_port + 2 * ($(flink_number jobmanager "$1") - 1))); }
flink_rest_address() { echo "127.0.0.1:$(($(flink_rpc_port "$1") + 1))"; }

# ---- configuration

flink_ha_conf() {
	case $flink_ha in
	none) ;;
	zookeeper)
		cat <<-END
			high-availability.type: zookeeper
			high-availability.zookeeper.quorum: $zk_connect
			high-availability.storageDir: file://$cluster_dir/flink/ha
		END
		;;
	jmha)
		cat <<-END
			high-availability.type: io.jmha.flink.JmhaHaServicesFactory
			high-availability.storageDir: file://$cluster_dir/flink/ha
			jmha.address: $flink_api
		END
		;;
	*) echo "flink.sh: flink_ha must be zookeeper, jmha or none, not $flink_ha" >&2 && return 1 ;;
	esac
}

flink_conf_make() { # NAME, more lines on stdin
	local dir
	dir=$(flink_dir "$1")
	mkdir -p "$dir/conf" "$dir/tmp"
	{
		flink_ha_conf || return 1
		cat <<-END
			io.tmp.dirs: $dir/tmp
			web.tmpdir: $dir/tmp
			execution.checkpointing.dir: file://$cluster_dir/flink/checkpoints
			state.checkpoints.dir: file://$cluster_dir/flink/checkpoints
			execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION
			cluster.processes.halt-on-fatal-error: true
			restart-strategy.type: fixed-delay
			restart-strategy.fixed-delay.attempts: 1000000
			restart-strategy.fixed-delay.delay: 100 ms
			web.refresh-interval: 500
		END
		cat
		[ -z "$flink_conf" ] || printf '%s\n' "$flink_conf"
	} >"$dir/conf/config.yaml"
	cat >"$dir/conf/log4j.properties" <<-END
		rootLogger.level = INFO
		rootLogger.appenderRef.file.ref = file
		appender.file.name = file
		appender.file.type = FILE
		appender.file.fileName = $dir/log
		appender.file.layout.type = PatternLayout
		appender.file.layout.pattern = %d{UNIX_MILLIS} %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
		logger.election.name = org.apache.flink.runtime.leaderelection.DefaultLeaderElectionService
		logger.election.level = DEBUG
		logger.zookeeper.name = org.apache.flink.shaded.zookeeper3
		logger.zookeeper.level = WARN
	END
}

flink_class_path() {
	local path="$flink_home/lib/*" # for java to expand
	[ "$flink_ha" = jmha ] && path=$flink_jmha_jar:$path
	echo "$path"
}

# What Flink's own scripts set for Java 17 (env.java.opts.all), and a JVM that starts fast on few cores.
flink_java_options() {
	local name
	echo --add-exports=java.base/sun.net.util=ALL-UNNAMED
	echo --add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED
	echo --add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED
	for name in api file parser tree util; do
		echo "--add-exports=jdk.compiler/com.sun.tools.javac.$name=ALL-UNNAMED"
	done
	for name in java.lang java.net java.io java.nio sun.nio.ch java.lang.reflect java.text java.time \
		java.util java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks; do
		echo "--add-opens=java.base/$name=ALL-UNNAMED"
	done
	echo -XX:+UseSerialGC
	echo -XX:TieredStopAtLevel=1
	echo -Xss512k
	echo "-Dlog4j.configurationFile=file:$1/conf/log4j.properties"
}

flink_wrapper() { # NAME, then what stands behind "java OPTIONS": prints the path of a script that execs it
	local dir
	dir=$(flink_dir "$1")
	shift
	{
		echo '#!/bin/sh'
		printf 'exec java'
		flink_java_options "$dir" | while read -r option; do printf " \\\\\n\t'%s'" "$option"; done
		printf " \\\\\n\t'%s'" "$@"
		echo
	} >"$dir/start"
	chmod +x "$dir/start"
	echo "$dir/start"
}

# ---- JobManagers

# flink_jobmanager_make NAME [CLASS-OF-A-JOB ARGUMENT...]: prints the path of its program, which is
# what jmha's jobmanager.command takes.  With a class it is an application cluster of that job.
flink_jobmanager_make() {
	local name=$1 address=127.0.0.1 main path
	shift
	flink_conf_make "$name" <<-END || return 1
		jobmanager.rpc.address: $address
		jobmanager.rpc.port: $(flink_rpc_port "$name")
		jobmanager.bind-host: $address
		rest.address: $address
		rest.bind-address: $address
		rest.port: $(($(flink_rpc_port "$name") + 1))
		jobmanager.memory.process.size: 1600m
	END
	path=$(flink_class_path)
	main=(org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint
		--configDir "$(flink_dir "$name")/conf")
	if [ $# -gt 0 ]; then
		path=$path:$flink_job_jar
		main=(org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint
			--configDir "$(flink_dir "$name")/conf" --job-classname "$@")
	fi
	flink_wrapper "$name" "-Xmx$flink_jobmanager_heap" -XX:MaxMetaspaceSize=256m -cp "$path" "${main[@]}"
}

# flink_members NAME...: with jmha, a member in hot mode for each, with its JobManager.  To be started by
# member_start; the JobManager has the member's name.  With flink_application set (class and arguments)
# they are JobManagers of that application; flink_jobmanager_settings are more lines of "jobmanager".
flink_members() {
	local name n=0 cluster_command cluster_jobmanager="mode = \"hot\"; ${flink_jobmanager_settings-}"
	flink_api=
	for name; do # JobManagers take the first ports, the daemons the last
		n=$((n + 1))
		flink_api=${flink_api:+$flink_api,}127.0.0.1:$((flink_port + 10 + n))
	done
	n=0
	for name; do
		n=$((n + 1))
		cluster_command="\"$(flink_jobmanager_make "$name" ${flink_application[@]+"${flink_application[@]}"})\"" ||
			return 1
		member_make "$name" "api: { listen = \"127.0.0.1:$((flink_port + 10 + n))\"; };" || return 1
	done
}

# Whose listener a TaskManager follows now.
flink_followed() { # NAME of the TaskManager; MEMBER...
	local pid n=0 name
	pid=$(flink_pid "$1")
	shift
	for name; do
		n=$((n + 1))
		ss -Htnp state established "dport = :$((flink_port + 10 + n))" | grep -q "pid=$pid," && echo "$name" && return 0
	done
	return 1
}

# Directly, without jmha.
flink_start() { # NAME of a JobManager or TaskManager
	local dir
	dir=$(flink_dir "$1")
	date +%s%3N >"$dir/started"
	"$dir/start" >>"$dir/out" 2>&1 </dev/null &
	echo $! >"$dir/pid"
	disown
}
flink_pid() { # NAME; under jmha the daemon knows
	if [ -e "$(flink_dir "$1")/pid" ]; then cat "$(flink_dir "$1")/pid"; else jobmanager_pid "$1"; fi
}
flink_running() { kill -0 "$(flink_pid "$1")" 2>/dev/null; }
flink_stopped() { ! flink_running "$1"; }
flink_signal() { kill "-$1" "$(flink_pid "$2")" 2>/dev/null; } # SIGNAL NAME
flink_end() { # NAME: orderly
	flink_signal TERM "$1"
	cluster_until 30 flink_stopped "$1"
}
flink_kill() { # NAME
	flink_signal KILL "$1"
	cluster_until 10 flink_stopped "$1"
}

# It takes part: since it was started, its contenders stand in the election.
flink_jobmanager_ready() { # NAME
	[ -n "$(flink_event "$1" "$(cat "$(flink_dir "$1")/started")" \
		"LeaderContender has been registered under component 'dispatcher'")" ]
}

# ---- TaskManagers

# The job's jar stands in its class path for application clusters; a session sends it along.
flink_taskmanager_make() { # NAME: prints the path of its program
	flink_number taskmanager "$1" >/dev/null
	flink_conf_make "$1" <<-END || return 1
		taskmanager.host: 127.0.0.1
		taskmanager.bind-host: 127.0.0.1
		taskmanager.resource-id: $1
		taskmanager.numberOfTaskSlots: $flink_slots
		jobmanager.rpc.address: 127.0.0.1
		jobmanager.rpc.port: $flink_port
		taskmanager.cpu.cores: 1.0
		taskmanager.memory.task.heap.size: 96m
		taskmanager.memory.task.off-heap.size: 0b
		taskmanager.memory.framework.heap.size: 96m
		taskmanager.memory.framework.off-heap.size: 64m
		taskmanager.memory.network.min: 16m
		taskmanager.memory.network.max: 16m
		taskmanager.memory.managed.size: 32m
		taskmanager.memory.jvm-metaspace.size: 128m
		taskmanager.memory.jvm-overhead.min: 64m
		taskmanager.memory.jvm-overhead.max: 64m
	END
	flink_wrapper "$1" -Xmx192m -XX:MaxDirectMemorySize=96m -XX:MaxMetaspaceSize=128m \
		-cp "$(flink_class_path):$flink_job_jar" org.apache.flink.runtime.taskexecutor.TaskManagerRunner \
		--configDir "$(flink_dir "$1")/conf"
}

# ---- followers: N TaskManagers' share of high availability, without the TaskManagers

flink_followers_make() { # NAME N JOBID
	flink_followers_jar=$cluster_dir/flink/followers.jar
	[ -e "$flink_followers_jar" ] ||
		"$lib/../flink/job/build" "$flink_home" "$flink_followers_jar" "$lib/../flink/followers" || return 1
	flink_conf_make "$1" </dev/null || return 1
	flink_wrapper "$1" -Xmx256m -cp "$(flink_class_path):$flink_followers_jar" Followers \
		"$(flink_dir "$1")/conf" "$2" "$3"
}
flink_followers_ready() { grep -q ' ready ' "$(flink_dir "$1")/out"; }

# ---- REST: any JobManager's passes the question on to the leader

flink_rest() { # NAME PATH [options of curl]
	local name=$1 path=$2
	shift 2
	curl -sS -f --max-time 20 "$@" "http://$(flink_rest_address "$name")$path"
}
flink_any_rest() { # PATH [options of curl]: whoever answers
	local name
	for name in $(flink_jobmanagers); do
		flink_running "$name" && flink_rest "$name" "$@" 2>/dev/null && return 0
	done
	return 1
}
flink_taskmanagers_are() { [ "$(flink_any_rest /overview | jq .taskmanagers)" = "$1" ]; }

# flink_submit [ARGUMENT of the counting job...]: prints the job's id.  The jar is uploaded to the process
# that runs it: the others do not have it.
flink_submit() {
	local jar arguments name
	name=$(flink_leader) || return 1
	jar=$(flink_rest "$name" /jars/upload -F "jarfile=@$flink_job_jar" | jq -er .filename) || return 1
	arguments=$(printf '%s\n' --ledger "$(flink_ledger)" --interval "$flink_interval" --rate "$flink_rate" \
		--parallelism "$flink_parallelism" "$@" | jq -Rn '[inputs]')
	flink_rest "$name" "/jars/${jar##*/}/run" -H 'Content-Type: application/json' \
		--data "{\"programArgsList\": $arguments ${flink_submit_extra:+, $flink_submit_extra}}" | jq -er .jobid
}

flink_job_field() { flink_any_rest "/jobs/$1" | jq -r "$2"; }          # JOBID jq-filter
flink_job_state() { flink_any_rest "/jobs/$1/status" | jq -r .status; } # JOBID
flink_job_is() { [ "$(flink_job_state "$1")" = "$2" ]; }                # JOBID STATE
flink_all_tasks_run() { # JOBID
	local answer # jq -e takes nothing at all for success
	answer=$(flink_any_rest "/jobs/$1") && [ -n "$answer" ] && echo "$answer" |
		jq -e '.state == "RUNNING" and ([.vertices[].status] | all(. == "RUNNING"))' >/dev/null
}
flink_checkpoints() { flink_any_rest "/jobs/$1/checkpoints" | jq -c .counts; } # JOBID
flink_cancel() { flink_any_rest "/jobs/$1?mode=cancel" -X PATCH -o /dev/null; }

# flink_savepoint JOBID [stop]: prints where it lies; stop: the job ends with it.
flink_savepoint() {
	local what=savepoints body request answer
	body="{\"target-directory\": \"file://$cluster_dir/flink/savepoints\"}"
	[ "${2-}" = stop ] && what=stop && body="{\"targetDirectory\": \"file://$cluster_dir/flink/savepoints\"}"
	request=$(flink_any_rest "/jobs/$1/$what" -H 'Content-Type: application/json' --data "$body" |
		jq -er '.["request-id"]') || return 1
	flink_savepoint_done() {
		answer=$(flink_any_rest "/jobs/$1/savepoints/$2") && [ "$(echo "$answer" | jq -r .status.id)" = COMPLETED ] &&
			echo "$answer" | jq -r '.operation.location // empty'
	}
	answer=$(cluster_until 60 flink_savepoint_done "$1" "$request") && [ -n "$answer" ] && echo "$answer"
}

# ---- logs

# flink_event NAME SINCE REGEX [last]: ms of the first (last) such line at or after SINCE; not of what a
# standby rehearses.
flink_event() {
	[ -e "$(flink_log "$1")" ] || return 0
	awk -v since="$2" -v which="${4-}" '
		BEGIN { regex = ARGV[1]; ARGV[1] = "" }
		$1 >= since && $0 ~ regex && !/jmha-rehearsal/ { at = $1; if (which != "last") exit }
		END { if (at != "") print at }' "$3" "$(flink_log "$1")"
}
flink_any_event() { # SINCE REGEX [last]: of all JobManagers
	local name
	for name in $(flink_jobmanagers); do flink_event "$name" "$@"; done | sort -n |
		if [ "${3-}" = last ]; then tail -n 1; else head -n 1; fi
}
flink_count_events() { # SINCE REGEX
	local name
	for name in $(flink_jobmanagers); do
		awk -v since="$1" 'BEGIN { regex = ARGV[1]; ARGV[1] = "" } $1 >= since && $0 ~ regex' "$2" "$(flink_log "$name")"
	done | wc -l
}
flink_granted="Granting leadership to the contender registered under component 'dispatcher'"
flink_revoked="Revoking leadership (to|for) component 'dispatcher'"
flink_dispatcher="The leader session for component 'dispatcher' is confirmed"
flink_task_runs='switched from INITIALIZING to RUNNING'

# Who leads, by what the JobManagers themselves say: the latest grant of a running process that no
# revoke follows.
flink_leader() {
	local name grant revoke best='' since=0
	for name in $(flink_jobmanagers); do
		flink_running "$name" || continue
		grant=$(flink_event "$name" 0 "$flink_granted" last)
		revoke=$(flink_event "$name" "${grant:-0}" "$flink_revoked" last)
		[ -n "$grant" ] && [ -z "$revoke" ] && [ "$grant" -gt "$since" ] && best=$name since=$grant
	done
	[ -n "$best" ] && echo "$best"
}
flink_other_leader() { # not NAME
	local name
	name=$(flink_leader) && [ "$name" != "$1" ] && echo "$name"
}

# ---- the job's own account

flink_completed() { awk '$3 == "complete"' "$(flink_ledger)" 2>/dev/null | wc -l; }
flink_completed_are() { [ "$(flink_completed)" -ge "$1" ]; }
flink_starts_since() { awk -v since="$1" '$1 >= since && $3 == "start"' "$(flink_ledger)" | wc -l; }
# So many checkpoints more than now.
flink_more_checkpoints() { cluster_until "${2:-120}" flink_completed_are $(($(flink_completed) + $1)); } # N [SECONDS]
flink_judge() { "$lib/../flink/ledger" "$(flink_ledger)" "$@"; } # options of tests/flink/ledger

flink_end_all() { # at once; nothing is handed over
	local name
	for name in $(flink_taskmanagers) $(flink_jobmanagers); do
		[ -e "$(flink_dir "$name")/pid" ] && kill -KILL "$(cat "$(flink_dir "$name")/pid")" 2>/dev/null
	done
	return 0
}
