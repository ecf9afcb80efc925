#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What guard and JobManager need works inside the unit's sandbox, and what it is there to prevent
# does not.  The unit is the real one; a drop-in runs a probe in place of the daemon.
. "$(dirname "$0")/../lib/tap.sh"

machine=$top_srcdir/tests/hosts/machine
why=$("$machine" possible) || skip_all "$why"
m=$tap_dir/m
mkdir "$m"
at_exit() { "$machine" stop "$m"; }
inside() { "$machine" run "$m" "$@"; }

cat >"$tap_dir/probe" <<'EOF'
#!/bin/bash
# "name: yes" for what works
try() { local name=$1; shift; if "$@" >/dev/null 2>&1; then echo "$name: yes"; else echo "$name: no"; fi; }
own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
echo "user: $(id -un)"
echo "oom: $(cat /proc/self/oom_score_adj)"
echo "locked: $(ulimit -l)"
try cgroup mkdir "$own/jobmanager"
try cgroup-kill sh -c "test ! -e $own/jobmanager/cgroup.procs || echo 1 >$own/jobmanager/cgroup.kill"
try cgroup-move sh -c "echo \$\$ >$own/jobmanager/cgroup.procs"
try lock /opt/probe/lock
try fifo chrt -f 1 true
try fifo-beyond chrt -f 50 true
try oom-up sh -c 'echo 0 >/proc/self/oom_score_adj'
for d in /srv/ha /run/jmha/probe /var/lib/jmha /var/log/jmha /tmp; do
	try "write-$d" touch "$d/probe"
done
for d in /etc /usr /opt /var/spool /root /sys/kernel; do
	try "write-$d" touch "$d/probe"
done
try "resolve" getent hosts localhost
try "mount" mount -t tmpfs tmpfs /mnt
try "userns" unshare --user true
try "ptrace-others" cat /proc/1/environ
try java java -XshowSettings:all -version
exit 0
EOF
cat >"$tap_dir/lock.c" <<'EOF'
#define _GNU_SOURCE
#include <sys/mman.h>
int main(void) { return mlockall(MCL_CURRENT | MCL_ONFAULT) < 0; }
EOF
cat >"$tap_dir/drop-in" <<'EOF'
[Service]
Type=oneshot
WatchdogSec=0
Restart=no
ExecStart=
ExecStart=/opt/probe/probe
ExecStopPost=
StandardOutput=file:/run/probe.out
StandardError=inherit
EOF
cat >"$tap_dir/install" <<'EOF'
#!/bin/sh
set -e
make -s -C "$top_builddir" install-systemdsystemunitDATA install-sysusersDATA install-tmpfilesDATA \
	DESTDIR="$1" >/dev/null
systemd-sysusers --root="$1"
from=$(dirname "$0")
install -D -m 755 "$from/probe" "$1/opt/probe/probe"
${CC:-gcc} -o "$1/opt/probe/lock" "$from/lock.c"
install -D -m 644 "$from/drop-in" "$1/etc/systemd/system/jmhad@probe.service.d/probe.conf"
install -d -m 755 "$1/srv"
EOF
chmod +x "$tap_dir/install"
ok "the unit is installed and the machine boots" "$machine" boot "$m" "$tap_dir/install" || done_testing
inside install -d -o jmha -g jmha /srv/ha
ok "the probe runs in it" inside systemctl start jmhad@probe || note "$(inside journalctl --no-pager -n 30)"
inside cat /run/probe.out >"$tap_dir/probe.out"

# A host that gave up CAP_SYS_RESOURCE (some virtual machines do) cannot raise a limit for anybody.
may_raise=no
if inside sh -c 'echo -1 >/proc/self/oom_score_adj' 2>/dev/null; then may_raise=yes; fi

while read -r what expected why; do
	case $what:$may_raise in
	oom:no | locked:no | fifo:no)
		skip "$what: $expected, $why" "this host has no CAP_SYS_RESOURCE"
		continue
		;;
	esac
	is "$(sed -n "s|^$what: ||p" "$tap_dir/probe.out")" "$expected" "$what: $expected, $why"
done <<'EOF'
user jmha the daemon is nobody else
oom -1000 the guard is spared
locked unlimited memory may be locked
lock yes memory is locked as it is touched
cgroup yes the guard makes jobmanager/
cgroup-kill yes it kills what is in it
cgroup-move yes it moves processes
fifo yes the guard asks for real-time priority
fifo-beyond no but not for any
oom-up yes the JobManager gets an ordinary score
write-/srv/ha yes shared storage
write-/run/jmha/probe yes session file and lock
write-/var/lib/jmha yes state
write-/var/log/jmha yes logs
write-/tmp yes a /tmp of its own
write-/etc no configuration is read
write-/usr no programs are not changed
write-/opt no programs are not changed
write-/var/spool no nothing else of the host
write-/root no nothing else of the host
write-/sys/kernel no the kernel is not changed
resolve yes names are resolved
mount no nothing is mounted
userns no no new namespaces
ptrace-others no other processes are hidden
java yes Java starts
EOF
done_testing
