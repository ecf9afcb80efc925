/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest checkpoint of a job that runs.  What Flink's REST API calls the latest may be seconds
 * old, and its file gone, as Flink keeps one checkpoint by default: then the newest of the same
 * directory is the latest.
 */
#pragma once

#include "ctl/savepoint_input.h"

/* `where` as Flink names it, "file:/checkpoints/<job>/chk-7".  As savepoint_input_open(). */
int readiness_latest_open(const char *where, struct savepoint_input *ret,
                          char reterr[WHOLE_FILE_ERROR_SIZE]);
