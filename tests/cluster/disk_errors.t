#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk answers with errors, to the leader alone (FAILURES 29, 30, 32, 33; B4, B8, C2): each write,
# fsync, create that fails or is done by half, once or for a while.  The change is refused, nothing is
# appended to that file again, the leader leads on while nobody else can, and hands over when somebody
# can.  What was acknowledged is there, what was refused is not.  Promises 1, 3, 4, 6, 7.
cluster_storage='io_ms = 2000;'
. "$(dirname "$0")/../lib/fault_storage.sh"
scenario_zookeeper -n 1 -F
fault_members 2
lead=jm-a
standby=jm-b
members=("$lead")
member_start "$lead" || give_up "$lead does not start"
settle || give_up "$lead does not lead"
put_all "$lead" >/dev/null || give_up "pointers cannot be stored"
taken "$lead" || give_up "changes are not taken"
remember_term "$lead"

# ---- one fault after the other, with nobody who could take over

# CODE RULE...: a change meets the fault and is answered so; the one after the fault is taken, in
# another file.
refuses() {
	local code before said state=storage-failed
	code=$1
	shift
	[ "$code" = 507 ] && state=storage-full
	before=$(newest_segment)
	fault "$lead" "$@"
	is "$(change "$lead") $(body_field .error)" "$code $state" "$*: refused, $state"
	ok "$1: it has come to that" met "$lead" "${1%% \**}"
	said=$(last_error "$lead")
	like "$said" "$(member_dir "$lead")/mnt/$cluster_name/log" "the log names where: ${said##*error }"
	fault_off "$lead"
	is "$(change "$lead")" 200 "and the next one is taken"
	ok "in another file (B4)" test "$(newest_segment)" != "$before"
}
begin=$(now_ms)
refuses 503 'write EIO */log/*'
refuses 503 'write half */log/*'
refuses 507 'write ENOSPC */log/* 1 1'
refuses 507 'write EDQUOT */log/*'
refuses 503 'write EROFS */log/*' 'create EROFS *'
refuses 503 'write ESTALE */log/* 1 1'
refuses 503 'fsync EIO */log/* 1 1'
# What the kernel says of a page that it could not write back: once, at the next fsync; then all is
# well again, and the bytes are nowhere.
refuses 503 'fsync EIO */log/* 1 1' 'write drop */log/* 1 1'
refuses 507 'fsync EDQUOT */log/* 1 1'
# A disk that says that all is well, also of the fsync: the size tells.
refuses 503 'write drop */log/* 1 1'
like "$(member_log "$lead")" 'log was cut short while jmha was writing' "which the log says"
matrix 29,30,32 "each write or fsync of the log fails or is half done: EIO, ENOSPC, EDQUOT, EROFS, ESTALE, or it is lost" \
	"the change is refused, the next one goes to a new file; no transition" "so, 10 faults" "$(since "$begin")"

# A new file that cannot be made: with the write that needs it.
for rule in 'create EIO */log/* 1 1' 'create EDQUOT */log/* 1 1' 'fsync EIO */log 1 1'; do
	fault "$lead" 'write EIO */log/* 1 1'
	change "$lead" >"$tap_dir/code"
	like "$(cat "$tap_dir/code")" '^503$' "the file is given up"
	fault "$lead" "$rule"
	change "$lead" >"$tap_dir/code"
	ok "$rule: it has come to that" met "$lead" "${rule%% \**}"
	case $rule in
	*EDQUOT*) is "$(cat "$tap_dir/code")" 507 "no new file can be made: refused" ;;
	*) is "$(cat "$tap_dir/code")" 503 "no new file can be made: refused" ;;
	esac
	fault_off "$lead"
	is "$(change "$lead")" 200 "$rule: and the next one is taken"
done
fault "$lead" 'write short */log/*'
is "$(change "$lead") $(change "$lead" 60000)" "200 200" "writes that take less than was asked for: taken"
ok "so it was" met "$lead" 'write short'
fault_off "$lead"
# Files that it leads by cannot be read: it needs none of them while it leads, but whoever comes next.
for how in 'read EIO' 'open EACCES'; do
	fault "$lead" "$how */log/*"
	unread() { status_field "$lead" .store.log_error | grep -qE 'Input/output error|Permission denied'; }
	until_ok 30 "$how: an idle leader notices" unread
	note "$(status_field "$lead" .store.log_error)"
	like "$(ctl "$lead" explain 2>&1 | tr -s ' \n' ' ')" 'gone, changed or unreadable' "explain says so"
	fault_off "$lead"
	until_ok 30 "$how: it is over, and status has forgotten it" eval '! unread'
	is "$(change "$lead")" 200 "and a change is taken"
