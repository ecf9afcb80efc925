#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The judge of the counting job sees each way of counting wrongly, and only that.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/tests/lib/tap.sh"

# lines FILE: a job that takes two checkpoints, is restored from the second, and ends.
lines()
{
	cat <<-'END'
		1000 aaaa start restored=- attempt=0 count=0 sum=0
		1100 aaaa snapshot checkpoint=1 count=10 sum=45
		1110 aaaa complete checkpoint=1 count=11 sum=55
		1200 aaaa snapshot checkpoint=2 count=20 sum=190
		1210 aaaa complete checkpoint=2 count=21 sum=210
		1300 aaaa snapshot checkpoint=3 count=30 sum=435
		2000 bbbb start restored=2 attempt=0 count=20 sum=190
		2100 bbbb count count=25 sum=300
		2200 bbbb snapshot checkpoint=4 count=30 sum=435
		2210 bbbb complete checkpoint=4 count=31 sum=465
		2300 bbbb end count=40 sum=780
	END
}
judge() { "$top_srcdir/tests/flink/ledger" "$tap_dir/ledger" "$@"; }
# altered WHAT SED-SCRIPT [OPTIONS]: the same with one thing changed must be refused.
altered()
{
	lines | sed "$2" >"$tap_dir/ledger"
	what=$1
	shift 2
	not_ok "refused: $what" judge "$@"
}

lines >"$tap_dir/ledger"
ok "a job that went on from its last checkpoint and ended" judge -r 1 -e
is "$(judge -r 1)" "starts=2 restores=1 count=40 checkpoint=4 restored=2 count_restored=20" "what it says of it"
not_ok "refused: one restore, not two" judge -r 2
not_ok "refused: one restore, not none" judge -r 0
not_ok "refused: one restore, not at least two" judge -r 2+
ok "at least one" judge -r 1+

# Its notice may be lost with the JobManager that completed it.
lines | sed 's/restored=2 attempt=0 count=20 sum=190/restored=3 attempt=0 count=30 sum=435/
	/bbbb count/d; /bbbb snapshot/s/.*/2200 bbbb snapshot checkpoint=4 count=33 sum=528/
	/bbbb complete/s/.*/2210 bbbb complete checkpoint=4 count=34 sum=561/' >"$tap_dir/ledger"
ok "restored from one whose completion nobody was told" judge -r 1 -e

altered "an older checkpoint than the last one" \
	's/restored=2 attempt=0 count=20 sum=190/restored=1 attempt=0 count=10 sum=45/'
altered "a checkpoint that nobody took" 's/restored=2/restored=9/'
altered "from nothing, after a checkpoint" 's/restored=2 attempt=0 count=20 sum=190/restored=- attempt=0 count=0 sum=0/'
altered "another count than the checkpoint's" 's/attempt=0 count=20/attempt=0 count=19/'
altered "another sum than the checkpoint's" '/snapshot checkpoint=2/s/190/191/'
altered "what the job itself found wrong" '8a 2150 bbbb wrong what=lost value=31 expected=26'
altered "a count that goes back within one life" 's/2100 bbbb count count=25/2100 bbbb count count=15/'
altered "a job that did not end" '/ end /d' -e
altered "a job that never ran" d
done_testing
