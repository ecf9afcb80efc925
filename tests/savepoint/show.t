#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# jmhactl savepoint show on real files, on broken ones, and on what is no file.
. "$(dirname "$0")/../lib/tap.sh"
command -v jq >/dev/null || skip_all "jq is missing"

jmhactl=$top_builddir/jmhactl
data=$top_srcdir/tests/data/flink-metadata
canonical=$data/counter-1.20.5-rocksdb-savepoint-canonical # needs one file, by a relative name
needed=d764fe95-11d9-46a9-ac34-f0d2e38141e4
sp=$tap_dir/savepoint-c0ffee

# show ARGUMENT...: sets $code, $out and $err.
show()
{
	"$jmhactl" savepoint show "$@" >"$tap_dir/out" 2>"$tap_dir/err"
	code=$?
	out=$(cat "$tap_dir/out")
	err=$(cat "$tap_dir/err")
}
says() { jq -r "$1" "$tap_dir/out"; } # of the JSON

# ---- a whole savepoint

mkdir "$sp"
cp "$canonical" "$sp/_metadata"
truncate -s 26879 "$sp/$needed"
show "$sp"
is "$code" 0 "a whole savepoint: exit 0"
is "$err" "" "and nothing on standard error"
like "$out" "^Canonical savepoint 7 \(format version 4, 2\.4 KiB\): $sp/_metadata$" "its kind, number, format, size"
like "$out" '\| 0da08f51eaa85fc298e176a139b3649a \| +1 \| +128 \|.* 26\.2 KiB .*\| any \(canonical\) \|$' "an operator"
like "$out" '\| 2e588ce1c86a9d46e2e85186773ce4fd \|.*\| +none \|' "one without state"
like "$out" '^3 operators, 26\.5 KiB of state, 281 B of it in the file itself$' "all state"
like "$out" '^State backend: any \(canonical\)$' "the backend"
like "$out" '^Needs 1 other file, 26\.2 KiB: 1 there$' "its file"
for where in "$sp/" "$sp/_metadata" "file:$sp" "file://$sp/_metadata"; do
	show "$where"
	is "$code" 0 "taken as ${where%"${where#??????}"}.."
done
(cd "$sp" && "$jmhactl" savepoint show _metadata >"$tap_dir/out" 2>&1)
is $? 0 "relative names are looked for beside the file, wherever one stands"
show "$sp" --files
like "$out" "\| $sp/$needed \| there \| 26\.2 KiB \| 26\.2 KiB \|" "--files lists what is there, too"
show "$sp" --json
is "$code" 0 "JSON: exit 0"
is "$(says '[.kind, .version, .checkpoint_id, .state_bytes, .inline_bytes, .backend] | join(" ")')" \
	"savepoint-canonical 4 7 27160 281 any" "JSON: bytes, and words"
is "$(says '.files | [.needed, .there, .missing, (.list | length), .all] | join(" ")')" "1 1 0 0 false" "JSON: files"
is "$(says '.operators[] | select(.state.keyed > 0) | [.id, .uid, .max_parallelism] | tostring')" \
	'["0da08f51eaa85fc298e176a139b3649a",null,128]' "JSON: an operator"

show "$data/new-stateful-udf-migration-itcase-flink1.17-hashmap-checkpoint"
like "$out" '^State backend: changelog: hashmap or RocksDB$' "changes alone do not tell the backend"

# ---- files that are not what they should be

truncate -s 26878 "$sp/$needed"
show "$sp"
is "$code" 1 "a byte too short: exit 1"
like "$out" ': 0 there, 1 shorter than needed$' "it is told"
like "$out" "\| $sp/$needed \| short \| 26\.2 KiB \| 26\.2 KiB \|" "and listed"
rm "$sp/$needed"
show "$sp" --json
is "$code" 1 "missing: exit 1"
is "$(says '.files.list[] | [.path, .name, .location, .state, .bytes, .has] | tostring')" \
	"[\"$sp/$needed\",\"$needed\",\"relative\",\"missing\",26879,null]" "JSON: which"
mkfifo "$sp/$needed"
show "$sp"
is "$code" 1 "a FIFO in its place: exit 1, at once"
rm "$sp/$needed"
ln -s "$needed" "$sp/$needed"
show "$sp"
is "$code" 1 "one that cannot be looked at: exit 1"
like "$out" ', 1 that could not be looked at$' "it is told"
like "$out" 'not-looked-at \|.*Too many levels of symbolic links' "and why"
rm "$sp/$needed"
show "$data/new-stateful-udf-migration-itcase-flink1.17-rocksdb-checkpoint"
is "$code" 1 "85 are missing: exit 1"
is "$(echo "$out" | grep -c '| missing |')" 20 "20 of them are listed"
like "$out" '^and 65 more: --files or --json shows all$' "and how many more there are"
show "$data/new-stateful-udf-migration-itcase-flink1.17-rocksdb-checkpoint" --files
is "$(echo "$out" | grep -c '| missing |')" 85 "--files lists them all"

# ---- no _metadata file

# fails CODE PATH REGEX WHAT
fails()
{
	show "$2"
	is "$code" "$1" "$4: exit $1"
	like "$err" "$3" "$4: it is told"
	is "$out" "" "$4: nothing is shown"
}
fails 2 s3://bucket/chk-7 '^jmhactl: s3://bucket/chk-7 is not on this host \(s3\): copy its _metadata file here' "elsewhere"
fails 1 "$tap_dir/none" "^jmhactl: cannot read $tap_dir/none: No such file or directory" "nothing there"
mkdir "$tap_dir/empty"
fails 1 "$tap_dir/empty" "there is no _metadata file in $tap_dir/empty" "an empty directory"
mkfifo "$tap_dir/fifo"
fails 1 "$tap_dir/fifo" "fifo is no regular file" "a FIFO"
fails 1 /dev/zero "/dev/zero is no regular file" "a device"
truncate -s 1073741825 "$tap_dir/huge"
fails 1 "$tap_dir/huge" "has 1073741825 bytes, and no more than 1073741824 are read" "a huge file"
: >"$tap_dir/nothing"
fails 1 "$tap_dir/nothing" "nothing, byte 0: " "an empty file"
fails 1 "$top_srcdir/README.md" "byte 0: no checkpoint or savepoint: its first four bytes" "a text"
head -c 1000 "$canonical" >"$tap_dir/cut"
fails 1 "$tap_dir/cut" "cut, byte [0-9]+: .*\(operator [0-9]+, " "one that was cut short"

# Each byte of it flipped: it is read or refused, and never more than that.
size=$(stat -c %s "$canonical")
at=0 refused=0
: >"$tap_dir/odd"
while test $at -lt "$size"; do
	byte=$(od -An -tu1 -j $at -N 1 "$canonical" | tr -d ' ')
	cp "$canonical" "$tap_dir/flipped"
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((byte ^ 255)))" | dd of="$tap_dir/flipped" bs=1 seek=$at conv=notrunc status=none
	"$jmhactl" savepoint show "$tap_dir/flipped" --json >"$tap_dir/out" 2>"$tap_dir/err"
	code=$?
	if test -s "$tap_dir/out"; then
		jq -e .operators "$tap_dir/out" >/dev/null || echo "byte $at: no JSON"
	else
		refused=$((refused + 1))
		grep -q 'flipped, byte [0-9]*: ' "$tap_dir/err" || echo "byte $at: no reason"
	fi >>"$tap_dir/odd"
	test $code -le 1 || echo "byte $at: exit $code" >>"$tap_dir/odd"
	at=$((at + 29))
