/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file (daemon/config.h).  No stranger writes it, but it is read while somebody
 * edits it, by a guard that must not fall over it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/config.h"
#include "daemon/config_schema.h"
#include "election/lease.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.conf";

static unsigned lines_of(const uint8_t *data, size_t size)
{
	unsigned n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

/* A message says where and what; it is one line, and whole. */
static void check_error(int r, const struct config_error *e, unsigned lines)
{
	HOLDS(r == -EINVAL);
	HOLDS(strcmp(e->file, name) == 0);
	HOLDS(e->text[0] != '\0' && strlen(e->text) < sizeof(e->text) - 1);
	HOLDS(!strchr(e->text, '\n'));
	HOLDS(e->line <= lines);
	HOLDS(!e->key || config_schema_find(e->key));
}

static void check_ranges(const struct config *c)
{
	size_t n;
	const struct config_key *keys = config_schema(&n);

	for (size_t i = 0; i < n; i++) {
		const void *at = (const char *)c + keys[i].offset;
		uint64_t v = 0;

		if (keys[i].type == CONFIG_MS)
			v = usec_to_ms(*(const usec_t *)at);
		else if (keys[i].type == CONFIG_COUNT)
			v = *(const unsigned *)at;
		else
			continue;
		HOLDS(v >= keys[i].min && v <= keys[i].max);
	}
}

static void check_accepted(const struct config *c)
{
	struct config_error e = { .line = 0 };
	struct lease_params p;
	char host[CONFIG_MAX_HOST + 1];
	uint16_t port;

	check_ranges(c);
	HOLDS(config_check(c, &e) == 0);
	config_lease_params(c, &p);
	HOLDS(lease_has_room(&p));
	HOLDS(c->cluster && strlen(c->cluster) <= 63 && c->member && strlen(c->member) <= 63);
	HOLDS(c->root[0] == '/' && c->storage_path[0] == '/' && c->runtime_dir[0] == '/');
	HOLDS(c->observer || (c->command && c->command[0][0] == '/'));
	HOLDS(c->n_servers > 0 && !c->servers[c->n_servers]);
	for (size_t i = 0; i < c->n_servers; i++)
		HOLDS(config_split_address(c->servers[i], host, &port) == 0 && port > 0);
}

/* The same file is the same configuration, and a reload by it changes nothing. */
static void check_again(const struct config *c, int fd)
{
	CLEANUP(config_freep) struct config *again = NULL, *merged = NULL;
	struct config_changes changes;
	struct config_error e;
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	FILE *f;

	HOLDS(config_load_kept(fd, name, &again, &e) == 0);
	config_compare(c, again, &changes);
	HOLDS(!changes.reloaded[0] && !changes.needs_restart[0]);
	HOLDS(config_merge(c, again, &merged, &e) == 0);
	config_compare(c, merged, &changes);
	HOLDS(!changes.reloaded[0] && !changes.needs_restart[0]);
	f = open_memstream(&text, &size);
	HOLDS(f);
	config_print_check(f, c);
	HOLDS(fclose(f) == 0 && strncmp(text, "fuzz.conf: ok\n", 14) == 0);
}

static void run(const uint8_t *data, size_t size)
{
	CLEANUP(closep) int fd = memfd_create("jmhad.conf", MFD_CLOEXEC);
	CLEANUP(config_freep) struct config *c = NULL;
	struct config_error e;
	int r;

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	r = config_load_kept(fd, name, &c, &e);
	if (r < 0) {
		HOLDS(!c);
		check_error(r, &e, lines_of(data, size));
		return;
	}
	check_accepted(c);
	check_again(c, fd);
}
FUZZ_TARGET(config, run)
