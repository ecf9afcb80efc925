#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Under libFuzzer, with address and undefined behaviour sanitizers: the corpus of each target, and
# some seconds of new inputs (FUZZ_RUNS).  Without a build for it: tests/fuzz/replay alone.
. "$(dirname "$0")/../lib/tap.sh"

fuzz=$top_builddir/tests/fuzz/fuzz
test -x "$fuzz" || skip_all "not built with --enable-fuzz"
corpus=$top_srcdir/tests/fuzz/corpus
limits='-timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=64 -max_len=3000'

# on TARGET ARGUMENT...: libFuzzer; what breaks the target goes to the log.
# shellcheck disable=SC2086
on()
{
	target=$1
	shift
	FUZZ_TARGET=$target "$fuzz" $limits "-artifact_prefix=$tap_dir/$target-" "$@" >"$tap_dir/log" 2>&1
	r=$?
	grep -av '^#.* cov: ' "$tap_dir/log"
	return $r
}

for target in $(cd "$corpus" && ls); do
	mkdir "$tap_dir/new-$target"
	ok "$target: the corpus" on "$target" -runs=0 "$corpus/$target"
	is "$(grep -c 'corpus size\|^INFO: seed corpus: files: [1-9]' "$tap_dir/out")" 1 "$target: there is one"
	# Always the same ones: a check finds what its commit has broken (make fuzz finds the rest).
	ok "$target: new inputs" on "$target" -seed=1 "-runs=${FUZZ_RUNS-3000}" -max_total_time=3 "$tap_dir/new-$target" \
		"$corpus/$target" || note "the input: $(base64 -w 0 "$tap_dir/$target"-* 2>/dev/null)"
done

not_ok "known bad: no such target" on none -runs=0
# 1 of 2^32 inputs: found by who sees which bytes lead on.
mkdir "$tap_dir/new-known"
not_ok "known bad: a target that four bytes break" on known_bad -seed=1 -runs=2000000 "$tap_dir/new-known"
like "$(cat "$tap_dir/out")" 'does not hold' "and it was these bytes"
done_testing
