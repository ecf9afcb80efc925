#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the core are worth: breaks one rule at a time in a copy, and asks simulation and
# unit tests to notice.  One line for each mutant; exit 1 when one survives.
#
#   mutants.sh [NAME...]     only these     JMHA_SIM_RUNS=n: schedules for each (60000)
: "${top_srcdir:=.}" "${CC:=cc}"
runs=${JMHA_SIM_RUNS:-60000}
work=$(mktemp -d "${TMPDIR:-/tmp}/jmha-mutants.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fresh()
{
	rm -rf "$work/tree"
	mkdir -p "$work/tree/tests/unit"
	cp -R "$top_srcdir/base" "$top_srcdir/election" "$work/tree/"
	cp -R "$top_srcdir/tests/sim" "$work/tree/tests/"
	cp "$top_srcdir"/tests/unit/core_feed.h "$top_srcdir"/tests/unit/test_core*.c \
		"$top_srcdir"/tests/unit/test_lease.c "$work/tree/tests/unit/"
}

core='core core_drive core_events core_hot core_status core_takeover core_trace lease latch_name
	cause reason'
units='lease core core_hot core_takeover'

compile() # OBJECT SOURCE
{
	(cd "$work/tree" && $CC -O1 -w -D_GNU_SOURCE -I. -c -o "$1" "$2") 2>"$work/cc"
}

# What no mutant of a .c file touches is compiled once.
prepare()
{
	fresh
	mkdir -p "$work/whole" "$work/mutant"
	for part in $core; do
		compile "$work/whole/$part.o" "election/$part.c" || return 1
	done
	for source in "$work"/tree/tests/sim/*.c; do
		compile "$work/whole/sim_$(basename "$source" .c).o" "$source" || return 1
	done
	for unit in $units; do
		compile "$work/whole/test_$unit.o" "tests/unit/test_$unit.c" || return 1
	done
}

build() # FILE
{
	rm -f "$work"/mutant/*
	cp "$work"/whole/*.o "$work/mutant/"
	case $1 in
	*.c) compile "$work/mutant/${1%.c}.o" "election/$1" || return 1 ;;
	*)
		for part in $core; do
			compile "$work/mutant/$part.o" "election/$part.c" || return 1
		done
		;;
	esac
	objects=
	for part in $core; do
		objects="$objects $work/mutant/$part.o"
	done
	# shellcheck disable=SC2086
	$CC -o "$work/mutant/sim" "$work"/mutant/sim_*.o $objects || return 1
	for unit in $units; do
		# shellcheck disable=SC2086
		$CC -o "$work/mutant/test_$unit" "$work/mutant/test_$unit.o" $objects -lcmocka || return 1
	done
}

noticed() # prints who
{
	by=
	for unit in $units; do
		if ! timeout 20 "$work/mutant/test_$unit" >"$work/out" 2>&1; then
			by="${by}test_$unit "
		fi
	done
	if ! timeout 120 "$work/mutant/sim" -n "$runs" >"$work/out" 2>&1; then
		by="${by}sim ($(sed -n 's/^\(assertion in \)\{0,1\}seed \([0-9]*\).*/\2/p' "$work/out" |
			tail -n 1)$(sed -n 's/^seed [0-9]*: \(promise [0-9]*\).*/ \1/p' "$work/out" | tail -n 1))"
	fi
	echo "$by"
}

survivors=
total=0

