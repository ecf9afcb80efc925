#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two members of one cluster as systemd services: start, status, watchdog, kill -9, reload, stop.
# The instance is named like its configuration file; both belong to the cluster "orders".
. "$(dirname "$0")/../lib/tap.sh"

machine=$top_srcdir/tests/hosts/machine
why=$("$machine" possible) || skip_all "$why"
"$top_srcdir/tests/lib/zk-ensemble" check >"$tap_dir/why" || skip_all "$(cat "$tap_dir/why")"

m=$tap_dir/m
mkdir "$m"
at_exit()
{
	if test "$tap_failed" -ne 0 || test -z "$tap_done"; then
		note "the journal's end:"
		inside journalctl --no-pager -n 150 -o short-precise 2>&1 | sed 's/^/#   /'
	fi
	"$machine" stop "$m"
}
inside() { "$machine" run "$m" "$@"; }
show() { inside systemctl show --value -p "$1" "jmhad@$2"; }
status() { inside curl -s --max-time 2 --unix-socket "/run/jmha/$1/api.sock" http://localhost/v1/status; }
# field MEMBER JQ: one field of a member's status.
field() { status "$1" | jq -r "$2"; }
field_is() { test "$(field "$1" "$2")" = "$3"; }
eligible_standby() { status "$1" | jq -e '.state == "standby" and .eligible'; }
cgroup_of() { echo "/sys/fs/cgroup$(show ControlGroup "$1")"; }
# Processes of a unit, in all of its cgroups.
processes() { inside find "$(cgroup_of "$1")" -name cgroup.procs -exec cat '{}' + 2>/dev/null; }
# alive PID...: those that still run (not as zombies).
alive() { for pid; do inside sh -c "grep -Eqs '^State:.[^ZX]' /proc/$pid/status && echo $pid"; done; }
none_alive() { test -z "$(alive "$@")"; }
# saw_processes PID...: the JobManager, its child, guard and elector.
saw_processes() { test $# -ge 4; }
# granted_at MEMBER: Unix milliseconds of its last transition.
granted_at() { date -d "$(field "$1" .last_transition.at)" +%s%3N; }
other() { case $1 in a) echo b ;; b) echo a ;; esac; }

# ---- the machine, with what make install puts there

cat >"$tap_dir/install" <<'EOF'
#!/bin/sh
set -e
make -s -C "$top_builddir" install DESTDIR="$1" >/dev/null
install -D -m 755 "$top_srcdir/tests/hosts/jobmanager" "$1/usr/local/lib/jmha-test/jobmanager"
install -D -m 755 "$top_srcdir/tests/lib/zk-ensemble" "$1/usr/local/lib/jmha-test/zk-ensemble"
systemd-sysusers --root="$1"
EOF
chmod +x "$tap_dir/install"
ok "it is installed and the machine boots" "$machine" boot "$m" "$tap_dir/install" || done_testing

ok "sysusers made the user" inside getent passwd jmha
ok "sysusers made the admin group" inside getent group jmha-admin
ok "tmpfiles made the folder of the configurations" inside test -d /etc/jmha
inside systemd-run -q --unit=zookeeper -p Type=oneshot -p RemainAfterExit=yes -p TimeoutStartSec=60 \
	-E HOME=/root /usr/local/lib/jmha-test/zk-ensemble start /var/lib/ensemble -n 3 -t 500
servers=$(inside /usr/local/lib/jmha-test/zk-ensemble connect /var/lib/ensemble)
like "$servers" '^127\.' "ZooKeeper serves in it" || done_testing
inside install -d -o jmha -g jmha /srv/ha

for member in a b; do
	inside tee "/etc/jmha/$member.conf" >/dev/null <<EOF
cluster = "orders";
member = "jm-$member";
runtime_dir = "/run/jmha/$member";
zookeeper: { servers = ["$(echo "$servers" | sed 's|/.*||; s/,/", "/g')"]; session_ms = 4000; tick_ms = 500; };
storage: { path = "/srv/ha"; };
jobmanager: { command = ["/usr/local/lib/jmha-test/jobmanager"]; stop_ms = 200; };
EOF
done

# ---- start

ok "start returns when it is ready" inside systemctl start jmhad@a
ok "status is answered then" status a
until_ok 30 "a leads" field_is a .state leader
until_ok 5 "its status line says so" inside sh -c \
	'systemctl show --value -p StatusText jmhad@a | grep -q "^leader of cluster orders"'
