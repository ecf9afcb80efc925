#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# jmhactl store export and import FILE: what goes out comes back byte for byte, in another order of
# events too; a file that was cut off or changed is refused as a whole; what stands in the store is not
# overwritten unasked; a counter never goes back.  Promise 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
lead=$(leader)
other=$(standbys "$lead")
store() { # MEMBER VERB ...: what it says in $tap_dir/said
	local member=$1
	shift
	ctl "$member" store "$@" >"$tap_dir/said" 2>&1 </dev/null
}
offline() { "$bin/jmhactl" store export --offline --config "$(member_dir "$lead")/jmhad.conf" "$@" >"$tap_dir/said" 2>&1; }
said() { grep -E -- "$1" "$tap_dir/said"; }
count_pointers() { api "$lead" '/v1/pointers?prefix=' | jq '.pointers | length'; }
lines() { grep -v '"version":1,\|"end":true' "$1" | sed 's/"revision":[0-9]*//'; } # FILE: without what differs
next_number() { api "$lead" /v1/counters/"$1" -X POST -H "Jmha-Epoch: $(status_field "$lead" .epoch)" -f | jq .value; }

# ---- out

put_all "$lead" >/dev/null || give_up "pointers cannot be stored"
printf 'a\0b\377' >"$tap_dir/nul"
head -c 65536 /dev/urandom >"$tap_dir/big"
is "$(put "$lead" jobs/nul "@$tap_dir/nul")" 200 "a value with a NUL"
is "$(put "$lead" jobs/big "@$tap_dir/big")" 200 "a value of 64 KiB"
for i in 1 2 3; do next_number job >/dev/null; done
n=$(count_pointers)
store "$lead" export "$tap_dir/backup"
is $? 0 "export: exit 0"
ok "says how much" said "Wrote $n pointers and 1 counters of demo"
is "$(stat -c %a "$tap_dir/backup")" 600 "nobody else may read it"
is "$(head -n -1 "$tap_dir/backup" | sha256sum | cut -d' ' -f1)" "$(tail -n 1 "$tap_dir/backup" | jq -r .sha256)" \
	"the sum is that of all lines before the last"
is "$(jq -c 'select(.counter)' "$tap_dir/backup")" '{"counter":"job","next":4}' "the counter is in it"
not_ok "jmha's own history is not" grep -F '~' "$tap_dir/backup"
store "$lead" export "$tap_dir/backup"
is $? 4 "the file is there already: exit 4"
store "$lead" export "$tap_dir/backup" --force
is $? 0 "with --force it is replaced"
ctl "$lead" store export >"$tap_dir/stdout" 2>/dev/null
is "$(lines "$tap_dir/stdout")" "$(lines "$tap_dir/backup")" "standard output: the same"
caught_up() { [ "$(status_field "$other" .store.sequence)" = "$(status_field "$lead" .store.sequence)" ]; }
until_ok 10 "the standby has read all" caught_up
store "$other" export "$tap_dir/standby"
is $? 0 "from a standby: exit 0"
ok "says so" said "$other does not lead"
is "$(lines "$tap_dir/standby")" "$(lines "$tap_dir/backup")" "the same lines"
offline "$tap_dir/offline"
is $? 0 "from the files alone: exit 0"
is "$(lines "$tap_dir/offline")" "$(lines "$tap_dir/backup")" "the same lines"
mkfifo "$tap_dir/pipe"
store "$lead" export "$tap_dir/pipe" --force
is $? 1 "nothing but a file is replaced: exit 1"
ok "it stays what it is" test -p "$tap_dir/pipe"
: >"$tap_dir/elsewhere"
ln -s elsewhere "$tap_dir/link"
store "$lead" export "$tap_dir/link"
is $? 4 "a symbolic link is there already: exit 4"
store "$lead" export "$tap_dir/link" --force
is "$? $(stat -c %F "$tap_dir/link")" "0 regular file" "with --force it is replaced"
not_ok "and not followed" test -s "$tap_dir/elsewhere"
ln -s "$cluster_dir/store" "$tap_dir/store-link"
"$bin/jmhactl" store export --storage "$tap_dir/store-link" -c "$cluster_name" --offline "$tap_dir/by-link" >/dev/null 2>&1
is "$? $(lines "$tap_dir/by-link")" "0 $(lines "$tap_dir/backup")" "a store that is reached by a symbolic link"
# Another user: one that owns the files, as jmha does, and one that may not read them.
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@" >"$tap_dir/said" 2>&1; }
offline_at() { # DIR FILE
	nobody "$bin/jmhactl" store export --offline --storage "$1" -c "$cluster_name" "$2"
}
chmod 711 "$tap_dir" "$cluster_dir"
if [ "$(id -u)" = 0 ] && nobody test -x "$bin/jmhactl"; then
	offline_at "$cluster_dir/store" -
	is $? 1 "a stranger cannot read the files: exit 1"
	ok "and is told who can" said "Permission denied; run this as root or as the daemon's user"
	mkdir "$tap_dir/owned"
	cp -a "$cluster_dir/store/$cluster_name" "$tap_dir/owned"
	chown -R 65534:65534 "$tap_dir/owned"
	offline_at "$tap_dir/owned" "$tap_dir/owned/backup"
	is "$? $(lines "$tap_dir/owned/backup")" "0 $(lines "$tap_dir/backup")" "their owner can"
	offline_at "$tap_dir/owned" "$cluster_dir/backup"
	is $? 1 "but writes no file where it may not: exit 1"
	ok "which is said" said "cannot write $cluster_dir/backup: Permission denied"
