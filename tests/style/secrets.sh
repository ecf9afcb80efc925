#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Session id and password never reach a log, status or znode (PROTOCOL D14): no call that writes
# one names such a variable.  A heuristic; what really was written is searched by
# tests/lib/no-secrets in the tests with real servers.
. "$(dirname "$0")/lib.sh"

writes='log_[a-z_]+|json_[a-z_]+|printf|fprintf|dprintf|text_append[a-z_]*|notify_[a-z_]+'
secret='[a-z_>.-]*(passw(or)?d|session_id|client_id|ephemeral_?owner|auth_(line|data|text|secret|content))[a-z_]*'

# leaks: reads code(), joins each call up to its ";" and prints those with a secret inside.
leaks()
{
	awk -v writes="(^|[^A-Za-z0-9_])($writes)[ \t]*\\(" -v secret="(^|[^A-Za-z0-9_\"])$secret([^A-Za-z0-9_\"(]|$)" '
	{
		at = $0; sub(/^[^:]*:[0-9]*:/, "")
		if (!open && match($0, writes)) { open = 1; call = ""; place = at; sub(/:[ \t].*/, "", place)
			$0 = substr($0, RSTART) }
		if (open) {
			call = call " " $0
			if (index($0, ";") || index($0, "{")) {
				low = tolower(call); seen++
				if (match(low, secret)) print place ": " substr(call, 1, 200)
				open = 0
			}
		}
	}
	END { print seen + 0 >"/dev/stderr" }'
}

# The file that keeps them writes them: to the one file that may hold them.
code $(product_files | grep -v '^daemon/session_file\.c$') | leaks >"$tap_dir/leaks" 2>"$tap_dir/seen"
saw "$(cat "$tap_dir/seen")" 20 "calls that write something"
is "$(cat "$tap_dir/leaks")" "" "no call names a secret"

cat >"$tap_dir/bad.c" <<'EOF'
	log_notice("election", "session %llx",
		   (unsigned long long)z->session_id);
	json_object_set_new(o, "x", json_string(file.password));
	log_info("election", "the password is kept in the session file");
EOF
is "$(code "$tap_dir/bad.c" | leaks 2>/dev/null | count)" 2 "known bad: two leaks, one harmless word"

# The hook of the cluster tests.
mkdir "$tap_dir/logs"
printf 'version 1\nsession 0a00000000001f2e\npassword 00112233445566778899aabbccddeeff\n' >"$tap_dir/session"
hook=$top_srcdir/tests/lib/no-secrets
not_ok "known bad: no-secrets finds nothing to look at" "$hook" "$tap_dir/logs" "$tap_dir/session"
echo "harmless" >"$tap_dir/logs/a.log"
ok "no-secrets passes clean logs" "$hook" "$tap_dir/logs" "$tap_dir/session"
for leak in 0x0a00000000001f2e 0xa00000000001f2e 0A00000000001F2E 720575940379287342 \
	00112233445566778899aabbccddeeff ABEiM0RVZneImaq7zN3u/w==; do
	echo "session $leak is there" >"$tap_dir/logs/b.log"
	not_ok "known bad: no-secrets finds $leak" "$hook" "$tap_dir/logs" "$tap_dir/session"
done
done_testing
