/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "ctl/init_files.h"
#include "ctl/table.h"
#include "daemon/config.h"

static const char own_directory[] = JMHA_SYSCONFDIR "/jmha";

enum { MAX_ANSWER = 4096, N_ANSWERS = 16 };

/* Values, and the answers that they point to. */
struct init {
	const struct options *o;
	FILE *in; /* NULL = nobody can be asked */
	struct init_values v;
	char answers[N_ANSWERS][MAX_ANSWER];
	size_t n_answers;
	bool missing, too_long;
};

/* ---- values */

static char *next_answer(struct init *i)
{
	return i->n_answers < N_ANSWERS ? i->answers[i->n_answers++] : NULL;
}

/* One line; NULL when nothing was said. */
static const char *ask(struct init *i, const char *what, const char *dflt)
{
	char *answer = next_answer(i);

	if (!answer)
		return NULL;
	if (dflt)
		(void)fprintf(stderr, "%s [%s]: ", what, dflt);
	else
		(void)fprintf(stderr, "%s: ", what);
	if (!fgets(answer, MAX_ANSWER, i->in))
		return NULL;
	i->too_long |= strlen(answer) == MAX_ANSWER - 1; /* its rest would answer the next */
	answer[strcspn(answer, "\n")] = '\0';
	return *answer ? answer : NULL;
}

/* Given, answered, or the default; without one it is required. */
static void take(struct init *i, const char **value, const char *given, const char *option,
                 const char *what, const char *dflt)
{
	*value = given;
	if (!*value && i->in)
		*value = ask(i, what, dflt);
	if (!*value)
		*value = dflt;
	if (*value)
		return;
	if (!i->missing)
		(void)fprintf(stderr, "jmhactl: init needs to know:\n");
	(void)fprintf(stderr, "  %-16s %s\n", option, what);
	i->missing = true;
}

static const char *host_name(struct init *i)
{
	char *name = next_answer(i);

	if (!name || gethostname(name, MAX_ANSWER) < 0)
		return NULL;
	name[MAX_ANSWER - 1] = '\0';
	return *name ? name : NULL;
}

static void take_flink(struct init *i, const char *host)
{
	const struct options *o = i->o;
	struct init_values *v = &i->v;
	char *uri;

	take(i, &v->flink_storage, o->flink_storage, "--flink-storage",
	     "Shared directory for Flink's own files, as a URI (file:///mnt/ha/flink)", NULL);
	take(i, &v->cluster_id, o->cluster_id, "--cluster-id", "high-availability.cluster-id",
	     v->cluster ? v->cluster : "");
	take(i, &v->address, o->address, "--address",
	     "Address of this host, as the other hosts reach it", host);
	take(i, &v->listen, o->listen, "--listen",
	     "Address and port at which TaskManagers ask who leads", "0.0.0.0:9180");
	take(i, &v->peers, o->peers, "--peers",
	     "The same of all members, as others reach them (jm-a:9180,jm-b:9180,jm-c:9180)", NULL);
	if (v->flink_storage && v->flink_storage[0] == '/') {
		uri = next_answer(i);
		if (uri && snprintf(uri, MAX_ANSWER, "file://%s", v->flink_storage) < MAX_ANSWER)
			v->flink_storage = uri;
	}
}

static void take_all(struct init *i)
{
	const struct options *o = i->o;
	struct init_values *v = &i->v;
	const char *host = host_name(i), *tick = NULL;

	take(i, &v->cluster, o->cluster, "--cluster", "Name of the cluster", NULL);
	take(i, &v->member, o->member, "--member", "Name of this member", host);
	take(i, &v->zookeeper, o->zookeeper, "--zookeeper",
	     "ZooKeeper servers (zk1:2181,zk2:2181,zk3:2181)", NULL);
	v->tick_ms = o->tick_ms;
	if (!v->tick_ms)
		take(i, &tick, NULL, "--tick-ms", "Their tickTime in ms", "2000");
	if (tick && parse_uint64(tick, 1, 10000, &v->tick_ms) < 0)
		v->tick_ms = 0; /* out of range: the check names it */
	take(i, &v->storage, o->storage, "--storage",
	     "Shared directory for the pointers (/mnt/ha/jmha)", NULL);
	take(i, &v->flink_home, o->flink_home, "--flink-home", "Where Flink lies", "/opt/flink");
	if (v->cold)
		v->listen = o->listen;
	else
		take_flink(i, host);
	take(i, &v->admin_group, o->admin_group, "--admin-group",
	     "Group that may give operator verbs", "jmha-admin");
	v->auth_file = o->auth_file;
	v->job_class = o->job_class;
}

