#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Counters and parked jobs (A10, D15): no number is handed out twice, whatever is killed meanwhile;
# a parked job stays parked for the next leader.  Promises 2, 3, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 3 -n 1 -F

job=0a000000000000000000000000000001
counter() { # NAME EPOCH METHOD KEY [options of curl]: prints the HTTP status
	local name=$1 epoch=$2 method=$3 key=$4
	shift 4
	api "$name" "/v1/counters/$key" -X "$method" -H "Jmha-Epoch: $epoch" -o "$tap_dir/body" -w '%{http_code}' "$@"
}
next() { api "$1" "/v1/counters/$2" | jq .value; }                  # NAME KEY
next_is() { [ "$(next "$1" "$2")" = "$3" ]; }                       # NAME KEY VALUE
draw() { api "$1" "/v1/counters/$3" -f -X POST -H "Jmha-Epoch: $2" | jq .value; } # NAME EPOCH KEY
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$1" ]; }

old=$(leader)
one=$(standbys "$old" | head -n 1)
epoch=$(status_field "$old" .epoch)

# ---- one after the other

is "$(next "$old" $job)" 1 "a counter that is not there: 1 comes next"
is "$(draw "$old" "$epoch" $job) $(draw "$old" "$epoch" $job) $(draw "$old" "$epoch" $job)" "1 2 3" "1 2 3"
is "$(next "$old" $job)" 4 "4 comes next"
until_ok 10 "a standby reads it" next_is "$one" $job 4
is "$(counter "$old" "$epoch" PUT $job -d '{"value":40}')" 200 "set"
is "$(draw "$old" "$epoch" $job)" 40 "and handed out"
is "$(counter "$old" "$epoch" PUT $job -d '{"value":9223372036854775806}')" 200 "set near the end"
is "$(counter "$old" "$epoch" POST $job)" 200 "the last number"
like "$(cat "$tap_dir/body")" '"value":9223372036854775806}' "is handed out as it is"
is "$(counter "$old" "$epoch" POST $job)" 413 "there is none after it"
is "$(counter "$old" "$epoch" DELETE $job)" 200 "removed"
is "$(counter "$old" "$epoch" DELETE $job)" 404 "again: it is gone"
is "$(draw "$old" "$epoch" $job)" 1 "begins anew"
is "$(api "$old" /v1/counters | jq -c .counters)" "[{\"key\":\"$job\",\"value\":2}]" "listed"
is "$(api "$old" /v1/pointers | jq -c .pointers)" "[]" "and no pointer"

# ---- refused

is "$(api "$old" /v1/counters/$job -X POST -o /dev/null -w '%{http_code}')" 428 "without the epoch: 428 (A10)"
is "$(counter "$old" $((epoch + 1)) POST $job)" 412 "a later epoch: fenced"
is "$(counter "$one" "$epoch" POST $job)" 409 "at a standby: not-leader"
is "$(next "$old" $job)" 2 "none of them took a number"

# ---- many at once, while electors are killed and the leadership changes

draw_on() { # WORKER: at whoever leads, in its epoch
	local who now
	while [ ! -e "$tap_dir/enough" ]; do
		who=$(cat "$tap_dir/leader")
		now=$(cat "$tap_dir/epoch")
		draw "$who" "$now" shared 2>/dev/null >>"$tap_dir/drawn.$1"
	done
}
drawn() { cat "$tap_dir"/drawn.* 2>/dev/null | wc -l; }
drawn_more() { [ "$(drawn)" -ge "$1" ]; }
echo "$old" >"$tap_dir/leader"
echo "$epoch" >"$tap_dir/epoch"
workers=()
for w in 1 2 3 4; do
	draw_on $w &
	workers+=($!)
done
cluster_until 20 drawn_more 20 || fail "no number is handed out"
for round in 1 2 3; do
	elector=$(elector_pid "$old")
	kill -KILL "$elector"
	cluster_until 10 another_elector "$elector" || fail "no other elector"
	until_ok 20 "$round: an elector was killed, numbers are handed out again" drawn_more $(($(drawn) + 60))
