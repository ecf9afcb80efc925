#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The machine gives no more: no file descriptor, no process, no memory, hardly any processor
# (FAILURES 26, 27, 28).  Each is put on the leader's processes alone, by prlimit and cgroups; the
# parts that this machine has no cgroup controllers for are left out.  Promises 1, 2, 6, 7, 9.
#
# This JobManager eats all memory when it is told to.
cluster_command='"/bin/sh", "-c", "trap \"exec tail /dev/zero\" USR1; $WITNESS & while :; do wait; done"'
. "$(dirname "$0")/../lib/scenario.sh"
export WITNESS="$bin/witness $witnessed"
scenario_start 2 -n 1 -F

# ---- cgroups of the test's own, version 1 or 2
groups=()
at_exit_too() {
	local g pid
	for g in "${groups[@]}"; do
		while read -r pid; do echo "$pid" >"${g%/*}/cgroup.procs"; done <"$g/cgroup.procs"
		rmdir "$g"
	done 2>/dev/null
}
group() { # CONTROLLER: makes one; prints its folder
	local top=/sys/fs/cgroup g
	[ ! -d "$top/$1" ] || top=$top/$1
	g=$top/jmha-test-$$-$1
	mkdir "$g" 2>/dev/null || return 1
	[ -e "$g/$2" ] || [ -e "$g/$3" ] || { rmdir "$g"; return 1; }
	echo "$g"
}
limit() { # GROUP VALUE FILE..: the file of version 1 or of version 2
	local file
	for file in "${@:3}"; do [ ! -e "$1/$file" ] || echo "$2" >"$1/$file" || return 1; done
}
inside() { # GROUP PID: all its threads
	echo "$2" >"$1/cgroup.procs"
}
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$1/stat"; }
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$elector" ]; }

# ---- no file descriptor left (28)
old=$(leader)
elector=$(elector_pid "$old")
remember_term "$old"
begin=$(now_ms)
limit_before=$(awk '/^Max open files/ { print $4 }' "/proc/$elector/limits")
lowest_free() { local n=0; while [ -e "/proc/$elector/fd/$n" ]; do n=$((n + 1)); done; echo $n; }
ok "no file descriptor more for the elector" prlimit --pid "$elector" --nofile="$(lowest_free):"
used=$(cpu_ms "$elector")
for _ in 1 2 3 4 5; do curl -s --max-time 20 --unix-socket "$(member_socket "$old")" http://localhost/v1/status -o /dev/null & done
not_ok "without a file descriptor nobody is answered" api "$old" /v1/status --max-time 1 -f
sleep $((cluster_session_ms / 1000 + 1))
used=$(($(cpu_ms "$elector") - used))
ok "file descriptors again" prlimit --pid "$elector" --nofile="$limit_before:"
wait
is "$(elector_pid "$old")" "$elector" "no file descriptor for longer than T: it is the same elector"
same_term "no file descriptor"
ok "it did not spin meanwhile ($used ms of processor)" test $used -lt 1500
matrix 28 "no file descriptor left in the leader's elector" "no transition; clients wait" "none" "$(since "$begin")"

# ---- hardly any processor (27)
if g=$(group cpu cpu.cfs_quota_us cpu.max); then
	groups+=("$g")
	limit "$g" 6000 cpu.cfs_quota_us && limit "$g" "6000 100000" cpu.max
	begin=$(now_ms)
	inside "$g" "$elector"
	timeout $((cluster_session_ms / 1000 + 1)) curl -s --unix-socket "$(member_socket "$old")" -o /dev/null \
		'http://localhost/v1/cluster?[1-100000]' # more than it can answer
	ok "it had to wait for its processor" awk '$1 == "nr_throttled" { exit !($2 > 0) }' "$g/cpu.stat"
	same_term "6 % of a processor for longer than T (P7)"
	matrix 27 "the leader's elector gets 6 % of a processor" "no transition" "none" "$(since "$begin")"
	inside "${g%/*}" "$elector"
else
	skip "hardly any processor" "no cpu controller for a cgroup here"
fi

# ---- the OOM killer (26)
if g=$(group memory memory.limit_in_bytes memory.max); then
	groups+=("$g")
	limit "$g" 400000 memory.limit_in_bytes memory.max
	head -c 65000 /dev/zero >"$tap_dir/big"
	begin=$(now_ms)
	inside "$g" "$elector"
	eaten() {
		curl -s --max-time 1 --unix-socket "$(member_socket "$old")" -o /dev/null \
			-X PUT --data-binary @"$tap_dir/big" "http://localhost/v1/pointers/big/$RANDOM"
		gone "$elector"
	}
	until_ok 20 "the leader's elector is killed for memory" eaten
	until_ok 10 "another one is started" another_elector
	until_ok 10 "and leads on" is_leader "$old"
	same_term "an elector that the OOM killer chose (P9)"
	matrix 26 "the OOM killer takes the leader's elector" "replaced, no transition" "none" "$(since "$begin")"

	limit "$g" 20000000 memory.limit_in_bytes memory.max
	settle || give_up "not settled"
	job=$(jobmanager_pid "$old")
	inside "$g" "$job"
	begin=$(now_ms)
	kill -USR1 "$job"
	until_ok 30 "the leader's JobManager is killed for memory: another member leads" other_leader "$old" "${members[@]}"
	took=$(since "$begin")
	is "$(transition "$(leader)")" jobmanager-exited "cause jobmanager-exited"
	ok "its children are dead, too" eval '[ -z "$(pgrep -g $job)" ]'
	matrix 26 "the OOM killer takes the leader's JobManager" "another leads at once" "$(leader) leads" "$took"
else
	skip "the OOM killer" "no memory controller for a cgroup here"
fi
settle || give_up "not settled"

# ---- no process can be made (28)
if g=$(group pids pids.max pids.max); then
	groups+=("$g")
	old=$(leader)
	elector=$(elector_pid "$old")
	job=$(jobmanager_pid "$old")
	inside "$g" "$(guard_pid "$old")"
	inside "$g" "$elector"
	limit "$g" 0 pids.max
	begin=$(now_ms)
	kill -KILL "$elector"
	until_ok 20 "no process can be made, the elector is gone: the JobManager is killed" gone "$job"
	killed=$(since "$begin")
	until_ok 20 "another leads" other_leader "$old" "${members[@]}"
	matrix 28 "the elector dies, no new one can be forked" "JobManager killed by the deadline, another leads after T" \
		"killed after $killed ms, $(other_leader "$old" "${members[@]}") leads" "$(since "$begin")"
	ok "the guard lives" kill -0 "$(guard_pid "$old")"
	ok "and the log says why" logged "$old" 'temporarily unavailable|[Ff]ailed to (start|fork)'
	limit "$g" max pids.max
	until_ok 60 "processes can be made again: it is a standby by itself" is_eligible "$old"
else
	skip "no process can be made" "no pids controller for a cgroup here"
fi
scenario_end 2
