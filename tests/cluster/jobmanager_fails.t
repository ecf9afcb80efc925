#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A JobManager that cannot be executed, or that exits at once (FAILURES 42, rules C2 and C6): clear
# words, growing pauses, no ping-pong; put right, it runs.  Promises 1, 2, 6.
. "$(dirname "$0")/../lib/scenario.sh"
cluster_command="\"$cluster_dir/program\", \"$witnessed\""
scenario_zookeeper -n 1 -F
scenario_members 2

some_error() { cat "$cluster_dir"/*/log | grep -E "$cluster_dir/program could not be started"; }
until_ok 40 "the log names the program that cannot be executed" some_error
like "$(some_error | head -n 1)" 'jobmanager.command in .*jmhad.conf.*No such file' \
	"with the key, the file and the reason"

# It exits at once: each start is a line.
printf '#!/bin/sh\necho "$JMHA_EPOCH $(date +%%s%%3N)" >>%s/starts\nexit 3\n' "$cluster_dir" >"$cluster_dir/program"
chmod +x "$cluster_dir/program"
started() { [ "$(wc -l <"$cluster_dir/starts")" -ge "$1" ]; }
until_ok 40 "it is tried" started 1
sleep 8
n=$(wc -l <"$cluster_dir/starts")
note "$n starts within 8 s of the first"
ok "few of them: pauses, no ping-pong (C2, C6)" test "$n" -le 10
matrix 42 "a JobManager that exits at once, on every member" "growing pauses, no ping-pong" "$n starts within 8 s" 8000
is "$(awk '$1 <= last { bad = 1 } { last = $1 } END { print bad + 0 }' "$cluster_dir/starts")" 0 \
	"each start has a higher epoch (A10)"
for name in "${members[@]}"; do ok "$name still answers" api "$name" /v1/status -f; done
like "$(cat "$cluster_dir"/*/log)" 'exited by itself status=0x300' "the log tells the exit status"

ln -sf "$bin/witness" "$cluster_dir/program.new" && mv "$cluster_dir/program.new" "$cluster_dir/program"
witnesses() { "$lib/witnesses" "$witnessed" 1 && leader; }
until_ok 50 "put right, somebody leads by itself" witnesses
scenario_end 1
