#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A standby's JVM writes an archive of its classes, the next one starts with it; whatever is wrong with
# the file, the JobManager starts, and the file is made anew.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/flink_scenario.sh"
archives=$cluster_dir/archives
mkdir "$archives"
flink_jobmanager_settings="class_archive = \"$archives\";"
scenario_jmha jm-a jm-b
scenario_job

archive() { # of the member $1: the one file, whole by its name
	local files=("$archives/jmha-$1"-????????????????-*.jsa) bytes
	[ ${#files[@]} = 1 ] && [ -e "${files[0]}" ] || return 1
	bytes=${files[0]##*-}
	[ "$(stat -c %s "${files[0]}")" = "${bytes%.jsa}" ] && echo "${files[0]}"
}
started_anew() { local pid; pid=$(jobmanager_pid "$1") && [ "$pid" != "$2" ] && stands_by "$1"; } # MEMBER not-PID
restart() { # of $new, which stands by: sets $pid, $since
	pid=$(jobmanager_pid "$new")
	since=$(now_ms)
	kill -KILL "$pid"
	until_ok 120 "$1: the JobManager starts and stands by" started_anew "$new" "$pid"
	pid=$(jobmanager_pid "$new")
}
argument() { tr '\0' '\n' <"/proc/$pid/environ" | grep -o -- "$1"; }
maps_archive() { grep -q "$archives/jmha-$new-" "/proc/$pid/maps"; }
says() { [ -n "$(flink_event "$new" "$since" "$1")" ]; } # since its start
makes_one() { # WHY
	until_ok 180 "$1: a new archive is made, its size stands in its name" archive "$new"
	until_ok 60 "$1: it still stands by" stands_by "$new"
	is "$(jobmanager_pid "$new")" "$pid" "$1: the same process"
}

ready
pid=$(jobmanager_pid "$new")
makes_one "first start"
is "$(cd "$archives" && ls -d -- *-new.jsa* 2>/dev/null)" "" "nothing is left beside it"

restart "with an archive"
ok "the JVM is given it" argument "-XX:SharedArchiveFile=$(archive "$new")"
ok "the JVM has mapped it" maps_archive
until_ok 60 "it says so" says "class archive .* is in use"
ready
kill -KILL "$(jobmanager_pid "$old")"
taken_over "kill -9 of the JobManager"

# ---- whatever is wrong with it (the JobManager that was killed stands by now)
ready
pid=$(jobmanager_pid "$new")
makes_one "the other member"

file=$(archive "$new")
chmod u+w "$file"
for part in 1 2 3; do
	printf 'damaged!' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") * part / 4)) conv=notrunc status=none
done
restart "damaged"
until_ok 60 "damaged: the JVM refuses it, so it is removed" says "class archive .* was refused by this JVM"
not_ok "damaged: it is gone" archive "$new"
not_ok "damaged: it is not mapped" maps_archive
restart "after the damaged one"
ok "the JVM records" argument "-XX:+RecordDynamicDumpInfo"
makes_one "after the damaged one"

truncate -s 1M "$(archive "$new")"
restart "shortened"
not_ok "shortened: the JVM is not given it" argument "-XX:SharedArchiveFile"
makes_one "shortened"

file=$(archive "$new")
foreign=$archives/jmha-$new-0123456789abcdef-${file##*-}
mv "$file" "$foreign"
restart "of another Flink"
until_ok 60 "of another Flink: it is removed" says "class archive .* was made by another Flink or JVM"
not_ok "of another Flink: it is gone" test -e "$foreign"

# ---- a folder that nobody can write to, root neither
sed -i "s|class_archive = \".*\";|class_archive = \"/proc\";|" "$(member_dir "$new")/jmhad.conf"
ok "the member stops" member_stop "$new"
since=$(now_ms)
ok "the member starts" member_start "$new"
until_ok 120 "unwritable: the JobManager stands by" stands_by "$new"
until_ok 120 "unwritable: it says so" says "no class archive was made in /proc"
is "$(awk -v since="$since" '$1 >= since && /class archive/' "$(flink_log "$new")" | wc -l)" 1 "unwritable: one line"
ready
kill -KILL "$(jobmanager_pid "$old")"
taken_over "after all that"
done_testing
