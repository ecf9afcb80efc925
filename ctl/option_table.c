/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/option_table.h"

#include "base/cleanup.h"

const struct option_info option_infos[] = {
#define BIT(n) (UINT64_C(1) << (n))
	{ 'c', 0, "cluster", "NAME", "which cluster; not needed when this host has one" },
	{ OPT_SOCKET, 0, "socket", "PATH", "the daemon's socket (/run/jmha/NAME/api.sock)" },
	{ 'h', 0, "help", NULL, "this help, or that of a verb" },
	{ OPT_VERSION, 0, "version", NULL, "the same as the verb version" },
#define O_JSON BIT(0)
	{ OPT_JSON, O_JSON, "json", NULL, "print the daemon's JSON as it is" },
#define O_WATCH BIT(1)
	{ OPT_WATCH, O_WATCH, "watch", NULL, "show it again each second, until Ctrl-C" },
#define O_WAIT BIT(2)
	{ OPT_WAIT, O_WAIT, "wait", NULL, "wait until there is a leader" },
#define O_YES BIT(3)
	{ 'y', O_YES, "yes", NULL, "do not ask" },
#define O_FORCE BIT(4)
	{ OPT_FORCE, O_FORCE, "force", NULL, "do it although it is refused as unsafe" },
#define O_WHY BIT(5)
	{ OPT_WHY, O_WHY, "why", "TEXT", "a reason, kept with the request" },
#define O_CREATE BIT(6)
	{ OPT_CREATE, O_CREATE, "create", NULL, "only if there is no such pointer yet" },
#define O_REVISION BIT(7)
	{ OPT_REVISION, O_REVISION, "revision", "N", "only if the pointer has this revision" },
#define O_EPOCH BIT(8)
	{ OPT_EPOCH, O_EPOCH, "epoch", "N", "only if this is the current epoch" },
#define O_TIMEOUT BIT(9)
	{ OPT_TIMEOUT, O_TIMEOUT, "timeout", "SECONDS", "give up after so long" },
#define O_IMPORT (BIT(10) | O_AUTH_FILE | O_DRY_RUN | O_TIMEOUT | O_YES | O_FORCE)
	{ OPT_FROM_FLINK, BIT(10), "from-flink-zookeeper", "SERVERS", "host:port,host:port" },
	{ OPT_PATH, BIT(10), "path", "ZNODE", "of that cluster (/flink/default)" },
	{ OPT_SKIP_BROKEN, BIT(10), "skip-broken", NULL, "import the jobs that are whole" },
#define O_AUTH_FILE BIT(11)
	{ OPT_AUTH_FILE, O_AUTH_FILE, "auth-file", "FILE", "user:password for ZooKeeper, 0600" },
#define O_DRY_RUN BIT(12)
	{ OPT_DRY_RUN, O_DRY_RUN, "dry-run", NULL, "show what would be written, write nothing" },
#define O_INIT (BIT(13) | O_STORAGE | O_AUTH_FILE | O_DRY_RUN | O_YES | O_FORCE)
	{ OPT_MEMBER, BIT(13), "member", "NAME", "of this member (the host name)" },
	{ OPT_ZOOKEEPER, BIT(13), "zookeeper", "SERVERS", "host:port,host:port,host:port" },
	{ OPT_TICK_MS, BIT(13), "tick-ms", "MS", "tickTime of these servers (2000)" },
#define O_STORAGE BIT(17)
	{ OPT_STORAGE, O_STORAGE, "storage", "DIR", "shared directory for the pointers" },
	{ OPT_FLINK_HOME, BIT(13), "flink-home", "DIR", "where Flink lies (/opt/flink)" },
	{ OPT_FLINK_STORAGE, BIT(13), "flink-storage", "URI", "high-availability.storageDir" },
	{ OPT_ADDRESS, BIT(13), "address", "HOST", "of this host, for others (its name)" },
	{ OPT_CLUSTER_ID, BIT(13), "cluster-id", "ID",
	  "high-availability.cluster-id (the cluster)" },
	{ OPT_PEERS, BIT(13), "peers", "LIST", "host:port of all daemons' api.listen" },
	{ OPT_LISTEN, BIT(13), "listen", "IP:PORT", "api.listen (0.0.0.0:9180)" },
	{ OPT_ADMIN_GROUP, BIT(13), "admin-group", "GROUP", "api.admin_group (jmha-admin)" },
	{ OPT_MODE, BIT(13), "mode", "MODE", "hot or cold (hot)" },
	{ OPT_JOB_CLASS, BIT(13), "job-classname", "CLASS", "application mode: its main class" },
	{ OPT_OUTPUT, BIT(13), "output", "DIR", "where the files go (/etc/jmha)" },
#define O_CONFIG BIT(14)
	{ OPT_CONFIG, O_CONFIG, "config", "FILE", "of the daemon (/etc/jmha/NAME.conf)" },
#define O_OFFLINE BIT(15)
	{ OPT_OFFLINE, O_OFFLINE, "offline", NULL, "look at the files alone" },
#define O_ACCEPT_LOSS BIT(16)
	{ OPT_ACCEPT_LOSS, O_ACCEPT_LOSS, "accept-loss", NULL,
	  "go on without what is known to be missing" },
#define O_FROM_SNAPSHOT BIT(18)
	{ OPT_FROM_SNAPSHOT, O_FROM_SNAPSHOT, "from-snapshot", "WHICH",
	  "newest, or its sequence: when the log is lost" },
#define O_UIDS BIT(19)
	{ OPT_UIDS, O_UIDS, "uids", "FILE", "uids of the job, one a line: UID [= NAME]" },
#define O_FILES BIT(20)
	{ OPT_FILES, O_FILES, "files", NULL, "list all files that it needs" },
#define O_ALLOW_LEFT BIT(21)
	{ OPT_ALLOW_LEFT, O_ALLOW_LEFT, "allow-non-restored-state", NULL,
	  "as to Flink: state may stay behind" },
#define O_FAIL_ON BIT(22)
	{ OPT_FAIL_ON, O_FAIL_ON, "fail-on", "SEVERITY",
	  "exit 1 from: error (default), warning, advice" },
#define O_READINESS BIT(23)
	{ OPT_REST, O_READINESS, "rest", "URL", "Flink's REST API (what the leader published)" },
	{ OPT_SAVEPOINT, O_READINESS, "savepoint", "PATH", "would the job start from it?" },
	{ OPT_HTML, O_READINESS, "html", "FILE", "a report with pictures, too" },
	{ OPT_NO_CLUSTER, O_READINESS, "no-cluster", NULL, "the jobs alone" },
	{ OPT_HASHMAP_LIMIT, O_READINESS, "hashmap-limit", "MIB",
	  "keyed state of one subtask in the heap (1024)" },
};