mutant() # NAME FILE SED
{
	name=$1
	case " $wanted " in "  " | *" $name "*) ;; *) return ;; esac
	cp "$top_srcdir"/election/*.[ch] "$work/tree/election/"
	sed -i "$3" "$work/tree/election/$2"
	if cmp -s "$top_srcdir/election/$2" "$work/tree/election/$2"; then
		printf '%-34s %s\n' "$name" "NOT APPLIED"
		survivors="$survivors $name"
		return
	fi
	total=$((total + 1))
	if ! build "$2"; then
		printf '%-34s %s\n' "$name" "DOES NOT COMPILE"
		survivors="$survivors $name"
		return
	fi
	by=$(noticed)
	printf '%-34s %s\n' "$name" "${by:-SURVIVES}"
	test -n "$by" || survivors="$survivors $name"
}

wanted=$*
prepare || { cat "$work/cc"; exit 1; }

# The lease (A1, A7, section 5 of the design)
mutant chain-begins-valid lease.c 's/l->chain = LEASE_TENTATIVE;/l->chain = LEASE_VALID;/'
mutant second-beat-at-once lease.c 's/sent < l->first_answered + l->params.tick || //'
mutant tentative-never-ends lease.c 's/l->chain == LEASE_NONE || now >= l->deadline/l->chain == LEASE_NONE/'
mutant chain-over-connections lease.c '/^void lease_disconnected/,/^}/s/lease_break(l);/;/'
mutant gap-fixed lease.c '/^static usec_t gap_before/,/^}/s/return .*/return l->params.tick \/ 2;/'
mutant no-stop-time lease.c 's/usec_add(g, p->stop)/g/'
mutant half-a-tick-less lease.c 's/usec_add(p->tick \/ 2, lease_jitter(p))/lease_jitter(p)/'
mutant deadline-from-answer lease.c '/^bool lease_answered/,/^}/s/deadline = sent + length/deadline = now + length/'
mutant smaller-T-ignored lease.c 's/l->deadline = lowered;/;/'
mutant late-good-news core.c 's/c->armed && acting(c) && c->now >= c->lease.deadline/0/'
mutant extends-nothing core_events.c '/^static void lease_extended/,/^}/s/core_emit(out, CORE_CMD_EXTEND)->deadline = .*;/;/'

# Terms and latches (A2, A4, A5, A10)
mutant mark-of-any-latch core_private.h 's/latch_name_equal(&v->owner, &c->latch) &&/latch_name_set(\&v->owner) \&\&/'
mutant no-beat-after-reading core_takeover.c '/heartbeat_after = c->view.asked/d'
mutant relatch-while-claiming core_drive.c 's/!(c->outstanding & (bit(CORE_CMD_CLAIM)/!(0 \& (bit(CORE_CMD_CLAIM)/'
mutant unknown-claim-is-failed core_events.c '/^static void on_claimed/,/^}/s/^	case CORE_UNKNOWN:$/	case CORE_UNKNOWN: core_forget_term(c); core_become(c, CORE_QUEUED); return;/'
mutant bad-version-is-ours core_events.c '/^static void on_claimed/,/^}/{s/^	case CORE_OK:$/	case CORE_OK: case CORE_BAD_VERSION:/;s/^	case CORE_BAD_VERSION:  .*$//}'
mutant owner-not-waited-for core_takeover.c 's/!v->owner_member || v->owner_stopped.v >= v->epoch.v/1/'
mutant any-stopped-will-do core_takeover.c 's/v->owner_stopped.v >= v->epoch.v/v->owner_stopped.v > 0/'
mutant zero-is-stopped core_takeover.c 's/v->owner_stopped.v >= v->epoch.v/(v->owner_stopped.v == 0 || v->owner_stopped.v >= v->epoch.v)/'
mutant stopped-too-early core_events.c '/^void core_stopped/,/^}/s/!latch_name_set(&c->latch)/0/'
mutant stopped-never-said core_drive.c 's/if (c->stopped_owed.v != 0) {/if (0) {/'
mutant claims-from-behind core_takeover.c 's/v->rank != 0 ||/v->rank < 0 ||/'
mutant no-step-back core_takeover.c 's/c->stepped_back != v->version) {/0) {/'
mutant steps-back-for-ever core_takeover.c 's/ \&\& c->stepped_back != v->version) {/) {/'
mutant same-epoch-again core_takeover.c 's/epoch_next(v->epoch)/v->epoch/'
mutant claims-without-a-chain core_takeover.c 's/if (!lease_valid(&c->lease, c->now))/if (0)/'
mutant grants-without-a-lease core_drive.c 's/ || !lease_valid(&c->lease, c->now))/)/'
mutant grants-without-the-log core_events.c '/^static void on_loaded/,/^}/s/c->loaded = ev->result == CORE_OK/c->loaded = true/'
mutant any-load-will-do core_events.c 's/!epoch_equal(c->load_epoch, c->epoch)/0/'

