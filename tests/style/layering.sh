#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dependencies point down: daemon, ctl -> adapters -> pure cores -> base (STYLE 2.2).
. "$(dirname "$0")/lib.sh"

# includes FILE...: "file header", brackets kept for system headers.
includes()
{
	grep -HE '^[[:space:]]*#[[:space:]]*include' "$@" |
		sed -E 's/^([^:]*):[[:space:]]*#[[:space:]]*include[[:space:]]*/\1 /; s/"([^"]*)"/\1/; s/>.*/>/'
}

# Files whose archives tests/style/core_is_pure.sh looks at.
pure=" $(echo ${PURE_FILES-} | tr -s '[:space:]' ' ') "

# offences: reads "file header", prints those that break a rule.
offences()
{
	awk -v pure="$pure" '
	function is_pure(f) { return index(pure, " " f " ") > 0 }
	function folder(f) { sub("/.*", "", f); return f }
	function say(why) { print $1 " includes " $2 ": " why }
	{
		from = folder($1); to = folder($2)
		if ($2 ~ /^<zookeeper/ && (from != "election" || is_pure($1)))
			say("only the adapters of election/ speak to ZooKeeper")
		if ($2 ~ /^<microhttpd/ && $1 !~ /^daemon\/api[a-z_]*\.[ch]$/)
			say("only daemon/api*")
		if ($2 ~ /^<curl/ && $1 != "daemon/health_probe.c" && from !~ /^(ctl|readiness)$/)
			say("only jmhactl and the health probe")
		if ($2 ~ /^<systemd\/sd-/ && from != "daemon")
			say("only daemon/")
		if (from == "base" && $2 !~ /^</ && to != "base")
			say("base knows nobody")
		if (from == "election" && to ~ /^(storage|daemon|migrate|repair|ctl|readiness)$/)
			say("election knows base alone")
		if (from == "storage" && to ~ /^(election|daemon|migrate|repair|ctl|readiness)$/)
			say("storage knows base alone")
		if (from == "migrate" && to ~ /^(storage|daemon|repair|ctl|readiness)$/)
			say("migrate knows election/zk_calls and base alone")
		if (from == "migrate" && to == "election" && $2 != "election/zk_calls.h")
			say("migrate knows election/zk_calls and base alone")
		if (from == "repair" && to ~ /^(daemon|migrate|ctl|readiness)$/)
			say("repair knows election, storage and base alone")
		if (from == "daemon" && to ~ /^(migrate|repair)$/)
			say("moving in and repairing are for jmhactl")
		if (from == "daemon" && to == "ctl" || from == "ctl" && to ~ /^(election|storage)$/)
			say("daemon and ctl do not know each other, ctl not the insides")
		if (is_pure($1) && $2 ~ /^(election|storage|migrate|repair|base)\// && !is_pure($2))
			say("a core does not know adapters")
	}'
}

includes $(product_files) >"$tap_dir/all"
saw "$(count <"$tap_dir/all")" 50 "include lines of the product"
saw "$(echo $pure | wc -w)" 10 "files of the cores"
is "$(offences <"$tap_dir/all")" "" "no file includes what is above it"
includes $(product_files) | awk '$2 ~ /^<zookeeper/' >"$tap_dir/zk"
saw "$(count <"$tap_dir/zk")" 1 "files that include the ZooKeeper header"

while read -r line; do
	like "$(echo "$line" | offences)" "includes" "known bad: $line"
done <<'EOF'
daemon/elector.c <zookeeper/zookeeper.h>
election/core.c <zookeeper/zookeeper.h>
daemon/elector.c <microhttpd.h>
daemon/elector_health.c <curl/curl.h>
storage/committer.c <systemd/sd-event.h>
base/text.c election/core.h
election/fence.c daemon/log.h
storage/segment.c election/core.h
ctl/main.c storage/record.h
ctl/import.c election/session.h
migrate/zk_reader.c election/session.h
migrate/flink_tree.c election/zk_calls.h
repair/recover.c daemon/config.h
repair/recover.c ctl/say.h
ctl/store_look.c storage/inspect.h
daemon/elector.c repair/recover.h
migrate/zk_reader.c <zookeeper/zookeeper.h>
daemon/elector.c migrate/flink_tree.h
election/core.c election/session.h
EOF
is "$(echo 'election/fence.c <zookeeper/zookeeper.h>' | offences)" "" \
	"known good: an adapter may include it"
done_testing
