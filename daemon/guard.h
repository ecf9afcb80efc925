/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: owns the lock, the listening sockets, the JobManager and the elector, and kills the
 * JobManager when the lease in the page has passed, whatever the elector does (PROTOCOL A8).  One
 * thread, one loop, no allocation and nothing that blocks after its start.
 *
 * It decides nothing about leadership and talks to nobody outside; handing over without an elector
 * is the work of a child, `jmhad --release` (STYLE 2.2).
 */
#pragma once

#include <stdbool.h>

#include "base/usec.h"

struct config;

struct guard_options {
	const char *config_path; /* handed to the children */
	int config_fd;           /* what they load in its place: config_keep(); -1 = none */
	const char *program;     /* what they execute: "/proc/self/exe" (C8) */
	usec_t patience;         /* lease_page_patience() of the configured lease */
	bool debug;              /* hand --debug to the children */
};

/* Runs until it is told to stop.  Returns the exit code of the process. */
int guard_run(const struct config *config, const struct guard_options *options);
