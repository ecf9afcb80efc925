# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# A scenario of tests/cluster: a private ensemble, members whose JobManager is the witness, and at
# the end what holds for every scenario: promises 1 and 2 by the witness, and no secret in any log,
# status or znode.
#
#   . "$top_srcdir/tests/lib/scenario.sh"
#   scenario_start 3 -n 1 -F      members jm-a, jm-b, jm-c; options of zk-ensemble
#   ...
#   scenario_end 2                at least two terms were witnessed
#
# With scenario_hot set, the JobManager is the hot witness: it runs all the time, and counts as hung
# after two seconds of silence.
#
# A line of docs/fault-matrix.md for each fault, once it was seen: matrix ROWS FAULT EXPECTED SEEN [MS].
#
# Scripts may set cluster_* of cluster.sh, and member_extra (configuration lines) before
# scenario_start.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
lib=$top_srcdir/tests/lib
. "$lib/tap.sh"

why=$("$lib/zk-ensemble" check) || skip_all "$why"
for program in curl jq; do
	command -v $program >/dev/null || skip_all "$program is missing"
done

# Sanitizers and Debian's ZooKeeper client do not matter here; leaks at exit do.
cluster_dir=$tap_dir/c
bin=$tap_dir/bin
zk_tool=$bin/zk-tool
witnessed=$cluster_dir/witnessed
secrets=$tap_dir/secrets
mkdir -p "$bin" "$cluster_dir" "$secrets"
for program in jmhad jmhactl tests/lib/tcp-link tests/lib/witness tests/lib/hot-witness \
	tests/lib/zk-tool; do
	[ -x "$top_builddir/$program" ] || { echo "Bail out! $program is not built"; exit 1; }
	ln -s "$top_builddir/$program" "$bin/${program##*/}"
done
if [ -n "${scenario_hot:-}" ]; then
	cluster_command=${cluster_command:-"\"$bin/hot-witness\", \"$witnessed\""}
	cluster_jobmanager='mode = "hot"; revoke_ms = 300; health: { interval_ms = 400; };'
fi
cluster_command=${cluster_command:-"\"$bin/witness\", \"$witnessed\""}
. "$lib/cluster.sh"
members=()
member_extra=${member_extra:-}
tree=/jmha/$cluster_name

# Everything that was started, at once; nothing is handed over.
at_exit() {
	local dir pid
	for dir in "$cluster_dir"/*/; do
		dir=${dir%/}
		for pid in "$dir/guard.pid" "$dir/link.pid" "$dir/other.pid"; do
			[ -e "$pid" ] && kill -KILL "$(cat "$pid")" 2>/dev/null
		done
		# What a JobManager has started outlives the guard (A12): its group, if it is still that.
		for pid in $(pgrep -g "$(awk '{ print $1 }' "$dir/run/jobmanager" 2>/dev/null || echo none)" 2>/dev/null); do
			grep -qF "$dir/run/api.sock" "/proc/$pid/environ" 2>/dev/null && kill -KILL "$pid" 2>/dev/null
		done
	done
	cluster_zookeeper_stop
	wait 2>/dev/null
	if command -v at_exit_too >/dev/null; then at_exit_too; fi # a scenario's own: mounts, cgroups
	[ -z "${KEEP-}" ] || cp -r "$cluster_dir" "$KEEP"
	[ "$tap_failed" = 0 ] && [ -n "$tap_done" ] || show_logs
	return 0
}

# The end of every log, as comments.
show_logs() {
	local log
	for log in "$cluster_dir"/*/log; do
		[ -e "$log" ] || continue
		note "-- $log"
		tail -n "${LOG_LINES:-25}" "$log" | cut -c 1-400 | sed 's/^/#   /'
	done
}

# What makes going on pointless.
give_up() {
	fail "$*"
	exit 1
}

