#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# jmhactl savepoint compare: would a job start from there?
. "$(dirname "$0")/../lib/tap.sh"
command -v jq >/dev/null || skip_all "jq is missing"

jmhactl=$top_builddir/jmhactl
data=$top_srcdir/tests/data/flink-metadata
rocksdb=$data/counter-1.20.5-rocksdb-checkpoint
hashmap=$data/counter-1.20.5-hashmap-checkpoint
canonical=$data/counter-1.20.5-hashmap-savepoint-canonical
later=$data/counter-2.2.1-hashmap-savepoint-native
other=$data/new-stateful-udf-migration-itcase-flink1.17-rocksdb-checkpoint

# compare ARGUMENT...: sets $code, $out and $err.
compare()
{
	"$jmhactl" savepoint compare "$@" >"$tap_dir/out" 2>"$tap_dir/err"
	code=$?
	out=$(cat "$tap_dir/out")
	err=$(cat "$tap_dir/err")
}
says() { jq -r "$1" "$tap_dir/out"; } # of the JSON
# "error state-left-behind" .., each once
findings() { says '[.findings[] | "\(.severity) \(.code)"] | unique | join(", ")'; }

# ---- the same job

compare "$hashmap" "$later"
is "$code" 0 "the same job on a later Flink: exit 0"
is "$err" "" "and nothing on standard error"
like "$out" "^Old: Checkpoint 7 .*$hashmap$" "which is the old one"
like "$out" "^New: Native savepoint 7 .*$later$" "which the new one"
like "$out" '^Operators: 3 in the old one, 3 in the new one, 3 in both; state that only the old one has: 0 B$' "operators"
like "$out" '^A job with the operators of the new one would start from the old one: nothing found$' "a verdict"
compare "$canonical" "$rocksdb" --json --fail-on advice
is "$code $(findings)" "0 " "a canonical savepoint goes to each backend"

# ---- another one

compare "$rocksdb" "$other" --json
is "$code" 1 "another job: exit 1"
is "$(findings)" "error state-left-behind, warning starts-empty" "what is found"
is "$(says '[.operators.old, .operators.new, .operators.both, .left_bytes, .worst, .allow_non_restored_state] | join(" ")')" \
	"3 8 0 31964 error false" "JSON: counts, bytes and the worst"
is "$(says '[.findings[] | select(.code == "state-left-behind")] | length')" 2 "what has no state may be left behind"
is "$(says '[.findings[] | select(.code == "starts-empty")] | length')" 6 "what has no state cannot start empty"
is "$(says '.findings[0] | [has("object", "seen", "why", "advice", "step")] | all')" true "JSON: each tells why, and what to do"
compare "$rocksdb" "$other"
like "$out" '^2 errors:$' "the worst stands first"
like "$out" '\| state-left-behind \| operator 0da08f51eaa85fc298e176a139b3649a \| 31683 bytes of state, and no such operator in the job \|' "what was seen"
like "$out" '^  state-left-behind: Flink does not start the job: state would be lost$' "why"
like "$out" '^    What to do: give the operator the uid that it had' "what to do"
like "$out" 'would not start from the old one: 2 errors, 6 warnings$' "a verdict"
compare "$rocksdb" "$other" --allow-non-restored-state --json
is "$code $(findings)" "0 warning starts-empty, warning state-dropped" "with Flink's option it starts: exit 0"
compare "$rocksdb" "$other" --allow-non-restored-state --fail-on warning
is "$code" 1 "--fail-on warning: exit 1"

# ---- backends

compare "$rocksdb" "$hashmap" --json
is "$code $(findings)" "0 warning backend-may-differ" "RocksDB, then hashmap or full RocksDB: it may differ"
compare "$rocksdb" "$hashmap" --json --fail-on warning
is "$code" 1 "--fail-on warning: exit 1"

# ---- maximum parallelism: 128 of the first operator is 127 in a copy

at=$(LC_ALL=C grep -obUaP '\x00\x00\x00\x01\x00\x00\x00\x80' "$rocksdb" | head -n 1 | cut -d : -f 1)
cp "$rocksdb" "$tap_dir/other-maximum"
printf '\177' | dd of="$tap_dir/other-maximum" bs=1 seek=$((at + 7)) conv=notrunc status=none
compare "$rocksdb" "$tap_dir/other-maximum" --json
is "$code $(findings)" "0 warning max-parallelism-may-differ" "another maximum parallelism"
is "$(says '.findings[0].seen')" "maximum parallelism 128 in the state, 127 in the job" "with the numbers"

# ---- names

cat >"$tap_dir/uids" <<'END'
counter = The counter
numbers
nobody
END
compare "$rocksdb" "$other" --uids "$tap_dir/uids"
like "$out" '\| operator The counter \(0da08f51eaa85fc298e176a139b3649a\) \|' "by the list of uids"
is "$err" "jmhactl: $tap_dir/uids, line 3: no operator has the uid nobody" "what the list should not have"
compare "$other" "$later" --json
is "$(says '[.findings[] | select(.code == "starts-empty").object] | sort | join(", ")')" \
	"operator counter (0da08f51eaa85fc298e176a139b3649a), operator numbers (ca88eee0095684d687a1b6495617f957)" \
	"by the uids of a new file"

# ---- what cannot be compared

compare "$rocksdb" s3://bucket/chk-7
is "$code" 2 "one of them is elsewhere: exit 2"
head -c 1000 "$rocksdb" >"$tap_dir/cut"
compare "$tap_dir/cut" "$rocksdb" --json
is "$code" 1 "one of them is cut short: exit 1"
is "$out" "" "and nothing is shown"
like "$err" "^jmhactl: $tap_dir/cut, byte [0-9]+: " "but where it is wrong"
compare "$rocksdb"
is "$code" 2 "one is not enough: exit 2"

# A million comparisons would be too many.
"$top_builddir/tests/savepoint/large_metadata" 100000 1 0 >"$tap_dir/many"
begin=$(now_ms)
compare "$tap_dir/many" "$tap_dir/many"
note "100000 operators with 100000: $(($(now_ms) - begin)) ms"
like "$out" '^Operators: 100000 in the old one, 100000 in the new one, 100000 in both' "many operators"
done_testing
