#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The elector is killed at each step of a commit, and of what goes with it: takeover, re-attach, snapshot,
# cleaning (base/fault_point.h; FAILURES 1).  A client writes all the time.  Afterwards every change that was
# acknowledged is there with its revision, the others wholly or not at all, no file of a dead elector is
# written to again, and the term goes on.  Promises 2, 3, 4, 9.
#   PASSES="1 2" tests/cluster/steps.t     at the second time that it comes to each step, too
cluster_storage='snapshot_kib = 16;'
. "$(dirname "$0")/../lib/scenario.sh"
. "$top_srcdir/tests/lib/steps.sh"
passes=${PASSES:-1}
scenario_start 2 -n 1 -F

dies_writing() { # POINT PASS
	local name elector term
	name=$(leader) && elector=$(elector_pid "$name") && term=$(the_term "$name")
	begin_step
	guard_stop "$name" # so that there is time to look at what it leaves
	arm "$name" "$1" "$2" kill
	write_until "$name" fired "$name" && demand "dead" gone "$elector"
	note_files
	guard_cont "$name"
	goes_on "$name" "$term"
	end_step "$1, pass $2: killed under writes"
}

dies_resuming() { # POINT
	local name elector term
	name=$(leader) && elector=$(elector_pid "$name") && term=$(the_term "$name")
	begin_step
	guard_stop "$name"
	arm "$name" "$1" 1 kill
	begin_volley "$name"
	kill -KILL "$elector"
	demand "dead" gone "$elector"
	note_files
	guard_cont "$name"
	demand "come to the point" fired "$name"
	goes_on "$name" "$term"
	end_step "$1: killed when it resumes"
}

has_jobmanager() { kill -0 "$(status_field "$1" .jobmanager.pid)"; }
dies_taking_over() { # POINT
	local name other asking who
	name=$(leader) && other=$(standbys "$name")
	begin_step
	demand "eligible" others_eligible "$name"
	arm "$other" "$1" 1 kill
	ctl "$name" step-down --yes >/dev/null 2>&1 &
	asking=$!
	demand "come to the point" fired "$other"
	who=$(cluster_until 60 leader) || wrong+="nobody leads; "
	wait $asking
	accepts "$who"
	settle_changes "$who"
	demand "with a JobManager" has_jobmanager "$who"
	if [ "$who" != "$other" ]; then # its guard would wait longer each time (C2)
		member_stop "$other"
		member_start "$other"
	fi
	demand "back" is_eligible "$other"
	demand "back" is_eligible "$name"
	end_step "$1: killed when it takes over; $who leads"
}

for point in $(points_of write); do
	for pass in $passes; do dies_writing "$point" "$pass"; done
done
for point in $(points_of resume load); do dies_resuming "$point"; done
for point in $(points_of takeover load); do dies_taking_over "$point"; done
if [ "$passes" != 1 ]; then
	for point in $(points_of write | grep '^segment_'); do dies_taking_over "$point"; done
fi

# A kind that nobody knows would be driven by nobody.
is "$(sed -n 's/^[ 	]*X([a-z_]*, \([a-z]*\), .*/\1/p' "$top_srcdir/base/fault_point.h" | sort -u | tr '\n' ' ')" \
	"late load resume takeover unknown write " "each kind of step is driven, here or in steps_late.t"

read_anew
scenario_end 2
