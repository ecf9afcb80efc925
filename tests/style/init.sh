#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What jmhactl init writes, jmhad takes; and both end the same way where jmhad would refuse.
. "$(dirname "$0")/lib.sh"

jmhactl=$top_builddir/jmhactl
jmhad=$top_builddir/jmhad

# init NAME OPTION...: into $tap_dir/NAME, output in $tap_dir/said.
init()
{
	name=$1
	shift
	"$jmhactl" init -c "$name" --output "$tap_dir/$name" --member jm-a --storage /mnt/ha/jmha \
		--zookeeper zk1:2181,zk2:2181,zk3:2181 --yes "$@" >"$tap_dir/said" 2>&1
}
taken() { "$jmhad" --check-config "$1"; }

ok "cold: init" init cold --mode cold
ok "cold: jmhad takes it" taken "$tap_dir/cold/cold.conf"
ok "application mode: init" init application --mode cold --job-classname com.example.Orders \
	--listen '[::]:9180' --tick-ms 500
ok "application mode: jmhad takes it" taken "$tap_dir/application/application.conf"
ok "odd characters: init" init odd --mode cold --flink-home '/opt/a "b\c' --admin-group 'a\"b'
ok "odd characters: jmhad takes it" taken "$tap_dir/odd/odd.conf"

# Hot mode, the default.
hot='--flink-storage /mnt/ha/flink --peers jm-a:9180,jm-b:9180'
# shellcheck disable=SC2086
init hot $hot
is $? 0 "hot: init"
ok "hot: jmhad takes it" taken "$tap_dir/hot/hot.conf"
ok "hot: lines for Flink" grep -q '^high-availability.type: io.jmha' "$tap_dir/hot/hot.flink.yaml"

# Known bad, for both.
init bad --mode cold --tick-ms 100
is $? 7 "known bad: init refuses a tick that no ensemble has"
sed 's/tick_ms = 2000/tick_ms = 6000/' "$tap_dir/cold/cold.conf" >"$tap_dir/bad.conf"
not_ok "known bad: jmhad refuses it, too" taken "$tap_dir/bad.conf"
done_testing