/* ---- checks */

static enum exit_code usage(const char *what, const char *which)
{
	(void)fputs("jmhactl: ", stderr);
	(void)fputs(what, stderr);
	(void)fputc(' ', stderr);
	table_print_text(stderr, which);
	(void)fputs("\nTry: jmhactl init --help\n", stderr);
	return EXIT_USAGE;
}

static bool addresses_valid(const char *list)
{
	char host[CONFIG_MAX_HOST + 1], one[CONFIG_MAX_HOST + 16];
	uint16_t port;

	for (const char *s = list, *end;; s = end + 1) {
		end = s + strcspn(s, ",");
		if (snprintf(one, sizeof(one), "%.*s", (int)(end - s), s) >= (int)sizeof(one) ||
		    config_split_address(one, host, &port) < 0)
			return false;
		if (!*end)
			return true;
	}
}

/* What jmhad does not look at. */
static enum exit_code check_values(const struct init_values *v)
{
	const char *bad = init_files_bad_value(v);

	if (bad)
		return usage("there is a control character in", bad);
	if (!*v->cluster || *v->cluster == '.' || strchr(v->cluster, '/'))
		return usage("this is no name of a cluster:", v->cluster);
	if (v->flink_home[0] != '/')
		return usage("--flink-home must be an absolute path, not", v->flink_home);
	if (v->cold)
		return EXIT_DONE;
	if (!strchr(v->flink_storage, ':'))
		return usage("--flink-storage must be a URI like file:///mnt/ha/flink, not",
		             v->flink_storage);
	if (!addresses_valid(v->peers))
		return usage("--peers must be host:port with commas between, not", v->peers);
	return EXIT_DONE;
}

/* As `jmhad --check-config` does, before there is a file. */
static enum exit_code check_config(const char *text, size_t size, const char *path,
                                   struct config **ret)
{
	CLEANUP(closep) int fd = memfd_create("jmhad.conf", MFD_CLOEXEC);
	struct config_error error;

	if (fd < 0 || write(fd, text, size) != (ssize_t)size) {
		(void)fprintf(stderr, "jmhactl: not enough memory\n");
		return EXIT_FAILED;
	}
	if (config_load_kept(fd, path, ret, &error) < 0) {
		error.line = 0; /* there is no such file */
		(void)fputs("jmhactl: this configuration would not do, nothing was written: ",
		            stderr);
		table_print_text(stderr, error.text);
		(void)fputc('\n', stderr);
		return EXIT_CONFIG;
	}
	return EXIT_DONE;
}

/* ---- files */

struct file {
	char *path, *temporary;
	char *text;
	size_t size;
	bool made; /* the temporary one */
};

static void file_done(struct file *f)
{
	if (f->made)
		(void)unlink(f->temporary);
	free(f->path);
	free(f->temporary);
	free(f->text);
}

