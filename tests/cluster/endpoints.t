#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a JobManager publishes, and who follows it (A5, A10, B10, C3): written at the leader, followed
# at a standby over TCP and at an observer; ZooKeeper is silent, an elector is killed, a member is cut
# off, the leadership changes; a shard is full; many at once.  Promises 2, 7, 9.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_zookeeper -n 1 -F
port=${zk_connect##*:}
n=0
for name in jm-a jm-b jm-c; do
	n=$((n + 1))
	members+=("$name")
	member_make "$name" "api: { listen = \"127.1.$n.9:$port\"; };" || give_up "$name cannot be made"
	echo "127.1.$n.9:$port" >"$(member_dir "$name")/address"
done
for name in "${members[@]}"; do member_start "$name" || give_up "$name does not start"; done
settle || give_up "the members do not settle"

tcp() { # NAME PATH [options of curl]
	local name=$1 path=$2
	shift 2
	curl -sS --max-time 10 "$@" "http://$(cat "$(member_dir "$name")/address")$path"
}
job() { printf 'job-%02x%030x' $(($1 % 256)) "$1"; } # NUMBER
publish() { # NAME EPOCH COMPONENT ADDRESS: prints the HTTP status
	api "$1" "/v1/endpoints/$3" -X PUT -d "{\"address\":\"$4\"}" -H "Jmha-Epoch: $2" -o "$tap_dir/body" -w '%{http_code}'
}
withdraw() { api "$1" "/v1/endpoints/$3" -X DELETE -H "Jmha-Epoch: $2" -o "$tap_dir/body" -w '%{http_code}'; } # NAME EPOCH COMPONENT
endpoints() { api "$1" /v1/endpoints | jq -cS "${2:-.components}"; }   # NAME [jq-filter]
address() { api "$1" /v1/endpoints | jq -r ".components[\"$2\"] // \"none\""; } # NAME COMPONENT
says() { [ "$(endpoints "$1" "$2")" = "$3" ]; }                        # NAME jq-filter WHAT
address_is() { [ "$(address "$1" "$2")" = "$3" ]; }
follow() { # NAME FILE: by TCP, in the background
	curl -sN "http://$(cat "$(member_dir "$1")/address")/v1/endpoints?follow=1" >"$2" 2>/dev/null &
	echo $! >"$2.pid"
	disown
}
unfollow() { kill "$(cat "$1.pid")" 2>/dev/null; }
line() { jq -c "select($2)" "$1" 2>/dev/null | grep -q .; } # FILE jq-condition: is there such a line?
# What a reader knows who keeps the highest epoch: applies the lines in order.
known() {
	jq -n '[inputs] | reduce .[] as $l ({epoch: 0, components: {}};
		if $l.epoch < .epoch then .
		elif $l.type == "state" then {epoch: $l.epoch, components: $l.components}
		elif $l.type == "change" then .components |= (. + $l.components | with_entries(select(.value != null)))
		else . end)' "$1" | jq -cS "$2"
}
another_elector() { now=$(elector_pid "$old") && [ -n "$now" ] && [ "$now" != "$1" ]; }

old=$(leader)
read -r one two <<<"$(standbys "$old" | tr '\n' ' ')"
epoch=$(status_field "$old" .epoch)
stream=$tap_dir/stream
follow "$one" "$stream"
for name in "${members[@]}"; do
	until_ok 10 "$name serves the epoch, and nothing else yet" says "$name" '[.epoch, .components, .stale]' "[$epoch,{},false]"
done
id=$(endpoints "$old" .leader_id)
like "$id" '^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$' "the leader id is a UUID"
is "$(endpoints "$one" .leader_id)" "$id" "and the same at every member"

# ---- published at the leader, followed at a standby

