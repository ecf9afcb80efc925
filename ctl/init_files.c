/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/init_files.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

enum { USUAL_TICK_MS = 2000 };

static bool harmless(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			return false;
	return true;
}

const char *init_files_bad_value(const struct init_values *v)
{
	const struct {
		const char *name, *value;
	} all[] = {
		{ "--cluster", v->cluster },
		{ "--member", v->member },
		{ "--zookeeper", v->zookeeper },
		{ "--auth-file", v->auth_file },
		{ "--storage", v->storage },
		{ "--flink-home", v->flink_home },
		{ "--job-classname", v->job_class },
		{ "--listen", v->listen },
		{ "--admin-group", v->admin_group },
		{ "--flink-storage", v->flink_storage },
		{ "--cluster-id", v->cluster_id },
		{ "--address", v->address },
		{ "--peers", v->peers },
	};

	for (size_t i = 0; i < N_ELEMENTS(all); i++)
		if (!harmless(all[i].value))
			return all[i].name;
	return NULL;
}

/* ---- jmhad */

/* As libconfig reads it. */
static void print_quoted_n(FILE *f, const char *text, size_t n)
{
	(void)fputc('"', f);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"' || text[i] == '\\')
			(void)fputc('\\', f);
		(void)fputc(text[i], f);
	}
	(void)fputc('"', f);
}

static void print_text(FILE *f, const char *key, const char *text)
{
	(void)fprintf(f, "%s = ", key);
	print_quoted_n(f, text, strlen(text));
	(void)fputs(";\n", f);
}

static void print_servers(FILE *f, const char *servers)
{
	(void)fputs("    servers = [", f);
	for (const char *s = servers, *end;; s = end + 1) {
		end = s + strcspn(s, ",");
		print_quoted_n(f, s, (size_t)(end - s));
		if (!*end)
			break;
		(void)fputs(", ", f);
	}
	(void)fputs("];\n", f);
}

static const char *script_of(const struct init_values *v)
{
	return v->job_class ? "/bin/standalone-job.sh" : "/bin/jobmanager.sh";
}

/* Flink's scripts end in `exec java` when they start in the foreground, so that the process that
 * the daemon starts and kills is Java itself. */
static void print_command(FILE *f, const struct init_values *v)
{
	CLEANUP(freep) char *script = NULL;

	if (asprintf(&script, "%s%s", v->flink_home, script_of(v)) < 0)
		script = NULL;
	(void)fputs("    command = [", f);
	print_quoted_n(f, script ? script : "", script ? strlen(script) : 0);
	(void)fputs(", \"start-foreground\"", f);
	if (v->job_class) {
		(void)fputs(", \"--job-classname\", ", f);
		print_quoted_n(f, v->job_class, strlen(v->job_class));
	}
	(void)fputs("];\n", f);
}

void init_files_print_config(FILE *f, const struct init_values *v)
{
	(void)fprintf(f, "# One member of a jmha cluster, written by `jmhactl init`. All keys: "
	                 "jmhad.conf(5).\n");
	print_text(f, "cluster", v->cluster);
	print_text(f, "member", v->member);
	(void)fputs("zookeeper: {\n", f);
	print_servers(f, v->zookeeper);
	(void)fprintf(f, "    tick_ms = %" PRIu64 "; # must be the tickTime of these servers\n",
	              v->tick_ms);
	/* With a slower one than that, a lease of the default session_ms would have no room. */
	if (v->tick_ms > USUAL_TICK_MS)
		(void)fprintf(f, "    session_ms = %" PRIu64 "; # five ticks\n", 5 * v->tick_ms);
	if (v->auth_file)
		print_text(f, "    auth_file", v->auth_file);
	(void)fputs("};\nstorage: {\n", f);
	print_text(f, "    path", v->storage);
	(void)fputs("};\njobmanager: {\n", f);
	print_text(f, "    mode", v->cold ? "cold" : "hot");
	print_command(f, v);
	if (!v->cold)
		(void)fputs("    # Starts and takes over faster; costs memory once, see "
		            "jmhad.conf(5).\n"
		            "    # class_archive = \"/var/lib/jmha\";\n",
		            f);
	(void)fputs("};\n", f);
	if (!v->listen && !v->admin_group)
		return;
	(void)fputs("api: {\n", f);
	if (v->listen)
		print_text(f, "    listen", v->listen);
	if (v->admin_group)
		print_text(f, "    admin_group", v->admin_group);
	(void)fputs("};\n", f);
}

/* ---- Flink */

