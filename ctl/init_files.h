/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `jmhactl init` writes: values in, texts of files out.  Pure but for the FILE it prints to:
 * looks at no disk, knows no default and no terminal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* All borrowed.  NULL where it says so, set otherwise. */
struct init_values {
	bool cold;           /* no library in Flink: what is marked "hot" is not used */
	const char *cluster; /* also the name of the systemd instance and of the files */
	const char *member;
	const char *zookeeper; /* "zk1:2181,zk2:2181" */
	const char *auth_file; /* NULL = none */
	uint64_t tick_ms;
	const char *storage; /* storage.path */
	const char *flink_home;
	const char *job_class;   /* application mode; NULL = a session cluster */
	const char *listen;      /* api.listen; NULL = none */
	const char *admin_group; /* NULL = none */
	/* hot */
	const char *flink_storage; /* high-availability.storageDir, a URI */
	const char *cluster_id;
	const char *address; /* of this host, as the others know it */
	const char *peers;   /* "jm-a:9180,jm-b:9180": jmha.address */
};

/* The names that stand for them on the command line and in questions: NULL, or the option whose
 * value holds a character that no file should have. */
const char *init_files_bad_value(const struct init_values *v);

/* <cluster>.conf, for jmhad. */
void init_files_print_config(FILE *f, const struct init_values *v);

/* <cluster>.flink.yaml: lines for Flink's own configuration. */
void init_files_print_flink(FILE *f, const struct init_values *v);

/* What is left to do by hand; `config` and `flink` are the paths of the two files. */
void init_files_print_steps(FILE *f, const struct init_values *v, const char *config,
                            const char *flink);
