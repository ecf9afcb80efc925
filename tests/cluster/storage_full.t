#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The storage is full (FAILURES 29): the change that does not fit is refused as storage-full, nothing
# half done, what is stored stays readable, and there is room again by itself.  Promises 1, 3, 6.
. "$(dirname "$0")/../lib/scenario.sh"
[ "$(id -u)" = 0 ] || skip_all "mounts need root"
mkdir -p "$cluster_dir/store"
mount -t tmpfs -o size=1m,mode=0755 jmha-test "$cluster_dir/store" 2>/dev/null || skip_all "no tmpfs can be mounted here"
at_exit_too() { umount -l "$cluster_dir/store"; }
scenario_start 2 -n 1 -F
old=$(leader)
put_all "$old" >/dev/null || give_up "pointers cannot be stored"
head -c 60000 /dev/urandom | base64 -w0 | head -c 60000 >"$tap_dir/big"
n=0
code=200
while [ $n -lt 40 ]; do
	who=$(cluster_until 20 leader) || break
	code=$(api "$who" "/v1/pointers/big/$n" -X PUT --data-binary @"$tap_dir/big" -o "$tap_dir/body" -w '%{http_code}')
	[ "$code" = 200 ] || break
	n=$((n + 1))
done
note "$n of 60000 bytes fitted, then $code $(cat "$tap_dir/body")"
is "$code" 507 "the one that does not fit is refused with 507"
is "$(body_field .error)" storage-full "as storage-full"
for name in "${members[@]}"; do note "$name: $(status_field "$name" .state) $(reasons "$name")"; done
until_ok 20 "somebody still leads" leader
who=$(leader)
until_ok 10 "it serves every pointer" same_all "$who"
ok "the last one that fitted, byte for byte" eval 'get "$who" big/'$((n - 1))' | cmp - "$tap_dir/big"'
is "$(get_code "$who" "big/$n")" 404 "the refused one is not there"
mount -o remount,size=8m "$cluster_dir/store"
for name in "${members[@]}"; do until_ok 60 "room again: $name is eligible" is_eligible "$name"; done
works() { who=$(leader) && [ "$(put "$who" jobs/after x)" = 200 ]; }
until_ok 30 "changes are taken again" works
matrix 29 "the storage is full" "507, nothing half done; works again when there is room" "507 after $n values"
ok "every pointer is there (P3)" same_all "$(leader)"
scenario_end 1