is "$(publish "$old" "$epoch" dispatcher akka.tcp://a/dispatcher)" 200 "published"
is "$(body_field .epoch)" "$epoch" "under its epoch"
is "$(address "$old" dispatcher)" akka.tcp://a/dispatcher "the leader serves it at once"
is "$(publish "$old" "$epoch" "$(job 1)" akka.tcp://a/job1)" 200 "a job master, too"
until_ok 10 "followed at a standby" line "$stream" ".type == \"change\" and .components.dispatcher == \"akka.tcp://a/dispatcher\""
until_ok 10 "both of them" line "$stream" ".type == \"change\" and .components[\"$(job 1)\"] == \"akka.tcp://a/job1\""
is "$(head -n 1 "$stream" | jq -r .type)" state "the first line is the state"
is "$(tcp "$two" /v1/endpoints | jq -cS .components)" "$(endpoints "$old")" "the other standby says the same over TCP"
is "$(zk get "$tree/endpoints" | jq -c .components)" '{"dispatcher":"akka.tcp://a/dispatcher"}' "in ZooKeeper: the process's own components"
is "$(zk get "$tree/endpoints/01" | jq -c '[.epoch, .components]')" "[$epoch,{\"$(job 1)\":\"akka.tcp://a/job1\"}]" "and the job master in its shard (C3)"
is "$(withdraw "$old" "$epoch" "$(job 1)")" 200 "withdrawn"
is "$(withdraw "$old" "$epoch" "$(job 1)")" 200 "again: done already"
until_ok 10 "the follower hears that it is gone" line "$stream" ".type == \"change\" and (.components | has(\"$(job 1)\")) and .components[\"$(job 1)\"] == null"
until_ok 10 "and a heartbeat with the age" line "$stream" ".type == \"heartbeat\" and .epoch == $epoch and .leader_id == $id and (.age_ms < 2000) and .stale == false"

# ---- an observer serves them, too

member_make jm-o 'role = "observer";' && member_start jm-o || fail "the observer does not start"
until_ok 20 "an observer serves the same" says jm-o '[.epoch, .components, .stale]' "[$epoch,$(endpoints "$old"),false]"
is "$(publish "$old" "$epoch" rest_server http://a:8081)" 200 "published"
until_ok 10 "and follows" address_is jm-o rest_server http://a:8081
fresh_for_long() { # it asks nothing else, but has to know how old all this is
	local n
	for n in $(seq 12); do
		[ "$(endpoints jm-o '.age_ms < 3000 and (.stale | not)')" = true ] || return 1
		sleep 0.5
	done
}
ok "for longer than a session it is never stale" fresh_for_long
is "$(withdraw "$old" "$epoch" rest_server)" 200 "withdrawn"
until_ok 10 "and follows" address_is jm-o rest_server none
ok "the observer ends" member_stop jm-o

# ---- ZooKeeper is silent for less than tolerance_ms: a PUT waits, and is done

"$lib/zk-ensemble" pause-one "$cluster_dir/zk" 1
publish "$old" "$epoch" "$(job 2)" akka.tcp://a/job2 >"$tap_dir/waited" &
asking=$!
sleep "$(awk "BEGIN { print ($(status_field "$old" .tolerance_ms) - 600) / 1000 }")"
is "$(cat "$tap_dir/waited")" "" "while ZooKeeper is silent a PUT is not answered"
"$lib/zk-ensemble" resume-one "$cluster_dir/zk" 1
wait $asking
is "$(cat "$tap_dir/waited")" 200 "heard again: it is done (P7)"
is "$(status_field "$old" .epoch)" "$epoch" "in the same epoch"
until_ok 10 "once" line "$stream" ".type == \"change\" and .components[\"$(job 2)\"] == \"akka.tcp://a/job2\""

# ---- refused

is "$(api "$old" /v1/endpoints/dispatcher -X PUT -d '{"address":"x"}' -o "$tap_dir/body" -w '%{http_code}')" 428 "without the epoch: 428 (A10)"
is "$(publish "$old" $((epoch + 1)) dispatcher x)" 412 "a later epoch: fenced"
is "$(publish "$one" "$epoch" dispatcher x)" 409 "at a standby: not-leader"
is "$(body_field .leader)" "$old" "with the leader's name"
is "$(publish "$old" "$epoch" webmonitor x)" 400 "another component: bad-request"
is "$(tcp "$old" /v1/endpoints/dispatcher -X PUT -d '{"address":"x"}' -H "Jmha-Epoch: $epoch" -o /dev/null -w '%{http_code}')" 403 "over TCP: forbidden"
is "$(address "$old" dispatcher)" akka.tcp://a/dispatcher "none of them changed anything"

# ---- many at once: 300 jobs, 24 at a time

for i in $(seq 300); do
	[ "$i" = 1 ] || echo next
	cat <<-END
		unix-socket = "$(member_socket "$old")"
		url = "http://localhost/v1/endpoints/$(job "$i")"
		request = "PUT"
		data = "{\"address\":\"akka.tcp://a/$i\"}"
		header = "Jmha-Epoch: $epoch"
		output = "/dev/null"
		write-out = "%{http_code}\n"
	END
