/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_schema.h"

#include <string.h>

#include "base/cleanup.h"
#include "daemon/config.h"

#define AT(field) .offset = offsetof(struct config, field)

/* In the order of the file; keys of a group stand together. */
static const struct config_key keys[] = {
	{ "cluster", CONFIG_TEXT, AT(cluster), .required = true, .example = "\"orders\"",
	  .form = "name",
	  .meaning = "Name of the Flink cluster: one latch, one register, one store. "
	             "The same on every member." },
	{ "member", CONFIG_TEXT, AT(member), .says_default = "the host name", .example = "\"jm-a\"",
	  .form = "name",
	  .meaning = "Name of this member. No two members of a cluster share one." },
	{ "runtime_dir", CONFIG_TEXT, AT(runtime_dir), .says_default = "/run/jmha/<cluster>",
	  .example = "\"/run/jmha/orders\"", .form = "absolute path",
	  .meaning = "Session file, lock and API socket (api.sock). It must outlive a restart of "
	             "the daemon and belong to this member alone." },
	{ "role", CONFIG_WORD, AT(observer), .words = { "contender", "observer" },
	  .meaning = "A contender may lead; an observer only follows and runs no JobManager." },

	{ "zookeeper.servers", CONFIG_TEXTS, AT(servers),
	  .offset_n = offsetof(struct config, n_servers), .required = true, .reloadable = true,
	  .example = "[\"zk1:2181\", \"zk2:2181\", \"zk3:2181\"]", .form = "list of host:port",
	  .meaning = "The ensemble's servers, one string each." },
	{ "zookeeper.root", CONFIG_TEXT, AT(root), .text = "/jmha", .form = "znode path",
	  .meaning = "Node under which the cluster's nodes lie. The same on every member." },
	{ "zookeeper.auth_file", CONFIG_TEXT, AT(auth_file), .form = "absolute path",
	  .meaning = "File with one line user:password for ZooKeeper's digest scheme, mode 0600. "
	             "The same credentials on every member." },
	{ "zookeeper.session_ms", CONFIG_MS, AT(session_usec), .min = 2000, .max = 120000,
	  .dflt = 10000,
	  .meaning = "Session timeout T to ask for. When a host dies, a standby waits T and up "
	             "to one tick more; a ZooKeeper outage shorter than the tolerance, which grows "
	             "with "
	             "T, changes nothing. A change applies to the next session." },
	{ "zookeeper.tick_ms", CONFIG_MS, AT(tick_usec), .min = 200, .max = 10000, .dflt = 2000,
	  .meaning = "tickTime of the ensemble. It cannot be read through the client and the lease "
	             "depends on it: it must be the servers' value." },

	{ "election.takeover_ms", CONFIG_MS, AT(takeover_usec), .min = 1000, .max = 600000,
	  .dflt = 30000, .reloadable = true,
	  .meaning = "A member that is next and has not granted within this time lets the next one "
	             "try." },

	{ "storage.path", CONFIG_TEXT, AT(storage_path), .required = true,
	  .example = "\"/mnt/ha/jmha\"", .form = "absolute path",
	  .meaning =
	          "Shared directory for the pointers. It must exist; only <cluster>/ below it is "
	          "made. The same directory on every member." },
	{ "storage.io_ms", CONFIG_MS, AT(io_usec), .min = 100, .max = 120000, .dflt = 5000,
	  .meaning = "Deadline of one read or write of the store." },
	{ "storage.snapshot_kib", CONFIG_COUNT, AT(snapshot_kib), .min = 16, .max = 1048576,
	  .dflt = 16384,
	  .meaning = "KiB of log after which the leader writes a snapshot, unless that would take "
	             "more than half as much. What lies before the last but one is deleted." },

	{ "jobmanager.mode", CONFIG_WORD, AT(hot), .words = { "cold", "hot" },
	  .meaning =
	          "cold: the JobManager is started when this member becomes leader. hot: it runs "
	          "all the time and waits for the grant; it must have jmha's library for Flink." },
	{ "jobmanager.command", CONFIG_TEXTS, AT(command),
	  .offset_n = offsetof(struct config, n_command),
	  .says_default = "required for a contender",
	  .example = "[\"/opt/flink/bin/jobmanager.sh\", \"start-foreground\"]",
	  .form = "list: absolute path, arguments",
	  .meaning = "Program to run, without a shell. It must stay in the foreground (exec, not "
	             "fork)." },
	{ "jobmanager.stop_ms", CONFIG_MS, AT(stop_usec), .min = 50, .max = 30000, .dflt = 500,
	  .meaning =
	          "Time until SIGKILL has reached every process of the JobManager, taken off the "
	          "lease; in an orderly stop also the time from SIGTERM to SIGKILL." },
	{ "jobmanager.revoke_ms", CONFIG_MS, AT(revoke_usec), .min = 0, .max = 60000, .dflt = 1000,
	  .reloadable = true,
	  .meaning =
	          "Hot mode: so long before the deadline the JobManager is asked to stop leading, "
	          "so that it survives as a standby. (An orderly hand-over waits for it until the "
	          "deadline, at most 5 s.)" },
	{ "jobmanager.ready_ms", CONFIG_MS, AT(ready_usec), .min = 1000, .max = 3600000,
	  .dflt = 120000, .reloadable = true,
	  .meaning = "Time from the grant until health.url has to answer. A hot JobManager that "
	             "says nothing for so long after its start is started anew." },
	{ "jobmanager.class_archive", CONFIG_TEXT, AT(class_archive), .form = "absolute path",
	  .meaning =
	          "Hot mode: directory for an archive of the classes that a JobManager loads, "
	          "written by its own JVM while it stands by. The next JVM starts faster and takes "
	          "over faster. The directory must exist, be writable for the daemon's user, and "
	          "not be shared by clusters whose members have the same name; the JVM must be 17 "
	          "or "
	          "later. The archive is made anew when Flink or the JVM changes, and left out "
	          "when "
	          "it cannot be used. The JVM that makes it stands still for some seconds and "
	          "keeps "
	          "about 250 MB more until it ends. /var/lib/jmha is a good place." },
	{ "jobmanager.health.url", CONFIG_TEXT, AT(health.url), .reloadable = true,
	  .form = "http URL",
	  .meaning = "What to ask every interval_ms, like http://127.0.0.1:8081/overview. A "
	             "leading JobManager must answer with 200, a hot one that waits may answer "
	             "anything; one that hangs is killed and the leadership handed over. \"\" = a "
	             "cold JobManager that hangs is not noticed, only one that exits." },
	{ "jobmanager.health.interval_ms", CONFIG_MS, AT(health.interval_usec), .min = 100,
	  .max = 60000, .dflt = 1000, .reloadable = true,
	  .meaning = "Time from probe to probe. A hot JobManager that says nothing for failures "
	             "times so long counts as hung, with or without url." },
	{ "jobmanager.health.timeout_ms", CONFIG_MS, AT(health.timeout_usec), .min = 100,
	  .max = 60000, .dflt = 2000, .reloadable = true, .meaning = "Time one probe may take." },
	{ "jobmanager.health.failures", CONFIG_COUNT, AT(health.failures), .min = 1, .max = 100,
	  .dflt = 5, .reloadable = true,
	  .meaning = "So many probes in a row must fail before the JobManager counts as hung." },

	{ "api.listen", CONFIG_TEXT, AT(listen), .form = "IP address:port",
	  .meaning = "TCP listener for read-only calls: load balancers, Prometheus, TaskManagers. "
	             "No pointers and no operator verbs are served there." },
	{ "api.admin_group", CONFIG_TEXT, AT(admin_group), .reloadable = true, .form = "group name",
	  .meaning = "Members of this group may write pointers and give operator verbs on the Unix "
	             "socket, as root and the daemon's user may." },
};

