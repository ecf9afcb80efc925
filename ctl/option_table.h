/* SPDX-License-Identifier: Apache-2.0 */
/* All verbs and options of jmhactl, with their help: the one place where they are listed.  Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ctl/options.h"

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

struct option_info {
	int value;
	uint64_t bit; /* in struct verb_info; 0 = every verb takes it */
	const char *name, *arg, *help;
};

struct verb_info {
	enum verb verb;
	const char *name, *sub; /* "pointers", "get" */
	const char *args;
	size_t min_args, max_args;
	uint64_t options;
	const char *help, *more; /* one line; a paragraph for the verb's own help */
};

enum { OPTION_TABLE_MOST = 64 }; /* one bit each */

extern const struct option_info option_infos[];
extern const size_t option_infos_n;
extern const struct verb_info verb_infos[];
extern const size_t verb_infos_n;

/* NULL: none. */
const struct verb_info *option_table_verb(enum verb verb);
const struct option_info *option_table_option(int value);