else
	skip "other users" "not run as root, or the build is where others see nothing"
fi
chmod 700 "$tap_dir"
store "$lead" export /nonexistent/file
is $? 1 "a directory that is not there: exit 1"

# ---- in again

store "$lead" import "$tap_dir/backup" --yes
is $? 0 "nothing has changed: exit 0"
ok "nothing to write" said "0 to write, $((n + 1)) there already"
store "$other" import "$tap_dir/backup" --yes
is $? 6 "not the leader: exit 6"
store "$other" import "$tap_dir/backup" --dry-run
is $? 0 "but it may be looked at"

for key in $(api "$lead" '/v1/pointers?prefix=' | jq -r '.pointers[].key'); do
	api "$lead" "/v1/pointers/$key" -X DELETE -o /dev/null
done
is "$(count_pointers)" 0 "all pointers are deleted"
"$bin/jmhactl" store export --offline --config "$(member_dir "$lead")/jmhad.conf" >"$tap_dir/offline" 2>/dev/null
is "$(jq -c 'select(.key or .end) | .key, .pointers' "$tap_dir/offline" 2>&1 | paste -sd' ')" "null 0" \
	"nor has an export of the files any"
head -c -20 "$tap_dir/backup" >"$tap_dir/cut"
store "$lead" import "$tap_dir/cut" --yes
is $? 1 "cut off within the last line: exit 1"
ok "says so" said 'cut off'
head -n -1 "$tap_dir/backup" >"$tap_dir/cut"
store "$lead" import "$tap_dir/cut" --yes
is $? 1 "cut off before the last line: exit 1"
sed '3s/jobs/jobz/' "$tap_dir/backup" >"$tap_dir/changed"
store "$lead" import "$tap_dir/changed" --yes
is $? 1 "a changed key: exit 1"
ok "says so" said 'sum is not that'
sed '1s/"version":1/"version":2/' "$tap_dir/backup" >"$tap_dir/changed"
store "$lead" import "$tap_dir/changed" --yes
is $? 1 "a later version: exit 1"
is "$(count_pointers)" 0 "nothing was written by any of them"
store "$lead" import "$tap_dir/backup" --dry-run
ok "a dry run says what would be" said "$n to write"
is "$(count_pointers)" 0 "and writes nothing"
store "$lead" import "$tap_dir/backup"
is $? 2 "without a terminal and --yes: exit 2"
for i in 1 2; do next_number job >/dev/null; done
store "$lead" import "$tap_dir/backup" --yes
is $? 0 "import: exit 0"
ok "every pointer is there, byte for byte" same_all "$lead"
get "$lead" jobs/nul >"$tap_dir/got"
ok "the one with a NUL" cmp "$tap_dir/got" "$tap_dir/nul"
get "$lead" jobs/big >"$tap_dir/got"
ok "the one of 64 KiB" cmp "$tap_dir/got" "$tap_dir/big"
is "$(next_number job)" 6 "the counter has not gone back"

# ---- what stands there

put "$lead" jobs/nul changed >/dev/null
store "$lead" import "$tap_dir/backup" --yes
is $? 4 "a pointer with another value: exit 4"
ok "and is named" said 'jobs/nul stands in the store with another value'
is "$(get "$lead" jobs/nul)" changed "it stays"
store "$lead" import "$tap_dir/backup" --yes --force
is $? 0 "with --force"
get "$lead" jobs/nul >"$tap_dir/got"
ok "it is overwritten" cmp "$tap_dir/got" "$tap_dir/nul"

# ---- many