scenario_members() { # NUMBER: makes and starts them, all at once
	local name letter
	for letter in a b c d e; do
		[ ${#members[@]} -lt "$1" ] || break
		name=jm-$letter
		members+=("$name")
		member_make "$name" "$member_extra" || give_up "$name cannot be made"
	done
	for name in "${members[@]}"; do
		member_start "$name" || give_up "$name does not start"
	done
}

scenario_start() { # MEMBERS [options of zk-ensemble]
	local n=$1
	shift
	scenario_zookeeper "$@"
	scenario_members "$n"
	settle || give_up "the members do not settle"
}

scenario_zookeeper() {
	cluster_zookeeper_start "$@" >/dev/null || give_up "ZooKeeper does not start"
}

zk() { "$zk_tool" ${zk_auth:+-a "$zk_auth"} "$zk_connect" "$@"; } # VERB PATH
register() { zk get "$tree/register"; }
register_field() { register | jq -r "$1"; }

leader() { leader_of "${members[@]}"; }
standby() { # the first one that does not lead and can
	local name
	for name in "${members[@]}"; do
		[ "$(status_field "$name" '.state + " " + (.eligible | tostring)' 2>/dev/null)" = "standby true" ] &&
			echo "$name" && return 0
	done
	return 1
}
standbys() { # all that do not lead
	local name not=$1
	for name in "${members[@]}"; do [ "$name" = "$not" ] || echo "$name"; done
}
others_eligible() { # as the leader sees it: its successors
	api "$1" /v1/cluster | jq -e "[.members[] | select(.eligible)] | length == ${#members[@]}" >/dev/null
}
queue_is_full() { [ "$(zk list "$tree/latch" | wc -l)" -ge "${1:-${#members[@]}}" ]; }

# Somebody leads, all others could, all have a latch, and stand long enough for a valid chain.
settle() {
	local name who
	who=$(cluster_until 40 leader) || return 1
	for name in "${members[@]}"; do
		cluster_until 30 is_eligible "$name" || return 1
	done
	cluster_until 30 queue_is_full || return 1
	cluster_until 20 others_eligible "$who" || return 1
	sleep "$(awk "BEGIN { print 2.2 * $cluster_tick_ms / 1000 }")" # A1: two heartbeats, k apart
	remember_secrets
}

remember_secrets() {
	local file n=0
	for file in "$cluster_dir"/*/run/session; do
		[ -s "$file" ] || continue
		cp "$file" "$secrets/$(cksum <"$file" | cut -d' ' -f1)" && n=$((n + 1))
	done
}

# ---- pointers

put() { # NAME KEY VALUE [options of curl]: prints the HTTP status
	local name=$1 key=$2 value=$3
	shift 3
	api "$name" "/v1/pointers/$key" -X PUT --data-binary "$value" -o "$tap_dir/body" -w '%{http_code}' "$@"
}
get() { api "$1" "/v1/pointers/$2" -f; }                                  # NAME KEY
get_code() { api "$1" "/v1/pointers/$2" -o "$tap_dir/body" -w '%{http_code}'; } # NAME KEY
body_field() { jq -r "$1" "$tap_dir/body"; }

# Real pointers and some with every byte: put_all at the leader, same_all at any later one.
put_all() {
	local file key n=0
	while read -r file; do
		key=jobs/$(echo "${file#"$top_srcdir/tests/data/"}" | tr -c 'A-Za-z0-9._/\n-' _)
		api "$1" "/v1/pointers/$key" -f -X PUT --data-binary @"$file" -o /dev/null || return 1
		n=$((n + 1))
	done < <(find "$top_srcdir/tests/data/flink-pointers" -name '*.bin' | sort)
	[ $n -gt 0 ] && echo $n
}
same_all() {
	local file key
	while read -r file; do
		key=jobs/$(echo "${file#"$top_srcdir/tests/data/"}" | tr -c 'A-Za-z0-9._/\n-' _)
		api "$1" "/v1/pointers/$key" -f | cmp - "$file" || return 1
	done < <(find "$top_srcdir/tests/data/flink-pointers" -name '*.bin' | sort)
}
serves() { api "$1" /v1/pointers -f -o /dev/null; }

# ---- what a member says

has_reason() { status_field "$1" '.reasons | join(" ")' 2>/dev/null | grep -qw -- "$2"; } # NAME REASON
reasons() { status_field "$1" '.reasons | join(" ")'; }
last_error() { member_log "$1" | grep -E ' (error|warning) ' | tail -n "${2:-1}" | cut -c 1-400; }
store_sums() { # the store, byte for byte, but for probes and signs
	find "$cluster_dir/store" -type f ! -name 'probe-*' ! -name 'sign[-.]*' -exec sha256sum {} + | sort
}

# ---- faults of the whole ensemble

ensemble() { "$lib/zk-ensemble" "$1" "$cluster_dir/zk" "${@:2}"; }
# All of it at once, by signals alone: to ask a server that is stopped takes its time.
server_pids() { cat "$cluster_dir"/zk/[1-9]/pid; }
# shellcheck disable=SC2046
silence() { kill -STOP $(server_pids); }
# shellcheck disable=SC2046
silence_ends() { kill -CONT $(server_pids); }

# What NAME last heard of ZooKeeper: MS ago and more; or just now.
unheard() { [ "$(status_field "$1" '.zookeeper.last_ack_ms')" -ge "$2" ]; } # NAME MS
heard() { status_field "$1" '"\(.zookeeper.connected) \(.zookeeper.last_ack_ms)"' | awk '{ exit !($1 == "true" && $2 < 600) }'; }

# An outage as long as it may be: BEGIN, and END when the leader (who) has heard nothing for half of its
# tolerance_ms.  How long it was in truth (outage), on a busy machine, decides whether it was one to
# outlast: else again, with whoever leads then.  Its term is remembered.  Fails when there was none.
short_outage() { # BEGIN END
	local begin tolerance
	for _ in 1 2 3 4 5 6 7 8; do
		settle || return 1
		who=$(leader)
		tolerance=$(status_field "$who" .tolerance_ms)
		remember_term "$who"
		begin=$(now_ms)
		eval "$1"
		cluster_until 10 unheard "$who" $((tolerance / 2))
		eval "$2"
		outage=$(since "$begin")
		cluster_until 20 heard "$who"
		[ "$outage" -ge "$tolerance" ] || return 0
		note "an outage of $outage ms was too long (tolerance_ms $tolerance)"
	done
	return 1
}

# ---- the fault matrix (docs/fault-matrix.md is made of these lines)

since() { echo $(($(now_ms) - $1)); } # BEGIN, from now_ms: milliseconds
# ROWS of the matrix, in words what was done, what has to happen, what was seen, and how long it took.
matrix() { note "matrix: $1 | $2 | $3 | $4 | ${5:-}"; }

# The same leader, epoch and JobManager as at remember_term.
remember_term() { term="$1 $(status_field "$1" '"\(.epoch) \(.jobmanager.pid)"')"; } # NAME
same_term() { # WHAT
	local who=${term%% *}
	is "$who $(status_field "$who" '"\(.epoch) \(.jobmanager.pid)"')" "$term" "$1: leader, epoch and JobManager are the same" &&
		ok "$1: $who leads" is_leader "$who" && ok "$1: the JobManager lives" kill -0 "${term##* }"
}

# ---- processes

stopped_state() { [ "$(awk '{ print $3 }' "/proc/$1/stat" 2>/dev/null)" = T ]; }
member_log() { cat "$(member_dir "$1")/log"; }
logged() { grep -Eq -- "$2" "$(member_dir "$1")/log"; } # NAME REGEX
transition() { status_field "$1" .last_transition.cause; }
test_state() { [ "$(status_field "$1" .state)" = "$2" ]; } # NAME STATE

# ---- the end

scenario_look() { # what anybody may see, into one folder
	local name path
	mkdir -p "$tap_dir/seen"
	for name in "${members[@]}"; do
		cp "$(member_dir "$name")/log" "$tap_dir/seen/$name.log"
		for path in status cluster history; do
			api "$name" "/v1/$path" >"$tap_dir/seen/$name.$path" 2>/dev/null
		done
		ctl "$name" explain >"$tap_dir/seen/$name.explain" 2>&1
	done
	for path in $(zk tree /jmha 2>/dev/null); do
		zk get "$path" >"$tap_dir/seen/znode$(echo "$path" | tr / _)" 2>/dev/null
	done
	return 0
}

# scenario_end TERMS: what holds for every scenario.
scenario_end() {
	local terms=$1
	remember_secrets
	scenario_look
	ok "P1, P2: no two JobManagers at once, epochs only grow" "$lib/witnesses" "$witnessed" "$terms"
	"$lib/witnesses" "$witnessed" "$terms" >"$tap_dir/terms" 2>&1
	note "terms (epoch pid member first-ms last-ms lines):"
	note "$(cat "$tap_dir/terms")"
	if [ -n "$(ls "$secrets")" ]; then
		ok "no session id or password in logs, status or znodes" \
			"$lib/no-secrets" "$tap_dir/seen" "$secrets"/*
	fi
	# What the daemon says of its own bugs.
	not_ok "no assertion, no sanitizer report" \
		grep -E 'Assertion|AddressSanitizer|runtime error|LeakSanitizer' "$cluster_dir"/*/log
	done_testing
}
