/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLUSTER, the file that says whose store this is (PROTOCOL A11, section 5).  Reads it; who makes
 * it and when is the business of store_ops.
 *
 * Blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "storage/record.h"
#include "storage/store_state.h"

enum { CLUSTER_FILE_VERSION = 1 };

struct cluster_file {
	enum store_state state; /* OK also when there is none */
	int error;              /* negative errno, else 0 */
	bool found;
	uint8_t id[RECORD_CLUSTER_ID_SIZE];
	char text[STORE_TEXT_SIZE]; /* unless OK: "<path>/CLUSTER: what" */
};

/* dir_fd is the cluster's directory, path its name for messages. */
void cluster_file_read(int dir_fd, const char *path, struct cluster_file *ret);
