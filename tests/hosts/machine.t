#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The machine of this folder itself: a real systemd boots, knows Type=notify, the watchdog and
# ExecStopPost, and delegates a cgroup to another user.  What systemd.t then builds upon.
. "$(dirname "$0")/../lib/tap.sh"

machine=$top_srcdir/tests/hosts/machine
why=$("$machine" possible) || skip_all "$why"
mkdir "$tap_dir/m"
at_exit() { "$machine" stop "$tap_dir/m"; }

cat >"$tap_dir/toy.service" <<'EOF'
[Service]
Type=notify
NotifyAccess=all
User=nobody
Delegate=yes
RuntimeDirectory=toy
RuntimeDirectoryPreserve=yes
KillMode=mixed
WatchdogSec=2
WatchdogSignal=SIGKILL
ExecStart=/bin/sh -c 'mkdir /sys/fs/cgroup/system.slice/toy.service/below && systemd-notify --ready --status=alive && while sleep 0.3; do systemd-notify WATCHDOG=1; done'
ExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT >>/run/toy/ended'
EOF
inside() { "$machine" run "$tap_dir/m" "$@"; }
show() { inside systemctl show --value -p "$1" toy; }

ok "it boots" "$machine" boot "$tap_dir/m" sh -c 'cp "$0" "$1/etc/systemd/system/"' \
	"$tap_dir/toy.service" || done_testing
ok "starts a service that reports when it is ready" inside systemctl start toy
is "$(show StatusText)" alive "its status line is there"
is "$(show WatchdogUSec)" 2s "its watchdog is armed"
ok "it may make cgroups below its own" inside test -d /sys/fs/cgroup/system.slice/toy.service/below
is "$(inside stat -c %U /sys/fs/cgroup/system.slice/toy.service/below)" nobody "they belong to it"

pid=$(show MainPID)
inside kill -STOP "$pid"
until_ok 20 "stopped, it is killed by the watchdog" inside grep -qx watchdog /run/toy/ended
inside systemctl reset-failed toy
inside systemctl start toy
inside kill -KILL "$(show MainPID)"
until_ok 10 "killed, ExecStopPost runs" inside grep -qx signal /run/toy/ended
inside systemctl start toy
ok "it is stopped" inside systemctl stop toy
until_ok 10 "ExecStopPost runs then, too" inside grep -qx success /run/toy/ended
is "$(inside ip -br link 2>/dev/null | awk '{ print $1 }' | tr '\n' ' ')" "lo " "its network is its own"

"$machine" stop "$tap_dir/m"
is "$(find /sys/fs/cgroup -name "$(cat "$tap_dir/m/name")" 2>/dev/null)" "" "nothing of it is left"
done_testing
