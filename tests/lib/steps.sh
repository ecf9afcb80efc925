# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# For scenarios that let an elector die, or stand still, at a step of a commit (base/fault_point.h).
# Source it after scenario.sh, before scenario_start: the members run jmhad-faults then, each with a
# trigger file of its own (tests/lib/fault_point.c).
#
# A client writes numbered changes, three at a time, and notes what it was told.  settle_changes NAME
# compares that with what NAME serves: an acknowledged change is there byte for byte with its revision; one
# that was refused is not; one without an answer is wholly there or wholly not, and stays as it was
# seen.  What is wrong is added to $wrong, so that a step is one case: begin_step, .., end_step WHAT.

faults_program=$top_builddir/tests/lib/jmhad-faults
[ -x "$faults_program" ] || { echo "Bail out! $faults_program is not built: make tests/lib/jmhad-faults"; exit 1; }
ln -sfn "$faults_program" "$bin/jmhad"
log_dir=$cluster_dir/store/$cluster_name/log
changes=$tap_dir/changes
mkdir "$changes"

eval "start_jmhad() $(declare -f member_start | tail -n +2)"
member_start() { JMHA_FAULT_POINT=$(member_dir "$1")/fault start_jmhad "$1"; }

# ---- points

points_of() { # HOW...: their names, in the order of the header
	local how
	for how; do
		sed -n "s/^[ 	]*X(\([a-z_]*\), $how, .*/\1/p" "$top_srcdir/base/fault_point.h"
	done
}
arm() { # NAME POINT PASS kill|stop|note
	local file
	file=$(member_dir "$1")/fault
	rm -f "$file.fired"
	echo "$2 $3 $4" >"$file.new" && mv "$file.new" "$file"
}
disarm() { rm -f "$(member_dir "$1")/fault"; }
fired() { [ -s "$(member_dir "$1")/fault.fired" ]; }

# ---- the client

declare -A known=() perhaps=() # by key: "NUMBER REVISION" that is there; numbers that may be, too
last_change=0
volley=() late=() seen=() # by number: the client's process; the same; its revision
nothing="- 0"

value_of() { printf -v value '%d-%01900d' "$1" "$1"; } # NUMBER: sets value
key_of() { key=steps/$(($1 % 11)); }
removes() { [ $(($1 % 10)) = 9 ]; } # no change, but a removal

change() { # NAME NUMBER: leaves what it was told in a file
	local name=$1 n=$2 key value out status
	key_of "$n"
	if removes "$n"; then
		out=$(api "$name" "/v1/pointers/$key" -X DELETE -w ' %{http_code}' 2>/dev/null)
		status=$?
	else
		value_of "$n"
		out=$(printf %s "$value" | api "$name" "/v1/pointers/$key" -X PUT --data-binary @- -w ' %{http_code}' 2>/dev/null)
		status=$?
	fi
	if [ $status != 0 ] || [[ $out == *outcome-unknown* ]]; then
		out=unknown
	elif [[ $out == *'"revision":'*' 200' ]]; then
		out=${out#*\"revision\":}
		out="done ${out%%[!0-9]*}"
	elif [[ $out == *' 200' ]]; then
		out=unknown # cut off behind its first line
	elif [[ $out == *'"error":'* ]]; then
		out="refused ${out##* } $(jq -r .error <<<"${out% *}")"
	else
		out="odd $out"
	fi
	echo "$out" >"$changes/$n"
}

begin_volley() { # NAME [NUMBER]: three at once, of three keys
	local i
	volley=()
	for ((i = 0; i < ${2:-3}; i++)); do
		last_change=$((last_change + 1))
		change "$1" $last_change &
		volley[last_change]=$!
	done
}
volley_done() {
	local pid
	for pid in "${volley[@]}"; do ! kill -0 "$pid" 2>/dev/null || return 1; done
}
# What they were told, into known and perhaps.  Sets answers: how many of each kind.
take_answer() { # NUMBER PID
	local key what revision
	wait "$2"
	read -r what revision <"$changes/$1"
	key_of "$1"
	if [ "$what $revision" = "refused 404 not-found" ]; then # there was nothing to remove
		what="done"
		[[ " ${known[$key]:-$nothing} ${perhaps[$key]-} " == *" - "* ]] ||
			wrong+="$key is not found, and was there: ${known[$key]}; "
	fi
	answers[$what]=$((${answers[$what]:-0} + 1))
	case $what in
	done)
		known[$key]="$1 $revision"
		! removes "$1" || known[$key]=$nothing
		perhaps[$key]=
		;;
	unknown) may_be "$1" ;;
	refused) ;;
	*) wrong+="change $1 was answered: $what $revision; " ;;
	esac
}
may_be() { # NUMBER
	local key
	key_of "$1"
	if removes "$1"; then perhaps[$key]+=" -"; else perhaps[$key]+=" $1"; fi
}
end_volley() {
	local n
	declare -gA answers=([done]=0 [unknown]=0 [refused]=0)
	for n in "${!volley[@]}"; do take_answer "$n" "${volley[n]}"; done
	volley=()
}
# Whose elector stands still gets its answer later: end_late compares it with what NAME served, which
# leads meanwhile, before anybody else had written.
leave_volley() { # NAME
	local n key
	late=() seen=()
	declare -gA answers=()
	for n in "${!volley[@]}"; do
		if kill -0 "${volley[n]}" 2>/dev/null; then
			late[n]=${volley[n]}
			may_be "$n"
		else
			take_answer "$n" "${volley[n]}"
		fi
	done
	volley=()
	settle_changes "$1"
	for n in "${!late[@]}"; do
		key_of "$n"
		[ "${known[$key]% *}" != "$n" ] || seen[n]=${known[$key]#* }
	done
}
end_late() {
	local n what revision
	for n in "${!late[@]}"; do
		wait "${late[n]}"
		read -r what revision <"$changes/$n"
		note "change $n, ${seen[n]:+seen as ${seen[n]}, }was answered late: $what $revision"
		! removes "$n" || continue
		case $what in
		done) [ "${seen[n]-}" = "$revision" ] || wrong+="change $n was acknowledged, and is not there; " ;;
		refused) [ -z "${seen[n]-}" ] || wrong+="change $n was refused, and is there; " ;;
		esac
	done
}
# Volleys until a condition holds; the last one may go on.
write_until() { # NAME COMMAND...
	local name=$1
	shift
	for _ in {1..60}; do
		begin_volley "$name"
		until "$@"; do
			volley_done && break
			sleep 0.01
		done
		! "$@" || return 0
		end_volley
	done
	wrong+="60 volleys, and not: $*; "
	return 1
}
one_is_taken() { # NAME
	begin_volley "$1"
	end_volley
	[ "${answers[done]}" -gt 0 ]
}
accepts() { # NAME: within 30 s
	local limit=$(($(now_ms) + 30000))
	until one_is_taken "$1"; do
		[ "$(now_ms)" -lt $limit ] || { wrong+="$1 takes no change; " && return 1; }
		sleep 0.05
	done
}