like "$(show StatusText a)" 'epoch 1, leader jm-a' "with epoch and leader: $(show StatusText a)"
is "$(show WatchdogUSec a)" 10s "systemd watches it"
is "$(field a .watchdog)" systemd "and status says so"
is "$(show OOMPolicy a)" continue "want of memory does not stop the unit"

until_ok 5 "the JobManager was started" inside test -s /var/lib/jmha/started
# shellcheck disable=SC2046
set -- $(inside tail -n 1 /var/lib/jmha/started)
is "$1" jm-a "for the member"
like "$5" '/jmhad@a\.service/jobmanager$|^/.*jobmanager' "in a cgroup of its own: $5"
is "$4" 0 "with an ordinary score for want of memory"
guard=$(show MainPID a)
# A host that gave up CAP_SYS_RESOURCE (some virtual machines do) cannot raise a limit for anybody.
if inside sh -c 'echo -1 >/proc/self/oom_score_adj' 2>/dev/null; then
	is "$(inside cat "/proc/$guard/oom_score_adj")" -1000 "the guard is the last to be killed for it"
	is "$(inside ps -o cls= -p "$guard" | tr -d ' ')" FF "the guard runs at real-time priority"
else
	skip "the guard is the last to be killed for it" "this host has no CAP_SYS_RESOURCE"
	skip "the guard runs at real-time priority" "this host has no CAP_SYS_RESOURCE"
fi
like "$(inside sed -n 's/^0:://p' "/proc/$guard/cgroup")" '/guard$' "the guard has its cgroup, too"
is "$(inside stat -c '%U %a' /run/jmha/a/session)" "jmha 600" "the session file is for its user alone"

ok "a second member starts" inside systemctl start jmhad@b
until_ok 30 "b is an eligible standby" eligible_standby b
inside cp /run/jmha/a/session /run/session.a
inside cp /run/jmha/b/session /run/session.b

# ---- the elector dies: nobody notices

epoch=$(field a .epoch)
for round in 1 2 3; do
	elector=$(inside cat "$(cgroup_of a)/guard/cgroup.procs" | grep -vx "$guard" | head -n 1)
	like "$elector" '^[0-9]+$' "elector $round is the other process of guard/"
	# b may lead at once if it is asked to.
	until_ok 20 "b is eligible" field_is b .eligible true
	inside kill -KILL "$elector"
	until_ok 10 "elector $round was killed" none_alive "$elector"
	until_ok 10 "its successor answers as leader" field_is a .state leader
	is "$(field a .epoch)" "$epoch" "in the same epoch"
	# Longer than any lease without a renewal.
	sleep 4
	is "$(field a '"\(.state) \(.epoch)"')" "leader $epoch" "and leads on"
done
is "$(show MainPID a) $(show NRestarts a)" "$guard 0" "systemd saw nothing"

# ---- reload

ok "reload" inside systemctl reload jmhad@a
is "$(show MainPID a)" "$guard" "the guard is the same after it"

# ---- kill -9 of the guard, several times: ExecStopPost hands over

leader=a
if ! field_is a .state leader; then leader=b; fi
times=
for round in 1 2 3 4 5 6; do
	next=$(other $leader)
	wait_for 30 eligible_standby $next ||
		note "$next is not eligible"
	# Its chain of heartbeats is valid k = 500 ms after the first (A1), which status does not show:
	# without this pause the time below would be that of a chain that has just begun.
	sleep 1
	epoch=$(field $leader .epoch)
	all=$(processes $leader)
	ok "round $round: guard, elector, JobManager and its child run" saw_processes $all
	# In one go inside, so that the time is that of the kill.
	killed=$(inside sh -c "date +%s%3N; kill -KILL $(show MainPID $leader)")
	until_ok 20 "round $round: $next leads after kill -9 of the guard of $leader" field_is $next .state leader
	took=$(($(granted_at $next) - killed))
	times="$times $took"
	released=$(inside journalctl --no-pager -o cat -u jmhad@$leader |
		sed -n 's/.*released .*took_us=\([0-9]*\).*/\1/p' | tail -n 1)
	note "granted $took ms after the kill; the release itself took ${released:-?} us, the rest is" \
		"systemd starting it in its sandbox"
	# The session timeout is 4000 ms: nobody waited for it.
	ok "round $round: in milliseconds ($took)" test "$took" -lt 2000
	is "$(field $next .last_transition.cause)" daemon-died "round $round: the cause is known"
	is "$(field $next .epoch)" $((epoch + 1)) "round $round: the epoch grew by one"
	until_ok 5 "round $round: no process of it survives" none_alive $all
	until_ok 30 "round $round: systemd starts $leader again" inside systemctl is-active jmhad@$leader
	leader=$next
