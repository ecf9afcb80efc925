/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_place.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/say.h"
#include "ctl/verbs.h"
#include "daemon/config.h"

#define CONFIG_DIRECTORY JMHA_SYSCONFDIR "/jmha"

enum { SHOW_PROGRESS_FROM = 64 * 1024 * 1024 }; /* less is read before one can read it */

/* ---- which store */

static void globfreep(glob_t *g)
{
	globfree(g);
}

/* The only configuration of this host. */
static enum exit_code only_config(char **ret)
{
	CLEANUP(globfreep) glob_t found = { 0 };

	(void)glob(CONFIG_DIRECTORY "/*.conf", 0, NULL, &found);
	if (found.gl_pathc == 1) {
		*ret = strdup(found.gl_pathv[0]);
		return *ret ? EXIT_DONE : EXIT_FAILED;
	}
	if (found.gl_pathc == 0)
		say_line("there is no configuration in %s: name it by --config FILE, or the store "
		         "by --storage DIR --cluster NAME",
		         CONFIG_DIRECTORY);
	else
		say_line("there are %zu configurations in %s: choose one by -c NAME",
		         (size_t)found.gl_pathc, CONFIG_DIRECTORY);
	return EXIT_USAGE;
}

static enum exit_code find_config(const struct options *o, char **ret)
{
	int n = 0;

	if (o->config)
		*ret = strdup(o->config);
	else if (o->cluster)
		n = asprintf(ret, "%s/%s.conf", CONFIG_DIRECTORY, o->cluster);
	else
		return only_config(ret);
	return n < 0 || !*ret ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_code load(const struct options *o, struct store_place *p)
{
	CLEANUP(freep) char *file = NULL;
	struct config_error error;
	enum exit_code code = find_config(o, &file);

	if (code != EXIT_DONE)
		return code;
	if (config_load(file, &p->config, &error) < 0) {
		(void)fputs("jmhactl: ", stderr);
		config_error_print(stderr, &error);
		return EXIT_CONFIG;
	}
	if (o->cluster && strcmp(o->cluster, p->config->cluster) != 0) {
		say_line("%s is the configuration of cluster %s, not of %s", file,
		         p->config->cluster, o->cluster);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

enum exit_code store_place_find(const struct options *o, struct store_place *ret)
{
	const char *storage = o->storage;
	enum exit_code code;

	*ret = (struct store_place){ .cluster = NULL };
	code = storage ? EXIT_DONE : load(o, ret);
	if (code != EXIT_DONE)
		return code;
	if (!storage)
		storage = ret->config->storage_path;
	ret->cluster = strdup(ret->config ? ret->config->cluster : o->cluster);
	if (!ret->cluster || asprintf(&ret->path, "%s/%s", storage, ret->cluster) < 0) {
		ret->path = NULL;
		return EXIT_FAILED;
	}
	if (ret->config && asprintf(&ret->base, "%s/%s", ret->config->root, ret->cluster) < 0) {
		ret->base = NULL;
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

void store_place_done(struct store_place *place)
{
	free(place->cluster);
	free(place->path);
	free(place->base);
	place->config = config_free(place->config);
}

/* ---- ZooKeeper */

enum exit_code store_place_say_zookeeper(const struct store_place *place, int r)
{
	const char *file = place->config->auth_file ? place->config->auth_file : "none";

	switch (r) {
	case -ETIMEDOUT:
		say_line("none of the ZooKeeper servers in %s answers", place->config->path);
		return EXIT_UNREACHABLE;
	case -EKEYREJECTED:
	case -EACCES:
		say_line(
		        "ZooKeeper does not let us at %s: is zookeeper.auth_file (%s) the one that "
		        "it was made with?",
		        place->base, file);
		return EXIT_FAILED;
	case -EOWNERDEAD:
		say_line("what answers at zookeeper.servers ended the session at once: is it "
		         "ZooKeeper?");
		return EXIT_FAILED;
	default:
		say_line("cannot use ZooKeeper at %s: %s", place->base, strerror(-r));
		return EXIT_FAILED;
	}
}

enum exit_code store_place_open_zookeeper(const struct options *o, const struct store_place *place,
                                          struct zk_calls **ret)
{
	CLEANUP(config_secret_freep) char *auth = NULL;
	struct config_error error;
	int r;

	if (place->config->auth_file &&
	    config_read_auth(place->config->auth_file, &auth, &error) < 0) {
		(void)fputs("jmhactl: ", stderr);
		config_error_print(stderr, &error);
		return EXIT_CONFIG;
	}
	const struct zk_calls_config config = {
		.servers = (const char *const *)place->config->servers,
		.base = place->base,
		.auth = auth,
		.timeout = verbs_timeout(o, 30),
		.session = place->config->session_usec, /* as members ask: recover waits for it */
	};
	r = zk_calls_open(&config, ret);
	return r < 0 ? store_place_say_zookeeper(place, r) : EXIT_DONE;
}

/* ---- looking */

struct progress {
	bool shown;
	unsigned percent; /* last shown */
};

static void on_progress(void *userdata, uint64_t done, uint64_t all)
{
	struct progress *p = userdata;
	unsigned percent = all ? (unsigned)((double)done * 100.0 / (double)all) : 100;

	if (all < SHOW_PROGRESS_FROM || (p->shown && percent == p->percent))
		return;
	(void)fprintf(stderr, "\rReading %.1f MiB: %u %%", (double)all / 1048576.0, percent);
	p->shown = true;
	p->percent = percent;
	if (done == all)
		(void)fputs("; joining the pointers ..", stderr);
	(void)fflush(stderr);
}

enum exit_code store_place_look(const struct store_place *place, struct zk_calls *z, bool want_end,
                                struct store_facts *ret)
{
	struct progress progress = { .shown = false };
	const struct inspect_request request = {
		.path = place->path,
		.on_progress = isatty(STDERR_FILENO) ? on_progress : NULL,
		.userdata = &progress,
	};
	int r = store_facts_gather(&request, z, want_end, ret);

	if (progress.shown)
		(void)fputs("\r\033[K", stderr); /* erase that line */
	if (r == -ENOMEM) {
		say_line("not enough memory");
		return EXIT_FAILED;
	}
	return r < 0 ? store_place_say_zookeeper(place, r) : EXIT_DONE;
}