done
# It is worth a snapshot, but not one with each look, each ten seconds, for as long as that lasts.
fault "$lead" 'read EIO */log/*'
wrote() { member_log "$lead" | grep -c 'wrote a snapshot'; }
errors() { api "$lead" /metrics | awk '$1 == "jmha_storage_errors_total" { print $2 }'; }
before=$(wrote)
enough=$(($(errors) + 5))
looked() { change "$lead" >"$tap_dir/code" && [ "$(errors)" -ge $enough ]; }
until_ok 120 "reads fail on and changes come: five looks find that" looked
is "$(change "$lead")" 200 "a change is taken"
note "$(($(wrote) - before)) snapshots"
ok "a snapshot is written, but not with each look" \
	eval '[ $(($(wrote) - before)) -ge 1 ] && [ $(($(wrote) - before)) -le 3 ]'
fault_off "$lead"
same_term "after all that"
until_ok 10 "and it is eligible again" is_eligible "$lead"
ok "all is there that should, and nothing else (P3)" holds_what_it_should "$lead"
ok "the store on disk is whole" verified "$lead"
note "$(segments) segments"

# ---- a standby: reads fail, or are wrong

members=(jm-a jm-b)
member_start "$standby"
ok "a standby that reads all of it is there" settle
follows() { [ "$(status_field "$standby" .store.sequence)" = "$(register_field .log.sequence)" ]; }
until_ok 10 "it follows" follows
ok "with all of it (P3)" holds_what_it_should "$standby"
for how in EIO ESTALE EACCES; do
	op="read"
	[ $how = EACCES ] && op=open
	fault "$standby" "$op $how */log/*"
	taken "$lead"
	until_ok 20 "$op $how: a standby is not eligible, storage-failed or log-missing" \
		eval 'has_reason "$standby" storage-failed || has_reason "$standby" log-missing'
	note "$(last_error "$standby")"
	is "$(put "$lead" faults/meanwhile $how)" 200 "$op $how: the leader is not touched"
	ok "$op $how: the standby answers" api "$standby" /v1/status -f -o /dev/null
	fault_off "$standby"
	until_ok 20 "and it follows when that is over" follows
	until_ok 20 "and is eligible" is_eligible "$standby"
done
# A bit that is read wrong once is not damage (B5).
fault "$standby" 'read flip */log/* 1 1'
taken "$lead"
until_ok 20 "a bit that is wrong once: it follows" follows
ok "so it was" met "$standby" 'read flip'
is "$(status_field "$standby" .store.damaged)" 0 "and nothing counts as damaged"
ok "with all of it" holds_what_it_should "$standby"
fault "$standby" 'read short */log/*'
taken "$lead"
until_ok 20 "reads that give less than was asked for: it follows" follows
ok "so it was" met "$standby" 'read short'
fault_off "$standby"
same_term "whatever fails at the standby"
matrix 30,32,33 "a standby's reads fail, are short, or wrong once" "not eligible while they fail; nothing is damaged" "so"

# ---- the leader alone, and somebody who can take over

ok "settled" settle
epoch=$(status_field "$lead" .epoch)
fault "$lead" 'fsync EIO */log/*' 'create EIO */log/*'
begin=$(now_ms)
is "$(change "$lead")" 503 "the leader's disk fails: refused"
until_ok 20 "it hands over to whose disk works (C2)" is_leader "$standby"
matrix 30 "the leader's disk fails, another member's works" "hands over once" "$standby leads" "$(since "$begin")"
is "$(transition "$standby") $(status_field "$standby" .epoch)" "not-eligible $((epoch + 1))" "once, as not-eligible"
until_ok 10 "it serves" serves "$standby"
ok "all is there (P3)" holds_what_it_should "$standby"
ok "the pointers of Flink, too" same_all "$standby"
is "$(change "$standby")" 200 "and changes are taken"
fault_off "$lead"
until_ok 60 "the old leader is eligible again" is_eligible "$lead"

# ---- both

settle || give_up "not settled"
remember_term "$standby"
fault "$lead" 'write EIO *' 'create EIO *'
fault "$standby" 'write EIO *' 'create EIO *'
until_ok 30 "no disk works: the standby is not eligible" has_reason "$lead" storage-failed
is "$(change "$standby")" 503 "a change is refused"
until_ok 10 "status says why" has_reason "$standby" storage-failed
like "$(ctl "$standby" explain 2>&1 | tr -s ' \n' ' ')" 'storage-failed.*cannot be read or written' "explain, too"
for name in "${members[@]}"; do ok "$name answers" serves "$name"; done
same_term "no disk works"
fault_off "$lead" "$standby"
until_ok 30 "they work again: changes are taken" taken "$standby"
same_term "when they work again"
matrix 30 "no member's disk works" "the leader leads on, changes are refused; works again by itself" "so"

# ---- what lies on the disk

for name in "${members[@]}"; do member_stop "$name"; done
ok "the store on disk is whole" verified "$lead"
member_start "$lead"
until_ok 40 "who starts from it leads" is_leader "$lead"
until_ok 10 "and serves" serves "$lead"
ok "all that was acknowledged, and nothing that was refused (P3)" holds_what_it_should "$lead"
ok "the pointers of Flink, too" same_all "$lead"
scenario_end 3
