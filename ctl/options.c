/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/option_table.h"

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
	for (size_t i = 0; i < verb_infos_n; i++) {
		const struct verb_info *v = &verb_infos[i];

		(void)snprintf(left, sizeof(left), "%s%s%s %s", v->name, v->sub ? " " : "",
		               v->sub ? v->sub : "", v->args);
		(void)fprintf(f, "  %-25s %s\n", left, v->help);
	}
	(void)fprintf(f, "Common options; `jmhactl VERB --help` shows all of a verb:\n");
	print_option(f, option_table_option('c'), WIDTH);
	print_option(f, option_table_option(OPT_JSON), WIDTH);
	print_option(f, option_table_option('y'), WIDTH);
	(void)fprintf(
	        f, "Exit: 0 done, 1 failed, 2 usage, 3 daemon unreachable, 4 refused as unsafe,\n"
	           "      5 outcome unknown, 6 no leader or not the leader, 7 configuration\n");
}

void options_print_help(FILE *f, enum verb verb)
{
	const struct verb_info *v = option_table_verb(verb);
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
	for (size_t i = 0; i < option_infos_n; i++) {
		int n = print_left(left, &option_infos[i]);

		if ((option_infos[i].bit & v->options) && n > width)
			width = n < WIDEST ? n : WIDEST; /* a longer one stands out */
	}
	for (size_t i = 0; i < option_infos_n; i++)
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
	const struct option_info *info = option_table_option(value);

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
	for (size_t i = 0; i < verb_infos_n; i++) {
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
	const struct verb_info *v = option_table_verb(o->verb);

	if (!v || o->help)
		return 0;
	for (size_t i = 0; i < option_infos_n; i++)
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
	struct option longs[OPTION_TABLE_MOST + 1] = { { 0 } };
	struct options o = { .fail_on = FINDING_ERROR };
	uint64_t given = 0;
	int value, r;

	for (size_t i = 0; i < option_infos_n; i++)
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
		for (size_t i = 0; i < option_infos_n; i++)
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
