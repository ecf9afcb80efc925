#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two clusters that share what they must not (FAILURES 41; A11): the second finds the storage, or the
# znodes, of the first, refuses and says what to correct.  The first one goes on.  Promises 1, 2, 3.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 1 -n 1 -F
put_all jm-a >/dev/null || give_up "pointers cannot be stored"
epoch=$(status_field jm-a .epoch)
sums=$(store_sums)

# Same storage, same cluster name, but another root in ZooKeeper.
member_make jm-b
sed -i 's|zookeeper: {|zookeeper: { root = "/elsewhere";|' "$(member_dir jm-b)/jmhad.conf"
member_start jm-b
until_ok 20 "another root: not eligible, register-lost" has_reason jm-b register-lost
note "$(last_error jm-b)"
not_ok "no register is made there" zk get "/elsewhere/$cluster_name/register"
like "$(last_error jm-b 5)" 'zookeeper\.root' "the message names zookeeper.root"
member_stop jm-b

# Same znodes, another storage that is fresh.
mkdir "$cluster_dir/store2"
member_make jm-c
sed -i "s|$cluster_dir/store\"|$cluster_dir/store2\"|" "$(member_dir jm-c)/jmhad.conf"
member_start jm-c
until_ok 20 "an empty storage: not eligible, storage-missing" has_reason jm-c storage-missing
note "$(last_error jm-c)"
is "$(find "$cluster_dir/store2" -type f | wc -l)" 0 "nothing is made there"
like "$(last_error jm-c 5)" 'storage\.path' "the message names storage.path"
member_stop jm-c

# Same znodes, the storage of another cluster.
mkdir "$cluster_dir/store2/$cluster_name"
printf '{"version": 1, "cluster_id": "%032d"}\n' 7 >"$cluster_dir/store2/$cluster_name/CLUSTER"
member_start jm-c
until_ok 20 "the storage of another cluster: foreign-storage" has_reason jm-c foreign-storage
note "$(last_error jm-c)"
member_stop jm-c

is "$(status_field jm-a '"\(.state) \(.epoch)"')" "leader $epoch" "the first cluster goes on"
matrix 41 "two clusters on one storage, or one tree of znodes" "the second is refused with the reason; the first goes on" \
	"register-lost, storage-missing, foreign-storage"
ok "with every pointer (P3)" same_all jm-a
is "$(store_sums)" "$sums" "not a byte of its store has changed"
scenario_end 1
