/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Values of getopt for options without a letter; those with one use it. */
enum {
	OPT_SOCKET = 256,
	OPT_JSON,
	OPT_WATCH,
	OPT_WAIT,
	OPT_TIMEOUT,
	OPT_FORCE,
	OPT_WHY,
	OPT_CREATE,
	OPT_REVISION,
	OPT_EPOCH,
	OPT_VERSION,
	OPT_FROM_FLINK,
	OPT_PATH,
	OPT_AUTH_FILE,
	OPT_DRY_RUN,
	OPT_SKIP_BROKEN,
	OPT_MEMBER,
	OPT_ZOOKEEPER,
	OPT_TICK_MS,
	OPT_STORAGE,
	OPT_FLINK_HOME,
	OPT_FLINK_STORAGE,
	OPT_ADDRESS,
	OPT_CLUSTER_ID,
	OPT_PEERS,
	OPT_LISTEN,
	OPT_ADMIN_GROUP,
	OPT_MODE,
	OPT_JOB_CLASS,
	OPT_OUTPUT,
	OPT_CONFIG,
	OPT_OFFLINE,
	OPT_ACCEPT_LOSS,
	OPT_FROM_SNAPSHOT,
	OPT_UIDS,
	OPT_REST,
	OPT_SAVEPOINT,
	OPT_HTML,
	OPT_NO_CLUSTER,
	OPT_HASHMAP_LIMIT,
	OPT_FILES,
	OPT_ALLOW_LEFT,
	OPT_FAIL_ON,
};

