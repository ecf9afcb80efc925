/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one table of verbs and one of options make the parser, the help and (by a test)
 * the manual and the completion.  Pure but for the FILE that help goes to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/usec.h"
#include "readiness/findings.h"

enum verb {
	VERB_HELP, /* none was given */
	VERB_STATUS,
	VERB_LIST,
	VERB_LEADER,
	VERB_HISTORY,
	VERB_EVENTS,
	VERB_EXPLAIN,
	VERB_SWITCHOVER,
	VERB_STEP_DOWN,
	VERB_RECOVER,
	VERB_POINTERS_LIST,
	VERB_POINTERS_GET,
	VERB_POINTERS_PUT,
	VERB_POINTERS_DELETE,
	VERB_STORE_SHOW,
	VERB_STORE_VERIFY,
	VERB_STORE_EXPORT,
	VERB_STORE_RECOVER,
	VERB_STORE_IMPORT,
	VERB_SAVEPOINT_SHOW,
	VERB_SAVEPOINT_COMPARE,
	VERB_READINESS,
	VERB_INIT,
	VERB_VERSION,
};

struct options {
	enum verb verb;
	const char *args[2]; /* what follows the verb; borrowed from argv */
	size_t n_args;
	const char *cluster, *socket; /* NULL = not given */
	bool json, watch, yes, wait, force, create, help, dry_run, skip_broken;
	const char *why;   /* NULL = not said */
	uint64_t revision; /* 0 = not given */
	uint64_t epoch;    /* 0 = not given */
	usec_t timeout;    /* 0 = the verb's own */
	const char *auth_file;
	/* store */
	const char *from, *path;
	const char *config;
	bool offline, accept_loss, from_snapshot;
	uint64_t snapshot; /* its sequence; 0 = the newest */
	/* savepoint */
	const char *uids;
	bool files, allow_left;
	enum finding_severity fail_on; /* ERROR = not given */
	/* readiness; NULL and 0 = not given */
	const char *rest, *savepoint, *html;
	bool no_cluster;
	uint64_t hashmap_limit_mib;
	/* init; NULL and 0 = not given */
	const char *member, *zookeeper, *storage, *flink_home, *flink_storage, *address, *peers;
	const char *cluster_id;
	const char *listen, *admin_group, *mode, *job_class, *output;
	uint64_t tick_ms;
};

/* 0; -EINVAL after it has written one or two lines to `err` that say what is wrong.  May reorder
 * argv. */
int options_parse(int argc, char **argv, struct options *ret, FILE *err);

/* The help of one verb, or of all for VERB_HELP. */
void options_print_help(FILE *f, enum verb verb);
