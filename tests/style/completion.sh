#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion offers what jmhactl takes: every verb, every option of each verb, clusters, members
# and keys.
. "$(dirname "$0")/lib.sh"
command -v bash >/dev/null || skip_all "no bash"

jmhactl=$top_builddir/jmhactl
mkdir -p "$tap_dir/run/orders" "$tap_dir/run/billing" "$tap_dir/run/empty" "$tap_dir/bin"
: >"$tap_dir/run/orders/api.sock"
: >"$tap_dir/run/billing/api.sock"

# A daemon that answers.
cat >"$tap_dir/bin/jmhactl" <<'END'
#!/bin/sh
echo "$*" >>"${0%/*}/asked"
case "$*" in
*pointers*) echo '{"sequence": 1, "pointers": [{"key":"jobs/a","revision":1},{"key":"jobs/b","revision":2}]}' ;;
*list*) echo '{"leader":{"member":"jm-a","epoch":7},"members":[{"member":"jm-a"},{"member": "jm-b"}]}' ;;
esac
END
chmod +x "$tap_dir/bin/jmhactl"

# offered WORD...: what is offered for the last word, one a line.
offered()
{
	JMHACTL_RUN_DIRECTORY=$tap_dir/run bash -c '
		source "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_jmhactl
		printf "%s\n" "${COMPREPLY[@]}"' - "$completion" "$@" | LC_ALL=C sort
}
one_line() { tr '\n' ' ' | sed 's/ $//'; }
completion=completion/jmhactl

# The tables, by another way than the completion takes.
verbs=$("$jmhactl" --help | awk '/^Common/ { exit } NR > 1 { print $1 }' | LC_ALL=C sort -u | one_line)
saw "$(echo "$verbs" | wc -w)" 10 "verbs"
is "$(offered "$jmhactl" '' | one_line)" "$verbs" "offers every verb"
is "$(offered "$jmhactl" -c orders st | one_line)" "status step-down store" "offers the verbs that begin so"
is "$(offered "$jmhactl" pointers '' | one_line)" "delete get list put" "offers what pointers knows"
is "$(offered "$jmhactl" store '' | one_line)" "export import recover show verify" "offers what store knows"
is "$(offered "$jmhactl" savepoint '' | one_line)" "compare show" "offers what savepoint knows"
is "$(offered "$jmhactl" init --mode '' | one_line)" "cold hot" "offers the modes"
: >"$tap_dir/some-backup"
is "$(offered "$jmhactl" store import "$tap_dir/some-" | one_line)" "$tap_dir/some-backup" "offers files to import"
is "$(offered "$jmhactl" savepoint show "$tap_dir/some-" | one_line)" "$tap_dir/some-backup" "offers files to show"
is "$(offered "$jmhactl" savepoint compare /a "$tap_dir/some-" | one_line)" "$tap_dir/some-backup" "offers files to compare"
is "$(offered "$jmhactl" savepoint compare --fail-on '' | one_line)" "advice error warning" "offers the severities"
is "$(offered "$jmhactl" init --member status --peers '' | one_line)" "" "takes no value for a verb"
for verb in status list leader history events explain readiness switchover step-down version init 'store import' \
	'store show' 'store verify' 'store recover' 'store export' 'savepoint show' \
	'savepoint compare' \
	'pointers list' 'pointers get' 'pointers put' 'pointers delete'; do
	# shellcheck disable=SC2086
	options=$("$jmhactl" $verb --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--?[a-z][a-z-]*' |
		LC_ALL=C sort | one_line)
	# shellcheck disable=SC2086
	is "$(offered "$jmhactl" $verb - | one_line)" "$options" "offers every option of $verb"
done
like "$(offered "$jmhactl" switchover -- | one_line)" '--yes' "options of switchover were seen"

is "$(offered "$jmhactl" -c '' | one_line)" "billing orders" "offers the clusters with a socket"
is "$(offered "$jmhactl" --cluster = o | one_line)" "orders" "offers them behind --cluster=, too"
is "$(offered "$tap_dir/bin/jmhactl" -c orders switchover '' | one_line)" "jm-a jm-b" "offers the members"
like "$(cat "$tap_dir/bin/asked")" '^-c orders list --json' "asks the cluster that was chosen"
is "$(offered "$tap_dir/bin/jmhactl" switchover jm-a '' | one_line)" "" "offers one member only"
is "$(offered "$tap_dir/bin/jmhactl" pointers get jobs/ | one_line)" "jobs/a jobs/b" "offers the keys"
is "$(offered "$jmhactl" --socket /nowhere switchover '' | one_line)" "" "is silent when the daemon is"
is "$(offered "$jmhactl" switchover --why '' | one_line)" "" "has nothing to offer for a text"

# Known bad: a completion that loses options is noticed.
sed 's/--\[a-z-\]\*/--[a-x-]*/' completion/jmhactl >"$tap_dir/bad"
completion=$tap_dir/bad
not_ok "known bad: an option that is not offered" test "$(offered "$jmhactl" switchover --y | one_line)" = --yes
done_testing
