#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ZooKeeper comes back from an old backup, or without its data (FAILURES 20, A11): nobody is granted
# an epoch again, nothing of the store is touched, each member says why; with the newest data all is
# as before.  Promises 1, 2, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 3 -F
zk_restart_with() { # [FROM]: as an operator would, with the daemons running
	ensemble kill-all && ensemble restore "$@" && ensemble start-all
}
put_all "$(leader)" >/dev/null || give_up "pointers cannot be stored"
ensemble kill-all
ensemble save "$tap_dir/old"
ensemble start-all
ok "the ensemble was stopped for a backup" settle

# Two more terms and another pointer, which that backup does not know.
ok "a hand-over" ctl "$(leader)" switchover --yes
settle || give_up "not settled"
put "$(leader)" after/backup x >"$tap_dir/code"
is "$(cat "$tap_dir/code")" 200 "a pointer"
epoch=$(status_field "$(leader)" .epoch)
ensemble kill-all
ensemble save "$tap_dir/new"
for name in "${members[@]}"; do
	no_job() { gone "$(jobmanager_pid "$name")"; }
	until_ok 20 "$name runs no JobManager any more" no_job
done
stored=$(store_sums)

refused() { # WHAT REASON
	local begin=$1 what=$2 reason=$3
	for name in "${members[@]}"; do
		until_ok 40 "$what: $name is not eligible, $reason" has_reason "$name" "$reason"
		not_ok "$what: $name does not lead" is_leader "$name"
		ok "$what: explain on $name says what to do" eval 'ctl $name explain 2>&1 | grep -iE "restore|backup|register"'
	done
	is "$(store_sums)" "$stored" "$what: not a byte of the store has changed"
	matrix 20 "$what" "refused with the reason; nobody leads" "$(reasons jm-a) on every member" "$(since "$begin")"
}
begin=$(now_ms)
ok "an old backup is restored" zk_restart_with "$tap_dir/old"
refused "$begin" "ZooKeeper restored from an older backup" register-rolled-back
begin=$(now_ms)
ok "the data is wiped" zk_restart_with
refused "$begin" "ZooKeeper without its data" register-lost
not_ok "no register is made (A11)" register
begin=$(now_ms)
ok "the newest data is restored" zk_restart_with "$tap_dir/new"
until_ok 60 "somebody leads by itself" settle
matrix 20 "the newest data restored" "somebody leads, higher epoch" "$(leader) leads" "$(since "$begin")"
ok "under a higher epoch" has_epoch_above "$(leader)" "$epoch"
ok "every pointer is there (P3)" same_all "$(leader)"
is "$(get "$(leader)" after/backup)" x "the last one, too"
scenario_end 3