_Static_assert(N_ELEMENTS(keys) < CONFIG_MAX_KEYS, "struct config_changes needs a last NULL");

const struct config_key *config_schema(size_t *ret_n)
{
	*ret_n = N_ELEMENTS(keys);
	return keys;
}

const struct config_key *config_schema_find(const char *path)
{
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		if (strcmp(keys[i].path, path) == 0)
			return &keys[i];
	return NULL;
}

bool config_schema_is_group(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		if (strncmp(keys[i].path, path, len) == 0 && keys[i].path[len] == '.')
			return true;
	return false;
}

static const char *last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

const struct config_key *config_schema_find_last(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		if (strcmp(last_part(keys[i].path), name) == 0)
			return &keys[i];
	return NULL;
}

void config_schema_describe_form(const struct config_key *k, char *ret, size_t size)
{
	switch (k->type) {
	case CONFIG_TEXT:
	case CONFIG_TEXTS:
		(void)snprintf(ret, size, "%s", k->form);
		break;
	case CONFIG_MS:
		(void)snprintf(ret, size, "milliseconds, %u to %u", k->min, k->max);
		break;
	case CONFIG_COUNT:
		(void)snprintf(ret, size, "number, %u to %u", k->min, k->max);
		break;
	case CONFIG_WORD:
		(void)snprintf(ret, size, "\"%s\" or \"%s\"", k->words[0], k->words[1]);
		break;
	}
}

void config_schema_describe_default(const struct config_key *k, char *ret, size_t size)
{
	if (k->says_default)
		(void)snprintf(ret, size, "%s", k->says_default);
	else if (k->required)
		(void)snprintf(ret, size, "required");
	else if (k->type == CONFIG_MS || k->type == CONFIG_COUNT)
		(void)snprintf(ret, size, "%u", k->dflt);
	else if (k->type == CONFIG_WORD)
		(void)snprintf(ret, size, "\"%s\"", k->words[0]);
	else
		(void)snprintf(ret, size, "\"%s\"%s", k->text ? k->text : "",
		               k->text ? "" : " (none)");
}