# Ends (A3, A6, C7)
mutant unknown-release-repeated core_events.c '/^static void on_released/,/^}/s/core_leave_session(c);/c->seen = false;/'
mutant unknown-release-is-done core_events.c '/^static void on_released/,/^}/{s/^	case CORE_OK:$/	case CORE_OK: case CORE_UNKNOWN:/;s/^	case CORE_UNKNOWN: .*$/	case CORE_N_EVENTS_:/}'
mutant old-session-forgotten core.c '/^void core_leave_session/,/^}/s/c->old_session = true;/;/'
mutant unproven-end-is-proof core_events.c '/^static void on_ended_old/,/^}/s/ev->result == CORE_OK/1/'
mutant releases-while-it-runs core_events.c '/^void core_on_event/,/^}/s/core_revoke(c, out, CAUSE_LEASE_EXPIRED, true);/{ core_revoke(c, out, CAUSE_LEASE_EXPIRED, true); struct core_event e = { .type = CORE_EV_EXITED }; e.exited.epoch = c->epoch; on_exited(c, \&e, out); }/'
mutant any-exit-will-do core_events.c 's/!c->jobmanager || (!c->config.hot \&\& !epoch_equal(ev->exited.epoch, c->epoch))/!c->jobmanager/'
mutant expired-goes-on core_events.c '/^static void on_session_lost/,/^}/s/core_revoke(c, out, CAUSE_SESSION_EXPIRED, true);/;/'
mutant latch-gone-goes-on core_events.c '/^static void on_heartbeat/,/^}/s/core_latch_gone(c, out);/;/'
mutant beats-for-a-dead-latch core_events.c 's/ || !latch_name_equal(&c->latch, &c->heartbeat_latch))/)/'
mutant grant-before-page core_drive.c '/^static void drive_loading/,/^}/{s/core_emit(out, CORE_CMD_ARM)/core_emit(out, CORE_CMD_GRANT)/;t;s/core_emit(out, CORE_CMD_GRANT)/core_emit(out, CORE_CMD_ARM)/}'

# Resume (C4, B1)
mutant resume-unverified core_events.c 's/own_mark(c) && c->view.rank >= 0 && latch_name_equal(&c->view.own, &c->latch)/1/'
mutant resume-beats-first core_drive.c 's/acting(c) && !c->owns/0/'

# Progress (C1, C2, P7)
mutant never-gives-up core_drive.c 's/core_take_over_failed(c, CAUSE_TAKEOVER_TIMEOUT)/;/'
mutant leader-always-hands-over core_drive.c '/^static void drive_leading/,/^}/s/c->view.successors > 0/1/'
mutant no-retry core_private.h 's/return c->now >= c->retry_at;/return c->retry_at == 0;/'
mutant no-backstop core_drive.c 's/c->seen && c->now < c->observe_at/c->seen/'
mutant late-beat-after-connect core_events.c '/P7: the one before may be lost/d'

# Hot: what its words mean
mutant word-of-any-epoch core_hot.c 's/bool of_term = c->jobmanager \&\& .*/bool of_term = c->jobmanager;/'
mutant word-of-the-dying core_hot.c 's/ || c->ended || another/ || another/'
mutant word-of-anybody core_hot.c 's/ || another(c, ev->said.by))/)/'
mutant killed-is-not-ended core.c 's/c->ended |= kill;/;/'
mutant waiting-is-not-revoked core_hot.c 's/if (of_term) { .*/if (0) {/'
mutant waiting-counts-as-leading core_hot.c '/} else if (c->jobmanager) {/,/}/s/return;.*/;/'
mutant leads-anything core_hot.c '/case CORE_LEADS:/,/break;/s/if (!of_term)/if (0)/'
mutant leading-is-waiting core_hot.c '/case CORE_LEADS:/,/break;/s/break;/c->waiting = true; break;/'
mutant asked-is-revoked core_hot.c '/case CORE_LEADS:/,/break;/s/break;/if (c->phase == CORE_REVOKING) on_revoked(c, out); break;/'
mutant revokes-by-itself-planned core_hot.c '/^static void on_revoked/,/^}/s/if (leading(c)) {/if (0) {/'
mutant revokes-by-itself-without-pause core_hot.c '/^static void on_revoked/,/^}/s/core_pause_after_failure(c);/;/'
mutant superseded-never core_hot.c 's/return word == CORE_LEADS \&\&/return 0 \&\& word == CORE_LEADS \&\&/'
mutant superseded-not-after-the-term core_hot.c 's/!epoch_equal(epoch, c->jobmanager ? c->epoch : (struct epoch){ 0 })/!epoch_equal(epoch, c->epoch)/'
mutant asked-back-is-granted core_hot.c 's/c->jobmanager \&\& c->phase == CORE_LEADING ? c->epoch/c->jobmanager ? c->epoch/'
mutant settled-at-once core_hot.c 's/return c->phase != CORE_RESUMING;/return true;/'
mutant same-epoch-after-revoke core_hot.c '/^static void on_revoked/,/^}/s/core_stopped(c, out);/{ if (leading(c) \&\& c->owns) { c->waiting = false; c->phase = CORE_LEADING; return; } core_stopped(c, out); }/'