done >"$tap_dir/puts"
begin=$(now_ms)
curl -sS -Z --parallel-max 24 -K "$tap_dir/puts" >"$tap_dir/codes" 2>"$tap_dir/errors"
note "300 job masters published in $(($(now_ms) - begin)) ms"
is "$(grep -c 200 "$tap_dir/codes")" 300 "300 job masters published"
until_ok 10 "a standby has all of them" says "$two" '.components | length' 301
follower_has() { [ "$(known "$stream" '.components | length')" = "$1" ]; }
until_ok 10 "the follower, too" follower_has 301
is "$(known "$stream" .components)" "$(endpoints "$old")" "line by line it knows what the leader serves"

# ---- one shard full

full=$(printf 'x%.0s' $(seq 1000))
codes=
for i in $(seq 0 256 $((256 * 140))); do codes="$codes$(publish "$old" "$epoch" "$(job "$i")" "$full") "; done
like "$codes" '^(200 )+(413 )+$' "shard 00 takes what fits, then says 413"
like "$(body_field .message)" 'endpoints/00 would have 13[0-9]{4} bytes, at most 131072' "with its size"
is "$(publish "$old" "$epoch" "$(job 256)" short)" 200 "a shorter address fits"
is "$(address "$old" "$(job 257)")" akka.tcp://a/257 "nobody else is harmed"
is "$(publish "$old" "$epoch" dispatcher akka.tcp://a/again)" 200 "and others are written"

# ---- kill -9 of the elector, while somebody publishes