void config_schema_print(FILE *f)
{
	char form[128], dflt[128];

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		config_schema_describe_form(&keys[i], form, sizeof(form));
		config_schema_describe_default(&keys[i], dflt, sizeof(dflt));
		(void)fprintf(f, "%s\t%s\t%s\t%s\t%s\n", keys[i].path, form, dflt,
		              keys[i].reloadable ? "reload" : "restart", keys[i].meaning);
	}
}

/* At most `width` columns of `n` bytes of text, each line behind `before`. */
static void print_wrapped(FILE *f, const char *before, size_t width, const char *text, size_t n)
{
	while (n > 0) {
		size_t len = n;

		if (len > width) {
			for (len = width; len > 0 && text[len] != ' '; len--)
				;
			if (len == 0)
				len = n;
		}
		(void)fprintf(f, "%s%.*s\n", before, (int)len, text);
		if (len < n)
			len++; /* the blank */
		text += len;
		n -= len;
	}
}

/* Each sentence begins a line, as mdoc wants it. */
static void print_sentences(FILE *f, const char *text)
{
	for (const char *end; (end = strstr(text, ". ")) != NULL; text = end + 2)
		print_wrapped(f, "", 78, text, (size_t)(end - text) + 1);
	print_wrapped(f, "", 78, text, strlen(text));
}

void config_schema_print_mdoc(FILE *f)
{
	char form[128], dflt[128];

	(void)fprintf(f, ".Bl -tag -width indent\n");
	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		config_schema_describe_form(&keys[i], form, sizeof(form));
		config_schema_describe_default(&keys[i], dflt, sizeof(dflt));
		(void)fprintf(f, ".It Ic %s\n", keys[i].path);
		print_sentences(f, keys[i].meaning);
		(void)fprintf(f, "Value: %s.\nDefault: %s.\n", form, dflt);
		if (keys[i].reloadable)
			(void)fprintf(f, "Read again on SIGHUP.\n");
	}
	(void)fprintf(f, ".El\n");
}

static void print_indent(FILE *f, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		(void)fputs("    ", f);
}

/* Close the groups of `from` that `to` is not in, then open those of `to`. */
static unsigned move_group(FILE *f, const char *from, const char *to)
{
	size_t same = 0;
	unsigned depth = 0, open = 0;

	for (size_t i = 0; from[i] && to[i] && from[i] == to[i]; i++)
		if (from[i] == '.') {
			same = i + 1;
			depth++;
		}
	for (const char *p = from + same; (p = strchr(p, '.')) != NULL; p++)
		open++;
	for (; open > 0; open--) {
		print_indent(f, depth + open - 1);
		(void)fprintf(f, "};\n");
	}
	for (const char *dot; (dot = strchr(to + same, '.')) != NULL;) {
		print_indent(f, depth++);
		(void)fprintf(f, "%.*s: {\n", (int)(dot - to - (ptrdiff_t)same), to + same);
		same = (size_t)(dot - to) + 1;
	}
	return depth;
}

/* Without a default that could stand there, an example is shown behind a #. */
static void print_sample_key(FILE *f, unsigned depth, const struct config_key *k)
{
	char form[128], dflt[128], before[32];
	bool only_shown = k->says_default && k->type == CONFIG_TEXT;

	config_schema_describe_form(k, form, sizeof(form));
	config_schema_describe_default(k, dflt, sizeof(dflt));
	(void)snprintf(before, sizeof(before), "%*s# ", (int)(4 * depth), "");
	print_wrapped(f, before, 78 - 4 * (size_t)depth, k->meaning, strlen(k->meaning));
	print_indent(f, depth);
	(void)fprintf(f, "# (%s%s%s)\n", form, only_shown ? "; default: " : "",
	              only_shown ? dflt : "");
	if (k->example)
		(void)snprintf(dflt, sizeof(dflt), "%s", k->example);
	else if (!k->text && k->type == CONFIG_TEXT)
		(void)snprintf(dflt, sizeof(dflt), "\"\"");
	print_indent(f, depth);
	(void)fprintf(f, "%s%s = %s;\n", only_shown ? "# " : "", last_part(k->path), dflt);
}

void config_sample_print(FILE *f)
{
	const char *before = "";

	(void)fprintf(f, "# Configuration of jmhad; see jmhad.conf(5).\n");
	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		unsigned depth = move_group(f, before, keys[i].path);

		(void)fputc('\n', f);
		print_sample_key(f, depth, &keys[i]);
		before = keys[i].path;
	}
	(void)move_group(f, before, "");
}