settle_changes() { # NAME
	local key revision value text n
	declare -A found=()
	api "$1" '/v1/pointers?prefix=steps/' -f >"$tap_dir/list" || wrong+="$1 serves no pointers; "
	while read -r key revision text; do
		n=${text%%-*}
		value_of "$n" 2>/dev/null
		[ "$text" = "$value" ] || wrong+="$key is torn: ${text:0:40}..; "
		found[$key]="$n $revision"
	done < <(jq -r '.pointers[] | "\(.key) \(.revision) \(.value | @base64d)"' "$tap_dir/list")
	for n in {0..10}; do
		key_of "$n"
		text=${found[$key]:-$nothing}
		if [ "$text" != "${known[$key]:-$nothing}" ]; then
			[[ " ${perhaps[$key]-} " == *" ${text% *} "* ]] &&
				{ [ "$text" = "$nothing" ] || [ "${text#* }" -gt "$(r=${known[$key]:-$nothing} && echo "${r#* }")" ]; } ||
				wrong+="$key has change and revision $text, not ${known[$key]:-$nothing} (nor${perhaps[$key]:- another}); "
		fi
		known[$key]=$text
		perhaps[$key]=
	done
}

# ---- a step

begin_step() {
	wrong=
	step_began=$(now_ms)
	rm -f "$tap_dir/files"
}
end_step() { # WHAT
	is "$wrong" "" "$1"
	note "$(since "$step_began") ms"
}
demand() { # WHAT COMMAND...: within 30 s
	local what=$1
	shift
	cluster_until 30 "$@" >/dev/null || wrong+="not $what; "
}

guard_stop() { kill -STOP "$(guard_pid "$1")"; }
guard_cont() { kill -CONT "$(guard_pid "$1")"; }

# B1: no file that a dead elector has written to is written to again.
note_files() { (cd "$log_dir" && sha256sum -- *.log) >"$tap_dir/files"; }
same_files() {
	[ ! -e "$tap_dir/files" ] || (cd "$log_dir" && sha256sum -c --quiet --ignore-missing "$tap_dir/files") >"$tap_dir/touched" 2>&1 ||
		wrong+="a dead elector's file was written to: $(tr '\n' ' ' <"$tap_dir/touched"); "
}

# The lease is renewed by this elector: else five deaths in a row end the term.
lease_grows() {
	local now
	now=$(status_field "$1" .lease_ms) || return 1
	[ "$now" -gt "${lease_was:-100000}" ] || { lease_was=$now && return 1; }
}
renewed() {
	local limit=$(($(now_ms) + 20000))
	lease_was=
	until lease_grows "$1" 2>/dev/null; do
		[ "$(now_ms)" -lt $limit ] || { wrong+="$1 does not renew its lease; " && return 1; }
		sleep 0.1
	done
}
the_term() { status_field "$1" '"\(.epoch) \(.jobmanager.pid)"'; }

# The leader's elector was killed: all of it goes on, in the same term.
goes_on() { # NAME TERM
	end_volley
	accepts "$1"
	same_files
	settle_changes "$1"
	[ "$(the_term "$1")" = "$2" ] || wrong+="another term: $(the_term "$1"), not $2; "
	renewed "$1"
}

# ---- the end

# What all of that has left: read from outside, and by members that know nothing of it.
read_anew() {
	local name who
	for name in "${members[@]}"; do member_stop "$name"; done
	ok "the store is whole" "$bin/jmhactl" store verify --config "$(member_dir jm-a)/jmhad.conf"
	for name in "${members[@]}"; do member_start "$name"; done
	ok "all start again" settle
	who=$(leader)
	begin_step
	settle_changes "$who"
	accepts "$who"
	end_step "who reads it anew serves the same"
}