many=30000
{
	printf '{"version":1,"cluster":"other","cluster_id":null,"epoch":3,"sequence":%d,"at_ms":1,"pointers":%d,"counters":1}\n' $many $many
	awk -v n=$many 'BEGIN { for (i = 1; i <= n; i++)
		printf "{\"key\":\"many/%05d\",\"revision\":1,\"value\":\"the value of many/%05d\"}\n", i, i }'
	printf '{"counter":"many","next":77}\n'
} >"$tap_dir/many"
sum=$(sha256sum <"$tap_dir/many" | cut -d' ' -f1)
printf '{"end":true,"pointers":%d,"counters":1,"sha256":"%s"}\n' $many "$sum" >>"$tap_dir/many"
begin=$(now_ms)
store "$lead" import "$tap_dir/many" --yes &
run=$!
some_there() { [ "$(count_pointers)" -gt 500 ]; }
until_ok 60 "some of $many pointers are written" some_there
kill -KILL "$(pgrep -P $run -f 'store import')" && wait $run 2>/dev/null
ok "killed on the way: not all are there" test "$(count_pointers)" -lt $many
# Seen from outside meanwhile: each record names a commit of after the look at the register.
ctl "$lead" store import "$tap_dir/many" --yes >"$tap_dir/imported" 2>&1 </dev/null &
run=$!
looks=0
while kill -0 $run 2>/dev/null; do
	"$bin/jmhactl" store verify --config "$(member_dir "$lead")/jmhad.conf" >"$tap_dir/verified" 2>&1 || break
	looks=$((looks + 1))
done
not_ok "verified $looks times beside an import: no error" grep '^error' "$tap_dir/verified"
wait $run
is $? 0 "once more: exit 0"
note "$many pointers in $(since "$begin") ms"
store "$lead" export "$tap_dir/many.out"
is $? 0 "and out again"
is "$(lines "$tap_dir/many.out" | grep many | sha256sum)" "$(lines "$tap_dir/many" | sha256sum)" "all are the same"
is "$(next_number many)" 77 "the counter goes on from there"

# ---- the order of a load: a job that can be seen has all that belongs to it

backup_of() { # NUMBER: so many of each kind, in a file
	{
		printf '{"version":1,"cluster":"other","cluster_id":null,"epoch":3,"sequence":1,"at_ms":1,"pointers":%d,"counters":%d}\n' $(($1 * 2)) "$1"
		for kind in jobs checkpoints; do
			for ((i = 1; i <= $1; i++)); do printf '{"key":"%s/o%05d","revision":1,"value":"%d"}\n' $kind $i $i; done
		done
		for ((i = 1; i <= $1; i++)); do printf '{"counter":"o%05d","next":%d}\n' $i $i; done
	} >"$tap_dir/order"
	printf '{"end":true,"pointers":%d,"counters":%d,"sha256":"%s"}\n' $(($1 * 2)) "$1" \
		"$(sha256sum <"$tap_dir/order" | cut -d' ' -f1)" >>"$tap_dir/order"
}
backup_of 300
store "$lead" import "$tap_dir/order" --yes
is $? 0 "counters, checkpoints and jobs are imported"
api "$lead" '/v1/pointers?prefix=' >"$tap_dir/list"
revisions() { jq "[.pointers[] | select(.key | startswith(\"$1/o\")) | .revision] | \"\(length) \($2)\"" -r "$tap_dir/list"; }
read -r n last < <(revisions checkpoints max)
read -r m first < <(revisions jobs min)
is "$n $m" "300 300" "all are there"
ok "no job ($first and later) before the last checkpoint ($last)" test "$last" -lt "$first"
at() { cat "$cluster_dir/store/$cluster_name"/log/*.log | grep -abo -- "$1" | cut -d: -f1 | sort -n; } # in the log
ok "and no checkpoint before the last counter" test "$(at '~counter/o[0-9]*' | tail -n 1)" -lt "$(at 'checkpoints/o[0-9]*' | head -n 1)"

# ---- Ctrl-C

# Whoever ends it before there is a file, or when it is whole already, has missed it.
interrupted() { # SIGNAL
	local pid i
	for ((i = 0; i < 20; i++)); do
		rm -f "$tap_dir"/cut-short*
		env --default-signal="$1" "$bin/jmhactl" --socket "$(member_socket "$lead")" store export "$tap_dir/cut-short" >/dev/null 2>&1 &
		pid=$!
		until compgen -G "$tap_dir/cut-short*" >/dev/null || ! kill -0 $pid 2>/dev/null; do :; done
		kill -s "$1" $pid 2>/dev/null
		wait $pid
		code=$?
		[ $code -le 128 ] || return 0
	done
	return 1
}
for signal in INT TERM; do
	ok "SIG$signal while the file is written" interrupted $signal
	is "$code $(compgen -G "$tap_dir/cut-short*")" "$((128 + $(kill -l $signal))) " "nothing is left of it"
done
scenario_end 1
