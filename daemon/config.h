/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of one member: reads a libconfig file into one plain struct, refuses what is
 * unknown, out of range or unsafe, and says which changes a reload may take (DESIGN sections 4, 8).
 * Times are microseconds here; milliseconds (`_ms`) exist in the file only.
 *
 * Owner: whoever loaded it; nothing here keeps a pointer.  Threads: none.  Logs nothing, prints
 * only where a FILE is handed in.  Includes no library's header: the guard includes this file.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/usec.h"

struct lease_params; /* election/lease.h */

struct config_health {
	char *url; /* NULL = no probe */
	usec_t interval_usec, timeout_usec;
	unsigned failures;
};

/* Strings that the file left out or gave as "" are NULL where it says so; all others are set. */
struct config {
	char *path; /* of the file this came from */

	char *cluster;
	char *member;      /* default: the host name */
	char *runtime_dir; /* absolute; default: /run/jmha/<cluster> */
	bool observer;     /* role = "observer": only follows */

	char **servers; /* "host:port", "[v6]:port"; NULL-terminated */
	size_t n_servers;
	char *root;      /* "/jmha": absolute, not "/" alone, no slash at the end */
	char *auth_file; /* NULL = none; config_read_auth() reads it */
	usec_t session_usec;
	usec_t tick_usec;

	usec_t takeover_usec;

	char *storage_path; /* absolute; only <cluster>/ below it is ours */
	usec_t io_usec;
	unsigned snapshot_kib;

	bool hot;       /* jobmanager.mode = "hot" */
	char **command; /* argv, NULL-terminated, command[0] absolute; NULL on an observer */
	size_t n_command;
	usec_t stop_usec;   /* D_stop */
	usec_t revoke_usec; /* used in hot mode only */
	usec_t ready_usec;
	char *class_archive; /* absolute directory; NULL = none */
	struct config_health health;

	char *listen;      /* "address:port" of the read-only TCP listener; NULL = none */
	char *admin_group; /* NULL = none */
};

struct config_error {
	char file[PATH_MAX]; /* "" = not about a file */
	unsigned line;       /* 0 = unknown */
	const char *key;     /* of the schema, static; NULL = none */
	char text[768];      /* what is wrong and what to do; no newline at the end */
};

/* Loads and checks.  0; -EINVAL for what stands in the file; another errno (-ENOENT, -EACCES,
 * -ENOMEM ..) when it could not be read.  Any failure fills *reterr: print it by
 * config_error_print() and exit with 7. */
int config_load(const char *path, struct config **ret, struct config_error *reterr);

/* A copy of the file in memory, to be loaded as often as needed: what the guard runs by is what the
 * processes that it starts later run by, whatever somebody is writing into the file.  Errors as
 * from config_load(). */
int config_keep(const char *path, int *ret_fd, struct config_error *reterr);

/* config_load() of such a copy; `path` is for messages, and for reloads. */
int config_load_kept(int fd, const char *path, struct config **ret, struct config_error *reterr);

struct config *config_free(struct config *c); /* takes NULL; returns NULL */

static inline void config_freep(struct config **c)
{
	*c = config_free(*c);
}

/* What the keys mean together: names, paths, addresses, and the arithmetic of the lease (PROTOCOL
 * D9).  Pure; config_load() has called it.  0, or -EINVAL and *reterr without file and line. */
int config_check(const struct config *c, struct config_error *reterr);

/* "host:port" or "[v6]:port", as `servers` and `listen` are written; host without its brackets.
 * Says nothing about whether the host exists.  -EINVAL. */
enum { CONFIG_MAX_HOST = 253 };
int config_split_address(const char *text, char ret_host[CONFIG_MAX_HOST + 1], uint16_t *ret_port);

/* "jmha.conf:12: zookeeper.session_ms ...\n" */
void config_error_print(FILE *f, const struct config_error *e);

/* The terms of the lease: revoke is 0 in cold mode. */
void config_lease_params(const struct config *c, struct lease_params *ret);

/* What `jmhad --check-config` says of a configuration that is right: the lease's arithmetic as a
 * small table, and warnings (it looks at the mount of storage.path for that). */
void config_print_check(FILE *f, const struct config *c);

/* Keys that differ between the two; each is a static string, the array ends with NULL. */
enum { CONFIG_MAX_KEYS = 32 };
struct config_changes {
	const char *reloaded[CONFIG_MAX_KEYS];      /* servers, health.*, ready_ms, revoke_ms, .. */
	const char *needs_restart[CONFIG_MAX_KEYS]; /* all others: name them in the log */
};
void config_compare(const struct config *old, const struct config *new_config,
                    struct config_changes *ret);

/* SIGHUP: *ret = a copy of `running` with the reloadable values of `fresh`, checked as a whole.
 * 0, -EINVAL (*reterr filled: keep running) or -ENOMEM. */
int config_merge(const struct config *running, const struct config *fresh, struct config **ret,
                 struct config_error *reterr);

/* The one line "user:password" of auth_file, without the newline; the owner is
 * CLEANUP(config_secret_freep).  Refuses a symlink, anything but a regular file, another owner than
 * us or root, and a mode other than 0600 or 0400.  *reterr never shows what the file contains. */
int config_read_auth(const char *path, char **ret, struct config_error *reterr);
void config_secret_freep(char **secret); /* wipes, then frees */

/* The schema, for people and for the test that compares it with jmhad.conf(5): one line a key,
 * "key<TAB>type<TAB>default<TAB>range<TAB>meaning"; `jmhad --print-config-schema`. */
void config_schema_print(FILE *f);

/* A commented file with every key at its default. */
void config_sample_print(FILE *f);
