/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand in a configuration file: one table of keys with type, range, default and meaning.
 * The reader, the comparison of a reload, the manual's section and the sample file all walk it.
 *
 * Owner: static data.  Threads: any.  Knows no library; reads no file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum config_type {
	CONFIG_TEXT,  /* char *; NULL when it is "" */
	CONFIG_TEXTS, /* char **, NULL-terminated, and its size_t count */
	CONFIG_MS,    /* usec_t; milliseconds in the file */
	CONFIG_COUNT, /* unsigned */
	CONFIG_WORD,  /* bool: the second of two words */
};

struct config_key {
	const char *path; /* "zookeeper.session_ms" */
	enum config_type type;
	size_t offset;           /* in struct config */
	size_t offset_n;         /* CONFIG_TEXTS: of the count */
	unsigned min, max, dflt; /* CONFIG_MS, CONFIG_COUNT */
	const char *words[2];    /* CONFIG_WORD; the first is the default */
	const char *text; /* CONFIG_TEXT: the default; NULL = none, or made up by the reader */
	const char *says_default; /* for people, where `text` cannot tell; NULL = derive it */
	const char *example;      /* for the sample file, as it stands there; NULL = the default */
	const char *form;         /* what a value looks like; NULL = derive it */
	bool required;
	bool reloadable;     /* by SIGHUP (DESIGN section 4) */
	const char *meaning; /* one or two sentences, plain ASCII without markup */
};

const struct config_key *config_schema(size_t *ret_n);

/* NULL when there is no such key. */
const struct config_key *config_schema_find(const char *path);

/* `path` is a group, like "jobmanager.health". */
bool config_schema_is_group(const char *path);

/* A key whose last part is `name`, for a hint; NULL when there is none. */
const struct config_key *config_schema_find_last(const char *name);

/* "number, 2000 to 120000", "text", .. */
void config_schema_describe_form(const struct config_key *k, char *ret, size_t size);
void config_schema_describe_default(const struct config_key *k, char *ret, size_t size);

/* The section KEYS of jmhad.conf(5), in mdoc. */
void config_schema_print_mdoc(FILE *f);