put_on() {
	local i=300
	while [ ! -e "$tap_dir/enough" ]; do
		i=$((i + 1))
		[ "$(api "$old" "/v1/endpoints/$(job "$i")" -X PUT -d "{\"address\":\"akka.tcp://a/$i\"}" -H "Jmha-Epoch: $epoch" \
			-o /dev/null -w '%{http_code}' 2>/dev/null)" = 200 ] && echo "$i" >>"$tap_dir/acknowledged"
	done
}
follow "$old" "$tap_dir/before"
cluster_until 10 line "$tap_dir/before" '.type == "state"' || fail "no stream at the leader"
put_on &
writer=$!
for round in 1 2 3; do
	cluster_until 20 eval '[ "$(wc -l <"$tap_dir/acknowledged")" -ge '"$((round * 20))"' ]' || fail "nothing is published"
	elector=$(elector_pid "$old")
	kill -KILL "$elector"
	until_ok 10 "$round: another elector" another_elector "$elector"
	follow "$old" "$tap_dir/after.$round"
	until_ok 10 "$round: it serves the endpoints of its epoch" line "$tap_dir/after.$round" ".type == \"state\" and .epoch == $epoch"
	is "$(jq -c "select(.type == \"state\" and .epoch == $epoch)" "$tap_dir/after.$round" | head -n 1 | jq -r "[.components.dispatcher, .components[\"$(job 7)\"]] | join(\" \")")" \
		"akka.tcp://a/again akka.tcp://a/7" "$round: all of them, at the first word"
	until_ok 10 "$round: leads on" is_leader "$old"
	unfollow "$tap_dir/after.$round"
done
cluster_until 20 eval '[ "$(wc -l <"$tap_dir/acknowledged")" -ge 80 ]' || fail "nothing is published any more"
touch "$tap_dir/enough"
wait $writer
unfollow "$tap_dir/before"
lost=0
api "$old" /v1/endpoints >"$tap_dir/now"
while read -r i; do
	[ "$(jq -r ".components[\"$(job "$i")\"]" "$tap_dir/now")" = "akka.tcp://a/$i" ] || lost=$((lost + 1))
done <"$tap_dir/acknowledged"
note "$(wc -l <"$tap_dir/acknowledged") acknowledged while three electors were killed"
is $lost 0 "every acknowledged one is there"
is "$(status_field "$old" .epoch)" "$epoch" "in the same epoch (P9)"
same_everywhere() { [ "$(known "$stream" .components)" = "$(endpoints "$old")" ]; }
until_ok 10 "the follower at the standby knows the same" same_everywhere
not_ok "and was never told that one was gone" line "$stream" ".type == \"change\" and .components.dispatcher == null and (.components | has(\"dispatcher\"))"

# ---- a member is cut off, and meanwhile the leadership changes (B10)

follow "$two" "$tap_dir/cut"
cluster_until 10 line "$tap_dir/cut" '.type == "heartbeat"' || fail "no stream at $two"
member_cut "$two"
until_ok 30 "cut off: stale after a session's length" line "$tap_dir/cut" ".type == \"heartbeat\" and .stale and .age_ms >= $cluster_session_ms"
is "$(tcp "$two" /v1/endpoints | jq -c '[.epoch, .stale, .components.dispatcher]')" "[$epoch,true,\"akka.tcp://a/again\"]" "it serves what it knew, and says how old it is"
stale_metric() { tcp "$two" /metrics | grep -qx 'jmha_endpoints_stale 1'; }
ok "in /metrics, too" stale_metric
ok "switched over to $one" ctl "$old" switchover --yes "$one"
new=$((epoch + 1))
until_ok 10 "the new leader serves its epoch" says "$one" '[.epoch, .components]' "[$new,{}]"
until_ok 10 "its follower gets a new state" line "$stream" ".type == \"state\" and .epoch == $new and .components == {}"
until_ok 10 "the old leader says so, too" says "$old" '[.epoch, .components]' "[$new,{}]"
is "$(publish "$old" "$epoch" dispatcher x)" 409 "a write at the old one: not-leader"
is "$(publish "$one" "$epoch" dispatcher x)" 412 "of the old epoch at the new one: fenced (P2)"
is "$(publish "$one" "$new" dispatcher akka.tcp://b/dispatcher)" 200 "the new one publishes"
is "$(address "$one" "$(job 7)")" none "without what the old one had published"
cat "$stream" "$tap_dir/cut" >"$tap_dir/both" # the late one last: worst case
is "$(known "$tap_dir/both" '[.epoch, .components.dispatcher]')" "[$new,\"akka.tcp://b/dispatcher\"]" "a reader of both keeps the highest epoch"
member_heal "$two"
until_ok 30 "heard again: it has the new epoch" says "$two" '[.epoch, .components.dispatcher, .stale]' "[$new,\"akka.tcp://b/dispatcher\",false]"
until_ok 10 "and so has its follower" line "$tap_dir/cut" ".type == \"state\" and .epoch == $new"
is "$(jq -s -c '[.[].epoch] | . == sort' "$tap_dir/cut")" true "whose epochs never went back"
unfollow "$tap_dir/cut"

# ---- removed by hand

settle || fail "not settled"
zk delete "$tree/endpoints/07" || fail "no such shard"
is "$(publish "$one" "$new" "$(job 7)" akka.tcp://b/7)" 200 "a shard that was removed by hand is made again"
until_ok 10 "and followed" address_is "$old" "$(job 7)" akka.tcp://b/7

# ---- 200 that follow

begin=$(now_ms)
for i in $(seq 200); do follow "$old" "$tap_dir/many.$i"; done
followers() { [ "$(api "$old" /metrics | sed -n 's/^jmha_api_followers //p')" -ge "$1" ]; }
until_ok 30 "200 follow" followers 200
note "after $(($(now_ms) - begin)) ms"
is "$(publish "$one" "$new" rest_server http://b:8081)" 200 "something changes"
begin=$(now_ms)
all_told() { for i in $(seq 200); do grep -q http://b:8081 "$tap_dir/many.$i" || return 1; done; }
until_ok 20 "all of them hear of it" all_told
note "after $(($(now_ms) - begin)) ms"
ok "the daemon answers meanwhile" api "$old" /v1/status -f
for i in $(seq 200); do unfollow "$tap_dir/many.$i"; done
nobody() { [ "$(api "$old" /metrics | sed -n 's/^jmha_api_followers //p')" = 0 ]; }
until_ok 20 "and are gone when they are gone" nobody
unfollow "$stream"

# ---- a deposed leader follows what it made itself: no read had left a watch there

settle || fail "not settled"
zk delete "$tree/endpoints/07" || fail "no such shard"
is "$(publish "$one" "$new" "$(job 7)" akka.tcp://b/7)" 200 "the leader makes a shard"
ok "switched over to $old" ctl "$one" switchover --yes "$old"
is "$(publish "$old" $((new + 1)) "$(job 7)" akka.tcp://c/7)" 200 "the next one publishes in it"
until_ok 10 "and is followed at the one before" address_is "$one" "$(job 7)" akka.tcp://c/7
scenario_end 2
