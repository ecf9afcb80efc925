# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# A whole cluster on this machine, for demo, tests and benchmarks: a private ZooKeeper ensemble and
# members with all their files below one directory.  Source it after setting
#
#   cluster_dir   where everything lies (made; must be empty or absent)
#   bin           where jmhad, jmhactl and tcp-link are
#   lib           this folder
#
# Each member reaches ZooKeeper through a tcp-link of its own, so that it can be cut off alone.
# Only processes started here are ever ended, by their pids.

cluster_name=${cluster_name:-demo}
cluster_session_ms=${cluster_session_ms:-4000}
cluster_tick_ms=${cluster_tick_ms:-500}
cluster_stop_ms=${cluster_stop_ms:-500}
cluster_command=${cluster_command:-'"/bin/sleep", "infinity"'}
cluster_jobmanager=${cluster_jobmanager:-} # more settings of the JobManager: mode = "hot";
cluster_links=${cluster_links:-yes} # no: members reach ZooKeeper directly, none can be cut off

# ---- ZooKeeper

cluster_zookeeper_start() { # extra options of zk-ensemble
	mkdir -p "$cluster_dir"
	zk_connect=$("$lib/zk-ensemble" start "$cluster_dir/zk" -t "$cluster_tick_ms" "$@") || return 1
}

cluster_zookeeper_stop() {
	"$lib/zk-ensemble" stop "$cluster_dir/zk" >/dev/null 2>&1
}

# ---- members

member_dir() { echo "$cluster_dir/$1"; }
member_socket() { echo "$cluster_dir/$1/run/api.sock"; }