done
is "$(cat "$tap_dir/odd")" "" "a flipped byte: JSON, or a reason"
test $refused -gt 5 && pass "some of them are refused ($refused)"

# ---- uids

cat >"$tap_dir/uids" <<'END'
# of the job
numbers
counter = The counter
sink
nobody
sink
END
show "$canonical" --uids "$tap_dir/uids"
like "$out" '\| 0da08f51eaa85fc298e176a139b3649a \| counter \| The counter \|' "a name of the list"
like "$out" '\| 2e588ce1c86a9d46e2e85186773ce4fd \| sink    \|' "a uid of the list"
is "$err" "jmhactl: $tap_dir/uids, line 5: no operator has the uid nobody
jmhactl: $tap_dir/uids, line 6: the list has this uid already: sink" "what the list should not have"
show "$canonical" --uids "$tap_dir/uids" --json
is "$(says '.warnings | length')" 2 "JSON: the same"
is "$(says '[.operators[].uid_from] | unique | tostring')" '["list"]' "JSON: where uids come from"
show "$data/counter-2.2.1-hashmap-savepoint-native"
like "$out" '\| numbers \| Source: numbers \|' "a file of Flink 2.x has them"
printf 'a\n\377\n' >"$tap_dir/bad-uids"
show "$canonical" --uids "$tap_dir/bad-uids"
is "$code" 1 "a list that is no text: exit 1"
like "$err" "bad-uids, line 2: this is no UTF-8 text" "by its line"
show "$canonical" --uids "$tap_dir/fifo"
is "$code" 1 "a FIFO as a list: exit 1"

# ---- large ones

"$top_builddir/tests/savepoint/large_metadata" 4 50 1000 >"$tap_dir/large"
begin=$(now_ms)
show "$tap_dir/large" --json
note "$(stat -c %s "$tap_dir/large") bytes, 200000 files: $(($(now_ms) - begin)) ms"
is "$code" 0 "files elsewhere are none that is missing: exit 0"
is "$(says '.files | [.needed, .elsewhere.s3, (.list | length)] | tostring')" "[200000,200000,0]" "all are counted"
show "$tap_dir/large"
like "$out" ': 0 there, 200000 not looked at \(s3\)$' "and told"
"$top_builddir/tests/savepoint/large_metadata" 2000 1 0 >"$tap_dir/many"
show "$tap_dir/many"
like "$out" '^and 1500 more: --json shows all$' "of very many operators the first are shown"
done_testing