static const struct option_info {
	int value;
	uint64_t bit; /* in struct verb_info; 0 = every verb takes it */
	const char *name, *arg, *help;
} option_infos[] = {
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

/* Options whose text is taken as it is: where it goes. */
static const struct text_option {
	int value;
	size_t offset;
} text_options[] = {
#define TEXT(f) offsetof(struct options, f)
	{ OPT_FROM_FLINK, TEXT(from) },
	{ OPT_PATH, TEXT(path) },
	{ OPT_AUTH_FILE, TEXT(auth_file) },
	{ OPT_MEMBER, TEXT(member) },
	{ OPT_ZOOKEEPER, TEXT(zookeeper) },
	{ OPT_STORAGE, TEXT(storage) },
	{ OPT_FLINK_HOME, TEXT(flink_home) },
	{ OPT_FLINK_STORAGE, TEXT(flink_storage) },
	{ OPT_ADDRESS, TEXT(address) },
	{ OPT_CLUSTER_ID, TEXT(cluster_id) },
	{ OPT_PEERS, TEXT(peers) },
	{ OPT_LISTEN, TEXT(listen) },
	{ OPT_ADMIN_GROUP, TEXT(admin_group) },
	{ OPT_MODE, TEXT(mode) },
	{ OPT_JOB_CLASS, TEXT(job_class) },
	{ OPT_OUTPUT, TEXT(output) },
	{ OPT_CONFIG, TEXT(config) },
	{ OPT_UIDS, TEXT(uids) },
	{ OPT_REST, TEXT(rest) },
	{ OPT_SAVEPOINT, TEXT(savepoint) },
	{ OPT_HTML, TEXT(html) },
#undef TEXT
};

/* Options without a value: what they set. */
static const struct flag_option {
	int value;
	size_t offset;
} flag_options[] = {
#define FLAG(f) offsetof(struct options, f)
	{ OPT_JSON, FLAG(json) },
	{ OPT_WATCH, FLAG(watch) },
	{ OPT_WAIT, FLAG(wait) },
	{ 'y', FLAG(yes) },
	{ OPT_FORCE, FLAG(force) },
	{ OPT_CREATE, FLAG(create) },
	{ 'h', FLAG(help) },
	{ OPT_DRY_RUN, FLAG(dry_run) },
	{ OPT_SKIP_BROKEN, FLAG(skip_broken) },
	{ OPT_OFFLINE, FLAG(offline) },
	{ OPT_ACCEPT_LOSS, FLAG(accept_loss) },
	{ OPT_FILES, FLAG(files) },
	{ OPT_ALLOW_LEFT, FLAG(allow_left) },
	{ OPT_NO_CLUSTER, FLAG(no_cluster) },
#undef FLAG
};

#define O_READ     (O_JSON | O_TIMEOUT)
#define O_LOOK     (O_JSON | O_TIMEOUT | O_CONFIG | O_OFFLINE | O_STORAGE)
#define O_OPERATOR (O_JSON | O_TIMEOUT | O_YES | O_FORCE | O_WHY)

static const struct verb_info {
	enum verb verb;
	const char *name, *sub; /* "pointers", "get" */
	const char *args;
	size_t min_args, max_args;
	uint64_t options;
	const char *help, *more; /* one line; a paragraph for the verb's own help */
} verb_infos[] = {
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

static const struct verb_info *find_info(enum verb verb)
{
	for (size_t i = 0; i < N_ELEMENTS(verb_infos); i++)
		if (verb_infos[i].verb == verb)
			return &verb_infos[i];
	return NULL;
}

static const struct option_info *find_option(int value)
{
	for (size_t i = 0; i < N_ELEMENTS(option_infos); i++)
		if (option_infos[i].value == value)
			return &option_infos[i];
	return NULL;
}

/* ---- help */

enum { WIDTH = 18, WIDEST = 24 }; /* of an option and its value */

/* "--cluster NAME"; returns its length. */
static int print_left(char ret[40], const struct option_info *o)
{
	return snprintf(ret, 40, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
}

static void print_option(FILE *f, const struct option_info *o, int width)
{
	char left[40];

	(void)print_left(left, o);
	if (o->value < 256)
		(void)fprintf(f, "  -%c, %-*s %s\n", o->value, width, left, o->help);
	else
		(void)fprintf(f, "      %-*s %s\n", width, left, o->help);
}

static void print_all(FILE *f)
{
	char left[40];

	(void)fprintf(f, "Usage: jmhactl VERB [ARGUMENT ...] [OPTION ...]\n");
	for (size_t i = 0; i < N_ELEMENTS(verb_infos); i++) {
		const struct verb_info *v = &verb_infos[i];

		(void)snprintf(left, sizeof(left), "%s%s%s %s", v->name, v->sub ? " " : "",
		               v->sub ? v->sub : "", v->args);
		(void)fprintf(f, "  %-25s %s\n", left, v->help);
	}
	(void)fprintf(f, "Common options; `jmhactl VERB --help` shows all of a verb:\n");
	print_option(f, find_option('c'), WIDTH);
	print_option(f, find_option(OPT_JSON), WIDTH);
	print_option(f, find_option('y'), WIDTH);
	(void)fprintf(
	        f, "Exit: 0 done, 1 failed, 2 usage, 3 daemon unreachable, 4 refused as unsafe,\n"
	           "      5 outcome unknown, 6 no leader or not the leader, 7 configuration\n");
}

void options_print_help(FILE *f, enum verb verb)
{
	const struct verb_info *v = find_info(verb);
	int width = WIDTH;
	char left[40];

	if (!v) {
		print_all(f);
		return;
	}
	(void)fprintf(f, "Usage: jmhactl %s%s%s%s%s [OPTION ...]\n", v->name, v->sub ? " " : "",
	              v->sub ? v->sub : "", *v->args ? " " : "", v->args);
	(void)fprintf(f, "  %s\n", v->help);
	if (*v->more)
		(void)fprintf(f, "\n%s\n", v->more);
	(void)fprintf(f, "\n");
	for (size_t i = 0; i < N_ELEMENTS(option_infos); i++) {
		int n = print_left(left, &option_infos[i]);

		if ((option_infos[i].bit & v->options) && n > width)
			width = n < WIDEST ? n : WIDEST; /* a longer one stands out */
	}
	for (size_t i = 0; i < N_ELEMENTS(option_infos); i++)
		if (option_infos[i].bit == 0 || (option_infos[i].bit & v->options))
			print_option(f, &option_infos[i], width);
}

/* ---- parsing */

static int complain(FILE *err, const char *what, const char *which)
{
	(void)fprintf(err, "jmhactl: %s %s\nTry: jmhactl --help\n", what, which);
	return -EINVAL;
}

/* A whole number from 1, nothing else. */
static int parse_number(const char *text, uint64_t most, uint64_t *ret)
{
	uint64_t n = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9' || n > (most - digit) / 10)
			return -EINVAL;
		n = n * 10 + digit;
	}
	if (n < 1)
		return -EINVAL;
	*ret = n;
	return 0;
}

/* 1 when it is such an option. */
static int take_text(int value, const char *arg, struct options *o, FILE *err)
{
	const struct option_info *info = find_option(value);

	for (size_t i = 0; i < N_ELEMENTS(text_options); i++) {
		if (text_options[i].value != value)
			continue;
		if (*arg == '\0')
			return complain(err, "this option needs a value, not nothing:",
			                info ? info->name : "");
		*(const char **)((char *)o + text_options[i].offset) = arg;
		return 1;
	}
	return 0;
}

static bool take_flag(int value, struct options *o)
{
	for (size_t i = 0; i < N_ELEMENTS(flag_options); i++) {
		if (flag_options[i].value != value)
			continue;
		*(bool *)((char *)o + flag_options[i].offset) = true;
		return true;
	}
	return false;
}

static int take_option(int value, const char *arg, struct options *o, FILE *err)
{
	uint64_t n;
	int r = take_text(value, arg, o, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if (take_flag(value, o))
		return 0;
	switch (value) {
	case 'c':
		/* It becomes part of a path. */
		if (*arg == '\0' || *arg == '.' || strchr(arg, '/'))
			return complain(err, "this is no name of a cluster:", arg);
		o->cluster = arg;
		return 0;
	case OPT_SOCKET:
		o->socket = arg;
		return 0;
	case OPT_VERSION:
		o->verb = VERB_VERSION;
		return 0;
	case OPT_WHY:
		if (strlen(arg) > 200)
			return complain(err, "--why takes at most 200 bytes:", arg);
		o->why = arg;
		return 0;
	case OPT_REVISION:
		if (parse_number(arg, INT64_MAX, &o->revision) < 0)
			return complain(err, "--revision takes a number from 1, not", arg);
		return 0;
	case OPT_EPOCH:
		if (parse_number(arg, INT64_MAX, &o->epoch) < 0)
			return complain(err, "--epoch takes a number from 1, not", arg);
		return 0;
	case OPT_HASHMAP_LIMIT:
		if (parse_number(arg, UINT64_C(1) << 40, &o->hashmap_limit_mib) < 0)
			return complain(err, "--hashmap-limit takes a number of MiB from 1, not",
			                arg);
		return 0;
	case OPT_FAIL_ON:
		if (finding_severity_parse(arg, &o->fail_on) < 0 || o->fail_on == FINDING_FINE)
			return complain(err, "--fail-on takes error, warning or advice, not", arg);
		return 0;
	case OPT_FROM_SNAPSHOT:
		o->from_snapshot = true;
		if (strcmp(arg, "newest") != 0 && parse_number(arg, INT64_MAX, &o->snapshot) < 0)
			return complain(err, "--from-snapshot takes newest or a sequence, not",
			                arg);
		return 0;
	case OPT_TICK_MS:
		if (parse_number(arg, 10000, &o->tick_ms) < 0)
			return complain(err, "--tick-ms takes 1 to 10000 milliseconds, not", arg);
		return 0;
	case OPT_TIMEOUT:
		if (parse_number(arg, 86400, &n) < 0)
			return complain(err, "--timeout takes 1 to 86400 seconds, not", arg);
		o->timeout = n * USEC_PER_SEC;
		return 0;
	default:
		return -EINVAL;
	}
}

/* The verb's words are taken off `args`; what is left are its arguments. */
static int take_verb(char **args, size_t n, struct options *o, FILE *err)
{
	const struct verb_info *v = NULL;
	size_t used = 1;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < N_ELEMENTS(verb_infos); i++) {
		const struct verb_info *w = &verb_infos[i];

		if (strcmp(w->name, args[0]) != 0)
			continue;
		if (!w->sub || n == 1) { /* "pointers" alone: the first of them, list */
			v = w;
			break;
		}
		if (strcmp(w->sub, args[1]) == 0) {
			v = w;
			used = 2;
			break;
		}
	}
	if (!v && n > 1 && strcmp(args[0], "pointers") == 0)
		return complain(err, "pointers knows list, get, put and delete, not", args[1]);
	if (!v && n > 1 && strcmp(args[0], "store") == 0)
		return complain(err, "store knows show, verify, recover, export and import, not",
		                args[1]);
	if (!v && n > 1 && strcmp(args[0], "savepoint") == 0)
		return complain(err, "savepoint knows show and compare, not", args[1]);
	if (!v)
		return complain(err, "there is no verb", args[0]);
	o->verb = v->verb;
	if (o->help)
		return 0;
	if (n - used < v->min_args)
		return complain(err, "an argument is missing:", v->args);
	if (n - used > v->max_args)
		return complain(err, "this argument is too many:", args[used + v->max_args]);
	for (size_t i = used; i < n; i++)
		o->args[o->n_args++] = args[i];
	return 0;
}

_Static_assert(N_ELEMENTS(option_infos) <= 64, "one bit each");

/* The others read the configuration, or need none. */
static bool asks_daemon(enum verb verb)
{
	return verb != VERB_INIT && verb != VERB_STORE_SHOW && verb != VERB_STORE_VERIFY &&
	       verb != VERB_STORE_RECOVER && verb != VERB_SAVEPOINT_SHOW &&
	       verb != VERB_SAVEPOINT_COMPARE;
}

/* `given`: bit i = option_infos[i]. */
static int check_options(const struct options *o, uint64_t given, FILE *err)
{
	const struct verb_info *v = find_info(o->verb);

	if (!v || o->help)
		return 0;
	for (size_t i = 0; i < N_ELEMENTS(option_infos); i++)
		if ((given >> i & 1) && option_infos[i].bit &&
		    !(option_infos[i].bit & v->options)) {
			(void)fprintf(err, "jmhactl: --%s is no option of %s%s%s\n",
			              option_infos[i].name, v->name, v->sub ? " " : "",
			              v->sub ? v->sub : "");
			(void)fprintf(err, "Try: jmhactl %s --help\n", v->name);
			return -EINVAL;
		}
	if (o->create && o->revision)
		return complain(err, "--create and --revision exclude each other:",
		                "a new pointer has no revision");
	if (o->verb == VERB_STORE_IMPORT && !o->from && o->n_args == 0)
		return complain(err, "name what to import:", "FILE, or --from-flink-zookeeper");
	if (o->verb == VERB_STORE_IMPORT && !o->from != !!o->n_args)
		return complain(err, "a file or another ZooKeeper, not both:", o->args[0]);
	if (o->verb == VERB_STORE_EXPORT && !o->offline && (o->storage || o->config))
		return complain(err,
		                "this goes with --offline:", o->storage ? "--storage" : "--config");
	if (o->from_snapshot && !o->offline)
		return complain(err, "this goes with --offline:", "--from-snapshot");
	if (o->allow_left && o->verb == VERB_READINESS && !o->savepoint)
		return complain(err, "this goes with --savepoint:", "--allow-non-restored-state");
	if (o->socket && !asks_daemon(o->verb))
		return complain(err, "this verb talks to no daemon:", "--socket");
	if (o->storage && o->verb != VERB_INIT && (o->config || !o->cluster))
		return complain(err,
		                "--storage goes with --cluster and without --config:", o->storage);
	if (o->cluster && o->socket)
		return complain(err, "--cluster and --socket exclude each other:",
		                "the socket says which cluster");
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret, FILE *err)
{
	struct option longs[N_ELEMENTS(option_infos) + 1] = { { 0 } };
	struct options o = { .fail_on = FINDING_ERROR };
	uint64_t given = 0;
	int value, r;

	for (size_t i = 0; i < N_ELEMENTS(option_infos); i++)
		longs[i] = (struct option){
			.name = option_infos[i].name,
			.has_arg = option_infos[i].arg ? required_argument : no_argument,
			.val = option_infos[i].value,
		};
	optind = 0; /* glibc: start anew, also when called again */
	opterr = 0;
	while ((value = getopt_long(argc, argv, ":c:yh", longs, NULL)) >= 0) {
		if (value == ':')
			return complain(err, "this option needs a value:", argv[optind - 1]);
		if (value == '?')
			return complain(err, "there is no option", argv[optind - 1]);
		r = take_option(value, optarg, &o, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < N_ELEMENTS(option_infos); i++)
			if (option_infos[i].value == value)
				given |= UINT64_C(1) << i;
	}
	r = take_verb(argv + optind, (size_t)(argc - optind), &o, err);
	if (r < 0)
		return r;
	r = check_options(&o, given, err);
	if (r < 0)
		return r;
	*ret = o;
	return 0;
}