const size_t option_infos_n = N_ELEMENTS(option_infos);
_Static_assert(N_ELEMENTS(option_infos) <= OPTION_TABLE_MOST, "one bit each");

#define O_READ     (O_JSON | O_TIMEOUT)
#define O_LOOK     (O_JSON | O_TIMEOUT | O_CONFIG | O_OFFLINE | O_STORAGE)
#define O_OPERATOR (O_JSON | O_TIMEOUT | O_YES | O_FORCE | O_WHY)

const struct verb_info verb_infos[] = {
	{ VERB_STATUS, "status", NULL, "", 0, 0, O_READ | O_WATCH,
	  "what this member does: state, lease, store",
	  "Asks the daemon of this host only. The state leader is never shown past the end\n"
	  "of the lease." },
	{ VERB_LIST, "list", NULL, "", 0, 0, O_READ | O_WATCH,
	  "all members: who leads, who could take over",
	  "What others do is as fresh as the age in the title says." },
	{ VERB_LEADER, "leader", NULL, "", 0, 0, O_READ | O_WAIT,
	  "the leader's name alone; exit 6 if there is none",
	  "With --wait: waits until there is one, at most for --timeout (60 seconds)." },
	{ VERB_HISTORY, "history", NULL, "", 0, 0, O_READ | O_WATCH,
	  "past terms: who led, why it began, how long it took",
	  "Times are UTC. Detect: until the loss was noticed; fence: until the new epoch\n"
	  "was in the register; recover: until the JobManager was granted." },
	{ VERB_EVENTS, "events", NULL, "", 0, 0, O_JSON,
	  "transitions and pointer changes as they happen",
	  "Begins with the present state and goes on until Ctrl-C; a restart of the\n"
	  "daemon's elector is waited for." },
	{ VERB_EXPLAIN, "explain", NULL, "", 0, 0, O_TIMEOUT | O_WATCH,
	  "why this member leads, or does not, and what to do",
	  "In sentences, made of what status and list show." },
	{ VERB_SWITCHOVER, "switchover", NULL, "[MEMBER]", 0, 1, O_OPERATOR,
	  "hand over to MEMBER, or to any eligible one",
	  "Any member may be asked. Shows the cluster, asks, waits and says what happened.\n"
	  "Gives up waiting after --timeout (60 seconds): exit 5, it may still happen." },
	{ VERB_STEP_DOWN, "step-down", NULL, "", 0, 0, O_OPERATOR,
	  "the leader hands over and stays a contender",
	  "Any member may be asked; it is the leader that steps down. Asks, waits and says\n"
	  "what happened, like switchover." },
	{ VERB_RECOVER, "recover", NULL, "JOBID", 1, 1, O_READ,
	  "tell the leader to try a parked job again",
	  "For a job that status shows as parked, when its file is back and the job is not.\n"
	  "Only the leader takes it, and only in hot mode." },
	{ VERB_POINTERS_LIST, "pointers", "list", "[PREFIX]", 0, 1, O_READ | O_WATCH,
	  "keys, revisions and sizes",
	  "What this member has read; on a standby it may be a moment old." },
	{ VERB_POINTERS_GET, "pointers", "get", "KEY", 1, 1, O_TIMEOUT,
	  "the value, byte for byte, on standard output",
	  "Exit 1 when there is no such pointer or its value was lost." },
	{ VERB_POINTERS_PUT, "pointers", "put", "KEY [FILE]", 1, 2,
	  O_READ | O_CREATE | O_REVISION | O_EPOCH, "write a value from FILE or standard input",
	  "Only the leader takes it. At most 64 KiB. Exit 5: it may or may not be written,\n"
	  "ask again; the same change again does no harm." },
	{ VERB_POINTERS_DELETE, "pointers", "delete", "KEY", 1, 1,
	  O_READ | O_YES | O_REVISION | O_EPOCH, "remove a pointer, after asking",
	  "Only the leader does it. What Flink has stored there is not touched." },
	{ VERB_STORE_SHOW, "store", "show", "", 0, 0, O_LOOK,
	  "the store's files, how far they go, what is in them",
	  "Reads the files and ZooKeeper, asks no daemon; run it as root or as the daemon's\n"
	  "user. A copy of the directory: --storage DIR --cluster NAME." },
	{ VERB_STORE_VERIFY, "store", "verify", "", 0, 0, O_LOOK,
	  "read every byte of the store: exit 1 if one is wrong",
	  "Checks every sum, the chain, the register and the files that pointers name.\n"
	  "Writes nothing; may be run while the cluster works." },
	{ VERB_STORE_RECOVER, "store", "recover", "", 0, 0,
	  O_JSON | O_TIMEOUT | O_YES | O_DRY_RUN | O_CONFIG | O_ACCEPT_LOSS,
	  "make a lost or old register anew from the store",
	  "When ZooKeeper lost its data, or came back from a backup. Shows what it found,\n"
	  "asks, waits until no leader can be left, writes. --dry-run only shows." },
	{ VERB_STORE_EXPORT, "store", "export", "[FILE]", 0, 1,
	  O_TIMEOUT | O_FORCE | O_CONFIG | O_OFFLINE | O_STORAGE | O_FROM_SNAPSHOT,
	  "all pointers and counters into one file: a backup",
	  "From the daemon of this host, or with --offline from the files. To standard\n"
	  "output without FILE; an existing one is replaced with --force only." },
	{ VERB_STORE_IMPORT, "store", "import", "[FILE]", 0, 1, O_IMPORT,
	  "such a file, or jobs of Flink's own ZooKeeper HA",
	  "Checks, shows what it found, asks, writes; ask the leader's host. Once more does\n"
	  "no harm. FILE is what export wrote; or --from-flink-zookeeper and no JobManager\n"
	  "of that cluster alive." },
	{ VERB_SAVEPOINT_SHOW, "savepoint", "show", "PATH", 1, 1, O_JSON | O_UIDS | O_FILES,
	  "what a checkpoint or savepoint holds",
	  "PATH: a _metadata file, its directory, or either as file: URI. Operators, state\n"
	  "and the files that it needs: exit 1 if one is not there. Asks no daemon." },
	{ VERB_SAVEPOINT_COMPARE, "savepoint", "compare", "OLD NEW", 2, 2,
	  O_JSON | O_UIDS | O_ALLOW_LEFT | O_FAIL_ON,
	  "would a job with NEW's operators start from OLD",
	  "By the rules of Flink: state left behind, operators that start empty, maximum\n"
	  "parallelism, backends. OLD and NEW as for savepoint show. Asks no daemon." },
	{ VERB_READINESS, "readiness", NULL, "[JOB]", 0, 1,
	  O_READ | O_READINESS | O_UIDS | O_FAIL_ON | O_ALLOW_LEFT,
	  "are the jobs and this cluster ready for production?",
	  "JOB: its ID or name, or how one of them begins; without it, all that run. Asks\n"
	  "Flink's REST API, reads the latest checkpoint from its files, asks the daemon\n"
	  "about the cluster. Exit 1 when something as bad as --fail-on was found." },
	{ VERB_INIT, "init", NULL, "", 0, 0, O_INIT, "write the configuration of this host",
	  "NAME.conf for jmhad, NAME.flink.yaml for Flink's config.yaml; --cluster names\n"
	  "it. Asks on a terminal for what is missing; with --yes nothing is asked." },
	{ VERB_VERSION, "version", NULL, "", 0, 0, O_TIMEOUT,
	  "of jmhactl, and of the daemon when it answers", "" },
};

const size_t verb_infos_n = N_ELEMENTS(verb_infos);

const struct verb_info *option_table_verb(enum verb verb)
{
	for (size_t i = 0; i < verb_infos_n; i++)
		if (verb_infos[i].verb == verb)
			return &verb_infos[i];
	return NULL;
}

const struct option_info *option_table_option(int value)
{
	for (size_t i = 0; i < option_infos_n; i++)
		if (option_infos[i].value == value)
			return &option_infos[i];
	return NULL;
}