# member_make NAME [lines of configuration to add]: folder and configuration.
member_make() {
	local dir address servers="" links=() own made server=0
	made=("$cluster_dir"/*/jmhad.conf)
	[ -e "${made[0]}" ] || made=()
	own=$((${#made[@]} + 1))
	dir=$(member_dir "$1")
	mkdir -p "$dir/run" "$cluster_dir/store"
	for address in ${zk_connect//,/ }; do
		server=$((server + 1)) # the member's own address for that server
		links+=("127.1.$own.$server:${address##*:}=$address")
		[ "$cluster_links" = no ] || address=127.1.$own.$server:${address##*:}
		servers="$servers\"$address\", "
	done
	printf '%s\n' "${links[@]}" >"$dir/links"
	cat >"$dir/jmhad.conf" <<-END
		cluster = "$cluster_name";
		member = "$1";
		runtime_dir = "$dir/run";
		zookeeper: { servers = [${servers%, }];
		             session_ms = $cluster_session_ms; tick_ms = $cluster_tick_ms; };
		storage: { path = "$cluster_dir/store"; ${cluster_storage-} };
		jobmanager: { command = [$cluster_command]; stop_ms = $cluster_stop_ms;
		              $cluster_jobmanager };
		${2:-}
	END
}

link_start() {
	local dir
	[ "$cluster_links" = no ] && return
	dir=$(member_dir "$1")
	mapfile -t link_lines <"$dir/links"
	"$bin/tcp-link" -c "$dir/link.control" "${link_lines[@]}" >"$dir/link.out" 2>&1 </dev/null &
	echo $! >"$dir/link.pid"
	disown # a killed one is no news
	cluster_until 10 grep -q ready "$dir/link.out"
}

member_start() {
	local dir
	dir=$(member_dir "$1")
	[ -e "$dir/link.pid" ] && kill -0 "$(cat "$dir/link.pid")" 2>/dev/null || link_start "$1" || return 1
	"$bin/jmhad" ${member_options:+"$member_options"} --config "$dir/jmhad.conf" >>"$dir/log" 2>&1 </dev/null &
	echo $! >"$dir/guard.pid"
	disown
}

guard_pid() { cat "$(member_dir "$1")/guard.pid"; }
elector_pid() { pgrep -P "$(guard_pid "$1")" -f -- --elector; }
jobmanager_pid() { awk '{ print $1 }' "$(member_dir "$1")/run/jobmanager" 2>/dev/null; }

# Dead; perhaps not reaped, when its parent is stopped.
gone() { ! kill -0 "$1" 2>/dev/null || [ "$(awk '{ print $3 }' "/proc/$1/stat" 2>/dev/null)" = Z ]; } # PID

member_running() { kill -0 "$(guard_pid "$1")" 2>/dev/null; }
member_stopped() { ! member_running "$1"; }

# Orderly.
member_stop() {
	kill -TERM "$(guard_pid "$1")" 2>/dev/null
	cluster_until 20 member_stopped "$1"
}

# What the power switch does: everything of the member at once, nothing handed over, nothing left
# in its runtime directory (a tmpfs).
host_kill() {
	local job
	job=$(jobmanager_pid "$1")
	# shellcheck disable=SC2046
	kill -KILL "$(guard_pid "$1")" $(elector_pid "$1") ${job:+"$job" "-$job"} 2>/dev/null
	cluster_until 10 member_stopped "$1"
	rm -f "$(member_dir "$1")"/run/*
}

# As systemd runs it when the guard has died.
member_release() { "$bin/jmhad" --release --config "$(member_dir "$1")/jmhad.conf"; }

member_cut() { kill -USR1 "$(cat "$(member_dir "$1")/link.pid")"; }
member_heal() { kill -USR2 "$(cat "$(member_dir "$1")/link.pid")"; }

# Something less than that, on the link to ZooKeeper server LINK or "all": see tcp-link.c.
member_link() { # NAME VERB [LINK [WAY [N]]]
	link_command "$(member_dir "$1")" "$2" "${3:-all}" "${4:-both}" "${5:-0}"
}
# What server N sends to its peers; zk-ensemble -L.
server_link() { # N VERB [LINK [WAY [N]]]
	link_command "$cluster_dir/zk/$1" "$2" "${3:-all}" "${4:-both}" "${5:-0}"
}
link_command() { # FOLDER command without its serial; returns when it is done
	local dir=$1 serial
	shift
	link_serial=$((${link_serial:-0} + 1))
	serial=$BASHPID-$link_serial
	echo "$serial $*" >"$dir/link.control"
	cluster_until 10 grep -qx -- "$serial" "$dir/link.out"
}

ctl() { # NAME arguments of jmhactl
	local name=$1
	shift
	"$bin/jmhactl" --socket "$(member_socket "$name")" "$@"
}

api() { # NAME PATH [options of curl]
	local name=$1 path=$2
	shift 2
	curl -sS --max-time 10 --unix-socket "$(member_socket "$name")" "$@" "http://localhost$path"
}

status_field() { api "$1" /v1/status | jq -r "$2"; } # NAME jq-filter

is_leader() { [ "$(status_field "$1" .state 2>/dev/null)" = leader ]; }
is_eligible() { [ "$(status_field "$1" .eligible 2>/dev/null)" = true ]; }
has_epoch_above() { is_leader "$1" && [ "$(status_field "$1" .epoch)" -gt "$2" ]; } # NAME EPOCH

# Who of these says that it leads?  Prints the name.
leader_of() {
	local name
	for name in "$@"; do
		if is_leader "$name"; then
			echo "$name"
			return 0
		fi
	done
	return 1
}

# Another one than $1 leads: prints who.
other_leader() {
	local not=$1 name
	shift
	for name in "$@"; do
		if [ "$name" != "$not" ] && is_leader "$name"; then
			echo "$name"
			return 0
		fi
	done
	return 1
}

# cluster_until SECONDS COMMAND...: by condition; what the command prints last is printed.
cluster_until() {
	local limit=$(($(date +%s%3N) + $1 * 1000)) out
	shift
	until out=$("$@" 2>/dev/null); do
		[ "$(date +%s%3N)" -lt $limit ] || return 1
		sleep 0.02
	done
	[ -z "$out" ] || echo "$out"
}

# Ends all that was started below cluster_dir.
cluster_stop() {
	local dir job
	for dir in "$cluster_dir"/*/; do # a stopped one has to go on before it can end
		[ -e "$dir/guard.pid" ] && kill -CONT "$(cat "$dir/guard.pid")" 2>/dev/null
		[ -e "$dir/guard.pid" ] && kill -TERM "$(cat "$dir/guard.pid")" 2>/dev/null
	done
	for dir in "$cluster_dir"/*/; do
		[ -e "$dir/guard.pid" ] && cluster_until 15 member_stopped "$(basename "$dir")"
		[ -e "$dir/guard.pid" ] && kill -KILL "$(cat "$dir/guard.pid")" 2>/dev/null
		[ -e "$dir/link.pid" ] && kill -KILL "$(cat "$dir/link.pid")" 2>/dev/null
		# What a guard that was killed has left of its JobManager's process group.
		job=$(jobmanager_pid "$(basename "$dir")")
		[ -n "$job" ] && kill -KILL "-$job" 2>/dev/null
	done
	cluster_zookeeper_stop
	wait 2>/dev/null
	return 0
}
