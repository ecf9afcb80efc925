#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemd understands the unit without a word, rates its exposure at 2.0 or better, and the settings
# the protocol relies on are there.
. "$(dirname "$0")/lib.sh"
command -v systemd-analyze >/dev/null || skip_all "no systemd-analyze (Debian: systemd)"

unit=$top_builddir/systemd/jmhad@.service
saw "$(grep -c '^[A-Z].*=' "$unit" 2>/dev/null)" 30 "settings of the unit"
# The program is not installed yet.
sed -E 's|^(Exec[A-Za-z]+)=[^ ]*jmhad |\1=/bin/true |' "$unit" >"$tap_dir/jmhad@.service"
echo x >"$tap_dir/out"

verify()
{
	systemd-analyze verify --man=no --recursive-errors=no "$1" >"$tap_dir/said" 2>&1
	# "verify" exits 0 for settings it does not know: silence is what counts.
	test ! -s "$tap_dir/said" || { cat "$tap_dir/said"; return 1; }
}
rated() { systemd-analyze security --no-pager --offline=true --threshold=20 "$1"; }

ok "systemd understands it" verify "$tap_dir/jmhad@.service"
ok "its exposure is 2.0 or better" rated "$tap_dir/jmhad@.service"
note "$(rated "$tap_dir/jmhad@.service" | tail -n 1)"

while read -r setting; do
	ok "$setting" grep -qxF -e "$setting" "$unit"
done <<'EOF'
Type=notify
NotifyAccess=main
KillMode=mixed
WatchdogSec=10
WatchdogSignal=SIGKILL
Delegate=yes
RuntimeDirectory=jmha/%i
RuntimeDirectoryPreserve=yes
OOMPolicy=continue
Restart=always
StartLimitIntervalSec=0
EOF
not_ok "no variable is left in it" grep -n '@[a-z]*@\|\${' "$unit"
like "$(grep '^ExecStopPost=' "$unit")" '/jmhad --release --config /.*/jmha/%i\.conf$' "hands over whatever ended it"

# Each setting that is left open has its reason in a comment above it.
without_reason()
{
	awk '/^# Left open/ { on = 1 } on && /^[A-Z]/ && before !~ /^#/ { print } { before = $0 } /^\[Install/ { on = 0 }' "$1"
}
saw "$(awk '/^# Left open/ { on = 1 } /^\[Install/ { on = 0 } on && /^[A-Z]/' "$unit" | count)" 3 "settings left open"
is "$(without_reason "$unit")" "" "each has its reason"

mkdir "$tap_dir/bad"
printf '[Service]\nType=notify\nExecStart=/bin/true\nWatchdogSek=10\n' >"$tap_dir/bad/bad.service"
not_ok "known bad: a setting that does not exist" verify "$tap_dir/bad/bad.service"
not_ok "known bad: a unit without hardening" rated "$tap_dir/bad/bad.service"
printf '# Left open\nA=no\nB=no\n[Install]\n' >"$tap_dir/bad/open"
is "$(without_reason "$tap_dir/bad/open")" "B=no" "known bad: left open without a reason"
done_testing