done
is "$(status_field "$old" .epoch)" "$epoch" "in the same epoch (P9)"
ok "switched over" ctl "$old" switchover --yes
new=$(cluster_until 20 leader)
epoch=$(status_field "$new" .epoch)
echo "$epoch" >"$tap_dir/epoch"
echo "$new" >"$tap_dir/leader"
until_ok 20 "numbers are handed out by the next leader" drawn_more $(($(drawn) + 60))
touch "$tap_dir/enough"
wait "${workers[@]}"
note "$(drawn) numbers, the highest $(sort -n "$tap_dir"/drawn.* | tail -n 1)"
is "$(sort -n "$tap_dir"/drawn.* | uniq -d | tr '\n' ' ')" "" "none was handed out twice"
ok "what comes next is higher than all of them" eval '[ "$(next "$new" shared)" -gt "$(sort -n "$tap_dir"/drawn.* | tail -n 1)" ]'

# ---- parked jobs

park() { # NAME EPOCH JOB [options of curl]
	api "$1" "/v1/jobs/$3/parked" -X "${4:-POST}" -d "{\"why\":\"${5:-file gone}\"}" -H "Jmha-Epoch: $2" -o "$tap_dir/body" -w '%{http_code}'
}
parked() { api "$1" /v1/jobs/parked | jq -c '[.parked[] | [.jobid, .why]]'; }
old=$new
new=$(standbys "$old" | head -n 1)
settle || fail "not settled"
is "$(parked "$old")" "[]" "no job is parked"
is "$(park "$old" "$epoch" $job)" 200 "reported"
is "$(parked "$old")" "[[\"$job\",\"file gone\"]]" "listed"
since=$(api "$old" /v1/jobs/parked | jq -r '.parked[0].since')
like "$since" '^20[0-9-]+T[0-9:.]+Z$' "since when"
is "$(park "$old" "$epoch" $job POST 'still gone')" 200 "reported again"
is "$(api "$old" /v1/jobs/parked | jq -r '.parked[0].since + " " + .parked[0].why')" "$since still gone" "since the first time"
is "$(status_field "$old" '[.parked_count, .parked[0].jobid] | @csv')" "1,\"$job\"" "status has it"
like "$(api "$old" /metrics)" '^jmha_parked_jobs 1$' "/metrics, too"
ctl "$old" status >"$tap_dir/said"
like "$(cat "$tap_dir/said")" "Parked .*$job.*still gone" "jmhactl status names it"
like "$(cat "$tap_dir/said")" "jmhactl recover $job" "and says what to do"
is "$(api "$old" /v1/jobs/$job/parked -X POST -d '{"why":"x"}' -o /dev/null -w '%{http_code}')" 428 "without the epoch: 428"
is "$(park "$old" $((epoch + 1)) $job)" 412 "a later epoch: fenced"
ok "switched over" ctl "$old" switchover --yes "$new"
cluster_until 20 is_leader "$new" || fail "$new does not lead"
is "$(parked "$new")" "[[\"$job\",\"still gone\"]]" "the next leader knows it (P3)"
is "$(ctl "$new" recover $job >"$tap_dir/said" 2>&1; echo $?)" 1 "recover with a cold JobManager: exit 1"
like "$(cat "$tap_dir/said")" 'cold' "which says why"
is "$(ctl "$old" recover $job >"$tap_dir/said" 2>&1; echo $?)" 6 "at another member: not the leader, exit 6"
epoch=$(status_field "$new" .epoch)
is "$(park "$new" "$epoch" $job DELETE)" 200 "it is back"
is "$(park "$new" "$epoch" $job DELETE)" 404 "again: not parked"
is "$(parked "$new")" "[]" "and off the list"
scenario_end 3
