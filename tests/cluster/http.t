#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The API of running members: conditions, fences, limits, nonsense (DESIGN 8; D15; FAILURES 37).
# What is refused changes nothing.  Promises 2, 3, 4, 5.
. "$(dirname "$0")/../lib/scenario.sh"
scenario_start 2 -n 1 -F
old=$(leader)
other=$(standbys "$old")
epoch=$(status_field "$old" .epoch)
socket=$(member_socket "$old")
revision() { api "$1" "/v1/pointers/$2" -o /dev/null -D - | tr -d '\r' | sed -n 's/^ETag: "\(.*\)"/\1/Ip'; }

is "$(put "$old" a/one first -H 'If-None-Match: *')" 200 "created where there was none"
one=$(body_field .revision)
is "$(revision "$old" a/one)" "$one" "the ETag is the revision"
is "$(put "$old" a/one first -H 'If-None-Match: *')" 200 "the same again is no error (D15)"
is "$(body_field .revision)" "$one" "with the same revision"
is "$(put "$old" a/one other -H 'If-None-Match: *')" 409 "another value: condition-failed"
is "$(body_field '.error + " " + (.revision | tostring)')" "condition-failed $one" "with the revision that is there"
is "$(put "$old" a/one second -H "If-Match: \"$one\"")" 200 "compare and set"
is "$(put "$old" a/one third -H "If-Match: \"$one\"")" 409 "by an old revision: condition-failed"
is "$(get "$old" a/one)" second "which changed nothing"
is "$(put "$old" a/one fenced -H "Jmha-Epoch: $epoch")" 200 "fenced by the epoch of now"
is "$(put "$old" a/one late -H "Jmha-Epoch: $((epoch + 5))")" 412 "by a later epoch: 412"
is "$(put "$old" a/one late -H "Jmha-Epoch: nine")" 400 "by no number: 400"
is "$(get "$old" a/one)" fenced "none of them changed anything"
printf 'a\0b\r\n\377' >"$tap_dir/binary"
api "$old" /v1/pointers/a/binary -X PUT --data-binary @"$tap_dir/binary" -o /dev/null
ok "any bytes come back as they were" eval 'get "$old" a/binary | cmp - "$tap_dir/binary"'
is "$(api "$old" '/v1/pointers?prefix=a/' | jq -r '[.pointers[].key] | join(" ")')" "a/binary a/one" "listed by prefix"
is "$(api "$old" /v1/pointers/a/one -X DELETE -o /dev/null -w '%{http_code}')" 200 "deleted"
is "$(get_code "$old" a/one)" 404 "and gone"
is "$(api "$old" /v1/pointers/a/one -X DELETE -o /dev/null -w '%{http_code}')" 404 "deleted again: 404 (D15)"

# A standby.
is "$(put "$other" a/two x)" 409 "a write at a standby"
is "$(body_field '.error + " " + .leader')" "not-leader $old" "names the leader"
followed() { get "$other" a/binary | cmp -s - "$tap_dir/binary"; }
until_ok 10 "a standby follows" followed
is "$(api "$other" /v1/pointers -D - -o /dev/null | tr -d '\r' | sed -n 's/^Jmha-Sequence: //Ip')" \
	"$(status_field "$other" .store.sequence)" "and says which sequence its answer is from"
is "$(ctl "$other" pointers put a/two "$tap_dir/binary" >/dev/null 2>&1; echo $?)" 6 "jmhactl there: exit 6"

# Limits.
sequence=$(status_field "$old" .store.sequence)
head -c 65536 /dev/zero >"$tap_dir/64k"
head -c 65537 /dev/zero >"$tap_dir/64k+1"
head -c 2000000 /dev/zero >"$tap_dir/2m"
upload() { api "$old" "/v1/pointers/$1" -X PUT --data-binary @"$2" -o "$tap_dir/body" -w '%{http_code}'; }
is "$(upload big/1 "$tap_dir/64k")" 200 "a value of 64 KiB"
is "$(upload big/2 "$tap_dir/64k+1")" 413 "one byte more: too-large"
is "$(body_field .error)" too-large "which is said"
is "$(upload big/3 "$tap_dir/2m" | tail -c 3)" 413 "two million: too-large"
long=$(printf 'k%.0s' $(seq 255))
is "$(put "$old" "$long" x)" 200 "a key of 255"
is "$(put "$old" "${long}k" x)" 400 "of 256: bad-request"
for key in 'a%20b' 'a%00b' 'a~b' '~term/1' 'a*b'; do is "$(put "$old" "$key" x)" 400 "the key $key: bad-request"; done

# Nonsense.
code_of() { api "$old" "$@" -o "$tap_dir/body" -w '%{http_code}'; }
is "$(code_of /v1/nothing)" 404 "an unknown path"
is "$(body_field .error)" not-found "not-found"
is "$(code_of /v1/status -X POST)" 405 "a wrong method"
is "$(code_of /v1/switchover -X POST --data '{"to": 7')" 400 "broken JSON"
is "$(code_of /v1/switchover -X POST --data '{"to": 7}')" 400 "a wrong type"
printf 'NONSENSE\r\n\r\n\0\0\0\377' | curl -s --max-time 2 --unix-socket "$socket" telnet://localhost >/dev/null 2>&1
head -c 100000 /dev/urandom | curl -s --max-time 2 --unix-socket "$socket" telnet://localhost >/dev/null 2>&1
ok "garbage on the socket: it still answers" api "$old" /v1/status -f
matrix 37 "malformed, oversized and binary requests" "refused; nothing is stored" "refused"
is "$(status_field "$old" .store.sequence)" $((sequence + 2)) "nothing was stored but what was acknowledged"

# Past the end of a term.
ok "switched over" ctl "$old" switchover --yes
until_ok 20 "$other leads" is_leader "$other"
is "$(put "$other" a/one late -H "Jmha-Epoch: $epoch")" 412 "a write fenced by the old epoch: 412 (P2)"
is "$(body_field .error)" fenced "fenced"
is "$(get_code "$other" a/one)" 404 "which changed nothing"
is "$(api "$old" /leader -o /dev/null -w '%{http_code}') $(api "$other" /leader -o /dev/null -w '%{http_code}')" "503 200" "GET /leader for load balancers"
scenario_end 2