static int file_make(struct file *f, const char *directory, const char *name, const char *suffix)
{
	if (asprintf(&f->path, "%s/%s%s", directory, name, suffix) < 0) {
		f->path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&f->temporary, "%s/.%s%s.XXXXXX", directory, name, suffix) < 0) {
		f->temporary = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int file_print(struct file *f, const struct init_values *v,
                      void (*print)(FILE *f, const struct init_values *v))
{
	FILE *to = open_memstream(&f->text, &f->size);

	if (!to)
		return -ENOMEM;
	print(to, v);
	return fclose(to) == 0 ? 0 : -ENOMEM;
}

static int file_prepare(struct file *f)
{
	CLEANUP(closep) int fd = mkostemp(f->temporary, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	f->made = true;
	/* No secrets in it; the daemon and Flink run as other users. */
	if (write(fd, f->text, f->size) != (ssize_t)f->size || fchmod(fd, 0644) < 0 ||
	    fsync(fd) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* Under its name whole, or not at all; never over another one unless `force`. */
static int file_publish(struct file *f, bool force)
{
	if (force) {
		if (rename(f->temporary, f->path) < 0)
			return -errno;
		f->made = false;
		return 0;
	}
	return link(f->temporary, f->path) < 0 ? -errno : 0;
}

static enum exit_code refuse_existing(const struct file *files, size_t n)
{
	struct stat st;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (lstat(files[i].path, &st) == 0) {
			(void)fprintf(stderr, "jmhactl: %s is there already\n", files[i].path);
			any = true;
		}
	if (!any)
		return EXIT_DONE;
	(void)fprintf(stderr, "Nothing was written; --force replaces what is there, --dry-run "
	                      "shows what would come\n");
	return EXIT_UNSAFE;
}

static enum exit_code write_files(const struct options *o, const char *directory,
                                  struct file *files, size_t n)
{
	enum exit_code code = o->force ? EXIT_DONE : refuse_existing(files, n);
	int r = 0;

	if (code != EXIT_DONE)
		return code;
	if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
		(void)fprintf(stderr, "jmhactl: cannot make %s: %s\n", directory, strerror(errno));
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		r = file_prepare(&files[i]);
		if (r < 0)
			(void)fprintf(stderr, "jmhactl: cannot write %s: %s; nothing was written\n",
			              files[i].path, strerror(-r));
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		r = file_publish(&files[i], o->force);
		if (r < 0)
			(void)fprintf(stderr, "jmhactl: cannot make %s: %s\n", files[i].path,
			              strerror(-r));
		else
			(void)printf("Wrote %s\n", files[i].path);
	}
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- the verb */

static void print_dry(const struct file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)printf("### %s\n%s\n", files[i].path, files[i].text);
}

static enum exit_code run(const struct init *i, struct file *files, size_t n)
{
	CLEANUP(config_freep) struct config *config = NULL;
	const char *directory = i->o->output ? i->o->output : own_directory;
	enum exit_code code;

	if (file_make(&files[0], directory, i->v.cluster, ".conf") < 0 ||
	    file_make(&files[1], directory, i->v.cluster, ".flink.yaml") < 0 ||
	    file_print(&files[0], &i->v, init_files_print_config) < 0 ||
	    (!i->v.cold && file_print(&files[1], &i->v, init_files_print_flink) < 0)) {
		(void)fprintf(stderr, "jmhactl: not enough memory\n");
		return EXIT_FAILED;
	}
	code = check_config(files[0].text, files[0].size, files[0].path, &config);
	if (code == EXIT_DONE && i->o->dry_run)
		print_dry(files, n);
	else if (code == EXIT_DONE)
		code = write_files(i->o, directory, files, n);
	if (code != EXIT_DONE)
		return code;
	if (!i->o->dry_run)
		config_print_check(stdout, config);
	(void)fflush(stdout);
	if (strcmp(directory, own_directory) != 0)
		(void)printf("The unit reads %s/%s.conf: copy the file there.\n", own_directory,
		             i->v.cluster);
	init_files_print_steps(stdout, &i->v, files[0].path, files[1].path);
	return EXIT_DONE;
}

static void files_done(struct file (*files)[2])
{
	file_done(&(*files)[0]);
	file_done(&(*files)[1]);
}

enum exit_code init_run(const struct options *o, FILE *in)
{
	CLEANUP(freep) struct init *i = calloc(1, sizeof(*i));
	CLEANUP(files_done) struct file files[2] = { { 0 } };
	enum exit_code code;

	if (!i)
		return EXIT_FAILED;
	i->o = o;
	i->in = o->yes ? NULL : in;
	if (o->mode && strcmp(o->mode, "hot") != 0 && strcmp(o->mode, "cold") != 0)
		return usage("--mode is hot or cold, not", o->mode);
	i->v.cold = o->mode && strcmp(o->mode, "cold") == 0;
	take_all(i);
	if (i->too_long) {
		(void)fprintf(stderr, "jmhactl: an answer is longer than %d characters\n",
		              MAX_ANSWER - 2);
		return EXIT_USAGE;
	}
	if (i->missing) {
		(void)fprintf(stderr, "Try: jmhactl init --help\n");
		return EXIT_USAGE;
	}
	code = check_values(&i->v);
	return code == EXIT_DONE ? run(i, files, i->v.cold ? 1 : 2) : code;
}