/* Plain where that means the same in YAML and in the older flink-conf.yaml, which knows no quotes
 * and would take them for a part of the value.  A number alone would be one, not a text; with two
 * dots, as in an IPv4 address, it is none. */
static bool is_plain(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *dot = strchr(text, '.');
	bool address = *text >= '0' && *text <= '9' && dot && strchr(dot + 1, '.');

	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                    "0123456789._/:,+=@%-") == strlen(text) &&
	       (address ||
	        (strpbrk(text, letters) && (strchr(letters, text[0]) || text[0] == '/'))) &&
	       text[strlen(text) - 1] != ':';
}

static void print_yaml(FILE *f, const char *key, const char *text)
{
	(void)fprintf(f, "%s: ", key);
	if (is_plain(text))
		(void)fputs(text, f);
	else
		print_quoted_n(f, text, strlen(text));
	(void)fputc('\n', f);
}

void init_files_print_flink(FILE *f, const struct init_values *v)
{
	(void)fprintf(
	        f,
	        "# SPDX-License-Identifier: Apache-2.0\n"
	        "# Lines for Flink's conf/config.yaml (Flink 1.20: flink-conf.yaml where there is "
	        "one). They\n"
	        "# take the place of lines for the same key, also of nested ones.\n"
	        "\n"
	        "# JobManagers, TaskManagers and clients.\n"
	        "high-availability.type: io.jmha.flink.JmhaHaServicesFactory\n");
	print_yaml(f, "high-availability.storageDir", v->flink_storage);
	(void)fputs("# Who moves in from Flink's own ZooKeeper HA keeps the old one.\n", f);
	print_yaml(f, "high-availability.cluster-id", v->cluster_id);
	(void)fputs("# Where TaskManagers and clients ask who leads: api.listen of every member.\n",
	            f);
	print_yaml(f, "jmha.address", v->peers);
	(void)fputs("\n# This JobManager host alone: its own address, as all others reach it.\n",
	            f);
	print_yaml(f, "jobmanager.rpc.address", v->address);
	print_yaml(f, "rest.address", v->address);
	(void)fputs("# Flink's own default file binds to localhost.\n"
	            "jobmanager.bind-host: 0.0.0.0\n"
	            "rest.bind-address: 0.0.0.0\n"
	            "\n"
	            "# Advice: without it a JobManager that failed lingers for 5 s.\n"
	            "cluster.processes.halt-on-fatal-error: true\n",
	            f);
}

/* ---- what is left */

static void print_steps_flink(FILE *f, const struct init_values *v, const char *flink)
{
	(void)fprintf(f,
	              "  # the library, and the lines for Flink\n"
	              "  cp jmha-flink-*.jar %s/lib/\n"
	              "  cat %s      # take its lines over into %s/conf/config.yaml\n",
	              v->flink_home, flink, v->flink_home);
}

/* "file:///mnt/ha" -> "/mnt/ha"; "" for another scheme. */
static const char *local_path(const char *uri)
{
	if (strncmp(uri, "file:///", 8) == 0)
		return uri + 7;
	return strncmp(uri, "file:/", 6) == 0 && uri[6] != '/' ? uri + 5 : "";
}

void init_files_print_steps(FILE *f, const struct init_values *v, const char *config,
                            const char *flink)
{
	const char *shared = v->cold ? "" : local_path(v->flink_storage);

	(void)fprintf(f, "What is left to do, on this host, as root:\n");
	if (!v->cold)
		print_steps_flink(f, v, flink);
	(void)fprintf(f,
	              "  # what is shared, once; on all hosts the same directory\n"
	              "  install -d -o jmha -g jmha %s%s%s\n"
	              "  # what the JobManager writes outside of /mnt, /srv and /var/lib/jmha\n"
	              "  systemctl edit jmhad@%s\n"
	              "      [Unit]\n"
	              "      RequiresMountsFor=%s%s%s\n"
	              "      [Service]\n"
	              "      ReadWritePaths=%s/log\n"
	              "  # end what started the JobManager until now, then\n"
	              "  jmhad --check-config %s\n"
	              "  systemctl enable --now jmhad@%s\n"
	              "  jmhactl -c %s explain\n",
	              v->storage, *shared ? " " : "", shared, v->cluster, v->storage,
	              *shared ? " " : "", shared, v->flink_home, config, v->cluster, v->cluster);
	(void)fprintf(f, "On each other JobManager host: jmhactl init with its own --member%s\n",
	              v->cold ? "" : " and --address");
	if (!v->cold)
		(void)fprintf(f,
		              "On each TaskManager and client: the same jar into lib/, and the "
		              "first part of\n%s into config.yaml\n",
		              flink);
}