done
note "kill -9 of the guard to the next grant, ms:$times"

# ---- kill -9 of everything at once (FAILURES 3): still ExecStopPost hands over

next=$(other $leader)
until_ok 30 "$next is an eligible standby" eligible_standby $next
epoch=$(field $leader .epoch)
all=$(processes $leader)
ok "all of it runs" saw_processes $all
inside kill -KILL $all
until_ok 20 "kill -9 of guard, elector and JobManager at once: $next leads" field_is $next .state leader
is "$(field $next .last_transition.cause)" daemon-died "the cause is known: nobody waited for the session"
is "$(field $next .epoch)" $((epoch + 1)) "the epoch grew by one"
until_ok 5 "no process of it survives" none_alive $all
until_ok 30 "systemd starts it again" inside systemctl is-active jmhad@$leader
leader=$next

# ---- the guard hangs: the watchdog ends it

next=$(other $leader)
until_ok 30 "$next is an eligible standby" eligible_standby $next
all=$(processes $leader)
ok "they run" saw_processes $all
stopped=$(inside sh -c "date +%s%3N; kill -STOP $(show MainPID $leader)")
until_ok 40 "$next leads after the guard of $leader was stopped" field_is $next .state leader
note "$(($(granted_at $next) - stopped)) ms after SIGSTOP; WatchdogSec is 10 s"
ok "the watchdog did it" inside sh -c \
	"journalctl --no-pager -u jmhad@$leader | grep -Eiq 'watchdog timeout|result .watchdog'"
until_ok 5 "no process of it survives" none_alive $all
until_ok 30 "systemd starts it again" inside systemctl is-active jmhad@$leader
leader=$next

# ---- stop, start

next=$(other $leader)
until_ok 30 "$next is an eligible standby again" eligible_standby $next
all=$(processes $leader)
ok "its processes run" saw_processes $all
ok "stop" inside systemctl stop jmhad@$leader
is "$(show Result $leader)" success "was orderly"
until_ok 10 "$next leads" field_is $next .state leader
is "$(field $next .last_transition.cause)" shutdown "by an orderly release"
ok "no process is left" none_alive $all
ok "start" inside systemctl start jmhad@$leader
until_ok 30 "$leader is back as standby" field_is $leader .state standby

# ---- nobody watches (FAILURES 46): said in status

inside mkdir -p "/etc/systemd/system/jmhad@$leader.service.d"
inside sh -c "printf '[Service]\\nWatchdogSec=0\\n' >/etc/systemd/system/jmhad@$leader.service.d/no-watchdog.conf"
inside systemctl daemon-reload
ok "restart without WatchdogSec" inside systemctl restart jmhad@$leader
until_ok 30 "status says that nobody watches" field_is $leader .watchdog none
inside rm "/etc/systemd/system/jmhad@$leader.service.d/no-watchdog.conf"
inside systemctl daemon-reload
ok "restart with it" inside systemctl restart jmhad@$leader
until_ok 30 "status says that systemd does" field_is $leader .watchdog systemd
until_ok 30 "$leader is a standby again" field_is $leader .state standby

# ---- a configuration that cannot be used is not tried again and again

inside sh -c 'echo "cluster = 7;" >/etc/jmha/c.conf'
not_ok "a wrong configuration does not start" inside systemctl start jmhad@c
until_ok 20 "and stays down" inside sh -c \
	'test "$(systemctl show --value -p ActiveState jmhad@c)" = failed'
is "$(show NRestarts c)" 0 "without a restart"
like "$(inside journalctl --no-pager -o cat -u jmhad@c)" 'c\.conf:1' "the journal names file and line"

# ---- secrets

mkdir "$tap_dir/logs"
inside journalctl --no-pager -o verbose -u 'jmhad@*' >"$tap_dir/logs/journal"
for member in a b; do
	status $member >"$tap_dir/logs/status.$member"
	inside cat "/run/session.$member" >"$tap_dir/session.$member"
	inside cat "/run/jmha/$member/session" >"$tap_dir/session.$member.now"
done
ok "no session id or password in journal and status" "$top_srcdir/tests/lib/no-secrets" \
	"$tap_dir/logs" "$tap_dir"/session.*

ok "both stop" inside systemctl stop jmhad@a jmhad@b
done_testing
