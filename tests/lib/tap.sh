# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# TAP for shell tests.  Source it, call ok / is / skip_rest .., end with done_testing.
#
#   . "$top_srcdir/tests/lib/tap.sh"
#   ok "the leader answers" curl -fs ...          passes when the command succeeds
#   not_ok "a stranger is refused" curl -fs ...   passes when it fails
#   is "$got" "$expected" "what is compared"
#   like "$text" 'regex' "what is looked for"
#   pass "what was seen"; fail "what was not"
#   note "said beside the results"
#   skip "name" "why"; skip_all "why"
#   until_ok 10 "has a leader" command ...        waits by condition, at most 10 s
#   done_testing
#
# Output of a failing command is shown as comment.  $tap_dir is a fresh folder, removed at the end.
# Scripts that need an exit handler define at_exit().

: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
export top_srcdir top_builddir

tap_n=0
tap_failed=0
tap_done=
tap_dir=$(mktemp -d "${TMPDIR:-/tmp}/jmha-test.XXXXXX") || exit 1

tap_exit()
{
	tap_status=$?
	trap - EXIT
	if command -v at_exit >/dev/null 2>&1; then at_exit; fi
	rm -rf "$tap_dir"
	# An early end is an error even if all so far was fine: the plan is missing.
	exit "$tap_status"
}
trap tap_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

pass()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

fail()
{
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $1"
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

skip_all()
{
	echo "1..0 # SKIP $1"
	tap_done=yes
	exit 0
}

ok()
{
	tap_name=$1
	shift
	if "$@" >"$tap_dir/out" 2>&1; then
		pass "$tap_name"
	else
		tap_code=$?
		fail "$tap_name"
		note "$* (exit $tap_code)"
		head -c 8000 "$tap_dir/out" | sed 's/^/#   /'
		return 1
	fi
}

not_ok()
{
	tap_name=$1
	shift
	if "$@" >"$tap_dir/out" 2>&1; then
		fail "$tap_name"
		note "$* (succeeded)"
		head -c 8000 "$tap_dir/out" | sed 's/^/#   /'
		return 1
	else
		pass "$tap_name"
	fi
}

is()
{
	if test "$1" = "$2"; then
		pass "$3"
	else
		fail "$3"
		note "got:      $1"
		note "expected: $2"
		return 1
	fi
}

like()
{
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		pass "$3"
	else
		fail "$3"
		note "got:   $1"
		note "looks not like: $2"
		return 1
	fi
}

now_ms() { date +%s%3N; }

# wait_for SECONDS COMMAND...: by condition, never by time alone.
wait_for()
{
	tap_until=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >"$tap_dir/out" 2>&1; do
		test "$(now_ms)" -lt "$tap_until" || return 1
		sleep 0.05
	done
}

until_ok()
{
	tap_limit=$1
	tap_name=$2
	shift 2
	if wait_for "$tap_limit" "$@"; then
		pass "$tap_name"
	else
		fail "$tap_name"
		note "not within $tap_limit s: $*"
		head -c 8000 "$tap_dir/out" | sed 's/^/#   /'
		return 1
	fi
}

done_testing()
{
	echo "1..$tap_n"
	tap_done=yes
	test "$tap_n" -gt 0 && test "$tap_failed" -eq 0
	exit
}