# Hot: the process
mutant granted-is-waiting core_hot.c '/^void core_hot_granted/,/^}/s/c->waiting = false;/;/'
mutant granted-was-silent core_hot.c '/^void core_hot_granted/,/^}/s/c->heard_at = c->now;/;/'
mutant resumed-was-silent core_events.c '/^static void lease_extended/,/^}/s/core_hot_granted(c);/;/'
mutant ended-for-ever core_hot.c 's/c->process = c->waiting = c->ended = false;/c->process = c->waiting = false;/'
mutant dead-is-waiting core_hot.c 's/c->process = c->waiting = c->ended = false;/c->process = c->ended = false;/'
mutant no-pause-before-start core_hot.c 's/c->start_at = c->now + pause;/c->start_at = c->now;/'
mutant starts-while-leaving core_hot.c 's/ \&\& !c->shutdown \&\& c->now >= c->start_at/ \&\& c->now >= c->start_at/'
mutant no-tick-for-start core_hot.c 's/return c->armed || c->shutdown ? next : c->start_at;/return next;/'
mutant silent-leader-leads-on core_hot.c 's/if (c->phase == CORE_LEADING \&\& quiet/if (0 \&\& quiet/'
mutant silent-standby-waits-on core_hot.c '/^static void look_at_silence/,/^}/s/c->waiting = false;/;/'
mutant never-started-anew core_hot.c 's/if (quiet >= c->config.ready)/if (0)/'
mutant silent-while-granted core_hot.c '/^static void look_at_silence/,/^}/s/^	if (c->jobmanager)$/	if (0)/'
mutant revokes-for-ever core_hot.c 's/c->phase == CORE_REVOKING \&\& c->now >= c->revoke_until/0/'
mutant no-tick-for-revoke core_hot.c 's/return c->killed ? next : c->revoke_until;/return next;/'
mutant not-asked-before-the-end core_private.h 's/return c->config.hot ? usec_sub(.*/return USEC_INFINITY;/'
mutant eligible-without-process core_hot.c 's/c->own_reasons |= REASON_BIT(REASON_JOBMANAGER_NOT_WAITING)/;/'
mutant leaves-its-process core_hot.c '/^bool core_hot_gone/,/^}/s/return !c->process;/return true;/'
mutant unhealthy-standby-stays core_hot.c '/^void core_unhealthy/,/^}/s/end_process(c, out, true);/;/'
mutant unhealthy-leader-stays core_hot.c '/^void core_unhealthy/,/^}/s/core_revoke(c, out, CAUSE_JOBMANAGER_HUNG, true);/;/'
mutant hung-is-not-a-failure core.c 's/cmd->failed = c->cause == CAUSE_JOBMANAGER_HUNG;/;/'
mutant grants-nobody core_drive.c 's/c->config.hot \&\& !c->waiting) { .*/0) {/'
mutant claims-again-for-nobody core_drive.c 's/c->now >= c->restart_at \&\& (!c->config.hot || c->waiting)/c->now >= c->restart_at/'
mutant resumes-without-process core.c 's/c->process = config->process || config->resume;/c->process = config->process;/'
mutant finds-no-process core.c 's/c->process = config->process || config->resume;/c->process = config->resume;/'
mutant exit-by-epoch-only core_events.c 's/(!c->config.hot \&\& !epoch_equal(ev->exited.epoch/(!epoch_equal(ev->exited.epoch/'
mutant revokes-lease-and-page core_events.c '/^void core_stopped/,/^}/s/^	core_disarm(c, out);/	;/'

if test -n "$survivors"; then
	echo "survivors:$survivors"
	exit 1
fi
echo "$total mutants, all noticed"
