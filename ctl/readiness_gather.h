/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `jmhactl readiness` looks at: jobs by Flink's REST API, their latest checkpoints by the
 * files of this host, the cluster by a daemon; and what the checks of readiness/ say to it.
 *
 * Owner: the caller.  Threads: none.  Says on standard error why something cannot be had.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/savepoint_input.h"
#include "ctl/savepoint_names.h"
#include "daemon/mount.h"
#include "readiness/cluster_checks.h"
#include "readiness/job_checks.h"

enum { READINESS_UNSEEN_SIZE = WHOLE_FILE_ERROR_SIZE };

struct readiness_job {
	struct job job;
	struct savepoint_input latest;
	char unseen[READINESS_UNSEEN_SIZE]; /* why there is no latest; "": there is none to see */
	char dir_type[MOUNT_TYPE_SIZE];
	struct job_view view; /* points into all these */
};

struct readiness { /* all zeros: begun */
	char *url; /* of Flink's REST API */
	struct readiness_job *jobs;
	size_t n_jobs;
	struct cluster_facts cluster;
	bool cluster_known;
	struct savepoint_names uids;
	struct savepoint_input savepoint; /* to compare with; path NULL: none */
	struct findings findings;
};

/* c: NULL without a daemon, when --rest and --no-cluster were given.  In any case `r` is to be
 * done. */
enum exit_code readiness_gather(struct client *c, const struct options *o, struct readiness *r);
void readiness_done(struct readiness *r);
