#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls that have no place here (STYLE 2.5): without bounds, without errors, through a shell; exit()
# outside of main; sleeping in unit tests and simulations (a wait for a condition may pause by
# nanosleep between two looks).
. "$(dirname "$0")/lib.sh"

unsafe='strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|alloca|system|popen'
unsafe="$unsafe|mktemp|tmpnam"

# Of the ZooKeeper client: a watch on a missing node stays for ever (N7), a socket is closed under what
# is on its way (N3), a handshake waits without bound (N9), and a server that is cut off is looked
# past by connects that wait.
unsafe_zk='zoo_awexists|zoo_aexists|zoo_set_servers|zookeeper_init2|zookeeper_init_ssl|zookeeper_init_sasl'

# calls NAMES: reads code(), prints the lines that call one.
calls() { grep -E "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*\(" || :; }

code $(c_files) >"$tap_dir/all"
code $(product_files) >"$tap_dir/product"
saw "$(count <"$tap_dir/all")" 1000 "lines of code"
saw "$(calls 'snprintf' <"$tap_dir/product" | count)" 1 "calls of snprintf"
is "$(calls "$unsafe" <"$tap_dir/product")" "" "no unsafe calls"
is "$(calls "$unsafe_zk" <"$tap_dir/product")$(grep -w ZOO_READONLY "$tap_dir/product" || :)" "" \
	"nothing of the ZooKeeper client that waits, stays, or pulls the rug away"
is "$(grep -v '^[a-z]*/main\.c:' "$tap_dir/product" | calls exit)" "" "exit() in main alone"
is "$(grep -E '^tests/(unit|sim)/' "$tap_dir/all" | calls sleep)" "" \
	"unit tests and simulations do not sleep"

cat >"$tap_dir/bad.c" <<'EOF'
/* atoi(x) in a comment is fine, "system(x)" in a string too */
const char *fine = "system(x)";
	n = atoi (text);
	snprintf(a, 1, "x"); sprintf(a, "%s", "popen(");
	exit(1);
	sleep(1); _exit(0); my_exit(1);
	rc = zoo_awexists(zh, path, w, c, done, d); zoo_set_servers_resolution_delay(zh, -1);
EOF
code "$tap_dir/bad.c" >"$tap_dir/bad"
is "$(calls "$unsafe" <"$tap_dir/bad" | cut -d: -f2 | tr '\n' ' ')" "3 4 " "known bad: atoi and sprintf"
is "$(calls exit <"$tap_dir/bad" | cut -d: -f2)" "5" "known bad: exit"
is "$(calls sleep <"$tap_dir/bad" | cut -d: -f2)" "6" "known bad: sleep"
is "$(calls "$unsafe_zk" <"$tap_dir/bad" | cut -d: -f2)" "7" "known bad: a watch that stays"
done_testing
