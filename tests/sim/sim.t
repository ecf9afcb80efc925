#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Thousands of simulated schedules; one that fails is made small and told in full.
# JMHA_SIM_RUNS=n: more.
. "${top_srcdir:=.}/tests/lib/tap.sh"

sim=$top_builddir/tests/sim/sim
runs=${JMHA_SIM_RUNS:-12000}
test -z "$INSTRUMENTED" || runs=$((runs / 16))

ok "promises 1-9 hold in $runs schedules" "$sim" -s 1 -n "$runs"
note "$(tail -n 1 "$tap_dir/out")"

for case in $("$sim" -l); do
	ok "and in $((runs / 20)) schedules around $case" "$sim" -c "$case" -n $((runs / 20))
done
for plan in "$top_srcdir"/tests/sim/found/*.plan; do
	ok "and in $((runs / 50)) of what was found once: $(basename "$plan" .plan)" \
		"$sim" -f "$plan" -n $((runs / 50))
done

test -n "$INSTRUMENTED" ||
	ok "each fault struck, each request was lost before and after its commit, touches with two T met" \
		"$sim" -s 7000000 -a -t -n 6000

"$sim" -s 7 -n 300 >"$tap_dir/first"
"$sim" -s 7 -n 300 >"$tap_dir/second"
ok "the same seeds are the same runs" cmp "$tap_dir/first" "$tap_dir/second"

not_ok "a wrong option is refused" "$sim" -x
not_ok "what is no plan is refused" "$sim" -f "$top_srcdir/tests/sim/sim.t"
done_testing
